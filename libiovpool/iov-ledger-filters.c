/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rows of what adapters' filters hold for requests: a journal, so that what a killed process
 * left there is found. Which entries there should be is not decided here.
 */
#include "iov-ledger-private.h"

IovLedgerFilter *
iov_ledger_filter_new(const char *netdev, const char *mac, const char *uuid, const char *request)
{
    IovLedgerFilter *filter = g_new0(IovLedgerFilter, 1);

    filter->netdev = g_strdup(netdev);
    filter->mac = g_strdup(mac);
    filter->uuid = g_strdup(uuid);
    filter->request = g_strdup(request);
    return filter;
}

void
iov_ledger_filter_free(IovLedgerFilter *filter)
{
    g_free(filter->netdev);
    g_free(filter->mac);
    g_free(filter->uuid);
    g_free(filter->request);
    g_free(filter);
}

gboolean
iov_ledger_add_filter(IovLedger *ledger, const IovLedgerFilter *filter, GError **error)
{
    return iov_ledger_change(
        ledger,
        "INSERT OR REPLACE INTO filters (netdev, mac, uuid, request) VALUES (?1, ?2, ?3, ?4)",
        IOV_VALUES(IOV_TEXT(filter->netdev), IOV_TEXT(filter->mac), IOV_TEXT(filter->uuid),
                   IOV_TEXT(filter->request)),
        error);
}

gboolean
iov_ledger_remove_filter(IovLedger *ledger, const IovLedgerFilter *filter, GError **error)
{
    return iov_ledger_change(
        ledger, "DELETE FROM filters WHERE netdev = ?1 AND mac = ?2 AND uuid = ?3 AND request = ?4",
        IOV_VALUES(IOV_TEXT(filter->netdev), IOV_TEXT(filter->mac), IOV_TEXT(filter->uuid),
                   IOV_TEXT(filter->request)),
        error);
}

static gpointer
read_filter(const IovLedgerQuery *query, GError **error G_GNUC_UNUSED)
{
    IovLedgerFilter *filter = g_new0(IovLedgerFilter, 1);

    filter->netdev = iov_ledger_column_text(query, 0);
    filter->mac = iov_ledger_column_text(query, 1);
    filter->uuid = iov_ledger_column_text(query, 2);
    filter->request = iov_ledger_column_text(query, 3);
    return filter;
}

static void
free_filter(gpointer filter)
{
    iov_ledger_filter_free(filter);
}

#define SELECT_FILTERS "SELECT netdev, mac, uuid, request FROM filters"
#define BY_OWNER " ORDER BY uuid, request, netdev, mac"

GPtrArray *
iov_ledger_list_filters(IovLedger *ledger, const char *uuid, GError **error)
{
    if (uuid == NULL)
        return iov_ledger_collect(ledger, SELECT_FILTERS BY_OWNER, IOV_NO_VALUES, read_filter,
                                  free_filter, error);
    return iov_ledger_collect(ledger, SELECT_FILTERS " WHERE uuid = ?1" BY_OWNER,
                              IOV_VALUES(IOV_TEXT(uuid)), read_filter, free_filter, error);
}

gboolean
iov_ledger_count_filters(IovLedger *ledger, const char *netdev, const char *mac, guint *count,
                         GError **error)
{
    g_auto(IovLedgerQuery) query = {0};

    if (!iov_ledger_query(ledger, &query,
                          "SELECT count(*) FROM filters WHERE netdev = ?1 AND mac = ?2",
                          IOV_VALUES(IOV_TEXT(netdev), IOV_TEXT(mac)), error) ||
        iov_ledger_query_step(&query, error) != IOV_LEDGER_STEP_ROW)
        return FALSE;
    *count = (guint)iov_ledger_column_number(&query, 0);
    return TRUE;
}
