/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-ledger.h"
#include "test-support.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

/* A ledger below a temporary directory, with pools of adapters and functions to lease. */

#define BOOT "3c2f1f54-0a6f-4a5e-9a59-2c5c8c7f0001"
#define VM1 "00000000-0000-4000-8000-000000000001"
#define VM2 "00000000-0000-4000-8000-000000000002"

static char *base; /* the temporary directory; the ledger's is RUN_DIR below it */
static char *run_dir;

/* Seeded by IOV_TEST_SEED, or anew; the seed is printed, so that a failure can be repeated. */
static inline GRand *
test_random(const char *test)
{
    const char *text = g_getenv("IOV_TEST_SEED");
    guint32 seed = text != NULL ? (guint32)g_ascii_strtoull(text, NULL, 10) : g_random_int();

    printf("%s: IOV_TEST_SEED=%u\n", test, seed);
    fflush(stdout);
    return g_rand_new_with_seed(seed);
}

static inline char *
ledger_path(const char *name)
{
    return g_build_filename(run_dir, name, NULL);
}

static inline void
make_run_dir(void)
{
    base = g_dir_make_tmp("iov-ledger-XXXXXX", NULL);
    ck_assert_ptr_nonnull(base);
    run_dir = g_build_filename(base, "run", NULL);
}

static inline void
remove_names(const char *directory)
{
    GDir *entries = g_dir_open(directory, 0, NULL);

    if (entries == NULL)
        return;
    for (const char *name = g_dir_read_name(entries); name != NULL;
         name = g_dir_read_name(entries)) {
        g_autofree char *path = g_build_filename(directory, name, NULL);

        g_remove(path);
    }
    g_dir_close(entries);
}

static inline void
remove_run_dir(void)
{
    g_chmod(run_dir, 0700);
    remove_names(run_dir);
    g_remove(run_dir);
    remove_names(base);
    g_rmdir(base);
    g_clear_pointer(&run_dir, g_free);
    g_clear_pointer(&base, g_free);
}

static inline IovLedger *
open_ledger(IovLedgerMode mode)
{
    GError *error = NULL;
    IovLedger *ledger = iov_ledger_open(run_dir, BOOT, mode, &error);

    assert_done(ledger != NULL, error);
    return ledger;
}

static inline void
begin(IovLedger *ledger)
{
    GError *error = NULL;

    assert_done(iov_ledger_begin(ledger, &error), error);
}

static inline void
commit(IovLedger *ledger)
{
    GError *error = NULL;

    assert_done(iov_ledger_commit(ledger, &error), error);
}

/* Addresses of adapter @adapter and its function @index; static buffers, for one expression. */
static inline const char *
pf(guint adapter)
{
    static char buffers[4][24];
    static guint next;
    char *buffer = buffers[next++ % 4];

    g_snprintf(buffer, sizeof(buffers[0]), "%04x:%02x:00.0", adapter / 256, adapter % 256);
    return buffer;
}

static inline const char *
vf(guint adapter, guint index)
{
    static char buffers[4][24];
    static guint next;
    char *buffer = buffers[next++ % 4];
    guint devfn = index + 1;

    g_snprintf(buffer, sizeof(buffers[0]), "%04x:%02x:%02x.%x", adapter / 256, adapter % 256,
               devfn / 8, devfn % 8);
    return buffer;
}

static inline void
add_function(IovLedger *ledger, const char *pool, guint adapter, guint index, IovLeaseState state)
{
    g_autoptr(IovLease) function = iov_lease_new();
    GError *error = NULL;

    function->function = g_strdup(vf(adapter, index));
    function->adapter = g_strdup(pf(adapter));
    function->pool = g_strdup(pool);
    function->index = index;
    function->iommu_group = (int)(adapter * 256 + index);
    function->state = state;
    function->since = 1;
    function->had_driver = g_strdup("igbvf");
    assert_done(iov_ledger_add_function(ledger, function, &error), error);
}

/* Within a change: @pool with adapters @first to @first + @adapters - 1, all functions free. */
static inline void
fill(IovLedger *ledger, const char *pool, guint first, guint adapters, guint functions)
{
    GError *error = NULL;

    assert_done(iov_ledger_add_pool(ledger, pool, "<iovpool/>", 1, &error), error);
    for (guint i = first; i < first + adapters; i++) {
        IovLedgerAdapter adapter = {
            .address = (char *)pf(i), .pool = (char *)pool, .usable = TRUE, .numa_node = -1};

        assert_done(iov_ledger_add_adapter(ledger, &adapter, &error), error);
        for (guint j = 0; j < functions; j++)
            add_function(ledger, pool, i, j, IOV_LEASE_FREE);
    }
}

/* A committed ledger with pool "fast": two adapters of four functions. */
static inline IovLedger *
open_filled(void)
{
    IovLedger *ledger = open_ledger(IOV_LEDGER_CREATE);

    begin(ledger);
    fill(ledger, "fast", 1, 2, 4);
    commit(ledger);
    return ledger;
}

static inline guint64
lease(IovLedger *ledger, const char *function, const char *uuid, const char *request)
{
    GError *error = NULL;
    guint64 generation = 0;

    assert_done(iov_ledger_lease(ledger, function, uuid, uuid + strlen(uuid) - 3, request, 10, 99,
                                 &generation, &error),
                error);
    return generation;
}

static inline void
move(IovLedger *ledger, const char *function, guint64 generation, IovLeaseState to)
{
    GError *error = NULL;

    assert_done(iov_ledger_move(ledger, function, generation, to, NULL, 20, &error), error);
}

static inline IovLease *
get(IovLedger *ledger, const char *function)
{
    GError *error = NULL;
    IovLease *found = iov_ledger_get_function(ledger, function, &error);

    assert_done(found != NULL, error);
    return found;
}

/* What must hold at any moment, whatever was killed or refused: the file is whole, each function
 * is there once, generations are unique, counts are right, one function a request. */
static inline void
assert_consistent(IovLedger *ledger, guint functions)
{
    GError *error = NULL;
    g_autoptr(GPtrArray) rows = iov_ledger_list_functions(ledger, NULL, &error);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint counted = 0, held = 0;

    assert_done(rows != NULL, error);
    ck_assert_uint_eq(rows->len, functions);
    for (guint i = 0; i < rows->len; i++) {
        const IovLease *row = rows->pdata[i];

        ck_assert(g_hash_table_add(seen, g_strdup(row->function)));
        ck_assert(g_hash_table_add(seen, g_strdup_printf("%" G_GUINT64_FORMAT, row->generation)));
        if (row->domain_uuid != NULL)
            ck_assert(g_hash_table_add(seen, g_strconcat(row->domain_uuid, row->request, NULL)));
        held += iov_lease_state_is_held(row->state) ? 1 : 0;
    }
    g_autoptr(GPtrArray) adapters = iov_ledger_list_adapters(ledger, NULL, &error);
    assert_done(adapters != NULL, error);
    for (guint i = 0; i < adapters->len; i++) {
        const IovLedgerAdapter *adapter = adapters->pdata[i];

        counted += adapter->functions;
        held -= adapter->held_functions;
    }
    ck_assert_uint_eq(counted, functions);
    ck_assert_uint_eq(held, 0);
}
