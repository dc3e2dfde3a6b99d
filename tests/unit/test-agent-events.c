/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent-events.h"
#include "test-support.h"

#include <libvirt/libvirt.h>
#include <string.h>

static const char vm[] = "aaaaaaaa-0000-0000-0000-000000000000";

START_TEST(knows_our_functions)
{
    static const struct {
        const char *alias, *request;
    } cases[] = {
        {"ua-iov-net0-vf", "net0"},
        {"ua-iov-a-vf-vf", "a-vf"},
        {"ua-iov-net0", NULL},
        {"ua-iov--vf", NULL},
        {"ua-iov-vf", NULL},
        {"hostdev0", NULL},
        {"", NULL},
        {"ua-iov-net 0-vf", NULL},
        {"ua-iov-net0-vf ", NULL},
        {"xua-iov-net0-vf", NULL},
        {"ua-iov-../x-vf", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *request = agent_events_request_of_function(cases[i].alias);
        ck_assert_pstr_eq(request, cases[i].request);
    }
}
END_TEST

START_TEST(reads_failover_details)
{
    static const struct {
        const char *details, *request;
    } cases[] = {
        {"{\"device-id\":\"ua-iov-net0\"}", "net0"},
        {"{ \"device-id\" : \"ua-iov-net0\" }", "net0"},
        {"{\"other\":1,\"device-id\":\"ua-iov-a_b-9\"}", "a_b-9"},
        {"{\"device-id\":\"net0\"}", NULL},
        {"{\"device-id\":\"ua-iov-\"}", NULL},
        {"{\"device-id\":\"ua-iov-net0", NULL},
        {"{\"device-id\":\"ua-iov-n\\u0065t0\"}", NULL},
        {"{\"device-id\":7}", NULL},
        {"{\"device-id\"", NULL},
        {"{}", NULL},
        {"", NULL},
        {NULL, NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *request = agent_events_request_of_details(cases[i].details);
        ck_assert_pstr_eq(request, cases[i].request);
    }
}
END_TEST

/* What ran, in order. */
static GMutex lock;
static GPtrArray *ran;

static void
record(const AgentTask *task, gpointer data G_GNUC_UNUSED)
{
    g_mutex_lock(&lock);
    g_ptr_array_add(ran, g_strdup_printf("%d %s", (int)task->kind, task->uuid));
    g_mutex_unlock(&lock);
}

static AgentEvents events;

static void
set_up(void)
{
    g_autoptr(GPtrArray) nobody = g_ptr_array_new();

    ran = g_ptr_array_new_with_free_func(g_free);
    events = (AgentEvents){.memory = agent_memory_new(), .work = agent_work_new(record, NULL)};
    agent_memory_set_census(events.memory, nobody, TRUE);
}

static void
tear_down(void)
{
    agent_work_free(events.work);
    agent_memory_free(events.memory);
    g_ptr_array_unref(ran);
}

/* The one task that ran, or none. */
static void
assert_ran(const char *expected)
{
    agent_work_wait(events.work);
    ck_assert_uint_eq(ran->len, expected != NULL ? 1 : 0);
    if (expected != NULL)
        ck_assert_str_eq(g_ptr_array_index(ran, 0), expected);
    g_ptr_array_set_size(ran, 0);
}

static void
assert_looked_at(void)
{
    g_autofree char *expected = g_strdup_printf("%d %s", AGENT_TASK_DOMAIN, vm);

    assert_ran(expected);
}

START_TEST(looks_at_a_domain_whose_state_changes)
{
    agent_events_lifecycle(&events, vm, VIR_DOMAIN_EVENT_DEFINED, 0);
    assert_ran(NULL);
    agent_events_lifecycle(&events, vm, VIR_DOMAIN_EVENT_STARTED, 0);
    assert_looked_at();
    agent_events_lifecycle(&events, vm, VIR_DOMAIN_EVENT_RESUMED, 0);
    assert_looked_at();
    agent_events_job(&events, vm);
    assert_looked_at();
    agent_events_reboot(&events, vm);
    assert_looked_at();
    agent_memory_watch(events.memory, vm, AGENT_STEERING, 1);
    agent_events_migration(&events, vm);
    assert_looked_at();
    ck_assert_int_eq(agent_memory_get_next(events.memory), -1);
    agent_memory_set_negotiated(events.memory, vm, "net0");
    agent_events_lifecycle(&events, vm, VIR_DOMAIN_EVENT_STOPPED, 0);
    assert_looked_at();
    ck_assert(!agent_memory_has_negotiated(events.memory, vm, "net0"));
}
END_TEST

START_TEST(knows_who_came_from_another_host)
{
    agent_events_lifecycle(&events, vm, VIR_DOMAIN_EVENT_STARTED,
                           VIR_DOMAIN_EVENT_STARTED_MIGRATED);
    agent_events_lifecycle(&events, vm, VIR_DOMAIN_EVENT_RESUMED,
                           VIR_DOMAIN_EVENT_RESUMED_UNPAUSED);
    ck_assert(!agent_memory_has_arrived(events.memory, vm));
    agent_events_lifecycle(&events, vm, VIR_DOMAIN_EVENT_RESUMED,
                           VIR_DOMAIN_EVENT_RESUMED_MIGRATED);
    ck_assert(agent_memory_has_arrived(events.memory, vm));
    agent_memory_set_arrived(events.memory, vm, FALSE);
    ck_assert(!agent_memory_has_arrived(events.memory, vm));
}
END_TEST

START_TEST(looks_at_a_domain_whose_function_changes)
{
    agent_events_device(&events, vm, "net0", FALSE);
    assert_ran(NULL);
    agent_events_device(&events, vm, "ua-iov-net0-vf", FALSE);
    assert_looked_at();
    ck_assert(!agent_memory_take_refused(events.memory, vm, "net0"));
    agent_events_device(&events, vm, "ua-iov-net0-vf", TRUE);
    assert_looked_at();
    ck_assert(agent_memory_take_refused(events.memory, vm, "net0"));
}
END_TEST

START_TEST(remembers_that_the_guest_negotiated)
{
    agent_events_negotiated(&events, vm, "{\"device-id\":\"net7\"}");
    assert_ran(NULL);
    agent_events_negotiated(&events, vm, "{\"device-id\":\"ua-iov-net0\"}");
    agent_work_wait(events.work);
    /* in any order: the domain may have its function already, or wait for one */
    g_autofree char *look = g_strdup_printf("%d %s", AGENT_TASK_DOMAIN, vm);
    g_autofree char *pass = g_strdup_printf("%d ", AGENT_TASK_PASS);
    ck_assert_uint_eq(ran->len, 2);
    ck_assert(g_ptr_array_find_with_equal_func(ran, look, g_str_equal, NULL));
    ck_assert(g_ptr_array_find_with_equal_func(ran, pass, g_str_equal, NULL));
    ck_assert(agent_memory_has_negotiated(events.memory, vm, "net0"));
}
END_TEST

START_TEST(connects_again)
{
    g_autofree char *expected = g_strdup_printf("%d ", AGENT_TASK_CONNECT);

    agent_events_closed(&events);
    assert_ran(expected);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("agent-events");
    TCase *names = tcase_create("names");
    TCase *tests = tcase_create("events");

    tcase_add_test(names, knows_our_functions);
    tcase_add_test(names, reads_failover_details);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, looks_at_a_domain_whose_state_changes);
    tcase_add_test(tests, knows_who_came_from_another_host);
    tcase_add_test(tests, looks_at_a_domain_whose_function_changes);
    tcase_add_test(tests, remembers_that_the_guest_negotiated);
    tcase_add_test(tests, connects_again);
    suite_add_tcase(suite, names);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
