/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What running domains have, made known to the ledger: their requests, and the functions that they
 * hold. By reconcile for all of them, by the hook for one that libvirtd came back to.
 */
#include "iov-manager-reconcile.h"

#include "iov-request-private.h"

#include <string.h>

static gboolean
know_request(IovReconciliation *run, const IovDomain *domain, const IovRequest *request,
             GError **error)
{
    g_autoptr(IovStatus) status = NULL;
    g_autoptr(IovPool) pool = NULL;

    if (!iov_ledger_look_up_status(run->ledger, domain->uuid, request->name, &status, error))
        return FALSE;
    if (status != NULL && status->started)
        return TRUE;
    if (status == NULL) {
        pool = iov_manager_live_pool(run->ledger, request->pool, NULL);
        status = iov_manager_make_status(domain, request, pool, run->now);
    }
    status->started = TRUE;
    iov_reconciliation_say(run, "domain %s: request %s taken up", domain->name, request->name);
    return iov_ledger_put_status(run->ledger, status, error);
}

/* A function that a running domain has and that the ledger gives to nobody. */
static gboolean
adopt_function(IovReconciliation *run, const IovDomain *domain, const IovDomainHostdev *hostdev,
               const IovLease *function, GError **error)
{
    const char *name = iov_domain_hostdev_get_name(hostdev);
    g_autoptr(IovStatus) status = iov_ledger_get_status(run->ledger, domain->uuid, name, NULL);
    guint64 generation = 0;

    if (status == NULL)
        status = iov_manager_make_static_status(domain, function, name, run->now);
    if (status->lease != NULL) {
        iov_reconciliation_say(run, "domain %s: function %s is beside the lease of request %s",
                               domain->name, hostdev->source, name);
        return TRUE;
    }
    status->started = TRUE;
    status->tier = IOV_TIER_PASSTHROUGH;
    status->since = run->now;
    iov_reconciliation_say(run, "domain %s: function %s taken up for %s", domain->name,
                           hostdev->source, name);
    return iov_ledger_adopt(run->ledger, function->function, domain->uuid, domain->name, name,
                            IOV_LEASE_ACTIVE, run->now, &generation, error) &&
           iov_ledger_set_mac(run->ledger, function->function, generation,
                              iov_domain_find_mac(domain, name), error) &&
           iov_ledger_put_status(run->ledger, status, error);
}

/* A static hostdev of whose start the ledger has not heard, as the hook came to its deadline. */
static gboolean
know_own(IovReconciliation *run, const IovDomain *domain, const IovLease *lease, GError **error)
{
    g_autoptr(IovStatus) status =
        iov_ledger_get_status(run->ledger, domain->uuid, lease->request, NULL);
    gboolean held = FALSE;

    if (status == NULL || !status->is_static || lease->state != IOV_LEASE_RESERVED)
        return TRUE;
    if (!iov_manager_is_held(run->manager, lease, &held, error))
        return FALSE;
    if (!held)
        return TRUE;
    iov_reconciliation_say(run, "domain %s: function %s is in use for %s", domain->name,
                           lease->function, lease->request);
    status->started = TRUE;
    return iov_ledger_put_status(run->ledger, status, error) &&
           iov_ledger_move(run->ledger, lease->function, lease->generation, IOV_LEASE_ACTIVE, NULL,
                           run->now, error);
}

static gboolean
know_hostdev(IovReconciliation *run, const IovDomain *domain, const IovDomainHostdev *hostdev,
             GError **error)
{
    g_autoptr(IovLease) function = NULL;

    if (!iov_ledger_look_up_function(run->ledger, hostdev->source, &function, error))
        return FALSE;
    if (function == NULL)
        return TRUE;
    if (g_strcmp0(function->domain_uuid, domain->uuid) == 0)
        return know_own(run, domain, function, error);
    if (function->state == IOV_LEASE_FREE || function->state == IOV_LEASE_FOREIGN)
        return adopt_function(run, domain, hostdev, function, error);
    iov_reconciliation_say(run, "domain %s: function %s is %s%s%s", domain->name, hostdev->source,
                           iov_lease_state_to_string(function->state),
                           function->domain_name != NULL ? " for domain " : "",
                           function->domain_name != NULL ? function->domain_name : "");
    return TRUE;
}

gboolean
iov_reconciliation_know_domain(IovReconciliation *run, const IovDomain *domain, GError **error)
{
    /* it would be known as what it is not: hostdevs without the requests that they serve */
    if (domain->fault != NULL)
        return TRUE;
    for (guint i = 0; i < domain->requests->len; i++)
        if (!know_request(run, domain, domain->requests->pdata[i], error))
            return FALSE;
    for (guint i = 0; i < domain->hostdevs->len; i++)
        if (!know_hostdev(run, domain, domain->hostdevs->pdata[i], error))
            return FALSE;
    return TRUE;
}

gboolean
iov_manager_reconnect(IovManager *manager, const IovDomain *domain, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    IovReconciliation run = {.manager = manager, .changes = lines};
    gboolean dirty = FALSE;

    if (domain->requests->len == 0 && domain->hostdevs->len == 0)
        return TRUE;
    run.ledger = iov_manager_ledger(manager, FALSE, &local);
    if (run.ledger == NULL && g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND))
        return TRUE;
    if (run.ledger == NULL)
        return iov_error_pass(&local, error);
    if (!iov_manager_concerns(run.ledger, domain, &dirty))
        return TRUE;
    if (!iov_manager_now(manager, &run.now, error) || !iov_ledger_begin(run.ledger, error))
        return FALSE;
    if (iov_reconciliation_know_domain(&run, domain, error) && iov_ledger_commit(run.ledger, error))
        return TRUE;
    iov_ledger_rollback(run.ledger);
    return FALSE;
}
