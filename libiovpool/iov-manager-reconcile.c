/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making the ledger true again from what runs: leases without a domain end, functions that a domain
 * holds are taken up, requests that were not known become known. It only writes the ledger, but for
 * foreign functions, which are bound where nobody uses them any more; cleaning and lifting follow
 * from what stands there.
 */
#include "iov-manager-reconcile.h"

#include "iov-io.h"
#include "iov-recover.h"

#include <stdarg.h>
#include <string.h>

void
iov_reconciliation_say(IovReconciliation *run, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_strv_builder_add(run->changes, line);
}

/* ---- leases without a domain, or without a device ---- */

static gboolean
has_device(const IovDomain *domain, const char *function)
{
    for (guint i = 0; i < domain->hostdevs->len; i++)
        if (strcmp(((const IovDomainHostdev *)domain->hostdevs->pdata[i])->source, function) == 0)
            return TRUE;
    return FALSE;
}

static gboolean
end_lease(IovReconciliation *run, const IovLease *lease, IovLeaseState to, const char *why,
          GError **error)
{
    iov_reconciliation_say(run, "domain %s: function %s: %s", lease->domain_name, lease->function,
                           why);
    return iov_ledger_move(run->ledger, lease->function, lease->generation, to, NULL, run->now,
                           error);
}

/* The deadline is for a start that is under way; a domain that had started will not come any more.
 * A function that stood in the XML may have been QEMU's without our hearing of it. */
static gboolean
check_reserved_of_gone(IovReconciliation *run, const IovLease *lease, GError **error)
{
    g_autoptr(IovStatus) status = NULL;
    gboolean started, is_static;

    if (!iov_ledger_look_up_status(run->ledger, lease->domain_uuid, lease->request, &status, error))
        return FALSE;
    started = status != NULL && status->started;
    is_static = status != NULL && status->is_static;
    if ((started && status->since >= run->listed_at) || (!started && lease->deadline > run->now))
        return TRUE;
    return end_lease(run, lease, is_static ? IOV_LEASE_SCRUBBING : IOV_LEASE_FREE,
                     started ? "its domain is gone" : "its domain did not start in time", error);
}

static gboolean
check_lease_of_gone(IovReconciliation *run, const IovLease *lease, GError **error)
{
    if (lease->state == IOV_LEASE_SCRUBBING)
        return TRUE;
    if (lease->state == IOV_LEASE_RESERVED)
        return check_reserved_of_gone(run, lease, error);
    return end_lease(run, lease, IOV_LEASE_SCRUBBING, "its domain is gone", error);
}

/* A lease whose device is not in the live XML: unplugged while nobody watched. A lift that is on
 * its way (attaching) is its driver's to finish, and of a domain that cannot be read nobody knows
 * which devices it has. */
static gboolean
check_lease_of_running(IovReconciliation *run, const IovLease *lease, const IovDomain *domain,
                       GError **error)
{
    g_autoptr(IovStatus) status = NULL;
    gboolean held = FALSE;

    if ((lease->state != IOV_LEASE_ACTIVE && lease->state != IOV_LEASE_DETACHING) ||
        domain->fault != NULL || has_device(domain, lease->function))
        return TRUE;
    if (!iov_manager_is_held(run->manager, lease, &held, error))
        return FALSE;
    if (held)
        return TRUE;
    status = iov_ledger_get_status(run->ledger, lease->domain_uuid, lease->request, NULL);
    if (status != NULL) {
        status->tier = status->floor_tier;
        status->since = run->now;
        if (!iov_ledger_put_status(run->ledger, status, error))
            return FALSE;
    }
    return end_lease(run, lease, IOV_LEASE_SCRUBBING, "its device is gone from the domain", error);
}

static gboolean
check_leases(IovReconciliation *run, GError **error)
{
    g_autoptr(GPtrArray) functions = iov_ledger_list_functions(run->ledger, NULL, error);

    if (functions == NULL)
        return FALSE;
    for (guint i = 0; i < functions->len; i++) {
        const IovLease *lease = functions->pdata[i];
        const IovDomain *domain = NULL;
        gboolean good;

        if (!iov_lease_state_is_held(lease->state) || lease->domain_uuid == NULL ||
            lease->since >= run->listed_at)
            continue;
        domain = g_hash_table_lookup(run->running, lease->domain_uuid);
        good = domain != NULL ? check_lease_of_running(run, lease, domain, error)
                              : check_lease_of_gone(run, lease, error);
        if (!good)
            return FALSE;
    }
    return TRUE;
}

/* ---- requests of domains that are gone ---- */

