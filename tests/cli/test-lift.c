/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lift.h"

#include "fake-host.h"
#include "fake-libvirt.h"
#include "iov-lease-private.h"
#include "manager-support.h"
#include "test-support.h"

#include <string.h>

static World world;
static virDomainPtr domain;
static IovDomain *record;

#define FUNCTION "/domain/devices/interface[@type='hostdev'][alias/@name='ua-iov-net0-vf']"

/* The lease of net0, NULL where it has none. (transfer full) */
static IovLease *
lease(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list =
        iov_manager_list_status(world.manager, iov_domain_get_uuid(record), &error);

    assert_done(list != NULL, error);
    ck_assert_uint_eq(list->len, 1);
    IovLease *found = iov_status_get_lease(g_ptr_array_index(list, 0));
    return found != NULL ? iov_lease_ref(found) : NULL;
}

static void
hold(gboolean held)
{
    g_autoptr(IovLease) holding = lease();

    ck_assert_ptr_nonnull(holding);
    fake_host_set_holder(world.host, holding->iommu_group, held ? 4711 : 0);
}

static void
hold_at_once(const char *xml G_GNUC_UNUSED)
{
    hold(TRUE);
}

static void
let_go(const char *alias G_GNUC_UNUSED)
{
    hold(FALSE);
}

static void
set_up(void)
{
    g_autoptr(GError) error = NULL;

    world_set_up(&world);
    world_start_pool(&world, "2");
    fake_set_up("pc-q35-7.2", TRUE);
    fake_add("/domain/metadata",
             "<iov:requests xmlns:iov='" IOV_REQUEST_NAMESPACE "'><iov:request name='net0' "
             "pool='fast' mac='52:54:00:00:00:01'/></iov:requests>");
    domain = libvirt_find_domain(fake.connection, "vm1", &error);
    assert_done(domain != NULL, error);
    record = libvirt_read_domain(domain, 0, &error);
    assert_done(record != NULL, error);
    assert_done(iov_manager_adopt_request(world.manager, record, "net0", &error), error);
    fake.on_attach = hold_at_once;
    fake.on_detach = let_go;
}

static void
tear_down(void)
{
    iov_domain_unref(record);
    virDomainFree(domain);
    fake_tear_down();
    world_tear_down(&world);
}

static void
lift(void)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_manager_unpark(world.manager, iov_domain_get_uuid(record), "net0", &error),
                error);
    assert_done(lift_request(domain, world.manager, "net0", &error), error);
}

/* What the ledger says of net0. */
static void
assert_status(const char *tier_and_reason)
{
    g_autofree char *status = world_status(&world, record);

    ck_assert_str_eq(status, tier_and_reason);
}

START_TEST(a_lift_ends_active)
{
    lift();
    ck_assert_uint_eq(fake_count(TRUE, FUNCTION), 1);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_ACTIVE), 1);
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
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_ATTACHING), 1);
    g_autofree char *status = world_status(&world, record);
    ck_assert_ptr_nonnull(strstr(status, "guest has not negotiated failover yet"));
    lift();
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_ATTACHING), 1);
    hold(TRUE);
    assert_done(lift_confirm(world.manager, iov_domain_get_uuid(record), "net0", &error), error);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_ACTIVE), 1);
    ck_assert_uint_eq(fake.effects, 1);
}
END_TEST

START_TEST(a_refused_attach_gives_back)
{
    g_autoptr(GError) error = NULL;

    fake.fail_at = 1;
    assert_fails(lift_request(domain, world.manager, "net0", &error), error, IOV_ERROR_HOST,
                 "libvirt refused function 0000:01:10.0");
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 4);
    g_autofree char *status = world_status(&world, record);
    ck_assert_ptr_nonnull(strstr(status, "libvirt refused"));
    lift();
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_ACTIVE), 1);
}
END_TEST

