/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's bridges and what is below them, from sysfs; who gets the frames for a MAC, through
 * netlink. Which adapter's filter should hold what is not decided here.
 */
#include "iov-host-linux-private.h"
#include "iov-io.h"
#include "iov-netconf.h"

#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>

#define LOWER_PREFIX "lower_"
#define LOWER_LEVELS 2     /* a VLAN's device, on a bond */
#define UPLINKS_LIMIT 1024 /* a bridge has no more ports (net/bridge/br_private.h) */

typedef struct {
    IovHostLinux *linux_host;
    const char *const *netdevs;
    GPtrArray *uplinks;
    const char *port;
    guint level;
} UplinkScan;

static char *
read_mac(int netdev_fd, GError **error)
{
    char mac[IOV_MAC_SIZE];
    g_autofree char *text = iov_io_read_line(netdev_fd, "address", error);

    return text != NULL && iov_mac_parse(text, mac, error) ? g_strdup(mac) : NULL;
}

static void
add_uplink(const UplinkScan *scan, const char *netdev, int netdev_fd)
{
    char *mac = g_strv_contains(scan->netdevs, netdev) ? read_mac(netdev_fd, NULL) : NULL;

    if (mac == NULL)
        return;
    IovUplink *uplink = g_new0(IovUplink, 1);
    uplink->port = g_strdup(scan->port);
    uplink->netdev = g_strdup(netdev);
    uplink->mac = mac;
    g_ptr_array_add(scan->uplinks, uplink);
}

static void scan_netdev(const UplinkScan *above, const char *netdev);

static gboolean
take_lower(int dirfd, const char *name, gpointer data)
{
    (void)dirfd;
    if (g_str_has_prefix(name, LOWER_PREFIX))
        scan_netdev(data, name + strlen(LOWER_PREFIX));
    return TRUE;
}

/* @netdev itself, and what is below it. */
static void
scan_netdev(const UplinkScan *above, const char *netdev)
{
    UplinkScan scan = *above;
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_netdev(scan.linux_host, netdev, NULL);

    if (fd < 0 || scan.uplinks->len >= UPLINKS_LIMIT)
        return;
    add_uplink(&scan, netdev, fd);
    scan.level++;
    if (scan.level <= LOWER_LEVELS)
        iov_host_linux_visit(fd, ".", take_lower, &scan);
}

static gboolean
take_port(int dirfd, const char *name, gpointer data)
{
    UplinkScan *scan = data;

    (void)dirfd;
    scan->port = name;
    scan_netdev(scan, name);
    return TRUE;
}

GPtrArray *
iov_host_linux_list_uplinks(IovHost *host, const char *bridge, const char *const *netdevs,
                            GError **error)
{
    UplinkScan scan = {
        .linux_host = (IovHostLinux *)host,
        .netdevs = netdevs,
        .uplinks = g_ptr_array_new_with_free_func((GDestroyNotify)iov_uplink_free),
    };
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_netdev(scan.linux_host, bridge, NULL);

    (void)error;
    if (fd >= 0)
        iov_host_linux_visit(fd, "brif", take_port, &scan);
    return scan.uplinks;
}

char *
iov_host_linux_get_mac(IovHost *host, const char *netdev, GError **error)
{
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_netdev((IovHostLinux *)host, netdev, error);

    return fd >= 0 ? read_mac(fd, error) : NULL;
}

gboolean
iov_host_linux_set_filter(IovHost *host, const char *pf_netdev, const char *mac, gboolean present,
                          GError **error)
{
    IovNetlink *netlink =
        iov_host_linux_need_netlink((IovHostLinux *)host, "change an adapter's filter", error);

    return netlink != NULL && iov_netlink_set_filter(netlink, pf_netdev, mac, present, error);
}

gboolean
iov_host_linux_unlearn(IovHost *host, const char *port, const char *mac, GError **error)
{
    IovNetlink *netlink =
        iov_host_linux_need_netlink((IovHostLinux *)host, "change a bridge's table", error);

    return netlink != NULL && iov_netlink_unlearn(netlink, port, mac, error);
}

gboolean
iov_host_linux_set_learning(IovHost *host, const char *port, gboolean learning, GError **error)
{
    IovNetlink *netlink =
        iov_host_linux_need_netlink((IovHostLinux *)host, "change a bridge's port", error);

    return netlink != NULL && iov_netlink_set_learning(netlink, port, learning, error);
}

gboolean
iov_host_linux_set_macvtap(IovHost *host, const char *netdev, IovMacvtapMode mode, GError **error)
{
    IovNetlink *netlink =
        iov_host_linux_need_netlink((IovHostLinux *)host, "change a macvtap's mode", error);
    guint32 number = mode == IOV_MACVTAP_BRIDGE ? MACVLAN_MODE_BRIDGE : MACVLAN_MODE_VEPA;

    return netlink != NULL &&
           iov_netlink_set_macvtap(netlink, netdev, mode != IOV_MACVTAP_DOWN, number, error);
}