static gboolean
check_requests(IovReconciliation *run, GError **error)
{
    g_autoptr(GPtrArray) list = iov_ledger_list_status(run->ledger, NULL, error);

    if (list == NULL)
        return FALSE;
    for (guint i = 0; i < list->len; i++) {
        const IovStatus *status = list->pdata[i];
        gboolean starting = !status->started && status->since + IOV_RESERVATION_TIME > run->now;

        if (starting || status->since >= run->listed_at ||
            g_hash_table_contains(run->running, status->domain_uuid))
            continue;
        iov_reconciliation_say(run, "domain %s: request %s ended, the domain is gone",
                               status->domain_name, status->request);
        if (!iov_ledger_remove_status(run->ledger, status->domain_uuid, status->request, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- functions that are gone from the host ---- */

static gboolean
check_functions(IovReconciliation *run, GError **error)
{
    g_autoptr(GPtrArray) free_functions =
        iov_ledger_list_functions_in_state(run->ledger, IOV_LEASE_FREE, error);
    IovHost *host = iov_manager_host(run->manager, error);

    if (free_functions == NULL || host == NULL)
        return FALSE;
    for (guint i = 0; i < free_functions->len; i++) {
        const IovLease *lease = free_functions->pdata[i];
        g_autoptr(GError) local = NULL;
        g_autofree char *driver = iov_host_get_driver(host, lease->function, &local);

        if (driver != NULL)
            continue;
        iov_reconciliation_say(run, "function %s vanished from the host", lease->function);
        if (!iov_ledger_move(run->ledger, lease->function, lease->generation, IOV_LEASE_FOREIGN,
                             IOV_LEASE_VANISHED, run->now, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
reconcile_all(IovReconciliation *run, GPtrArray *domains, GError **error)
{
    for (guint i = 0; i < domains->len; i++)
        if (!iov_reconciliation_know_domain(run, domains->pdata[i], error))
            return FALSE;
    return check_leases(run, error) && check_requests(run, error) && check_functions(run, error);
}

/* ---- functions that somebody outside the pool used ---- */

/* What domains that cannot be read are seen to have: address to the domain's name. @doubt: (out):
 * that is not all. */
static GHashTable *
find_claims(GPtrArray *domains, gboolean *doubt)
{
    GHashTable *claims = g_hash_table_new(g_str_hash, g_str_equal);

    *doubt = FALSE;
    for (guint i = 0; i < domains->len; i++) {
        const IovDomain *domain = domains->pdata[i];

        if (domain->fault == NULL)
            continue;
        *doubt = *doubt || domain->has_unknown_devices;
        for (guint j = 0; j < domain->hostdevs->len; j++)
            g_hash_table_insert(claims, ((IovDomainHostdev *)domain->hostdevs->pdata[j])->source,
                                domain->name);
    }
    return claims;
}

/* After the change of the ledger: what a domain holds is its own by then, and nobody waits while
 * drivers change. What came in since the listing may be of a domain that is not in it. */
static gboolean
look_at_foreign(IovReconciliation *run, GPtrArray *domains, GError **error)
{
    g_autoptr(GPtrArray) functions =
        iov_ledger_list_functions_in_state(run->ledger, IOV_LEASE_FOREIGN, error);
    gboolean doubt = FALSE;
    g_autoptr(GHashTable) claims = find_claims(domains, &doubt);

    for (guint i = 0; functions != NULL && i < functions->len; i++) {
        const IovLease *function = functions->pdata[i];
        const IovClaim claim = {g_hash_table_lookup(claims, function->function), doubt};
        gboolean taken = FALSE;

        if (function->since >= run->listed_at)
            continue;
        if (!iov_manager_take_foreign(run->manager, function, &claim, &taken, error))
            return FALSE;
        /* of a pool that was rebuilt, that was said as a whole */
        if (taken && run->found == NULL)
            iov_reconciliation_say(run, "function %s: nobody uses it any more, it is the pool's",
                                   function->function);
    }
    return functions != NULL;
}

/* One change, so that nobody can take a function of a pool that comes back before those who hold
 * functions are known. */
static gboolean
change_ledger(IovReconciliation *run, GPtrArray *domains, GError **error)
{
    gboolean good =
        iov_manager_now(run->manager, &run->now, error) && iov_ledger_begin(run->ledger, error);

    if (!good)
        return FALSE;
    if (run->found != NULL)
        good = iov_recover_enter(run->ledger, run->found, MIN(run->now, run->listed_at - 1), error);
    if (good && reconcile_all(run, domains, error) && iov_ledger_commit(run->ledger, error))
        return TRUE;
    iov_ledger_rollback(run->ledger);
    return FALSE;
}

/* Without a ledger, and nothing to be entered in a new one, there is nothing to be done. */
static gboolean
open_ledger(IovReconciliation *run, GError **error)
{
    g_autoptr(GError) local = NULL;
    gboolean create = run->found != NULL && run->found->len > 0;

    run->ledger = iov_manager_ledger(run->manager, create, &local);
    if (run->ledger != NULL || g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND))
        return TRUE;
    return iov_error_pass(&local, error);
}

static gboolean
reconcile_locked(IovReconciliation *run, GPtrArray *domains, GError **error)
{
    if (!iov_recover_find(run->manager, &run->found, run->changes, error) ||
        !open_ledger(run, error))
        return FALSE;
    if (run->ledger == NULL)
        return TRUE;
    if (!change_ledger(run, domains, error))
        return FALSE;
    iov_recover_keep_records(run->manager, run->ledger, run->changes);
    return look_at_foreign(run, domains, error);
}

gboolean
iov_manager_reconcile(IovManager *manager, GPtrArray *domains, gint64 listed_at, GStrv *changes,
                      GError **error)
{
    g_autoptr(GHashTable) running = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    IOV_IO_AUTO_CLOSE int lock = iov_manager_lock_pools(manager, error);
    IovReconciliation run = {
        .manager = manager, .running = running, .changes = lines, .listed_at = listed_at};
    gboolean done;

    for (guint i = 0; i < domains->len; i++)
        g_hash_table_insert(running, ((IovDomain *)domains->pdata[i])->uuid, domains->pdata[i]);
    done = lock >= 0 && reconcile_locked(&run, domains, error);
    g_clear_pointer(&run.found, g_ptr_array_unref);
    if (done && changes != NULL)
        *changes = g_strv_builder_end(lines);
    return done;
}
