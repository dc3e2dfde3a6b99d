/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes the host send a request's frames to where it stands, as iov-steer.c decides. What is put
 * into an adapter's filter is written down before, so that it is found and taken back when its
 * domain is gone, whoever was killed meanwhile; a macvtap and what a bridge learned go with the
 * domain.
 */
#include "iov-manager-private.h"

#include "iov-io.h"
#include "iov-request-private.h"
#include "iov-steer.h"

#include <string.h>

typedef struct {
    IovManager *manager;
    IovHost *host;
    IovLedger *ledger;
    GPtrArray *adapters; /* IovLedgerAdapter, of started pools */
    GStrv netdevs;       /* of their PFs */
    gboolean is_waiting; /* a guest has a function that its driver has not taken */
    GError *failure;     /* the first: one entry that cannot be made stops no other */
} Steer;

static void
steer_clear(Steer *run)
{
    g_clear_pointer(&run->adapters, g_ptr_array_unref);
    g_strfreev(run->netdevs);
    g_clear_error(&run->failure);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Steer, steer_clear)

static void
note_failure(Steer *run, gboolean done, GError **cause)
{
    if (!done && run->failure == NULL)
        run->failure = g_steal_pointer(cause);
    g_clear_error(cause);
}

/* What goes away while we look is no failure. */
static void
note_failure_but_absence(Steer *run, gboolean done, GError **cause)
{
    note_failure(run, done || g_error_matches(*cause, IOV_ERROR, IOV_ERROR_NOT_FOUND), cause);
}

static GStrv
list_netdevs(GPtrArray *adapters)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    for (guint i = 0; i < adapters->len; i++) {
        const IovLedgerAdapter *adapter = g_ptr_array_index(adapters, i);

        if (adapter->netdev != NULL)
            g_strv_builder_add(names, adapter->netdev);
    }
    return g_strv_builder_end(names);
}

static gboolean
open_steer(Steer *run, IovManager *manager, GError **error)
{
    run->manager = manager;
    run->host = iov_manager_host(manager, error);
    run->ledger = run->host != NULL ? iov_manager_ledger(manager, FALSE, error) : NULL;
    run->adapters = run->ledger != NULL ? iov_ledger_list_adapters(run->ledger, NULL, error) : NULL;
    run->netdevs = run->adapters != NULL ? list_netdevs(run->adapters) : NULL;
    return run->netdevs != NULL;
}

/* ---- entries of filters ---- */

static gboolean
is_same(gconstpointer a, gconstpointer b)
{
    const IovLedgerFilter *one = a, *other = b;

    return strcmp(one->netdev, other->netdev) == 0 && strcmp(one->mac, other->mac) == 0 &&
           strcmp(one->request, other->request) == 0 && strcmp(one->uuid, other->uuid) == 0;
}

static gboolean
holds(GPtrArray *filters, const IovLedgerFilter *filter)
{
    return g_ptr_array_find_with_equal_func(filters, filter, is_same, NULL);
}

static gboolean
is_known(IovLedger *ledger, const IovLedgerFilter *filter)
{
    g_autoptr(IovStatus) status =
        iov_ledger_get_status(ledger, filter->uuid, filter->request, NULL);

    return status != NULL;
}

