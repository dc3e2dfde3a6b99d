/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pool definitions: making, checking against the host and against each other, saving, removing.
 * Nothing is done to an adapter here.
 */
#include "iov-manager-private.h"

#include "iov-address.h"
#include "iov-io.h"

#include <string.h>

static gboolean
entry_of_text(IovPool *pool, const char *text, guint vfs, GError **error)
{
    IovPoolEntry *entry = iov_pool_entry_new();

    g_ptr_array_add(pool->entries, entry);
    entry->vfs = vfs;
    if (strchr(text, ':') == NULL) {
        entry->netdev = g_strdup(text);
        return TRUE;
    }
    entry->address = iov_address_normalize(text, error);
    return entry->address != NULL;
}

static gboolean
parse_vfs(const char *text, guint *vfs, GError **error)
{
    guint64 number = 0;

    if (strcmp(text, "max") == 0) {
        *vfs = IOV_VFS_MAX;
        return TRUE;
    }
    if (!iov_io_parse_number(text, G_MAXUINT16, &number) || number == 0)
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "'%.32s' is not a number of VFs: use 1 to 65535, or max", text);
    *vfs = (guint)number;
    return TRUE;
}

static const char *
entry_name(const IovPoolEntry *entry)
{
    return entry->netdev != NULL ? entry->netdev : entry->address;
}

/* The adapter that @entry names; an unknown one, or one without SR-IOV, is an error. */
static IovAdapter *
find_adapter(IovHost *host, const IovPoolEntry *entry, GError **error)
{
    g_autofree char *address = entry->netdev != NULL
                                   ? iov_host_find_netdev(host, entry->netdev, error)
                                   : g_strdup(entry->address);
    g_autoptr(IovAdapter) adapter =
        address != NULL ? iov_host_get_adapter(host, address, error) : NULL;

    if (adapter == NULL) {
        g_prefix_error(error, "adapter '%s': ", entry_name(entry));
        return NULL;
    }
    if (adapter->total_vfs == 0) {
        iov_error_set(error, IOV_ERROR_UNSUPPORTED, "adapter '%s' has no SR-IOV",
                      entry_name(entry));
        return NULL;
    }
    return g_steal_pointer(&adapter);
}

static gboolean
check_entry_on_host(IovHost *host, const IovPool *pool, const IovPoolEntry *entry, GError **error)
{
    g_autoptr(IovAdapter) adapter = find_adapter(host, entry, error);

    if (adapter == NULL)
        return FALSE;
    if (adapter->class_ != pool->class_)
        return iov_error_set(error, IOV_ERROR_INVALID, "adapter '%s' is of class %s, not %s",
                             entry_name(entry), iov_class_to_string(adapter->class_),
                             iov_class_to_string(pool->class_));
    if (entry->vfs != IOV_VFS_MAX && entry->vfs > adapter->total_vfs)
        return iov_error_set(error, IOV_ERROR_INVALID, "adapter '%s' has at most %u VFs, not %u",
                             entry_name(entry), adapter->total_vfs, entry->vfs);
    return TRUE;
}

/* No adapter may be in two pools: two owners would fight over its VF count. */
static gboolean
check_against_pool(GPtrArray *adapters, const IovPool *pool, const IovPool *other, GError **error)
{
    for (guint i = 0; i < adapters->len; i++) {
        const IovAdapter *adapter = adapters->pdata[i];

        if (iov_pool_find_entry(pool, adapter) == NULL ||
            iov_pool_find_entry(other, adapter) == NULL)
            continue;
        return iov_error_set(error, IOV_ERROR_EXISTS, "adapter %s (%s) is in pool '%s' already",
                             adapter->netdev != NULL ? adapter->netdev : "without netdev",
                             adapter->address, other->name);
    }
    return TRUE;
}

static gboolean
check_against_others(IovManager *manager, const IovPool *pool, GError **error)
{
    g_autoptr(GPtrArray) adapters = iov_manager_list_adapters(manager, error);
    g_auto(GStrv) names = adapters != NULL ? iov_config_list(manager->pool_dir, error) : NULL;

    if (names == NULL)
        return FALSE;
    for (guint i = 0; names[i] != NULL; i++) {
        g_autoptr(IovPool) other = NULL;

        if (strcmp(names[i], pool->name) == 0)
            continue;
        other = iov_config_load(manager->pool_dir, names[i], error);
        if (other == NULL || !check_against_pool(adapters, pool, other, error))
            return FALSE;
    }
    return TRUE;
}

