/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hostdevs of the domain's own in an incoming domain's XML: an address that is of a started pool
 * here, but names a function of another host, or of another time. Which pool it was from is not
 * known, so one that is free serves as well as any.
 */
#include "iov-manager-incoming.h"

#include <string.h>

static gboolean
refuse_device(const IovArrival *arrival, const IovDomainHostdev *hostdev, const char *pool,
              const char *cause, GError **error)
{
    gboolean restore = arrival->kind == IOV_INCOMING_RESTORE;

    return iov_error_set(error, IOV_ERROR_EXHAUSTED,
                         "domain '%s' cannot %s host '%s': its device %s names function %s, which "
                         "is not free there, and pool '%s' has no other: %s",
                         arrival->domain->name, restore ? "be restored on" : "migrate to",
                         arrival->host, iov_domain_hostdev_get_name(hostdev), hostdev->source, pool,
                         cause);
}

/* The status says that the function goes to no one else before it is cleaned, whatever becomes of
 * the domain. */
static gboolean
lease_static(IovArrival *arrival, const IovLease *function, const char *name, GError **error)
{
    g_autoptr(IovStatus) status =
        iov_manager_make_static_status(arrival->domain, function, name, arrival->now);

    return iov_arrival_lease(arrival, function->function, name, error) &&
           iov_ledger_put_status(arrival->ledger, status, error);
}

/* TRUE in @stands where the device needs no other function. */
static gboolean
stand(IovArrival *arrival, const IovDomainHostdev *hostdev, gboolean *stands, GError **error)
{
    const char *name = iov_domain_hostdev_get_name(hostdev);
    g_autoptr(IovLease) function = NULL;

    *stands = TRUE;
    if (!iov_ledger_look_up_function(arrival->ledger, hostdev->source, &function, error))
        return FALSE;
    if (function == NULL)
        return TRUE;
    if (function->state == IOV_LEASE_FREE)
        return lease_static(arrival, function, name, error);
    if (iov_arrival_is_own(arrival, function, IOV_LEASE_RESERVED) &&
        strcmp(function->request, name) == 0)
        return iov_arrival_keep(arrival, function, error);
    if (iov_arrival_is_own(arrival, function, IOV_LEASE_SCRUBBING) && arrival->nobody_cleans)
        return iov_ledger_move(arrival->ledger, function->function, function->generation,
                               IOV_LEASE_FREE, NULL, arrival->now, error) &&
               lease_static(arrival, function, name, error);
    *stands = FALSE;
    return TRUE;
}

/* One without an alias is called by its function, so another try would not find it by name. */
static gboolean
serves_again(const IovArrival *arrival, const IovDomainHostdev *hostdev, const char *pool,
             const IovLease *function)
{
    const char *name =
        hostdev->alias != NULL ? iov_domain_hostdev_get_name(hostdev) : function->function;

    return function->state == IOV_LEASE_RESERVED && strcmp(function->pool, pool) == 0 &&
           strcmp(function->request, name) == 0 &&
           !g_hash_table_contains(arrival->used, function->function);
}

static gboolean
find_kept(const IovArrival *arrival, const IovDomainHostdev *hostdev, const char *pool,
          IovLease **function, GError **error)
{
    g_autoptr(GPtrArray) leases =
        iov_ledger_list_leases(arrival->ledger, arrival->domain->uuid, error);

    *function = NULL;
    for (guint i = 0; leases != NULL && i < leases->len && *function == NULL; i++)
        if (serves_again(arrival, hostdev, pool, leases->pdata[i]))
            *function = iov_lease_ref(leases->pdata[i]);
    return leases != NULL;
}

static gboolean
take_another(IovArrival *arrival, const IovDomainHostdev *hostdev, const char *pool_name,
             IovLease **function, GError **error)
{
    g_autoptr(IovPool) pool = iov_manager_live_pool(arrival->ledger, pool_name, error);
    g_autoptr(GError) local = NULL;
    g_autofree char *cause = NULL;

    if (pool == NULL)
        return FALSE;
    if (iov_manager_find_free(arrival->manager, arrival->ledger, pool, arrival->domain->numa_node,
                              arrival->now, function, &local))
        return lease_static(arrival, *function,
                            hostdev->alias != NULL ? iov_domain_hostdev_get_name(hostdev)
                                                   : (*function)->function,
                            error);
    if (!g_error_matches(local, IOV_ERROR, IOV_ERROR_EXHAUSTED))
        return iov_error_pass(&local, error);
    cause = iov_arrival_with_holders(arrival, pool_name, local->message);
    return refuse_device(arrival, hostdev, pool_name, cause, error);
}

/* Its function is somebody's here. */
static gboolean
move(IovArrival *arrival, const IovDomainHostdev *hostdev, GError **error)
{
    g_autoptr(IovLease) named = NULL, function = NULL;
    gboolean done;

    if (!iov_ledger_look_up_function(arrival->ledger, hostdev->source, &named, error) ||
        !find_kept(arrival, hostdev, named->pool, &function, error))
        return FALSE;
    done = function != NULL ? iov_arrival_keep(arrival, function, error)
                            : take_another(arrival, hostdev, named->pool, &function, error);
    if (done)
        iov_arrival_repoint(arrival, hostdev, function->function);
    return done;
}

/* First those that may stay, so that none of them loses its function to another. */
gboolean
iov_arrival_settle_own(IovArrival *arrival, GError **error)
{
    g_autoptr(GPtrArray) others = g_ptr_array_new();

    for (guint i = 0; i < arrival->domain->hostdevs->len; i++) {
        IovDomainHostdev *hostdev = arrival->domain->hostdevs->pdata[i];
        gboolean stands = TRUE;

        if (iov_arrival_request_of(arrival, hostdev) == NULL &&
            !stand(arrival, hostdev, &stands, error))
            return FALSE;
        if (!stands)
            g_ptr_array_add(others, hostdev);
    }
    for (guint i = 0; i < others->len; i++)
        if (!move(arrival, others->pdata[i], error))
            return FALSE;
    return TRUE;
}
