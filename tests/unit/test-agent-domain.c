/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's tasks from end to end: ledger, fake host, libvirt's test driver. */
#include "agent-support.h"
#include "fake-host.h"
#include "test-support.h"

#include <errno.h>
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

static void
forget_tasks(void)
{
    g_free(scene_take_tasks(&scene));
}

START_TEST(lifts_at_once_in_replug_mode)
{
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "replug");

    assert_status(&scene, vm, "reserved|direct|");
    scene_look(&scene, vm);
    assert_status(&scene, vm, "active|passthrough|");
    ck_assert_uint_eq(stand_in_attached, 1);
    scene_look(&scene, vm);
    ck_assert_uint_eq(stand_in_attached, 1);
}
END_TEST

START_TEST(waits_for_the_guest_in_failover_mode)
{
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "failover");

    scene_look(&scene, vm);
    assert_status(&scene, vm, "reserved|direct|guest has not negotiated failover yet");
    ck_assert_uint_eq(stand_in_attached, 0);
    agent_memory_set_negotiated(scene.agent.memory, "00000000-0000-4000-8000-000000000061", "net0");
    scene_look(&scene, vm);
    assert_status(&scene, vm, "active|passthrough|");
}
END_TEST

START_TEST(attaches_what_it_did_not_see_start)
{
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "failover");
    g_autoptr(GPtrArray) running = g_ptr_array_new();

    g_ptr_array_add(running, (gpointer) "00000000-0000-4000-8000-000000000061");
    agent_memory_set_census(scene.agent.memory, running, TRUE);
    stand_in_hides = TRUE;
    scene_look(&scene, vm);
    ck_assert_uint_eq(stand_in_attached, 1);
    assert_status(&scene, vm, "attaching|direct|guest has not negotiated failover yet");
    scene_look(&scene, vm);
    ck_assert_uint_eq(stand_in_attached, 1);
    /* no event tells that an event has come: nothing is polled for */
    ck_assert_int_eq(agent_memory_get_next(scene.agent.memory), -1);
    scene_hold(&scene, vm, TRUE);
    scene_look(&scene, vm);
    assert_status(&scene, vm, "active|passthrough|");
}
END_TEST

START_TEST(backs_off_when_libvirt_refuses)
{
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "replug");

    stand_in_refuses = TRUE;
    scene_look(&scene, vm);
    g_autofree char *status = scene_status(&scene, vm);
    ck_assert_msg(g_str_has_prefix(status, "floor|direct|libvirt refused function 0000:"), "%s",
                  status);
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_FREE), 2);
    ck_assert_int_gt(agent_memory_get_next(scene.agent.memory),
                     g_get_monotonic_time() + 4 * G_USEC_PER_SEC);
    /* a pass that comes earlier gives it no other function */
    assert_tasks(&scene, "pass");
    agent_pass_run(&scene.agent, scene.world.manager);
    assert_tasks(&scene, "");
    ck_assert_uint_eq(stand_in_attached, 1);
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_FREE), 2);
}
END_TEST

START_TEST(keeps_a_function_that_was_attached_though_the_answer_was_lost)
{
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "replug");

    stand_in_loses_answers = TRUE;
    scene_look(&scene, vm);
    assert_status(&scene, vm, "active|passthrough|");
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_SCRUBBING), 0);
}
END_TEST

START_TEST(parks_what_was_taken_off_by_hand)
{
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "replug");

    scene_look(&scene, vm);
    forget_tasks();
    scene_unplug(&scene, vm);
    scene_look(&scene, vm);
    ck_assert(scene_is_parked(&scene, vm));
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_FREE), 2);
    assert_tasks(&scene, "pass");
    agent_pass_run(&scene.agent, scene.world.manager);
    assert_tasks(&scene, "");
}
END_TEST

static void
ask_back(virDomainPtr domain)
{
    g_autoptr(GError) error = NULL;
    guint64 generation = 0;
    char uuid[VIR_UUID_STRING_BUFLEN];

    ck_assert_int_eq(virDomainGetUUIDString(domain, uuid), 0);
    assert_done(
        iov_manager_drop_begin(scene.world.manager, uuid, "net0", FALSE, &generation, &error),
        error);
}

START_TEST(finishes_a_drop_when_qemu_has_let_go)
{
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "replug");

    scene_look(&scene, vm);
    ask_back(vm);
    scene_look(&scene, vm);
    ck_assert_uint_eq(stand_in_asked, 1);
    assert_status(&scene, vm, "detaching|passthrough|the guest was asked for it again");
    scene_look(&scene, vm);
    ck_assert_uint_eq(stand_in_asked, 1);
    scene_unplug(&scene, vm);
    scene_look(&scene, vm);
    assert_status(&scene, vm, "floor|direct|");
    ck_assert(!scene_is_parked(&scene, vm));
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_FREE), 2);
}
END_TEST

