/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-host.h"
#include "manager-support.h"
#include "test-support.h"

#include <errno.h>
#include <string.h>

static World world;

static void
set_up(void)
{
    world_set_up(&world);
}

static void
tear_down(void)
{
    world_tear_down(&world);
}

static void
assert_status(const IovDomain *domain, const char *expected)
{
    g_autofree char *status = world_status(&world, domain);

    ck_assert_str_eq(status, expected);
}

static void
assert_function(const char *function, const char *expected)
{
    g_autofree char *state = world_function(&world, function);

    ck_assert_str_eq(state, expected);
}

START_TEST(a_domain_lives_and_goes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    IovNetconf netconf = {.mac = ""};
    guint freed = 0;

    world_start_pool(&world, "2");
    world_run_lifted(&world, vm1);
    assert_function("0000:01:10.0", "active vm1 net0");
    assert_status(vm1, "passthrough|");

    IovNetconf left = {
        .mac = "52:54:00:00:00:31", .has_vlan = TRUE, .vlan = 7, .trust = IOV_SWITCH_YES};
    fake_host_set_netconf(world.host, "0000:01:10.0", &left);
    assert_done(iov_manager_release(world.manager, vm1->uuid, &error), error);
    assert_function("0000:01:10.0", "scrubbing vm1 net0");
    assert_status(vm1, "unknown");
    assert_done(iov_manager_scrub_pending(world.manager, &freed, &error), error);
    ck_assert_uint_eq(freed, 0); /* QEMU still holds it */
    g_autoptr(GPtrArray) list = iov_manager_list_functions(world.manager, NULL, NULL);
    fake_host_set_holder(world.host, ((IovLease *)list->pdata[0])->iommu_group, 0);
    assert_done(iov_manager_scrub_pending(world.manager, &freed, &error), error);
    ck_assert_uint_eq(freed, 1);
    assert_function("0000:01:10.0", "free");
    assert_done(iov_host_get_vf_netconf(world.host, "enp1s0", 0, &netconf, &error), error);
    IovNetconf scrubbed = iov_netconf_scrubbed();
    g_autofree char *difference = iov_netconf_difference(&scrubbed, &netconf);
    ck_assert_ptr_null(difference);
    assert_done(iov_manager_release(world.manager, vm1->uuid, &error), error);
}
END_TEST

/* The pool of the world names no mode. */
START_TEST(a_pools_default_mode_is_in_force)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");

    world_start_pool(&world, "2");
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    g_autoptr(GPtrArray) list = iov_manager_list_status(world.manager, vm1->uuid, &error);
    assert_done(list != NULL && list->len == 1, error);
    ck_assert_int_eq(iov_status_get_migration(list->pdata[0]), IOV_MIGRATION_FAILOVER);
}
END_TEST

START_TEST(an_exhausted_pool_lets_domains_start)
{
    g_autoptr(GError) error = NULL;

    world_start_pool(&world, "1");
    for (guint i = 0; i < 2; i++) {
        g_autofree char *name = g_strdup_printf("vm%u", i);
        g_autoptr(IovDomain) domain = world_domain(name, "", "");

        assert_done(iov_manager_prepare(world.manager, domain, &error), error);
    }
    g_autoptr(IovDomain) late = world_domain("vm8", "", "");
    assert_done(iov_manager_prepare(world.manager, late, &error), error);
    assert_done(iov_manager_started(world.manager, late, &error), error);
    assert_status(late, "direct|all 2 functions of pool fast are leased");
    g_autoptr(GPtrArray) waiting = iov_manager_list_waiting(world.manager, &error);
    ck_assert_uint_eq(waiting->len, 1);
    g_autoptr(IovDomain) required = world_domain("vm9", "required='yes'", "");
    assert_fails(iov_manager_prepare(world.manager, required, &error), error, IOV_ERROR_EXHAUSTED,
                 "held by vm0 (net0), vm1 (net0)");
    assert_status(required, "unknown");
}
END_TEST

