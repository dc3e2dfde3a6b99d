/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starting and destroying a pool: VFs come into being, are bound to vfio-pci and entered in the
 * ledger; and back. What has to be given back is written to the ledger before the first effect, so
 * that a start that was cut off can be finished, or taken back, by the next.
 */
#include "iov-manager-private.h"

#include "iov-execute.h"
#include "iov-io.h"
#include "iov-record.h"
#include "iov-recover.h"

#include <string.h>

/* One start on its way. */
typedef struct {
    IovManager *manager;
    IovLedger *ledger;
    IovHost *host;
    char *boot_id;
    IovPool *pool;
    GPtrArray *adapters; /* IovAdapter, as observed last */
    IovPlan *created, *bound;
    GPtrArray *notes; /* char *: what the admin is told */
} Start;

static void
start_clear(Start *start)
{
    g_clear_pointer(&start->boot_id, g_free);
    g_clear_pointer(&start->pool, iov_pool_unref);
    g_clear_pointer(&start->adapters, g_ptr_array_unref);
    g_clear_pointer(&start->created, iov_plan_free);
    g_clear_pointer(&start->bound, iov_plan_free);
    g_clear_pointer(&start->notes, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Start, start_clear)

static gboolean
enter_adapter(IovLedger *ledger, const char *pool, const IovAdapter *adapter, GError **error)
{
    IovLedgerAdapter row = {
        .address = adapter->address,
        .pool = (char *)pool,
        .netdev = adapter->netdev,
        .numa_node = adapter->numa_node,
        .usable = FALSE,
        .had_num_vfs = adapter->num_vfs,
        .had_autoprobe = adapter->autoprobe,
        .had_link_up = adapter->link != IOV_LINK_DOWN,
    };

    return iov_ledger_add_adapter(ledger, &row, error);
}

/* NULL where the PF does not tell. (transfer full) (nullable) */
static char *
read_mac(Start *start, const IovAdapter *adapter, const IovFunction *function)
{
    IovNetconf shown = {.mac = ""};

    if (adapter->netdev == NULL ||
        !iov_host_get_vf_netconf(start->host, adapter->netdev, function->index, &shown, NULL))
        return NULL;
    return g_strdup(iov_mac_is_zero(shown.mac) ? "" : shown.mac);
}

static IovLease *
make_row(Start *start, const IovAdapter *adapter, const IovFunction *function, const char *user,
         gint64 now)
{
    IovLease *row = iov_lease_new();

    row->function = g_strdup(function->address);
    row->adapter = g_strdup(adapter->address);
    row->pool = g_strdup(start->pool->name);
    row->index = function->index;
    row->iommu_group = function->iommu_group;
    row->had_driver = g_strdup(function->driver);
    row->had_mac = read_mac(start, adapter, function);
    row->since = now;
    row->state = user != NULL ? IOV_LEASE_FOREIGN : IOV_LEASE_FREE;
    row->reason = g_strdup(user);
    if (function->iommu_group < 0) {
        row->state = IOV_LEASE_QUARANTINED;
        g_free(row->reason);
        row->reason = g_strdup("it has no IOMMU group");
    }
    return row;
}

/* What has to be given back, should this start be cut off: the functions that are there already may
 * get another driver. */
static gboolean
record_before(Start *start, GError **error)
{
    g_autoptr(IovRecord) record = iov_record_from_ledger(start->ledger, start->pool->name, error);

    for (guint i = 0; record != NULL && i < start->adapters->len; i++) {
        const IovAdapter *adapter = start->adapters->pdata[i];

        for (guint j = 0; j < adapter->functions->len; j++) {
            g_autoptr(IovLease) row =
                make_row(start, adapter, adapter->functions->pdata[j], NULL, 0);

            iov_record_add_function(record, row);
        }
    }
    return record != NULL &&
           iov_record_save(record, start->manager->run_dir, start->boot_id, error);
}

/* The journal entry: the pool and what its adapters were like, not usable yet. The record goes
 * first: one too many is removed by reconcile, one that is missing cannot be made up. */
static gboolean
journal(Start *start, gint64 now, GError **error)
{
    g_autofree char *xml = iov_pool_to_xml(start->pool);

    if (!iov_ledger_begin(start->ledger, error))
        return FALSE;
    gboolean good = iov_ledger_add_pool(start->ledger, start->pool->name, xml, now, error);
    for (guint i = 0; good && i < start->adapters->len; i++)
        good = enter_adapter(start->ledger, start->pool->name, start->adapters->pdata[i], error);
    if (good && record_before(start, error) && iov_ledger_commit(start->ledger, error))
        return TRUE;
    iov_ledger_rollback(start->ledger);
    iov_record_remove(start->manager->run_dir, start->pool->name, NULL);
    return FALSE;
}

static gboolean
observe_again(Start *start, GError **error)
{
    g_autoptr(GPtrArray) fresh = g_ptr_array_new_with_free_func((GDestroyNotify)iov_adapter_unref);

    for (guint i = 0; i < start->adapters->len; i++) {
        const IovAdapter *old = start->adapters->pdata[i];
        IovAdapter *adapter = iov_host_get_adapter(start->host, old->address, error);

        if (adapter == NULL)
            return FALSE;
        g_ptr_array_add(fresh, adapter);
    }
    g_ptr_array_unref(start->adapters);
    start->adapters = g_steal_pointer(&fresh);
    return TRUE;
}

static gboolean
plan_creation(Start *start, GError **error)
{
    for (guint i = 0; i < start->adapters->len; i++) {
        const IovAdapter *adapter = start->adapters->pdata[i];
        const IovPoolEntry *entry = iov_pool_find_entry(start->pool, adapter);

        if (adapter->iommu_group < 0)
            return iov_error_set(error, IOV_ERROR_UNSUPPORTED,
                                 "adapter %s has no IOMMU group: turn the IOMMU on in firmware and "
                                 "kernel (intel_iommu=on)",
                                 adapter->address);
        if (!iov_plan_create_vfs(start->created, adapter, entry->vfs, error))
            return FALSE;
    }
    return TRUE;
}

/* Functions that someone uses are left alone; they are entered as foreign. */
static gboolean
plan_binding(Start *start, GHashTable *users, GError **error)
{
    for (guint i = 0; i < start->adapters->len; i++) {
        const IovAdapter *adapter = start->adapters->pdata[i];

        for (guint j = 0; j < adapter->functions->len; j++) {
            const IovFunction *function = adapter->functions->pdata[j];
            g_autoptr(GError) local = NULL;
            char *user = iov_manager_find_user(start->host, function->address,
                                               function->iommu_group, &local);

            if (!iov_error_pass(&local, error))
                return FALSE;
            if (user != NULL)
                g_hash_table_insert(users, g_strdup(function->address), user);
            else
                iov_plan_bind_function(start->bound, function);
        }
    }
    return TRUE;
}

/* After the binding, as functions of one group may be in each other's way before. */
static gboolean
look_for_obstacles(Start *start, const IovAdapter *adapter, GHashTable *users, GError **error)
{
    const char *name = adapter->netdev != NULL ? adapter->netdev : adapter->address;
    const char *first = NULL;
    guint count = 0;

    for (guint i = 0; i < adapter->functions->len; i++) {
        const IovFunction *function = adapter->functions->pdata[i];
        g_autoptr(GError) local = NULL;
        char *obstacle = NULL;

        if (g_hash_table_contains(users, function->address))
            continue;
        obstacle = iov_manager_find_obstacle(start->host, function->address, function->iommu_group,
                                             &local);
        if (!iov_error_pass(&local, error))
            return FALSE;
        if (obstacle == NULL)
            continue;
        g_hash_table_insert(users, g_strdup(function->address), obstacle);
        first = count++ == 0 ? obstacle : first;
    }
    if (count > 0)
        g_ptr_array_add(
            start->notes,
            g_strdup_printf("%s: no domain can have %u of its functions: %s", name, count, first));
    return TRUE;
}

static gboolean
find_obstacles(Start *start, GHashTable *users, GError **error)
{
    for (guint i = 0; i < start->adapters->len; i++)
        if (!look_for_obstacles(start, start->adapters->pdata[i], users, error))
            return FALSE;
    return TRUE;
}

/* What the ledger is to say of the functions. (element-type IovLease) */
static GPtrArray *
make_rows(Start *start, GHashTable *users, gint64 now)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)iov_lease_unref);

    for (guint i = 0; i < start->adapters->len; i++) {
        const IovAdapter *adapter = start->adapters->pdata[i];

        for (guint j = 0; j < adapter->functions->len; j++) {
            const IovFunction *function = adapter->functions->pdata[j];
            const char *user = g_hash_table_lookup(users, function->address);

            g_ptr_array_add(rows, make_row(start, adapter, function, user, now));
        }
    }
    return rows;
}

