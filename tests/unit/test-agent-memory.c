/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent-memory.h"
#include "test-support.h"

#define SECOND ((gint64)G_USEC_PER_SEC)

static const char vm[] = "aaaaaaaa-0000-0000-0000-000000000000";
static const char other[] = "bbbbbbbb-0000-0000-0000-000000000000";

static AgentMemory *memory;

static void
set_up(void)
{
    memory = agent_memory_new();
}

static void
tear_down(void)
{
    agent_memory_free(memory);
}

static void
take_census(const char *uuid, gboolean hearing)
{
    g_autoptr(GPtrArray) uuids = g_ptr_array_new();

    if (uuid != NULL)
        g_ptr_array_add(uuids, (gpointer)uuid);
    agent_memory_set_census(memory, uuids, hearing);
}

START_TEST(watches_what_starts_after_the_census)
{
    ck_assert(!agent_memory_is_watched(memory, vm));
    take_census(vm, TRUE);
    ck_assert(!agent_memory_is_watched(memory, vm));
    ck_assert(agent_memory_is_watched(memory, other));
    agent_memory_started(memory, vm);
    ck_assert(agent_memory_is_watched(memory, vm));
}
END_TEST

START_TEST(watches_nothing_where_it_cannot_hear)
{
    take_census(NULL, FALSE);
    agent_memory_started(memory, vm);
    ck_assert(!agent_memory_is_watched(memory, vm));
    ck_assert(!agent_memory_is_hearing(memory));
}
END_TEST

START_TEST(keeps_what_was_told_until_the_domain_stops)
{
    take_census(NULL, TRUE);
    agent_memory_set_negotiated(memory, vm, "net0");
    ck_assert(agent_memory_has_negotiated(memory, vm, "net0"));
    ck_assert(!agent_memory_has_negotiated(memory, vm, "net1"));
    ck_assert(!agent_memory_has_negotiated(memory, other, "net0"));
    take_census(vm, TRUE);
    ck_assert(agent_memory_has_negotiated(memory, vm, "net0"));
    agent_memory_forget(memory, vm);
    ck_assert(!agent_memory_has_negotiated(memory, vm, "net0"));
    agent_memory_set_negotiated(memory, vm, "net0");
    take_census(other, TRUE);
    ck_assert(!agent_memory_has_negotiated(memory, vm, "net0"));
}
END_TEST

START_TEST(hands_a_refusal_out_once)
{
    ck_assert(!agent_memory_take_refused(memory, vm, "net0"));
    agent_memory_set_refused(memory, vm, "net0");
    ck_assert(agent_memory_take_refused(memory, vm, "net0"));
    ck_assert(!agent_memory_take_refused(memory, vm, "net0"));
}
END_TEST

START_TEST(backs_off_and_recovers)
{
    static const int seconds[] = {5, 10, 20, 40, 80, 160, 300, 300};
    gint64 now = 1000 * SECOND;

    ck_assert(agent_memory_is_due(memory, vm, "net0", now));
    ck_assert_int_eq(agent_memory_get_next(memory), -1);
    for (gsize i = 0; i < G_N_ELEMENTS(seconds); i++) {
        ck_assert_int_eq(agent_memory_failed(memory, vm, "net0", now), seconds[i] * SECOND);
        ck_assert_int_eq(agent_memory_get_next(memory), now + seconds[i] * SECOND);
        ck_assert(!agent_memory_is_due(memory, vm, "net0", now + seconds[i] * SECOND - 1));
        ck_assert(agent_memory_is_due(memory, vm, "net1", now));
        now += seconds[i] * SECOND;
        ck_assert(agent_memory_is_due(memory, vm, "net0", now));
    }
    agent_memory_settled(memory, vm, "net0");
    ck_assert_int_eq(agent_memory_get_next(memory), -1);
    ck_assert_int_eq(agent_memory_failed(memory, vm, "net0", now), 5 * SECOND);
}
END_TEST

START_TEST(looks_again_without_holding_back)
{
    agent_memory_look_again(memory, vm, "net0", 0);
    ck_assert_int_eq(agent_memory_get_next(memory), SECOND / 4);
    ck_assert(agent_memory_is_due(memory, vm, "net0", 0));
    for (guint i = 0; i < 20; i++)
        agent_memory_look_again(memory, vm, "net0", 0);
    ck_assert_int_eq(agent_memory_get_next(memory), 300 * SECOND);
}
END_TEST