/* A definition of that name may be replaced only by one with its UUID. */
static gboolean
check_identity(IovManager *manager, const IovPool *pool, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(IovPool) old = iov_config_load(manager->pool_dir, pool->name, &local);

    if (old == NULL && g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND))
        return TRUE;
    if (old == NULL || strcmp(old->uuid, pool->uuid) == 0)
        return TRUE;
    return iov_error_set(error, IOV_ERROR_EXISTS, "pool '%s' exists already with UUID %s",
                         pool->name, old->uuid);
}

static gboolean
save_checked(IovManager *manager, const IovPool *pool, GError **error)
{
    IOV_IO_AUTO_CLOSE int lock = iov_manager_lock_pools(manager, error);

    return lock >= 0 && check_identity(manager, pool, error) &&
           check_against_others(manager, pool, error) &&
           iov_config_save(manager->pool_dir, pool, error);
}

static IovPool *
build_pool(IovHost *host, const char *name, const char *const *adapters, const char *vfs,
           GError **error)
{
    g_autoptr(IovPool) pool = NULL;
    guint count = 0;

    if (!iov_pool_check_name(name, error) || !parse_vfs(vfs, &count, error))
        return NULL;
    pool = iov_pool_new(name);
    for (guint i = 0; adapters[i] != NULL; i++)
        if (!entry_of_text(pool, adapters[i], count, error))
            return NULL;
    if (pool->entries->len == 0) {
        iov_error_set(error, IOV_ERROR_INVALID, "pool '%s' needs at least one adapter", name);
        return NULL;
    }
    g_autoptr(IovAdapter) first = find_adapter(host, pool->entries->pdata[0], error);
    if (first == NULL)
        return NULL;
    pool->class_ = first->class_;
    if (pool->class_ != IOV_CLASS_NET)
        pool->migration = IOV_MIGRATION_REPLUG;
    for (guint i = 0; i < pool->entries->len; i++)
        if (!check_entry_on_host(host, pool, pool->entries->pdata[i], error))
            return NULL;
    return g_steal_pointer(&pool);
}

/* What was built goes through the same door as what an admin wrote: duplicates are found there. */
static IovPool *
reparse(const IovPool *pool, GError **error)
{
    g_autofree char *xml = iov_pool_to_xml(pool);

    return iov_pool_parse(xml, strlen(xml), pool->name, error);
}

IovPool *
iov_manager_create_pool(IovManager *manager, const char *name, const char *const *adapters,
                        const char *vfs, GError **error)
{
    IovHost *host = iov_manager_host(manager, error);
    g_autoptr(IovPool) built = host != NULL ? build_pool(host, name, adapters, vfs, error) : NULL;
    g_autoptr(IovPool) pool = built != NULL ? reparse(built, error) : NULL;

    if (pool == NULL || !save_checked(manager, pool, error)) {
        g_prefix_error(error, "cannot create pool '%.64s': ", name);
        return NULL;
    }
    return g_steal_pointer(&pool);
}

/* A definition without UUID that replaces one keeps that one's. */
static void
keep_identity(IovManager *manager, IovPool *pool, const char *xml, gsize length)
{
    g_autoptr(IovPool) old = NULL;

    if (g_strstr_len(xml, (gssize)length, "<uuid>") != NULL)
        return;
    old = iov_config_load(manager->pool_dir, pool->name, NULL);
    if (old != NULL)
        g_strlcpy(pool->uuid, old->uuid, sizeof(pool->uuid));
}

IovPool *
iov_manager_define_pool(IovManager *manager, const char *xml, gsize length, const char *origin,
                        GError **error)
{
    g_autoptr(IovPool) pool = iov_pool_parse(xml, length, origin, error);
    IovHost *host = pool != NULL ? iov_manager_host(manager, error) : NULL;
    gboolean good = host != NULL;

    for (guint i = 0; good && i < pool->entries->len; i++) {
        const IovPoolEntry *entry = pool->entries->pdata[i];

        good = entry->is_match || check_entry_on_host(host, pool, entry, error);
    }
    if (good)
        keep_identity(manager, pool, xml, length);
    if (!good || !save_checked(manager, pool, error)) {
        if (pool != NULL)
            g_prefix_error(error, "cannot define pool '%s': ", pool->name);
        return NULL;
    }
    return g_steal_pointer(&pool);
}

