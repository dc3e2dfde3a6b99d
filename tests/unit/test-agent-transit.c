/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Domains that arrive, leave or are saved: ledger, fake host, libvirt's test driver with a state
 * and a job of the test's. After each step the agent may be another one, as after a kill. */
#include "agent-support.h"
#include "fake-host.h"
#include "floor-source.h"
#include "test-support.h"

#include <errno.h>
#include <string.h>

#define UUID "00000000-0000-4000-8000-000000000061" /* of domain a */
#define MAC "52:54:00:00:00:61"
#define NO_MAC "00:00:00:00:00:00"
#define MADE_UP "8a:00:00:00:00:01"
#define SECOND ((gint64)G_USEC_PER_SEC)
#define MIGRATING "the domain is migrating, being saved or restored, or ending"
#define ASKED "QEMU has asked the guest for the function, to migrate or save it"
#define CAME_BACK "a migration or save of the domain has just ended here"
#define BRIDGE                                                                                     \
    "<interface type='bridge'><source bridge='br0'/><target dev='vnet0'/>"                         \
    "<alias name='ua-iov-net0'/></interface>"
#define FLOOR(device)                                                                              \
    "<interface type='direct'><mac address='52:54:00:00:00:61'/><source dev='" device              \
    "' mode='bridge'/><alias name='ua-iov-net0'/></interface>"

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

/* ---- what libvirt and QEMU do ---- */

static void
set_state(int state, int reason)
{
    stand_in_state = state;
    stand_in_reason = reason;
}

static void
set_job(int operation, int pages)
{
    stand_in_operation = operation;
    stand_in_pages = pages;
}

/* Another agent may have taken over: all that is known of the time that went by is the ledger's. */
static void
look(virDomainPtr domain, gboolean killed)
{
    if (killed)
        scene_restart(&scene);
    scene_look(&scene, domain);
}

static void
set_netconf(const char *function, const char *mac, guint vlan)
{
    IovNetconf netconf = iov_netconf_scrubbed();

    netconf.vlan = vlan;
    g_strlcpy(netconf.mac, mac, sizeof(netconf.mac));
    fake_host_set_netconf(scene.world.host, function, &netconf);
}

static IovNetconf
get_netconf(const char *function)
{
    g_autoptr(GError) error = NULL;
    gboolean first = strncmp(function, "0000:01:", strlen("0000:01:")) == 0;
    IovNetconf netconf = {.mac = ""};

    assert_done(
        iov_host_get_vf_netconf(scene.world.host, first ? "enp1s0" : "enp2s0", 0, &netconf, &error),
        error);
    return netconf;
}

static void
assert_mac(const char *function, const char *mac)
{
    ck_assert_str_eq(get_netconf(function).mac, mac);
}

/* Domain a on its function, as libvirt leaves it: with its MAC. */
static virDomainPtr
lift(char **function)
{
    virDomainPtr vm = scene_start(&scene, "a", "failover");

    agent_memory_set_negotiated(scene.agent.memory, UUID, "net0");
    scene_look(&scene, vm);
    assert_status(&scene, vm, "active|passthrough|");
    *function = scene_function(&scene, vm);
    set_netconf(*function, MAC, 0);
    forget_tasks();
    return vm;
}

/* The guest has acknowledged the unplug: QEMU keeps the device open. */
static void
let_go(const char *function)
{
    fake_host_set_driven(scene.world.host, function, FALSE);
}

/* ---- arriving ---- */

/* In each of the tests that are looped, the agent is killed before every step, or never. */
START_TEST(a_function_that_came_along_has_its_policy_before_the_guest_has_it)
{
    g_autoptr(virDomain) vm = scene_arrive(&scene, "a");
    g_autofree char *function = scene_function(&scene, vm);

    set_netconf(function, MAC, 7);
    look(vm, _i);
    assert_status(&scene, vm, "attaching|direct|" MIGRATING);
    ck_assert_uint_eq(get_netconf(function).vlan, 0);
    assert_mac(function, MAC);
    /* QEMU may have it before libvirt calls the domain arrived */
    scene_hold(&scene, vm, TRUE);
    look(vm, _i);
    assert_status(&scene, vm, "attaching|direct|" MIGRATING);
    set_state(-1, 0);
    look(vm, _i);
    assert_status(&scene, vm, "active|passthrough|");
    ck_assert_uint_eq(stand_in_attached, 0);
    assert_mac(function, MAC);
}
END_TEST

