/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the agent takes back and gives to others by itself: end to end over ledger, fake host, and
 * libvirt's test driver. */
#include "agent-pinning.h"
#include "agent-support.h"
#include "fake-host.h"
#include "floor-link.h"
#include "test-support.h"

#include <string.h>

static Scene scene;

static void
set_up(void)
{
    stand_in_reset();
    scene_set_up(&scene);
}

static void
tear_down(void)
{
    scene_tear_down(&scene);
}

/* The pool again, with functions that go to who has the higher priority. */
static void
allow_reclaim(void)
{
    static const char xml[] =
        "<iovpool><name>fast</name><adapters><adapter netdev='enp1s0' vfs='1'/>"
        "<adapter netdev='enp2s0' vfs='1'/></adapters><reclaim>yes</reclaim></iovpool>";
    IovManager *manager = scene.world.manager;
    g_autoptr(GError) error = NULL;

    assert_done(iov_manager_destroy_pool(manager, "fast", &error), error);
    assert_done(iov_manager_undefine_pool(manager, "fast", &error), error);
    g_autoptr(IovPool) pool = iov_manager_define_pool(manager, xml, strlen(xml), "xml", &error);
    assert_done(pool != NULL, error);
    assert_done(iov_manager_start_pool(manager, "fast", NULL, &error), error);
}

static virDomainPtr
start_lifted(const char *name, const char *migration)
{
    virDomainPtr domain = scene_start(&scene, name, migration);

    scene_look(&scene, domain);
    assert_status(&scene, domain, "active|passthrough|");
    return domain;
}

/* A pass, and the tasks that it wants. */
static void
assert_pass(const char *expected)
{
    g_free(scene_take_tasks(&scene));
    agent_pass_run(&scene.agent, scene.world.manager);
    assert_tasks(&scene, expected);
}

START_TEST(a_higher_priority_takes_a_function)
{
    allow_reclaim();
    g_autoptr(virDomain) a = start_lifted("a", "replug' priority='1");
    g_autoptr(virDomain) b = start_lifted("b", "replug");
    g_autoptr(virDomain) c = scene_start(&scene, "c", "replug' priority='9");

    assert_pass("b");
    assert_status(&scene, b, "detaching|passthrough|its function goes to c (net0), priority 9");
    scene_look(&scene, b);
    ck_assert_uint_eq(stand_in_asked, 1);
    /* asked once, and nobody else is asked meanwhile */
    scene_look(&scene, b);
    ck_assert_uint_eq(stand_in_asked, 1);
    assert_pass("b");
    scene_unplug(&scene, b);
    scene_look(&scene, b);
    assert_status(&scene, b, "floor|direct|its function goes to c (net0), priority 9");
    ck_assert(!scene_is_parked(&scene, b));
    assert_pass("c");
    scene_look(&scene, c);
    assert_status(&scene, c, "active|passthrough|");
    assert_status(&scene, a, "active|passthrough|");
    /* and when it goes, the function comes back to who had it */
    scene_stop(&scene, c);
    assert_pass("b");
    scene_look(&scene, b);
    assert_status(&scene, b, "active|passthrough|");
}
END_TEST

START_TEST(a_killed_agent_goes_on_with_a_reclaim)
{
    allow_reclaim();
    g_autoptr(virDomain) a = start_lifted("a", "replug");
    g_autoptr(virDomain) b = start_lifted("b", "replug' priority='1");
    g_autoptr(virDomain) c = scene_start(&scene, "c", "replug' priority='9");

    assert_pass("a");
    /* killed before it asked: what it wanted is forgotten, the ledger is not */
    agent_memory_forget(scene.agent.memory, "00000000-0000-4000-8000-000000000061");
    assert_pass("a");
    scene_look(&scene, a);
    ck_assert_uint_eq(stand_in_asked, 1);
    scene_unplug(&scene, a);
    scene_look(&scene, a);
    assert_pass("c");
    scene_look(&scene, c);
    assert_status(&scene, c, "active|passthrough|");
    assert_status(&scene, b, "active|passthrough|");
}
END_TEST

START_TEST(nothing_is_taken_where_the_pool_does_not_say_so)
{
    g_autoptr(virDomain) a = start_lifted("a", "replug");
    g_autoptr(virDomain) b = start_lifted("b", "replug");
    g_autoptr(virDomain) c = scene_start(&scene, "c", "replug' priority='9");

    assert_pass("");
    assert_status(&scene, c, "floor|direct|all 2 functions of pool fast are leased");
    assert_status(&scene, a, "active|passthrough|");
    assert_status(&scene, b, "active|passthrough|");
}
END_TEST

static void
set_carrier(const char *netdev, gboolean carrier)
{
    fake_host_set_carrier(scene.world.host, netdev, carrier);
    g_atomic_int_set(&scene.agent.adapters_changed, TRUE);
}

