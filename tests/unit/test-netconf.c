/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iov-netconf.h"
#include "test-support.h"

#include <string.h>

static IovNetconf
with_vlan(guint vlan)
{
    return (IovNetconf){.has_vlan = TRUE, .vlan = vlan};
}

static IovNetconf
with_rate(guint min, guint max)
{
    return (IovNetconf){.has_rate = TRUE, .min_rate = min, .max_rate = max};
}

static void
assert_merge(IovNetconf defaults, IovNetconf wish, IovNetconf expected)
{
    g_autoptr(GError) error = NULL;
    IovNetconf result;

    memset(&result, 0xff, sizeof result);
    assert_done(iov_netconf_merge(&defaults, &wish, &result, &error), error);
    ck_assert_str_eq(result.mac, expected.mac);
    ck_assert_int_eq(result.has_vlan, expected.has_vlan);
    ck_assert_uint_eq(result.vlan, expected.vlan);
    ck_assert_int_eq(result.has_rate, expected.has_rate);
    ck_assert_uint_eq(result.min_rate, expected.min_rate);
    ck_assert_uint_eq(result.max_rate, expected.max_rate);
    ck_assert_int_eq(result.trust, expected.trust);
    ck_assert_int_eq(result.spoofcheck, expected.spoofcheck);
    ck_assert_int_eq(result.link_state, expected.link_state);
}

static void
assert_refused(IovNetconf defaults, IovNetconf wish, const char *cause)
{
    g_autoptr(GError) error = NULL;
    IovNetconf result;
    IovNetconf before;

    memset(&result, 0x5a, sizeof result);
    before = result;
    assert_fails(iov_netconf_merge(&defaults, &wish, &result, &error), error, IOV_ERROR_INVALID,
                 cause);
    ck_assert_mem_eq(&result, &before, sizeof result);
}

START_TEST(a_wish_stands_over_defaults)
{
    IovNetconf defaults = {.has_vlan = TRUE,
                           .vlan = 42,
                           .has_rate = TRUE,
                           .max_rate = 1000,
                           .trust = IOV_SWITCH_YES,
                           .spoofcheck = IOV_SWITCH_NO,
                           .link_state = IOV_LINK_STATE_AUTO};
    IovNetconf wish = {.mac = "52:54:00:00:00:01",
                       .has_rate = TRUE,
                       .min_rate = 100,
                       .max_rate = 500,
                       .trust = IOV_SWITCH_NO,
                       .spoofcheck = IOV_SWITCH_YES,
                       .link_state = IOV_LINK_STATE_ENABLE};
    IovNetconf expected = wish;

    expected.has_vlan = TRUE;
    expected.vlan = 42;
    assert_merge(defaults, wish, expected);
    assert_merge(defaults, (IovNetconf){.has_vlan = FALSE}, defaults);
    assert_merge((IovNetconf){.has_vlan = FALSE}, (IovNetconf){.has_vlan = FALSE},
                 (IovNetconf){.has_vlan = FALSE});
}
END_TEST

START_TEST(a_vlan_of_the_pool_stands)
{
    assert_merge((IovNetconf){.has_vlan = FALSE}, with_vlan(7), with_vlan(7));
    assert_merge(with_vlan(7), with_vlan(7), with_vlan(7));
    assert_refused(with_vlan(42), with_vlan(7), "asks for VLAN 7, but its pool sets VLAN 42");
    assert_refused(with_vlan(42), with_vlan(0), "asks for VLAN 0");
    assert_refused(with_vlan(0), with_vlan(42), "but its pool sets VLAN 0");
}
END_TEST

START_TEST(rates_stay_below_the_pools)
{
    assert_merge(with_rate(0, 1000), with_rate(500, 1000), with_rate(500, 1000));
    assert_merge(with_rate(0, 0), with_rate(500, 9000), with_rate(500, 9000));
    assert_merge((IovNetconf){.has_rate = FALSE}, with_rate(500, 0), with_rate(500, 0));
    assert_refused(with_rate(0, 1000), with_rate(0, 1001), "asks for up to 1001 Mbit/s");
    assert_refused(with_rate(0, 1000), with_rate(0, 0), "sets no maximum rate");
    assert_refused(with_rate(0, 1000), with_rate(1001, 0), "sets no maximum rate");
    assert_refused(with_rate(0, 1000), with_rate(1001, 1000), "minimum rate of 1001 Mbit/s");
    assert_refused((IovNetconf){.has_rate = FALSE}, with_rate(2, 1), "above the maximum");
}
END_TEST

START_TEST(protection_is_the_pools_to_weaken)
{
    IovNetconf unset = {.has_vlan = FALSE};
    IovNetconf trust = {.trust = IOV_SWITCH_YES};
    IovNetconf no_trust = {.trust = IOV_SWITCH_NO};
    IovNetconf check = {.spoofcheck = IOV_SWITCH_YES};
    IovNetconf no_check = {.spoofcheck = IOV_SWITCH_NO};

    assert_refused(unset, trust, "asks for trust");
    assert_refused(no_trust, trust, "asks for trust");
    assert_merge(trust, trust, trust);
    assert_merge(trust, no_trust, no_trust);
    assert_refused(unset, no_check, "asks for no spoof check");
    assert_refused(check, no_check, "asks for no spoof check");
    assert_merge(no_check, no_check, no_check);
    assert_merge(no_check, check, check);
}
END_TEST