START_TEST(a_function_that_does_not_take_its_policy_is_taken_off)
{
    g_autoptr(virDomain) vm = scene_arrive(&scene, "a");
    g_autofree char *function = scene_function(&scene, vm);

    set_netconf(function, MAC, 7);
    fake_host_set_sticky(scene.world.host, function, TRUE);
    look(vm, _i);
    look(vm, _i);
    g_autofree char *waits = scene_status(&scene, vm);
    ck_assert_msg(g_str_has_prefix(waits, "detaching|direct|function 0000:"), "%s", waits);
    ck_assert_ptr_nonnull(strstr(waits, "does not show its policy: vlan is 7, not 0"));
    ck_assert_uint_eq(stand_in_asked, 0);
    set_state(-1, 0);
    scene_hold(&scene, vm, TRUE);
    look(vm, _i);
    ck_assert_uint_eq(stand_in_asked, 1);
    scene_unplug(&scene, vm);
    look(vm, _i);
    g_autofree char *floor = scene_status(&scene, vm);
    ck_assert_ptr_nonnull(strstr(floor, "floor|direct|function 0000:"));
    ck_assert(!scene_is_parked(&scene, vm));
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_QUARANTINED), 1);
}
END_TEST

START_TEST(who_waits_is_lifted_when_it_has_arrived)
{
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "replug");

    set_state(VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION);
    look(vm, _i);
    assert_status(&scene, vm, "reserved|direct|" MIGRATING);
    /* a copy that takes long keeps no function from others */
    fake_host_advance(scene.world.host, IOV_RESERVATION_TIME);
    look(vm, _i);
    assert_status(&scene, vm, "floor|direct|" MIGRATING);
    stand_in_later = 6 * SECOND;
    agent_pass_run(&scene.agent, scene.world.manager);
    assert_status(&scene, vm, "floor|direct|" MIGRATING);
    forget_tasks();
    set_state(-1, 0);
    look(vm, _i);
    assert_status(&scene, vm, "floor|direct|");
    assert_tasks(&scene, "pass");
    agent_pass_run(&scene.agent, scene.world.manager);
    scene_look(&scene, vm);
    assert_status(&scene, vm, "active|passthrough|");
}
END_TEST

START_TEST(the_persistent_floor_is_pointed_to_this_host)
{
    stand_in_device = FLOOR("enp1s0");
    stand_in_config = FLOOR("ens3f0");
    g_autoptr(virDomain) vm = scene_arrive(&scene, "a");

    look(vm, _i);
    stand_in_device = FLOOR("enp1s0");
    ck_assert_str_eq(scene_floor(vm), "");
    set_state(VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_MIGRATED);
    scene_hold(&scene, vm, TRUE);
    look(vm, _i);
    ck_assert_ptr_nonnull(strstr(scene_floor(vm), "dev=\"enp1s0\""));
    assert_status(&scene, vm, "active|passthrough|");
}
END_TEST

START_TEST(a_start_is_no_arrival)
{
    stand_in_device = FLOOR("enp1s0");
    g_autoptr(virDomain) vm = scene_start(&scene, "a", "failover");

    agent_memory_set_negotiated(scene.agent.memory, UUID, "net0");
    set_state(VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_STARTING_UP);
    scene_look(&scene, vm);
    assert_status(&scene, vm, "reserved|direct|" MIGRATING);
    forget_tasks();
    stand_in_config = FLOOR("ens3f0");
    set_state(VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED);
    scene_look(&scene, vm);
    ck_assert_str_eq(scene_floor(vm), "");
    assert_status(&scene, vm, "active|passthrough|");
    assert_tasks(&scene, "");
}
END_TEST

