/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rows of functions: adding, finding and listing them. Who gets one, and how its state changes,
 * stands in iov-ledger-leases.c.
 */
#include "iov-ledger-private.h"

#define SELECT_FUNCTIONS "SELECT " IOV_LEDGER_LEASE_COLUMNS " FROM functions AS f"
#define BY_ADDRESS " ORDER BY length(f.address), f.address"

IovLease *
iov_ledger_read_lease_at(const IovLedgerQuery *query, int column, GError **error)
{
    g_autoptr(IovLease) lease = iov_lease_new();
    guint state;

    if (!iov_ledger_column_enum(query, column + 5, IOV_LEASE_FOREIGN, &state, error))
        return NULL;
    lease->function = iov_ledger_column_text(query, column);
    lease->adapter = iov_ledger_column_text(query, column + 1);
    lease->pool = iov_ledger_column_text(query, column + 2);
    lease->index = (guint)iov_ledger_column_number(query, column + 3);
    lease->iommu_group = (int)iov_ledger_column_number(query, column + 4);
    lease->state = (IovLeaseState)state;
    lease->generation = (guint64)iov_ledger_column_number(query, column + 6);
    lease->domain_uuid = iov_ledger_column_text(query, column + 7);
    lease->domain_name = iov_ledger_column_text(query, column + 8);
    lease->request = iov_ledger_column_text(query, column + 9);
    lease->reason = iov_ledger_column_text(query, column + 10);
    lease->had_driver = iov_ledger_column_text(query, column + 11);
    lease->since = iov_ledger_column_number(query, column + 12);
    lease->deadline = iov_ledger_column_number(query, column + 13);
    lease->had_mac = iov_ledger_column_text(query, column + 14);
    lease->mac = iov_ledger_column_text(query, column + 15);
    return g_steal_pointer(&lease);
}

gpointer
iov_ledger_read_lease(const IovLedgerQuery *query, GError **error)
{
    return iov_ledger_read_lease_at(query, 0, error);
}

static void
free_lease(gpointer lease)
{
    iov_lease_unref(lease);
}

static gboolean
check_function_is_new(IovLedger *ledger, const char *address, GError **error)
{
    g_autoptr(IovLease) present = NULL;

    if (!iov_ledger_look_up_function(ledger, address, &present, error))
        return FALSE;
    if (present == NULL)
        return TRUE;
    return iov_error_set(error, IOV_ERROR_EXISTS, "function %s is in started pool %s already",
                         address, present->pool);
}

gboolean
iov_ledger_add_function(IovLedger *ledger, const IovLease *function, GError **error)
{
    if (iov_lease_state_is_held(function->state))
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "cannot add function %s: it cannot be %s from the start",
                             function->function, iov_lease_state_to_string(function->state));
    return check_function_is_new(ledger, function->function, error) &&
           iov_ledger_change(
               ledger,
               "INSERT INTO functions (address, adapter, pool, vf_index, iommu_group, state,"
               " generation, since, deadline, reason, had_driver, had_mac)"
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?10, ?11)",
               IOV_VALUES(IOV_TEXT(function->function), IOV_TEXT(function->adapter),
                          IOV_TEXT(function->pool), IOV_NUMBER(function->index),
                          IOV_NUMBER(function->iommu_group), IOV_NUMBER(function->state),
                          IOV_NUMBER(++ledger->generation), IOV_NUMBER(function->since),
                          IOV_TEXT(function->reason), IOV_TEXT(function->had_driver),
                          IOV_TEXT(function->had_mac)),
               error);
}

IovLease *
iov_ledger_get_function(IovLedger *ledger, const char *address, GError **error)
{
    return iov_ledger_take_one(ledger, SELECT_FUNCTIONS " WHERE f.address = ?1",
                               IOV_VALUES(IOV_TEXT(address)), iov_ledger_read_lease, error);
}

gboolean
iov_ledger_look_up_function(IovLedger *ledger, const char *address, IovLease **function,
                            GError **error)
{
    g_autoptr(GError) local = NULL;

    *function = iov_ledger_get_function(ledger, address, &local);
    return iov_error_pass(&local, error);
}

IovLease *
iov_ledger_first_free(IovLedger *ledger, const char *adapter, GError **error)
{
    return iov_ledger_take_one(ledger,
                               SELECT_FUNCTIONS " WHERE f.adapter = ?1 AND f.state = 0"
                                                " ORDER BY f.vf_index LIMIT 1",
                               IOV_VALUES(IOV_TEXT(adapter)), iov_ledger_read_lease, error);
}

GPtrArray *
iov_ledger_list_functions(IovLedger *ledger, const char *pool, GError **error)
{
    if (pool == NULL)
        return iov_ledger_collect(ledger, SELECT_FUNCTIONS BY_ADDRESS, IOV_NO_VALUES,
                                  iov_ledger_read_lease, free_lease, error);
    return iov_ledger_collect(ledger, SELECT_FUNCTIONS " WHERE f.pool = ?1" BY_ADDRESS,
                              IOV_VALUES(IOV_TEXT(pool)), iov_ledger_read_lease, free_lease, error);
}

GPtrArray *
iov_ledger_list_functions_in_state(IovLedger *ledger, IovLeaseState state, GError **error)
{
    return iov_ledger_collect(
        ledger, SELECT_FUNCTIONS " WHERE f.state = ?1 ORDER BY f.since, f.address",
        IOV_VALUES(IOV_NUMBER(state)), iov_ledger_read_lease, free_lease, error);
}

IovLease *
iov_ledger_find_lease(IovLedger *ledger, const char *uuid, const char *request, GError **error)
{
    return iov_ledger_take_one(ledger, SELECT_FUNCTIONS " WHERE f.uuid = ?1 AND f.request = ?2",
                               IOV_VALUES(IOV_TEXT(uuid), IOV_TEXT(request)), iov_ledger_read_lease,
                               error);
}

gboolean
iov_ledger_look_up_lease(IovLedger *ledger, const char *uuid, const char *request, IovLease **lease,
                         GError **error)
{
    g_autoptr(GError) local = NULL;

    *lease = iov_ledger_find_lease(ledger, uuid, request, &local);
    return iov_error_pass(&local, error);
}

GPtrArray *
iov_ledger_list_leases(IovLedger *ledger, const char *uuid, GError **error)
{
    return iov_ledger_collect(ledger, SELECT_FUNCTIONS " WHERE f.uuid = ?1 ORDER BY f.request",
                              IOV_VALUES(IOV_TEXT(uuid)), iov_ledger_read_lease, free_lease, error);
}
