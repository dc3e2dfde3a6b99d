/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hostdevs of its own that an incoming domain brings, not of its requests.
 */
#include "fake-host.h"
#include "incoming-support.h"
#include "test-support.h"

#include <string.h>

#define UUID "00000000-0000-4000-8000-000000000031" /* of vm1 */

static World world;

static void
set_up(void)
{
    world_set_up(&world);
    world_start_pool(&world, "2");
}

static void
tear_down(void)
{
    world_tear_down(&world);
}

static void
assert_function(const char *function, const char *expected)
{
    g_autofree char *state = world_function(&world, function);

    ck_assert_str_eq(state, expected);
}

/* vm1 with one hostdev; @alias may be NULL. (transfer full) */
static char *
with_device(const char *function, const char *alias)
{
    g_autofree char *device = world_hostdev(function, alias != NULL ? alias : "");
    g_autoptr(GString) text = g_string_new(device);

    if (alias == NULL)
        g_string_replace(text, "<alias name=''/>", "", 0);
    return world_domain_xml("vm1", "", text->str);
}

static void
move_to(const char *function, IovLeaseState state)
{
    g_autoptr(GError) error = NULL;
    IovLedger *ledger = iov_manager_ledger(world.manager, FALSE, &error);
    g_autoptr(IovLease) lease = iov_ledger_get_function(ledger, function, &error);

    assert_done(iov_ledger_begin(ledger, &error), error);
    assert_done(iov_ledger_move(ledger, function, lease->generation, state, "test", 1, &error),
                error);
    assert_done(iov_ledger_commit(ledger, &error), error);
}

START_TEST(one_that_is_free_stands)
{
    g_autofree char *xml = with_device("0000:02:10.2", "ua-nic");
    g_autofree char *same = incoming_arrive(&world, (IovIncoming)_i, xml, 1);

    ck_assert_str_eq(same, xml);
    assert_function("0000:02:10.2", "reserved vm1 ua-nic");
    incoming_start(&world, same);
    assert_function("0000:02:10.2", "active vm1 ua-nic");
}
END_TEST

START_TEST(one_that_is_not_free_is_another_afterwards)
{
    static const IovLeaseState states[] = {IOV_LEASE_RESERVED, IOV_LEASE_QUARANTINED,
                                           IOV_LEASE_FOREIGN};
    g_autofree char *xml = with_device("0000:01:10.0", "ua-nic");

    if (states[_i] == IOV_LEASE_RESERVED)
        incoming_take(&world, "0000:01:10.0");
    else
        move_to("0000:01:10.0", states[_i]);
    g_autofree char *changed = incoming_arrive(&world, IOV_INCOMING_RESTORE, xml, 1);
    g_autofree char *source = incoming_source(changed, "ua-nic");
    ck_assert_str_ne(source, "0000:01:10.0");
    assert_function(source, "reserved vm1 ua-nic");
    incoming_start(&world, changed);
    assert_function(source, "active vm1 ua-nic");
}
END_TEST

/* What it is called by is its function then. */
START_TEST(one_without_an_alias_is_found_again)
{
    g_autofree char *xml = with_device("0000:01:10.0", NULL);

    incoming_take(&world, "0000:01:10.0");
    g_autofree char *changed = incoming_arrive(&world, IOV_INCOMING_MIGRATION, xml, 1);
    g_autofree char *source = incoming_source(changed, NULL);
    ck_assert_str_ne(source, "0000:01:10.0");
    g_autofree char *again = incoming_arrive(&world, IOV_INCOMING_MIGRATION, xml, 0);
    ck_assert_str_eq(changed, again);
    incoming_start(&world, changed);
    g_autofree char *state = world_function(&world, source);
    g_autofree char *expected = g_strdup_printf("active vm1 %s", source);
    ck_assert_str_eq(state, expected);
}
END_TEST

