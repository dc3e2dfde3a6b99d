/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A domain's life after its admission, as the hook reports it: it runs, it is gone. Ledger work
 * alone; devices are the agent's.
 */
#include "iov-manager-private.h"

#include "iov-request-private.h"

#include <string.h>

/* The ledger where there is one; NULL without @error where no pool was started. */
static IovLedger *
ledger_if_any(IovManager *manager, GError **error)
{
    g_autoptr(GError) local = NULL;
    IovLedger *ledger = iov_manager_ledger(manager, FALSE, &local);

    if (ledger == NULL && !g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND))
        g_propagate_error(error, g_steal_pointer(&local));
    return ledger;
}

/* Marks one known status as running; a static hostdev is QEMU's from here on. */
static gboolean
mark_started(IovLedger *ledger, IovStatus *status, gint64 now, GError **error)
{
    const IovLease *lease = status->lease;

    if (!status->started) {
        status->started = TRUE;
        status->since = now;
        if (!iov_ledger_put_status(ledger, status, error))
            return FALSE;
    }
    if (!status->is_static || lease == NULL || lease->state != IOV_LEASE_RESERVED)
        return TRUE;
    return iov_ledger_move(ledger, lease->function, lease->generation, IOV_LEASE_ACTIVE, NULL, now,
                           error);
}

/* A request that prepare did not see: the hook was installed while the domain ran, or prepare's
 * deadline passed. It waits on its floor. */
static gboolean
add_unknown(IovLedger *ledger, const IovDomain *domain, const IovRequest *request, gint64 now,
            GError **error)
{
    g_autoptr(IovStatus) known = NULL;
    g_autoptr(IovPool) pool = NULL;
    g_autoptr(IovStatus) status = NULL;

    if (!iov_ledger_look_up_status(ledger, domain->uuid, request->name, &known, error))
        return FALSE;
    if (known != NULL)
        return TRUE;
    pool = iov_manager_live_pool(ledger, request->pool, NULL);
    status = iov_manager_make_status(domain, request, pool, now);
    status->started = TRUE;
    return iov_ledger_put_status(ledger, status, error);
}

/* A request's function that stands in the XML already (restored, or come by migration) was handed
 * to QEMU with it: no longer clean, and not to be attached a second time. */
static gboolean
mark_handed_over(IovLedger *ledger, const IovDomain *domain, const IovDomainHostdev *hostdev,
                 gint64 now, GError **error)
{
    g_autoptr(IovLease) lease = NULL;

    if (!iov_ledger_look_up_function(ledger, hostdev->source, &lease, error))
        return FALSE;
    if (lease == NULL || lease->state != IOV_LEASE_RESERVED || hostdev->request == NULL ||
        strcmp(lease->domain_uuid, domain->uuid) != 0 ||
        strcmp(lease->request, hostdev->request) != 0)
        return TRUE;
    return iov_ledger_move(ledger, lease->function, lease->generation, IOV_LEASE_ATTACHING, NULL,
                           now, error) &&
           iov_ledger_set_mac(ledger, lease->function, lease->generation,
                              iov_domain_find_mac(domain, hostdev->request), error);
}

static gboolean
start_all(IovLedger *ledger, const IovDomain *domain, gint64 now, GError **error)
{
    g_autoptr(GPtrArray) list = iov_ledger_list_status(ledger, domain->uuid, error);

    if (list == NULL)
        return FALSE;
    for (guint i = 0; i < list->len; i++)
        if (!mark_started(ledger, list->pdata[i], now, error))
            return FALSE;
    for (guint i = 0; i < domain->hostdevs->len; i++)
        if (!mark_handed_over(ledger, domain, domain->hostdevs->pdata[i], now, error))
            return FALSE;
    for (guint i = 0; i < domain->requests->len; i++)
        if (!add_unknown(ledger, domain, domain->requests->pdata[i], now, error))
            return FALSE;
    return TRUE;
}

/* TRUE in @has where the ledger has anything of the domain. */
static gboolean
has_any(IovLedger *ledger, const char *uuid, gboolean *has, GError **error)
{
    g_autoptr(GPtrArray) statuses = iov_ledger_list_status(ledger, uuid, error);
    g_autoptr(GPtrArray) leases =
        statuses != NULL ? iov_ledger_list_leases(ledger, uuid, error) : NULL;

    if (leases == NULL)
        return FALSE;
    *has = statuses->len > 0 || leases->len > 0;
    return TRUE;
}

