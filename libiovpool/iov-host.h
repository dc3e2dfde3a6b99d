/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-adapter-private.h"
#include "iov-error-private.h"
#include "iov-netconf.h"

/*
 * The only door to the kernel. Backends: Linux (libudev, sysfs, netlink) and, in tests, a fake that
 * behaves. All addresses are canonical. Functions that can fail take a GError and return FALSE.
 */
typedef struct _IovHost IovHost;

/* A bridge's way to a netdev: that is port @port itself, or stands below it (of a VLAN's device, of
 * a bond). */
typedef struct {
    char *port, *netdev;
    char *mac; /* the netdev's own */
} IovUplink;
void iov_uplink_free(IovUplink *uplink);

/* What a macvtap does with a frame for another one on the same device: hands it over there, or
 * sends it out as any other. One that is down does nothing, and its device takes no frames for it.
 */
typedef enum { IOV_MACVTAP_BRIDGE, IOV_MACVTAP_VEPA, IOV_MACVTAP_DOWN } IovMacvtapMode;

typedef struct {
    void (*free)(IovHost *host);
    /* Every SR-IOV capable PCI device of the host, by address. (element-type IovAdapter) */
    GPtrArray *(*list_adapters)(IovHost *host, GError **error);
    /* One PF; IOV_ERROR_NOT_FOUND where there is no such device, UNSUPPORTED where it has no
     * SR-IOV. */
    IovAdapter *(*get_adapter)(IovHost *host, const char *address, GError **error);
    /* The PCI address of a netdev's device; IOV_ERROR_NOT_FOUND. (transfer full) */
    char *(*find_netdev)(IovHost *host, const char *netdev, GError **error);
    gboolean (*set_autoprobe)(IovHost *host, const char *pf, gboolean autoprobe, GError **error);
    /* Writes sriov_numvfs (in a child with a time limit) and waits until all virtfn links and the
     * VFs' devices are there, or gone. EBUSY from n to m != 0 comes from the kernel. */
    gboolean (*set_num_vfs)(IovHost *host, const char *pf, guint count, GError **error);
    /* NULL @driver clears the override. */
    gboolean (*set_driver_override)(IovHost *host, const char *function, const char *driver,
                                    GError **error);
    /* Unbinds from whatever driver (in a child with a time limit); no driver is no error. */
    gboolean (*unbind)(IovHost *host, const char *function, GError **error);
    /* Asks the kernel to probe and verifies that @driver (NULL: any or none) is bound afterwards;
     * loads the module vfio-pci where that is wanted and missing. */
    gboolean (*probe)(IovHost *host, const char *function, const char *driver, GError **error);
    /* The driver's name now, "" where none. (transfer full) */
    char *(*get_driver)(IovHost *host, const char *function, GError **error);
    gboolean (*set_link_up)(IovHost *host, const char *netdev, gboolean up, GError **error);
    gboolean (*get_link)(IovHost *host, const char *netdev, IovLink *link, GError **error);
    /* A VF's policy through its PF's netdev (RTM_SETLINK / IFLA_VF_*); sets what is set in
     * @netconf. */
    gboolean (*set_vf_netconf)(IovHost *host, const char *pf_netdev, guint index,
                               const IovNetconf *netconf, GError **error);
    /* What the driver reports; what it does not report stays unset. */
    gboolean (*get_vf_netconf)(IovHost *host, const char *pf_netdev, guint index,
                               IovNetconf *netconf, GError **error);
    /* A bridge's ways to those of @netdevs; none where it is no Linux bridge, or is not there.
     * (element-type IovUplink) */
    GPtrArray *(*list_uplinks)(IovHost *host, const char *bridge, const char *const *netdevs,
                               GError **error);
    /* A netdev's own MAC address, canonical; IOV_ERROR_NOT_FOUND. (transfer full) */
    char *(*get_mac)(IovHost *host, const char *netdev, GError **error);
    /* Whether an adapter gives frames for @mac to its PF (bridge(8), "fdb add MAC dev NETDEV
     * self"), its own VFs' frames too. No-op where it stands so. */
    gboolean (*set_filter)(IovHost *host, const char *pf_netdev, const char *mac, gboolean present,
                           GError **error);
    /* The bridge of @port no longer sends frames for @mac there, if it did: to every port, until it
     * sees where they come from. */
    gboolean (*unlearn)(IovHost *host, const char *port, const char *mac, GError **error);
    /* Whether the bridge of @port learns from frames that come in there. No-op where it is so. */
    gboolean (*set_learning)(IovHost *host, const char *port, gboolean learning, GError **error);
    /* IOV_ERROR_NOT_FOUND where there is no such netdev. */
    gboolean (*set_macvtap)(IovHost *host, const char *netdev, IovMacvtapMode mode, GError **error);
    /* A function-level reset where the device has one; TRUE also where it has none. */
    gboolean (*reset)(IovHost *host, const char *function, GError **error);
    /* Who uses the function outside the pool: a netdev that is up or has an address, another
     * driver than vfio-pci. NULL without error: nobody. (transfer full) (nullable) */
    char *(*find_user)(IovHost *host, const char *function, GError **error);
    /* The process that holds /dev/vfio/GROUP open, 0 where none: from /proc/PID/fd. */
    gboolean (*find_vfio_holder)(IovHost *host, int iommu_group, GPid *pid, GError **error);
    /* All memory of the host, and what a new consumer may have of it without swapping, in KiB. */
    gboolean (*get_memory)(IovHost *host, guint64 *total, guint64 *available, GError **error);
    /* The PCI addresses of all devices of an IOMMU group, sorted; IOV_ERROR_NOT_FOUND where there
     * is no such group. (transfer full) */
    GStrv (*list_group)(IovHost *host, int iommu_group, GError **error);
    /* Whether a guest's driver has taken the function: it has asked for the function's interrupts.
     * A guest without a driver for it, or before its driver is there, never has. */
    gboolean (*is_driven)(IovHost *host, const char *function, gboolean *driven, GError **error);
    /* The host's boot id (transfer full), and the time in microseconds since the epoch. */
    char *(*get_boot_id)(IovHost *host, GError **error);
    gint64 (*get_time)(IovHost *host);
} IovHostOperations;

