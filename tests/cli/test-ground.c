/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground.h"

#include "fake-guest.h"
#include "lift.h"
#include "test-support.h"

static void
lift(void)
{
    g_autoptr(GError) error = NULL;

    assert_done(lift_request(guest.domain, guest.world.manager, "net0", &error), error);
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_ACTIVE), 1);
}

static void
assert_parked(gboolean expected)
{
    g_autoptr(IovStatus) now = guest_status();

    ck_assert_int_eq(iov_status_get_parked(now), expected);
}

START_TEST(down_and_up_again)
{
    g_autoptr(GError) error = NULL;
    g_auto(Ground) ground = {0};

    lift();
    fake.removal = FAKE_REMOVES_LATER;
    assert_done(ground_domain(guest.domain, guest.world.manager, &ground, &error), error);
    ck_assert_uint_eq(ground.dropped->len, 1);
    ck_assert_str_eq(g_ptr_array_index(ground.dropped, 0), "net0");
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_FREE), 4);
    assert_parked(TRUE);
    ground_lift_again(guest.domain, guest.world.manager, &ground);
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_ACTIVE), 1);
    assert_parked(FALSE);
}
END_TEST

/* Nobody lifts it meanwhile. */
START_TEST(who_waits_is_parked_too)
{
    g_autoptr(GError) error = NULL;
    g_auto(Ground) ground = {0};

    assert_done(ground_domain(guest.domain, guest.world.manager, &ground, &error), error);
    ck_assert_uint_eq(ground.dropped->len, 0);
    assert_parked(TRUE);
    ground_lift_again(guest.domain, guest.world.manager, &ground);
    assert_parked(FALSE);
    ck_assert_uint_eq(fake.effects, 0);
}
END_TEST

START_TEST(what_an_admin_parked_stays_so)
{
    g_autoptr(GError) error = NULL;
    g_auto(Ground) ground = {0};
    gboolean gone = FALSE;

    lift();
    assert_done(drop_request(guest.domain, guest.world.manager, "net0", TRUE, &gone, &error),
                error);
    assert_done(ground_domain(guest.domain, guest.world.manager, &ground, &error), error);
    ground_lift_again(guest.domain, guest.world.manager, &ground);
    assert_parked(TRUE);
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_FREE), 4);
}
END_TEST

/* Its function stays with it, and nothing says that an admin took it. */
START_TEST(a_guest_that_refuses_is_left_as_it_was)
{
    g_autoptr(GError) error = NULL;
    g_auto(Ground) ground = {0};

    lift();
    fake.removal = FAKE_REFUSES;
    assert_fails(ground_domain(guest.domain, guest.world.manager, &ground, &error), error,
                 IOV_ERROR_BUSY, "its guest has not given back the function of request 'net0'");
    assert_parked(FALSE);
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_DETACHING), 1);
}
END_TEST

START_TEST(a_paused_guest_is_not_asked)
{
    g_autoptr(GError) error = NULL;
    g_auto(Ground) ground = {0};

    lift();
    fake.paused = TRUE;
    assert_fails(ground_domain(guest.domain, guest.world.manager, &ground, &error), error,
                 IOV_ERROR_INVALID, "resume it first");
    assert_parked(FALSE);
    ck_assert_uint_eq(world_count(&guest.world, IOV_LEASE_ACTIVE), 1);
    ck_assert_uint_eq(fake.effects, 1);
}
END_TEST

START_TEST(a_paused_guest_without_function_is_no_obstacle)
{
    g_autoptr(GError) error = NULL;
    g_auto(Ground) ground = {0};

    fake.paused = TRUE;
    assert_done(ground_domain(guest.domain, guest.world.manager, &ground, &error), error);
    assert_parked(TRUE);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("ground");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, LIFT_WAIT_SECONDS - 5); /* an event that is missed is a failure */
    tcase_add_checked_fixture(all, guest_set_up, guest_tear_down);
    tcase_add_test(all, down_and_up_again);
    tcase_add_test(all, who_waits_is_parked_too);
    tcase_add_test(all, what_an_admin_parked_stays_so);
    tcase_add_test(all, a_guest_that_refuses_is_left_as_it_was);
    tcase_add_test(all, a_paused_guest_is_not_asked);
    tcase_add_test(all, a_paused_guest_without_function_is_no_obstacle);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
