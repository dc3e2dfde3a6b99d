/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Statements of the ledger's database: prepared once a handle, all values bound, every complaint of
 * SQLite made into one line that tells what to do next. It knows no table.
 */
#include "iov-ledger-private.h"

#include <errno.h>

static gboolean
is_full(int code, int number)
{
    return code == SQLITE_FULL || ((code == SQLITE_IOERR || code == SQLITE_CANTOPEN) &&
                                   (number == ENOSPC || number == EDQUOT));
}

/* SQLITE_ERROR is about the statement; all of ours fit a ledger, so the tables are another's. */
static gboolean
is_corrupt(int code)
{
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR;
}

gboolean
iov_ledger_fail(IovLedger *ledger, GError **error)
{
    const char *path = ledger->files.database;
    int code = sqlite3_errcode(ledger->database) & 0xff;

    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return iov_error_set(error, IOV_ERROR_TIMEOUT,
                             "ledger %s is locked by another process; try again", path);
    if (is_full(code, sqlite3_system_errno(ledger->database)))
        return iov_error_set(error, IOV_ERROR_LEDGER,
                             "cannot write ledger %s: no space is left on its file system; make "
                             "room and try again",
                             path);
    if (is_corrupt(code))
        return iov_error_set(error, IOV_ERROR_CORRUPT,
                             "cannot use ledger %s: %s; run `iovpool reconcile`", path,
                             sqlite3_errmsg(ledger->database));
    return iov_error_set(error, IOV_ERROR_LEDGER, "cannot use ledger %s: %s", path,
                         sqlite3_errmsg(ledger->database));
}

static sqlite3_stmt *
statement_of(IovLedger *ledger, const char *sql, GError **error)
{
    sqlite3_stmt *statement = g_hash_table_lookup(ledger->statements, sql);

    if (statement != NULL)
        return statement;
    if (sqlite3_prepare_v3(ledger->database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                           NULL) != SQLITE_OK) {
        iov_ledger_fail(ledger, error);
        return NULL;
    }
    g_hash_table_insert(ledger->statements, (gpointer)sql, statement);
    return statement;
}

static gboolean
bind_values(sqlite3_stmt *statement, const IovLedgerValue *values, guint count)
{
    for (guint i = 0; i < count; i++) {
        int code = values[i].is_text ? sqlite3_bind_text(statement, (int)i + 1, values[i].text, -1,
                                                         SQLITE_TRANSIENT)
                                     : sqlite3_bind_int64(statement, (int)i + 1, values[i].number);

        if (code != SQLITE_OK)
            return FALSE;
    }
    return TRUE;
}

gboolean
iov_ledger_query(IovLedger *ledger, IovLedgerQuery *query, const char *sql,
                 const IovLedgerValue *values, guint count, GError **error)
{
    if (!iov_ledger_refresh(ledger, error))
        return FALSE;
    query->ledger = ledger;
    query->statement = statement_of(ledger, sql, error);
    if (query->statement == NULL)
        return FALSE;
    return bind_values(query->statement, values, count) || iov_ledger_fail(ledger, error);
}

void
iov_ledger_query_clear(IovLedgerQuery *query)
{
    if (query->statement == NULL)
        return;
    sqlite3_reset(query->statement);
    sqlite3_clear_bindings(query->statement);
    query->statement = NULL;
}

IovLedgerStep
iov_ledger_query_step(IovLedgerQuery *query, GError **error)
{
    switch (sqlite3_step(query->statement)) {
    case SQLITE_ROW:
        return IOV_LEDGER_STEP_ROW;
    case SQLITE_DONE:
        return IOV_LEDGER_STEP_DONE;
    default:
        iov_ledger_fail(query->ledger, error);
        return IOV_LEDGER_STEP_FAILED;
    }
}

gboolean
iov_ledger_execute(IovLedger *ledger, const char *sql, const IovLedgerValue *values, guint count,
                   GError **error)
{
    g_auto(IovLedgerQuery) query = {0};

    return iov_ledger_query(ledger, &query, sql, values, count, error) &&
           iov_ledger_query_step(&query, error) != IOV_LEDGER_STEP_FAILED;
}

/* SQLite gives up a whole transaction by itself on a full file system and on I/O errors; the next
 * statement would then stand, and last, alone. */
gboolean
iov_ledger_change(IovLedger *ledger, const char *sql, const IovLedgerValue *values, guint count,
                  GError **error)
{
    if (!ledger->is_changing || sqlite3_get_autocommit(ledger->database))
        return iov_error_set(error, IOV_ERROR_LEDGER,
                             "cannot write ledger %s: no change is open, or it failed before",
                             ledger->files.database);
    return iov_ledger_execute(ledger, sql, values, count, error);
}

char *
iov_ledger_column_text(const IovLedgerQuery *query, int column)
{
    return g_strdup((const char *)sqlite3_column_text(query->statement, column));
}

gint64
iov_ledger_column_number(const IovLedgerQuery *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

gboolean
iov_ledger_column_enum(const IovLedgerQuery *query, int column, guint maximum, guint *value,
                       GError **error)
{
    gint64 number = iov_ledger_column_number(query, column);

    if (number < 0 || number > (gint64)maximum)
        return iov_error_set(
            error, IOV_ERROR_CORRUPT,
            "cannot use ledger %s: %s is %" G_GINT64_FORMAT "; run `iovpool reconcile`",
            query->ledger->files.database, sqlite3_column_name(query->statement, column), number);
    *value = (guint)number;
    return TRUE;
}

GPtrArray *
iov_ledger_collect(IovLedger *ledger, const char *sql, const IovLedgerValue *values, guint count,
                   IovLedgerRead read, GDestroyNotify destroy, GError **error)
{
    g_auto(IovLedgerQuery) query = {0};
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(destroy);
    IovLedgerStep step;

    if (!iov_ledger_query(ledger, &query, sql, values, count, error))
        return NULL;
    while ((step = iov_ledger_query_step(&query, error)) == IOV_LEDGER_STEP_ROW) {
        gpointer row = read(&query, error);

        if (row == NULL)
            return NULL;
        g_ptr_array_add(rows, row);
    }
    return step == IOV_LEDGER_STEP_DONE ? g_steal_pointer(&rows) : NULL;
}

gpointer
iov_ledger_take_one(IovLedger *ledger, const char *sql, const IovLedgerValue *values, guint count,
                    IovLedgerRead read, GError **error)
{
    g_auto(IovLedgerQuery) query = {0};

    if (!iov_ledger_query(ledger, &query, sql, values, count, error) ||
        iov_ledger_query_step(&query, error) != IOV_LEDGER_STEP_ROW)
        return NULL;
    return read(&query, error);
}
