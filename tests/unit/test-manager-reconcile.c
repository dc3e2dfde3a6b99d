/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-host.h"
#include "manager-support.h"
#include "test-support.h"

#include <glib/gstdio.h>
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

/* Reconciles with these domains running (NULL-terminated) and returns the lines, joined. */
static char *
reconcile(IovDomain *first, ...)
{
    g_autoptr(GPtrArray) domains = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) changes = NULL;
    va_list more;

    va_start(more, first);
    for (IovDomain *domain = first; domain != NULL; domain = va_arg(more, IovDomain *))
        g_ptr_array_add(domains, domain);
    va_end(more);
    assert_done(iov_manager_reconcile(world.manager, domains, G_MAXINT64, &changes, &error), error);
    return g_strjoinv("\n", changes);
}

static void
assert_settled(IovDomain *domain)
{
    g_autofree char *again = reconcile(domain, NULL);

    ck_assert_str_eq(again, "");
}

START_TEST(a_sound_ledger_is_left_alone)
{
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");

    world_start_pool(&world, "2");
    world_run_lifted(&world, vm1);
    g_autofree char *function = world_held_by(&world, vm1);
    g_autofree char *device = world_hostdev(function, "ua-iov-net0-vf");
    g_autoptr(IovDomain) live = world_domain("vm1", "", device);
    assert_settled(live);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_ACTIVE), 1);
}
END_TEST

START_TEST(leases_of_gone_domains_end)
{
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");

    world_start_pool(&world, "2");
    world_run_lifted(&world, vm1);
    g_autofree char *changes = reconcile(NULL);
    ck_assert_ptr_nonnull(strstr(changes, "domain vm1: function 0000:01:10.0: its domain is gone"));
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_SCRUBBING), 1);
    assert_settled(NULL);
}
END_TEST

START_TEST(a_domain_that_cannot_be_read_keeps_what_it_has)
{
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    g_autoptr(IovDomain) vm2 = world_domain("vm2", "", "");
    g_autoptr(IovDomain) opaque = iov_domain_new_unreadable("vm1", vm1->uuid, NULL, "no XML");

    world_start_pool(&world, "2");
    world_run_lifted(&world, vm1);
    world_run_lifted(&world, vm2);
    g_autofree char *held = world_held_by(&world, vm1);
    /* not even where QEMU holds nothing, which may be the guest's doing for a moment */
    g_autoptr(GPtrArray) list = iov_manager_list_functions(world.manager, NULL, NULL);
    for (guint i = 0; i < list->len; i++)
        fake_host_set_holder(world.host, ((IovLease *)list->pdata[i])->iommu_group, 0);
    g_autofree char *changes = reconcile(opaque, NULL);
    ck_assert_ptr_null(strstr(changes, "vm1"));
    ck_assert_ptr_nonnull(strstr(changes, "domain vm2: function"));
    g_autofree char *state = world_function(&world, held);
    ck_assert_str_eq(state, "active vm1 net0");
    g_autofree char *status = world_status(&world, vm1);
    ck_assert_str_eq(status, "passthrough|");
    g_autofree char *other = world_status(&world, vm2);
    ck_assert_str_eq(other, "unknown");
    assert_settled(opaque);
}
END_TEST

/* Between the listing and the reconcile lie other domains' XML and the pools' lock. */
START_TEST(a_domain_that_started_since_the_listing_is_left_alone)
{
    g_autoptr(GPtrArray) nobody = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) changes = NULL;
    g_autofree char *device = world_hostdev("0000:01:10.0", "ua-nic");
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", device);
    gint64 listed_at = 0;

    world_start_pool(&world, "2");
    listed_at = iov_host_get_time(world.host);
    fake_host_advance(world.host, 1);
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    assert_done(iov_manager_started(world.manager, vm1, &error), error);
    assert_done(iov_manager_reconcile(world.manager, nobody, listed_at, &changes, &error), error);
    ck_assert_uint_eq(g_strv_length(changes), 0);
    g_autofree char *state = world_function(&world, "0000:01:10.0");
    ck_assert_str_eq(state, "active vm1 ua-nic");
    g_autofree char *later = reconcile(NULL);
    ck_assert_ptr_nonnull(strstr(later, "its domain is gone"));
}
END_TEST

START_TEST(a_static_hostdev_whose_start_was_missed_becomes_active)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *device = world_hostdev("0000:01:10.0", "ua-nic");
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", device);

    world_start_pool(&world, "2");
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    g_autoptr(GPtrArray) list = iov_manager_list_functions(world.manager, NULL, NULL);
    g_autofree char *early = reconcile(vm1, NULL);
    ck_assert_ptr_null(strstr(early, "in use"));
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_ACTIVE), 0);
    fake_host_set_holder(world.host, ((IovLease *)list->pdata[0])->iommu_group, 4711);
    g_autofree char *changes = reconcile(vm1, NULL);
    ck_assert_ptr_nonnull(strstr(changes, "function 0000:01:10.0 is in use for ua-nic"));
    g_autofree char *state = world_function(&world, "0000:01:10.0");
    ck_assert_str_eq(state, "active vm1 ua-nic");
    assert_settled(vm1);
}
END_TEST

