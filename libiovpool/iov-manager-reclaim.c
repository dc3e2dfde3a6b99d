/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Functions that are taken back without an admin's asking: for a request of higher priority, or
 * because their adapter is down. It enters in the ledger what is to be unplugged and why; the
 * caller asks the guest.
 */
#include "iov-manager-change.h"

#include "iov-reclaim.h"

#include <string.h>

static gboolean
take_back(IovChange *change, const IovLease *lease, IovReason code, const char *reason,
          GError **error)
{
    gboolean untouched = lease->state == IOV_LEASE_RESERVED;

    if (!untouched && lease->state != IOV_LEASE_ACTIVE)
        return iov_error_set(error, IOV_ERROR_BUSY, "function %s is %s", lease->function,
                             iov_lease_state_to_string(lease->state));
    if (!iov_ledger_move(change->ledger, lease->function, lease->generation,
                         untouched ? IOV_LEASE_FREE : IOV_LEASE_DETACHING, NULL, change->now,
                         error))
        return FALSE;
    if (untouched)
        return iov_change_set_floor(change, lease->domain_uuid, lease->request, code, reason,
                                    error);
    return iov_change_note(change, lease->domain_uuid, lease->request, FALSE, code, reason, error);
}

static gboolean
take_back_function(IovChange *change, const char *function, guint64 generation, IovReason code,
                   const char *reason, GError **error)
{
    g_autoptr(IovLease) lease = iov_change_get_lease(change->ledger, function, generation, error);

    return lease != NULL && take_back(change, lease, code, reason, error);
}

gboolean
iov_manager_take_back(IovManager *manager, const char *function, guint64 generation, IovReason code,
                      const char *reason, GError **error)
{
    IovChange change;

    return iov_change_begin(&change, manager, error) &&
           iov_change_end(&change,
                          take_back_function(&change, function, generation, code, reason, error),
                          error);
}

/* ---- for a request of higher priority ---- */

/* One pool at a time: claimants come in the order of their merit, so that what is on its way
 * already is for the first of them. */
typedef struct {
    IovChange *change;
    GPtrArray *functions, *holders, *adapters;
    GHashTable *coming; /* pool to how many functions come */
    GPtrArray *victims;
} Reclaim;

/* The first claimants of a pool are served by what comes anyway. */
static gboolean
is_served(Reclaim *reclaim, const IovPool *pool, const char *name)
{
    gpointer known = NULL;
    guint coming;

    if (g_hash_table_lookup_extended(reclaim->coming, name, NULL, &known))
        coming = GPOINTER_TO_UINT(known);
    else
        coming = iov_reclaim_count_coming(pool, reclaim->functions, reclaim->change->now);
    g_hash_table_insert(reclaim->coming, (gpointer)name,
                        GUINT_TO_POINTER(coming > 0 ? coming - 1 : 0));
    return coming > 0;
}

static gboolean
ask(Reclaim *reclaim, const IovStatus *claimant, IovStatus *victim, GError **error)
{
    g_autofree char *reason =
        g_strdup_printf("its function goes to %s (%s), priority %d", claimant->domain_name,
                        claimant->request, claimant->priority);

    if (!take_back(reclaim->change, victim->lease, IOV_REASON_RECLAIMED, reason, error))
        return FALSE;
    g_ptr_array_add(reclaim->victims, iov_status_ref(victim));
    /* not to be asked twice */
    g_ptr_array_remove(reclaim->holders, victim);
    return TRUE;
}

static gboolean
claim(Reclaim *reclaim, const IovStatus *claimant, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(IovPool) pool =
        iov_manager_live_pool(reclaim->change->ledger, claimant->pool, &local);
    const IovStatus *victim = NULL;

    if (pool == NULL && !g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND))
        return iov_error_pass(&local, error);
    if (pool == NULL || !pool->reclaim || is_served(reclaim, pool, claimant->pool))
        return TRUE;
    victim = iov_reclaim_choose(pool, claimant, reclaim->holders, reclaim->adapters);
    return victim == NULL || ask(reclaim, claimant, (IovStatus *)victim, error);
}

static gboolean
claim_all(Reclaim *reclaim, GPtrArray *claimants, GError **error)
{
    reclaim->functions = iov_ledger_list_functions(reclaim->change->ledger, NULL, error);
    reclaim->holders = reclaim->functions != NULL
                           ? iov_ledger_list_status(reclaim->change->ledger, NULL, error)
                           : NULL;
    reclaim->adapters = reclaim->holders != NULL
                            ? iov_ledger_list_adapters(reclaim->change->ledger, NULL, error)
                            : NULL;
    if (reclaim->adapters == NULL)
        return FALSE;
    for (guint i = 0; i < claimants->len; i++)
        if (!claim(reclaim, claimants->pdata[i], error))
            return FALSE;
    return TRUE;
}

static void
free_status(gpointer status)
{
    iov_status_unref(status);
}

gboolean
iov_manager_reclaim(IovManager *manager, GPtrArray *claimants, GPtrArray **victims, GError **error)
{
    g_autoptr(GHashTable) coming = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) asked = g_ptr_array_new_with_free_func(free_status);
    IovChange change;
    Reclaim reclaim = {.change = &change, .coming = coming, .victims = asked};
    gboolean good;

    if (!iov_change_begin(&change, manager, error))
        return FALSE;
    good = iov_change_end(&change, claim_all(&reclaim, claimants, error), error);
    g_clear_pointer(&reclaim.functions, g_ptr_array_unref);
    g_clear_pointer(&reclaim.holders, g_ptr_array_unref);
    g_clear_pointer(&reclaim.adapters, g_ptr_array_unref);
    *victims = good ? g_steal_pointer(&asked) : NULL;
    return good;
}