START_TEST(a_static_hostdev_is_leased_or_refused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *device = world_hostdev("0000:01:10.0", "ua-nic");
    g_autoptr(IovDomain) owner = world_domain("vm1", "", "");
    g_autoptr(IovDomain) other = world_domain("vm2", "", device);

    world_start_pool(&world, "2");
    assert_done(iov_manager_prepare(world.manager, owner, &error), error);
    assert_function("0000:01:10.0", "reserved vm1 net0");
    assert_fails(iov_manager_prepare(world.manager, other, &error), error, IOV_ERROR_BUSY,
                 "domain 'vm2' names function 0000:01:10.0, which domain 'vm1' has leased");
    assert_status(other, "unknown");
    assert_done(iov_manager_release(world.manager, owner->uuid, &error), error);
    assert_done(iov_manager_prepare(world.manager, other, &error), error);
    assert_function("0000:01:10.0", "reserved vm2 ua-nic");
    assert_done(iov_manager_started(world.manager, other, &error), error);
    assert_function("0000:01:10.0", "active vm2 ua-nic");
    g_autofree char *own = world_held_by(&world, other);
    ck_assert_str_ne(own, "0000:01:10.0");
}
END_TEST

/* As after a migration, or with a function that the admin put into the persistent config. */
START_TEST(a_function_that_starts_with_its_domain_is_no_clean_one)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *device = world_hostdev("0000:01:10.0", "ua-iov-net0-vf");
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", device);

    world_start_pool(&world, "2");
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    assert_function("0000:01:10.0", "reserved vm1 net0");
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_RESERVED), 1);
    assert_done(iov_manager_started(world.manager, vm1, &error), error);
    assert_function("0000:01:10.0", "attaching vm1 net0");
    assert_done(iov_manager_release(world.manager, vm1->uuid, &error), error);
    assert_function("0000:01:10.0", "scrubbing vm1 net0");
}
END_TEST

START_TEST(an_alias_without_its_request_is_a_static_hostdev)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *device = world_hostdev("0000:01:10.0", "ua-iov-other-vf");
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", device);

    world_start_pool(&world, "2");
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    assert_done(iov_manager_started(world.manager, vm1, &error), error);
    assert_function("0000:01:10.0", "active vm1 other");
    assert_done(iov_manager_release(world.manager, vm1->uuid, &error), error);
    assert_function("0000:01:10.0", "scrubbing vm1 other");
}
END_TEST

START_TEST(a_lease_without_its_request_is_released_too)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");

    world_start_pool(&world, "2");
    world_run_lifted(&world, vm1);
    IovLedger *ledger = iov_manager_ledger(world.manager, FALSE, &error);
    assert_done(ledger != NULL && iov_ledger_begin(ledger, &error), error);
    assert_done(iov_ledger_remove_status(ledger, vm1->uuid, "net0", &error), error);
    assert_done(iov_ledger_commit(ledger, &error), error);
    assert_done(iov_manager_release(world.manager, vm1->uuid, &error), error);
    assert_function("0000:01:10.0", "scrubbing vm1 net0");
}
END_TEST

START_TEST(a_static_hostdev_comes_back_to_its_domain)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *device = world_hostdev("0000:01:10.0", "ua-nic");
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", device);
    g_autoptr(IovDomain) vm2 = world_domain("vm2", "", device);
    guint freed = 0;

    world_start_pool(&world, "2");
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    assert_done(iov_manager_started(world.manager, vm1, &error), error);
    assert_done(iov_manager_release(world.manager, vm1->uuid, &error), error);
    assert_function("0000:01:10.0", "scrubbing vm1 ua-nic");
    assert_fails(iov_manager_prepare(world.manager, vm2, &error), error, IOV_ERROR_BUSY, "'vm1'");
    /* started again before it was cleaned, and once more though its release was lost */
    for (guint i = 0; i < 2; i++) {
        assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
        assert_function("0000:01:10.0", "reserved vm1 ua-nic");
        assert_done(iov_manager_started(world.manager, vm1, &error), error);
        assert_function("0000:01:10.0", "active vm1 ua-nic");
        assert_done(iov_manager_scrub_pending(world.manager, &freed, &error), error);
        assert_function("0000:01:10.0", "active vm1 ua-nic");
    }
}
END_TEST

START_TEST(what_an_earlier_life_left_ends_at_the_start)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *device = world_hostdev("0000:01:10.0", "ua-nic");
    g_autoptr(IovDomain) former = world_domain("vm1", "", device);
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");

    world_start_pool(&world, "2");
    assert_done(iov_manager_prepare(world.manager, former, &error), error);
    assert_done(iov_manager_started(world.manager, former, &error), error);
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    assert_function("0000:01:10.0", "scrubbing vm1 ua-nic");
    g_autoptr(GPtrArray) list = iov_manager_list_status(world.manager, NULL, &error);
    ck_assert_uint_eq(list->len, 1);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_RESERVED), 1);
}
END_TEST

