/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several processes at one ledger: they share it out exactly, and one that is killed harms none. */
#include "ledger-support.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN 8
#define ADAPTERS 4
#define PER_ADAPTER 16
#define KILLS 60
#define MAKES 40

typedef struct {
    char function[24];
    guint64 generation;
} Grant;

static void
must(gboolean done)
{
    if (!done)
        _exit(EXIT_FAILURE);
}

/* Leases one function; FALSE where none is free. */
static gboolean
take_one(IovLedger *ledger, const char *uuid, const char *request, Grant *grant)
{
    gboolean taken = FALSE;

    must(iov_ledger_begin(ledger, NULL));
    for (guint adapter = 1; adapter <= ADAPTERS && !taken; adapter++) {
        g_autoptr(IovLease) free = iov_ledger_first_free(ledger, pf(adapter), NULL);

        if (free == NULL)
            continue;
        g_strlcpy(grant->function, free->function, sizeof(grant->function));
        must(iov_ledger_lease(ledger, free->function, uuid, uuid, request, 1, 2, &grant->generation,
                              NULL));
        taken = TRUE;
    }
    must(iov_ledger_commit(ledger, NULL));
    return taken;
}

static void
take_until_exhausted(guint child, int output)
{
    g_autofree char *uuid = g_strdup_printf("child-%u", child);
    IovLedger *ledger = iov_ledger_open(run_dir, BOOT, IOV_LEDGER_WRITE, NULL);

    must(ledger != NULL);
    for (guint i = 0;; i++) {
        g_autofree char *request = g_strdup_printf("net%u", i);
        Grant grant = {.generation = 0};

        if (!take_one(ledger, uuid, request, &grant))
            break;
        must(write(output, &grant, sizeof(grant)) == sizeof(grant)); /* PIPE_BUF: atomic */
    }
    iov_ledger_close(ledger);
    _exit(EXIT_SUCCESS);
}

static void
fill_ledger(void)
{
    g_autoptr(IovLedger) ledger = open_ledger(IOV_LEDGER_CREATE);

    begin(ledger);
    fill(ledger, "fast", 1, ADAPTERS, PER_ADAPTER);
    commit(ledger);
}

START_TEST(eight_processes_share_it_out_exactly)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    pid_t children[CHILDREN];
    int pipes[2], status;
    Grant grant;
    guint granted = 0;

    fill_ledger();
    ck_assert_int_eq(pipe(pipes), 0);
    for (guint i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0)
            take_until_exhausted(i, pipes[1]);
    }
    close(pipes[1]);
    while (read(pipes[0], &grant, sizeof(grant)) == sizeof(grant)) {
        ck_assert(g_hash_table_add(seen, g_strdup(grant.function)));
        ck_assert(g_hash_table_add(seen, g_strdup_printf("%" G_GUINT64_FORMAT, grant.generation)));
        granted++;
    }
    close(pipes[0]);
    for (guint i = 0; i < CHILDREN; i++) {
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_uint_eq(granted, ADAPTERS * PER_ADAPTER);
    g_autoptr(IovLedger) ledger = open_ledger(IOV_LEDGER_READ);
    assert_consistent(ledger, ADAPTERS * PER_ADAPTER);
    g_autoptr(IovLease) none = iov_ledger_first_free(ledger, pf(1), NULL);
    ck_assert_ptr_null(none);
}
END_TEST

/* Half of the children make the ledger, half read it, all at the same moment. */
static void
make_or_read(guint child, int start)
{
    g_autofree char *pool = g_strdup_printf("pool%u", child);
    g_autoptr(GError) error = NULL;
    IovLedger *ledger;
    char byte;

    must(read(start, &byte, 1) == 0);
    ledger = iov_ledger_open(run_dir, BOOT, child % 2 == 0 ? IOV_LEDGER_CREATE : IOV_LEDGER_READ,
                             &error);
    must(child % 2 == 0 ? ledger != NULL && iov_ledger_begin(ledger, NULL) &&
                              iov_ledger_add_pool(ledger, pool, "<iovpool/>", 1, NULL) &&
                              iov_ledger_commit(ledger, NULL)
                        : ledger != NULL || g_error_matches(error, IOV_ERROR, IOV_ERROR_NOT_FOUND));
    _exit(EXIT_SUCCESS);
}