gboolean
iov_manager_pool_is_active(IovManager *manager, const char *name, gboolean *active, GError **error)
{
    g_autoptr(GError) local = NULL;
    IovLedger *ledger = NULL;

    *active = FALSE;
    if (!iov_pool_check_name(name, error))
        return FALSE;
    ledger = iov_manager_ledger_to_read(manager, &local);
    if (ledger != NULL) {
        g_autofree char *definition = iov_ledger_get_pool(ledger, name, &local);

        *active = definition != NULL;
    }
    return iov_error_pass(&local, error);
}

gboolean
iov_manager_undefine_pool(IovManager *manager, const char *name, GError **error)
{
    IOV_IO_AUTO_CLOSE int lock = -1;
    gboolean active = FALSE;

    if (!iov_config_exists(manager->pool_dir, name, error))
        return FALSE;
    lock = iov_manager_lock_pools(manager, error);
    if (lock < 0 || !iov_manager_pool_is_active(manager, name, &active, error))
        return FALSE;
    if (active)
        return iov_error_set(error, IOV_ERROR_BUSY,
                             "cannot undefine pool '%s': it is started; destroy it first", name);
    return iov_config_remove(manager->pool_dir, name, error);
}

GStrv
iov_manager_list_pools(IovManager *manager, GError **error)
{
    return iov_config_list(manager->pool_dir, error);
}

IovPool *
iov_manager_get_pool(IovManager *manager, const char *name, gboolean live, GError **error)
{
    IovLedger *ledger = NULL;
    g_autoptr(GError) local = NULL;

    if (!iov_pool_check_name(name, error))
        return NULL;
    if (!live)
        return iov_config_load(manager->pool_dir, name, error);
    ledger = iov_manager_ledger_to_read(manager, &local);
    if (ledger != NULL)
        return iov_manager_live_pool(ledger, name, error);
    if (local != NULL)
        g_propagate_error(error, g_steal_pointer(&local));
    else
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "pool '%s' is not started", name);
    return NULL;
}

gboolean
iov_manager_set_autostart(IovManager *manager, const char *name, gboolean autostart, GError **error)
{
    return iov_config_set_autostart(manager->pool_dir, name, autostart, error);
}

gboolean
iov_manager_get_autostart(IovManager *manager, const char *name)
{
    return iov_config_get_autostart(manager->pool_dir, name);
}

static int
compare_adapters(gconstpointer a, gconstpointer b)
{
    const IovAdapter *left = *(IovAdapter *const *)a;
    const IovAdapter *right = *(IovAdapter *const *)b;
    IovAddress x, y;

    if (iov_address_parse(left->address, &x, NULL) && iov_address_parse(right->address, &y, NULL))
        return iov_address_compare(&x, &y);
    return strcmp(left->address, right->address);
}

GPtrArray *
iov_manager_select_adapters(IovManager *manager, const IovPool *pool, GError **error)
{
    g_autoptr(GPtrArray) all = iov_manager_list_adapters(manager, error);
    g_autoptr(GPtrArray) chosen = g_ptr_array_new_with_free_func((GDestroyNotify)iov_adapter_unref);

    if (all == NULL)
        return NULL;
    for (guint i = 0; i < pool->entries->len; i++) {
        const IovPoolEntry *entry = pool->entries->pdata[i];
        guint found = 0;

        for (guint j = 0; j < all->len; j++) {
            IovAdapter *adapter = all->pdata[j];

            if (iov_pool_find_entry(pool, adapter) != entry)
                continue;
            g_ptr_array_add(chosen, iov_adapter_ref(adapter));
            found++;
        }
        if (found == 0 && !entry->is_match) {
            iov_error_set(error, IOV_ERROR_NOT_FOUND,
                          "adapter '%s' is not on this host, or has no SR-IOV: see `iovpool "
                          "adapters`",
                          entry_name(entry));
            return NULL;
        }
    }
    if (chosen->len == 0) {
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "no adapter of this host matches pool '%s'",
                      pool->name);
        return NULL;
    }
    g_ptr_array_sort(chosen, compare_adapters);
    return g_steal_pointer(&chosen);
}
