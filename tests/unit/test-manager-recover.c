/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A ledger that is lost is made anew from the records that starts leave; one that only cannot be
 * read for now is not taken for lost.
 */
#include "fake-host.h"
#include "fault-vfs.h"
#include "iov-record.h"
#include "manager-support.h"
#include "test-support.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define EFFECTS_LIMIT 200 /* more than any change has */
#define TAKEN_UP "pool fast taken up again: its start left a record"

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
reconcile_list(GPtrArray *domains, GStrv *changes, GError **error)
{
    return iov_manager_reconcile(world.manager, domains, G_MAXINT64, changes, error);
}

static gboolean
reconcile_nobody(GStrv *changes, GError **error)
{
    g_autoptr(GPtrArray) nobody = g_ptr_array_new();

    return reconcile_list(nobody, changes, error);
}

/* With @domain (nullable) running; the lines, joined. A second one has nothing to say. */
static char *
reconcile(IovDomain *domain)
{
    g_autoptr(GPtrArray) domains = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) changes = NULL;
    g_auto(GStrv) again = NULL;

    if (domain != NULL)
        g_ptr_array_add(domains, domain);
    assert_done(reconcile_list(domains, &changes, &error), error);
    assert_done(reconcile_list(domains, &again, &error), error);
    g_autofree char *second = g_strjoinv("\n", again);
    ck_assert_str_eq(second, "");
    return g_strjoinv("\n", changes);
}

static char *
run_path(const char *name)
{
    return g_build_filename(world.root, "run/iovpool", name, NULL);
}

static gboolean
exists(const char *name)
{
    g_autofree char *path = run_path(name);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static gboolean
was_put_aside(void)
{
    return exists("ledger.db.unreadable");
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
scrub(void)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_manager_scrub_pending(world.manager, NULL, &error), error);
}

static void
assert_made_anew(void)
{
    g_autofree char *changes = reconcile(NULL);

    ck_assert_str_eq(changes, "the ledger was unreadable and was put aside\n" TAKEN_UP);
    ck_assert(was_put_aside());
    /* who had them is not known: they are cleaned */
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_SCRUBBING), 4);
    scrub();
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 4);
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

/* ---- rebuilding ---- */

static void
lose_ledger(void)
{
    g_autofree char *path = run_path("ledger.db");

    g_clear_pointer(&world.manager, iov_manager_unref);
    ck_assert_int_eq(g_unlink(path), 0);
    world.manager = iov_manager_new_with_host(world.root, fake_host_reopen(world.host));
}

/* All that the ledger says of pool "fast", but for states. */
static char *
describe_pool(void)
{
    g_autoptr(GError) error = NULL;
    IovLedger *ledger = iov_manager_ledger_to_read(world.manager, &error);

    assert_done(ledger != NULL, error);
    g_autoptr(IovRecord) record = iov_record_from_ledger(ledger, "fast", &error);
    assert_done(record != NULL, error);
    return iov_record_to_xml(record, "any");
}

static void
start_pool(const char *first, const char *second, const char *vfs)
{
    const char *const adapters[] = {first, second, NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) pool = iov_manager_create_pool(world.manager, "fast", adapters, vfs, &error);

    assert_done(pool != NULL, error);
    assert_done(iov_manager_start_pool(world.manager, "fast", NULL, &error), error);
}

/* A pool whose adapters were each another way: the first has VFs, some of them used, the second had
 * its link down and autoprobe off. */
static void
start_odd_pool(void)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_host_set_num_vfs(world.host, "0000:01:00.0", 3, &error), error);
    assert_done(iov_host_unbind(world.host, "0000:01:10.4", &error), error);
    fake_host_set_netdev_up(world.host, "enp1s0v1", TRUE);
    fake_host_set_factory_mac(world.host, "0000:01:10.0", "02:00:00:00:00:01");
    fake_host_set_netdev_up(world.host, "enp2s0", FALSE);
    assert_done(iov_host_set_autoprobe(world.host, "0000:02:00.0", FALSE, &error), error);
    start_pool("enp1s0", "enp2s0", "3");
}

static void
assert_driver(const char *function, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *driver = iov_host_get_driver(world.host, function, &error);

    assert_done(driver != NULL, error);
    ck_assert_str_eq(driver, expected);
}

static void
assert_odd_pool_is_given_back(void)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_manager_destroy_pool(world.manager, "fast", &error), error);
    assert_driver("0000:01:10.0", "igbvf");
    assert_driver("0000:01:10.2", "igbvf");
    assert_driver("0000:01:10.4", "");
    g_autoptr(IovAdapter) second = iov_host_get_adapter(world.host, "0000:02:00.0", &error);
    assert_done(second != NULL, error);
    ck_assert_uint_eq(second->num_vfs, 0);
    ck_assert(!second->autoprobe);
    ck_assert_int_eq(second->link, IOV_LINK_DOWN);
    ck_assert(!exists("pools/fast.xml"));
}

