/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The callers of a host backend's operations, so that the rest of the library reads as plain
 * function calls. What an operation does is the backend's affair.
 */
#include "iov-host.h"

void
iov_uplink_free(IovUplink *uplink)
{
    g_free(uplink->port);
    g_free(uplink->netdev);
    g_free(uplink->mac);
    g_free(uplink);
}

void
iov_host_free(IovHost *host)
{
    if (host != NULL)
        host->operations->free(host);
}

GPtrArray *
iov_host_list_adapters(IovHost *host, GError **error)
{
    return host->operations->list_adapters(host, error);
}

IovAdapter *
iov_host_get_adapter(IovHost *host, const char *address, GError **error)
{
    return host->operations->get_adapter(host, address, error);
}

char *
iov_host_find_netdev(IovHost *host, const char *netdev, GError **error)
{
    return host->operations->find_netdev(host, netdev, error);
}

gboolean
iov_host_set_autoprobe(IovHost *host, const char *pf, gboolean autoprobe, GError **error)
{
    return host->operations->set_autoprobe(host, pf, autoprobe, error);
}

gboolean
iov_host_set_num_vfs(IovHost *host, const char *pf, guint count, GError **error)
{
    return host->operations->set_num_vfs(host, pf, count, error);
}

gboolean
iov_host_set_driver_override(IovHost *host, const char *function, const char *driver,
                             GError **error)
{
    return host->operations->set_driver_override(host, function, driver, error);
}

gboolean
iov_host_unbind(IovHost *host, const char *function, GError **error)
{
    return host->operations->unbind(host, function, error);
}

gboolean
iov_host_probe(IovHost *host, const char *function, const char *driver, GError **error)
{
    return host->operations->probe(host, function, driver, error);
}

char *
iov_host_get_driver(IovHost *host, const char *function, GError **error)
{
    return host->operations->get_driver(host, function, error);
}

gboolean
iov_host_set_link_up(IovHost *host, const char *netdev, gboolean up, GError **error)
{
    return host->operations->set_link_up(host, netdev, up, error);
}

gboolean
iov_host_get_link(IovHost *host, const char *netdev, IovLink *link, GError **error)
{
    return host->operations->get_link(host, netdev, link, error);
}

gboolean
iov_host_set_vf_netconf(IovHost *host, const char *pf_netdev, guint index,
                        const IovNetconf *netconf, GError **error)
{
    return host->operations->set_vf_netconf(host, pf_netdev, index, netconf, error);
}

gboolean
iov_host_get_vf_netconf(IovHost *host, const char *pf_netdev, guint index, IovNetconf *netconf,
                        GError **error)
{
    return host->operations->get_vf_netconf(host, pf_netdev, index, netconf, error);
}

GPtrArray *
iov_host_list_uplinks(IovHost *host, const char *bridge, const char *const *netdevs, GError **error)
{
    return host->operations->list_uplinks(host, bridge, netdevs, error);
}

char *
iov_host_get_mac(IovHost *host, const char *netdev, GError **error)
{
    return host->operations->get_mac(host, netdev, error);
}

gboolean
iov_host_set_filter(IovHost *host, const char *pf_netdev, const char *mac, gboolean present,
                    GError **error)
{
    return host->operations->set_filter(host, pf_netdev, mac, present, error);
}

gboolean
iov_host_unlearn(IovHost *host, const char *port, const char *mac, GError **error)
{
    return host->operations->unlearn(host, port, mac, error);
}

gboolean
iov_host_set_learning(IovHost *host, const char *port, gboolean learning, GError **error)
{
    return host->operations->set_learning(host, port, learning, error);
}

gboolean
iov_host_set_macvtap(IovHost *host, const char *netdev, IovMacvtapMode mode, GError **error)
{
    return host->operations->set_macvtap(host, netdev, mode, error);
}

gboolean
iov_host_reset(IovHost *host, const char *function, GError **error)
{
    return host->operations->reset(host, function, error);
}

char *
iov_host_find_user(IovHost *host, const char *function, GError **error)
{
    return host->operations->find_user(host, function, error);
}

gboolean
iov_host_find_vfio_holder(IovHost *host, int iommu_group, GPid *pid, GError **error)
{
    return host->operations->find_vfio_holder(host, iommu_group, pid, error);
}

gboolean
iov_host_get_memory(IovHost *host, guint64 *total, guint64 *available, GError **error)
{
    return host->operations->get_memory(host, total, available, error);
}

GStrv
iov_host_list_group(IovHost *host, int iommu_group, GError **error)
{
    return host->operations->list_group(host, iommu_group, error);
}

gboolean
iov_host_is_driven(IovHost *host, const char *function, gboolean *driven, GError **error)
{
    return host->operations->is_driven(host, function, driven, error);
}

char *
iov_host_get_boot_id(IovHost *host, GError **error)
{
    return host->operations->get_boot_id(host, error);
}

gint64
iov_host_get_time(IovHost *host)
{
    return host->operations->get_time(host);
}
