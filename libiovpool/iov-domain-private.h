/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-domain.h"
#include "iov-request-private.h"

/* A <hostdev> or <interface type='hostdev'> of a PCI device. */
typedef struct {
    char *source;        /* canonical host address */
    char *alias;         /* nullable */
    char *request;       /* nullable: the request that it serves, from alias ua-iov-NAME-vf */
    gboolean is_teaming; /* the transient half of a failover pair */
    guint element;       /* its source's <address>, for iov-domain-rewrite.h */
} IovDomainHostdev;

/* An <interface> with alias ua-iov-NAME: what a request stands on where it has no function. What is
 * not given, or is no netdev's name, is NULL. */
typedef struct {
    char *request;
    char *network; /* libvirt's name of the network that it comes by */
    char *bridge;  /* the Linux bridge that its tap is in, of a running domain for a network too */
    char *device;  /* its end on the host, of a running domain: vnet0, macvtap0 */
    char *lower;   /* the netdev below a macvtap */
    guint element; /* its <source>, for iov-domain-rewrite.h */
    gboolean is_direct;  /* it names the netdev below it itself, and no network does */
    gboolean is_macvtap; /* in mode bridge */
    gboolean is_teaming; /* the standby of a failover pair */
} IovDomainFloor;

typedef struct {
    int index;
    char *alias; /* nullable */
    gboolean is_root_port;
    gboolean in_use; /* a device's guest address names it as its bus */
} IovDomainController;

struct _IovDomain {
    gatomicrefcount references;
    char *name;
    char uuid[37];
    char *fault;                  /* nullable: why its requests are not known */
    gboolean has_unknown_devices; /* with a fault: nor are its hostdevs */
    char *machine;                /* "" where the XML names none */
    int numa_node;
    gboolean memory_set_aside;
    GPtrArray *requests;    /* IovRequest */
    GPtrArray *hostdevs;    /* IovDomainHostdev */
    GPtrArray *floors;      /* IovDomainFloor */
    GPtrArray *controllers; /* IovDomainController */
    GHashTable *aliases;    /* set of char* */
};

/* Reads hostdevs alone into a domain that has none. FALSE where they cannot be told. */
gboolean iov_domain_read_hostdevs(IovDomain *domain, const char *xml);

/* What a hostdev's lease is for: its request, or what it is called where it serves none. (transfer
 * none) */
const char *iov_domain_hostdev_get_name(const IovDomainHostdev *hostdev);

/* The MAC that request @name sets; NULL where it sets none, or is not there. (transfer none) */
const char *iov_domain_find_mac(const IovDomain *domain, const char *name);

/* A domain of which nothing is known yet: empty lists, NUMA node -1, name and machine NULL. */
IovDomain *iov_domain_new(void);
void iov_domain_floor_free(IovDomainFloor *floor);
/* The floor of the request of that name. (transfer none) (nullable) */
const IovDomainFloor *iov_domain_find_floor(const IovDomain *domain, const char *request);
