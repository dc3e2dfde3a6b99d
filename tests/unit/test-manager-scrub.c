/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which MAC makes a function unfit for the next guest: only the last guest's. One VF, whose driver
 * shows a factory's MAC where none is set.
 */
#include "fake-host.h"
#include "manager-support.h"
#include "test-support.h"

#include <string.h>

#define PF "0000:01:00.0"
#define FUNCTION "0000:01:10.0"
#define FACTORY_MAC "02:00:00:00:00:01"
#define OTHER_MAC "02:00:00:00:00:02"
#define GUEST_MAC "52:54:00:00:00:31" /* of vm1's request */

static World world;
static IovDomain *vm1;

static void
start_with(const char *mac)
{
    static const char *const adapters[] = {"enp1s0", NULL};
    g_autoptr(GError) error = NULL;

    assert_done(iov_host_set_num_vfs(world.host, PF, 1, &error), error);
    fake_host_set_factory_mac(world.host, FUNCTION, mac);
    g_autoptr(IovPool) pool = iov_manager_create_pool(world.manager, "fast", adapters, "1", &error);
    assert_done(pool != NULL, error);
    assert_done(iov_manager_start_pool(world.manager, "fast", NULL, &error), error);
}

static void
set_up(void)
{
    world_set_up(&world);
    vm1 = world_domain("vm1", "", "");
}

static void
tear_down(void)
{
    iov_domain_unref(vm1);
    world_tear_down(&world);
}

static IovLease *
function(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = iov_manager_list_functions(world.manager, NULL, &error);

    assert_done(list != NULL, error);
    ck_assert_uint_eq(list->len, 1);
    return iov_lease_ref(g_ptr_array_index(list, 0));
}

/* What libvirt, or the guest, set; @sticky: whatever is written, it stays. */
static void
set_mac(const char *mac, gboolean sticky)
{
    IovNetconf netconf = {.has_vlan = TRUE, .has_rate = TRUE, .spoofcheck = IOV_SWITCH_YES};

    g_strlcpy(netconf.mac, mac, sizeof(netconf.mac));
    fake_host_set_netconf(world.host, FUNCTION, &netconf);
    fake_host_set_sticky(world.host, FUNCTION, sticky);
}

static void
scrub(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLease) lease = function();

    fake_host_set_holder(world.host, lease->iommu_group, 0);
    assert_done(iov_manager_release(world.manager, vm1->uuid, &error), error);
    assert_done(iov_manager_scrub_pending(world.manager, NULL, &error), error);
}

static void
assert_free(void)
{
    g_autoptr(IovLease) lease = function();

    ck_assert_msg(lease->state == IOV_LEASE_FREE, "%s: %s", iov_lease_state_to_string(lease->state),
                  lease->reason);
}

static void
assert_keeps(const char *mac)
{
    g_autoptr(IovLease) lease = function();
    g_autofree char *reason = g_strdup_printf("function " FUNCTION " keeps MAC %s", mac);

    ck_assert_uint_eq(lease->state, IOV_LEASE_QUARANTINED);
    ck_assert_pstr_eq(lease->reason, reason);
}

START_TEST(a_factory_mac_that_no_guest_set_is_clean)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = NULL;
    guint64 generation = 0;

    start_with(FACTORY_MAC);
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    assert_done(iov_manager_started(world.manager, vm1, &error), error);
    assert_done(iov_manager_lift_begin(world.manager, vm1, "net0", &xml, &generation, &error),
                error);
    /* libvirt refused the attach, before it set a MAC */
    assert_done(iov_manager_lift_failed(world.manager, FUNCTION, generation, IOV_REASON_REFUSED,
                                        "a test", &error),
                error);
    assert_free();
}
END_TEST

START_TEST(a_factory_mac_that_comes_back_is_clean)
{
    start_with(FACTORY_MAC);
    world_run_lifted(&world, vm1);
    set_mac(GUEST_MAC, FALSE);
    scrub();
    assert_free();
}
END_TEST

/* As libvirt restores it when it takes the device back. */
START_TEST(a_factory_mac_that_is_set_is_clean)
{
    start_with(FACTORY_MAC);
    world_run_lifted(&world, vm1);
    set_mac(FACTORY_MAC, TRUE);
    scrub();
    assert_free();
}
END_TEST

START_TEST(a_mac_that_the_driver_chooses_is_clean)
{
    start_with(FACTORY_MAC);
    world_run_lifted(&world, vm1);
    set_mac(GUEST_MAC, FALSE);
    fake_host_set_factory_mac(world.host, FUNCTION, OTHER_MAC);
    scrub();
    assert_free();
}
END_TEST

