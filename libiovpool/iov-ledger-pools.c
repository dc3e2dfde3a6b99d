/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Started pools and their adapters in the ledger. The counts of an adapter's functions are kept by
 * the database's triggers; here they are only read.
 */
#include "iov-ledger-private.h"

#include <string.h>

static gpointer
read_text(const IovLedgerQuery *query, GError **error G_GNUC_UNUSED)
{
    return iov_ledger_column_text(query, 0);
}

char *
iov_ledger_get_pool(IovLedger *ledger, const char *name, GError **error)
{
    return iov_ledger_take_one(ledger, "SELECT definition FROM pools WHERE name = ?1",
                               IOV_VALUES(IOV_TEXT(name)), read_text, error);
}

gboolean
iov_ledger_add_pool(IovLedger *ledger, const char *name, const char *definition, gint64 now,
                    GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autofree char *present = iov_ledger_get_pool(ledger, name, &failure);

    if (!iov_error_pass(&failure, error))
        return FALSE;
    if (present != NULL)
        return iov_error_set(error, IOV_ERROR_EXISTS, "pool %s is started already", name);
    return iov_ledger_change(
        ledger, "INSERT INTO pools (name, definition, since) VALUES (?1, ?2, ?3)",
        IOV_VALUES(IOV_TEXT(name), IOV_TEXT(definition), IOV_NUMBER(now)), error);
}

static gboolean
refuse_while_leased(IovLedger *ledger, const char *name, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(IovLease) held = iov_ledger_take_one(
        ledger,
        "SELECT " IOV_LEDGER_LEASE_COLUMNS " FROM adapters AS a JOIN functions AS f"
        " ON f.adapter = a.address WHERE a.pool = ?1 AND a.held_functions > 0"
        " AND f.state BETWEEN 1 AND 5 ORDER BY f.address LIMIT 1",
        IOV_VALUES(IOV_TEXT(name)), iov_ledger_read_lease, &failure);

    if (!iov_error_pass(&failure, error))
        return FALSE;
    if (held == NULL)
        return TRUE;
    return iov_error_set(error, IOV_ERROR_BUSY, "cannot end pool %s: function %s is %s for %s",
                         name, held->function, iov_lease_state_to_string(held->state),
                         held->domain_name != NULL ? held->domain_name : "nobody");
}

gboolean
iov_ledger_remove_pool(IovLedger *ledger, const char *name, GError **error)
{
    if (!refuse_while_leased(ledger, name, error) ||
        !iov_ledger_change(ledger,
                           "DELETE FROM functions WHERE adapter IN"
                           " (SELECT address FROM adapters WHERE pool = ?1)",
                           IOV_VALUES(IOV_TEXT(name)), error) ||
        !iov_ledger_change(ledger, "DELETE FROM adapters WHERE pool = ?1",
                           IOV_VALUES(IOV_TEXT(name)), error) ||
        !iov_ledger_change(ledger, "DELETE FROM pools WHERE name = ?1", IOV_VALUES(IOV_TEXT(name)),
                           error))
        return FALSE;
    if (sqlite3_changes(ledger->database) == 0)
        return iov_error_set(error, IOV_ERROR_NOT_FOUND, "pool %s is not started", name);
    return TRUE;
}

