/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each effect of a change in turn fails or kills the process: afterwards all of the change is there
 * or nothing, and the ledger works on.
 */
#include "fault-vfs.h"
#include "ledger-support.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define EFFECTS_LIMIT 200 /* more than any scenario has */

static gboolean
put_status(IovLedger *ledger, const char *request, GError **error)
{
    g_autoptr(IovStatus) status = iov_status_new();

    status->domain_uuid = g_strdup(VM1);
    status->domain_name = g_strdup("vm1");
    status->request = g_strdup(request);
    status->pool = g_strdup("fast");
    status->request_xml = g_strnfill(5000, 'x'); /* more than a page: the file grows */
    return iov_ledger_put_status(ledger, status, error);
}

/* One change of many rows: two leases, one of them moved on, and their requests. */
static gboolean
change(IovLedger *ledger, GError **error)
{
    guint64 first, second;

    if (!iov_ledger_begin(ledger, error))
        return FALSE;
    if (iov_ledger_lease(ledger, vf(1, 0), VM1, "vm1", "net0", 1, 9, &first, error) &&
        iov_ledger_lease(ledger, vf(2, 0), VM1, "vm1", "net1", 1, 9, &second, error) &&
        iov_ledger_move(ledger, vf(2, 0), second, IOV_LEASE_ATTACHING, NULL, 2, error) &&
        put_status(ledger, "net0", error) && put_status(ledger, "net1", error))
        return iov_ledger_commit(ledger, error);
    iov_ledger_rollback(ledger);
    return FALSE;
}

/* TRUE where all of change() is there; nothing of it is the other possibility. */
static gboolean
is_changed(IovLedger *ledger)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) leases = iov_ledger_list_leases(ledger, VM1, &error);
    g_autoptr(GPtrArray) statuses = iov_ledger_list_status(ledger, VM1, &error);

    assert_done(leases != NULL && statuses != NULL, error);
    assert_consistent(ledger, 8);
    ck_assert_uint_eq(leases->len, statuses->len);
    ck_assert(leases->len == 0 || leases->len == 2);
    for (guint i = 0; i < leases->len; i++)
        ck_assert_uint_eq(((IovLease *)leases->pdata[i])->state,
                          i == 0 ? IOV_LEASE_RESERVED : IOV_LEASE_ATTACHING);
    return leases->len == 2;
}

static void
undo_change(IovLedger *ledger)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) leases = iov_ledger_list_leases(ledger, VM1, &error);

    begin(ledger);
    for (guint i = 0; i < leases->len; i++) {
        const IovLease *held = leases->pdata[i];

        move(ledger, held->function, held->generation, IOV_LEASE_SCRUBBING);
        move(ledger, held->function, held->generation, IOV_LEASE_FREE);
        assert_done(iov_ledger_remove_status(ledger, VM1, held->request, &error), error);
    }
    commit(ledger);
}

/* Runs @scenario in a child that dies at effect @at; FALSE where it ended before that. */
static gboolean
dies_at(FaultKind kind, guint at, void (*scenario)(void))
{
    int status;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        fault_vfs_install();
        fault_vfs_arm(kind, at);
        scenario();
        _exit(EXIT_SUCCESS);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        ck_assert_int_eq(WTERMSIG(status), SIGKILL);
        return TRUE;
    }
    ck_assert_int_eq(WEXITSTATUS(status), EXIT_SUCCESS);
    return FALSE;
}

static void
change_in_child(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLedger) ledger = iov_ledger_open(run_dir, BOOT, IOV_LEDGER_WRITE, &error);

    if (ledger == NULL || !change(ledger, &error))
        _exit(EXIT_FAILURE);
}

static void
sweep_deaths_of_a_change(FaultKind kind)
{
    guint unchanged = 0, changed = 0;

    iov_ledger_close(open_filled());
    for (guint at = 1; at < EFFECTS_LIMIT && dies_at(kind, at, change_in_child); at++) {
        g_autoptr(IovLedger) reader = open_ledger(IOV_LEDGER_READ); /* rolls the journal back */

        if (is_changed(reader))
            changed++;
        else
            unchanged++;
        g_autoptr(IovLedger) writer = open_ledger(IOV_LEDGER_WRITE);
        undo_change(writer);
    }
    ck_assert_uint_ge(unchanged, 5);
    ck_assert_uint_le(changed, 1); /* the commit is one instant, near the end */
    g_autoptr(IovLedger) reader = open_ledger(IOV_LEDGER_READ);
    ck_assert(is_changed(reader));
}

START_TEST(death_at_any_effect_changes_all_or_nothing)
{
    sweep_deaths_of_a_change(FAULT_DIE);
}
END_TEST