START_TEST(a_request_that_is_lifted_already_is_not_adopted_again)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");

    world_start_pool(&world, "2");
    world_run_lifted(&world, vm1);
    assert_done(iov_manager_adopt_request(world.manager, vm1, "net0", &error), error);
    assert_status(vm1, "passthrough|");
}
END_TEST

/* With another process at a change of the ledger, one that waited would hang here. */
START_TEST(a_domain_of_others_waits_for_nobody)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *device = world_hostdev("0000:0a:00.0", "ua-nic");
    g_autofree char *xml =
        g_strdup_printf("<domain><name>vm1</name><uuid>00000000-0000-4000-8000-000000000001</uuid>"
                        "<devices>%s</devices></domain>",
                        device);
    g_autoptr(IovDomain) vm1 = iov_domain_parse(xml, strlen(xml), &error);
    g_autoptr(IovManager) busy =
        iov_manager_new_with_host(world.root, fake_host_reopen(world.host));

    world_start_pool(&world, "2");
    IovLedger *ledger = iov_manager_ledger(busy, FALSE, &error);
    assert_done(ledger != NULL && iov_ledger_begin(ledger, &error), error);
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    assert_done(iov_manager_started(world.manager, vm1, &error), error);
    assert_done(iov_manager_reconnect(world.manager, vm1, &error), error);
    assert_done(iov_manager_release(world.manager, vm1->uuid, &error), error);
    iov_ledger_rollback(ledger);
}
END_TEST

START_TEST(without_a_ledger_nothing_is_written)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) domain = world_domain("vm1", "", "");
    g_autoptr(IovDomain) required = world_domain("vm2", "required='yes'", "");
    g_autofree char *ledger = g_build_filename(world.root, "run/iovpool/ledger.db", NULL);

    assert_done(iov_manager_prepare(world.manager, domain, &error), error);
    assert_done(iov_manager_started(world.manager, domain, &error), error);
    assert_done(iov_manager_reconnect(world.manager, domain, &error), error);
    assert_done(iov_manager_release(world.manager, domain->uuid, &error), error);
    assert_fails(iov_manager_prepare(world.manager, required, &error), error, IOV_ERROR_EXHAUSTED,
                 "pool is not started");
    ck_assert(!g_file_test(ledger, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(a_prepared_reservation_is_kept)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");

    world_start_pool(&world, "2");
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    g_autofree char *first = world_held_by(&world, vm1);
    g_autoptr(GPtrArray) sooner = iov_manager_list_functions(world.manager, NULL, &error);
    fake_host_advance(world.host, 1);
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    g_autoptr(GPtrArray) later = iov_manager_list_functions(world.manager, NULL, &error);
    ck_assert_int_eq(((IovLease *)later->pdata[0])->deadline,
                     ((IovLease *)sooner->pdata[0])->deadline + 1);
    g_autofree char *second = world_held_by(&world, vm1);
    ck_assert_str_eq(first, second);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_RESERVED), 1);
}
END_TEST

START_TEST(a_policy_that_does_not_stick_quarantines)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    IovNetconf left = {.mac = "52:54:00:00:00:77", .has_vlan = TRUE, .vlan = 7};
    g_autofree char *xml = NULL;
    guint64 generation = 0;

    world_start_pool(&world, "1");
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    assert_done(iov_manager_started(world.manager, vm1, &error), error);
    g_autofree char *function = world_held_by(&world, vm1);
    fake_host_set_netconf(world.host, function, &left);
    fake_host_set_sticky(world.host, function, TRUE);
    assert_fails(iov_manager_lift_begin(world.manager, vm1, "net0", &xml, &generation, &error),
                 error, IOV_ERROR_HOST, "does not show its policy");
    assert_function(function, "quarantined");
    ck_assert_ptr_null(xml);
}
END_TEST

START_TEST(a_policy_that_is_refused_costs_no_function)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    g_autofree char *xml = NULL;
    guint64 generation = 0;

    world_start_pool(&world, "1");
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    assert_done(iov_manager_started(world.manager, vm1, &error), error);
    fake_host_clear_journal(world.host);
    fake_host_fail_at(world.host, 1, EOPNOTSUPP);
    ck_assert(!iov_manager_lift_begin(world.manager, vm1, "net0", &xml, &generation, &error));
    g_autofree char *status = world_status(&world, vm1);
    ck_assert_ptr_nonnull(strstr(status, error->message));
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 2);
}
END_TEST

