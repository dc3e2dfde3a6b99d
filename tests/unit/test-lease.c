/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iov-lease-private.h"
#include "test-support.h"

#include <string.h>

#define STATES 8

/* Row: from; column: to; in the order free, reserved, attaching, active, detaching, scrubbing,
 * quarantined, foreign. Written out on purpose, so that it shares nothing with the code. */
static const char *const table[STATES] = {
    ".r....qf", /* free */
    "f.aA.s.F", /* reserved */
    "...Ads..", /* attaching */
    "....ds..", /* active */
    "...A.s..", /* detaching */
    "f.....qf", /* scrubbing */
    ".....s.f", /* quarantined */
    "...A.s..", /* foreign */
};

START_TEST(the_state_table_is_exhaustive)
{
    for (guint from = 0; from < STATES; from++)
        for (guint to = 0; to < STATES; to++)
            ck_assert_msg(iov_lease_may_go((IovLeaseState)from, (IovLeaseState)to) ==
                              (table[from][to] != '.'),
                          "%s to %s", iov_lease_state_to_string((IovLeaseState)from),
                          iov_lease_state_to_string((IovLeaseState)to));
    ck_assert(!iov_lease_may_go((IovLeaseState)STATES, IOV_LEASE_FREE));
    ck_assert(!iov_lease_may_go(IOV_LEASE_FREE, (IovLeaseState)STATES));
    ck_assert(!iov_lease_may_go(IOV_LEASE_FREE, (IovLeaseState)40));
}
END_TEST

START_TEST(held_is_reserved_to_scrubbing)
{
    for (guint state = 0; state < STATES; state++)
        ck_assert_int_eq(iov_lease_state_is_held((IovLeaseState)state), state >= 1 && state <= 5);
}
END_TEST

START_TEST(names_go_there_and_back)
{
    static const char *const states[] = {"free",      "reserved",  "attaching",   "active",
                                         "detaching", "scrubbing", "quarantined", "foreign"};
    static const char *const tiers[] = {"none",    "emulated", "bridge",
                                        "network", "direct",   "passthrough"};
    IovLeaseState state;
    IovTier tier;

    for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
        ck_assert_str_eq(iov_lease_state_to_string((IovLeaseState)i), states[i]);
        ck_assert(iov_lease_state_from_string(states[i], &state));
        ck_assert_uint_eq(state, i);
    }
    for (guint i = 0; i < G_N_ELEMENTS(tiers); i++) {
        ck_assert_str_eq(iov_tier_to_string((IovTier)i), tiers[i]);
        ck_assert(iov_tier_from_string(tiers[i], &tier));
        ck_assert_uint_eq(tier, i);
    }
    ck_assert(!iov_lease_state_from_string("Free", &state));
    ck_assert(!iov_lease_state_from_string("", &state));
    ck_assert(!iov_tier_from_string("passthroug", &tier));
    ck_assert_str_eq(iov_lease_state_to_string((IovLeaseState)STATES), "unknown");
    ck_assert_str_eq(iov_tier_to_string((IovTier)99), "unknown");
}
END_TEST

/* programs read them: what was given out stays */
START_TEST(reasons_have_words)
{
    static const char *const words[] = {"none",        "adapter-down", "attaching",  "busy",
                                        "exhausted",   "guest-keeps",  "in-transit", "memory",
                                        "negotiation", "no-port",      "parked",     "pool-stopped",
                                        "reclaimed",   "refused",      "static",     "unplug"};
    static const char *const taking_back[] = {"adapter-down", "reclaimed", "refused", NULL};
    IovReason reason;

    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        ck_assert_str_eq(iov_reason_to_string((IovReason)i), words[i]);
        ck_assert(iov_reason_from_string(words[i], &reason));
        ck_assert_uint_eq(reason, i);
        ck_assert_int_eq(iov_reason_takes_back(reason),
                         g_strv_contains(taking_back, iov_reason_to_string(reason)));
    }
    ck_assert(!iov_reason_from_string("Busy", &reason));
    ck_assert_str_eq(iov_reason_to_string((IovReason)99), "unknown");
}
END_TEST

