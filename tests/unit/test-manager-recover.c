/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A ledger that is lost is made anew; one that only cannot be read for now is not taken for lost.
 */
#include "fake-host.h"
#include "fault-vfs.h"
#include "manager-support.h"
#include "test-support.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define EFFECTS_LIMIT 200 /* more than any change has */

static World world;

static void
set_up(void)
{
    fault_vfs_install();
    world_set_up(&world);
}

static void
tear_down(void)
{
    world_tear_down(&world);
}

static gboolean
reconcile_nobody(GStrv *changes, GError **error)
{
    g_autoptr(GPtrArray) nobody = g_ptr_array_new();

    return iov_manager_reconcile(world.manager, nobody, G_MAXINT64, changes, error);
}

static char *
run_path(const char *name)
{
    return g_build_filename(world.root, "run/iovpool", name, NULL);
}

static gboolean
was_put_aside(void)
{
    g_autofree char *aside = run_path("ledger.db.unreadable");

    return g_file_test(aside, G_FILE_TEST_EXISTS);
}

/* A domain is admitted by a process that is killed at effect @at. FALSE where it ended before. */
static gboolean
admit_and_die(guint at)
{
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    int status;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        fault_vfs_arm(FAULT_DIE, at);
        _exit(iov_manager_prepare(world.manager, vm1, NULL) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == EXIT_SUCCESS);
    return WIFSIGNALED(status);
}

static void
reconcile_without_space(guint *refused)
{
    g_autoptr(GError) error = NULL;

    world_reopen(&world);
    fault_vfs_arm(FAULT_NO_SPACE, 1);
    gboolean done = reconcile_nobody(NULL, &error);
    fault_vfs_arm(FAULT_NO_SPACE, 0);
    ck_assert(!was_put_aside());
    if (done)
        return;
    assert_fails(done, error, IOV_ERROR_LEDGER, "no space is left");
    (*refused)++;
}

/* What a killed writer left must be rolled back by the first who reads, and that needs space. */
START_TEST(a_full_file_system_loses_no_ledger)
{
    guint refused = 0;

    world_start_pool(&world, "2");
    g_clear_pointer(&world.manager, iov_manager_unref);
    world.manager = iov_manager_new_with_host(world.root, fake_host_reopen(world.host));
    for (guint at = 1; at < EFFECTS_LIMIT && admit_and_die(at); at++) {
        reconcile_without_space(&refused);
        world_reopen(&world);
        ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 4);
    }
    ck_assert_uint_gt(refused, 0);
}
END_TEST

static void
write_ledger(const char *bytes, gssize length)
{
    g_autofree char *path = run_path("ledger.db");

    g_clear_pointer(&world.manager, iov_manager_unref);
    ck_assert(g_file_set_contents(path, bytes, length, NULL));
    ck_assert_int_eq(g_chmod(path, 0600), 0);
    world.manager = iov_manager_new_with_host(world.root, fake_host_reopen(world.host));
}

static void
assert_made_anew(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) changes = NULL;
    g_auto(GStrv) again = NULL;

    assert_done(reconcile_nobody(&changes, &error), error);
    ck_assert_uint_gt(g_strv_length(changes), 0);
    ck_assert_str_eq(changes[0], "the ledger was unreadable and was put aside");
    ck_assert(was_put_aside());
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 4);
    assert_done(reconcile_nobody(&again, &error), error);
    ck_assert_uint_eq(g_strv_length(again), 0);
}

START_TEST(garbage_is_put_aside)
{
    g_autofree char *noise = g_strnfill(8192, 'Z');

    world_start_pool(&world, "2");
    write_ledger(noise, 8192);
    assert_made_anew();
    write_ledger(noise, 700);
    assert_made_anew();
}
END_TEST

/* Its head is sound, so it opens; what it says of one function cannot be read. */
START_TEST(damage_deep_inside_is_put_aside)
{
    g_autofree char *path = run_path("ledger.db");
    sqlite3 *database = NULL;

    world_start_pool(&world, "2");
    ck_assert_int_eq(sqlite3_open(path, &database), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(database,
                                  "PRAGMA ignore_check_constraints = ON;"
                                  "UPDATE functions SET state = 8 WHERE vf_index = 1",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(database);
    assert_made_anew();
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("manager-recover");
    TCase *tests = tcase_create("recover");

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_full_file_system_loses_no_ledger);
    tcase_add_test(tests, garbage_is_put_aside);
    tcase_add_test(tests, damage_deep_inside_is_put_aside);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
