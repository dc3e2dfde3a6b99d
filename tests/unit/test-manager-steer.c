/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames follow the guest: filters, bridges and macvtaps of the fake host, from ledger and XML. */
#include "fake-host.h"
#include "manager-support.h"
#include "test-support.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAC "52:54:00:00:00:31" /* of vm1 */
#define BRIDGE                                                                                     \
    "<interface type='bridge'><source bridge='br0'/><target dev='vnet0'/>"                         \
    "<alias name='ua-iov-net0'/></interface>"
#define MACVTAP                                                                                    \
    "<interface type='direct'><source network='iovpool-fast' dev='enp1s0' mode='bridge'/>"         \
    "<target dev='macvtap0'/><alias name='ua-iov-net0'/></interface>"

static World world;

static void
set_up(void)
{
    world_set_up(&world);
    world_start_pool(&world, "2");
    fake_host_add_port(world.host, "br0", "enp1s0", NULL);
    fake_host_add_port(world.host, "br0", "vnet0", NULL);
    fake_host_add_port(world.host, "br0", "vnet1", NULL);
    fake_host_add_macvtap(world.host, "macvtap0");
}

static void
tear_down(void)
{
    world_tear_down(&world);
}

/* As libvirt shows it: with its floor, and with @function (nullable) plugged in. (transfer full) */
static IovDomain *
see(const char *name, const char *floor, const char *function)
{
    g_autofree char *hostdev =
        function != NULL ? world_hostdev(function, "ua-iov-net0-vf") : g_strdup("");
    g_autofree char *devices = g_strconcat(floor, hostdev, NULL);

    return world_domain(name, "", devices);
}

static void
start(const char *name)
{
    g_autoptr(IovDomain) domain = see(name, "", NULL);
    g_autoptr(GError) error = NULL;

    assert_done(iov_manager_prepare(world.manager, domain, &error), error);
    assert_done(iov_manager_started(world.manager, domain, &error), error);
}

/* (transfer full) */
static char *
lift(const char *name)
{
    g_autoptr(IovDomain) domain = see(name, "", NULL);

    world_run_lifted(&world, domain);
    char *function = world_held_by(&world, domain);
    fake_host_set_driven(world.host, function, TRUE);
    return function;
}

/* Returns whether it is settled. */
static gboolean
steer(const char *name, const char *floor, const char *function)
{
    g_autoptr(IovDomain) domain = see(name, floor, function);
    g_autoptr(GError) error = NULL;
    gboolean settled = FALSE;

    assert_done(iov_manager_steer(world.manager, domain, &settled, &error), error);
    return settled;
}

static void
steer_back(void)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_manager_steer_back(world.manager, &error), error);
}

static void
release(const char *name)
{
    g_autoptr(IovDomain) domain = see(name, "", NULL);
    g_autoptr(GError) error = NULL;

    assert_done(iov_manager_release(world.manager, domain->uuid, &error), error);
}

static guint
count_rows(void)
{
    g_autoptr(GError) error = NULL;
    IovLedger *ledger = iov_manager_ledger(world.manager, FALSE, &error);
    g_autoptr(GPtrArray) rows = iov_ledger_list_filters(ledger, NULL, &error);

    assert_done(rows != NULL, error);
    return rows->len;
}

#define assert_filter(netdev, mac) ck_assert(fake_host_has_filter(world.host, netdev, mac))
#define assert_no_filter(netdev, mac) ck_assert(!fake_host_has_filter(world.host, netdev, mac))

START_TEST(a_bridge_floor_is_in_the_filter_while_the_guest_stands_on_it)
{
    start("vm1");
    steer("vm1", BRIDGE, NULL);
    assert_filter("enp1s0", MAC);
    assert_filter("enp1s0", FAKE_HOST_BRIDGE_MAC);
    assert_no_filter("enp2s0", MAC);
    ck_assert_uint_eq(count_rows(), 2);
}
END_TEST