START_TEST(a_pool_that_took_up_vfs_is_rebuilt_exactly)
{
    g_autofree char *before = NULL, *after = NULL;

    start_odd_pool();
    before = describe_pool();
    ck_assert_ptr_nonnull(strstr(before, "driver=\"igbvf\" mac=\"02:00:00:00:00:01\""));
    lose_ledger();
    g_autofree char *changes = reconcile(NULL);
    ck_assert_str_eq(changes, TAKEN_UP);
    after = describe_pool();
    ck_assert_str_eq(after, before);
    g_autofree char *used = world_function(&world, "0000:01:10.2");
    ck_assert_str_eq(used, "foreign");
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_SCRUBBING), 5);
    scrub();
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 5);
    fake_host_set_netdev_up(world.host, "enp1s0v1", FALSE);
    assert_odd_pool_is_given_back();
}
END_TEST

START_TEST(leases_on_vfs_that_were_taken_up_are_not_lost)
{
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");

    start_odd_pool();
    world_run_lifted(&world, vm1);
    g_autofree char *function = world_held_by(&world, vm1);
    g_autofree char *device = world_hostdev(function, "ua-iov-net0-vf");
    g_autoptr(IovDomain) live = world_domain("vm1", "", device);
    lose_ledger();
    g_autofree char *changes = reconcile(live);
    ck_assert_ptr_nonnull(strstr(changes, TAKEN_UP));
    g_autofree char *state = world_function(&world, function);
    ck_assert_str_eq(state, "active vm1 net0");
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_SCRUBBING), 4);
}
END_TEST

/* It works by what it was started with, not by what was saved since. */
START_TEST(a_pool_keeps_its_live_definition)
{
    static const char edited[] = "<iovpool><name>fast</name><adapters>"
                                 "<adapter netdev='enp1s0' vfs='5'/></adapters></iovpool>";
    g_autoptr(GError) error = NULL;
    g_autofree char *before = NULL, *after = NULL;

    world_start_pool(&world, "2");
    before = describe_pool();
    g_autoptr(IovPool) pool =
        iov_manager_define_pool(world.manager, edited, strlen(edited), "edited", &error);
    assert_done(pool != NULL, error);
    lose_ledger();
    g_autofree char *changes = reconcile(NULL);
    ck_assert_str_eq(changes, TAKEN_UP);
    after = describe_pool();
    ck_assert_str_eq(after, before);
}
END_TEST

/* QEMU may have it for a domain that cannot be read, or that is none of libvirt's. */
START_TEST(a_held_function_of_nobody_is_foreign)
{
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");

    world_start_pool(&world, "2");
    world_run_lifted(&world, vm1);
    g_autofree char *function = world_held_by(&world, vm1);
    lose_ledger();
    g_free(reconcile(NULL));
    g_autofree char *state = world_function(&world, function);
    ck_assert_str_eq(state, "foreign");
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_SCRUBBING), 3);
    /* and its own again when it can be read */
    g_autofree char *device = world_hostdev(function, "ua-iov-net0-vf");
    g_autoptr(IovDomain) live = world_domain("vm1", "", device);
    g_free(reconcile(live));
    g_autofree char *later = world_function(&world, function);
    ck_assert_str_eq(later, "active vm1 net0");
}
END_TEST

START_TEST(a_record_of_another_boot_counts_for_nothing)
{
    g_autoptr(GError) error = NULL;

    world_start_pool(&world, "2");
    fake_host_reboot(world.host, "22222222-2222-4222-8222-222222222222");
    lose_ledger();
    g_autofree char *changes = reconcile(NULL);
    ck_assert_str_eq(changes, "");
    ck_assert(!exists("pools/fast.xml"));
    assert_done(iov_manager_start_pool(world.manager, "fast", NULL, &error), error);
    g_autoptr(IovRecord) record = iov_record_load(
        world.manager->run_dir, "22222222-2222-4222-8222-222222222222", "fast", &error);
    assert_done(record != NULL, error);
}
END_TEST