START_TEST(a_reservation_stands_until_its_deadline)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");

    world_start_pool(&world, "2");
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    assert_settled(NULL);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_RESERVED), 1);
    fake_host_advance(world.host, IOV_RESERVATION_TIME + 1);
    g_autofree char *changes = reconcile(NULL);
    ck_assert_ptr_nonnull(strstr(changes, "did not start in time"));
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 4);
    assert_settled(NULL);
}
END_TEST

/* It ended before its function was lifted: nobody will start it, so nothing is to be waited for. */
START_TEST(a_reservation_of_a_domain_that_had_started_ends_with_it)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");

    world_start_pool(&world, "2");
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    assert_done(iov_manager_started(world.manager, vm1, &error), error);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_RESERVED), 1);
    g_autofree char *changes = reconcile(NULL);
    ck_assert_ptr_nonnull(strstr(changes, "domain vm1: function 0000:01:10.0: its domain is gone"));
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 4);
    assert_settled(NULL);
}
END_TEST

/* It was reserved before the listing, and had not started then. */
START_TEST(a_reservation_of_a_domain_that_started_since_the_listing_stays)
{
    g_autoptr(GPtrArray) nobody = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    gint64 listed_at = 0;

    world_start_pool(&world, "2");
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    fake_host_advance(world.host, 1);
    listed_at = iov_host_get_time(world.host);
    fake_host_advance(world.host, 1);
    assert_done(iov_manager_started(world.manager, vm1, &error), error);
    assert_done(iov_manager_reconcile(world.manager, nobody, listed_at, NULL, &error), error);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_RESERVED), 1);
}
END_TEST

/* Its start may have been missed: QEMU may have had the function. */
START_TEST(a_static_reservation_that_ends_is_cleaned)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *device = world_hostdev("0000:01:10.0", "ua-nic");
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", device);

    world_start_pool(&world, "2");
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    fake_host_advance(world.host, IOV_RESERVATION_TIME + 1);
    g_autofree char *changes = reconcile(NULL);
    ck_assert_ptr_nonnull(strstr(changes, "function 0000:01:10.0: its domain did not start"));
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_SCRUBBING), 1);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 3);
}
END_TEST

START_TEST(a_deleted_ledger_loses_no_lease)
{
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    g_autofree char *ledger = g_build_filename(world.root, "run/iovpool/ledger.db", NULL);

    world_start_pool(&world, "2");
    world_run_lifted(&world, vm1);
    g_autofree char *function = world_held_by(&world, vm1);
    g_autofree char *device = world_hostdev(function, "ua-iov-net0-vf");
    g_autoptr(IovDomain) live = world_domain("vm1", "", device);
    ck_assert_int_eq(g_unlink(ledger), 0);
    world_reopen(&world);
    g_autofree char *changes = reconcile(live, NULL);
    ck_assert_ptr_nonnull(strstr(changes, "pool fast taken up again"));
    g_autofree char *state = world_function(&world, function);
    ck_assert_str_eq(state, "active vm1 net0");
    g_autofree char *status = world_status(&world, live);
    ck_assert(g_str_has_prefix(status, "passthrough|"));
    assert_settled(live);
}
END_TEST

START_TEST(a_device_unplugged_unseen_comes_back)
{
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");

    world_start_pool(&world, "2");
    world_run_lifted(&world, vm1);
    /* Not in the live XML, but still held: an unplug on its way. */
    assert_settled(vm1);
    g_autoptr(GPtrArray) list = iov_manager_list_functions(world.manager, NULL, NULL);
    for (guint i = 0; i < list->len; i++)
        fake_host_set_holder(world.host, ((IovLease *)list->pdata[i])->iommu_group, 0);
    g_autofree char *changes = reconcile(vm1, NULL);
    ck_assert_ptr_nonnull(strstr(changes, "its device is gone from the domain"));
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_SCRUBBING), 1);
    assert_settled(vm1);
}
END_TEST

START_TEST(vanished_functions_are_noted)
{
    world_start_pool(&world, "2");
    fake_host_remove(world.host, "0000:02:00.0");
    g_autofree char *changes = reconcile(NULL);
    ck_assert_ptr_nonnull(strstr(changes, "vanished"));
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FOREIGN), 2);
    assert_settled(NULL);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("manager-reconcile");
    TCase *tests = tcase_create("reconcile");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_sound_ledger_is_left_alone);
    tcase_add_test(tests, leases_of_gone_domains_end);
    tcase_add_test(tests, a_domain_that_cannot_be_read_keeps_what_it_has);
    tcase_add_test(tests, a_domain_that_started_since_the_listing_is_left_alone);
    tcase_add_test(tests, a_static_hostdev_whose_start_was_missed_becomes_active);
    tcase_add_test(tests, a_reservation_stands_until_its_deadline);
    tcase_add_test(tests, a_reservation_of_a_domain_that_had_started_ends_with_it);
    tcase_add_test(tests, a_reservation_of_a_domain_that_started_since_the_listing_stays);
    tcase_add_test(tests, a_static_reservation_that_ends_is_cleaned);
    tcase_add_test(tests, a_deleted_ledger_loses_no_lease);
    tcase_add_test(tests, a_device_unplugged_unseen_comes_back);
    tcase_add_test(tests, vanished_functions_are_noted);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