static gboolean
enter_all(Start *start, GPtrArray *rows, GError **error)
{
    for (guint i = 0; i < rows->len; i++)
        if (!iov_ledger_add_function(start->ledger, rows->pdata[i], error))
            return FALSE;
    for (guint i = 0; i < start->adapters->len; i++)
        if (!iov_ledger_set_adapter_usable(start->ledger,
                                           ((const IovAdapter *)start->adapters->pdata[i])->address,
                                           TRUE, error))
            return FALSE;
    return TRUE;
}

static gboolean
record_all(Start *start, GError **error)
{
    g_autoptr(IovRecord) record = iov_record_from_ledger(start->ledger, start->pool->name, error);

    return record != NULL &&
           iov_record_save(record, start->manager->run_dir, start->boot_id, error);
}

/* Adds the functions and opens the adapters for leases: the pool is started from here on. */
static gboolean
enter_functions(Start *start, GHashTable *users, gint64 now, GError **error)
{
    g_autoptr(GPtrArray) rows = make_rows(start, users, now);

    if (!iov_ledger_begin(start->ledger, error))
        return FALSE;
    if (enter_all(start, rows, error) && record_all(start, error) &&
        iov_ledger_commit(start->ledger, error))
        return TRUE;
    iov_ledger_rollback(start->ledger);
    return FALSE;
}