START_TEST(what_an_admin_writes_into_the_configuration_stays)
{
    g_autofree char *function = NULL;

    stand_in_device = FLOOR("enp1s0");
    g_autoptr(virDomain) vm = lift(&function);
    stand_in_config = FLOOR("ens3f0");
    look(vm, FALSE);
    look(vm, TRUE);
    ck_assert_str_eq(scene_floor(vm), "");
    /* one that waits for nothing is told by the event alone */
    agent_events_lifecycle(&scene.agent.events, UUID, VIR_DOMAIN_EVENT_RESUMED,
                           VIR_DOMAIN_EVENT_RESUMED_MIGRATED);
    stand_in_refuses = TRUE;
    scene_look(&scene, vm);
    ck_assert_str_eq(scene_floor(vm), "");
    ck_assert_int_ne(agent_memory_get_next(scene.agent.memory), -1);
    stand_in_refuses = FALSE;
    scene_look(&scene, vm);
    ck_assert_str_eq(scene_floor(vm), "");
    stand_in_later = 6 * SECOND;
    scene_look(&scene, vm);
    ck_assert_ptr_nonnull(strstr(scene_floor(vm), "dev=\"enp1s0\""));
    ck_assert(!agent_memory_has_arrived(scene.agent.memory, UUID));
}
END_TEST

#define CONFIG(interface) "<domain><devices>" interface "</devices></domain>"

START_TEST(a_floor_is_corrected_where_it_is_raw)
{
    static const char network[] =
        CONFIG("<interface type='network'><source network='iovpool-fast'/>"
               "<alias name='ua-iov-net0'/></interface>");
    static const struct {
        const char *live, *config, *expected;
    } cases[] = {
        {CONFIG(FLOOR("enp1s0")), CONFIG(FLOOR("ens3f0")), "<source dev=\"enp1s0\" mode=\"bridge"},
        {CONFIG(FLOOR("enp1s0")), CONFIG(FLOOR("enp1s0")), NULL},
        /* libvirt shows the device of a network's floor, too, where it runs */
        {CONFIG(FLOOR("enp1s0")), network, NULL},
        {network, CONFIG(FLOOR("ens3f0")), NULL},
        {CONFIG(""), CONFIG(FLOOR("ens3f0")), NULL},
        {CONFIG(FLOOR("enp1s0")), CONFIG(""), NULL},
        {"<domain", CONFIG(FLOOR("ens3f0")), NULL},
        {CONFIG(FLOOR("enp1s0")), "", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *device = floor_source_write(cases[i].live, cases[i].config, "ua-iov-net0");

        ck_assert_msg((device != NULL) == (cases[i].expected != NULL), "case %zu", i);
        if (device != NULL)
            ck_assert_ptr_nonnull(strstr(device, cases[i].expected));
    }
}
END_TEST

/* ---- leaving ---- */

START_TEST(frames_go_to_the_floor_while_qemu_has_the_function)
{
    g_autofree char *function = NULL;

    stand_in_device = BRIDGE;
    fake_host_add_port(scene.world.host, "br0", "enp1s0", NULL);
    g_autoptr(virDomain) vm = lift(&function);
    scene_look(&scene, vm);
    ck_assert(!fake_host_has_filter(scene.world.host, "enp1s0", MAC));
    /* the guest has it until it says otherwise */
    set_job(VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT, -1);
    look(vm, _i);
    assert_status(&scene, vm, "active|passthrough|" ASKED);
    assert_mac(function, MAC);
    let_go(function);
    set_job(VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT, 17);
    look(vm, _i);
    assert_status(&scene, vm, "active|direct|" MIGRATING);
    assert_mac(function, NO_MAC);
    ck_assert(fake_host_has_filter(scene.world.host, "enp1s0", MAC));
    /* the guest stands still for the last pages, and QEMU is done */
    set_state(VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION);
    look(vm, _i);
    set_job(0, 0);
    look(vm, _i);
    assert_status(&scene, vm, "active|direct|" MIGRATING);
    assert_mac(function, NO_MAC);
    /* it runs elsewhere */
    stand_in_state = -1;
    scene_stop(&scene, vm);
    agent_pass_run(&scene.agent, scene.world.manager);
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_FREE), 2);
    ck_assert_uint_eq(stand_in_aborted, 0);
}
END_TEST

