/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Leases: who gets a function, how its state changes, and whom a late call may not touch. */
#include "ledger-support.h"

#define STATES 8

START_TEST(a_lease_has_an_owner_and_a_generation)
{
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(GError) error = NULL;
    guint64 generation = 0;

    begin(ledger);
    guint64 first = lease(ledger, vf(1, 0), VM1, "net0");
    g_autoptr(IovLease) held = iov_ledger_find_lease(ledger, VM1, "net0", &error);
    assert_done(held != NULL, error);
    ck_assert_str_eq(held->function, vf(1, 0));
    ck_assert_uint_eq(held->generation, first);
    ck_assert_uint_eq(held->state, IOV_LEASE_RESERVED);
    ck_assert_str_eq(held->domain_uuid, VM1);
    ck_assert_str_eq(held->domain_name, "001");
    ck_assert_str_eq(held->request, "net0");
    ck_assert_int_eq(held->since, 10);
    ck_assert_int_eq(held->deadline, 99);
    assert_fails(iov_ledger_lease(ledger, vf(1, 0), VM2, "vm2", "net0", 1, 2, &generation, &error),
                 error, IOV_ERROR_BUSY,
                 "function 0000:01:00.1 is leased to request net0 of domain 001 (reserved)");
    assert_fails(iov_ledger_lease(ledger, vf(1, 1), VM1, "vm1", "net0", 1, 2, &generation, &error),
                 error, IOV_ERROR_BUSY,
                 "request net0 of domain vm1 holds function 0000:01:00.1 (reserved)");
    assert_fails(iov_ledger_lease(ledger, vf(9, 9), VM1, "vm1", "net1", 1, 2, &generation, &error),
                 error, IOV_ERROR_NOT_FOUND, "function 0000:09:01.2 is in no started pool");
    ck_assert_uint_eq(generation, 0);
    ck_assert_uint_gt(lease(ledger, vf(1, 1), VM1, "net1"), first);
    lease(ledger, vf(1, 2), VM2, "net0");
    commit(ledger);
    g_autoptr(GPtrArray) leases = iov_ledger_list_leases(ledger, VM1, &error);
    assert_done(leases != NULL, error);
    ck_assert_uint_eq(leases->len, 2);
    ck_assert_str_eq(((IovLease *)leases->pdata[1])->request, "net1");
    ck_assert_ptr_null(iov_ledger_find_lease(ledger, VM2, "net1", &error));
    ck_assert_ptr_null(error);
    assert_consistent(ledger, 8);
}
END_TEST

START_TEST(an_unleased_function_says_why_it_is_not_free)
{
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLease) free = get(ledger, vf(1, 0));
    guint64 generation = 0;

    begin(ledger);
    assert_done(iov_ledger_move(ledger, vf(1, 0), free->generation, IOV_LEASE_QUARANTINED,
                                "reset failed", 5, &error),
                error);
    assert_fails(iov_ledger_lease(ledger, vf(1, 0), VM1, "vm1", "net0", 1, 2, &generation, &error),
                 error, IOV_ERROR_BUSY, "function 0000:01:00.1 is quarantined: reset failed");
    assert_fails(iov_ledger_adopt(ledger, vf(1, 0), VM1, "vm1", "net0", IOV_LEASE_ACTIVE, 1,
                                  &generation, &error),
                 error, IOV_ERROR_BUSY, "function 0000:01:00.1 is quarantined: reset failed");
}
END_TEST

/* Brings a fresh function to @state by legal steps; returns its generation. */
static guint64
bring_to(IovLedger *ledger, const char *function, IovLeaseState state, gboolean owned)
{
    static const IovLeaseState paths[STATES][4] = {
        [IOV_LEASE_ATTACHING] = {IOV_LEASE_ATTACHING},
        [IOV_LEASE_ACTIVE] = {IOV_LEASE_ACTIVE},
        [IOV_LEASE_DETACHING] = {IOV_LEASE_ACTIVE, IOV_LEASE_DETACHING},
        [IOV_LEASE_SCRUBBING] = {IOV_LEASE_SCRUBBING},
    };
    g_autoptr(IovLease) present = get(ledger, function);
    guint64 generation = present->generation;

    if (state == IOV_LEASE_QUARANTINED || state == IOV_LEASE_FOREIGN || !owned) {
        if (state == IOV_LEASE_SCRUBBING)
            move(ledger, function, generation, IOV_LEASE_QUARANTINED);
        else if (state != IOV_LEASE_FREE)
            move(ledger, function, generation, state);
    } else if (state != IOV_LEASE_FREE) {
        generation = lease(ledger, function, VM1, "net0");
        for (guint i = 0; i < 4 && paths[state][i] != IOV_LEASE_FREE; i++)
            move(ledger, function, generation, paths[state][i]);
    }
    g_autoptr(IovLease) now = get(ledger, function);
    if (state == IOV_LEASE_SCRUBBING && !owned)
        move(ledger, function, now->generation, IOV_LEASE_SCRUBBING);
    return now->generation;
}

