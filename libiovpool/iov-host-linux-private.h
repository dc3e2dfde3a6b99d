/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-host-netlink.h"
#include "iov-host.h"

/* What the files iov-host-linux*.c share, and what tests set. */
#define IOV_HOST_NAME_SIZE 256   /* of a driver, a netdev, a device as sysfs names it */
#define IOV_HOST_VFS_LIMIT 65535 /* PCI Express Base, 9.3.3.6: TotalVFs has 16 bits */

/* Milliseconds. */
typedef struct {
    guint write;   /* one attribute: unbind, probe, reset */
    guint num_vfs; /* sriov_numvfs, and as much again for the VFs to appear */
    guint each_vf; /* more for each VF of the count */
    guint settle;  /* for udev, once the VFs are there */
} IovHostLimits;

typedef struct {
    IovHost parent;
    int root_fd;
    gboolean is_real; /* the root is "/": netlink, udev and modprobe speak of the same host */
    IovHostLimits limits;
    IovNetlink *netlink; /* nullable: opened when first needed */
} IovHostLinux;

/* ---- iov-host-linux.c ---- */
void iov_host_linux_set_limits(IovHost *host, const IovHostLimits *limits);
/* Opens directory @path below the root, and nothing outside a foreign one, whatever its links say.
 * A descriptor, or -1 with errno. */
int iov_host_linux_open_dir(IovHostLinux *linux_host, const char *path);
/* The directory of a PCI device, or -1 with @error: IOV_ERROR_NOT_FOUND where there is none. */
int iov_host_linux_open_device(IovHostLinux *linux_host, const char *address, GError **error);
/* The directory of a netdev, or -1 with @error: IOV_ERROR_NOT_FOUND where there is none. */
int iov_host_linux_open_netdev(IovHostLinux *linux_host, const char *netdev, GError **error);
/* The last component of the link at @path. FALSE, without an error, where there is none. */
gboolean iov_host_linux_read_name(int dirfd, const char *path,
                                  char name[static IOV_HOST_NAME_SIZE]);
/* "" where there is none. */
void iov_host_linux_read_driver(int device_fd, char driver[static IOV_HOST_NAME_SIZE]);
/* NULL with @error in a foreign tree, where "cannot WHAT" is IOV_ERROR_UNSUPPORTED. */
IovNetlink *iov_host_linux_need_netlink(IovHostLinux *linux_host, const char *what, GError **error);
/* Calls @visit for each entry of directory @path until it returns FALSE; none where it is missing.
 */
typedef gboolean (*IovHostVisitor)(int dirfd, const char *name, gpointer data);
void iov_host_linux_visit(int dirfd, const char *path, IovHostVisitor visit, gpointer data);

/* ---- iov-host-linux-scan.c ---- */
GPtrArray *iov_host_linux_list_adapters(IovHost *host, GError **error);
IovAdapter *iov_host_linux_get_adapter(IovHost *host, const char *address, GError **error);
/* The first netdev of a device directory that is its own, not a representor. (nullable) */
char *iov_host_linux_scan_netdev(int device_fd, const char *path);
IovLink iov_host_linux_scan_link(int netdev_fd);
/* Reads sriov_totalvfs; IOV_ERROR_UNSUPPORTED where the device has no SR-IOV. */
gboolean iov_host_linux_read_total(int device_fd, const char *address, guint *total,
                                   GError **error);

/* ---- iov-host-linux-write.c, iov-host-linux-vfs.c ---- */
/* Writes a device's attribute in a child within @limit_ms. Returns 0 or an errno value. */
int iov_host_linux_write(int dirfd, const char *name, const char *text, guint limit_ms);
gboolean iov_host_linux_set_autoprobe(IovHost *host, const char *pf, gboolean autoprobe,
                                      GError **error);
gboolean iov_host_linux_set_num_vfs(IovHost *host, const char *pf, guint count, GError **error);
gboolean iov_host_linux_set_driver_override(IovHost *host, const char *function, const char *driver,
                                            GError **error);
gboolean iov_host_linux_unbind(IovHost *host, const char *function, GError **error);
gboolean iov_host_linux_probe(IovHost *host, const char *function, const char *driver,
                              GError **error);
gboolean iov_host_linux_reset(IovHost *host, const char *function, GError **error);

/* ---- iov-host-linux-bridge.c ---- */
GPtrArray *iov_host_linux_list_uplinks(IovHost *host, const char *bridge,
                                       const char *const *netdevs, GError **error);
char *iov_host_linux_get_mac(IovHost *host, const char *netdev, GError **error);
gboolean iov_host_linux_set_filter(IovHost *host, const char *pf_netdev, const char *mac,
                                   gboolean present, GError **error);
gboolean iov_host_linux_unlearn(IovHost *host, const char *port, const char *mac, GError **error);
gboolean iov_host_linux_set_learning(IovHost *host, const char *port, gboolean learning,
                                     GError **error);
gboolean iov_host_linux_set_macvtap(IovHost *host, const char *netdev, IovMacvtapMode mode,
                                    GError **error);

/* ---- iov-host-linux-wait.c ---- */
/* Events of PCI devices coming and going: udev's, or in a foreign tree the directories' own. */
typedef struct _IovHostWaiter IovHostWaiter;
typedef gboolean (*IovHostCondition)(gpointer data);
/* From here on nothing is missed. */
IovHostWaiter *iov_host_waiter_new(IovHostLinux *linux_host, int device_fd, GError **error);
void iov_host_waiter_free(IovHostWaiter *waiter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovHostWaiter, iov_host_waiter_free)
/* TRUE as soon as @condition holds, FALSE where it does not within @limit_ms. */
gboolean iov_host_waiter_wait(IovHostWaiter *waiter, IovHostCondition condition, gpointer data,
                              guint limit_ms);
/* TRUE where udev has done its work for that device, or does none. */
gboolean iov_host_waiter_is_initialized(IovHostWaiter *waiter, const char *address);

/* ---- iov-host-linux-user.c ---- */
char *iov_host_linux_find_user(IovHost *host, const char *function, GError **error);
gboolean iov_host_linux_find_vfio_holder(IovHost *host, int iommu_group, GPid *pid, GError **error);
GStrv iov_host_linux_list_group(IovHost *host, int iommu_group, GError **error);
gboolean iov_host_linux_is_driven(IovHost *host, const char *function, gboolean *driven,
                                  GError **error);