START_TEST(differences_have_words)
{
    static const struct {
        IovNetconf wanted, actual;
        const char *difference;
    } cases[] = {
        {{.mac = "52:54:00:00:00:01"}, {.mac = "52:54:00:00:00:01"}, NULL},
        {{.mac = "52:54:00:00:00:0a"}, {.mac = "52:54:00:00:00:0A"}, NULL},
        {{.mac = "52:54:00:00:00:01"},
         {.mac = "52:54:00:00:00:02"},
         "MAC address is 52:54:00:00:00:02, not 52:54:00:00:00:01"},
        {{.mac = "00:00:00:00:00:00"}, {.mac = "52:54:00:00:00:02"}, NULL},
        {{.mac = "52:54:00:00:00:01"}, {.mac = ""}, NULL},
        {{.mac = ""}, {.mac = "52:54:00:00:00:02"}, NULL},
        {{.has_vlan = TRUE, .vlan = 42}, {.has_vlan = TRUE, .vlan = 7}, "vlan is 7, not 42"},
        {{.has_vlan = TRUE, .vlan = 42}, {.has_vlan = FALSE}, NULL},
        {{.has_vlan = FALSE}, {.has_vlan = TRUE, .vlan = 7}, NULL},
        {{.has_rate = TRUE, .min_rate = 1},
         {.has_rate = TRUE, .min_rate = 2},
         "minimum rate is 2, not 1"},
        {{.has_rate = TRUE, .max_rate = 1},
         {.has_rate = TRUE, .max_rate = 0},
         "maximum rate is 0, not 1"},
        {{.has_rate = TRUE, .max_rate = 1}, {.has_rate = FALSE}, NULL},
        {{.trust = IOV_SWITCH_NO}, {.trust = IOV_SWITCH_YES}, "trust is yes, not no"},
        {{.trust = IOV_SWITCH_NO}, {.trust = IOV_SWITCH_UNSET}, NULL},
        {{.spoofcheck = IOV_SWITCH_YES},
         {.spoofcheck = IOV_SWITCH_NO},
         "spoof check is no, not yes"},
        {{.link_state = IOV_LINK_STATE_AUTO},
         {.link_state = IOV_LINK_STATE_DISABLE},
         "link state is disable, not auto"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *difference = iov_netconf_difference(&cases[i].wanted, &cases[i].actual);

        ck_assert_msg(g_strcmp0(difference, cases[i].difference) == 0, "case %zu: %s", i,
                      difference != NULL ? difference : "none");
    }
}
END_TEST

START_TEST(scrubbed_sets_everything)
{
    IovNetconf scrubbed = iov_netconf_scrubbed();
    IovNetconf dirty = {.mac = "52:54:00:00:00:01",
                        .has_vlan = TRUE,
                        .has_rate = TRUE,
                        .trust = IOV_SWITCH_YES,
                        .spoofcheck = IOV_SWITCH_YES,
                        .link_state = IOV_LINK_STATE_AUTO};
    g_autofree char *difference = iov_netconf_difference(&scrubbed, &dirty);

    ck_assert_str_eq(scrubbed.mac, "00:00:00:00:00:00");
    ck_assert(scrubbed.has_vlan && scrubbed.vlan == 0 && scrubbed.has_rate &&
              scrubbed.min_rate == 0 && scrubbed.max_rate == 0);
    ck_assert_int_eq(scrubbed.trust, IOV_SWITCH_NO);
    ck_assert_int_eq(scrubbed.spoofcheck, IOV_SWITCH_YES);
    ck_assert_int_eq(scrubbed.link_state, IOV_LINK_STATE_AUTO);
    ck_assert_str_eq(difference, "trust is yes, not no");
}
END_TEST

START_TEST(mac_addresses_are_unicast)
{
    static const struct {
        const char *text, *cause;
    } bad[] = {
        {"", "is not a MAC address"},
        {"52:54:00:aa:bb", "is not a MAC address"},
        {"52:54:00:aa:bb:c", "is not a MAC address"},
        {"52:54:00:aa:bb:ccc", "is not a MAC address"},
        {"52:54:00:aa:bb:cc ", "is not a MAC address"},
        {"52-54-00-aa-bb-cc", "is not a MAC address"},
        {"5254.00aa.bbcc", "is not a MAC address"},
        {"52:54:00:aa:bb:cg", "is not a MAC address"},
        {"01:00:5e:00:00:01", "is a multicast address"},
        {"ff:ff:ff:ff:ff:ff", "is a multicast address"},
        {"00:00:00:00:00:00", "is no device's address"},
    };
    g_autoptr(GError) error = NULL;
    char mac[IOV_MAC_SIZE];

    assert_done(iov_mac_parse("52:54:00:AA:bB:cC", mac, &error), error);
    ck_assert_str_eq(mac, "52:54:00:aa:bb:cc");
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_fails(iov_mac_parse(bad[i].text, mac, &error), error, IOV_ERROR_INVALID,
                     bad[i].cause);
}
END_TEST

START_TEST(made_macs_are_of_qemu)
{
    static const guint8 random[] = {0x00, 0xff, 0x0a};
    g_autoptr(GError) error = NULL;
    char mac[IOV_MAC_SIZE], parsed[IOV_MAC_SIZE];

    iov_mac_make(random, mac);
    ck_assert_str_eq(mac, "52:54:00:00:ff:0a");
    assert_done(iov_mac_parse(mac, parsed, &error), error);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("netconf");
    TCase *tests = tcase_create("netconf");

    tcase_add_test(tests, a_wish_stands_over_defaults);
    tcase_add_test(tests, a_vlan_of_the_pool_stands);
    tcase_add_test(tests, rates_stay_below_the_pools);
    tcase_add_test(tests, protection_is_the_pools_to_weaken);
    tcase_add_test(tests, differences_have_words);
    tcase_add_test(tests, scrubbed_sets_everything);
    tcase_add_test(tests, mac_addresses_are_unicast);
    tcase_add_test(tests, made_macs_are_of_qemu);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