START_TEST(a_pulled_cable_drops_to_the_floor_and_lifts_elsewhere)
{
    g_autoptr(virDomain) a = start_lifted("a", "replug");

    set_carrier("enp1s0", FALSE);
    assert_pass("a");
    assert_status(&scene, a, "detaching|passthrough|its adapter 0000:01:00.0 is down");
    scene_look(&scene, a);
    ck_assert_uint_eq(stand_in_asked, 1);
    scene_unplug(&scene, a);
    scene_look(&scene, a);
    assert_status(&scene, a, "floor|direct|its adapter 0000:01:00.0 is down");
    /* the other adapter has one */
    assert_pass("a");
    scene_look(&scene, a);
    assert_status(&scene, a, "active|passthrough|");
    set_carrier("enp2s0", FALSE);
    assert_pass("a");
    scene_look(&scene, a);
    scene_unplug(&scene, a);
    scene_look(&scene, a);
    assert_pass("");
    assert_status(&scene, a,
                  "floor|direct|no adapter of pool fast is usable (enp1s0: no carrier, enp2s0: no "
                  "carrier)");
    set_carrier("enp1s0", TRUE);
    assert_pass("a");
    scene_look(&scene, a);
    assert_status(&scene, a, "active|passthrough|");
}
END_TEST

START_TEST(a_function_that_vanishes_parks_nobody)
{
    g_autoptr(virDomain) a = start_lifted("a", "replug");

    scene_unplug(&scene, a);
    fake_host_remove(scene.world.host, "0000:01:10.0");
    scene_look(&scene, a);
    ck_assert(!scene_is_parked(&scene, a));
    g_autofree char *status = scene_status(&scene, a);
    ck_assert_str_eq(status, "floor|direct|its function vanished from the host");
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_FOREIGN), 1);
    assert_pass("a");
    scene_look(&scene, a);
    assert_status(&scene, a, "active|passthrough|");
}
END_TEST

START_TEST(a_guest_that_never_negotiates_keeps_nobody_from_a_function)
{
    g_autoptr(virDomain) a = scene_start(&scene, "a", "failover");

    scene_look(&scene, a);
    assert_status(&scene, a, "reserved|direct|guest has not negotiated failover yet");
    fake_host_advance(scene.world.host, IOV_RESERVATION_TIME);
    scene_look(&scene, a);
    assert_status(&scene, a, "floor|direct|guest has not negotiated failover yet");
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_FREE), 2);
    /* not given another while it could not use it */
    agent_memory_settled(scene.agent.memory, "00000000-0000-4000-8000-000000000061", "net0");
    assert_pass("");
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_FREE), 2);
    agent_events_negotiated(&scene.agent.events, "00000000-0000-4000-8000-000000000061",
                            "{\"device-id\":\"ua-iov-net0\"}");
    assert_tasks(&scene, "a pass");
    assert_pass("a");
    scene_look(&scene, a);
    assert_status(&scene, a, "active|passthrough|");
}
END_TEST

START_TEST(a_lift_waits_for_memory)
{
    g_autoptr(virDomain) a = scene_start(&scene, "a", "replug");

    /* the guest has 64 MiB, of which 16 are resident; the host keeps 256 of its 8192 */
    stand_in_resident = 16 * 1024;
    fake_host_set_available_memory(scene.world.host, (256 + 40) * 1024);
    scene_look(&scene, a);
    assert_status(
        &scene, a,
        "reserved|direct|a function would pin 48 MiB more of its memory, and the host can "
        "spare 40 MiB");
    ck_assert_uint_eq(stand_in_attached, 0);
    fake_host_advance(scene.world.host, IOV_RESERVATION_TIME);
    scene_look(&scene, a);
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_FREE), 2);
    /* it is not tried again at once */
    assert_pass("");
    fake_host_set_available_memory(scene.world.host, (256 + 48) * 1024);
    agent_memory_settled(scene.agent.memory, "00000000-0000-4000-8000-000000000061", "net0");
    assert_pass("a");
    scene_look(&scene, a);
    assert_status(&scene, a, "active|passthrough|");
}
END_TEST

static gboolean
has_link(virDomainPtr domain)
{
    return strstr(scene_floor(domain), "<link state=\"down\"/>") == NULL;
}

START_TEST(floor_and_function_are_swapped)
{
    g_autoptr(virDomain) a = scene_start(&scene, "a", "replug");

    scene_add_floor(&scene, a);
    scene_look(&scene, a);
    assert_status(&scene, a, "active|passthrough|");
    ck_assert(!has_link(a));
    /* the floor has its link before the guest is asked */
    set_carrier("enp1s0", FALSE);
    assert_pass("a");
    stand_in_asked = 0;
    scene_look(&scene, a);
    ck_assert(has_link(a));
    ck_assert_uint_eq(stand_in_asked, 1);
}
END_TEST