static void
check_move(IovLedger *ledger, IovLeaseState from, IovLeaseState to)
{
    g_autoptr(GError) error = NULL;
    gboolean needs_owner = to >= IOV_LEASE_RESERVED && to <= IOV_LEASE_DETACHING;
    gboolean had_owner = from >= IOV_LEASE_RESERVED && from <= IOV_LEASE_SCRUBBING;
    gboolean allowed = iov_lease_may_go(from, to) && (had_owner || !needs_owner);

    begin(ledger);
    guint64 generation = bring_to(ledger, vf(1, 0), from, TRUE);
    g_autoptr(IovLease) before = get(ledger, vf(1, 0));
    ck_assert_uint_eq(before->state, from);
    ck_assert_int_eq(before->deadline, from == IOV_LEASE_RESERVED ? 99 : 0);
    assert_fails(iov_ledger_move(ledger, vf(1, 0), generation + 1, to, NULL, 30, &error), error,
                 IOV_ERROR_STALE, "is over");
    if (allowed)
        assert_done(iov_ledger_move(ledger, vf(1, 0), generation, to, "why", 30, &error), error);
    else
        assert_fails(iov_ledger_move(ledger, vf(1, 0), generation, to, "why", 30, &error), error,
                     IOV_ERROR_INVALID, iov_lease_state_to_string(to));
    g_autoptr(IovLease) after = get(ledger, vf(1, 0));
    ck_assert_uint_eq(after->state, allowed ? to : from);
    if (allowed) {
        gboolean owned = had_owner && iov_lease_state_is_held(to);

        ck_assert_str_eq(after->reason, "why");
        ck_assert_int_eq(after->since, 30);
        ck_assert_int_eq(after->deadline, 0);
        ck_assert_pstr_eq(after->domain_uuid, owned ? VM1 : NULL);
        ck_assert_pstr_eq(after->request, owned ? "net0" : NULL);
        ck_assert(iov_lease_state_is_held(to) ? after->generation == generation
                                              : after->generation > generation);
    }
    assert_consistent(ledger, 8);
    iov_ledger_rollback(ledger);
}

START_TEST(moves_follow_the_table)
{
    g_autoptr(IovLedger) ledger = open_filled();

    for (guint from = 0; from < STATES; from++)
        for (guint to = 0; to < STATES; to++)
            check_move(ledger, (IovLeaseState)from, (IovLeaseState)to);
}
END_TEST

START_TEST(a_quarantined_function_is_scrubbed_without_an_owner)
{
    g_autoptr(IovLedger) ledger = open_filled();

    begin(ledger);
    guint64 generation = bring_to(ledger, vf(1, 0), IOV_LEASE_SCRUBBING, FALSE);
    g_autoptr(IovLease) scrubbing = get(ledger, vf(1, 0));
    ck_assert_uint_eq(scrubbing->state, IOV_LEASE_SCRUBBING);
    ck_assert_ptr_null(scrubbing->domain_uuid);
    move(ledger, vf(1, 0), generation, IOV_LEASE_FREE);
    assert_consistent(ledger, 8);
}
END_TEST

/* A domain that starts again does not wait for the function of its earlier life. */
START_TEST(a_request_leaves_what_is_scrubbed_behind)
{
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(GError) error = NULL;

    begin(ledger);
    guint64 earlier = lease(ledger, vf(1, 0), VM1, "net0");
    move(ledger, vf(1, 0), earlier, IOV_LEASE_SCRUBBING);
    guint64 later = lease(ledger, vf(1, 1), VM1, "net0");
    g_autoptr(IovLease) held = iov_ledger_find_lease(ledger, VM1, "net0", &error);
    assert_done(held != NULL, error);
    ck_assert_str_eq(held->function, vf(1, 1));
    ck_assert_uint_eq(held->generation, later);
    g_autoptr(IovLease) left = get(ledger, vf(1, 0));
    ck_assert_uint_eq(left->state, IOV_LEASE_SCRUBBING);
    ck_assert_ptr_null(left->domain_uuid);
    move(ledger, vf(1, 0), earlier, IOV_LEASE_FREE);
    assert_consistent(ledger, 8);
}
END_TEST

