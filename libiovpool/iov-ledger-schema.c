/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ledger's tables, how a file is recognised as a ledger, and the settings of a connection. It
 * decides nothing about when a ledger is made or emptied.
 *
 * Durability is against a killed process, not against a power cut: the file lives on a tmpfs and
 * dies with the boot, so SQLite keeps its rollback journal but never waits for a disk.
 */
#include "iov-ledger-private.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3_stmt, sqlite3_finalize)

#define APPLICATION_ID 0x494f5650 /* "IOVP" */
#define VERSION 2
#define WAIT_MS 5000
#define LENGTH_LIMIT (1024 * 1024) /* bytes of one text or row */

/* The numbers of states stand in the triggers, the checks and the partial index. */
G_STATIC_ASSERT(IOV_LEASE_FREE == 0 && IOV_LEASE_RESERVED == 1 && IOV_LEASE_DETACHING == 4 &&
                IOV_LEASE_SCRUBBING == 5 && IOV_LEASE_QUARANTINED == 6 && IOV_LEASE_FOREIGN == 7);

#define TRIGGER_COUNTS(sign, row)                                                                  \
    " free_functions = free_functions " sign " (" row ".state = 0),"                               \
    " held_functions = held_functions " sign " (" row ".state BETWEEN 1 AND 5)"

/* SQL has a layout of its own. */
/* clang-format off */
static const char schema[] =
    "CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), boot_id TEXT NOT NULL,"
    " generation INTEGER NOT NULL CHECK (generation >= 0));"

    "CREATE TABLE pools (name TEXT PRIMARY KEY NOT NULL, definition TEXT NOT NULL,"
    " since INTEGER NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE adapters (address TEXT PRIMARY KEY NOT NULL,"
    " pool TEXT NOT NULL REFERENCES pools (name), netdev TEXT, numa_node INTEGER NOT NULL,"
    " usable INTEGER NOT NULL CHECK (usable IN (0, 1)), reason TEXT,"
    " had_num_vfs INTEGER NOT NULL, had_autoprobe INTEGER NOT NULL, had_link_up INTEGER NOT NULL,"
    " functions INTEGER NOT NULL DEFAULT 0, free_functions INTEGER NOT NULL DEFAULT 0,"
    " held_functions INTEGER NOT NULL DEFAULT 0,"
    " CHECK (free_functions >= 0 AND held_functions >= 0"
    "  AND free_functions + held_functions <= functions)) WITHOUT ROWID;"
    "CREATE INDEX adapters_by_pool ON adapters (pool);"

    "CREATE TABLE functions (address TEXT PRIMARY KEY NOT NULL,"
    " adapter TEXT NOT NULL REFERENCES adapters (address), pool TEXT NOT NULL,"
    " vf_index INTEGER NOT NULL CHECK (vf_index >= 0), iommu_group INTEGER NOT NULL,"
    " state INTEGER NOT NULL CHECK (typeof(state) = 'integer' AND state BETWEEN 0 AND 7),"
    " generation INTEGER NOT NULL CHECK (generation > 0), since INTEGER NOT NULL,"
    " deadline INTEGER NOT NULL CHECK (deadline = 0 OR state = 1),"
    " uuid TEXT, domain_name TEXT, request TEXT, reason TEXT, had_driver TEXT, had_mac TEXT,"
    " mac TEXT,"
    " CHECK ((uuid IS NULL) = (request IS NULL) AND (uuid IS NULL) = (domain_name IS NULL)),"
    " CHECK (uuid IS NOT NULL OR state NOT BETWEEN 1 AND 4),"
    " CHECK (uuid IS NULL OR state BETWEEN 1 AND 5)) WITHOUT ROWID;"
    "CREATE UNIQUE INDEX functions_by_adapter ON functions (adapter, vf_index);"
    "CREATE INDEX functions_free ON functions (adapter, vf_index) WHERE state = 0;"
    "CREATE INDEX functions_by_state ON functions (state, since);"
    "CREATE UNIQUE INDEX functions_by_owner ON functions (uuid, request) WHERE uuid IS NOT NULL;"

    "CREATE TRIGGER functions_added AFTER INSERT ON functions BEGIN UPDATE adapters SET"
    " functions = functions + 1," TRIGGER_COUNTS("+", "new")
    " WHERE address = new.adapter; END;"
    "CREATE TRIGGER functions_removed AFTER DELETE ON functions BEGIN UPDATE adapters SET"
    " functions = functions - 1," TRIGGER_COUNTS("-", "old")
    " WHERE address = old.adapter; END;"
    "CREATE TRIGGER functions_moved AFTER UPDATE OF state ON functions BEGIN UPDATE adapters SET"
    " free_functions = free_functions - (old.state = 0) + (new.state = 0),"
    " held_functions = held_functions - (old.state BETWEEN 1 AND 5)"
    "  + (new.state BETWEEN 1 AND 5) WHERE address = new.adapter; END;"

    "CREATE TABLE requests (uuid TEXT NOT NULL, request TEXT NOT NULL, domain_name TEXT NOT NULL,"
    " pool TEXT NOT NULL, reason TEXT, request_xml TEXT, priority INTEGER NOT NULL,"
    " tier INTEGER NOT NULL, floor_tier INTEGER NOT NULL, is_static INTEGER NOT NULL,"
    " parked INTEGER NOT NULL, started INTEGER NOT NULL, required INTEGER NOT NULL,"
    " migration INTEGER NOT NULL, since INTEGER NOT NULL, code INTEGER NOT NULL,"
    " numa_node INTEGER NOT NULL, lowered INTEGER NOT NULL,"
    " PRIMARY KEY (uuid, request)) WITHOUT ROWID;"

    "CREATE TABLE filters (netdev TEXT NOT NULL, mac TEXT NOT NULL, uuid TEXT NOT NULL,"
    " request TEXT NOT NULL, PRIMARY KEY (netdev, mac, uuid, request)) WITHOUT ROWID;"
    "CREATE INDEX filters_by_owner ON filters (uuid, request);";
