/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rebuilding a lost ledger's pools from their definitions and from sysfs. Which domain holds what
 * is reconcile's to find out afterwards.
 */
#include "iov-recover.h"

#include "iov-io.h"

#include <string.h>

#define VFIO_DRIVER "vfio-pci"

/* TRUE in @lost where there is no ledger; one that cannot be understood is put aside first. What
 * may pass (no space, an I/O error, another's lock) is no reason to forget what it says. */
static gboolean
ledger_is_lost(IovManager *manager, GStrvBuilder *changes, GError **error, gboolean *lost)
{
    g_autoptr(GError) local = NULL;
    IovLedger *ledger = iov_manager_ledger_to_read(manager, &local);

    *lost = ledger == NULL;
    if (local == NULL && (*lost || iov_ledger_check(ledger, &local)))
        return TRUE;
    if (!g_error_matches(local, IOV_ERROR, IOV_ERROR_CORRUPT)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    g_clear_pointer(&manager->ledger, iov_ledger_close);
    if (!iov_ledger_put_aside(manager->run_dir, error))
        return FALSE;
    *lost = TRUE;
    g_strv_builder_add(changes, "the ledger was unreadable and was put aside");
    return TRUE;
}

/* As a start leaves an adapter: the right number of VFs, all of them vfio-pci's, no autoprobe. */
static gboolean
looks_started(const IovPool *pool, const IovAdapter *adapter)
{
    const IovPoolEntry *entry = iov_pool_find_entry(pool, adapter);
    guint wanted = entry->vfs == IOV_VFS_MAX ? adapter->total_vfs : entry->vfs;

    if (adapter->autoprobe || adapter->functions->len != wanted)
        return FALSE;
    for (guint i = 0; i < adapter->functions->len; i++) {
        const IovFunction *function = adapter->functions->pdata[i];

        if (g_strcmp0(function->driver, VFIO_DRIVER) != 0)
            return FALSE;
    }
    return TRUE;
}

static gboolean
enter_function(IovLedger *ledger, const IovPool *pool, const IovAdapter *adapter,
               const IovFunction *function, gint64 now, GError **error)
{
    g_autoptr(IovLease) row = iov_lease_new();

    row->function = g_strdup(function->address);
    row->adapter = g_strdup(adapter->address);
    row->pool = g_strdup(pool->name);
    row->index = function->index;
    row->iommu_group = function->iommu_group;
    row->since = now;
    row->state = IOV_LEASE_FREE;
    return iov_ledger_add_function(ledger, row, error);
}

/* What the adapter was like before its pool started is lost with the ledger: the usual is assumed,
 * no VFs and autoprobe on. */
static gboolean
enter_adapter(IovLedger *ledger, const IovPool *pool, const IovAdapter *adapter, gint64 now,
              GError **error)
{
    IovLedgerAdapter row = {
        .address = adapter->address,
        .pool = pool->name,
        .netdev = adapter->netdev,
        .numa_node = adapter->numa_node,
        .usable = TRUE,
        .had_num_vfs = 0,
        .had_autoprobe = TRUE,
        .had_link_up = TRUE,
    };

    if (!iov_ledger_add_adapter(ledger, &row, error))
        return FALSE;
    for (guint i = 0; i < adapter->functions->len; i++)
        if (!enter_function(ledger, pool, adapter, adapter->functions->pdata[i], now, error))
            return FALSE;
    return TRUE;
}

static gboolean
enter_pool(IovLedger *ledger, const IovPool *pool, GPtrArray *adapters, gint64 now, GError **error)
{
    g_autofree char *xml = iov_pool_to_xml(pool);
    gboolean good = iov_ledger_begin(ledger, error);

    if (!good)
        return FALSE;
    good = iov_ledger_add_pool(ledger, pool->name, xml, now, error);
    for (guint i = 0; good && i < adapters->len; i++)
        good = enter_adapter(ledger, pool, adapters->pdata[i], now, error);
    if (good && iov_ledger_commit(ledger, error))
        return TRUE;
    iov_ledger_rollback(ledger);
    return FALSE;
}

static gboolean
recover_pool(IovManager *manager, const char *name, GStrvBuilder *changes, GError **error)
{
    g_autoptr(IovPool) pool = iov_config_load(manager->pool_dir, name, NULL);
    g_autoptr(GPtrArray) adapters =
        pool != NULL ? iov_manager_select_adapters(manager, pool, NULL) : NULL;
    g_autofree char *line = NULL;
    IovLedger *ledger = NULL;
    gint64 now = 0;

    /* A pool that cannot be read or found was not started; it says so when it is started. */
    if (adapters == NULL)
        return TRUE;
    for (guint i = 0; i < adapters->len; i++)
        if (!looks_started(pool, adapters->pdata[i]))
            return TRUE;
    ledger = iov_manager_ledger(manager, TRUE, error);
    if (ledger == NULL || !iov_manager_now(manager, &now, error) ||
        !enter_pool(ledger, pool, adapters, now, error))
        return FALSE;
    line = g_strdup_printf("pool %s taken up again: its VFs stand", name);
    g_strv_builder_add(changes, line);
    return TRUE;
}

gboolean
iov_recover_pools(IovManager *manager, GStrvBuilder *changes, GError **error)
{
    IOV_IO_AUTO_CLOSE int lock = iov_manager_lock_pools(manager, error);
    g_auto(GStrv) names = NULL;
    gboolean lost = FALSE;

    if (lock < 0 || !ledger_is_lost(manager, changes, error, &lost))
        return FALSE;
    if (!lost)
        return TRUE;
    names = iov_config_list(manager->pool_dir, error);
    if (names == NULL)
        return FALSE;
    for (guint i = 0; names[i] != NULL; i++)
        if (!recover_pool(manager, names[i], changes, error))
            return FALSE;
    return TRUE;
}
