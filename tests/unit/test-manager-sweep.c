/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fault sweep: the life of a pool and a domain is run once to count its effects on the host,
 * then once more for each of them failing, and once more for the process dying there. Whatever
 * happened, the next process finds its way back: no function stays leased, and the host can be
 * given back as it was found.
 */
#include "fake-host.h"
#include "manager-support.h"
#include "test-support.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

static World world;

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
assert_given_back(const char *address)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovAdapter) adapter = iov_host_get_adapter(world.host, address, &error);

    assert_done(adapter != NULL, error);
    ck_assert_uint_eq(adapter->num_vfs, 0);
    ck_assert(adapter->autoprobe);
    ck_assert_int_eq(adapter->link, IOV_LINK_UP);
}

/* What the next process does first, on a host that works again. */
typedef enum { FIRST_DESTROY, FIRST_START } First;

static void
recover(First first)
{
    g_autoptr(GError) error = NULL;
    gboolean active = FALSE;

    fake_host_clear_journal(world.host);
    world_reopen(&world);
    fake_host_advance(world.host, IOV_RESERVATION_TIME + 1);
    reconcile_twice();
    if (first == FIRST_START)
        (void)iov_manager_start_pool(world.manager, "fast", NULL, NULL);
    assert_done(iov_manager_pool_is_active(world.manager, "fast", &active, &error), error);
    if (active) {
        assert_done(iov_manager_scrub_pending(world.manager, NULL, &error), error);
        ck_assert_uint_eq(world_count(&world, IOV_LEASE_SCRUBBING), 0);
        ck_assert_uint_eq(world_count(&world, IOV_LEASE_ACTIVE), 0);
        assert_done(iov_manager_destroy_pool(world.manager, "fast", &error), error);
    }
    assert_given_back("0000:01:00.0");
    assert_given_back("0000:02:00.0");
    /* And all of it works from here on. */
    (void)iov_manager_undefine_pool(world.manager, "fast", NULL);
    assert_done(live(&error), error);
}

static guint
count_effects(void)
{
    g_autoptr(GError) error = NULL;
    guint count;

    world_set_up(&world);
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

            world_set_up(&world);
            fake_host_fail_at(world.host, k, faults[i]);
            (void)live(&error);
            recover(i % 2 == 0 ? FIRST_DESTROY : FIRST_START);
            world_tear_down(&world);
        }
    }
}
END_TEST

static void
die_at(guint effect, gboolean after, First first)
{
    int status = 0;
    pid_t child;

    world_set_up(&world);
    fake_host_die_at(world.host, effect, after);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)live(NULL);
        _exit(EXIT_SUCCESS);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), FAKE_HOST_DEATH);
    recover(first);
    world_tear_down(&world);
}

START_TEST(the_process_may_die_at_every_effect)
{
    guint effects = count_effects();

    for (guint k = 1; k <= effects; k++) {
        die_at(k, FALSE, FIRST_DESTROY);
        die_at(k, FALSE, FIRST_START);
        die_at(k, TRUE, FIRST_DESTROY);
        die_at(k, TRUE, FIRST_START);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("manager-sweep");
    TCase *tests = tcase_create("sweep");

    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, every_effect_may_fail);
    tcase_add_test(tests, the_process_may_die_at_every_effect);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
