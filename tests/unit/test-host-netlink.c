/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Netlink in a network namespace of the test's own, with nothing in it but a loopback device: what
 * needs a VF is the contract suite's matter, over a real adapter.
 */
#include "config.h"

#include "iov-host-netlink.h"
#include "test-support.h"

#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static IovNetlink *netlink;

static void
set_up(void)
{
    g_autoptr(GError) error = NULL;

    netlink = iov_netlink_new(&error);
    assert_done(netlink != NULL, error);
}

static void
tear_down(void)
{
    g_clear_pointer(&netlink, iov_netlink_free);
}

static gboolean
loopback_is_up(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(ioctl(fd, SIOCGIFFLAGS, &request), 0);
    close(fd);
    return (request.ifr_flags & IFF_UP) != 0;
}

START_TEST(a_link_goes_up_and_down)
{
    g_autoptr(GError) error = NULL;
    gboolean has_address = TRUE;

    assert_done(iov_netlink_set_up(netlink, "lo", FALSE, &error), error);
    ck_assert(!loopback_is_up());
    assert_done(iov_netlink_has_address(netlink, "lo", &has_address, &error), error);
    ck_assert(!has_address);
    assert_done(iov_netlink_set_up(netlink, "lo", TRUE, &error), error);
    ck_assert(loopback_is_up());
    /* The kernel gives a loopback device 127.0.0.1 when it comes up. */
    assert_done(iov_netlink_has_address(netlink, "lo", &has_address, &error), error);
    ck_assert(has_address);
}
END_TEST

START_TEST(a_missing_netdev_is_not_found)
{
    static const char *const names[] = {"iovnone0", "", "a-name-longer-than-15"};
    const IovNetconf wanted = {.has_vlan = TRUE, .vlan = 42};
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        IovNetconf netconf = {0};
        gboolean has_address;

        assert_fails(iov_netlink_set_up(netlink, names[i], TRUE, &error), error,
                     IOV_ERROR_NOT_FOUND, "no netdev");
        assert_fails(iov_netlink_has_address(netlink, names[i], &has_address, &error), error,
                     IOV_ERROR_NOT_FOUND, "no netdev");
        assert_fails(iov_netlink_set_vf(netlink, names[i], 0, &wanted, &error), error,
                     IOV_ERROR_NOT_FOUND, "cannot set VLAN");
        assert_fails(iov_netlink_get_vf(netlink, names[i], 0, &netconf, &error), error,
                     IOV_ERROR_NOT_FOUND, "no netdev");
    }
}
END_TEST

START_TEST(what_a_driver_cannot_do_is_named)
{
    static const struct {
        IovNetconf netconf;
        const char *text;
    } cases[] = {
        {{.mac = "52:54:00:12:34:56"}, "cannot set MAC address of VF 3 of lo"},
        {{.has_vlan = TRUE, .vlan = 42}, "cannot set VLAN of VF 3 of lo"},
        {{.has_rate = TRUE, .max_rate = 10}, "cannot set rate of VF 3 of lo"},
        {{.trust = IOV_SWITCH_YES}, "cannot set trust of VF 3 of lo"},
        {{.spoofcheck = IOV_SWITCH_NO}, "cannot set spoof check of VF 3 of lo"},
        {{.link_state = IOV_LINK_STATE_DISABLE}, "cannot set link state of VF 3 of lo"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        assert_fails(iov_netlink_set_vf(netlink, "lo", 3, &cases[i].netconf, &error), error,
                     IOV_ERROR_UNSUPPORTED, cases[i].text);
    }
}
END_TEST

START_TEST(what_is_scrubbed_anyway_is_done)
{
    IovNetconf scrubbed = iov_netconf_scrubbed();
    g_autoptr(GError) error = NULL;

    assert_done(iov_netlink_set_vf(netlink, "lo", 0, &scrubbed, &error), error);
}
END_TEST

START_TEST(no_vf_is_no_policy)
{
    IovNetconf netconf = {0};
    g_autoptr(GError) error = NULL;

    assert_fails(iov_netlink_get_vf(netlink, "lo", 3, &netconf, &error), error, IOV_ERROR_NOT_FOUND,
                 "netdev lo has no VF 3");
}
END_TEST

int
main(void)
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        puts("SKIP: this system gives a test no network namespace of its own");
        return 77; /* automake's word for a skipped test */
    }
    Suite *suite = suite_create("host-netlink");
    TCase *tests = tcase_create("host-netlink");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_link_goes_up_and_down);
    tcase_add_test(tests, a_missing_netdev_is_not_found);
    tcase_add_test(tests, what_a_driver_cannot_do_is_named);
    tcase_add_test(tests, what_is_scrubbed_anyway_is_done);
    tcase_add_test(tests, no_vf_is_no_policy);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
