/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ledger changes that lift, drop and scrub have in common: one transaction on a function's
 * lease and on the status of the request that it serves.
 */
#include "iov-manager-change.h"

gboolean
iov_change_begin(IovChange *change, IovManager *manager, GError **error)
{
    change->manager = manager;
    change->ledger = iov_manager_ledger(manager, FALSE, error);
    return change->ledger != NULL && iov_manager_now(manager, &change->now, error) &&
           iov_ledger_begin(change->ledger, error);
}

gboolean
iov_change_end(IovChange *change, gboolean good, GError **error)
{
    if (good && iov_ledger_commit(change->ledger, error))
        return TRUE;
    iov_ledger_rollback(change->ledger);
    return FALSE;
}

static gboolean
put_tier(IovChange *change, IovStatus *status, IovTier tier, IovReason code, const char *reason,
         GError **error)
{
    static const char parked[] = "parked: taken off its function by the admin";

    if (status->tier != tier)
        status->since = change->now;
    status->tier = tier;
    if (status->parked && tier != IOV_TIER_PASSTHROUGH)
        iov_status_set_reason(status, IOV_REASON_PARKED, parked);
    else if (reason != NULL)
        iov_status_set_reason(status, code, reason);
    else if (!iov_reason_takes_back(status->code))
        iov_status_set_reason(status, IOV_REASON_NONE, "");
    return iov_ledger_put_status(change->ledger, status, error);
}

gboolean
iov_change_set_tier(IovChange *change, const char *uuid, const char *request, IovTier tier,
                    IovReason code, const char *reason, GError **error)
{
    g_autoptr(IovStatus) status = NULL;

    return iov_ledger_look_up_status(change->ledger, uuid, request, &status, error) &&
           (status == NULL || put_tier(change, status, tier, code, reason, error));
}

gboolean
iov_change_set_floor(IovChange *change, const char *uuid, const char *request, IovReason code,
                     const char *reason, GError **error)
{
    g_autoptr(IovStatus) status = NULL;

    return iov_ledger_look_up_status(change->ledger, uuid, request, &status, error) &&
           (status == NULL || put_tier(change, status, status->floor_tier, code, reason, error));
}

gboolean
iov_change_note(IovChange *change, const char *uuid, const char *request, gboolean park,
                IovReason code, const char *reason, GError **error)
{
    g_autoptr(IovStatus) status = NULL;

    if (!iov_ledger_look_up_status(change->ledger, uuid, request, &status, error))
        return FALSE;
    if (status == NULL)
        return iov_error_set(error, IOV_ERROR_NOT_FOUND,
                             "request '%s' is not known: is the domain running?", request);
    status->parked = status->parked || park;
    iov_status_set_reason(status, code, reason);
    return iov_ledger_put_status(change->ledger, status, error);
}

IovLease *
iov_change_get_lease(IovLedger *ledger, const char *function, guint64 generation, GError **error)
{
    g_autoptr(IovLease) lease = iov_ledger_require_function(ledger, function, error);

    if (lease == NULL)
        return NULL;
    if (lease->generation != generation) {
        iov_error_set(error, IOV_ERROR_STALE, "lease %" G_GUINT64_FORMAT " of function %s is over",
                      generation, function);
        return NULL;
    }
    return g_steal_pointer(&lease);
}

IovLease *
iov_change_find_lease(IovLedger *ledger, const char *uuid, const char *request, GError **error)
{
    IovLease *lease = NULL;

    if (iov_ledger_look_up_lease(ledger, uuid, request, &lease, error) && lease == NULL)
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "request '%s' holds no function", request);
    return lease;
}

gboolean
iov_change_go(IovChange *change, const char *function, guint64 generation, IovLeaseState to,
              IovReason code, const char *reason, GError **error)
{
    g_autoptr(IovLease) lease = iov_change_get_lease(change->ledger, function, generation, error);

    if (lease == NULL ||
        !iov_ledger_move(change->ledger, function, generation, to, NULL, change->now, error))
        return FALSE;
    if (to == IOV_LEASE_ACTIVE)
        return iov_change_set_tier(change, lease->domain_uuid, lease->request, IOV_TIER_PASSTHROUGH,
                                   code, reason, error);
    return iov_change_set_floor(change, lease->domain_uuid, lease->request, code, reason, error);
}