static void
assert_dropped(FakeRemoval removal, gboolean expected)
{
    g_autoptr(GError) error = NULL;
    gboolean gone = !expected;

    lift();
    fake.removal = removal;
    assert_done(drop_request(domain, world.manager, "net0", TRUE, &gone, &error), error);
    ck_assert_int_eq(gone, expected);
}

START_TEST(a_drop_without_event_is_seen)
{
    /* the qemu driver may finish before it returns */
    assert_dropped(FAKE_REMOVES, TRUE);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 4);
    ck_assert_uint_eq(fake_count(TRUE, FUNCTION), 0);
}
END_TEST

START_TEST(a_drop_waits_for_the_event)
{
    g_autoptr(GError) error = NULL;

    assert_dropped(FAKE_REMOVES_LATER, TRUE);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 4);
    g_autoptr(GPtrArray) waiting = iov_manager_list_waiting(world.manager, &error);
    assert_done(waiting != NULL, error);
    ck_assert_uint_eq(waiting->len, 0); /* parked */
    lift();
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_ACTIVE), 1);
}
END_TEST

START_TEST(a_guest_may_refuse)
{
    g_autoptr(GError) error = NULL;

    assert_dropped(FAKE_REFUSES, FALSE);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_DETACHING), 1);
    assert_fails(lift_request(domain, world.manager, "net0", &error), error, IOV_ERROR_BUSY,
                 "detaching");
    fake.removal = FAKE_REMOVES_LATER;
    gboolean gone = FALSE;
    assert_done(drop_request(domain, world.manager, "net0", TRUE, &gone, &error), error);
    ck_assert(gone);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 4);
}
END_TEST

START_TEST(a_reservation_is_dropped_without_libvirt)
{
    g_autoptr(GError) error = NULL;
    gboolean gone = FALSE;

    assert_done(iov_manager_acquire(world.manager, iov_domain_get_uuid(record), "net0", &error),
                error);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_RESERVED), 1);
    assert_done(drop_ask(domain, world.manager, "net0", FALSE, &gone, &error), error);
    ck_assert(gone);
    ck_assert_uint_eq(fake.effects, 0);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 4);
}
END_TEST

START_TEST(a_request_that_waits_is_parked)
{
    g_autoptr(GError) error = NULL;
    gboolean gone = FALSE;

    assert_fails(drop_request(domain, world.manager, "net0", FALSE, &gone, &error), error,
                 IOV_ERROR_NOT_FOUND, "holds no function");
    for (guint i = 0; i < 2; i++) {
        gone = FALSE;
        assert_done(drop_request(domain, world.manager, "net0", TRUE, &gone, &error), error);
        ck_assert(gone);
        assert_status("direct|parked: taken off its function by the admin");
    }
    ck_assert_uint_eq(fake.effects, 0);
    g_autoptr(GPtrArray) waiting = iov_manager_list_waiting(world.manager, &error);
    assert_done(waiting != NULL, error);
    ck_assert_uint_eq(waiting->len, 0);
    assert_fails(drop_request(domain, world.manager, "net7", TRUE, &gone, &error), error,
                 IOV_ERROR_NOT_FOUND, "request 'net7' is not known");
    lift(); /* iovpool attach */
    assert_status("passthrough|");
}
END_TEST

/* Its function is back and waits to be cleaned: it serves nobody any more. */
START_TEST(a_request_whose_function_is_being_cleaned_is_parked)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLease) held = NULL;
    gboolean gone = FALSE;

    lift();
    held = lease();
    fake_host_set_holder(world.host, held->iommu_group,
                         4712); /* of another process: not clean yet */
    assert_done(iov_manager_lift_failed(world.manager, held->function, held->generation,
                                        IOV_REASON_REFUSED, "a test", &error),
                error);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_SCRUBBING), 1);
    assert_done(drop_request(domain, world.manager, "net0", TRUE, &gone, &error), error);
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
    tcase_add_checked_fixture(all, set_up, tear_down);
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
