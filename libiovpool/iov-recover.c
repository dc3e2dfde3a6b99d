/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rebuilding a lost ledger's pools from the records that their starts left, and keeping these
 * records. Which domain holds what is reconcile's to find out afterwards.
 */
#include "iov-recover.h"

#include "iov-recover-private.h"

#include <stdarg.h>
#include <string.h>

static void say(GStrvBuilder *changes, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
say(GStrvBuilder *changes, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_strv_builder_add(changes, line);
}

/* ---- finding ---- */

/* What may pass (no space, an I/O error, another's lock) is no reason to forget what the ledger
 * says. */
static gboolean
look_at_ledger(IovManager *manager, GStrvBuilder *changes, gboolean *lost, GError **error)
{
    g_autoptr(GError) local = NULL;
    IovLedger *ledger = iov_manager_ledger_to_read(manager, &local);

    *lost = ledger == NULL;
    if (local == NULL && (*lost || iov_ledger_check(ledger, &local)))
        return TRUE;
    if (!g_error_matches(local, IOV_ERROR, IOV_ERROR_CORRUPT))
        return iov_error_pass(&local, error);
    g_clear_pointer(&manager->ledger, iov_ledger_close);
    if (!iov_ledger_put_aside(manager->run_dir, error))
        return FALSE;
    *lost = TRUE;
    say(changes, "the ledger was unreadable and was put aside");
    return TRUE;
}

typedef struct {
    IovManager *manager;
    GStrvBuilder *changes;
    GPtrArray *found;    /* IovRecord */
    GHashTable *names;   /* set: of those, in the records */
    GHashTable *devices; /* set: their addresses, in the records */
} Search;

/* FALSE where another pool has one of the devices. */
static gboolean
claim(Search *search, const IovRecord *record)
{
    g_autoptr(GPtrArray) addresses = g_ptr_array_new();

    for (guint i = 0; i < record->adapters->len; i++)
        g_ptr_array_add(addresses, ((IovLedgerAdapter *)record->adapters->pdata[i])->address);
    for (guint i = 0; i < record->functions->len; i++)
        g_ptr_array_add(addresses, ((IovLease *)record->functions->pdata[i])->function);
    for (guint i = 0; i < addresses->len; i++)
        if (g_hash_table_contains(search->devices, addresses->pdata[i]))
            return FALSE;
    for (guint i = 0; i < addresses->len; i++)
        g_hash_table_add(search->devices, addresses->pdata[i]);
    return TRUE;
}

/* Takes @record over. */
static void
take(Search *search, IovRecord *record, const char *how)
{
    const char *name = iov_pool_get_name(record->pool);

    if (!claim(search, record)) {
        say(search->changes, "pool %s passed over: another pool has its adapters", name);
        iov_record_free(record);
        return;
    }
    g_hash_table_add(search->names, (gpointer)name);
    g_ptr_array_add(search->found, record);
    say(search->changes, "pool %s taken up again: %s", name, how);
}

static gboolean
search_records(Search *search, const char *boot_id, GError **error)
{
    g_auto(GStrv) names = iov_record_list(search->manager->run_dir, error);

    for (char **name = names; name != NULL && *name != NULL; name++) {
        g_autoptr(GError) local = NULL;
        IovRecord *record = iov_record_load(search->manager->run_dir, boot_id, *name, &local);

        if (record != NULL)
            take(search, record,
                 record->is_complete ? "its start left a record"
                                     : "its start was cut off, to be finished by the next");
        else if (local != NULL)
            say(search->changes, "pool %s: its record cannot be used: %s", *name, local->message);
        else if (!iov_record_remove(search->manager->run_dir, *name, error)) /* of another boot */
            return FALSE;
    }
    return names != NULL;
}

static gboolean
search_definitions(Search *search, GError **error)
{
    g_auto(GStrv) names = iov_config_list(search->manager->pool_dir, error);

    for (char **name = names; name != NULL && *name != NULL; name++) {
        IovRecord *record = g_hash_table_contains(search->names, *name)
                                ? NULL
                                : iov_recover_guess(search->manager, *name);

        if (record != NULL)
            take(search, record, "its VFs stand");
    }
    return names != NULL;
}

gboolean
iov_recover_find(IovManager *manager, GPtrArray **found, GStrvBuilder *changes, GError **error)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func((GDestroyNotify)iov_record_free);
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) devices = g_hash_table_new(g_str_hash, g_str_equal);
    Search search = {manager, changes, records, names, devices};
    IovHost *host = iov_manager_host(manager, error);
    g_autofree char *boot_id = host != NULL ? iov_host_get_boot_id(host, error) : NULL;
    gboolean lost = FALSE;

    *found = NULL;
    if (boot_id == NULL || !look_at_ledger(manager, changes, &lost, error))
        return FALSE;
    if (!lost)
        return TRUE;
    if (!search_records(&search, boot_id, error) || !search_definitions(&search, error))
        return FALSE;
    *found = g_steal_pointer(&records);
    return TRUE;
}