START_TEST(a_migration_that_fails_gives_the_function_its_frames_back)
{
    g_autofree char *function = NULL;
    g_autoptr(virDomain) vm = lift(&function);

    let_go(function);
    set_job(VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT, 17);
    look(vm, _i);
    assert_mac(function, NO_MAC);
    /* QEMU has failed, and libvirt is not done with it yet: the guest is about to find it */
    set_job(VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT, -1);
    look(vm, _i);
    assert_mac(function, MAC);
    fake_host_set_driven(scene.world.host, function, TRUE);
    set_job(0, 0);
    look(vm, _i);
    assert_status(&scene, vm, "active|passthrough|" CAME_BACK);
    stand_in_later = AGENT_SETTLE_TIME;
    look(vm, FALSE);
    assert_status(&scene, vm, "active|passthrough|");
    ck_assert_int_eq(agent_memory_get_next(scene.agent.memory), -1);
}
END_TEST

/* Such a guest made no pair of it, and does not when the MAC is set later. */
START_TEST(a_driver_that_came_before_the_mac_is_given_its_function_anew)
{
    g_autofree char *function = NULL;
    g_autoptr(virDomain) vm = lift(&function);

    let_go(function);
    set_job(VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT, 17);
    look(vm, FALSE);
    assert_mac(function, NO_MAC);
    set_job(0, 0);
    if (_i == 0) {
        /* it found none, and made one up */
        fake_host_set_driven(scene.world.host, function, TRUE);
        set_netconf(function, MADE_UP, 0);
    } else {
        fake_host_set_hurried(scene.world.host, function, TRUE);
    }
    scene_look(&scene, vm);
    assert_status(&scene, vm, "detaching|direct|the guest was asked for it again");
    assert_mac(function, _i == 0 ? MADE_UP : NO_MAC);
}
END_TEST

START_TEST(what_failed_half_way_is_done_by_the_next)
{
    g_autofree char *function = NULL;
    g_autoptr(virDomain) vm = lift(&function);

    let_go(function);
    set_job(VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT, 17);
    fake_host_clear_journal(scene.world.host);
    fake_host_fail_at(scene.world.host, 1, EIO);
    scene_look(&scene, vm);
    assert_status(&scene, vm, "active|direct|" MIGRATING);
    assert_mac(function, MAC);
    look(vm, TRUE);
    assert_mac(function, NO_MAC);
    set_job(0, 0);
    fake_host_clear_journal(scene.world.host);
    fake_host_fail_at(scene.world.host, 1, EIO);
    scene_look(&scene, vm);
    assert_status(&scene, vm, "active|direct|" MIGRATING);
    look(vm, TRUE);
    assert_mac(function, MAC);
    assert_status(&scene, vm, "active|passthrough|" CAME_BACK);
}
END_TEST

START_TEST(frames_stay_on_the_floor_after_a_snapshot)
{
    g_autofree char *function = NULL;
    g_autoptr(virDomain) vm = lift(&function);

    let_go(function);
    set_job(VIR_DOMAIN_JOB_OPERATION_SNAPSHOT, 17);
    look(vm, _i);
    set_job(0, 0);
    stand_in_completed = VIR_DOMAIN_JOB_OPERATION_SNAPSHOT;
    look(vm, _i);
    assert_status(&scene, vm,
                  "active|direct|QEMU took the function from the guest for a snapshot or dump, "
                  "and has not given it back");
    assert_mac(function, NO_MAC);
    ck_assert_int_eq(agent_memory_get_next(scene.agent.memory), -1);
    /* were it plugged in again, it would be without its MAC */
    fake_host_set_driven(scene.world.host, function, TRUE);
    look(vm, _i);
    assert_status(&scene, vm, "detaching|direct|the guest was asked for it again");
    assert_mac(function, NO_MAC);
}
END_TEST