START_TEST(a_lease_tells_what_it_holds)
{
    g_autoptr(IovLease) lease = iov_lease_new();

    lease->function = g_strdup("0000:01:10.3");
    lease->adapter = g_strdup("0000:01:00.0");
    lease->pool = g_strdup("fast");
    lease->index = 3;
    lease->state = IOV_LEASE_ACTIVE;
    lease->generation = 7;
    lease->domain_uuid = g_strdup("u");
    lease->domain_name = g_strdup("vm1");
    lease->request = g_strdup("net0");
    lease->reason = g_strdup("because");
    lease->since = 11;
    lease->deadline = 12;
    g_autoptr(IovLease) copy = g_boxed_copy(IOV_TYPE_LEASE, lease);
    ck_assert_ptr_eq(copy, lease);
    ck_assert_str_eq(iov_lease_get_function(copy), "0000:01:10.3");
    ck_assert_str_eq(iov_lease_get_adapter(copy), "0000:01:00.0");
    ck_assert_str_eq(iov_lease_get_pool(copy), "fast");
    ck_assert_uint_eq(iov_lease_get_index(copy), 3);
    ck_assert_uint_eq(iov_lease_get_state(copy), IOV_LEASE_ACTIVE);
    ck_assert_uint_eq(iov_lease_get_generation(copy), 7);
    ck_assert_str_eq(iov_lease_get_domain_uuid(copy), "u");
    ck_assert_str_eq(iov_lease_get_domain_name(copy), "vm1");
    ck_assert_str_eq(iov_lease_get_request(copy), "net0");
    ck_assert_str_eq(iov_lease_get_reason(copy), "because");
    ck_assert_int_eq(iov_lease_get_since(copy), 11);
    ck_assert_int_eq(iov_lease_get_deadline(copy), 12);
}
END_TEST

START_TEST(a_status_tells_how_it_is_served)
{
    g_autoptr(IovStatus) status = iov_status_new();

    ck_assert_str_eq(iov_status_get_reason(status), "");
    ck_assert_ptr_null(iov_status_get_lease(status));
    status->domain_uuid = g_strdup("u");
    status->domain_name = g_strdup("vm1");
    status->request = g_strdup("net0");
    status->pool = g_strdup("fast");
    status->reason = g_strdup("exhausted");
    status->tier = IOV_TIER_DIRECT;
    status->priority = -5;
    status->is_static = status->parked = status->started = TRUE;
    status->since = 13;
    status->lease = iov_lease_new();
    g_autoptr(IovStatus) copy = g_boxed_copy(IOV_TYPE_STATUS, status);
    ck_assert_ptr_eq(copy, status);
    ck_assert_str_eq(iov_status_get_domain_uuid(copy), "u");
    ck_assert_str_eq(iov_status_get_domain_name(copy), "vm1");
    ck_assert_str_eq(iov_status_get_request(copy), "net0");
    ck_assert_str_eq(iov_status_get_pool(copy), "fast");
    ck_assert_str_eq(iov_status_get_reason(copy), "exhausted");
    ck_assert_uint_eq(iov_status_get_tier(copy), IOV_TIER_DIRECT);
    ck_assert_int_eq(iov_status_get_priority(copy), -5);
    ck_assert(iov_status_get_is_static(copy));
    ck_assert(iov_status_get_parked(copy));
    ck_assert(iov_status_get_started(copy));
    ck_assert_int_eq(iov_status_get_since(copy), 13);
    ck_assert_ptr_eq(iov_status_get_lease(copy), status->lease);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("lease");
    TCase *tests = tcase_create("lease");

    tcase_add_test(tests, the_state_table_is_exhaustive);
    tcase_add_test(tests, held_is_reserved_to_scrubbing);
    tcase_add_test(tests, names_go_there_and_back);
    tcase_add_test(tests, reasons_have_words);
    tcase_add_test(tests, a_lease_tells_what_it_holds);
    tcase_add_test(tests, a_status_tells_how_it_is_served);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