/* ---- entering ---- */

static gboolean
enter_adapter(IovLedger *ledger, const IovRecord *record, const IovLedgerAdapter *adapter,
              GError **error)
{
    IovLedgerAdapter row = *adapter;

    row.pool = record->pool->name;
    row.usable = record->is_complete;
    return iov_ledger_add_adapter(ledger, &row, error);
}

static gboolean
enter_function(IovLedger *ledger, const IovRecord *record, const IovLease *function, gint64 since,
               GError **error)
{
    IovLease row = *function;

    row.pool = record->pool->name;
    row.since = since;
    row.state = row.iommu_group < 0 ? IOV_LEASE_QUARANTINED : IOV_LEASE_FOREIGN;
    row.reason = row.iommu_group < 0 ? (char *)"it has no IOMMU group"
                                     : (char *)"the ledger was lost, and with it who uses this";
    return iov_ledger_add_function(ledger, &row, error);
}

/* Without its functions it is what a start that was cut off leaves. */
static gboolean
enter_record(IovLedger *ledger, const IovRecord *record, gint64 since, GError **error)
{
    g_autofree char *xml = iov_pool_to_xml(record->pool);

    if (!iov_ledger_add_pool(ledger, record->pool->name, xml, since, error))
        return FALSE;
    for (guint i = 0; i < record->adapters->len; i++)
        if (!enter_adapter(ledger, record, record->adapters->pdata[i], error))
            return FALSE;
    for (guint i = 0; record->is_complete && i < record->functions->len; i++)
        if (!enter_function(ledger, record, record->functions->pdata[i], since, error))
            return FALSE;
    return TRUE;
}

gboolean
iov_recover_enter(IovLedger *ledger, GPtrArray *found, gint64 since, GError **error)
{
    for (guint i = 0; i < found->len; i++)
        if (!enter_record(ledger, found->pdata[i], since, error))
            return FALSE;
    return TRUE;
}

/* ---- keeping ---- */

static gboolean
keep_record(IovManager *manager, IovLedger *ledger, const char *boot_id, const char *name,
            GError **error)
{
    g_autoptr(IovRecord) present = iov_record_load(manager->run_dir, boot_id, name, NULL);
    g_autoptr(IovRecord) fresh = NULL;

    if (present != NULL)
        return TRUE;
    fresh = iov_record_from_ledger(ledger, name, error);
    return fresh != NULL && iov_record_save(fresh, manager->run_dir, boot_id, error);
}

static gboolean
keep_all(IovManager *manager, IovLedger *ledger, GError **error)
{
    g_autofree char *boot_id = iov_host_get_boot_id(manager->host, error);
    g_auto(GStrv) pools = boot_id != NULL ? iov_ledger_list_pools(ledger, error) : NULL;
    g_auto(GStrv) records = pools != NULL ? iov_record_list(manager->run_dir, error) : NULL;

    if (records == NULL)
        return FALSE;
    for (char **name = records; *name != NULL; name++)
        if (!g_strv_contains((const char *const *)pools, *name) &&
            !iov_record_remove(manager->run_dir, *name, error))
            return FALSE;
    for (char **name = pools; *name != NULL; name++)
        if (!keep_record(manager, ledger, boot_id, *name, error))
            return FALSE;
    return TRUE;
}

void
iov_recover_keep_records(IovManager *manager, IovLedger *ledger, GStrvBuilder *changes)
{
    g_autoptr(GError) error = NULL;

    if (!keep_all(manager, ledger, &error))
        say(changes, "the pools' records cannot be kept: %s", error->message);
}

gboolean
iov_recover_check(IovManager *manager, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *boot_id = iov_host_get_boot_id(manager->host, error);
    g_auto(GStrv) names = boot_id != NULL ? iov_record_list(manager->run_dir, error) : NULL;

    if (names == NULL)
        return FALSE;
    if (names[0] == NULL || iov_manager_ledger_to_read(manager, &local) != NULL)
        return TRUE;
    if (!iov_error_pass(&local, error))
        return FALSE;
    for (char **name = names; *name != NULL; name++) {
        g_autoptr(IovRecord) record = iov_record_load(manager->run_dir, boot_id, *name, NULL);

        if (record != NULL)
            return iov_error_set(error, IOV_ERROR_CORRUPT,
                                 "the ledger is gone, and pool '%s' was started: run `iovpool "
                                 "reconcile` first",
                                 *name);
    }
    return TRUE;
}