START_TEST(nobody_takes_a_function_from_one_that_leaves)
{
    g_autofree char *function = NULL;
    g_autoptr(virDomain) vm = lift(&function);
    g_autoptr(GError) error = NULL;

    set_job(VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT, 17);
    scene_look(&scene, vm);
    fake_host_set_carrier(scene.world.host,
                          g_str_has_prefix(function, "0000:01") ? "enp1s0" : "enp2s0", FALSE);
    g_atomic_int_set(&scene.agent.adapters_changed, TRUE);
    agent_pass_run(&scene.agent, scene.world.manager);
    assert_status(&scene, vm, "active|direct|" MIGRATING);
    /* nor does an admin */
    ck_assert(!domain_state_check_rest(vm, &error));
    ck_assert_str_eq(error->message, "domain 'a' migrates: try again when that is over");
    g_clear_error(&error);
    set_job(VIR_DOMAIN_JOB_OPERATION_SAVE, -1);
    ck_assert(!domain_state_check_rest(vm, &error));
    ck_assert_str_eq(error->message, "domain 'a' is being saved: try again when that is over");
    g_clear_error(&error);
    set_job(0, 0);
    assert_done(domain_state_check_rest(vm, &error), error);
    set_state(VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION);
    ck_assert(!domain_state_check_rest(vm, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "arrives, leaves or ends just now"));
}
END_TEST

/* ---- what hangs ---- */

START_TEST(a_save_that_hangs_is_aborted)
{
    g_autofree char *function = NULL;
    g_autoptr(virDomain) vm = lift(&function);

    set_state(VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SAVE);
    set_job(VIR_DOMAIN_JOB_OPERATION_SAVE, -1);
    agent_events_lifecycle(&scene.agent.events, UUID, VIR_DOMAIN_EVENT_SUSPENDED,
                           VIR_DOMAIN_EVENT_SUSPENDED_PAUSED);
    assert_tasks(&scene, "a");
    look(vm, _i);
    assert_status(&scene, vm, "active|passthrough|" ASKED);
    /* at its time, and not before */
    gint64 next = agent_memory_get_next(scene.agent.memory) - g_get_monotonic_time();
    ck_assert_int_gt(next, AGENT_PAUSED_UNPLUG_TIME - SECOND);
    ck_assert_int_le(next, AGENT_PAUSED_UNPLUG_TIME);
    stand_in_later = AGENT_PAUSED_UNPLUG_TIME - SECOND;
    look(vm, FALSE);
    ck_assert_uint_eq(stand_in_aborted, 0);
    stand_in_later += SECOND;
    look(vm, FALSE);
    ck_assert_uint_eq(stand_in_aborted, 1);
    g_autofree char *status = scene_status(&scene, vm);
    ck_assert_ptr_nonnull(strstr(status, "use `iovpool save`"));
    /* QEMU takes half a minute to give up */
    stand_in_later += 30 * SECOND;
    look(vm, _i);
    ck_assert_uint_eq(stand_in_aborted, 1);
    /* libvirt resumes the guest */
    set_state(-1, 0);
    set_job(0, 0);
    look(vm, _i);
    g_autofree char *after = scene_status(&scene, vm);
    ck_assert_str_eq(after, status);
    ck_assert_uint_eq(stand_in_resumed, 0);
    assert_mac(function, MAC);
    stand_in_later += 2 * AGENT_SETTLE_TIME;
    look(vm, FALSE);
    assert_status(&scene, vm, "active|passthrough|");
}
END_TEST

/* It was asked while it was paused, and runs again: it does what it was asked for. */
START_TEST(a_guest_that_gives_its_function_up_late_is_lifted_again)
{
    g_autofree char *function = NULL;
    g_autoptr(virDomain) vm = lift(&function);

    set_state(VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SAVE);
    set_job(VIR_DOMAIN_JOB_OPERATION_SAVE, -1);
    scene_look(&scene, vm);
    if (_i % 2 == 0) {
        stand_in_later = AGENT_PAUSED_UNPLUG_TIME;
        scene_look(&scene, vm);
        ck_assert_uint_eq(stand_in_aborted, 1);
    }
    set_state(-1, 0);
    set_job(0, 0);
    look(vm, _i / 2);
    scene_unplug(&scene, vm);
    forget_tasks();
    look(vm, _i / 2);
    ck_assert(!scene_is_parked(&scene, vm));
    ck_assert_uint_eq(world_count(&scene.world, IOV_LEASE_FREE), 2);
    assert_tasks(&scene, "pass");
    agent_pass_run(&scene.agent, scene.world.manager);
    scene_look(&scene, vm);
    assert_status(&scene, vm, "active|passthrough|");
}
END_TEST

