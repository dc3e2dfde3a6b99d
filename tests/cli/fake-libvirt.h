/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>

/*
 * A domain that behaves, for the calls that libvirt's test driver lacks. The program that links
 * this has its own virDomainAttachDeviceFlags() and the like, which work on the XML of one domain,
 * "vm1"; all else is the test driver's (test:///default).
 */

typedef enum {
    FAKE_REMOVES,       /* the device is gone when the detach returns, and no event comes */
    FAKE_REMOVES_LATER, /* the device goes, and the event comes, in the event loop */
    FAKE_REFUSES,       /* the guest says no: the removal-failed event */
} FakeRemoval;

typedef struct {
    virConnectPtr connection; /* keeps the test driver's state */
    gboolean persistent, paused;
    FakeRemoval removal;
    guint effects;                        /* how many changes were tried */
    guint fail_at;                        /* this one fails; 0: none */
    void (*on_attach)(const char *xml);   /* nullable: after a device was attached */
    void (*on_detach)(const char *alias); /* nullable: after a device has left */
} FakeLibvirt;

extern FakeLibvirt fake;

/* vm1 with this machine type; it runs where @running. */
void fake_set_up(const char *machine, gboolean running);
void fake_tear_down(void);
/* Its XML as libvirt would print it: the running one, or the persistent configuration. */
char *fake_xml(gboolean live);
/* Counts an XPath expression on it; the prefix iov is bound. */
guint fake_count(gboolean live, const char *expression);
/* Adds metadata or a device, as text, to both. */
void fake_add(const char *parent, const char *xml);