START_TEST(not_while_it_is_on_its_function)
{
    g_autofree char *function = lift("vm1");

    steer("vm1", BRIDGE, NULL); /* QEMU has let it go: the drop is not finished yet */
    assert_filter("enp1s0", MAC);
    fake_host_learn(world.host, "vnet0", MAC);
    steer("vm1", BRIDGE, function);
    assert_no_filter("enp1s0", MAC);
    assert_filter("enp1s0", FAKE_HOST_BRIDGE_MAC);
    ck_assert(!fake_host_has_learned(world.host, "vnet0", MAC));
    fake_host_learn(world.host, "vnet0", MAC); /* its driver is not ready yet */
    ck_assert(!fake_host_has_learned(world.host, "vnet0", MAC));
    fake_host_learn(world.host, "enp1s0", MAC);
    steer("vm1", BRIDGE, NULL);
    assert_filter("enp1s0", MAC);
    ck_assert(!fake_host_has_learned(world.host, "enp1s0", MAC));
    fake_host_learn(world.host, "vnet0", MAC);
    ck_assert(fake_host_has_learned(world.host, "vnet0", MAC));
}
END_TEST

START_TEST(an_unplug_that_is_only_asked_for_changes_nothing)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *function = lift("vm1");
    g_autoptr(IovDomain) vm1 = see("vm1", BRIDGE, function);
    guint64 generation = 0;

    assert_done(iov_manager_drop_begin(world.manager, vm1->uuid, "net0", TRUE, &generation, &error),
                error);
    steer("vm1", BRIDGE, function);
    assert_no_filter("enp1s0", MAC);
}
END_TEST

/* It may have no driver, or have given its function back for a migration. */
START_TEST(a_function_is_stood_on_when_the_guests_driver_has_it)
{
    g_autofree char *function = lift("vm1");

    fake_host_set_driven(world.host, function, FALSE);
    ck_assert(!steer("vm1", BRIDGE, function));
    assert_filter("enp1s0", MAC);
    fake_host_set_driven(world.host, function, TRUE);
    ck_assert(steer("vm1", BRIDGE, function));
    assert_no_filter("enp1s0", MAC);
    fake_host_set_driven(world.host, function, FALSE);
    ck_assert(!steer("vm1", BRIDGE, function));
    assert_filter("enp1s0", MAC);
    ck_assert(steer("vm1", BRIDGE, NULL));
}
END_TEST

/* Nobody waits for a driver that QEMU has made let go. */
START_TEST(a_function_that_qemu_took_away_is_not_stood_on)
{
    g_autofree char *function = lift("vm1");
    g_autoptr(IovDomain) vm1 = see("vm1", BRIDGE, function);
    g_autoptr(GPtrArray) list = NULL;
    g_autoptr(GError) error = NULL;

    list = iov_manager_list_status(world.manager, vm1->uuid, &error);
    assert_done(list != NULL, error);
    const IovLease *lease = ((IovStatus *)list->pdata[0])->lease;
    assert_done(
        iov_manager_unplugged(world.manager, function, lease->generation, "it migrates", &error),
        error);
    ck_assert(steer("vm1", BRIDGE, function));
    assert_filter("enp1s0", MAC);
    fake_host_set_driven(world.host, function, FALSE);
    ck_assert(steer("vm1", BRIDGE, function));
    assert_done(iov_manager_plugged_again(world.manager, function, lease->generation, "", &error),
                error);
    ck_assert(!steer("vm1", BRIDGE, function));
    fake_host_set_driven(world.host, function, TRUE);
    ck_assert(steer("vm1", BRIDGE, function));
    assert_no_filter("enp1s0", MAC);
}
END_TEST

START_TEST(a_function_that_vanished_is_not_stood_on)
{
    g_autofree char *function = lift("vm1");

    fake_host_remove(world.host, function);
    steer("vm1", BRIDGE, function);
    assert_filter("enp1s0", MAC);
}
END_TEST

