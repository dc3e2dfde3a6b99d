/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lift.h"

#include "fake-guest.h"
#include "fake-host.h"
#include "iov-lease-private.h"
#include "test-support.h"

#include <string.h>

#define FUNCTION "/domain/devices/interface[@type='hostdev'][alias/@name='ua-iov-net0-vf']"

static void
lift(void)
{
    g_autoptr(GError) error = NULL;

    assert_done(
        iov_manager_unpark(guest.world.manager, iov_domain_get_uuid(guest.record), "net0", &error),
        error);
    assert_done(lift_request(guest.domain, guest.world.manager, "net0", &error), error);
}

/* What the ledger says of net0. */
static void
assert_status(const char *tier_and_reason)
{
    g_autofree char *status = world_status(&guest.world, guest.record);

    ck_assert_str_eq(status, tier_and_reason);
}

START_TEST(a_lift_ends_active)
{
    lift();
    ck_assert_uint_eq(fake_count(TRUE, FUNCTION), 1);
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_ACTIVE), 1);
    assert_status("passthrough|");
    lift(); /* no-op */
    ck_assert_uint_eq(fake.effects, 1);
}
END_TEST

/* In failover mode QEMU keeps the device for itself until the guest's driver has negotiated. */
START_TEST(a_hidden_device_stays_attaching)
{
    g_autoptr(GError) error = NULL;

    fake.on_attach = NULL;
    lift();
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_ATTACHING), 1);
    g_autofree char *status = world_status(&guest.world, guest.record);
    ck_assert_ptr_nonnull(strstr(status, "guest has not negotiated failover yet"));
    lift();
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_ATTACHING), 1);
    guest_hold(TRUE);
    assert_done(
        lift_confirm(guest.world.manager, iov_domain_get_uuid(guest.record), "net0", &error),
        error);
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_ACTIVE), 1);
    ck_assert_uint_eq(fake.effects, 1);
}
END_TEST

START_TEST(a_refused_attach_gives_back)
{
    g_autoptr(GError) error = NULL;

    fake.fail_at = 1;
    assert_fails(lift_request(guest.domain, guest.world.manager, "net0", &error), error,
                 IOV_ERROR_HOST, "libvirt refused function 0000:01:10.0");
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_FREE), 4);
    g_autofree char *status = world_status(&guest.world, guest.record);
    ck_assert_ptr_nonnull(strstr(status, "libvirt refused"));
    lift();
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_ACTIVE), 1);
}
END_TEST

static void
assert_dropped(FakeRemoval removal, gboolean expected)
{
    g_autoptr(GError) error = NULL;
    gboolean gone = !expected;

    lift();
    fake.removal = removal;
    assert_done(drop_request(guest.domain, guest.world.manager, "net0", TRUE, &gone, &error),
                error);
    ck_assert_int_eq(gone, expected);
}

START_TEST(a_drop_without_event_is_seen)
{
    /* the qemu driver may finish before it returns */
    assert_dropped(FAKE_REMOVES, TRUE);
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_FREE), 4);
    ck_assert_uint_eq(fake_count(TRUE, FUNCTION), 0);
}
END_TEST

START_TEST(a_drop_waits_for_the_event)
{
    g_autoptr(GError) error = NULL;

    assert_dropped(FAKE_REMOVES_LATER, TRUE);
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_FREE), 4);
    g_autoptr(GPtrArray) waiting = iov_manager_list_waiting(guest.world.manager, &error);
    assert_done(waiting != NULL, error);
    ck_assert_uint_eq(waiting->len, 0); /* parked */
    lift();
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_ACTIVE), 1);
}
END_TEST

START_TEST(a_guest_may_refuse)
{
    g_autoptr(GError) error = NULL;

    assert_dropped(FAKE_REFUSES, FALSE);
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_DETACHING), 1);
    assert_fails(lift_request(guest.domain, guest.world.manager, "net0", &error), error,
                 IOV_ERROR_BUSY, "detaching");
    fake.removal = FAKE_REMOVES_LATER;
    gboolean gone = FALSE;
    assert_done(drop_request(guest.domain, guest.world.manager, "net0", TRUE, &gone, &error),
                error);
    ck_assert(gone);
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_FREE), 4);
}
END_TEST

START_TEST(a_reservation_is_dropped_without_libvirt)
{
    g_autoptr(GError) error = NULL;
    gboolean gone = FALSE;

    assert_done(
        iov_manager_acquire(guest.world.manager, iov_domain_get_uuid(guest.record), "net0", &error),
        error);
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_RESERVED), 1);
    assert_done(drop_ask(guest.domain, guest.world.manager, "net0", FALSE, &gone, &error), error);
    ck_assert(gone);
    ck_assert_uint_eq(fake.effects, 0);
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_FREE), 4);
}
END_TEST

START_TEST(a_request_that_waits_is_parked)
{
    g_autoptr(GError) error = NULL;
    gboolean gone = FALSE;

    assert_fails(drop_request(guest.domain, guest.world.manager, "net0", FALSE, &gone, &error),
                 error, IOV_ERROR_NOT_FOUND, "holds no function");
    for (guint i = 0; i < 2; i++) {
        gone = FALSE;
        assert_done(drop_request(guest.domain, guest.world.manager, "net0", TRUE, &gone, &error),
                    error);
        ck_assert(gone);
        assert_status("direct|parked: taken off its function by the admin");
    }
    ck_assert_uint_eq(fake.effects, 0);
    g_autoptr(GPtrArray) waiting = iov_manager_list_waiting(guest.world.manager, &error);
    assert_done(waiting != NULL, error);
    ck_assert_uint_eq(waiting->len, 0);
    assert_fails(drop_request(guest.domain, guest.world.manager, "net7", TRUE, &gone, &error),
                 error, IOV_ERROR_NOT_FOUND, "request 'net7' is not known");
    lift(); /* iovpool attach */
    assert_status("passthrough|");
}
END_TEST

/* Its function is back and waits to be cleaned: it serves nobody any more. */
START_TEST(a_request_whose_function_is_being_cleaned_is_parked)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovStatus) now = NULL;
    gboolean gone = FALSE;

    lift();
    now = guest_status();
    ck_assert_ptr_nonnull(now->lease);
    fake_host_set_holder(guest.world.host, now->lease->iommu_group,
                         4712); /* of another process: not clean yet */
    assert_done(iov_manager_lift_failed(guest.world.manager, now->lease->function,
                                        now->lease->generation, IOV_REASON_REFUSED, "a test",
                                        &error),
                error);
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_SCRUBBING), 1);
    assert_done(drop_request(guest.domain, guest.world.manager, "net0", TRUE, &gone, &error),
                error);
    ck_assert(gone);
    assert_status("direct|parked: taken off its function by the admin");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("lift");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, LIFT_WAIT_SECONDS - 5); /* an event that is missed is a failure */
    tcase_add_checked_fixture(all, guest_set_up, guest_tear_down);
    tcase_add_test(all, a_lift_ends_active);
    tcase_add_test(all, a_hidden_device_stays_attaching);
    tcase_add_test(all, a_refused_attach_gives_back);
    tcase_add_test(all, a_drop_without_event_is_seen);
    tcase_add_test(all, a_drop_waits_for_the_event);
    tcase_add_test(all, a_guest_may_refuse);
    tcase_add_test(all, a_reservation_is_dropped_without_libvirt);
    tcase_add_test(all, a_request_that_waits_is_parked);
    tcase_add_test(all, a_request_whose_function_is_being_cleaned_is_parked);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