START_TEST(the_guests_mac_that_stays_is_dirt)
{
    start_with(FACTORY_MAC);
    world_run_lifted(&world, vm1);
    set_mac(GUEST_MAC, TRUE);
    scrub();
    assert_keeps(GUEST_MAC);
}
END_TEST

/* The admin gave the guest the factory's MAC: it may run elsewhere with it. */
START_TEST(the_guests_mac_is_dirt_though_it_was_there_before)
{
    start_with(GUEST_MAC);
    world_run_lifted(&world, vm1);
    scrub();
    assert_keeps(GUEST_MAC);
}
END_TEST

/* A trusted guest may set another than its request's. */
START_TEST(another_mac_that_a_guest_set_is_dirt)
{
    start_with(FACTORY_MAC);
    world_run_lifted(&world, vm1);
    set_mac(OTHER_MAC, TRUE);
    scrub();
    assert_keeps(OTHER_MAC);
}
END_TEST

/* The domain starts again, and its last life's function is nobody's; what it carries is known. */
START_TEST(a_mac_outlives_its_owner)
{
    g_autoptr(GError) error = NULL;

    start_with(GUEST_MAC);
    world_run_lifted(&world, vm1);
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    g_autoptr(IovLease) lease = function();
    ck_assert_uint_eq(lease->state, IOV_LEASE_SCRUBBING);
    scrub();
    assert_keeps(GUEST_MAC);
}
END_TEST

static void
run_static(void)
{
    g_autofree char *device = world_hostdev(FUNCTION, "ua-nic");
    g_autoptr(IovDomain) domain = world_domain("vm1", "", device);
    g_autoptr(GError) error = NULL;

    g_ptr_array_set_size(domain->requests, 0);
    assert_done(iov_manager_prepare(world.manager, domain, &error), error);
    assert_done(iov_manager_started(world.manager, domain, &error), error);
}

START_TEST(a_static_hostdev_leaves_the_factory_mac)
{
    start_with(FACTORY_MAC);
    run_static();
    scrub();
    assert_free();
}
END_TEST

START_TEST(a_static_hostdev_leaves_its_guests_mac)
{
    start_with(FACTORY_MAC);
    run_static();
    set_mac(OTHER_MAC, TRUE);
    scrub();
    assert_keeps(OTHER_MAC);
}
END_TEST

/* A function that came with the domain's XML, as after a restore, is lifted by nobody. */
START_TEST(a_function_that_came_with_the_domain_has_its_mac)
{
    g_autofree char *device = world_hostdev(FUNCTION, "ua-iov-net0-vf");
    g_autoptr(IovDomain) domain = world_domain("vm1", "", device);
    g_autoptr(GError) error = NULL;

    start_with(GUEST_MAC);
    assert_done(iov_manager_prepare(world.manager, domain, &error), error);
    assert_done(iov_manager_started(world.manager, domain, &error), error);
    scrub();
    assert_keeps(GUEST_MAC);
}
END_TEST

START_TEST(a_function_that_reconcile_takes_up_has_its_mac)
{
    g_autofree char *device = world_hostdev(FUNCTION, "ua-iov-net0-vf");
    g_autoptr(IovDomain) domain = world_domain("vm1", "", device);
    g_autoptr(GPtrArray) domains = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    start_with(GUEST_MAC);
    g_ptr_array_add(domains, domain);
    assert_done(iov_manager_reconcile(world.manager, domains, G_MAXINT64, NULL, &error), error);
    scrub();
    assert_keeps(GUEST_MAC);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("manager-scrub");
    TCase *tests = tcase_create("mac");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_factory_mac_that_no_guest_set_is_clean);
    tcase_add_test(tests, a_factory_mac_that_comes_back_is_clean);
    tcase_add_test(tests, a_factory_mac_that_is_set_is_clean);
    tcase_add_test(tests, a_mac_that_the_driver_chooses_is_clean);
    tcase_add_test(tests, the_guests_mac_that_stays_is_dirt);
    tcase_add_test(tests, the_guests_mac_is_dirt_though_it_was_there_before);
    tcase_add_test(tests, another_mac_that_a_guest_set_is_dirt);
    tcase_add_test(tests, a_mac_outlives_its_owner);
    tcase_add_test(tests, a_static_hostdev_leaves_the_factory_mac);
    tcase_add_test(tests, a_static_hostdev_leaves_its_guests_mac);
    tcase_add_test(tests, a_function_that_came_with_the_domain_has_its_mac);
    tcase_add_test(tests, a_function_that_reconcile_takes_up_has_its_mac);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
