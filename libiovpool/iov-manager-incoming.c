/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A domain that comes with its devices: by migration, or from a saved image. Its XML names
 * functions of another host, or of another time; here it gets functions of this host, reserved as
 * for a start, and the XML is pointed to them. Nothing else of an earlier life ends here: libvirt
 * asks before it looks whether such a domain runs on this host already. No effect on any device.
 */
#include "iov-manager-incoming.h"

#include "iov-io.h"
#include "iov-request-private.h"

#include <string.h>

static void
arrival_clear(IovArrival *arrival)
{
    g_clear_pointer(&arrival->domain, iov_domain_unref);
    g_clear_pointer(&arrival->rewrite, iov_domain_rewrite_free);
    g_clear_pointer(&arrival->used, g_hash_table_unref);
    g_clear_pointer(&arrival->leased, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(IovArrival, arrival_clear)

static gboolean
refuse_request(const IovArrival *arrival, const IovRequest *request, const char *cause,
               GError **error)
{
    const char *name = arrival->domain->name;

    if (arrival->kind == IOV_INCOMING_RESTORE)
        return iov_error_set(error, IOV_ERROR_EXHAUSTED,
                             "domain '%s' cannot be restored on host '%s': pool '%s' has no "
                             "function for its request %s: %s",
                             name, arrival->host, request->pool, request->name, cause);
    return iov_error_set(error, IOV_ERROR_EXHAUSTED,
                         "domain '%s' cannot migrate to host '%s': pool '%s' has no function there "
                         "for its request %s; `iovpool migrate %s URI` needs none, it drops the "
                         "domain to its floor first (%s)",
                         name, arrival->host, request->pool, request->name, name, cause);
}

/* NULL in @function where none was reserved for it, or one of another pool. */
static gboolean
find_reserved(IovArrival *arrival, const IovRequest *request, IovLease **function, GError **error)
{
    g_autoptr(IovLease) found = NULL;

    *function = NULL;
    if (!iov_ledger_look_up_lease(arrival->ledger, arrival->domain->uuid, request->name, &found,
                                  error))
        return FALSE;
    if (found == NULL || found->state != IOV_LEASE_RESERVED)
        return TRUE;
    if (strcmp(found->pool, request->pool) != 0)
        return iov_ledger_move(arrival->ledger, found->function, found->generation, IOV_LEASE_FREE,
                               NULL, arrival->now, error);
    *function = g_steal_pointer(&found);
    return TRUE;
}

static gboolean
take_for_request(IovArrival *arrival, const IovRequest *request, const IovPool *pool,
                 IovLease **function, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *cause = NULL;

    if (iov_manager_find_free(arrival->manager, arrival->ledger, pool, arrival->domain->numa_node,
                              arrival->now, function, &local))
        return iov_arrival_lease(arrival, (*function)->function, request->name, error);
    if (!g_error_matches(local, IOV_ERROR, IOV_ERROR_EXHAUSTED))
        return iov_error_pass(&local, error);
    cause = iov_arrival_with_holders(arrival, request->pool, local->message);
    return refuse_request(arrival, request, cause, error);
}

/* It must be started, and allow what the request asks for. */
static gboolean
find_pool(IovArrival *arrival, const IovRequest *request, IovPool **pool, GError **error)
{
    g_autoptr(GError) local = NULL;
    IovNetconf policy;

    *pool = iov_manager_live_pool(arrival->ledger, request->pool, &local);
    if (*pool == NULL && !g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND))
        return iov_error_pass(&local, error);
    if (*pool == NULL)
        return refuse_request(arrival, request, "the pool is not started there", error);
    return iov_netconf_merge(&(*pool)->defaults, &request->netconf, &policy, &local) ||
           refuse_request(arrival, request, local->message, error);
}

static gboolean
settle_function(IovArrival *arrival, const IovDomainHostdev *hostdev, const IovRequest *request,
                GError **error)
{
    g_autoptr(IovPool) pool = NULL;
    g_autoptr(IovLease) function = NULL;
    gboolean done;

    if (!find_pool(arrival, request, &pool, error) ||
        !find_reserved(arrival, request, &function, error))
        return FALSE;
    done = function != NULL ? iov_arrival_keep(arrival, function, error)
                            : take_for_request(arrival, request, pool, &function, error);
    if (done)
        iov_arrival_repoint(arrival, hostdev, function->function);
    return done;
}

static gboolean
settle_requests(IovArrival *arrival, GError **error)
{
    for (guint i = 0; i < arrival->domain->hostdevs->len; i++) {
        const IovDomainHostdev *hostdev = arrival->domain->hostdevs->pdata[i];
        const IovRequest *request = iov_arrival_request_of(arrival, hostdev);

        if (request != NULL && !settle_function(arrival, hostdev, request, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- all of it ---- */

static gboolean
write_xml(const IovArrival *arrival, const char *xml, gsize length, char **changed, GError **error)
{
    if (iov_domain_rewrite_is_empty(arrival->rewrite))
        return TRUE;
    *changed = iov_domain_rewrite_apply(arrival->rewrite, xml, length, error);
    return *changed != NULL;
}

/* TRUE in @needed where a device is to have a function of this host; in @dirty where that waits to
 * be cleaned after the domain itself. */
static gboolean
look(const IovArrival *arrival, gboolean *needed, gboolean *dirty, GError **error)
{
    for (guint i = 0; i < arrival->domain->hostdevs->len; i++) {
        const IovDomainHostdev *hostdev = arrival->domain->hostdevs->pdata[i];
        g_autoptr(IovLease) function = NULL;

        if (iov_arrival_request_of(arrival, hostdev) != NULL) {
            *needed = TRUE;
            continue;
        }
        if (!iov_ledger_look_up_function(arrival->ledger, hostdev->source, &function, error))
            return FALSE;
        *needed = *needed || function != NULL;
        *dirty = *dirty ||
                 (function != NULL && iov_arrival_is_own(arrival, function, IOV_LEASE_SCRUBBING));
    }
    return TRUE;
}

static gboolean
settle_within_change(IovArrival *arrival, const char *xml, gsize length, char **changed,
                     GError **error)
{
    if (!iov_manager_now(arrival->manager, &arrival->now, error) ||
        !iov_ledger_begin(arrival->ledger, error))
        return FALSE;
    if (iov_arrival_settle_own(arrival, error) && settle_requests(arrival, error) &&
        iov_arrival_settle_floors(arrival, error) &&
        write_xml(arrival, xml, length, changed, error) &&
        iov_ledger_commit(arrival->ledger, error))
        return TRUE;
    iov_ledger_rollback(arrival->ledger);
    g_clear_pointer(changed, g_free);
    return FALSE;
}

/* A domain that is none of ours does not queue for the ledger's lock. */
static gboolean
settle(IovArrival *arrival, const char *xml, gsize length, char **changed, GError **error)
{
    IOV_IO_AUTO_CLOSE int lock = -1;
    gboolean needed = FALSE, dirty = FALSE;

    if (!look(arrival, &needed, &dirty, error))
        return FALSE;
    if (!needed)
        return iov_arrival_settle_floors(arrival, error) &&
               write_xml(arrival, xml, length, changed, error);
    if (dirty && (lock = iov_manager_lock_scrubbing(arrival->manager, error)) < 0)
        return FALSE;
    arrival->nobody_cleans = dirty;
    return settle_within_change(arrival, xml, length, changed, error);
}

/* No pool was started here since the host booted. */
static gboolean
settle_without_ledger(const IovArrival *arrival, GError **error)
{
    for (guint i = 0; i < arrival->domain->hostdevs->len; i++) {
        const IovRequest *request =
            iov_arrival_request_of(arrival, arrival->domain->hostdevs->pdata[i]);

        if (request != NULL)
            return refuse_request(arrival, request, "the pool is not started there", error);
    }
    return TRUE;
}

gboolean
iov_manager_incoming(IovManager *manager, IovIncoming kind, const char *host, const char *xml,
                     gsize length, char **changed, GPtrArray **leased, GError **error)
{
    g_auto(IovArrival) arrival = {.manager = manager, .kind = kind, .host = host};
    g_autoptr(GError) local = NULL;

    *changed = NULL;
    *leased = NULL;
    arrival.leased = g_ptr_array_new_with_free_func((GDestroyNotify)iov_lease_unref);
    arrival.used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    arrival.rewrite = iov_domain_rewrite_new();
    arrival.domain = iov_domain_parse(xml, length, error);
    if (arrival.domain == NULL)
        return FALSE;
    if (arrival.domain->hostdevs->len > 0 || iov_arrival_has_floors(&arrival))
        arrival.ledger = iov_manager_ledger(manager, FALSE, &local);
    if (local != NULL && !g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND))
        return iov_error_pass(&local, error);
    if (arrival.ledger != NULL ? !settle(&arrival, xml, length, changed, error)
                               : !settle_without_ledger(&arrival, error))
        return FALSE;
    *leased = g_steal_pointer(&arrival.leased);
    return TRUE;
}

/* ---- giving back ---- */

static gboolean
give_back(IovLedger *ledger, const IovLease *made, gint64 now, GError **error)
{
    g_autoptr(IovLease) function = NULL;
    g_autoptr(IovStatus) status = NULL;

    if (!iov_ledger_look_up_function(ledger, made->function, &function, error) ||
        !iov_ledger_look_up_status(ledger, made->domain_uuid, made->request, &status, error))
        return FALSE;
    if (function == NULL || function->generation != made->generation ||
        function->state != IOV_LEASE_RESERVED)
        return TRUE;
    if (status == NULL || !status->is_static)
        return iov_ledger_move(ledger, made->function, made->generation, IOV_LEASE_FREE, NULL, now,
                               error);
    return iov_ledger_move(ledger, made->function, made->generation, IOV_LEASE_SCRUBBING, NULL, now,
                           error) &&
           iov_ledger_remove_status(ledger, made->domain_uuid, made->request, error);
}

static gboolean
give_all_back(IovLedger *ledger, GPtrArray *leased, gint64 now, GError **error)
{
    for (guint i = 0; i < leased->len; i++)
        if (!give_back(ledger, leased->pdata[i], now, error))
            return FALSE;
    return TRUE;
}

gboolean
iov_manager_give_back(IovManager *manager, GPtrArray *leased, GError **error)
{
    IovLedger *ledger = NULL;
    gint64 now = 0;

    if (leased->len == 0)
        return TRUE;
    ledger = iov_manager_ledger(manager, FALSE, error);
    if (ledger == NULL || !iov_manager_now(manager, &now, error) ||
        !iov_ledger_begin(ledger, error))
        return FALSE;
    if (give_all_back(ledger, leased, now, error) && iov_ledger_commit(ledger, error))
        return TRUE;
    iov_ledger_rollback(ledger);
    return FALSE;
}
