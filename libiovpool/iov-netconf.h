/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-error-private.h"

#define IOV_MAC_SIZE 18 /* bytes of "52:54:00:aa:bb:cc" with its NUL */
#define IOV_VLAN_MAXIMUM 4094

typedef enum { IOV_SWITCH_UNSET, IOV_SWITCH_NO, IOV_SWITCH_YES } IovSwitch;
typedef enum {
    IOV_LINK_STATE_UNSET,
    IOV_LINK_STATE_AUTO,
    IOV_LINK_STATE_ENABLE,
    IOV_LINK_STATE_DISABLE,
} IovLinkState;

/*
 * The policy of one network function, as a PF's driver takes it (ip-link(8), "vf NUM"). A pool's
 * defaults, a request's wishes, and what is read back from the kernel all have this form.
 */
typedef struct {
    char mac[IOV_MAC_SIZE]; /* lower case; "" where unset; all zeroes: the driver chooses */
    gboolean has_vlan;
    guint vlan; /* 0: untagged */
    gboolean has_rate;
    guint min_rate; /* Mbit/s; 0: no guarantee */
    guint max_rate; /* Mbit/s; 0: no limit */
    IovSwitch trust;
    IovSwitch spoofcheck;
    IovLinkState link_state;
} IovNetconf;

/* The policy of a function that nobody uses: no MAC, no VLAN, no rates, no trust, spoof check on,
 * link state auto. */
IovNetconf iov_netconf_scrubbed(void);

/* What a function gets for a request: @wish over @defaults, without passing their limits (trust is
 * never raised, max_rate never exceeded where the defaults set one); breaking them is
 * IOV_ERROR_INVALID with the reason. */
gboolean iov_netconf_merge(const IovNetconf *defaults, const IovNetconf *wish, IovNetconf *result,
                           GError **error);

/* NULL where all that is set in @wanted stands so in @actual; else the first difference as text:
 * "vlan is 7, not 42". What the driver does not report (unset in @actual) is no difference.
 * (transfer full) (nullable) */
char *iov_netconf_difference(const IovNetconf *wanted, const IovNetconf *actual);

/* What a function without a MAC address shows, and is set to. */
#define IOV_NO_MAC "00:00:00:00:00:00"

/* TRUE where @mac is none: "" or all zeroes. */
gboolean iov_mac_is_zero(const char *mac);

/* Parses a unicast MAC address into its canonical text. */
gboolean iov_mac_parse(const char *text, char mac[static IOV_MAC_SIZE], GError **error);

/* Makes a MAC of QEMU's range 52:54:00 from 3 random bytes given. */
void iov_mac_make(const guint8 random[static 3], char mac[static IOV_MAC_SIZE]);
