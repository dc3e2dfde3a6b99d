/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Floors of an incoming domain that name the netdev below them: what that is called differs from
 * host to host. Floors by a network or bridge are libvirt's to find here.
 */
#include "iov-manager-incoming.h"

#include <string.h>

/* The netdev of adapter @address; where that is NULL, of one that can serve. (nullable) */
static const char *
find_netdev(GPtrArray *adapters, const char *address)
{
    for (guint i = 0; i < adapters->len; i++) {
        const IovLedgerAdapter *adapter = adapters->pdata[i];

        if (adapter->netdev != NULL &&
            (address != NULL ? strcmp(adapter->address, address) == 0 : adapter->usable))
            return adapter->netdev;
    }
    return NULL;
}

static gboolean
stands_on_any(const IovDomainFloor *floor, GPtrArray *adapters)
{
    for (guint i = 0; i < adapters->len; i++)
        if (g_strcmp0(((const IovLedgerAdapter *)adapters->pdata[i])->netdev, floor->lower) == 0)
            return TRUE;
    return FALSE;
}

/* Beside its function, where it has one: what it sends there needs no cable. */
static gboolean
settle_floor(IovArrival *arrival, const IovDomainFloor *floor, const IovRequest *request,
             GError **error)
{
    g_autoptr(GPtrArray) adapters = iov_ledger_list_adapters(arrival->ledger, request->pool, error);
    g_autoptr(IovLease) function = NULL;
    const char *netdev = NULL;

    if (adapters == NULL || !iov_ledger_look_up_lease(arrival->ledger, arrival->domain->uuid,
                                                      request->name, &function, error))
        return FALSE;
    if (floor->lower != NULL && stands_on_any(floor, adapters))
        return TRUE;
    if (function != NULL)
        netdev = find_netdev(adapters, function->adapter);
    if (netdev == NULL)
        netdev = find_netdev(adapters, NULL);
    if (netdev != NULL)
        iov_domain_rewrite_netdev(arrival->rewrite, floor, netdev);
    return TRUE;
}

/* A saved image is of this host: what its floors stand on is as the admin wanted it. */
gboolean
iov_arrival_has_floors(const IovArrival *arrival)
{
    if (arrival->kind == IOV_INCOMING_RESTORE)
        return FALSE;
    for (guint i = 0; i < arrival->domain->floors->len; i++)
        if (((const IovDomainFloor *)arrival->domain->floors->pdata[i])->is_direct)
            return TRUE;
    return FALSE;
}

gboolean
iov_arrival_settle_floors(IovArrival *arrival, GError **error)
{
    if (!iov_arrival_has_floors(arrival))
        return TRUE;
    for (guint i = 0; i < arrival->domain->floors->len; i++) {
        const IovDomainFloor *floor = arrival->domain->floors->pdata[i];
        const IovRequest *request = iov_domain_find_request(arrival->domain, floor->request);

        if (floor->is_direct && request != NULL && !settle_floor(arrival, floor, request, error))
            return FALSE;
    }
    return TRUE;
}