/* clang-format on */

/* The journal mode stays SQLite's own, DELETE: measured on a tmpfs, TRUNCATE and PERSIST are not
 * faster, and WAL would need a writable directory to read. Without cache_spill = OFF a large change
 * would lock readers out before its commit. */
gboolean
iov_ledger_configure(IovLedger *ledger, GError **error)
{
    sqlite3 *database = ledger->database;
    const char *settings = ledger->mode == IOV_LEDGER_READ
                               ? "PRAGMA query_only = ON"
                               : "PRAGMA synchronous = OFF; PRAGMA cache_spill = OFF";

    sqlite3_limit(database, SQLITE_LIMIT_LENGTH, LENGTH_LIMIT);
    if (sqlite3_extended_result_codes(database, 1) != SQLITE_OK ||
        sqlite3_busy_timeout(database, WAIT_MS) != SQLITE_OK ||
        sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK ||
        sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
        sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL) != SQLITE_OK ||
        sqlite3_exec(database, settings, NULL, NULL, NULL) != SQLITE_OK)
        return iov_ledger_fail(ledger, error);
    return TRUE;
}

static gboolean
read_number(IovLedger *ledger, const char *sql, gint64 *number, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = NULL;

    if (sqlite3_prepare_v2(ledger->database, sql, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        return iov_ledger_fail(ledger, error);
    *number = sqlite3_column_int64(statement, 0);
    return TRUE;
}

static IovLedgerProbe
refuse_alien(IovLedger *ledger, GError **error)
{
    iov_error_set(error, IOV_ERROR_CORRUPT,
                  "cannot use ledger %s: it was written by another program or another version; run "
                  "`iovpool reconcile`",
                  ledger->files.database);
    return IOV_LEDGER_PROBE_FAILED;
}

static IovLedgerProbe
probe_boot(IovLedger *ledger, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = NULL;

    if (sqlite3_prepare_v2(ledger->database, "SELECT boot_id FROM meta WHERE id = 1", -1,
                           &statement, NULL) != SQLITE_OK)
        return sqlite3_errcode(ledger->database) == SQLITE_ERROR
                   ? refuse_alien(ledger, error) /* no such table or column */
                   : (iov_ledger_fail(ledger, error), IOV_LEDGER_PROBE_FAILED);
    switch (sqlite3_step(statement)) {
    case SQLITE_ROW:
        break;
    case SQLITE_DONE:
        return refuse_alien(ledger, error);
    default:
        iov_ledger_fail(ledger, error);
        return IOV_LEDGER_PROBE_FAILED;
    }
    if (g_strcmp0((const char *)sqlite3_column_text(statement, 0), ledger->boot_id) == 0)
        return IOV_LEDGER_PROBE_READY;
    return IOV_LEDGER_PROBE_OTHER_BOOT;
}

static IovLedgerProbe
probe_file(IovLedger *ledger, GError **error)
{
    gint64 application, version, tables;

    if (!read_number(ledger, "PRAGMA application_id", &application, error) ||
        !read_number(ledger, "PRAGMA user_version", &version, error))
        return IOV_LEDGER_PROBE_FAILED;
    if (application == APPLICATION_ID && version == VERSION)
        return probe_boot(ledger, error);
    if (!read_number(ledger, "SELECT count(*) FROM sqlite_schema", &tables, error))
        return IOV_LEDGER_PROBE_FAILED;
    if (application != 0 || version != 0 || tables != 0)
        return refuse_alien(ledger, error);
    return IOV_LEDGER_PROBE_BLANK;
}

/* In one transaction: else another process could write the schema between two looks at the file. */
IovLedgerProbe
iov_ledger_probe(IovLedger *ledger, GError **error)
{
    if (!sqlite3_get_autocommit(ledger->database))
        return probe_file(ledger, error);
    if (sqlite3_exec(ledger->database, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) {
        iov_ledger_fail(ledger, error);
        return IOV_LEDGER_PROBE_FAILED;
    }
    IovLedgerProbe probe = probe_file(ledger, error);
    sqlite3_exec(ledger->database, "ROLLBACK", NULL, NULL, NULL);
    return probe;
}

gboolean
iov_ledger_create_schema(IovLedger *ledger, guint64 generation, GError **error)
{
    g_autofree char *stamp = g_strdup_printf("PRAGMA application_id = %d; PRAGMA user_version = %d",
                                             APPLICATION_ID, VERSION);

    if (sqlite3_exec(ledger->database, schema, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(ledger->database, stamp, NULL, NULL, NULL) != SQLITE_OK)
        return iov_ledger_fail(ledger, error);
    return iov_ledger_execute(ledger,
                              "INSERT INTO meta (id, boot_id, generation) VALUES (1, ?1, ?2)",
                              IOV_VALUES(IOV_TEXT(ledger->boot_id), IOV_NUMBER(generation)), error);
}

gboolean
iov_ledger_empty(IovLedger *ledger, GError **error)
{
    static const char tables[] = "DELETE FROM filters;"
                                 "DELETE FROM requests; DELETE FROM functions;"
                                 "DELETE FROM adapters; DELETE FROM pools";

    if (sqlite3_exec(ledger->database, tables, NULL, NULL, NULL) != SQLITE_OK)
        return iov_ledger_fail(ledger, error);
    return iov_ledger_execute(ledger, "UPDATE meta SET boot_id = ?1",
                              IOV_VALUES(IOV_TEXT(ledger->boot_id)), error);
}