static IovLease *
find_lease(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = iov_manager_list_status(scene.world.manager, NULL, &error);

    assert_done(list != NULL, error);
    return iov_lease_ref(((IovStatus *)g_ptr_array_index(list, 0))->lease);
}

static void
another_drops(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLease) lease = find_lease();

    assert_done(
        iov_manager_drop_done(scene.world.manager, lease->function, lease->generation, &error),
        error);
}

static void
another_scrubs(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLease) lease = find_lease();
    IovLedger *ledger = iov_manager_ledger(scene.world.manager, FALSE, &error);

    assert_done(ledger != NULL, error);
    assert_done(iov_ledger_begin(ledger, &error), error);
    assert_done(iov_ledger_move(ledger, lease->function, lease->generation, IOV_LEASE_SCRUBBING,
                                NULL, FAKE_HOST_TIME, &error),
                error);
    assert_done(iov_ledger_commit(ledger, &error), error);
}

static void
assert_another_may_be_faster(void (*meanwhile)(void))
{
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "replug");

    scene_look(&scene, vm);
    ask_back(vm);
    scene_unplug(&scene, vm);
    stand_in_meanwhile = meanwhile;
    scene_look(&scene, vm);
    ck_assert_ptr_null(stand_in_meanwhile);
    ck_assert_int_eq(agent_memory_get_next(scene.agent.memory), -1);
    agent_pass_run(&scene.agent, scene.world.manager);
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_FREE), 1);
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_RESERVED), 1);
}

START_TEST(lets_another_process_finish_the_drop)
{
    assert_another_may_be_faster(another_drops);
}
END_TEST

START_TEST(lets_another_process_scrub)
{
    assert_another_may_be_faster(another_scrubs);
}
END_TEST

START_TEST(keeps_the_lease_of_a_guest_that_refuses)
{
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "replug");

    scene_look(&scene, vm);
    ask_back(vm);
    agent_events_device(&scene.agent.events, "00000000-0000-4000-8000-000000000061",
                        "ua-iov-net0-vf", TRUE);
    scene_look(&scene, vm);
    assert_status(&scene, vm,
                  "detaching|passthrough|the guest refused the unplug: it will be asked again");
    ck_assert_uint_eq(stand_in_asked, 0);
    ck_assert_int_gt(agent_memory_get_next(scene.agent.memory), g_get_monotonic_time());
}
END_TEST

START_TEST(asks_no_paused_guest)
{
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "replug");

    scene_look(&scene, vm);
    ask_back(vm);
    ck_assert_int_eq(virDomainSuspend(vm), 0);
    scene_look(&scene, vm);
    ck_assert_uint_eq(stand_in_asked, 0);
    assert_status(&scene, vm,
                  "detaching|passthrough|the guest is paused and cannot acknowledge the unplug");
}
END_TEST

START_TEST(takes_up_what_was_cut_short)
{
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "replug");
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = NULL;
    guint64 generation = 0;

    g_autoptr(IovDomain) record = libvirt_read_domain(vm, 0, &error);
    assert_done(record != NULL, error);
    assert_done(
        iov_manager_lift_begin(scene.world.manager, record, "net0", &xml, &generation, &error),
        error);
    /* killed before the attach: the ledger says attaching, and no device came */
    scene_look(&scene, vm);
    assert_status(&scene, vm, "floor|direct|the attach was cut short: trying again");
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_FREE), 2);
    assert_tasks(&scene, "pass");
    /* killed after it: the device is there */
    assert_done(iov_manager_acquire(scene.world.manager, record->uuid, "net0", &error), error);
    g_clear_pointer(&xml, g_free);
    assert_done(
        iov_manager_lift_begin(scene.world.manager, record, "net0", &xml, &generation, &error),
        error);
    ck_assert_int_eq(virDomainAttachDeviceFlags(vm, xml, VIR_DOMAIN_AFFECT_LIVE), 0);
    scene_look(&scene, vm);
    assert_status(&scene, vm, "active|passthrough|");
}
END_TEST

START_TEST(mistrusts_the_lease_of_a_domain_that_is_gone)
{
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "replug");

    scene_look(&scene, vm);
    scene_unplug(&scene, vm);
    scene_destroy(&scene, vm);
    scene_look(&scene, vm);
    assert_tasks(&scene, "reconcile");
    /* not for ever, should that change nothing */
    scene_look(&scene, vm);
    assert_tasks(&scene, "");
    agent_reconcile_run(&scene.agent, scene.world.manager);
    assert_tasks(&scene, "pass");
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_SCRUBBING), 1);
    agent_pass_run(&scene.agent, scene.world.manager);
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_FREE), 2);
}
END_TEST

