/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's connection and its look at a domain, against libvirt's own test driver: events arrive
 * through the real event loop, in its thread. */
#include "agent-libvirt.h"
#include "agent-observe.h"
#include "test-support.h"

#include <libvirt/libvirt.h>
#include <string.h>

static GMutex lock;
static GCond changed;
static GPtrArray *looked_at;

static AgentEvents events;
static AgentLibvirt *libvirt;

static void
record(const AgentTask *task, gpointer data G_GNUC_UNUSED)
{
    g_mutex_lock(&lock);
    if (task->kind == AGENT_TASK_DOMAIN)
        g_ptr_array_add(looked_at, g_strdup(task->uuid));
    g_cond_broadcast(&changed);
    g_mutex_unlock(&lock);
}

static void
set_up_at(const char *uri)
{
    g_autoptr(GError) error = NULL;

    looked_at = g_ptr_array_new_with_free_func(g_free);
    events = (AgentEvents){.memory = agent_memory_new(), .work = agent_work_new(record, NULL)};
    libvirt = agent_libvirt_new(uri, &events, &error);
    assert_done(libvirt != NULL, error);
}

static void
set_up(void)
{
    set_up_at("test:///default");
}

static void
tear_down(void)
{
    agent_work_stop(events.work);
    agent_libvirt_free(libvirt);
    agent_work_free(events.work);
    agent_memory_free(events.memory);
    g_ptr_array_unref(looked_at);
}

static void
connect_it(gboolean fresh_expected)
{
    g_autoptr(GError) error = NULL;
    gboolean fresh = FALSE;

    assert_done(agent_libvirt_connect(libvirt, &fresh, &error), error);
    ck_assert_int_eq(fresh, fresh_expected);
}

/* The driver's one domain. */
static virDomainPtr
find_domain(virConnectPtr connection, char uuid[static VIR_UUID_STRING_BUFLEN])
{
    virDomainPtr domain = virDomainLookupByName(connection, "test");

    ck_assert_ptr_nonnull(domain);
    ck_assert_int_eq(virDomainGetUUIDString(domain, uuid), 0);
    return domain;
}

static void
wait_looked_at(const char *uuid)
{
    g_mutex_lock(&lock);
    while (looked_at->len == 0)
        g_cond_wait(&changed, &lock);
    ck_assert_str_eq(g_ptr_array_index(looked_at, 0), uuid);
    g_ptr_array_set_size(looked_at, 0);
    g_mutex_unlock(&lock);
}

START_TEST(connects_once)
{
    ck_assert_ptr_null(agent_libvirt_get(libvirt));
    connect_it(TRUE);
    g_autoptr(virConnect) first = agent_libvirt_get(libvirt);
    ck_assert_ptr_nonnull(first);
    connect_it(FALSE);
    g_autoptr(virConnect) second = agent_libvirt_get(libvirt);
    ck_assert_ptr_eq(first, second);
}
END_TEST

START_TEST(says_why_it_cannot)
{
    g_autoptr(GError) error = NULL;
    gboolean fresh = TRUE;

    set_up_at("test:///no/such/file.xml");
    ck_assert(!agent_libvirt_connect(libvirt, &fresh, &error));
    ck_assert(!fresh);
    ck_assert_ptr_nonnull(strstr(error->message, "cannot connect to libvirt at test:///no/such"));
    ck_assert_ptr_null(agent_libvirt_get(libvirt));
    tear_down();
}
END_TEST

START_TEST(hears_what_happens_to_a_domain)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    connect_it(TRUE);
    g_autoptr(virConnect) connection = agent_libvirt_get(libvirt);
    g_autoptr(virDomain) domain = find_domain(connection, uuid);
    agent_memory_set_negotiated(events.memory, uuid, "net0");

    ck_assert_int_eq(virDomainSuspend(domain), 0);
    wait_looked_at(uuid);
    ck_assert(agent_memory_has_negotiated(events.memory, uuid, "net0"));
    ck_assert_int_eq(virDomainDestroy(domain), 0);
    wait_looked_at(uuid);
    ck_assert(!agent_memory_has_negotiated(events.memory, uuid, "net0"));
    ck_assert_int_eq(virDomainCreate(domain), 0);
    wait_looked_at(uuid);
}
END_TEST

/* The test driver has no QEMU whose events could be heard. */
START_TEST(knows_that_it_cannot_hear_the_guest)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    connect_it(TRUE);
    g_autoptr(virConnect) connection = agent_libvirt_get(libvirt);
    virDomainFree(find_domain(connection, uuid));
    ck_assert(!agent_memory_is_hearing(events.memory));
    ck_assert(!agent_memory_is_watched(events.memory, uuid));
}
END_TEST

static void
assert_view(virDomainPtr domain, gboolean in_transit, gboolean paused)
{
    g_autoptr(GError) error = NULL;
    AgentView view;

    assert_done(agent_view_read(&view, domain, &error), error);
    ck_assert_int_eq(view.state.in_transit, in_transit);
    ck_assert_int_eq(view.state.paused, paused);
    ck_assert_int_eq(view.state.job.kind, DOMAIN_JOB_NONE);
    ck_assert_str_eq(iov_domain_get_name(view.record), "test");
    iov_domain_unref(view.record);
}

START_TEST(sees_a_domain)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    connect_it(TRUE);
    g_autoptr(virConnect) connection = agent_libvirt_get(libvirt);
    g_autoptr(virDomain) domain = find_domain(connection, uuid);
    assert_view(domain, FALSE, FALSE);
    ck_assert_int_eq(virDomainSuspend(domain), 0);
    assert_view(domain, FALSE, TRUE);
    ck_assert_int_eq(virDomainDestroy(domain), 0);
    assert_view(domain, TRUE, TRUE);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("agent-libvirt");
    TCase *tests = tcase_create("connection");
    TCase *states = tcase_create("states");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, connects_once);
    tcase_add_test(tests, hears_what_happens_to_a_domain);
    tcase_add_test(tests, knows_that_it_cannot_hear_the_guest);
    tcase_add_test(tests, sees_a_domain);
    tcase_add_test(states, says_why_it_cannot);
    suite_add_tcase(suite, tests);
    suite_add_tcase(suite, states);
    return run_suite(suite);
}