START_TEST(a_reserved_function_is_not_stood_on)
{
    start("vm1");
    g_autoptr(IovDomain) vm1 = see("vm1", "", NULL);
    g_autofree char *function = world_held_by(&world, vm1);

    ck_assert_ptr_nonnull(function);
    steer("vm1", BRIDGE, function);
    assert_filter("enp1s0", MAC);
}
END_TEST

START_TEST(a_macvtap_steps_aside_and_comes_back)
{
    g_autofree char *function = lift("vm1");

    steer("vm1", MACVTAP, function);
    ck_assert_int_eq(fake_host_get_macvtap(world.host, "macvtap0"), IOV_MACVTAP_VEPA);
    steer("vm1", MACVTAP, NULL);
    ck_assert_int_eq(fake_host_get_macvtap(world.host, "macvtap0"), IOV_MACVTAP_BRIDGE);
    ck_assert_uint_eq(count_rows(), 0);
}
END_TEST

#define ON_OTHER                                                                                   \
    "<interface type='direct'><source network='iovpool-fast' dev='enp2s0' mode='bridge'/>"         \
    "<target dev='macvtap0'/>%s<alias name='ua-iov-net0'/></interface>"

START_TEST(a_macvtap_on_another_adapter_is_down_while_the_guest_is_elsewhere)
{
    g_autofree char *failover = g_strdup_printf(ON_OTHER, "<teaming type='persistent'/>");
    g_autofree char *replug = g_strdup_printf(ON_OTHER, "");
    g_autofree char *function = lift("vm1");

    ck_assert(g_str_has_prefix(function, "0000:01:"));
    steer("vm1", failover, function);
    ck_assert_int_eq(fake_host_get_macvtap(world.host, "macvtap0"), IOV_MACVTAP_DOWN);
    fake_host_set_driven(world.host, function, FALSE);
    steer("vm1", failover, function);
    ck_assert_int_eq(fake_host_get_macvtap(world.host, "macvtap0"), IOV_MACVTAP_BRIDGE);
    fake_host_set_driven(world.host, function, TRUE);
    steer("vm1", replug, function);
    ck_assert_int_eq(fake_host_get_macvtap(world.host, "macvtap0"), IOV_MACVTAP_VEPA);
}
END_TEST

START_TEST(a_macvtap_on_no_adapter_of_a_pool_is_not_judged)
{
    g_autofree char *function = lift("vm1");

    steer("vm1",
          "<interface type='direct'><source dev='enp2s0.42' mode='bridge'/><target dev='macvtap0'/>"
          "<teaming type='persistent'/><alias name='ua-iov-net0'/></interface>",
          function);
    ck_assert_int_eq(fake_host_get_macvtap(world.host, "macvtap0"), IOV_MACVTAP_VEPA);
}
END_TEST

START_TEST(a_tap_that_is_gone_is_no_failure)
{
    g_autofree char *function = lift("vm1");

    steer("vm1",
          "<interface type='direct'><source dev='enp1s0' mode='bridge'/><target dev='macvtap9'/>"
          "<alias name='ua-iov-net0'/></interface>",
          function);
}
END_TEST

START_TEST(an_adapter_below_a_vlan_is_found)
{
    fake_host_add_port(world.host, "br42", "enp2s0.42", "enp2s0");
    start("vm1");
    steer("vm1",
          "<interface type='network'><source network='office' portid='x' bridge='br42'/>"
          "<target dev='vnet0'/><alias name='ua-iov-net0'/></interface>",
          NULL);
    assert_filter("enp2s0", MAC);
    assert_no_filter("enp1s0", MAC);
}
END_TEST