START_TEST(another_try_makes_no_other_lease)
{
    g_autofree char *taken = with_device("0000:01:10.0", "ua-nic");
    g_autofree char *free_one = with_device("0000:02:10.2", "ua-nic");

    incoming_take(&world, "0000:01:10.0");
    g_autofree char *first = incoming_arrive(&world, IOV_INCOMING_MIGRATION, taken, 1);
    g_autofree char *second = incoming_arrive(&world, IOV_INCOMING_MIGRATION, taken, 0);
    ck_assert_str_eq(first, second);
    incoming_let_pass(&world);
    ck_assert_int_eq(iov_manager_scrub_pending(world.manager, NULL, NULL), TRUE);
    g_autofree char *third = incoming_arrive(&world, IOV_INCOMING_MIGRATION, free_one, 1);
    g_autofree char *fourth = incoming_arrive(&world, IOV_INCOMING_MIGRATION, free_one, 0);
    ck_assert_str_eq(third, free_one);
    ck_assert_str_eq(fourth, free_one);
}
END_TEST

/* The first one must move, and takes what is best: not what the second one has. */
START_TEST(those_that_stand_come_first)
{
    g_autofree char *first = world_hostdev("0000:01:10.0", "ua-a");
    g_autofree char *second = world_hostdev("0000:02:10.0", "ua-b");
    g_autofree char *devices = g_strconcat(first, second, NULL);
    g_autofree char *xml = world_domain_xml("vm1", "", devices);

    incoming_take(&world, "0000:01:10.0");
    g_autofree char *changed = incoming_arrive(&world, IOV_INCOMING_MIGRATION, xml, 2);
    g_autofree char *stands = incoming_source(changed, "ua-b");
    g_autofree char *moved = incoming_source(changed, "ua-a");
    ck_assert_str_eq(stands, "0000:02:10.0");
    ck_assert_str_ne(moved, "0000:02:10.0");
    assert_function("0000:02:10.0", "reserved vm1 ua-b");
    assert_function(moved, "reserved vm1 ua-a");
}
END_TEST

START_TEST(two_devices_do_not_share_a_function)
{
    g_autofree char *first = world_hostdev("0000:01:10.0", "ua-a");
    g_autofree char *second = world_hostdev("0000:01:10.0", "ua-iov-gone-vf");
    g_autofree char *devices = g_strconcat(first, second, NULL);
    g_autofree char *xml = world_domain_xml("vm1", "", devices);
    g_autofree char *changed = incoming_arrive(&world, IOV_INCOMING_MIGRATION, xml, 2);
    g_autofree char *stands = incoming_source(changed, "ua-a");
    g_autofree char *moved = incoming_source(changed, "ua-iov-gone-vf");

    ck_assert_str_eq(stands, "0000:01:10.0");
    ck_assert_str_ne(moved, stands);
    assert_function(moved, "reserved vm1 gone");
}
END_TEST

START_TEST(an_exhausted_pool_refuses)
{
    static const char *const all[] = {"0000:01:10.0", "0000:01:10.2", "0000:02:10.0",
                                      "0000:02:10.2"};
    g_autofree char *xml = with_device("0000:01:10.0", "ua-nic");

    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        incoming_take(&world, all[i]);
    incoming_refused(&world, IOV_INCOMING_MIGRATION, xml, IOV_ERROR_EXHAUSTED,
                     "domain 'vm1' cannot migrate to host 'b.example': its device ua-nic names "
                     "function 0000:01:10.0, which is not free there, and pool 'fast' has no "
                     "other: all 4 functions of pool fast are leased; held by other");
    incoming_refused(&world, IOV_INCOMING_RESTORE, xml, IOV_ERROR_EXHAUSTED,
                     "domain 'vm1' cannot be restored on host 'b.example'");
}
END_TEST