gboolean
iov_manager_started(IovManager *manager, const IovDomain *domain, GError **error)
{
    g_autoptr(GError) local = NULL;
    IovLedger *ledger = NULL;
    gboolean has = FALSE;
    gint64 now = 0;

    if (domain->requests->len == 0 && domain->hostdevs->len == 0)
        return TRUE;
    ledger = ledger_if_any(manager, &local);
    if (ledger == NULL)
        return iov_error_pass(&local, error);
    if (!has_any(ledger, domain->uuid, &has, error))
        return FALSE;
    /* A domain that is none of ours does not queue for the ledger's lock. */
    if (!has && domain->requests->len == 0)
        return TRUE;
    if (!iov_manager_now(manager, &now, error) || !iov_ledger_begin(ledger, error))
        return FALSE;
    if (start_all(ledger, domain, now, error) && iov_ledger_commit(ledger, error))
        return TRUE;
    iov_ledger_rollback(ledger);
    return FALSE;
}

/* A function that was only promised is clean; one that a guest may have had is not. @status: NULL
 * where the lease serves no request that is known. */
static gboolean
end_lease(IovLedger *ledger, const IovLease *lease, const IovStatus *status, gint64 now,
          GError **error)
{
    gboolean clean = lease->state == IOV_LEASE_RESERVED && status != NULL && !status->is_static;

    if (lease->state == IOV_LEASE_SCRUBBING)
        return TRUE;
    return iov_ledger_move(ledger, lease->function, lease->generation,
                           clean ? IOV_LEASE_FREE : IOV_LEASE_SCRUBBING, NULL, now, error);
}

static const IovStatus *
find_status(GPtrArray *statuses, const char *request)
{
    for (guint i = 0; i < statuses->len; i++) {
        const IovStatus *status = statuses->pdata[i];

        if (strcmp(status->request, request) == 0)
            return status;
    }
    return NULL;
}

static gboolean
remove_all(IovLedger *ledger, GPtrArray *statuses, GError **error)
{
    for (guint i = 0; i < statuses->len; i++) {
        const IovStatus *status = statuses->pdata[i];

        if (!iov_ledger_remove_status(ledger, status->domain_uuid, status->request, error))
            return FALSE;
    }
    return TRUE;
}

/* A lease may have outlived its status, and a status its lease. */
gboolean
iov_manager_release_domain(IovLedger *ledger, const char *uuid, gint64 now, GError **error)
{
    g_autoptr(GPtrArray) statuses = iov_ledger_list_status(ledger, uuid, error);
    g_autoptr(GPtrArray) leases =
        statuses != NULL ? iov_ledger_list_leases(ledger, uuid, error) : NULL;

    if (leases == NULL)
        return FALSE;
    for (guint i = 0; i < leases->len; i++) {
        const IovLease *lease = leases->pdata[i];

        if (!end_lease(ledger, lease, find_status(statuses, lease->request), now, error))
            return FALSE;
    }
    return remove_all(ledger, statuses, error);
}

static gboolean
may_keep(const IovDomain *domain, const IovLease *lease)
{
    const IovRequest *request = iov_domain_find_request(domain, lease->request);

    return lease->state == IOV_LEASE_RESERVED && request != NULL &&
           strcmp(request->pool, lease->pool) == 0;
}

gboolean
iov_manager_end_former(IovLedger *ledger, const IovDomain *domain, gint64 now, GError **error)
{
    g_autoptr(GPtrArray) statuses = iov_ledger_list_status(ledger, domain->uuid, error);
    g_autoptr(GPtrArray) leases =
        statuses != NULL ? iov_ledger_list_leases(ledger, domain->uuid, error) : NULL;

    if (leases == NULL)
        return FALSE;
    for (guint i = 0; i < leases->len; i++) {
        const IovLease *lease = leases->pdata[i];

        if (!may_keep(domain, lease) &&
            !end_lease(ledger, lease, find_status(statuses, lease->request), now, error))
            return FALSE;
    }
    return remove_all(ledger, statuses, error);
}

gboolean
iov_manager_release(IovManager *manager, const char *uuid, GError **error)
{
    g_autoptr(GError) local = NULL;
    IovLedger *ledger = ledger_if_any(manager, &local);
    gboolean has = FALSE;
    gint64 now = 0;

    if (ledger == NULL)
        return iov_error_pass(&local, error);
    if (!has_any(ledger, uuid, &has, error))
        return FALSE;
    if (!has)
        return TRUE;
    if (!iov_manager_now(manager, &now, error) || !iov_ledger_begin(ledger, error))
        return FALSE;
    if (iov_manager_release_domain(ledger, uuid, now, error) && iov_ledger_commit(ledger, error))
        return TRUE;
    iov_ledger_rollback(ledger);
    return FALSE;
}