/* Of a request that ended meanwhile nothing is entered: nobody would take it back. */
static gboolean
enter(IovLedger *ledger, GPtrArray *wanted, GPtrArray *present, GError **error)
{
    for (guint i = 0; i < wanted->len; i++) {
        const IovLedgerFilter *filter = g_ptr_array_index(wanted, i);

        if (!holds(present, filter) && is_known(ledger, filter) &&
            !iov_ledger_add_filter(ledger, filter, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
change(IovLedger *ledger, gboolean good, GError **error)
{
    if (good && iov_ledger_commit(ledger, error))
        return TRUE;
    iov_ledger_rollback(ledger);
    return FALSE;
}

/* The rows of @uuid, with those that @wanted has and the ledger has not. */
static GPtrArray *
write_down(IovLedger *ledger, const char *uuid, GPtrArray *wanted, GError **error)
{
    g_autoptr(GPtrArray) present = iov_ledger_list_filters(ledger, uuid, error);
    guint missing = 0;

    if (present == NULL)
        return NULL;
    for (guint i = 0; i < wanted->len; i++)
        missing += holds(present, g_ptr_array_index(wanted, i)) ? 0 : 1;
    if (missing == 0)
        return g_steal_pointer(&present);
    if (!iov_ledger_begin(ledger, error) ||
        !change(ledger, enter(ledger, wanted, present, error), error))
        return NULL;
    return iov_ledger_list_filters(ledger, uuid, error);
}

static gboolean
strike_out(IovLedger *ledger, const IovLedgerFilter *filter, GError **error)
{
    return iov_ledger_begin(ledger, error) &&
           change(ledger, iov_ledger_remove_filter(ledger, filter, error), error);
}

static void
take_back(Steer *run, const IovLedgerFilter *filter)
{
    g_autoptr(GError) cause = NULL;
    guint owners = 0;

    if (!iov_ledger_count_filters(run->ledger, filter->netdev, filter->mac, &owners, &cause)) {
        note_failure(run, FALSE, &cause);
        return;
    }
    if (owners <= 1 &&
        !iov_host_set_filter(run->host, filter->netdev, filter->mac, FALSE, &cause) &&
        !g_error_matches(cause, IOV_ERROR, IOV_ERROR_NOT_FOUND)) {
        note_failure(run, FALSE, &cause);
        return;
    }
    g_clear_error(&cause);
    note_failure(run, strike_out(run->ledger, filter, &cause), &cause);
}

/* What is there already is made again: a process may have been killed between row and effect. */
static void
set_filters(Steer *run, const char *uuid, GPtrArray *wanted)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GPtrArray) rows = write_down(run->ledger, uuid, wanted, &cause);

    if (rows == NULL) {
        note_failure(run, FALSE, &cause);
        return;
    }
    for (guint i = 0; i < rows->len; i++) {
        const IovLedgerFilter *filter = g_ptr_array_index(rows, i);

        if (!holds(wanted, filter))
            take_back(run, filter);
    }
    for (guint i = 0; i < rows->len; i++) {
        const IovLedgerFilter *filter = g_ptr_array_index(rows, i);

        if (holds(wanted, filter))
            note_failure(run,
                         iov_host_set_filter(run->host, filter->netdev, filter->mac, TRUE, &cause),
                         &cause);
    }
}

/* ---- one domain ---- */

/* That it has it says little: QEMU takes it away for a migration, and the XML keeps it; a guest may
 * have no driver for it. A function that cannot be looked at is not stood on. */
static gboolean
stands_on_function(Steer *run, const IovDomain *domain, const IovStatus *status)
{
    g_autofree char *alias = iov_alias_of_function(status->request);
    const IovLease *lease = status->lease;
    gboolean driven = FALSE;

    if (lease == NULL ||
        (lease->state != IOV_LEASE_ACTIVE && lease->state != IOV_LEASE_DETACHING) ||
        g_strcmp0(iov_domain_find_source(domain, alias), lease->function) != 0)
        return FALSE;
    /* taken away for a migration: nobody is waited for */
    if (lease->state == IOV_LEASE_ACTIVE && status->tier != IOV_TIER_PASSTHROUGH)
        return FALSE;
    (void)iov_host_is_driven(run->host, lease->function, &driven, NULL);
    run->is_waiting = run->is_waiting || (!driven && lease->state == IOV_LEASE_ACTIVE);
    return driven;
}

/* A netdev that is no PF of a started pool is not judged. */
static gboolean
is_elsewhere(const Steer *run, const IovDomainFloor *floor, const IovLease *lease)
{
    const IovLedgerAdapter *adapter = NULL;

    if (floor->lower == NULL || lease == NULL ||
        !g_strv_contains((const char *const *)run->netdevs, floor->lower))
        return FALSE;
    adapter = iov_ledger_adapter_find(run->adapters, lease->adapter);
    return adapter != NULL && g_strcmp0(adapter->netdev, floor->lower) != 0;
}

static void
apply(Steer *run, const IovSteering *steering, GPtrArray *wanted)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GPtrArray) filters = iov_steer_filters(steering);
    g_autoptr(GPtrArray) wrong = iov_steer_wrong_ports(steering);
    gboolean learning = FALSE;
    const char *learner = iov_steer_learning(steering, &learning);

    g_ptr_array_extend_and_steal(wanted, g_steal_pointer(&filters));
    if (learner != NULL)
        note_failure_but_absence(run, iov_host_set_learning(run->host, learner, learning, &cause),
                                 &cause);
    for (guint i = 0; i < wrong->len; i++)
        note_failure_but_absence(
            run, iov_host_unlearn(run->host, g_ptr_array_index(wrong, i), steering->mac, &cause),
            &cause);
    if (steering->is_macvtap && steering->tap != NULL)
        note_failure_but_absence(
            run,
            iov_host_set_macvtap(run->host, steering->tap, iov_steer_macvtap(steering), &cause),
            &cause);
}