static void
spoil_metadata(virDomainPtr domain)
{
    ck_assert_int_eq(virDomainSetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT,
                                          "<requests><request name='../etc'/></requests>", "iov",
                                          IOV_REQUEST_NAMESPACE, VIR_DOMAIN_AFFECT_LIVE),
                     0);
}

START_TEST(reconciles_all_but_the_domain_that_cannot_be_read)
{
    g_autoptr(virDomain) a = scene_start(&scene, "a", "replug");
    g_autoptr(virDomain) b = scene_start(&scene, "b", "replug");

    scene_look(&scene, a);
    scene_look(&scene, b);
    scene_unplug(&scene, a);
    scene_destroy(&scene, a);
    spoil_metadata(b);
    agent_reconcile_run(&scene.agent, scene.world.manager);
    ck_assert_int_gt(scene.agent.reconciled_at, 0);
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_SCRUBBING), 1);
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_ACTIVE), 1);
    assert_status(&scene, b, "active|passthrough|");
}
END_TEST

START_TEST(takes_no_answer_for_no_domain)
{
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "replug");

    scene_look(&scene, vm);
    stand_in_is_mute = TRUE;
    agent_reconcile_run(&scene.agent, scene.world.manager);
    assert_status(&scene, vm, "active|passthrough|");
}
END_TEST

static virDomainPtr vanishing;

static void
vanish(void)
{
    ck_assert_int_eq(virDomainDestroy(vanishing), 0);
}

START_TEST(takes_a_domain_that_ends_meanwhile_for_gone)
{
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "replug");

    scene_look(&scene, vm);
    scene_unplug(&scene, vm);
    vanishing = vm;
    stand_in_meanwhile = vanish;
    agent_reconcile_run(&scene.agent, scene.world.manager);
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_SCRUBBING), 1);
}
END_TEST

static void
stop(void)
{
    scene_stop(&scene, vanishing);
}

/* Its hook released it before the reconcile that had read its XML judged it. */
START_TEST(does_not_take_up_a_domain_that_has_ended)
{
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "replug");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) statuses = NULL;

    scene_look(&scene, vm);
    vanishing = vm;
    stand_in_thereafter = stop;
    agent_reconcile_run(&scene.agent, scene.world.manager);
    ck_assert_ptr_null(stand_in_thereafter);
    statuses = iov_manager_list_status(scene.world.manager, NULL, &error);
    assert_done(statuses != NULL, error);
    ck_assert_uint_eq(statuses->len, 0);
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_ACTIVE), 0);
}
END_TEST

START_TEST(promotes_who_waits)
{
    g_autoptr(virDomain) a = scene_start(&scene, "a", "replug");
    g_autoptr(virDomain) b = scene_start(&scene, "b", "replug");
    g_autoptr(virDomain) c = scene_start(&scene, "c", "replug");

    scene_look(&scene, a);
    scene_look(&scene, b);
    scene_look(&scene, c);
    ck_assert_uint_eq(stand_in_attached, 2);
    scene_stop(&scene, a);
    forget_tasks();
    agent_pass_run(&scene.agent, scene.world.manager);
    assert_tasks(&scene, "c");
    assert_status(&scene, c, "reserved|direct|");
    scene_look(&scene, c);
    assert_status(&scene, c, "active|passthrough|");
}
END_TEST

START_TEST(hands_out_what_is_pending)
{
    g_autoptr(virDomain) a = scene_start(&scene, "a", "replug");
    g_autoptr(virDomain) b = scene_start(&scene, "b", "replug");

    scene_look(&scene, a);
    forget_tasks();
    agent_pass_run(&scene.agent, scene.world.manager);
    assert_tasks(&scene, "b");
    assert_status(&scene, b, "reserved|direct|");
}
END_TEST

START_TEST(waits_for_a_process_that_holds_what_is_to_be_cleaned)
{
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "replug");
    g_autoptr(GError) error = NULL;

    scene_look(&scene, vm);
    assert_done(
        iov_manager_release(scene.world.manager, "00000000-0000-4000-8000-000000000061", &error),
        error);
    agent_pass_run(&scene.agent, scene.world.manager);
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_SCRUBBING), 1);
    ck_assert_int_eq(scene.agent.passes.delay, G_USEC_PER_SEC);
    scene_unplug(&scene, vm);
    agent_pass_run(&scene.agent, scene.world.manager);
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_FREE), 2);
    ck_assert_int_eq(scene.agent.passes.delay, 0);
}
END_TEST

