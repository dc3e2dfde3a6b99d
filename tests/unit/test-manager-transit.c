/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Policy and MAC of functions whose domains come or go. */
#include "fake-host.h"
#include "manager-support.h"
#include "test-support.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAC "52:54:00:00:00:31" /* of vm1 */
#define NO_MAC "00:00:00:00:00:00"
#define OTHER_MAC "52:54:00:99:99:99"

static World world;

static void
set_up(void)
{
    world_set_up(&world);
    world_start_pool(&world, "1");
}

static void
tear_down(void)
{
    world_tear_down(&world);
}

/* (transfer full) */
static IovLease *
find_lease(const IovDomain *domain)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = iov_manager_list_status(world.manager, domain->uuid, &error);

    assert_done(list != NULL, error);
    ck_assert_uint_eq(list->len, 1);
    return iov_lease_ref(((IovStatus *)list->pdata[0])->lease);
}

static void
show(const IovLease *lease, const char *mac, guint vlan)
{
    IovNetconf netconf = iov_netconf_scrubbed();

    netconf.vlan = vlan;
    g_strlcpy(netconf.mac, mac, sizeof(netconf.mac));
    fake_host_set_netconf(world.host, lease->function, &netconf);
}

static IovNetconf
shown(const IovLease *lease)
{
    g_autoptr(GError) error = NULL;
    gboolean first = g_str_has_prefix(lease->function, "0000:01:");
    IovNetconf netconf = {.mac = ""};

    assert_done(iov_host_get_vf_netconf(world.host, first ? "enp1s0" : "enp2s0", lease->index,
                                        &netconf, &error),
                error);
    return netconf;
}

/* It came with its function in the XML; (transfer full). */
static IovDomain *
arrive(const char *attributes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) promised = world_domain("vm1", attributes, "");

    assert_done(iov_manager_prepare(world.manager, promised, &error), error);
    g_autofree char *function = world_held_by(&world, promised);
    g_autofree char *hostdev = world_hostdev(function, "ua-iov-net0-vf");
    IovDomain *domain = world_domain("vm1", attributes, hostdev);
    assert_done(iov_manager_started(world.manager, domain, &error), error);
    return domain;
}

static gboolean
shows_policy(const IovDomain *domain)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLease) lease = find_lease(domain);
    gboolean shows = FALSE;

    assert_done(iov_manager_shows_policy(world.manager, domain, lease, &shows, &error), error);
    return shows;
}

START_TEST(what_came_along_gets_all_but_the_mac)
{
    g_autoptr(IovDomain) domain = arrive("");
    g_autoptr(IovLease) lease = find_lease(domain);
    g_autoptr(GError) error = NULL;

    show(lease, MAC, 7);
    ck_assert(!shows_policy(domain));
    assert_done(
        iov_manager_impose(world.manager, domain, lease->function, lease->generation, &error),
        error);
    ck_assert(shows_policy(domain));
    ck_assert_str_eq(shown(lease).mac, MAC);
    ck_assert_uint_eq(shown(lease).vlan, 0);
}
END_TEST

START_TEST(what_does_not_take_it_is_to_leave)
{
    g_autoptr(IovDomain) domain = arrive("");
    g_autoptr(IovLease) lease = find_lease(domain);
    g_autoptr(GError) error = NULL;

    show(lease, MAC, 7);
    fake_host_set_sticky(world.host, lease->function, TRUE);
    assert_fails(
        iov_manager_impose(world.manager, domain, lease->function, lease->generation, &error),
        error, IOV_ERROR_HOST, "does not show its policy: vlan is 7, not 0");
    g_autofree char *state = world_function(&world, lease->function);
    ck_assert_str_eq(state, "detaching vm1 net0");
    g_autofree char *status = world_status(&world, domain);
    ck_assert_ptr_nonnull(strstr(status, "does not show its policy"));
    /* why it left is told when it has left, and while it does not */
    g_clear_error(&error);
    assert_done(iov_manager_drop_delayed(world.manager, lease->function, lease->generation,
                                         IOV_REASON_GUEST_KEEPS, "it keeps it", &error),
                error);
    assert_done(iov_manager_drop_done(world.manager, lease->function, lease->generation, &error),
                error);
    g_autofree char *after = world_status(&world, domain);
    ck_assert_str_eq(after, status);
}
END_TEST