static void
make_at_the_same_moment(void)
{
    pid_t children[CHILDREN];
    int start[2], status;

    ck_assert_int_eq(pipe(start), 0);
    for (guint i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0) {
            close(start[1]);
            make_or_read(i, start[0]);
        }
    }
    close(start[1]);
    close(start[0]);
    for (guint i = 0; i < CHILDREN; i++) {
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 0);
    }
}

START_TEST(eight_processes_make_one_ledger)
{
    for (guint round = 0; round < MAKES; round++) {
        make_at_the_same_moment();
        g_autoptr(IovLedger) ledger = open_ledger(IOV_LEDGER_READ);
        g_auto(GStrv) pools = iov_ledger_list_pools(ledger, NULL);
        ck_assert_uint_eq(g_strv_length(pools), CHILDREN / 2);
        ck_assert(iov_ledger_put_aside(run_dir, NULL));
    }
}
END_TEST

static void
tell(int output)
{
    must(write(output, "", 1) == 1);
}

/* Leases all functions of an adapter in one change and gives them back in the next, for ever; a
 * byte into @output at each step. */
static void
work_for_ever(int output)
{
    guint64 generations[PER_ADAPTER];
    IovLedger *ledger = iov_ledger_open(run_dir, BOOT, IOV_LEDGER_WRITE, NULL);

    must(ledger != NULL);
    for (;;) {
        must(iov_ledger_begin(ledger, NULL));
        for (guint i = 0; i < PER_ADAPTER; i++) {
            g_autofree char *request = g_strdup_printf("net%u", i);

            must(iov_ledger_lease(ledger, vf(1, i), VM1, "vm1", request, 1, 2, &generations[i],
                                  NULL));
            tell(output);
        }
        must(iov_ledger_commit(ledger, NULL));
        tell(output);
        must(iov_ledger_begin(ledger, NULL));
        for (guint i = 0; i < PER_ADAPTER; i++) {
            must(iov_ledger_move(ledger, vf(1, i), generations[i], IOV_LEASE_FREE, NULL, 1, NULL));
            tell(output);
        }
        must(iov_ledger_commit(ledger, NULL));
        tell(output);
    }
}

static void
kill_after_steps(guint steps)
{
    int pipes[2], status;
    char byte;

    ck_assert_int_eq(pipe(pipes), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        work_for_ever(pipes[1]);
    close(pipes[1]);
    for (guint i = 0; i < steps; i++)
        ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    close(pipes[0]);
}

static void
give_back_all(IovLedger *ledger)
{
    g_autoptr(GPtrArray) leases = iov_ledger_list_leases(ledger, VM1, NULL);

    ck_assert(leases->len == 0 || leases->len == PER_ADAPTER); /* all of a change, or nothing */
    for (guint i = 0; i < leases->len; i++) {
        const IovLease *held = leases->pdata[i];

        move(ledger, held->function, held->generation, IOV_LEASE_FREE);
    }
}

START_TEST(a_killed_process_leaves_a_whole_ledger)
{
    g_autoptr(GRand) random = test_random("a_killed_process_leaves_a_whole_ledger");

    fill_ledger();
    for (guint i = 0; i < KILLS; i++) {
        kill_after_steps((guint)g_rand_int_range(random, 1, 4 * PER_ADAPTER));
        g_autoptr(IovLedger) reader = open_ledger(IOV_LEDGER_READ);
        assert_consistent(reader, ADAPTERS * PER_ADAPTER);
        g_autoptr(IovLedger) writer = open_ledger(IOV_LEDGER_WRITE);
        begin(writer);
        give_back_all(writer);
        commit(writer);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("ledger-processes");
    TCase *tests = tcase_create("ledger-processes");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, make_run_dir, remove_run_dir);
    tcase_add_test(tests, eight_processes_share_it_out_exactly);
    tcase_add_test(tests, eight_processes_make_one_ledger);
    tcase_add_test(tests, a_killed_process_leaves_a_whole_ledger);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