/* A ledger that is made for one pool would be the truth about all. */
START_TEST(nothing_is_started_while_records_wait)
{
    static const char *const others[] = {"0000:03:00.0", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) other = NULL;

    world_start_pool(&world, "2");
    other = iov_manager_create_pool(world.manager, "other", others, "1", &error);
    assert_done(other != NULL, error);
    lose_ledger();
    assert_fails(iov_manager_start_pool(world.manager, "fast", NULL, &error), error,
                 IOV_ERROR_CORRUPT, "pool 'fast' was started: run `iovpool reconcile` first");
    assert_fails(iov_manager_start_pool(world.manager, "other", NULL, &error), error,
                 IOV_ERROR_CORRUPT, "pool 'fast' was started: run `iovpool reconcile` first");
    ck_assert(!exists("ledger.db"));
    g_free(reconcile(NULL));
    assert_done(iov_manager_start_pool(world.manager, "other", NULL, &error), error);
    ck_assert(exists("pools/other.xml"));
}
END_TEST

/* Its ledger is full, so the start does nothing; nor does it leave a word that it did. */
START_TEST(a_start_that_cannot_be_entered_leaves_no_record)
{
    static const char *const adapters[] = {"enp1s0", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) pool = iov_manager_create_pool(world.manager, "fast", adapters, "2", &error);
    guint refused = 0;
    gboolean done = FALSE;

    assert_done(pool != NULL, error);
    for (guint at = 1; at < EFFECTS_LIMIT && !done; at++) {
        g_autoptr(GError) refusal = NULL;

        fault_vfs_arm(FAULT_IO, at);
        done = iov_manager_start_pool(world.manager, "fast", NULL, &refusal);
        fault_vfs_arm(FAULT_IO, 0);
        ck_assert(done || !exists("pools/fast.xml"));
        refused += done ? 0 : 1;
    }
    ck_assert(done && exists("pools/fast.xml"));
    ck_assert_uint_gt(refused, 5);
}
END_TEST

static void
write_record(const char *name, const char *text)
{
    g_autofree char *path = run_path(name);

    ck_assert(g_file_set_contents(path, text, -1, NULL));
    ck_assert_int_eq(g_chmod(path, 0600), 0);
}

/* Without it the pool is known by what its start left on the host. */
START_TEST(a_record_that_cannot_be_read_is_said_and_replaced)
{
    world_start_pool(&world, "2");
    write_record("pools/fast.xml", "<started/>");
    lose_ledger();
    g_autofree char *changes = reconcile(NULL);
    ck_assert_ptr_nonnull(strstr(changes, "pool fast: its record cannot be used: "));
    ck_assert_ptr_nonnull(strstr(changes, "<started> lacks the attribute 'boot'"));
    ck_assert_ptr_nonnull(strstr(changes, "pool fast taken up again: its VFs stand"));
    lose_ledger();
    g_autofree char *again = reconcile(NULL);
    ck_assert_str_eq(again, TAKEN_UP);
}
END_TEST

START_TEST(two_records_do_not_share_a_device)
{
    g_autofree char *path = run_path("pools/fast.xml");
    g_autofree char *text = NULL;
    g_auto(GStrv) parts = NULL;

    world_start_pool(&world, "2");
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    parts = g_strsplit(text, "<name>fast<", 2);
    g_autofree char *forged = g_strjoinv("<name>forged<", parts);
    write_record("pools/forged.xml", forged);
    lose_ledger();
    g_autofree char *changes = reconcile(NULL);
    ck_assert_str_eq(changes, TAKEN_UP "\npool forged passed over: another pool has its adapters");
    ck_assert(!exists("pools/forged.xml"));
}
END_TEST

START_TEST(a_sound_ledger_keeps_its_records)
{
    g_autofree char *path = run_path("pools/fast.xml");
    g_autofree char *before = NULL, *after = NULL;

    world_start_pool(&world, "2");
    ck_assert(g_file_get_contents(path, &before, NULL, NULL));
    ck_assert_int_eq(g_unlink(path), 0);
    write_record("pools/stale.xml", before);
    g_autofree char *changes = reconcile(NULL);
    ck_assert_str_eq(changes, "");
    ck_assert(g_file_get_contents(path, &after, NULL, NULL));
    ck_assert_str_eq(after, before);
    ck_assert(!exists("pools/stale.xml"));
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
    tcase_add_test(tests, a_pool_that_took_up_vfs_is_rebuilt_exactly);
    tcase_add_test(tests, leases_on_vfs_that_were_taken_up_are_not_lost);
    tcase_add_test(tests, a_pool_keeps_its_live_definition);
    tcase_add_test(tests, a_held_function_of_nobody_is_foreign);
    tcase_add_test(tests, a_record_of_another_boot_counts_for_nothing);
    tcase_add_test(tests, nothing_is_started_while_records_wait);
    tcase_add_test(tests, a_start_that_cannot_be_entered_leaves_no_record);
    tcase_add_test(tests, a_record_that_cannot_be_read_is_said_and_replaced);
    tcase_add_test(tests, two_records_do_not_share_a_device);
    tcase_add_test(tests, a_sound_ledger_keeps_its_records);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