static void
steer_request(Steer *run, const IovDomain *domain, const IovStatus *status, GPtrArray *wanted)
{
    const IovRequest *request = iov_domain_find_request(domain, status->request);
    const IovDomainFloor *floor = iov_domain_find_floor(domain, status->request);
    g_autoptr(GPtrArray) uplinks = NULL;
    g_autoptr(GError) cause = NULL;
    g_autofree char *bridge_mac = NULL;

    if (request == NULL || floor == NULL || request->netconf.mac[0] == '\0')
        return;
    if (floor->bridge != NULL)
        uplinks = iov_host_list_uplinks(run->host, floor->bridge, (const char *const *)run->netdevs,
                                        &cause);
    else
        uplinks = g_ptr_array_new();
    if (uplinks == NULL) {
        note_failure(run, FALSE, &cause);
        return;
    }
    if (uplinks->len > 0)
        bridge_mac = iov_host_get_mac(run->host, floor->bridge, NULL);
    const IovSteering steering = {
        .uuid = status->domain_uuid,
        .request = status->request,
        .mac = request->netconf.mac,
        .on_function = stands_on_function(run, domain, status),
        .is_elsewhere = is_elsewhere(run, floor, status->lease),
        .is_teaming = floor->is_teaming,
        .tap = floor->device,
        .is_macvtap = floor->is_macvtap,
        .bridge_mac = bridge_mac,
        .uplinks = uplinks,
    };
    apply(run, &steering, wanted);
}

gboolean
iov_manager_steer(IovManager *manager, const IovDomain *domain, gboolean *settled, GError **error)
{
    g_auto(Steer) run = {0};
    IOV_IO_AUTO_CLOSE int lock = iov_manager_lock(manager, "steer.lock", error);

    *settled = TRUE;
    if (lock < 0 || !open_steer(&run, manager, error))
        return FALSE;
    g_autoptr(GPtrArray) statuses = iov_ledger_list_status(run.ledger, domain->uuid, error);
    g_autoptr(GPtrArray) wanted =
        g_ptr_array_new_with_free_func((GDestroyNotify)iov_ledger_filter_free);
    if (statuses == NULL)
        return FALSE;
    for (guint i = 0; i < statuses->len; i++)
        steer_request(&run, domain, g_ptr_array_index(statuses, i), wanted);
    set_filters(&run, domain->uuid, wanted);
    *settled = !run.is_waiting;
    return iov_error_pass(&run.failure, error);
}

/* ---- what is over ---- */

static gboolean
is_over(const Steer *run, const IovLedgerFilter *filter)
{
    return !g_strv_contains((const char *const *)run->netdevs, filter->netdev) ||
           !is_known(run->ledger, filter);
}

static gboolean
anything_is_over(const Steer *run, GPtrArray *filters)
{
    for (guint i = 0; i < filters->len; i++)
        if (is_over(run, g_ptr_array_index(filters, i)))
            return TRUE;
    return FALSE;
}

gboolean
iov_manager_steer_back(IovManager *manager, GError **error)
{
    g_auto(Steer) run = {0};
    g_autoptr(GError) cause = NULL;

    if (!open_steer(&run, manager, &cause)) {
        if (g_error_matches(cause, IOV_ERROR, IOV_ERROR_NOT_FOUND))
            return TRUE;
        return iov_error_pass(&cause, error);
    }
    g_autoptr(GPtrArray) seen = iov_ledger_list_filters(run.ledger, NULL, error);
    if (seen == NULL || !anything_is_over(&run, seen))
        return seen != NULL;
    IOV_IO_AUTO_CLOSE int lock = iov_manager_lock(manager, "steer.lock", error);
    g_autoptr(GPtrArray) filters =
        lock >= 0 ? iov_ledger_list_filters(run.ledger, NULL, error) : NULL;
    for (guint i = 0; filters != NULL && i < filters->len; i++)
        if (is_over(&run, g_ptr_array_index(filters, i)))
            take_back(&run, g_ptr_array_index(filters, i));
    return filters != NULL && iov_error_pass(&run.failure, error);
}
