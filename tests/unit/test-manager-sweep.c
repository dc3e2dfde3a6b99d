/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fault sweep: the life of a pool and a domain is run once to count its effects on the host,
 * and on the ledger's file, then once more for each of them failing, and once more for the process
 * dying there. The pool makes the VFs of one adapter, and takes up those of another. Whatever
 * happened, the next process finds its way back, and does so where the ledger is gone too: no
 * function stays leased, and the host can be given back as it was found.
 */
#include "fake-host.h"
#include "fault-vfs.h"
#include "manager-support.h"
#include "test-support.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define MADE "0000:01:00.0"
#define TAKEN_UP "0000:02:00.0"

static World world;

static void
set_up(void)
{
    g_autoptr(GError) error = NULL;

    world_set_up(&world);
    assert_done(iov_host_set_num_vfs(world.host, TAKEN_UP, 2, &error), error);
    fake_host_clear_journal(world.host);
}

static gboolean
lift(const IovDomain *domain, GError **error)
{
    g_autofree char *xml = NULL;
    g_autofree char *function = NULL;
    guint64 generation = 0;

    if (!iov_manager_lift_begin(world.manager, domain, "net0", &xml, &generation, error))
        return FALSE;
    function = world_held_by(&world, domain);
    return iov_manager_lift_done(world.manager, function, generation, error);
}

/* The whole life, stopping at the first failure. */
static gboolean
live(GError **error)
{
    static const char *const adapters[] = {"enp1s0", "enp2s0", NULL};
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    g_autoptr(IovPool) pool = iov_manager_create_pool(world.manager, "fast", adapters, "2", error);

    return pool != NULL && iov_manager_start_pool(world.manager, "fast", NULL, error) &&
           iov_manager_prepare(world.manager, vm1, error) &&
           iov_manager_started(world.manager, vm1, error) && lift(vm1, error) &&
           iov_manager_release(world.manager, vm1->uuid, error) &&
           iov_manager_scrub_pending(world.manager, NULL, error) &&
           iov_manager_destroy_pool(world.manager, "fast", error);
}

static void
reconcile_twice(void)
{
    g_autoptr(GPtrArray) nobody = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) first = NULL;
    g_auto(GStrv) second = NULL;

    assert_done(iov_manager_reconcile(world.manager, nobody, G_MAXINT64, &first, &error), error);
    assert_done(iov_manager_reconcile(world.manager, nobody, G_MAXINT64, &second, &error), error);
    ck_assert_uint_eq(g_strv_length(second), 0);
}

static void
assert_given_back(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovAdapter) made = iov_host_get_adapter(world.host, MADE, &error);
    g_autoptr(IovAdapter) taken_up = iov_host_get_adapter(world.host, TAKEN_UP, &error);

    assert_done(made != NULL && taken_up != NULL, error);
    ck_assert_uint_eq(made->num_vfs, 0);
    ck_assert(made->autoprobe && taken_up->autoprobe);
    ck_assert_int_eq(made->link, IOV_LINK_UP);
    ck_assert_uint_eq(taken_up->functions->len, 2);
    for (guint i = 0; i < 2; i++)
        ck_assert_pstr_eq(((IovFunction *)taken_up->functions->pdata[i])->driver, "igbvf");
}

static void
lose_ledger(void)
{
    static const char *const names[] = {"ledger.db-journal", "ledger.db"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(world.root, "run/iovpool", names[i], NULL);

        (void)g_unlink(path);
    }
}

/* What the next process does first, on a host that works again; LOST: without a ledger. */
typedef enum { FIRST_DESTROY, FIRST_START, LOST_DESTROY, LOST_START } First;

