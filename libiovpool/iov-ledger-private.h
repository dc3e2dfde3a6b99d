/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-ledger.h"

#include <sqlite3.h>
#include <sys/stat.h>

/* ---- files: the run directory, ledger.db and ledger.lock ---- */

typedef struct {
    char *directory, *database, *lock; /* paths */
    int lockfd;                        /* -1 in mode READ */
    dev_t device;                      /* of ledger.db, as it was checked */
    ino_t inode;
} IovLedgerFiles;

void iov_ledger_files_init(IovLedgerFiles *files, const char *run_dir);
/* Checks that directory and files belong to the caller alone, makes what @mode allows to make. */
gboolean iov_ledger_files_open(IovLedgerFiles *files, IovLedgerMode mode, GError **error);
void iov_ledger_files_close(IovLedgerFiles *files);
void iov_ledger_files_clear(IovLedgerFiles *files);
/* TRUE where the paths no longer lead to the files that were opened. */
gboolean iov_ledger_files_moved(const IovLedgerFiles *files);
gboolean iov_ledger_files_lock(const IovLedgerFiles *files, GError **error);
void iov_ledger_files_unlock(const IovLedgerFiles *files);
/* The last generation that any ledger in this directory gave out; it outlives the database. */
guint64 iov_ledger_files_load_generation(const IovLedgerFiles *files);
gboolean iov_ledger_files_store_generation(const IovLedgerFiles *files, guint64 generation,
                                           GError **error);

/* ---- the handle ---- */

struct _IovLedger {
    IovLedgerMode mode;
    char *boot_id;
    IovLedgerFiles files;
    sqlite3 *database;
    GHashTable *statements; /* SQL literal, by address: sqlite3_stmt */
    gboolean is_stand_in;   /* an empty database in memory stands for one of another boot */
    gboolean is_changing;
    guint64 generation, stored_generation;
};

/* Connects again where the files were replaced meanwhile; no-op within a change. */
gboolean iov_ledger_refresh(IovLedger *ledger, GError **error);

/* ---- the schema ---- */

typedef enum {
    IOV_LEDGER_PROBE_FAILED,
    IOV_LEDGER_PROBE_READY,
    IOV_LEDGER_PROBE_BLANK,      /* no schema yet */
    IOV_LEDGER_PROBE_OTHER_BOOT, /* what it holds died with that boot */
} IovLedgerProbe;

/* Sets what is not stored in the file: durability, limits, waiting. */
gboolean iov_ledger_configure(IovLedger *ledger, GError **error);
IovLedgerProbe iov_ledger_probe(IovLedger *ledger, GError **error);
gboolean iov_ledger_create_schema(IovLedger *ledger, guint64 generation, GError **error);
gboolean iov_ledger_empty(IovLedger *ledger, GError **error);

/* ---- statements ---- */

typedef struct {
    const char *text; /* nullable */
    gint64 number;
    gboolean is_text;
} IovLedgerValue;

#define IOV_TEXT(value)                                                                            \
    (IovLedgerValue)                                                                               \
    {                                                                                              \
        .text = (value), .is_text = TRUE                                                           \
    }
#define IOV_NUMBER(value)                                                                          \
    (IovLedgerValue)                                                                               \
    {                                                                                              \
        .number = (gint64)(value)                                                                  \
    }
/* The values of a statement's ?1, ?2, ... as two arguments: array and length. */
#define IOV_VALUES(...)                                                                            \
    (const IovLedgerValue[]){__VA_ARGS__}, G_N_ELEMENTS(((const IovLedgerValue[]){__VA_ARGS__}))
#define IOV_NO_VALUES NULL, 0

/* A statement at work. It is reset when it leaves its scope, so that it holds no lock. */
typedef struct {
    IovLedger *ledger;
    sqlite3_stmt *statement;
} IovLedgerQuery;
void iov_ledger_query_clear(IovLedgerQuery *query);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(IovLedgerQuery, iov_ledger_query_clear)

typedef enum { IOV_LEDGER_STEP_FAILED, IOV_LEDGER_STEP_ROW, IOV_LEDGER_STEP_DONE } IovLedgerStep;

/* @sql must be a literal: its address is its key in the cache. */
gboolean iov_ledger_query(IovLedger *ledger, IovLedgerQuery *query, const char *sql,
                          const IovLedgerValue *values, guint count, GError **error);
IovLedgerStep iov_ledger_query_step(IovLedgerQuery *query, GError **error);
/* Runs a statement that returns no row, in or outside a change. */
gboolean iov_ledger_execute(IovLedger *ledger, const char *sql, const IovLedgerValue *values,
                            guint count, GError **error);
/* Likewise, but only within a change: what is not committed never happened. */
gboolean iov_ledger_change(IovLedger *ledger, const char *sql, const IovLedgerValue *values,
                           guint count, GError **error);
/* Sets @error to the database's complaint and the next step; returns FALSE. */
gboolean iov_ledger_fail(IovLedger *ledger, GError **error);

/* Column values; text is (transfer full) (nullable). A number outside its range is a ledger that
 * someone else wrote: FALSE with @error. */
char *iov_ledger_column_text(const IovLedgerQuery *query, int column);
gint64 iov_ledger_column_number(const IovLedgerQuery *query, int column);
gboolean iov_ledger_column_enum(const IovLedgerQuery *query, int column, guint maximum,
                                guint *value, GError **error);

/* All rows of a query as records of @read. */
typedef gpointer (*IovLedgerRead)(const IovLedgerQuery *query, GError **error);
GPtrArray *iov_ledger_collect(IovLedger *ledger, const char *sql, const IovLedgerValue *values,
                              guint count, IovLedgerRead read, GDestroyNotify destroy,
                              GError **error);
/* The first row, or NULL without @error where there is none. */
gpointer iov_ledger_take_one(IovLedger *ledger, const char *sql, const IovLedgerValue *values,
                             guint count, IovLedgerRead read, GError **error);

/* ---- records ---- */

/* A function's columns, in the order of iov_ledger_read_lease_at(); the table's alias is f. */
#define IOV_LEDGER_LEASE_COLUMNS                                                                   \
    "f.address, f.adapter, f.pool, f.vf_index, f.iommu_group, f.state, f.generation, f.uuid,"      \
    " f.domain_name, f.request, f.reason, f.had_driver, f.since, f.deadline, f.had_mac, f.mac"
IovLease *iov_ledger_read_lease_at(const IovLedgerQuery *query, int column, GError **error);
gpointer iov_ledger_read_lease(const IovLedgerQuery *query, GError **error);
