/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the requests of active domains are served, as rows of the ledger. The lease is not stored
 * with a request: it is joined in from the function that has it, so that the two cannot disagree.
 */
#include "iov-ledger-private.h"

#define LEASE_COLUMN 18 /* of the columns below: where those of the function begin */
#define SELECT_STATUS                                                                              \
    "SELECT s.uuid, s.request, s.domain_name, s.pool, s.reason, s.request_xml, s.priority, "       \
    "s.tier,"                                                                                      \
    " s.floor_tier, s.is_static, s.parked, s.started, s.required, s.migration, "                   \
    "s.since, s.code, s.numa_node, s.lowered, " IOV_LEDGER_LEASE_COLUMNS " FROM requests AS s"     \
    " LEFT JOIN functions AS f ON f.uuid = s.uuid AND f.request = s.request"
#define WAITING " WHERE s.started AND NOT s.parked AND NOT s.is_static AND f.address IS NULL"
#define BY_NAME " ORDER BY s.domain_name, s.uuid, s.request"
#define BY_MERIT " ORDER BY s.priority DESC, s.since, s.uuid, s.request"

gboolean
iov_ledger_put_status(IovLedger *ledger, const IovStatus *status, GError **error)
{
    return iov_ledger_change(
        ledger,
        "INSERT OR REPLACE INTO requests (uuid, request, domain_name, pool, reason, request_xml,"
        " priority, tier, floor_tier, is_static, parked, started, required, migration, since, code,"
        " numa_node, lowered)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        IOV_VALUES(
            IOV_TEXT(status->domain_uuid), IOV_TEXT(status->request), IOV_TEXT(status->domain_name),
            IOV_TEXT(status->pool), IOV_TEXT(status->reason), IOV_TEXT(status->request_xml),
            IOV_NUMBER(status->priority), IOV_NUMBER(status->tier), IOV_NUMBER(status->floor_tier),
            IOV_NUMBER(status->is_static != FALSE), IOV_NUMBER(status->parked != FALSE),
            IOV_NUMBER(status->started != FALSE), IOV_NUMBER(status->required != FALSE),
            IOV_NUMBER(status->migration), IOV_NUMBER(status->since), IOV_NUMBER(status->code),
            IOV_NUMBER(status->numa_node), IOV_NUMBER(status->lowered != FALSE)),
        error);
}

static void
read_texts_and_flags(const IovLedgerQuery *query, IovStatus *status)
{
    status->domain_uuid = iov_ledger_column_text(query, 0);
    status->request = iov_ledger_column_text(query, 1);
    status->domain_name = iov_ledger_column_text(query, 2);
    status->pool = iov_ledger_column_text(query, 3);
    status->reason = iov_ledger_column_text(query, 4);
    status->request_xml = iov_ledger_column_text(query, 5);
    status->priority = (int)iov_ledger_column_number(query, 6);
    status->is_static = iov_ledger_column_number(query, 9) != 0;
    status->parked = iov_ledger_column_number(query, 10) != 0;
    status->started = iov_ledger_column_number(query, 11) != 0;
    status->required = iov_ledger_column_number(query, 12) != 0;
    status->since = iov_ledger_column_number(query, 14);
    status->numa_node = (int)iov_ledger_column_number(query, 16);
    status->lowered = iov_ledger_column_number(query, 17) != 0;
}

static gpointer
read_status(const IovLedgerQuery *query, GError **error)
{
    g_autoptr(IovStatus) status = iov_status_new();
    guint tier, floor_tier, migration, code;

    if (!iov_ledger_column_enum(query, 7, IOV_TIER_PASSTHROUGH, &tier, error) ||
        !iov_ledger_column_enum(query, 8, IOV_TIER_PASSTHROUGH, &floor_tier, error) ||
        !iov_ledger_column_enum(query, 13, IOV_MIGRATION_BLOCK, &migration, error) ||
        !iov_ledger_column_enum(query, 15, IOV_REASON_UNPLUG, &code, error))
        return NULL;
    read_texts_and_flags(query, status);
    status->tier = (IovTier)tier;
    status->floor_tier = (IovTier)floor_tier;
    status->migration = (IovMigration)migration;
    status->code = (IovReason)code;
    if (sqlite3_column_type(query->statement, LEASE_COLUMN) == SQLITE_NULL)
        return g_steal_pointer(&status);
    status->lease = iov_ledger_read_lease_at(query, LEASE_COLUMN, error);
    return status->lease != NULL ? g_steal_pointer(&status) : NULL;
}

static void
free_status(gpointer status)
{
    iov_status_unref(status);
}

IovStatus *
iov_ledger_get_status(IovLedger *ledger, const char *uuid, const char *request, GError **error)
{
    return iov_ledger_take_one(ledger, SELECT_STATUS " WHERE s.uuid = ?1 AND s.request = ?2",
                               IOV_VALUES(IOV_TEXT(uuid), IOV_TEXT(request)), read_status, error);
}

gboolean
iov_ledger_look_up_status(IovLedger *ledger, const char *uuid, const char *request,
                          IovStatus **status, GError **error)
{
    g_autoptr(GError) local = NULL;

    *status = iov_ledger_get_status(ledger, uuid, request, &local);
    return iov_error_pass(&local, error);
}

GPtrArray *
iov_ledger_list_status(IovLedger *ledger, const char *uuid, GError **error)
{
    if (uuid == NULL)
        return iov_ledger_collect(ledger, SELECT_STATUS BY_NAME, IOV_NO_VALUES, read_status,
                                  free_status, error);
    return iov_ledger_collect(ledger, SELECT_STATUS " WHERE s.uuid = ?1" BY_NAME,
                              IOV_VALUES(IOV_TEXT(uuid)), read_status, free_status, error);
}

GPtrArray *
iov_ledger_list_waiting(IovLedger *ledger, const char *pool, GError **error)
{
    if (pool == NULL)
        return iov_ledger_collect(ledger, SELECT_STATUS WAITING BY_MERIT, IOV_NO_VALUES,
                                  read_status, free_status, error);
    return iov_ledger_collect(ledger, SELECT_STATUS WAITING " AND s.pool = ?1" BY_MERIT,
                              IOV_VALUES(IOV_TEXT(pool)), read_status, free_status, error);
}

gboolean
iov_ledger_remove_status(IovLedger *ledger, const char *uuid, const char *request, GError **error)
{
    return iov_ledger_change(ledger, "DELETE FROM requests WHERE uuid = ?1 AND request = ?2",
                             IOV_VALUES(IOV_TEXT(uuid), IOV_TEXT(request)), error);
}