START_TEST(a_function_that_is_taken_by_hand_leaves_the_floor_its_link)
{
    g_autoptr(virDomain) a = scene_start(&scene, "a", "replug");

    scene_add_floor(&scene, a);
    scene_look(&scene, a);
    ck_assert(!has_link(a));
    scene_unplug(&scene, a);
    scene_look(&scene, a);
    ck_assert(has_link(a));
    ck_assert(scene_is_parked(&scene, a));
}
END_TEST

START_TEST(a_guest_without_driver_keeps_its_floor)
{
    g_autoptr(virDomain) a = scene_start(&scene, "a", "replug");

    stand_in_lacks_driver = TRUE;
    scene_add_floor(&scene, a);
    scene_look(&scene, a);
    assert_status(&scene, a,
                  "active|passthrough|the guest's driver has not taken the function yet");
    ck_assert(has_link(a));
    stand_in_lacks_driver = FALSE;
    scene_hold(&scene, a, TRUE);
    scene_look(&scene, a);
    ck_assert(!has_link(a));
    assert_status(&scene, a, "active|passthrough|");
    /* it boots again */
    stand_in_lacks_driver = TRUE;
    scene_hold(&scene, a, TRUE);
    scene_look(&scene, a);
    ck_assert(has_link(a));
}
END_TEST

START_TEST(a_pair_is_not_swapped)
{
    g_autoptr(virDomain) a = scene_start(&scene, "a", "failover");

    scene_add_floor(&scene, a);
    agent_memory_set_negotiated(scene.agent.memory, "00000000-0000-4000-8000-000000000061", "net0");
    scene_look(&scene, a);
    assert_status(&scene, a, "active|passthrough|");
    ck_assert(has_link(a));
}
END_TEST

START_TEST(only_the_floors_link_is_changed)
{
    static const char xml[] =
        "<domain><devices><interface type='network'><alias name='net0'/></interface>"
        "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/>"
        "<alias name='ua-iov-net0'/></interface></devices></domain>";
    g_autofree char *down = floor_link_write(xml, "ua-iov-net0", FALSE);

    ck_assert_str_eq(down, "<interface type=\"bridge\"><mac address=\"52:54:00:00:00:01\"/>"
                           "<source bridge=\"br0\"/><alias name=\"ua-iov-net0\"/>"
                           "<link state=\"down\"/></interface>");
    g_autofree char *domain = g_strdup_printf("<domain><devices>%s</devices></domain>", down);
    g_autofree char *up = floor_link_write(domain, "ua-iov-net0", TRUE);
    ck_assert_ptr_nonnull(strstr(up, "<link state=\"up\"/>"));
    ck_assert_ptr_null(floor_link_write(xml, "ua-iov-net0", TRUE));
    ck_assert_ptr_null(floor_link_write(domain, "ua-iov-net0", FALSE));
    ck_assert_ptr_null(floor_link_write(xml, "ua-iov-net1", FALSE));
    ck_assert_ptr_null(floor_link_write("<domain", "ua-iov-net0", FALSE));
}
END_TEST

START_TEST(memory_is_judged_by_what_is_not_resident)
{
    ck_assert_ptr_null(agent_pinning_judge(1024, 1024, 0));
    ck_assert_ptr_null(agent_pinning_judge(1024, 2048, 0));
    ck_assert_ptr_null(agent_pinning_judge(2048, 1024, 1024));
    g_autofree char *fault = agent_pinning_judge(4096, 1024, 1023);
    ck_assert_str_eq(fault,
                     "a function would pin 3 MiB more of its memory, and the host can spare 0 MiB");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("agent-rescue");
    TCase *tests = tcase_create("agent-rescue");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_higher_priority_takes_a_function);
    tcase_add_test(tests, a_killed_agent_goes_on_with_a_reclaim);
    tcase_add_test(tests, nothing_is_taken_where_the_pool_does_not_say_so);
    tcase_add_test(tests, a_pulled_cable_drops_to_the_floor_and_lifts_elsewhere);
    tcase_add_test(tests, a_function_that_vanishes_parks_nobody);
    tcase_add_test(tests, a_guest_that_never_negotiates_keeps_nobody_from_a_function);
    tcase_add_test(tests, a_lift_waits_for_memory);
    tcase_add_test(tests, floor_and_function_are_swapped);
    tcase_add_test(tests, a_function_that_is_taken_by_hand_leaves_the_floor_its_link);
    tcase_add_test(tests, a_guest_without_driver_keeps_its_floor);
    tcase_add_test(tests, a_pair_is_not_swapped);
    tcase_add_test(tests, only_the_floors_link_is_changed);
    tcase_add_test(tests, memory_is_judged_by_what_is_not_resident);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
