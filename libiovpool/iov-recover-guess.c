/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a pool is started, where nobody wrote it down: by its definition and what stands on the
 * host. It cannot know a pool that took up VFs that were there, nor what is to be given back.
 */
#include "iov-recover-private.h"

#include <string.h>

#define VFIO_DRIVER "vfio-pci"

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

static void
add_functions(IovRecord *record, const IovAdapter *adapter)
{
    for (guint i = 0; i < adapter->functions->len; i++) {
        const IovFunction *function = adapter->functions->pdata[i];
        g_autoptr(IovLease) row = iov_lease_new();

        row->function = g_strdup(function->address);
        row->adapter = g_strdup(adapter->address);
        row->index = function->index;
        row->iommu_group = function->iommu_group;
        iov_record_add_function(record, row);
    }
}

/* The usual is assumed of what the adapter was like: no VFs, autoprobe on, link up. */
static void
add_adapter(IovRecord *record, const IovAdapter *adapter)
{
    IovLedgerAdapter row = {
        .address = adapter->address,
        .netdev = adapter->netdev,
        .numa_node = adapter->numa_node,
        .had_num_vfs = 0,
        .had_autoprobe = TRUE,
        .had_link_up = TRUE,
    };

    iov_record_add_adapter(record, &row);
    add_functions(record, adapter);
}

/* A pool that cannot be read or found was not started; it says so when it is started. */
IovRecord *
iov_recover_guess(IovManager *manager, const char *name)
{
    g_autoptr(IovPool) pool = iov_config_load(manager->pool_dir, name, NULL);
    g_autoptr(GPtrArray) adapters =
        pool != NULL ? iov_manager_select_adapters(manager, pool, NULL) : NULL;
    g_autoptr(IovRecord) record = NULL;

    if (adapters == NULL)
        return NULL;
    record = iov_record_new(pool);
    record->is_complete = TRUE;
    for (guint i = 0; i < adapters->len; i++) {
        if (!looks_started(pool, adapters->pdata[i]))
            return NULL;
        add_adapter(record, adapters->pdata[i]);
    }
    return g_steal_pointer(&record);
}
