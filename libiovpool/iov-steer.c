/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decides where a request's frames should go; values in, values out. Each rule is a place at which
 * the kernel or an adapter would send them to the side on which the guest does not listen.
 */
#include "iov-steer.h"

#include <string.h>

/*
 * A PF takes from its own VFs what its filter holds, and a bridge puts nothing there: of the
 * floor's MAC it has to be told. Of a MAC that is a VF's it must not hear: it would be given a copy
 * of all that is sent there, and its own bridge's frames back. The bridge's own MAC is the host's:
 * guests on their VFs reach it no other way.
 */
GPtrArray *
iov_steer_filters(const IovSteering *steering)
{
    GPtrArray *filters = g_ptr_array_new_with_free_func((GDestroyNotify)iov_ledger_filter_free);

    for (guint i = 0; i < steering->uplinks->len; i++) {
        const IovUplink *uplink = g_ptr_array_index(steering->uplinks, i);

        if (!steering->on_function)
            g_ptr_array_add(filters, iov_ledger_filter_new(uplink->netdev, steering->mac,
                                                           steering->uuid, steering->request));
        if (steering->bridge_mac != NULL && strcmp(steering->bridge_mac, uplink->mac) != 0)
            g_ptr_array_add(filters, iov_ledger_filter_new(uplink->netdev, steering->bridge_mac,
                                                           steering->uuid, steering->request));
    }
    return filters;
}

/* A bridge goes by what it learned last, for minutes, and a guest that only listens teaches it
 * nothing. */
GPtrArray *
iov_steer_wrong_ports(const IovSteering *steering)
{
    GPtrArray *ports = g_ptr_array_new();

    if (steering->is_macvtap)
        return ports;
    if (steering->on_function && steering->uplinks->len > 0 && steering->tap != NULL)
        g_ptr_array_add(ports, (gpointer)steering->tap);
    for (guint i = 0; !steering->on_function && i < steering->uplinks->len; i++) {
        const IovUplink *uplink = g_ptr_array_index(steering->uplinks, i);

        if (!g_ptr_array_find_with_equal_func(ports, uplink->port, g_str_equal, NULL))
            g_ptr_array_add(ports, uplink->port);
    }
    return ports;
}

/* A guest whose driver has taken its function goes on sending by way of its floor until that has a
 * carrier, and would teach the bridge again what it just forgot. What the bridge has not learned it
 * sends to both. */
const char *
iov_steer_learning(const IovSteering *steering, gboolean *learning)
{
    *learning = !steering->on_function;
    return steering->is_macvtap || steering->uplinks->len == 0 ? NULL : steering->tap;
}

/*
 * In mode bridge, others on the same device (guests' floors, the host's macvlan) hand their frames
 * for this MAC to the macvtap, and what comes in from it is taken for known to them (the kernel's
 * macvlan_queue_xmit(), macvlan_process_broadcast()): a guest on its function would be cut off from
 * them. In mode VEPA both go by way of the adapter, which gives the MAC's frames to function and
 * macvtap: so the guest has I/O, too, where it loses its function and nobody has acted yet.
 *
 * The adapter of a macvtap whose guest is on another adapter's function gives the MAC's frames to
 * the macvtap alone, and does not let them out to where the guest is. It must not know the MAC.
 */
IovMacvtapMode
iov_steer_macvtap(const IovSteering *steering)
{
    if (!steering->on_function)
        return IOV_MACVTAP_BRIDGE;
    return steering->is_elsewhere && steering->is_teaming ? IOV_MACVTAP_DOWN : IOV_MACVTAP_VEPA;
}