static void
recover(First first)
{
    g_autoptr(GError) error = NULL;
    gboolean active = FALSE;

    fake_host_clear_journal(world.host);
    if (first >= LOST_DESTROY)
        lose_ledger();
    world_reopen(&world);
    fake_host_advance(world.host, IOV_RESERVATION_TIME + 1);
    reconcile_twice();
    if (first == FIRST_START || first == LOST_START)
        (void)iov_manager_start_pool(world.manager, "fast", NULL, NULL);
    assert_done(iov_manager_pool_is_active(world.manager, "fast", &active, &error), error);
    if (active) {
        assert_done(iov_manager_scrub_pending(world.manager, NULL, &error), error);
        ck_assert_uint_eq(world_count(&world, IOV_LEASE_SCRUBBING), 0);
        ck_assert_uint_eq(world_count(&world, IOV_LEASE_ACTIVE), 0);
        assert_done(iov_manager_destroy_pool(world.manager, "fast", &error), error);
    }
    assert_given_back();
    /* And all of it works from here on. */
    (void)iov_manager_undefine_pool(world.manager, "fast", NULL);
    assert_done(live(&error), error);
}

static guint
count_effects(void)
{
    g_autoptr(GError) error = NULL;
    guint count;

    set_up();
    assert_done(live(&error), error);
    count = fake_host_count_effects(world.host);
    world_tear_down(&world);
    ck_assert_uint_gt(count, 10);
    return count;
}

START_TEST(every_effect_may_fail)
{
    static const int faults[] = {EBUSY, EIO, ENODEV, ENOSPC};
    guint effects = count_effects();

    for (guint k = 1; k <= effects; k++) {
        for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
            g_autoptr(GError) error = NULL;

            set_up();
            fake_host_fail_at(world.host, k, faults[i]);
            (void)live(&error);
            recover((First)i);
            world_tear_down(&world);
        }
    }
}
END_TEST

/* Lives in a child that @arm has made mortal; returns how it ended. */
static int
live_and_die(void (*arm)(guint effect), guint effect)
{
    int status = 0;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        arm(effect);
        (void)live(NULL);
        _exit(EXIT_SUCCESS);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

static void
die_before(guint effect)
{
    fake_host_die_at(world.host, effect, FALSE);
}

static void
die_after(guint effect)
{
    fake_host_die_at(world.host, effect, TRUE);
}

static void
die_at(void (*arm)(guint effect), guint effect, First first)
{
    set_up();
    int status = live_and_die(arm, effect);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), FAKE_HOST_DEATH);
    recover(first);
    world_tear_down(&world);
}

/* The sanitizers make the sweep ten times slower, and look at code that is the same whatever the
 * next process does first: with them it is one of the four at each place where the process dies,
 * not each. */
static gboolean
is_spared(guint k, First first)
{
    return g_strcmp0(g_getenv("IOV_TEST_SANITIZERS"), "yes") == 0 && k % (LOST_START + 1) != first;
}

START_TEST(the_process_may_die_at_every_effect)
{
    guint effects = count_effects();

    for (guint k = 1; k <= effects; k++) {
        if (is_spared(k, (First)_i))
            continue;
        die_at(die_before, k, (First)_i);
        die_at(die_after, k, (First)_i);
    }
}
END_TEST

static gboolean
has_record(void)
{
    g_autofree char *path = g_build_filename(world.root, "run/iovpool/pools/fast.xml", NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void
die_at_write(guint effect)
{
    fault_vfs_install();
    fault_vfs_arm(FAULT_DIE, effect);
}

/* Between two changes of the ledger, of a record or of the host lies a write of the ledger. */
START_TEST(the_process_may_die_at_every_write)
{
    gboolean alive = FALSE;
    guint k;

    for (k = 1; !alive; k++) {
        if (is_spared(k, (First)_i))
            continue;
        set_up();
        alive = WIFEXITED(live_and_die(die_at_write, k));
        ck_assert(!alive || !has_record());
        recover((First)_i);
        world_tear_down(&world);
    }
    ck_assert_uint_gt(k - 2, 50); /* it died at each but the last */
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("manager-sweep");
    TCase *tests = tcase_create("sweep");

    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, every_effect_may_fail);
    tcase_add_loop_test(tests, the_process_may_die_at_every_effect, FIRST_DESTROY, LOST_START + 1);
    tcase_add_loop_test(tests, the_process_may_die_at_every_write, FIRST_DESTROY, LOST_START + 1);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
