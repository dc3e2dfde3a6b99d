/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A handle of the ledger: opening it, connecting again where its files were replaced, and the
 * frame of a change (flock, BEGIN IMMEDIATE ... COMMIT). What is stored stands in the files beside
 * this one.
 *
 * A writer holds the lock from begin to commit or rollback, so writers never meet in SQLite, where
 * they would starve each other; readers do not take it and see the last commit.
 */
#include "iov-ledger-private.h"

static void
disconnect(IovLedger *ledger)
{
    g_clear_pointer(&ledger->statements, g_hash_table_unref);
    sqlite3_close(ledger->database);
    ledger->database = NULL;
    ledger->is_stand_in = FALSE;
    iov_ledger_files_close(&ledger->files);
}

static void
finalize_statement(gpointer statement)
{
    sqlite3_finalize(statement);
}

/* SQLITE_OPEN_READWRITE for readers too: one that comes after a killed writer must be able to roll
 * its journal back. A reader's connection refuses every change by itself. */
static gboolean
open_database(IovLedger *ledger, const char *path, GError **error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;

    ledger->statements =
        g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, finalize_statement);
    if (sqlite3_open_v2(path, &ledger->database, flags, NULL) != SQLITE_OK)
        return iov_ledger_fail(ledger, error);
    return TRUE;
}

static gboolean
open_stand_in(IovLedger *ledger, GError **error)
{
    disconnect(ledger);
    if (!open_database(ledger, ":memory:", error))
        return FALSE;
    ledger->is_stand_in = TRUE;
    return iov_ledger_create_schema(ledger, 0, error);
}

static gboolean
renew_locked(IovLedger *ledger, GError **error)
{
    IovLedgerProbe probe = iov_ledger_probe(ledger, error);

    switch (probe) {
    case IOV_LEDGER_PROBE_FAILED:
        return FALSE;
    case IOV_LEDGER_PROBE_READY: /* another process was faster */
        return TRUE;
    case IOV_LEDGER_PROBE_BLANK:
        return iov_ledger_create_schema(ledger, iov_ledger_files_load_generation(&ledger->files),
                                        error);
    case IOV_LEDGER_PROBE_OTHER_BOOT:
        return iov_ledger_empty(ledger, error);
    }
    g_return_val_if_reached(FALSE);
}

/* Makes the schema, or empties what another boot left. */
static gboolean
renew(IovLedger *ledger, GError **error)
{
    if (!iov_ledger_files_lock(&ledger->files, error))
        return FALSE;
    gboolean done = iov_ledger_execute(ledger, "BEGIN IMMEDIATE", IOV_NO_VALUES, error) &&
                    renew_locked(ledger, error) &&
                    iov_ledger_execute(ledger, "COMMIT", IOV_NO_VALUES, error);
    if (!sqlite3_get_autocommit(ledger->database))
        sqlite3_exec(ledger->database, "ROLLBACK", NULL, NULL, NULL);
    iov_ledger_files_unlock(&ledger->files);
    return done;
}

static gboolean
connect_to_what_is_there(IovLedger *ledger, GError **error)
{
    if (!open_database(ledger, ledger->files.database, error) ||
        !iov_ledger_configure(ledger, error))
        return FALSE;
    switch (iov_ledger_probe(ledger, error)) {
    case IOV_LEDGER_PROBE_FAILED:
        return FALSE;
    case IOV_LEDGER_PROBE_READY:
        return TRUE;
    case IOV_LEDGER_PROBE_BLANK:
        if (ledger->mode == IOV_LEDGER_CREATE)
            return renew(ledger, error);
        return iov_error_set(error, IOV_ERROR_NOT_FOUND, "ledger %s is empty",
                             ledger->files.database);
    case IOV_LEDGER_PROBE_OTHER_BOOT:
        if (ledger->mode != IOV_LEDGER_READ)
            return renew(ledger, error);
        return open_stand_in(ledger, error);
    }
    g_return_val_if_reached(FALSE);
}

static gboolean
connect_again(IovLedger *ledger, GError **error)
{
    disconnect(ledger);
    if (!iov_ledger_files_open(&ledger->files, ledger->mode, error))
        return FALSE;
    /* The schema's own statements must not look for a replaced file. */
    ledger->is_changing = TRUE;
    gboolean connected = connect_to_what_is_there(ledger, error);
    ledger->is_changing = FALSE;
    if (!connected)
        disconnect(ledger);
    return connected;
}

