/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests of running domains: making them known, forgetting them, and getting a function for one
 * that stands on its floor.
 */
#include "iov-manager-change.h"

#include "iov-request-private.h"

static gboolean
adopt(IovChange *change, const IovDomain *domain, const IovRequest *request, GError **error)
{
    g_autoptr(IovPool) pool = iov_manager_live_pool(change->ledger, request->pool, error);
    g_autoptr(IovStatus) status = NULL;

    if (pool == NULL ||
        !iov_ledger_look_up_status(change->ledger, domain->uuid, request->name, &status, error))
        return FALSE;
    /* A reconcile saw it in the XML before, and it may be lifted by now. */
    if (status != NULL && status->started)
        return TRUE;
    g_clear_pointer(&status, iov_status_unref);
    status = iov_manager_make_status(domain, request, pool, change->now);
    status->started = TRUE;
    return iov_ledger_put_status(change->ledger, status, error);
}

gboolean
iov_manager_adopt_request(IovManager *manager, const IovDomain *domain, const char *request,
                          GError **error)
{
    const IovRequest *wanted = iov_domain_find_request(domain, request);
    IovChange change;

    if (wanted == NULL)
        return iov_error_set(error, IOV_ERROR_NOT_FOUND, "domain '%s' has no request '%s'",
                             domain->name, request);
    return iov_change_begin(&change, manager, error) &&
           iov_change_end(&change, adopt(&change, domain, wanted, error), error);
}

static gboolean
forget(IovChange *change, const char *uuid, const char *request, GError **error)
{
    g_autoptr(IovLease) lease = NULL;

    if (!iov_ledger_look_up_lease(change->ledger, uuid, request, &lease, error))
        return FALSE;
    if (lease != NULL && lease->state == IOV_LEASE_RESERVED &&
        !iov_ledger_move(change->ledger, lease->function, lease->generation, IOV_LEASE_FREE, NULL,
                         change->now, error))
        return FALSE;
    if (lease != NULL && lease->state != IOV_LEASE_RESERVED && lease->state != IOV_LEASE_SCRUBBING)
        return iov_error_set(error, IOV_ERROR_BUSY,
                             "request '%s' holds function %s: detach it "
                             "first",
                             request, lease->function);
    return iov_ledger_remove_status(change->ledger, uuid, request, error);
}

gboolean
iov_manager_forget_request(IovManager *manager, const char *uuid, const char *request,
                           GError **error)
{
    IovChange change;

    return iov_change_begin(&change, manager, error) &&
           iov_change_end(&change, forget(&change, uuid, request, error), error);
}

gboolean
iov_manager_note(IovManager *manager, const char *uuid, const char *request, IovReason code,
                 const char *reason, GError **error)
{
    IovChange change;

    return iov_change_begin(&change, manager, error) &&
           iov_change_end(
               &change, iov_change_note(&change, uuid, request, FALSE, code, reason, error), error);
}

gboolean
iov_manager_set_lowered(IovManager *manager, const char *uuid, const char *request,
                        gboolean lowered, GError **error)
{
    g_autoptr(IovStatus) status = NULL;
    IovChange change;

    if (!iov_change_begin(&change, manager, error))
        return FALSE;
    status = iov_ledger_get_status(change.ledger, uuid, request, NULL);
    if (status == NULL || status->lowered == lowered)
        return iov_change_end(&change, TRUE, error);
    status->lowered = lowered;
    return iov_change_end(&change, iov_ledger_put_status(change.ledger, status, error), error);
}

static IovReason
reason_of(const GError *refusal)
{
    if (refusal == NULL)
        return IOV_REASON_NONE;
    return g_error_matches(refusal, IOV_ERROR, IOV_ERROR_NOT_FOUND) ? IOV_REASON_POOL_STOPPED
                                                                    : IOV_REASON_EXHAUSTED;
}

/* While a request of higher priority has had a function of the pool since this one lost its own,
 * that it went there explains more than that all are leased. */
static gboolean
is_outranked(IovChange *change, const IovStatus *status)
{
    g_autoptr(GPtrArray) list = iov_ledger_list_status(change->ledger, NULL, NULL);

    for (guint i = 0; list != NULL && i < list->len; i++) {
        const IovStatus *other = list->pdata[i];

        if (other->lease != NULL && other->priority > status->priority &&
            other->lease->since >= status->since && g_str_equal(other->pool, status->pool))
            return TRUE;
    }
    return FALSE;
}

static gboolean
acquire_for(IovChange *change, IovStatus *status, char **refusal, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(IovPool) pool = iov_manager_live_pool(change->ledger, status->pool, &local);

    if (status->lease == NULL && pool != NULL)
        iov_manager_take_function(change->manager, change->ledger, pool, status, change->now,
                                  &local);
    if (local != NULL && !g_error_matches(local, IOV_ERROR, IOV_ERROR_EXHAUSTED) &&
        !g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND))
        return iov_error_pass(&local, error);
    *refusal = local != NULL ? g_strdup(local->message) : NULL;
    if (local == NULL || status->code != IOV_REASON_RECLAIMED || !is_outranked(change, status))
        iov_status_set_reason(status, reason_of(local), local != NULL ? local->message : "");
    return iov_ledger_put_status(change->ledger, status, error);
}

static gboolean
acquire(IovChange *change, const char *uuid, const char *request, char **refusal, GError **error)
{
    g_autoptr(IovStatus) status = NULL;

    if (!iov_ledger_look_up_status(change->ledger, uuid, request, &status, error))
        return FALSE;
    if (status == NULL)
        return iov_error_set(error, IOV_ERROR_NOT_FOUND,
                             "request '%s' is not known: is the domain running?", request);
    /* between its being listed as waiting and now an admin may have taken it off */
    if (status->parked && status->lease == NULL)
        return iov_error_set(error, IOV_ERROR_BUSY,
                             "request '%s' is parked by the admin: `iovpool attach` lifts it",
                             request);
    return acquire_for(change, status, refusal, error);
}

gboolean
iov_manager_unpark(IovManager *manager, const char *uuid, const char *request, GError **error)
{
    g_autoptr(IovStatus) status = NULL;
    IovChange change;

    if (!iov_change_begin(&change, manager, error))
        return FALSE;
    status = iov_ledger_get_status(change.ledger, uuid, request, NULL);
    if (status == NULL || !status->parked)
        return iov_change_end(&change, TRUE, error);
    status->parked = FALSE;
    iov_status_set_reason(status, IOV_REASON_NONE, "");
    return iov_change_end(&change, iov_ledger_put_status(change.ledger, status, error), error);
}

gboolean
iov_manager_acquire(IovManager *manager, const char *uuid, const char *request, GError **error)
{
    g_autofree char *refusal = NULL;
    IovChange change;

    if (!iov_change_begin(&change, manager, error) ||
        !iov_change_end(&change, acquire(&change, uuid, request, &refusal, error), error))
        return FALSE;
    return refusal == NULL || iov_error_set(error, IOV_ERROR_EXHAUSTED, "%s", refusal);
}