START_TEST(a_guest_that_a_job_left_paused_is_resumed)
{
    g_autofree char *function = NULL;
    g_autoptr(virDomain) vm = lift(&function);

    set_state(VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SAVE);
    set_job(VIR_DOMAIN_JOB_OPERATION_SAVE, -1);
    scene_look(&scene, vm);
    /* it is not ours to resume before the job is over, nor where we did not abort it */
    set_job(0, 0);
    scene_look(&scene, vm);
    ck_assert_uint_eq(stand_in_resumed, 0);
    set_job(VIR_DOMAIN_JOB_OPERATION_SAVE, -1);
    scene_look(&scene, vm);
    stand_in_later = AGENT_PAUSED_UNPLUG_TIME;
    scene_look(&scene, vm);
    stand_in_later += AGENT_PAUSED_UNPLUG_TIME;
    scene_look(&scene, vm);
    ck_assert_uint_eq(stand_in_aborted, 1);
    ck_assert_uint_eq(stand_in_resumed, 0);
    set_job(0, 0);
    stand_in_refuses = TRUE;
    scene_look(&scene, vm);
    stand_in_refuses = FALSE;
    look(vm, TRUE);
    ck_assert_uint_ge(stand_in_resumed, 1);
}
END_TEST

START_TEST(a_guest_that_refuses_the_unplug_stays_here)
{
    g_autofree char *function = NULL;
    g_autoptr(virDomain) vm = lift(&function);

    set_job(VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT, -1);
    agent_events_migration(&scene.agent.events, UUID);
    assert_tasks(&scene, "a");
    look(vm, _i);
    stand_in_later = AGENT_UNPLUG_TIME - SECOND;
    look(vm, FALSE);
    ck_assert_uint_eq(stand_in_aborted, 0);
    /* libvirt does not listen */
    stand_in_later += SECOND;
    stand_in_refuses = TRUE;
    look(vm, FALSE);
    stand_in_refuses = FALSE;
    g_autofree char *status = scene_status(&scene, vm);
    ck_assert_ptr_nonnull(
        strstr(status, "active|passthrough|the guest did not give its function "));
    stand_in_later += 2 * AGENT_UNPLUG_TIME;
    look(vm, FALSE);
    ck_assert_uint_eq(stand_in_aborted, 1);
    assert_mac(function, MAC);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("agent-transit");
    TCase *tests = tcase_create("agent-transit");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, a_function_that_came_along_has_its_policy_before_the_guest_has_it, 0,
                        2);
    tcase_add_loop_test(tests, a_function_that_does_not_take_its_policy_is_taken_off, 0, 2);
    tcase_add_loop_test(tests, who_waits_is_lifted_when_it_has_arrived, 0, 2);
    tcase_add_loop_test(tests, the_persistent_floor_is_pointed_to_this_host, 0, 2);
    tcase_add_test(tests, a_start_is_no_arrival);
    tcase_add_test(tests, what_an_admin_writes_into_the_configuration_stays);
    tcase_add_test(tests, a_floor_is_corrected_where_it_is_raw);
    tcase_add_loop_test(tests, frames_go_to_the_floor_while_qemu_has_the_function, 0, 2);
    tcase_add_loop_test(tests, a_migration_that_fails_gives_the_function_its_frames_back, 0, 2);
    tcase_add_loop_test(tests, a_driver_that_came_before_the_mac_is_given_its_function_anew, 0, 2);
    tcase_add_test(tests, what_failed_half_way_is_done_by_the_next);
    tcase_add_loop_test(tests, frames_stay_on_the_floor_after_a_snapshot, 0, 2);
    tcase_add_test(tests, nobody_takes_a_function_from_one_that_leaves);
    tcase_add_loop_test(tests, a_save_that_hangs_is_aborted, 0, 2);
    tcase_add_loop_test(tests, a_guest_that_gives_its_function_up_late_is_lifted_again, 0, 4);
    tcase_add_test(tests, a_guest_that_a_job_left_paused_is_resumed);
    tcase_add_loop_test(tests, a_guest_that_refuses_the_unplug_stays_here, 0, 2);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