/* A handle may live as long as the agent: a ledger that was deleted and rebuilt meanwhile is the
 * one that counts, and an inode without a name would swallow every change. */
gboolean
iov_ledger_refresh(IovLedger *ledger, GError **error)
{
    if (ledger->is_changing || (ledger->database != NULL && !ledger->is_stand_in &&
                                !iov_ledger_files_moved(&ledger->files)))
        return TRUE;
    return connect_again(ledger, error);
}

IovLedger *
iov_ledger_open(const char *run_dir, const char *boot_id, IovLedgerMode mode, GError **error)
{
    g_autoptr(IovLedger) ledger = g_new0(IovLedger, 1);

    ledger->mode = mode;
    ledger->boot_id = g_strdup(boot_id);
    iov_ledger_files_init(&ledger->files, run_dir);
    if (!connect_again(ledger, error))
        return NULL;
    return g_steal_pointer(&ledger);
}

void
iov_ledger_close(IovLedger *ledger)
{
    iov_ledger_rollback(ledger);
    disconnect(ledger);
    iov_ledger_files_clear(&ledger->files);
    g_free(ledger->boot_id);
    g_free(ledger);
}

/* The lock and the database that it stands for must still be the ones with the names. */
static gboolean
lock_current_files(IovLedger *ledger, GError **error)
{
    for (;;) {
        if (!iov_ledger_refresh(ledger, error) || !iov_ledger_files_lock(&ledger->files, error))
            return FALSE;
        if (!iov_ledger_files_moved(&ledger->files))
            return TRUE;
        iov_ledger_files_unlock(&ledger->files);
    }
}

static gboolean
load_generation(IovLedger *ledger, GError **error)
{
    g_auto(IovLedgerQuery) query = {0};

    if (!iov_ledger_query(ledger, &query, "SELECT max(generation) FROM meta", IOV_NO_VALUES,
                          error) ||
        iov_ledger_query_step(&query, error) != IOV_LEDGER_STEP_ROW)
        return FALSE;
    ledger->generation = (guint64)iov_ledger_column_number(&query, 0);
    ledger->stored_generation = ledger->generation;
    return TRUE;
}

gboolean
iov_ledger_begin(IovLedger *ledger, GError **error)
{
    if (ledger->mode == IOV_LEDGER_READ || ledger->is_changing)
        return iov_error_set(
            error, IOV_ERROR_LEDGER, "cannot change ledger %s: %s", ledger->files.database,
            ledger->is_changing ? "a change is open already" : "it was opened for reading");
    if (!lock_current_files(ledger, error))
        return FALSE;
    ledger->is_changing = TRUE;
    if (iov_ledger_execute(ledger, "BEGIN IMMEDIATE", IOV_NO_VALUES, error) &&
        load_generation(ledger, error))
        return TRUE;
    iov_ledger_rollback(ledger);
    return FALSE;
}

/* The copy in the lock file goes first: a number may be skipped, never given out twice. */
static gboolean
store_generation(IovLedger *ledger, GError **error)
{
    if (ledger->generation == ledger->stored_generation)
        return TRUE;
    return iov_ledger_files_store_generation(&ledger->files, ledger->generation, error) &&
           iov_ledger_change(ledger, "UPDATE meta SET generation = ?1 WHERE id = 1",
                             IOV_VALUES(IOV_NUMBER(ledger->generation)), error);
}

gboolean
iov_ledger_commit(IovLedger *ledger, GError **error)
{
    gboolean done = store_generation(ledger, error) &&
                    iov_ledger_change(ledger, "COMMIT", IOV_NO_VALUES, error);

    if (done) {
        ledger->is_changing = FALSE;
        iov_ledger_files_unlock(&ledger->files);
    } else {
        iov_ledger_rollback(ledger);
    }
    return done;
}

void
iov_ledger_rollback(IovLedger *ledger)
{
    if (!ledger->is_changing)
        return;
    if (!sqlite3_get_autocommit(ledger->database))
        sqlite3_exec(ledger->database, "ROLLBACK", NULL, NULL, NULL);
    ledger->is_changing = FALSE;
    iov_ledger_files_unlock(&ledger->files);
}
