/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Drop, step by step: a function leaves its guest, is cleaned and is free again. The caller
 * detaches between begin and done; a guest that keeps its device keeps the lease.
 */
#include "iov-manager-change.h"

/* From a state in which a guest may have had the function, to clean. A NULL @reason: why it was
 * asked for is why the request is on its floor now. */
static gboolean
come_back(IovManager *manager, const char *function, guint64 generation, IovReason code,
          const char *reason, GError **error)
{
    g_autoptr(IovLease) lease = NULL;
    gboolean freed = FALSE;
    IovChange change;

    if (!iov_change_begin(&change, manager, error) ||
        !iov_change_end(
            &change,
            iov_change_go(&change, function, generation, IOV_LEASE_SCRUBBING, code, reason, error),
            error))
        return FALSE;
    lease = iov_change_get_lease(change.ledger, function, generation, error);
    return lease != NULL && iov_manager_scrub(manager, lease, &freed, error);
}

gboolean
iov_manager_lift_failed(IovManager *manager, const char *function, guint64 generation,
                        IovReason code, const char *reason, GError **error)
{
    return come_back(manager, function, generation, code, reason, error);
}

gboolean
iov_manager_drop_done(IovManager *manager, const char *function, guint64 generation, GError **error)
{
    return come_back(manager, function, generation, IOV_REASON_NONE, NULL, error);
}

/* It stands on its floor, and stays there. */
static gboolean
park_waiting(IovChange *change, const char *uuid, const char *request, GError **error)
{
    return iov_change_note(change, uuid, request, TRUE, IOV_REASON_PARKED, "", error) &&
           iov_change_set_floor(change, uuid, request, IOV_REASON_PARKED, "", error);
}

static gboolean
begin_drop(IovChange *change, const char *uuid, const char *request, gboolean park,
           guint64 *generation, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(IovLease) lease = iov_change_find_lease(change->ledger, uuid, request, &local);
    gboolean untouched = lease != NULL && lease->state == IOV_LEASE_RESERVED;
    IovLeaseState to = untouched ? IOV_LEASE_FREE : IOV_LEASE_DETACHING;
    gboolean waits = lease != NULL ? lease->state == IOV_LEASE_SCRUBBING
                                   : g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND);

    *generation = 0;
    if (waits && park)
        return park_waiting(change, uuid, request, error);
    if (lease == NULL)
        return iov_error_pass(&local, error);
    *generation = untouched ? 0 : lease->generation;
    if (lease->state != IOV_LEASE_DETACHING &&
        !iov_ledger_move(change->ledger, lease->function, lease->generation, to, NULL, change->now,
                         error))
        return FALSE;
    if (!iov_change_note(change, uuid, request, park,
                         untouched ? IOV_REASON_NONE : IOV_REASON_UNPLUG,
                         untouched ? "" : "unplug asked for", error))
        return FALSE;
    return !untouched || iov_change_set_floor(change, uuid, request, IOV_REASON_NONE, "", error);
}

gboolean
iov_manager_drop_begin(IovManager *manager, const char *uuid, const char *request, gboolean park,
                       guint64 *generation, GError **error)
{
    IovChange change;

    return iov_change_begin(&change, manager, error) &&
           iov_change_end(&change, begin_drop(&change, uuid, request, park, generation, error),
                          error);
}

/* Why a function was asked back says more of its request than that it takes long. */
static gboolean
is_taken_back(IovChange *change, const IovLease *lease)
{
    g_autoptr(IovStatus) status =
        iov_ledger_get_status(change->ledger, lease->domain_uuid, lease->request, NULL);

    return status != NULL && iov_reason_takes_back(status->code);
}

static gboolean
delay(IovChange *change, const char *function, guint64 generation, IovReason code,
      const char *reason, GError **error)
{
    g_autoptr(IovLease) lease = iov_change_get_lease(change->ledger, function, generation, error);

    if (lease == NULL ||
        !iov_ledger_note_function(change->ledger, function, generation, reason, error))
        return FALSE;
    return is_taken_back(change, lease) ||
           iov_change_note(change, lease->domain_uuid, lease->request, FALSE, code, reason, error);
}

gboolean
iov_manager_drop_delayed(IovManager *manager, const char *function, guint64 generation,
                         IovReason code, const char *reason, GError **error)
{
    IovChange change;

    return iov_change_begin(&change, manager, error) &&
           iov_change_end(&change, delay(&change, function, generation, code, reason, error),
                          error);
}