START_TEST(an_older_lease_changes_nothing)
{
    g_autoptr(IovDomain) domain = arrive("");
    g_autoptr(IovLease) lease = find_lease(domain);
    g_autoptr(GError) error = NULL;

    assert_done(iov_manager_release(world.manager, domain->uuid, &error), error);
    show(lease, OTHER_MAC, 7);
    fake_host_clear_journal(world.host);
    assert_fails(
        iov_manager_impose(world.manager, domain, lease->function, lease->generation, &error),
        error, IOV_ERROR_STALE, "scrubbing");
    g_clear_error(&error);
    assert_fails(
        iov_manager_unplugged(world.manager, lease->function, lease->generation, "", &error), error,
        IOV_ERROR_STALE, "scrubbing");
    g_clear_error(&error);
    assert_fails(iov_manager_plugged_again(world.manager, lease->function, lease->generation - 1,
                                           "", &error),
                 error, IOV_ERROR_STALE, "is over");
    ck_assert_uint_eq(fake_host_count_effects(world.host), 0);
}
END_TEST

static IovDomain *
lifted(IovLease **lease)
{
    IovDomain *domain = world_domain("vm1", "", "");

    world_run_lifted(&world, domain);
    *lease = find_lease(domain);
    show(*lease, MAC, 7);
    return domain;
}

/* A guest has it by now, and may have changed what it is free to change. */
START_TEST(nothing_is_imposed_on_an_active_function)
{
    g_autoptr(IovLease) lease = NULL;
    g_autoptr(IovDomain) domain = lifted(&lease);
    g_autoptr(GError) error = NULL;

    fake_host_clear_journal(world.host);
    assert_fails(
        iov_manager_impose(world.manager, domain, lease->function, lease->generation, &error),
        error, IOV_ERROR_STALE, "is active");
    ck_assert_uint_eq(fake_host_count_effects(world.host), 0);
}
END_TEST

static void
assert_status(const IovDomain *domain, const char *expected)
{
    g_autofree char *status = world_status(&world, domain);

    ck_assert_str_eq(status, expected);
}

static void
assert_shows(const IovLease *lease, gboolean its_own, gboolean other)
{
    g_autoptr(GError) error = NULL;
    gboolean own = !its_own, another = !other;

    assert_done(iov_manager_shows_mac(world.manager, lease, &own, &another, &error), error);
    ck_assert_int_eq(own, its_own);
    ck_assert_int_eq(another, other);
}

START_TEST(the_mac_goes_and_comes_back)
{
    g_autoptr(IovLease) lease = NULL;
    g_autoptr(IovDomain) domain = lifted(&lease);
    g_autoptr(GError) error = NULL;

    assert_shows(lease, TRUE, FALSE);
    /* twice: a second call finds what the first has done */
    for (guint i = 0; i < 2; i++) {
        assert_done(iov_manager_unplugged(world.manager, lease->function, lease->generation,
                                          "it migrates", &error),
                    error);
        assert_status(domain, "direct|it migrates");
        assert_shows(lease, FALSE, TRUE);
        ck_assert_uint_eq(shown(lease).vlan, 7);
    }
    for (guint i = 0; i < 2; i++) {
        assert_done(iov_manager_plugged_again(world.manager, lease->function, lease->generation,
                                              "it stayed", &error),
                    error);
        assert_status(domain, "passthrough|it stayed");
        assert_shows(lease, TRUE, FALSE);
    }
    g_autofree char *state = world_function(&world, lease->function);
    ck_assert_str_eq(state, "active vm1 net0");
}
END_TEST