START_TEST(a_bridge_without_an_adapter_of_a_pool_is_left_alone)
{
    start("vm1");
    fake_host_clear_journal(world.host);
    steer("vm1",
          "<interface type='bridge'><source bridge='virbr0'/><target dev='vnet0'/>"
          "<alias name='ua-iov-net0'/></interface>",
          NULL);
    ck_assert_uint_eq(fake_host_count_effects(world.host), 0);
    ck_assert_uint_eq(count_rows(), 0);
}
END_TEST

START_TEST(all_is_taken_back_when_the_domain_is_gone)
{
    start("vm1");
    steer("vm1", BRIDGE, NULL);
    steer_back();
    assert_filter("enp1s0", MAC);
    release("vm1");
    steer_back();
    assert_no_filter("enp1s0", MAC);
    assert_no_filter("enp1s0", FAKE_HOST_BRIDGE_MAC);
    ck_assert_uint_eq(count_rows(), 0);
}
END_TEST

START_TEST(what_two_need_stays_for_the_other)
{
    start("vm1");
    start("vm2");
    steer("vm1", BRIDGE, NULL);
    steer("vm2", BRIDGE, NULL);
    release("vm1");
    steer_back();
    assert_no_filter("enp1s0", MAC);
    assert_filter("enp1s0", FAKE_HOST_BRIDGE_MAC);
    release("vm2");
    steer_back();
    assert_no_filter("enp1s0", FAKE_HOST_BRIDGE_MAC);
}
END_TEST

START_TEST(an_adapter_that_leaves_its_pool_is_given_back)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = see("vm1", "", NULL);
    guint64 generation = 0;

    start("vm1");
    steer("vm1", BRIDGE, NULL);
    assert_done(iov_manager_drop_begin(world.manager, vm1->uuid, "net0", TRUE, &generation, &error),
                error);
    assert_done(iov_manager_destroy_pool(world.manager, "fast", &error), error);
    steer_back();
    assert_no_filter("enp1s0", MAC);
    ck_assert_uint_eq(count_rows(), 0);
}
END_TEST

START_TEST(of_a_request_that_ended_nothing_is_entered)
{
    start("vm1");
    release("vm1");
    steer("vm1", BRIDGE, NULL);
    ck_assert_uint_eq(count_rows(), 0);
    assert_no_filter("enp1s0", MAC);
}
END_TEST

static void
another_releases(void)
{
    g_autoptr(IovManager) other =
        iov_manager_new_with_host(world.root, fake_host_reopen(world.host));
    g_autoptr(IovDomain) vm1 = see("vm1", "", NULL);
    g_autoptr(GError) error = NULL;

    assert_done(iov_manager_release(other, vm1->uuid, &error), error);
    assert_done(iov_manager_steer_back(other, &error), error);
}

START_TEST(nor_of_one_that_ends_meanwhile)
{
    start("vm1");
    fake_host_meanwhile = another_releases;
    steer("vm1", BRIDGE, NULL);
    ck_assert_uint_eq(count_rows(), 0);
    assert_no_filter("enp1s0", MAC);
}
END_TEST

START_TEST(without_a_ledger_there_is_nothing_to_take_back)
{
    World other;
    g_autoptr(GError) error = NULL;

    world_set_up(&other);
    assert_done(iov_manager_steer_back(other.manager, &error), error);
    world_tear_down(&other);
}
END_TEST

START_TEST(one_that_cannot_be_made_stops_no_other)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = see("vm1", BRIDGE, NULL);
    gboolean settled = FALSE;

    start("vm1");
    fake_host_clear_journal(world.host);
    fake_host_fail_at(world.host, 1, ENOMEM);
    assert_fails(iov_manager_steer(world.manager, vm1, &settled, &error), error, IOV_ERROR_HOST,
                 "enp1s0");
    ck_assert_uint_eq(fake_host_count_effects(world.host), 2);
    ck_assert_uint_eq(count_rows(), 2);
    assert_done(iov_manager_steer(world.manager, vm1, &settled, &error), error);
    assert_filter("enp1s0", MAC);
    assert_filter("enp1s0", FAKE_HOST_BRIDGE_MAC);
}
END_TEST