/* Saved and restored at once: its function still waits to be cleaned after it. */
START_TEST(its_own_function_stands_before_it_is_cleaned)
{
    g_autofree char *xml = with_device("0000:01:10.0", "ua-nic");
    g_autoptr(GError) error = NULL;

    incoming_start(&world, xml);
    assert_done(iov_manager_release(world.manager, UUID, &error), error);
    assert_function("0000:01:10.0", "scrubbing vm1 ua-nic");
    g_autofree char *same = incoming_arrive(&world, IOV_INCOMING_RESTORE, xml, 1);
    ck_assert_str_eq(same, xml);
    assert_function("0000:01:10.0", "reserved vm1 ua-nic");
    /* and where it does not start, it is not clean by that */
    incoming_let_pass(&world);
    assert_function("0000:01:10.0", "scrubbing vm1 ua-nic");
}
END_TEST

START_TEST(what_is_given_back_is_to_be_cleaned)
{
    g_autofree char *xml = with_device("0000:01:10.0", "ua-nic");
    g_autofree char *changed = NULL;
    g_autoptr(GPtrArray) leased = NULL;
    g_autoptr(GError) error = NULL;

    assert_done(iov_manager_incoming(world.manager, IOV_INCOMING_RESTORE, "b", xml, strlen(xml),
                                     &changed, &leased, &error),
                error);
    assert_done(iov_manager_give_back(world.manager, leased, &error), error);
    assert_function("0000:01:10.0", "scrubbing vm1 ua-nic");
    g_autoptr(GPtrArray) statuses = iov_manager_list_status(world.manager, NULL, &error);
    ck_assert_uint_eq(statuses->len, 0);
}
END_TEST

START_TEST(a_domain_that_is_here_keeps_what_it_has)
{
    g_autofree char *xml = with_device("0000:01:10.0", "ua-nic");

    incoming_start(&world, xml);
    incoming_refused(&world, IOV_INCOMING_MIGRATION, xml, IOV_ERROR_BUSY, "is it there already?");
    assert_function("0000:01:10.0", "active vm1 ua-nic");
}
END_TEST

/* With another process at a change of the ledger, one that waited would hang here. */
START_TEST(a_domain_of_others_waits_for_nobody)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = with_device("0000:0a:00.0", "ua-nic");
    g_autofree char *floor = incoming_floor("eth7");
    g_autofree char *floating = world_domain_xml("vm1", "", floor);
    g_autoptr(IovManager) busy =
        iov_manager_new_with_host(world.root, fake_host_reopen(world.host));
    IovLedger *ledger = iov_manager_ledger(busy, FALSE, &error);

    assert_done(ledger != NULL && iov_ledger_begin(ledger, &error), error);
    g_autofree char *same = incoming_arrive(&world, IOV_INCOMING_MIGRATION, xml, 0);
    ck_assert_str_eq(same, xml);
    /* nor does one whose floor alone is to be changed */
    g_autofree char *changed = incoming_arrive(&world, IOV_INCOMING_MIGRATION, floating, 0);
    ck_assert_str_ne(changed, floating);
    iov_ledger_rollback(ledger);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("manager-incoming-own");
    TCase *tests = tcase_create("own");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, one_that_is_free_stands, IOV_INCOMING_MIGRATION,
                        IOV_INCOMING_RESTORE + 1);
    tcase_add_loop_test(tests, one_that_is_not_free_is_another_afterwards, 0, 3);
    tcase_add_test(tests, one_without_an_alias_is_found_again);
    tcase_add_test(tests, another_try_makes_no_other_lease);
    tcase_add_test(tests, those_that_stand_come_first);
    tcase_add_test(tests, two_devices_do_not_share_a_function);
    tcase_add_test(tests, an_exhausted_pool_refuses);
    tcase_add_test(tests, its_own_function_stands_before_it_is_cleaned);
    tcase_add_test(tests, what_is_given_back_is_to_be_cleaned);
    tcase_add_test(tests, a_domain_that_is_here_keeps_what_it_has);
    tcase_add_test(tests, a_domain_of_others_waits_for_nobody);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