START_TEST(a_mac_that_is_not_the_requests_is_another)
{
    g_autoptr(IovLease) lease = NULL;
    g_autoptr(GError) error = NULL;

    iov_domain_unref(lifted(&lease));
    show(lease, OTHER_MAC, 0);
    assert_shows(lease, FALSE, TRUE);
    show(lease, "", 0);
    assert_shows(lease, FALSE, FALSE);
    /* a driver may show its factory's where there is none: that draws no frames of the guest */
    show(lease, MAC, 0);
    fake_host_set_factory_mac(world.host, lease->function, OTHER_MAC);
    assert_done(
        iov_manager_unplugged(world.manager, lease->function, lease->generation, "", &error),
        error);
    assert_shows(lease, FALSE, TRUE);
    assert_done(
        iov_manager_plugged_again(world.manager, lease->function, lease->generation, "", &error),
        error);
    assert_shows(lease, TRUE, FALSE);
}
END_TEST

START_TEST(a_mac_that_does_not_change_is_told)
{
    g_autoptr(IovLease) lease = NULL;
    g_autoptr(IovDomain) domain = lifted(&lease);
    g_autoptr(GError) error = NULL;

    fake_host_set_sticky(world.host, lease->function, TRUE);
    ck_assert(!iov_manager_unplugged(world.manager, lease->function, lease->generation,
                                     "it migrates", &error));
    ck_assert_ptr_nonnull(strstr(error->message, MAC));
    /* the request is on its floor all the same */
    assert_status(domain, "direct|it migrates");
}
END_TEST

START_TEST(one_that_is_asked_back_keeps_its_reason)
{
    g_autoptr(IovLease) lease = NULL;
    g_autoptr(IovDomain) domain = lifted(&lease);
    g_autoptr(GError) error = NULL;

    assert_done(iov_manager_take_back(world.manager, lease->function, lease->generation,
                                      IOV_REASON_RECLAIMED, "another has it", &error),
                error);
    assert_done(iov_manager_unplugged(world.manager, lease->function, lease->generation,
                                      "it migrates", &error),
                error);
    assert_status(domain, "passthrough|another has it");
    assert_shows(lease, FALSE, TRUE);
}
END_TEST

/* A process that dies before or after the effect leaves it to the next, which calls again. */
START_TEST(a_kill_leaves_it_to_the_next)
{
    g_autoptr(IovLease) lease = NULL;
    g_autoptr(IovDomain) domain = lifted(&lease);
    g_autoptr(GError) error = NULL;
    int status = 0;

    fake_host_clear_journal(world.host);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        fake_host_die_at(world.host, 1, _i);
        world_reopen(&world);
        iov_manager_unplugged(world.manager, lease->function, lease->generation, "it migrates",
                              NULL);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(WEXITSTATUS(status), FAKE_HOST_DEATH);
    world_reopen(&world);
    assert_status(domain, "direct|it migrates");
    assert_done(iov_manager_unplugged(world.manager, lease->function, lease->generation,
                                      "it migrates", &error),
                error);
    assert_shows(lease, FALSE, TRUE);
    /* whatever was done goes with the domain */
    fake_host_set_holder(world.host, lease->iommu_group, 0);
    assert_done(iov_manager_release(world.manager, domain->uuid, &error), error);
    assert_done(iov_manager_scrub_pending(world.manager, NULL, &error), error);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 2);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("manager-transit");
    TCase *tests = tcase_create("manager-transit");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_came_along_gets_all_but_the_mac);
    tcase_add_test(tests, what_does_not_take_it_is_to_leave);
    tcase_add_test(tests, an_older_lease_changes_nothing);
    tcase_add_test(tests, nothing_is_imposed_on_an_active_function);
    tcase_add_test(tests, the_mac_goes_and_comes_back);
    tcase_add_test(tests, a_mac_that_is_not_the_requests_is_another);
    tcase_add_test(tests, a_mac_that_does_not_change_is_told);
    tcase_add_test(tests, one_that_is_asked_back_keeps_its_reason);
    tcase_add_loop_test(tests, a_kill_leaves_it_to_the_next, 0, 2);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