START_TEST(hands_each_moment_out_once)
{
    agent_memory_failed(memory, vm, "net0", 0);
    agent_memory_failed(memory, vm, "net1", 0);
    agent_memory_look_again(memory, other, "net0", 0);

    g_autoptr(GPtrArray) none = agent_memory_take_due(memory, SECOND / 4 - 1);
    ck_assert_uint_eq(none->len, 0);
    g_autoptr(GPtrArray) first = agent_memory_take_due(memory, SECOND);
    ck_assert_uint_eq(first->len, 1);
    ck_assert_str_eq(g_ptr_array_index(first, 0), other);
    ck_assert_int_eq(agent_memory_get_next(memory), 5 * SECOND);
    g_autoptr(GPtrArray) second = agent_memory_take_due(memory, 5 * SECOND);
    ck_assert_uint_eq(second->len, 1);
    ck_assert_str_eq(g_ptr_array_index(second, 0), vm);
    ck_assert_int_eq(agent_memory_get_next(memory), -1);
    /* the count of failures stays: the next delay is longer */
    ck_assert_int_eq(agent_memory_failed(memory, vm, "net0", 0), 10 * SECOND);
}
END_TEST

START_TEST(watches_the_less_often_the_longer_it_takes)
{
    const gint64 second = G_USEC_PER_SEC;

    agent_memory_watch(memory, vm, "net0", second);
    ck_assert_int_eq(agent_memory_get_next(memory), second + second / 4);
    agent_memory_watch(memory, vm, "net0", 2 * second);
    ck_assert_int_eq(agent_memory_get_next(memory), 2 * second + second / 4);
    agent_memory_watch(memory, vm, "net0", 9 * second);
    ck_assert_int_eq(agent_memory_get_next(memory), 10 * second);
    agent_memory_watch(memory, vm, "net0", 1000000 * second);
    ck_assert_int_eq(agent_memory_get_next(memory), 1000300 * second);
    agent_memory_settled(memory, vm, "net0");
    ck_assert_int_eq(agent_memory_get_next(memory), -1);
    agent_memory_watch(memory, vm, "net0", 1000000 * second);
    ck_assert_int_eq(agent_memory_get_next(memory), 1000000 * second + second / 4);
}
END_TEST

START_TEST(counts_the_time_in_a_phase)
{
    ck_assert_int_eq(agent_memory_enter(memory, vm, "net0", AGENT_PHASE_NONE, SECOND), 0);
    ck_assert_int_eq(agent_memory_enter(memory, vm, "net0", AGENT_PHASE_UNPLUG, 2 * SECOND), 0);
    ck_assert_int_eq(agent_memory_enter(memory, vm, "net0", AGENT_PHASE_UNPLUG, 9 * SECOND),
                     7 * SECOND);
    ck_assert_int_eq(agent_memory_enter(memory, vm, "net1", AGENT_PHASE_UNPLUG, 9 * SECOND), 0);
    ck_assert_int_eq(agent_memory_enter(memory, vm, "net0", AGENT_PHASE_SETTLE, 10 * SECOND), 0);
    ck_assert_int_eq(agent_memory_enter(memory, vm, "net0", AGENT_PHASE_UNPLUG, 12 * SECOND), 0);
    agent_memory_forget(memory, vm);
    ck_assert_int_eq(agent_memory_enter(memory, vm, "net0", AGENT_PHASE_UNPLUG, 20 * SECOND), 0);
}
END_TEST

START_TEST(looks_at_a_moment)
{
    agent_memory_look_at(memory, vm, "net0", 60 * SECOND);
    ck_assert_int_eq(agent_memory_get_next(memory), 60 * SECOND);
    agent_memory_look_at(memory, vm, "net0", 10 * SECOND);
    agent_memory_look_at(memory, vm, "net0", 30 * SECOND);
    ck_assert_int_eq(agent_memory_get_next(memory), 10 * SECOND);
    /* it holds no effect back */
    ck_assert(agent_memory_is_due(memory, vm, "net0", 0));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("agent-memory");
    TCase *tests = tcase_create("agent-memory");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, watches_what_starts_after_the_census);
    tcase_add_test(tests, watches_nothing_where_it_cannot_hear);
    tcase_add_test(tests, keeps_what_was_told_until_the_domain_stops);
    tcase_add_test(tests, hands_a_refusal_out_once);
    tcase_add_test(tests, backs_off_and_recovers);
    tcase_add_test(tests, looks_again_without_holding_back);
    tcase_add_test(tests, hands_each_moment_out_once);
    tcase_add_test(tests, counts_the_time_in_a_phase);
    tcase_add_test(tests, looks_at_a_moment);
    tcase_add_test(tests, watches_the_less_often_the_longer_it_takes);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