START_TEST(a_mac_that_stays_quarantines)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    IovNetconf left = {.mac = "52:54:00:00:00:77"};
    guint freed = 0;

    world_start_pool(&world, "1");
    world_run_lifted(&world, vm1);
    g_autofree char *function = world_held_by(&world, vm1);
    g_autoptr(GPtrArray) list = iov_manager_list_functions(world.manager, NULL, NULL);
    for (guint i = 0; i < list->len; i++)
        fake_host_set_holder(world.host, ((IovLease *)list->pdata[i])->iommu_group, 0);
    fake_host_set_netconf(world.host, function, &left);
    fake_host_set_sticky(world.host, function, TRUE);
    assert_done(iov_manager_release(world.manager, vm1->uuid, &error), error);
    assert_done(iov_manager_scrub_pending(world.manager, &freed, &error), error);
    ck_assert_uint_eq(freed, 0);
    assert_function(function, "quarantined");
}
END_TEST

START_TEST(a_failed_lift_waits_and_tries_again)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    g_autofree char *xml = NULL;
    guint64 generation = 0;

    world_start_pool(&world, "1");
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    assert_done(iov_manager_started(world.manager, vm1, &error), error);
    g_autofree char *function = world_held_by(&world, vm1);
    assert_done(iov_manager_lift_begin(world.manager, vm1, "net0", &xml, &generation, &error),
                error);
    ck_assert_ptr_nonnull(strstr(xml, "ua-iov-net0-vf"));
    assert_done(iov_manager_lift_failed(world.manager, function, generation, IOV_REASON_REFUSED,
                                        "QEMU said no", &error),
                error);
    assert_status(vm1, "direct|QEMU said no");
    assert_function(function, "free");
    assert_fails(iov_manager_lift_done(world.manager, function, generation, &error), error,
                 IOV_ERROR_STALE, "is over");
    assert_done(iov_manager_acquire(world.manager, vm1->uuid, "net0", &error), error);
    g_autofree char *again = world_held_by(&world, vm1);
    ck_assert_ptr_nonnull(again);
}
END_TEST

/* The agent and `iovpool attach` look at the same time. */
START_TEST(a_lift_may_be_confirmed_twice)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");

    world_start_pool(&world, "1");
    world_run_lifted(&world, vm1);
    g_autofree char *function = world_held_by(&world, vm1);
    g_autoptr(GPtrArray) list = iov_manager_list_functions(world.manager, NULL, &error);
    assert_done(list != NULL, error);
    for (guint i = 0; i < list->len; i++) {
        const IovLease *lease = list->pdata[i];

        if (strcmp(lease->function, function) == 0)
            assert_done(iov_manager_lift_done(world.manager, function, lease->generation, &error),
                        error);
    }
    assert_function(function, "active vm1 net0");
    assert_status(vm1, "passthrough|");
}
END_TEST

START_TEST(a_drop_by_the_admin_parks)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    guint64 generation = 0;

    world_start_pool(&world, "1");
    world_run_lifted(&world, vm1);
    g_autofree char *function = world_held_by(&world, vm1);
    assert_done(iov_manager_drop_begin(world.manager, vm1->uuid, "net0", TRUE, &generation, &error),
                error);
    assert_function(function, "detaching vm1 net0");
    assert_done(iov_manager_drop_delayed(world.manager, function, generation,
                                         IOV_REASON_GUEST_KEEPS, "the guest keeps it", &error),
                error);
    assert_function(function, "detaching vm1 net0");
    g_autoptr(GPtrArray) list = iov_manager_list_functions(world.manager, NULL, NULL);
    for (guint i = 0; i < list->len; i++)
        fake_host_set_holder(world.host, ((IovLease *)list->pdata[i])->iommu_group, 0);
    assert_done(iov_manager_drop_done(world.manager, function, generation, &error), error);
    assert_function(function, "free");
    assert_status(vm1, "direct|parked: taken off its function by the admin");
    g_autoptr(GPtrArray) waiting = iov_manager_list_waiting(world.manager, &error);
    ck_assert_uint_eq(waiting->len, 0);
    assert_fails(iov_manager_acquire(world.manager, vm1->uuid, "net0", &error), error,
                 IOV_ERROR_BUSY, "is parked by the admin");
    assert_done(iov_manager_unpark(world.manager, vm1->uuid, "net0", &error), error);
    assert_status(vm1, "direct|");
    assert_done(iov_manager_acquire(world.manager, vm1->uuid, "net0", &error), error);
}
END_TEST