START_TEST(a_torn_write_changes_all_or_nothing)
{
    iov_ledger_close(open_filled());
    for (guint at = 1; at < EFFECTS_LIMIT; at++) {
        gboolean died = dies_at(FAULT_DIE_TORN, at, change_in_child);
        g_autoptr(IovLedger) writer = open_ledger(IOV_LEDGER_WRITE);

        /* an effect that is no write cannot be torn: the change is done, and the sweep goes on */
        if (died)
            ck_assert(!is_changed(writer));
        else
            ck_assert(is_changed(writer));
        undo_change(writer);
    }
}
END_TEST

static void
create_in_child(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLedger) ledger = iov_ledger_open(run_dir, BOOT, IOV_LEDGER_CREATE, &error);

    if (ledger == NULL)
        _exit(EXIT_FAILURE);
    begin(ledger);
    fill(ledger, "fast", 1, 2, 4);
    commit(ledger);
}

START_TEST(death_while_it_is_made_leaves_none_or_one)
{
    guint died = 0;

    for (guint at = 1; at < EFFECTS_LIMIT && dies_at(FAULT_DIE, at, create_in_child); at++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(IovLedger) ledger = open_ledger(IOV_LEDGER_CREATE);
        g_auto(GStrv) pools = iov_ledger_list_pools(ledger, &error);

        assert_done(pools != NULL, error);
        assert_consistent(ledger, pools[0] != NULL ? 8 : 0);
        assert_done(iov_ledger_put_aside(run_dir, &error), error);
        died++;
    }
    ck_assert_uint_ge(died, 10);
}
END_TEST

/* The same handle goes on after the failure, without being opened again. */
static void
sweep_failures_of_a_change(FaultKind kind, const char *text)
{
    g_autoptr(IovLedger) ledger = NULL;
    guint failed = 0;

    fault_vfs_install();
    ledger = open_filled();
    for (guint at = 1; at < EFFECTS_LIMIT; at++) {
        g_autoptr(GError) error = NULL;

        fault_vfs_arm(kind, at);
        gboolean done = change(ledger, &error);
        fault_vfs_arm(kind, 0);
        ck_assert_int_eq(done, is_changed(ledger));
        if (done) {
            undo_change(ledger);
            continue;
        }
        assert_fails(done, error, IOV_ERROR_LEDGER, text);
        failed++;
    }
    ck_assert_uint_ge(failed, 3);
    assert_consistent(ledger, 8);
}

START_TEST(a_full_file_system_changes_nothing)
{
    sweep_failures_of_a_change(FAULT_FULL, "no space is left on its file system; make room");
}
END_TEST

START_TEST(a_failed_write_changes_nothing)
{
    sweep_failures_of_a_change(FAULT_IO, "disk I/O error");
}
END_TEST

/* SQLite gives the transaction up by itself; what follows must not be committed alone. */
START_TEST(nothing_follows_a_change_that_failed)
{
    g_autoptr(GError) error = NULL;
    guint64 generation = 0;
    guint at = 0;
    gboolean done = TRUE;

    fault_vfs_install();
    g_autoptr(IovLedger) ledger = open_filled();
    begin(ledger);
    while (done && ++at < EFFECTS_LIMIT) {
        g_autofree char *large = g_strnfill(900 * 1024, 'x');
        g_autofree char *name = g_strdup_printf("pool%u", at);

        fault_vfs_arm(FAULT_FULL, 1);
        done = iov_ledger_add_pool(ledger, name, large, 1, &error);
    }
    fault_vfs_arm(FAULT_FULL, 0);
    assert_fails(done, error, IOV_ERROR_LEDGER, "no space is left");
    assert_fails(iov_ledger_lease(ledger, vf(1, 0), VM1, "vm1", "net0", 1, 2, &generation, &error),
                 error, IOV_ERROR_LEDGER, "no change is open, or it failed before");
    assert_fails(iov_ledger_commit(ledger, &error), error, IOV_ERROR_LEDGER,
                 "no change is open, or it failed before");
    g_autoptr(IovLease) free = get(ledger, vf(1, 0));
    ck_assert_uint_eq(free->state, IOV_LEASE_FREE);
    begin(ledger);
    lease(ledger, vf(1, 0), VM1, "net0");
    commit(ledger);
    assert_consistent(ledger, 8);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("ledger-faults");
    TCase *tests = tcase_create("ledger-faults");

    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, make_run_dir, remove_run_dir);
    tcase_add_test(tests, death_at_any_effect_changes_all_or_nothing);
    tcase_add_test(tests, a_torn_write_changes_all_or_nothing);
    tcase_add_test(tests, death_while_it_is_made_leaves_none_or_one);
    tcase_add_test(tests, a_full_file_system_changes_nothing);
    tcase_add_test(tests, a_failed_write_changes_nothing);
    tcase_add_test(tests, nothing_follows_a_change_that_failed);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