GStrv
iov_ledger_list_pools(IovLedger *ledger, GError **error)
{
    g_autoptr(GPtrArray) names = iov_ledger_collect(ledger, "SELECT name FROM pools ORDER BY name",
                                                    IOV_NO_VALUES, read_text, g_free, error);

    if (names == NULL)
        return NULL;
    g_ptr_array_set_free_func(names, NULL);
    g_ptr_array_add(names, NULL);
    return (GStrv)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

void
iov_ledger_adapter_free(IovLedgerAdapter *adapter)
{
    g_free(adapter->address);
    g_free(adapter->pool);
    g_free(adapter->netdev);
    g_free(adapter->reason);
    g_free(adapter);
}

const IovLedgerAdapter *
iov_ledger_adapter_find(GPtrArray *adapters, const char *address)
{
    for (guint i = 0; i < adapters->len; i++) {
        const IovLedgerAdapter *adapter = adapters->pdata[i];

        if (strcmp(adapter->address, address) == 0)
            return adapter;
    }
    return NULL;
}

static void
free_adapter(gpointer adapter)
{
    iov_ledger_adapter_free(adapter);
}

static gboolean
check_adapter_is_new(IovLedger *ledger, const char *address, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autofree char *pool =
        iov_ledger_take_one(ledger, "SELECT pool FROM adapters WHERE address = ?1",
                            IOV_VALUES(IOV_TEXT(address)), read_text, &failure);

    if (!iov_error_pass(&failure, error))
        return FALSE;
    if (pool == NULL)
        return TRUE;
    return iov_error_set(error, IOV_ERROR_EXISTS, "adapter %s is in started pool %s already",
                         address, pool);
}

gboolean
iov_ledger_add_adapter(IovLedger *ledger, const IovLedgerAdapter *adapter, GError **error)
{
    return check_adapter_is_new(ledger, adapter->address, error) &&
           iov_ledger_change(
               ledger,
               "INSERT INTO adapters (address, pool, netdev, numa_node, usable, reason,"
               " had_num_vfs, had_autoprobe, had_link_up)"
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
               IOV_VALUES(IOV_TEXT(adapter->address), IOV_TEXT(adapter->pool),
                          IOV_TEXT(adapter->netdev), IOV_NUMBER(adapter->numa_node),
                          IOV_NUMBER(adapter->usable != FALSE), IOV_TEXT(adapter->reason),
                          IOV_NUMBER(adapter->had_num_vfs), IOV_NUMBER(adapter->had_autoprobe),
                          IOV_NUMBER(adapter->had_link_up)),
               error);
}

static gboolean
check_adapter_changed(IovLedger *ledger, const char *address, GError **error)
{
    if (sqlite3_changes(ledger->database) == 1)
        return TRUE;
    return iov_error_set(error, IOV_ERROR_NOT_FOUND, "adapter %s is in no started pool", address);
}

gboolean
iov_ledger_set_adapter_usable(IovLedger *ledger, const char *address, gboolean usable,
                              GError **error)
{
    return iov_ledger_change(ledger,
                             "UPDATE adapters SET usable = ?2,"
                             " reason = CASE WHEN ?2 THEN NULL ELSE reason END WHERE address = ?1",
                             IOV_VALUES(IOV_TEXT(address), IOV_NUMBER(usable != FALSE)), error) &&
           check_adapter_changed(ledger, address, error);
}

gboolean
iov_ledger_note_adapter(IovLedger *ledger, const char *address, const char *reason, GError **error)
{
    return iov_ledger_change(ledger, "UPDATE adapters SET reason = ?2 WHERE address = ?1",
                             IOV_VALUES(IOV_TEXT(address), IOV_TEXT(reason)), error) &&
           check_adapter_changed(ledger, address, error);
}

static gpointer
read_adapter(const IovLedgerQuery *query, GError **error G_GNUC_UNUSED)
{
    IovLedgerAdapter *adapter = g_new0(IovLedgerAdapter, 1);

    adapter->address = iov_ledger_column_text(query, 0);
    adapter->pool = iov_ledger_column_text(query, 1);
    adapter->netdev = iov_ledger_column_text(query, 2);
    adapter->numa_node = (int)iov_ledger_column_number(query, 3);
    adapter->usable = iov_ledger_column_number(query, 4) != 0;
    adapter->reason = iov_ledger_column_text(query, 5);
    adapter->had_num_vfs = (guint)iov_ledger_column_number(query, 6);
    adapter->had_autoprobe = iov_ledger_column_number(query, 7) != 0;
    adapter->had_link_up = iov_ledger_column_number(query, 8) != 0;
    adapter->functions = (guint)iov_ledger_column_number(query, 9);
    adapter->free_functions = (guint)iov_ledger_column_number(query, 10);
    adapter->held_functions = (guint)iov_ledger_column_number(query, 11);
    return adapter;
}

#define SELECT_ADAPTERS                                                                            \
    "SELECT address, pool, netdev, numa_node, usable, reason, had_num_vfs, had_autoprobe,"         \
    " had_link_up, functions, free_functions, held_functions FROM adapters"
/* Addresses differ in width only by their domain: this is the kernel's order. */
#define BY_ADDRESS " ORDER BY length(address), address"

GPtrArray *
iov_ledger_list_adapters(IovLedger *ledger, const char *pool, GError **error)
{
    if (pool == NULL)
        return iov_ledger_collect(ledger, SELECT_ADAPTERS BY_ADDRESS, IOV_NO_VALUES, read_adapter,
                                  free_adapter, error);
    return iov_ledger_collect(ledger, SELECT_ADAPTERS " WHERE pool = ?1" BY_ADDRESS,
                              IOV_VALUES(IOV_TEXT(pool)), read_adapter, free_adapter, error);
}