/* ---- the sweep ---- */

static void
live(void)
{
    g_autoptr(IovDomain) floor = see("vm1", BRIDGE, NULL);

    gboolean settled = FALSE;

    (void)iov_manager_steer(world.manager, floor, &settled, NULL);
    (void)iov_manager_release(world.manager, floor->uuid, NULL);
    (void)iov_manager_steer_back(world.manager, NULL);
}

static guint
count_effects(void)
{
    start("vm1");
    fake_host_clear_journal(world.host);
    live();
    guint count = fake_host_count_effects(world.host);
    fake_host_clear_journal(world.host);
    ck_assert_uint_eq(count, 4);
    return count;
}

static void
assert_nothing_is_left(void)
{
    fake_host_clear_journal(world.host);
    world_reopen(&world);
    release("vm1");
    steer_back();
    assert_no_filter("enp1s0", MAC);
    assert_no_filter("enp1s0", FAKE_HOST_BRIDGE_MAC);
    ck_assert_uint_eq(count_rows(), 0);
}

START_TEST(every_effect_may_fail)
{
    guint effects = count_effects();

    for (guint k = 1; k <= effects; k++) {
        start("vm1");
        fake_host_clear_journal(world.host);
        fake_host_fail_at(world.host, k, EIO);
        live();
        assert_nothing_is_left();
    }
}
END_TEST

static void
die_at(guint effect, gboolean after)
{
    int status = 0;

    start("vm1");
    fake_host_clear_journal(world.host);
    fake_host_die_at(world.host, effect, after);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        world_reopen(&world);
        live();
        _exit(EXIT_SUCCESS);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), FAKE_HOST_DEATH);
    assert_nothing_is_left();
}

START_TEST(the_process_may_die_at_every_effect)
{
    guint effects = count_effects();

    for (guint k = 1; k <= effects; k++) {
        die_at(k, FALSE);
        die_at(k, TRUE);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("manager-steer");
    TCase *tests = tcase_create("steer");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_bridge_floor_is_in_the_filter_while_the_guest_stands_on_it);
    tcase_add_test(tests, not_while_it_is_on_its_function);
    tcase_add_test(tests, an_unplug_that_is_only_asked_for_changes_nothing);
    tcase_add_test(tests, a_function_is_stood_on_when_the_guests_driver_has_it);
    tcase_add_test(tests, a_function_that_qemu_took_away_is_not_stood_on);
    tcase_add_test(tests, a_function_that_vanished_is_not_stood_on);
    tcase_add_test(tests, a_reserved_function_is_not_stood_on);
    tcase_add_test(tests, a_macvtap_steps_aside_and_comes_back);
    tcase_add_test(tests, a_macvtap_on_another_adapter_is_down_while_the_guest_is_elsewhere);
    tcase_add_test(tests, a_macvtap_on_no_adapter_of_a_pool_is_not_judged);
    tcase_add_test(tests, a_tap_that_is_gone_is_no_failure);
    tcase_add_test(tests, an_adapter_below_a_vlan_is_found);
    tcase_add_test(tests, a_bridge_without_an_adapter_of_a_pool_is_left_alone);
    tcase_add_test(tests, all_is_taken_back_when_the_domain_is_gone);
    tcase_add_test(tests, what_two_need_stays_for_the_other);
    tcase_add_test(tests, an_adapter_that_leaves_its_pool_is_given_back);
    tcase_add_test(tests, of_a_request_that_ended_nothing_is_entered);
    tcase_add_test(tests, nor_of_one_that_ends_meanwhile);
    tcase_add_test(tests, without_a_ledger_there_is_nothing_to_take_back);
    tcase_add_test(tests, one_that_cannot_be_made_stops_no_other);
    tcase_add_test(tests, every_effect_may_fail);
    tcase_add_test(tests, the_process_may_die_at_every_effect);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