static void
note_links(Start *start)
{
    for (guint i = 0; i < start->created->steps->len; i++) {
        const IovStep *step = start->created->steps->pdata[i];

        if (step->kind == IOV_STEP_LINK_UP)
            g_ptr_array_add(start->notes,
                            g_strdup_printf("%s: link brought up, its VFs need it", step->target));
    }
}

/* The effects, then the entry. What was done is undone here when a later part fails. */
static gboolean
create_and_enter(Start *start, gint64 now, GError **error)
{
    /* of functions that are entered as foreign: who uses it, or what of its group is in the way */
    g_autoptr(GHashTable) users = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    gboolean bound = FALSE;

    if (!plan_creation(start, error) || !iov_execute(start->host, start->created, error))
        return FALSE;
    note_links(start);
    if (observe_again(start, error) && plan_binding(start, users, error)) {
        bound = iov_execute(start->host, start->bound, error);
        if (bound && find_obstacles(start, users, error) &&
            enter_functions(start, users, now, error))
            return TRUE;
    }
    g_autofree char *unbinding =
        bound ? iov_execute_undo(start->host, start->bound, start->bound->steps->len) : NULL;
    g_autofree char *removal =
        iov_execute_undo(start->host, start->created, start->created->steps->len);
    if (unbinding != NULL)
        g_prefix_error(error, "(%s) ", unbinding);
    if (removal != NULL)
        g_prefix_error(error, "(%s) ", removal);
    return FALSE;
}

static gboolean
start_locked(Start *start, const char *name, GError **error)
{
    gboolean entered = FALSE, started = FALSE;
    gint64 now = 0;

    if (!iov_manager_now(start->manager, &now, error) ||
        !iov_manager_look_up_pool(start->ledger, name, &entered, &started, error))
        return FALSE;
    if (started)
        return iov_error_set(error, IOV_ERROR_EXISTS, "it is started already");
    if (entered && !iov_manager_finish_interrupted(start->manager, start->ledger, name, error))
        return FALSE;
    /* Under the lock: it may have been defined anew since. */
    iov_pool_unref(start->pool);
    start->pool = iov_config_load(start->manager->pool_dir, name, error);
    if (start->pool == NULL)
        return FALSE;
    start->adapters = iov_manager_select_adapters(start->manager, start->pool, error);
    if (start->adapters == NULL || !journal(start, now, error))
        return FALSE;
    if (create_and_enter(start, now, error))
        return TRUE;
    iov_manager_forget_pool(start->manager, start->ledger, name, NULL);
    return FALSE;
}

gboolean
iov_manager_start_pool(IovManager *manager, const char *name, GStrv *notes, GError **error)
{
    g_auto(Start) start = {.manager = manager,
                           .created = iov_plan_new(),
                           .bound = iov_plan_new(),
                           .notes = g_ptr_array_new_with_free_func(g_free)};
    IOV_IO_AUTO_CLOSE int lock = -1;

    /* First of all, so that a name that means nothing leaves nothing behind. */
    start.pool = iov_config_load(manager->pool_dir, name, error);
    lock = start.pool != NULL ? iov_manager_lock_pools(manager, error) : -1;
    start.host = lock >= 0 ? iov_manager_host(manager, error) : NULL;
    start.boot_id = start.host != NULL ? iov_host_get_boot_id(start.host, error) : NULL;
    if (start.boot_id != NULL && iov_recover_check(manager, error))
        start.ledger = iov_manager_ledger(manager, TRUE, error);
    if (start.ledger == NULL || !start_locked(&start, name, error)) {
        g_prefix_error(error, "cannot start pool '%.64s': ", name);
        return FALSE;
    }
    if (notes != NULL) {
        g_ptr_array_add(start.notes, NULL);
        *notes = (GStrv)g_ptr_array_steal(start.notes, NULL);
    }
    return TRUE;
}
