/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the hook pays: opening a ledger and leasing four functions of it, in a ledger of 16 to
 * 16,384 functions. The time must not depend on their number. The ledger lies on a tmpfs, as it
 * does on a host, where there is one.
 */
#include "iov-ledger.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>

#define BOOT "bench"
#define PER_ADAPTER 64
#define LEASES 4
#define ROUNDS 301

static void
need(gboolean done, GError *error)
{
    if (done)
        return;
    fprintf(stderr, "bench-ledger: %s\n", error != NULL ? error->message : "failed");
    exit(EXIT_FAILURE);
}

static char *
address_of(guint adapter, guint device)
{
    return g_strdup_printf("%04x:%02x:%02x.%x", adapter / 256, adapter % 256, device / 8,
                           device % 8);
}

static void
add_adapter(IovLedger *ledger, guint number, guint functions)
{
    g_autofree char *address = address_of(number, 0);
    IovLedgerAdapter adapter = {.address = address, .pool = (char *)"fast", .usable = TRUE};
    GError *error = NULL;

    need(iov_ledger_add_adapter(ledger, &adapter, &error), error);
    for (guint i = 0; i < functions; i++) {
        g_autoptr(IovLease) function = iov_lease_new();

        function->function = address_of(number, i + 1);
        function->adapter = g_strdup(address);
        function->pool = g_strdup("fast");
        function->index = i;
        need(iov_ledger_add_function(ledger, function, &error), error);
    }
}

/* Half of the functions are leased already: the free ones are not all in front. */
static void
lease_half(IovLedger *ledger, guint adapters, guint per_adapter)
{
    GError *error = NULL;
    guint64 generation;

    for (guint i = 0; i < adapters; i++) {
        for (guint j = 0; j < per_adapter / 2; j++) {
            g_autofree char *address = address_of(i, j + 1);
            g_autofree char *uuid = g_uuid_string_random();

            need(iov_ledger_lease(ledger, address, uuid, "vm", "net0", 1, 2, &generation, &error),
                 error);
            need(iov_ledger_move(ledger, address, generation, IOV_LEASE_ACTIVE, NULL, 1, &error),
                 error);
        }
    }
}

static gint64
fill(const char *run_dir, guint functions)
{
    guint per_adapter = MIN(functions, PER_ADAPTER);
    gint64 start = g_get_monotonic_time();
    GError *error = NULL;
    g_autoptr(IovLedger) ledger = iov_ledger_open(run_dir, BOOT, IOV_LEDGER_CREATE, &error);

    need(ledger != NULL && iov_ledger_begin(ledger, &error), error);
    need(iov_ledger_add_pool(ledger, "fast", "<iovpool/>", 1, &error), error);
    for (guint i = 0; i < functions / per_adapter; i++)
        add_adapter(ledger, i, per_adapter);
    need(iov_ledger_commit(ledger, &error), error);
    gint64 filled = g_get_monotonic_time() - start;
    need(iov_ledger_begin(ledger, &error), error);
    lease_half(ledger, functions / per_adapter, per_adapter);
    need(iov_ledger_commit(ledger, &error), error);
    return filled;
}

static void
lease_four(IovLedger *ledger, const char *adapter, char **functions, guint64 *generations)
{
    GError *error = NULL;

    need(iov_ledger_begin(ledger, &error), error);
    for (guint i = 0; i < LEASES; i++) {
        g_autoptr(IovLease) free = iov_ledger_first_free(ledger, adapter, &error);
        char request[] = {'n', 'e', 't', (char)('0' + i), '\0'};

        need(free != NULL, error);
        functions[i] = g_strdup(free->function);
        need(iov_ledger_lease(ledger, functions[i], "vm", "vm", request, 1, 2, &generations[i],
                              &error),
             error);
    }
    need(iov_ledger_commit(ledger, &error), error);
}

static void
give_back(const char *run_dir, char **functions, const guint64 *generations)
{
    GError *error = NULL;
    g_autoptr(IovLedger) ledger = iov_ledger_open(run_dir, BOOT, IOV_LEDGER_WRITE, &error);

    need(ledger != NULL && iov_ledger_begin(ledger, &error), error);
    for (guint i = 0; i < LEASES; i++) {
        need(iov_ledger_move(ledger, functions[i], generations[i], IOV_LEASE_FREE, NULL, 1, &error),
             error);
        g_free(functions[i]);
    }
    need(iov_ledger_commit(ledger, &error), error);
}

static int
compare_times(const void *a, const void *b)
{
    gint64 first = *(const gint64 *)a, second = *(const gint64 *)b;

    return (first > second) - (first < second);
}

static gint64
median(gint64 *times)
{
    qsort(times, ROUNDS, sizeof(times[0]), compare_times);
    return times[ROUNDS / 2];
}

/* One ledger and what was measured on it, in microseconds. */
typedef struct {
    guint functions;
    char *run_dir, *adapter; /* the adapter is the last */
    gint64 filled, opened[ROUNDS], total[ROUNDS];
} Sample;

static void
measure(Sample *sample, guint round)
{
    char *leased[LEASES];
    guint64 generations[LEASES];
    GError *error = NULL;
    gint64 start = g_get_monotonic_time();
    IovLedger *ledger = iov_ledger_open(sample->run_dir, BOOT, IOV_LEDGER_WRITE, &error);

    need(ledger != NULL, error);
    sample->opened[round] = g_get_monotonic_time() - start;
    lease_four(ledger, sample->adapter, leased, generations);
    iov_ledger_close(ledger);
    sample->total[round] = g_get_monotonic_time() - start;
    give_back(sample->run_dir, leased, generations);
}

static void
print_sample(Sample *sample, gint64 reference)
{
    gint64 total = median(sample->total);

    printf("%6u functions: open %4" G_GINT64_FORMAT " us; open and lease four %4" G_GINT64_FORMAT
           " us, %.2f times that of 16; filled in %3" G_GINT64_FORMAT " ms\n",
           sample->functions, median(sample->opened), total, (double)total / (double)reference,
           sample->filled / 1000);
}

static void
remove_sample(Sample *sample)
{
    static const char *const names[] = {"ledger.db", "ledger.db-journal", "ledger.lock", ""};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(sample->run_dir, names[i], NULL);

        g_remove(path);
    }
    g_free(sample->run_dir);
    g_free(sample->adapter);
}

static const guint sizes[] = {16, 256, 4096, 16384};
static Sample samples[G_N_ELEMENTS(sizes)];

int
main(void)
{
    const char *parent = g_file_test("/dev/shm", G_FILE_TEST_IS_DIR) ? "/dev/shm" : g_get_tmp_dir();
    g_autofree char *base = g_build_filename(parent, "iov-bench-XXXXXX", NULL);

    if (g_mkdtemp(base) == NULL) {
        perror("bench-ledger: cannot make a directory");
        return EXIT_FAILURE;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        samples[i].functions = sizes[i];
        samples[i].run_dir = g_strdup_printf("%s/%u", base, sizes[i]);
        samples[i].adapter = address_of(sizes[i] / MIN(sizes[i], PER_ADAPTER) - 1, 0);
        samples[i].filled = fill(samples[i].run_dir, sizes[i]);
    }
    /* In turns, so that a busy moment of the machine falls on all sizes. */
    for (guint round = 0; round < ROUNDS; round++)
        for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++)
            measure(&samples[i], round);
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        print_sample(&samples[i], median(samples[0].total));
        remove_sample(&samples[i]);
    }
    g_rmdir(base);
    return EXIT_SUCCESS;
}
