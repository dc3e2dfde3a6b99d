/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pool's definition as a record: its words, its fields, and which adapters it names. Its XML is
 * in iov-pool-xml.c.
 */
#include "iov-pool-private.h"

#include "iov-adapter-private.h"
#include "iov-words.h"

#include <string.h>

#define NAME_LIMIT 60

G_DEFINE_BOXED_TYPE(IovPool, iov_pool, iov_pool_ref, iov_pool_unref)

static const char *const migrations[] = {
    [IOV_MIGRATION_FAILOVER] = "failover",
    [IOV_MIGRATION_REPLUG] = "replug",
    [IOV_MIGRATION_BLOCK] = "block",
};
static const char *const policies[] = {
    [IOV_POLICY_SPREAD] = "spread",
    [IOV_POLICY_PACK] = "pack",
};
static const char *const numas[] = {
    [IOV_NUMA_PREFER] = "prefer",
    [IOV_NUMA_REQUIRE] = "require",
    [IOV_NUMA_IGNORE] = "ignore",
};
static const char *const floor_types[] = {
    [IOV_FLOOR_NONE] = "none",
    [IOV_FLOOR_NETWORK] = "network",
    [IOV_FLOOR_BRIDGE] = "bridge",
    [IOV_FLOOR_DIRECT] = "direct",
};

const char *
iov_migration_to_string(IovMigration migration)
{
    return iov_words_get(migrations, G_N_ELEMENTS(migrations), migration, "unset");
}

gboolean
iov_migration_from_string(const char *text, IovMigration *migration)
{
    return iov_words_find(migrations, G_N_ELEMENTS(migrations), text, migration);
}

const char *
iov_policy_to_string(IovPolicy policy)
{
    return iov_words_get(policies, G_N_ELEMENTS(policies), policy, "unknown");
}

gboolean
iov_policy_from_string(const char *text, IovPolicy *policy)
{
    return iov_words_find(policies, G_N_ELEMENTS(policies), text, policy);
}

const char *
iov_numa_to_string(IovNuma numa)
{
    return iov_words_get(numas, G_N_ELEMENTS(numas), numa, "unknown");
}

gboolean
iov_numa_from_string(const char *text, IovNuma *numa)
{
    return iov_words_find(numas, G_N_ELEMENTS(numas), text, numa);
}

const char *
iov_floor_type_to_string(IovFloorType type)
{
    return iov_words_get(floor_types, G_N_ELEMENTS(floor_types), type, "unset");
}

gboolean
iov_floor_type_from_string(const char *text, IovFloorType *type)
{
    return iov_words_find(floor_types, G_N_ELEMENTS(floor_types), text, type);
}

gboolean
iov_pool_check_name(const char *name, GError **error)
{
    gsize length = strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-");

    if (length > 0 && length <= NAME_LIMIT && name[length] == '\0' && name[0] != '-')
        return TRUE;
    return iov_error_set(error, IOV_ERROR_INVALID,
                         "'%.64s' is not a name; use 1 to 60 of A-Z a-z 0-9 _ -, not - first",
                         name);
}

IovPool *
iov_pool_new(const char *name)
{
    IovPool *pool = g_new0(IovPool, 1);
    g_autofree char *uuid = g_uuid_string_random();

    g_atomic_ref_count_init(&pool->references);
    pool->name = g_strdup(name);
    g_strlcpy(pool->uuid, uuid, sizeof pool->uuid);
    pool->class_ = IOV_CLASS_NET;
    pool->entries = g_ptr_array_new_with_free_func((GDestroyNotify)iov_pool_entry_free);
    return pool;
}

IovPool *
iov_pool_ref(IovPool *pool)
{
    g_atomic_ref_count_inc(&pool->references);
    return pool;
}

void
iov_pool_unref(IovPool *pool)
{
    if (pool == NULL || !g_atomic_ref_count_dec(&pool->references))
        return;
    g_free(pool->name);
    g_ptr_array_unref(pool->entries);
    iov_floor_clear(&pool->floor);
    g_free(pool);
}

const char *
iov_pool_get_name(const IovPool *pool)
{
    return pool->name;
}

const char *
iov_pool_get_uuid(const IovPool *pool)
{
    return pool->uuid;
}

IovClass
iov_pool_get_class(const IovPool *pool)
{
    return pool->class_;
}

IovPolicy
iov_pool_get_policy(const IovPool *pool)
{
    return pool->policy;
}

IovNuma
iov_pool_get_numa(const IovPool *pool)
{
    return pool->numa;
}

IovMigration
iov_pool_get_migration(const IovPool *pool)
{
    if (pool->migration != IOV_MIGRATION_UNSET)
        return pool->migration;
    return pool->class_ == IOV_CLASS_NET ? IOV_MIGRATION_FAILOVER : IOV_MIGRATION_REPLUG;
}

gboolean
iov_pool_get_reclaim(const IovPool *pool)
{
    return pool->reclaim;
}

IovFloorType
iov_pool_get_floor(const IovPool *pool)
{
    return pool->floor.type;
}

IovPoolEntry *
iov_pool_entry_new(void)
{
    IovPoolEntry *entry = g_new0(IovPoolEntry, 1);

    entry->vfs = IOV_VFS_MAX;
    return entry;
}

void
iov_pool_entry_free(IovPoolEntry *entry)
{
    if (entry == NULL)
        return;
    g_free(entry->netdev);
    g_free(entry->address);
    g_free(entry->match_driver);
    g_free(entry);
}

gboolean
iov_pool_entry_selects(const IovPoolEntry *entry, const IovAdapter *adapter)
{
    if (entry->netdev != NULL)
        return g_strcmp0(entry->netdev, adapter->netdev) == 0;
    if (entry->address != NULL)
        return g_strcmp0(entry->address, adapter->address) == 0;
    return entry->is_match &&
           (entry->match_vendor == 0 || entry->match_vendor == adapter->vendor) &&
           (entry->match_device == 0 || entry->match_device == adapter->device) &&
           (entry->match_driver == NULL || g_strcmp0(entry->match_driver, adapter->driver) == 0);
}

const IovPoolEntry *
iov_pool_find_entry(const IovPool *pool, const IovAdapter *adapter)
{
    for (guint i = 0; i < pool->entries->len; i++) {
        const IovPoolEntry *entry = g_ptr_array_index(pool->entries, i);

        if (entry->is_match && adapter->class_ != pool->class_)
            continue;
        if (iov_pool_entry_selects(entry, adapter))
            return entry;
    }
    return NULL;
}

gboolean
iov_pool_selects(const IovPool *pool, const IovAdapter *adapter)
{
    return iov_pool_find_entry(pool, adapter) != NULL;
}

void
iov_floor_copy(IovFloor *to, const IovFloor *from)
{
    *to = (IovFloor){from->type, g_strdup(from->source), g_strdup(from->model)};
}

void
iov_floor_clear(IovFloor *floor)
{
    g_clear_pointer(&floor->source, g_free);
    g_clear_pointer(&floor->model, g_free);
    floor->type = IOV_FLOOR_UNSET;
}