/* Backends embed this as their first member. */
struct _IovHost {
    const IovHostOperations *operations;
};

/* The Linux backend. @root is "/" or a foreign tree; in a foreign tree netlink operations are
 * IOV_ERROR_UNSUPPORTED, as netlink would speak to this host's kernel. */
IovHost *iov_host_linux_new(const char *root, GError **error);
void iov_host_free(IovHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovHost, iov_host_free)

/* Thin callers of the operations, for readable code: iov_host_X(host, ...). */
GPtrArray *iov_host_list_adapters(IovHost *host, GError **error);
IovAdapter *iov_host_get_adapter(IovHost *host, const char *address, GError **error);
char *iov_host_find_netdev(IovHost *host, const char *netdev, GError **error);
gboolean iov_host_set_autoprobe(IovHost *host, const char *pf, gboolean autoprobe, GError **error);
gboolean iov_host_set_num_vfs(IovHost *host, const char *pf, guint count, GError **error);
gboolean iov_host_set_driver_override(IovHost *host, const char *function, const char *driver,
                                      GError **error);
gboolean iov_host_unbind(IovHost *host, const char *function, GError **error);
gboolean iov_host_probe(IovHost *host, const char *function, const char *driver, GError **error);
char *iov_host_get_driver(IovHost *host, const char *function, GError **error);
gboolean iov_host_set_link_up(IovHost *host, const char *netdev, gboolean up, GError **error);
gboolean iov_host_get_link(IovHost *host, const char *netdev, IovLink *link, GError **error);
gboolean iov_host_set_vf_netconf(IovHost *host, const char *pf_netdev, guint index,
                                 const IovNetconf *netconf, GError **error);
gboolean iov_host_get_vf_netconf(IovHost *host, const char *pf_netdev, guint index,
                                 IovNetconf *netconf, GError **error);
GPtrArray *iov_host_list_uplinks(IovHost *host, const char *bridge, const char *const *netdevs,
                                 GError **error);
char *iov_host_get_mac(IovHost *host, const char *netdev, GError **error);
gboolean iov_host_set_filter(IovHost *host, const char *pf_netdev, const char *mac,
                             gboolean present, GError **error);
gboolean iov_host_unlearn(IovHost *host, const char *port, const char *mac, GError **error);
gboolean iov_host_set_learning(IovHost *host, const char *port, gboolean learning, GError **error);
gboolean iov_host_set_macvtap(IovHost *host, const char *netdev, IovMacvtapMode mode,
                              GError **error);
gboolean iov_host_reset(IovHost *host, const char *function, GError **error);
char *iov_host_find_user(IovHost *host, const char *function, GError **error);
gboolean iov_host_find_vfio_holder(IovHost *host, int iommu_group, GPid *pid, GError **error);
gboolean iov_host_get_memory(IovHost *host, guint64 *total, guint64 *available, GError **error);
GStrv iov_host_list_group(IovHost *host, int iommu_group, GError **error);
gboolean iov_host_is_driven(IovHost *host, const char *function, gboolean *driven, GError **error);
char *iov_host_get_boot_id(IovHost *host, GError **error);
gint64 iov_host_get_time(IovHost *host);