/* What admission may not take, promotion may not take either. */
START_TEST(a_promotion_keeps_to_the_domains_node)
{
    static const char xml[] =
        "<iovpool><name>fast</name><adapters><adapter netdev='enp1s0' vfs='1'/></adapters>"
        "<placement numa='require'/></iovpool>";
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    g_autoptr(IovPool) pool =
        iov_manager_define_pool(world.manager, xml, strlen(xml), "xml", &error);

    assert_done(pool != NULL, error);
    assert_done(iov_manager_start_pool(world.manager, "fast", NULL, &error), error);
    vm1->numa_node = 1; /* the adapter is on node 0 */
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    assert_done(iov_manager_started(world.manager, vm1, &error), error);
    assert_fails(iov_manager_acquire(world.manager, vm1->uuid, "net0", &error), error,
                 IOV_ERROR_EXHAUSTED, "no function on NUMA node 1");
}
END_TEST

START_TEST(a_choice_that_is_gone_is_passed_over)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");

    world_start_pool(&world, "2");
    fake_host_remove(world.host, "0000:01:10.0");
    assert_done(iov_host_unbind(world.host, "0000:02:10.0", &error), error);
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    g_autofree char *function = world_held_by(&world, vm1);
    ck_assert_ptr_nonnull(function);
    ck_assert_str_ne(function, "0000:01:10.0");
    assert_function("0000:01:10.0", "foreign");
}
END_TEST

START_TEST(a_domain_without_port_is_refused_before_anything)
{
    static const char xml[] =
        "<domain><name>vm1</name><uuid>00000000-0000-4000-8000-000000000001</uuid><metadata>"
        "<iov:requests xmlns:iov='" IOV_REQUEST_NAMESPACE "'><iov:request name='net0' "
        "pool='fast' mac='52:54:00:00:00:01'/></iov:requests></metadata>"
        "<os><type machine='q35'>hvm</type></os><devices/></domain>";
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = iov_domain_parse(xml, strlen(xml), &error);
    g_autofree char *device = NULL;
    guint64 generation = 0;

    world_start_pool(&world, "1");
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    assert_done(iov_manager_started(world.manager, vm1, &error), error);
    fake_host_clear_journal(world.host);
    assert_fails(iov_manager_lift_begin(world.manager, vm1, "net0", &device, &generation, &error),
                 error, IOV_ERROR_EXHAUSTED, "no free pcie-root-port");
    ck_assert_uint_eq(fake_host_count_effects(world.host), 0);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 2);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("manager-lease");
    TCase *tests = tcase_create("lease");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_domain_lives_and_goes);
    tcase_add_test(tests, a_pools_default_mode_is_in_force);
    tcase_add_test(tests, an_exhausted_pool_lets_domains_start);
    tcase_add_test(tests, a_static_hostdev_is_leased_or_refused);
    tcase_add_test(tests, a_function_that_starts_with_its_domain_is_no_clean_one);
    tcase_add_test(tests, an_alias_without_its_request_is_a_static_hostdev);
    tcase_add_test(tests, a_lease_without_its_request_is_released_too);
    tcase_add_test(tests, a_static_hostdev_comes_back_to_its_domain);
    tcase_add_test(tests, what_an_earlier_life_left_ends_at_the_start);
    tcase_add_test(tests, a_request_that_is_lifted_already_is_not_adopted_again);
    tcase_add_test(tests, a_domain_of_others_waits_for_nobody);
    tcase_add_test(tests, without_a_ledger_nothing_is_written);
    tcase_add_test(tests, a_prepared_reservation_is_kept);
    tcase_add_test(tests, a_policy_that_does_not_stick_quarantines);
    tcase_add_test(tests, a_policy_that_is_refused_costs_no_function);
    tcase_add_test(tests, a_mac_that_stays_quarantines);
    tcase_add_test(tests, a_failed_lift_waits_and_tries_again);
    tcase_add_test(tests, a_lift_may_be_confirmed_twice);
    tcase_add_test(tests, a_drop_by_the_admin_parks);
    tcase_add_test(tests, a_promotion_keeps_to_the_domains_node);
    tcase_add_test(tests, a_choice_that_is_gone_is_passed_over);
    tcase_add_test(tests, a_domain_without_port_is_refused_before_anything);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