START_TEST(frames_go_where_the_request_stands)
{
    static const char mac[] = "52:54:00:00:00:61";
    g_autoptr(GError) error = NULL;

    stand_in_device = "<interface type='bridge'><source bridge='br0'/><target dev='vnet0'/>"
                      "<alias name='ua-iov-net0'/></interface>";
    fake_host_add_port(scene.world.host, "br0", "enp1s0", NULL);
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "failover");
    scene_look(&scene, vm);
    ck_assert(fake_host_has_filter(scene.world.host, "enp1s0", mac));
    agent_memory_set_negotiated(scene.agent.memory, "00000000-0000-4000-8000-000000000061", "net0");
    stand_in_lacks_driver = TRUE;
    scene_look(&scene, vm);
    assert_status(&scene, vm, "active|passthrough|");
    ck_assert(fake_host_has_filter(scene.world.host, "enp1s0", mac));
    ck_assert_int_ne(agent_memory_get_next(scene.agent.memory), -1);
    stand_in_lacks_driver = FALSE;
    scene_hold(&scene, vm, TRUE);
    scene_look(&scene, vm);
    ck_assert(!fake_host_has_filter(scene.world.host, "enp1s0", mac));
    ck_assert_int_eq(agent_memory_get_next(scene.agent.memory), -1);
    scene_unplug(&scene, vm);
    scene_look(&scene, vm);
    ck_assert(fake_host_has_filter(scene.world.host, "enp1s0", mac));
    agent_pass_run(&scene.agent, scene.world.manager);
    ck_assert(fake_host_has_filter(scene.world.host, "enp1s0", mac));
    assert_done(
        iov_manager_release(scene.world.manager, "00000000-0000-4000-8000-000000000061", &error),
        error);
    agent_pass_run(&scene.agent, scene.world.manager);
    ck_assert(!fake_host_has_filter(scene.world.host, "enp1s0", mac));
}
END_TEST

START_TEST(frames_that_cannot_be_sent_there_are_tried_again)
{
    stand_in_device = "<interface type='bridge'><source bridge='br0'/><target dev='vnet0'/>"
                      "<alias name='ua-iov-net0'/></interface>";
    fake_host_add_port(scene.world.host, "br0", "enp1s0", NULL);
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "failover");
    fake_host_clear_journal(scene.world.host);
    fake_host_fail_at(scene.world.host, 1, ENOMEM);
    scene_look(&scene, vm);
    ck_assert_int_ne(agent_memory_get_next(scene.agent.memory), -1);
    scene_look(&scene, vm);
    ck_assert(fake_host_has_filter(scene.world.host, "enp1s0", "52:54:00:00:00:61"));
    ck_assert_int_eq(agent_memory_get_next(scene.agent.memory), -1);
}
END_TEST

START_TEST(frames_that_cannot_be_sent_there_stop_no_lift)
{
    stand_in_device = "<interface type='bridge'><source bridge='br0'/><target dev='vnet0'/>"
                      "<alias name='ua-iov-net0'/></interface>";
    fake_host_add_port(scene.world.host, "br0", "enp1s0", NULL);
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "replug");
    fake_host_clear_journal(scene.world.host);
    fake_host_fail_at(scene.world.host, 1, ENOMEM);
    scene_look(&scene, vm);
    assert_status(&scene, vm, "active|passthrough|");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("agent-domain");
    TCase *tests = tcase_create("agent-domain");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, lifts_at_once_in_replug_mode);
    tcase_add_test(tests, waits_for_the_guest_in_failover_mode);
    tcase_add_test(tests, attaches_what_it_did_not_see_start);
    tcase_add_test(tests, backs_off_when_libvirt_refuses);
    tcase_add_test(tests, keeps_a_function_that_was_attached_though_the_answer_was_lost);
    tcase_add_test(tests, parks_what_was_taken_off_by_hand);
    tcase_add_test(tests, finishes_a_drop_when_qemu_has_let_go);
    tcase_add_test(tests, lets_another_process_finish_the_drop);
    tcase_add_test(tests, lets_another_process_scrub);
    tcase_add_test(tests, keeps_the_lease_of_a_guest_that_refuses);
    tcase_add_test(tests, asks_no_paused_guest);
    tcase_add_test(tests, takes_up_what_was_cut_short);
    tcase_add_test(tests, mistrusts_the_lease_of_a_domain_that_is_gone);
    tcase_add_test(tests, reconciles_all_but_the_domain_that_cannot_be_read);
    tcase_add_test(tests, takes_no_answer_for_no_domain);
    tcase_add_test(tests, takes_a_domain_that_ends_meanwhile_for_gone);
    tcase_add_test(tests, does_not_take_up_a_domain_that_has_ended);
    tcase_add_test(tests, promotes_who_waits);
    tcase_add_test(tests, hands_out_what_is_pending);
    tcase_add_test(tests, waits_for_a_process_that_holds_what_is_to_be_cleaned);
    tcase_add_test(tests, frames_go_where_the_request_stands);
    tcase_add_test(tests, frames_that_cannot_be_sent_there_are_tried_again);
    tcase_add_test(tests, frames_that_cannot_be_sent_there_stop_no_lift);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