START_TEST(a_late_release_touches_nobody)
{
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(GError) error = NULL;

    begin(ledger);
    guint64 old = lease(ledger, vf(1, 0), VM1, "net0");
    move(ledger, vf(1, 0), old, IOV_LEASE_FREE);
    assert_fails(iov_ledger_move(ledger, vf(1, 0), old, IOV_LEASE_FOREIGN, NULL, 1, &error), error,
                 IOV_ERROR_STALE, "(free)");
    guint64 new = lease(ledger, vf(1, 0), VM2, "net0");
    assert_fails(iov_ledger_move(ledger, vf(1, 0), old, IOV_LEASE_FREE, NULL, 1, &error), error,
                 IOV_ERROR_STALE, "function 0000:01:00.1 is over: it is at");
    assert_fails(iov_ledger_note_function(ledger, vf(1, 0), old, "x", &error), error,
                 IOV_ERROR_STALE, "(reserved)");
    assert_fails(iov_ledger_set_deadline(ledger, vf(1, 0), old, 5, &error), error, IOV_ERROR_STALE,
                 "(reserved)");
    assert_fails(iov_ledger_move(ledger, vf(9, 9), new, IOV_LEASE_FREE, NULL, 1, &error), error,
                 IOV_ERROR_NOT_FOUND, "is in no started pool");
}
END_TEST

START_TEST(a_note_and_a_deadline_leave_the_state)
{
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(GError) error = NULL;

    begin(ledger);
    guint64 generation = lease(ledger, vf(1, 0), VM1, "net0");
    assert_done(iov_ledger_note_function(ledger, vf(1, 0), generation, "waits", &error), error);
    assert_done(iov_ledger_set_deadline(ledger, vf(1, 0), generation, 777, &error), error);
    g_autoptr(IovLease) held = get(ledger, vf(1, 0));
    ck_assert_str_eq(held->reason, "waits");
    ck_assert_int_eq(held->deadline, 777);
    ck_assert_uint_eq(held->state, IOV_LEASE_RESERVED);
    move(ledger, vf(1, 0), generation, IOV_LEASE_ATTACHING);
    assert_fails(iov_ledger_set_deadline(ledger, vf(1, 0), generation, 778, &error), error,
                 IOV_ERROR_INVALID, "is attaching: only a reserved one has a deadline");
}
END_TEST

START_TEST(adoption_goes_straight_to_a_held_state)
{
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(GError) error = NULL;
    guint64 generation = 0;

    begin(ledger);
    bring_to(ledger, vf(1, 1), IOV_LEASE_FOREIGN, FALSE);
    for (guint i = 0; i < 2; i++) {
        g_autofree char *request = g_strdup_printf("net%u", i);

        assert_done(iov_ledger_adopt(ledger, vf(1, i), VM1, "vm1", request, IOV_LEASE_ACTIVE, 40,
                                     &generation, &error),
                    error);
        g_autoptr(IovLease) held = get(ledger, vf(1, i));
        ck_assert_uint_eq(held->state, IOV_LEASE_ACTIVE);
        ck_assert_uint_eq(held->generation, generation);
        ck_assert_str_eq(held->request, request);
        ck_assert_int_eq(held->since, 40);
        ck_assert_ptr_null(held->reason);
    }
    assert_fails(iov_ledger_adopt(ledger, vf(1, 2), VM1, "vm1", "net1", IOV_LEASE_ACTIVE, 1,
                                  &generation, &error),
                 error, IOV_ERROR_BUSY, "request net1 of domain vm1 holds function 0000:01:00.2");
    assert_fails(iov_ledger_adopt(ledger, vf(1, 0), VM2, "vm2", "net0", IOV_LEASE_ACTIVE, 1,
                                  &generation, &error),
                 error, IOV_ERROR_BUSY, "is leased to request net0 of domain vm1 (active)");
    assert_fails(iov_ledger_adopt(ledger, vf(1, 2), VM2, "vm2", "net0", IOV_LEASE_RESERVED, 1,
                                  &generation, &error),
                 error, IOV_ERROR_INVALID, "cannot be adopted as reserved");
    assert_fails(iov_ledger_adopt(ledger, vf(1, 2), VM2, "vm2", "net0", IOV_LEASE_FREE, 1,
                                  &generation, &error),
                 error, IOV_ERROR_INVALID, "cannot be adopted as free");
    assert_consistent(ledger, 8);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("ledger-leases");
    TCase *tests = tcase_create("ledger-leases");

    tcase_add_checked_fixture(tests, make_run_dir, remove_run_dir);
    tcase_add_test(tests, a_lease_has_an_owner_and_a_generation);
    tcase_add_test(tests, an_unleased_function_says_why_it_is_not_free);
    tcase_add_test(tests, moves_follow_the_table);
    tcase_add_test(tests, a_quarantined_function_is_scrubbed_without_an_owner);
    tcase_add_test(tests, a_request_leaves_what_is_scrubbed_behind);
    tcase_add_test(tests, a_late_release_touches_nobody);
    tcase_add_test(tests, a_note_and_a_deadline_leave_the_state);
    tcase_add_test(tests, adoption_goes_straight_to_a_held_state);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
