/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The contract of links and of VF policies, for adapters whose netdev takes them. */
#include "contract-private.h"

#include <poll.h>

#define CARRIER_SECONDS 60
#define CARRIER_POLL_MS 50
#define MAC "52:54:00:12:34:56"
#define NO_MAC "00:00:00:00:00:00"

static char *
netdev(void)
{
    g_autoptr(IovAdapter) adapter = contract_adapter();

    ck_assert_ptr_nonnull(iov_adapter_get_netdev(adapter));
    return g_strdup(iov_adapter_get_netdev(adapter));
}

static void
set(guint index, const IovNetconf *netconf)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *pf = netdev();

    assert_done(iov_host_set_vf_netconf(contract_host, pf, index, netconf, &error), error);
}

static IovNetconf
get(guint index)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *pf = netdev();
    IovNetconf netconf = {0};

    assert_done(iov_host_get_vf_netconf(contract_host, pf, index, &netconf, &error), error);
    return netconf;
}

START_TEST(a_netdev_leads_to_its_device)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *pf = netdev();
    g_autofree char *address = iov_host_find_netdev(contract_host, pf, &error);

    assert_done(address != NULL, error);
    ck_assert_str_eq(address, contract->pf);
    assert_fails(iov_host_find_netdev(contract_host, "iovnone0", &error) != NULL, error,
                 IOV_ERROR_NOT_FOUND, "iovnone0");
}
END_TEST

START_TEST(a_link_goes_down_and_up)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *pf = netdev();
    IovLink link = IOV_LINK_NONE;

    assert_done(iov_host_set_link_up(contract_host, pf, FALSE, &error), error);
    assert_done(iov_host_get_link(contract_host, pf, &link, &error), error);
    ck_assert_int_eq(link, IOV_LINK_DOWN);
    assert_done(iov_host_set_link_up(contract_host, pf, TRUE, &error), error);
    assert_done(iov_host_get_link(contract_host, pf, &link, &error), error);
    ck_assert(link == IOV_LINK_UP || link == IOV_LINK_NO_CARRIER);
    assert_fails(iov_host_set_link_up(contract_host, "iovnone0", TRUE, &error), error,
                 IOV_ERROR_NOT_FOUND, "iovnone0");
    assert_fails(iov_host_get_link(contract_host, "iovnone0", &link, &error), error,
                 IOV_ERROR_NOT_FOUND, "iovnone0");
}
END_TEST

START_TEST(a_policy_is_read_back)
{
    const IovNetconf wanted = {.mac = MAC,
                               .has_vlan = TRUE,
                               .vlan = 42,
                               .trust = IOV_SWITCH_YES,
                               .spoofcheck = IOV_SWITCH_NO};

    contract_create(2, FALSE);
    IovNetconf neighbour = get(0);
    set(1, &wanted);
    IovNetconf now = get(1);
    ck_assert_str_eq(now.mac, MAC);
    ck_assert(now.has_vlan);
    ck_assert_uint_eq(now.vlan, 42);
    ck_assert_int_eq(now.trust, IOV_SWITCH_YES);
    ck_assert_int_eq(now.spoofcheck, IOV_SWITCH_NO);
    now = get(0);
    ck_assert_mem_eq(&now, &neighbour, sizeof(now));
}
END_TEST

START_TEST(what_is_unset_stays)
{
    const IovNetconf first = {.mac = MAC, .has_vlan = TRUE, .vlan = 42};
    const IovNetconf second = {.has_vlan = TRUE, .vlan = 7};
    const IovNetconf nothing = {0};

    contract_create(1, FALSE);
    set(0, &first);
    set(0, &second);
    set(0, &nothing);
    IovNetconf now = get(0);
    ck_assert_str_eq(now.mac, MAC);
    ck_assert_uint_eq(now.vlan, 7);
}
END_TEST

START_TEST(a_policy_is_scrubbed)
{
    const IovNetconf used = {.mac = MAC,
                             .has_vlan = TRUE,
                             .vlan = 42,
                             .trust = IOV_SWITCH_YES,
                             .spoofcheck = IOV_SWITCH_NO};
    const IovNetconf scrubbed = {.mac = NO_MAC,
                                 .has_vlan = TRUE,
                                 .has_rate = TRUE,
                                 .trust = IOV_SWITCH_NO,
                                 .spoofcheck = IOV_SWITCH_YES,
                                 .link_state = IOV_LINK_STATE_AUTO};

    contract_create(1, FALSE);
    set(0, &used);
    set(0, &scrubbed);
    IovNetconf now = get(0);
    ck_assert_str_eq(now.mac, NO_MAC);
    ck_assert_uint_eq(now.vlan, 0);
    ck_assert_uint_eq(now.min_rate, 0);
    ck_assert_uint_eq(now.max_rate, 0);
    ck_assert_int_eq(now.trust, IOV_SWITCH_NO);
    ck_assert_int_eq(now.spoofcheck, IOV_SWITCH_YES);
    ck_assert_int_eq(now.link_state, IOV_LINK_STATE_AUTO);
}
END_TEST

START_TEST(a_scrub_needs_no_link)
{
    const IovNetconf scrubbed = {.mac = NO_MAC, .has_vlan = TRUE, .has_rate = TRUE};
    g_autoptr(GError) error = NULL;
    g_autofree char *pf = netdev();

    contract_create(1, FALSE);
    assert_done(iov_host_set_link_up(contract_host, pf, FALSE, &error), error);
    set(0, &scrubbed);
    assert_done(iov_host_set_link_up(contract_host, pf, TRUE, &error), error);
}
END_TEST

/* Making VFs takes some adapters' link away for a while (igb resets itself), and there is no rate
 * without a link. The port has no operation to wait for a carrier, so this looks again. */
static void
wait_for_carrier(void)
{
    gint64 end = g_get_monotonic_time() + CARRIER_SECONDS * G_USEC_PER_SEC;
    g_autofree char *pf = netdev();
    g_autoptr(GError) error = NULL;
    IovLink link = IOV_LINK_NONE;

    assert_done(iov_host_set_link_up(contract_host, pf, TRUE, &error), error);
    for (;;) {
        assert_done(iov_host_get_link(contract_host, pf, &link, &error), error);
        if (link == IOV_LINK_UP)
            return;
        ck_assert_msg(g_get_monotonic_time() < end, "%s has no carrier", pf);
        poll(NULL, 0, CARRIER_POLL_MS);
    }
}

START_TEST(a_rate_is_read_back)
{
    const IovNetconf limited = {.has_rate = TRUE, .max_rate = 100};
    const IovNetconf unlimited = {.has_rate = TRUE};

    contract_create(1, FALSE);
    wait_for_carrier();
    set(0, &limited);
    IovNetconf now = get(0);
    ck_assert(now.has_rate);
    ck_assert_uint_eq(now.max_rate, 100);
    set(0, &unlimited);
    now = get(0);
    ck_assert_uint_eq(now.max_rate, 0);
}
END_TEST

START_TEST(a_link_state_is_set_or_unsupported)
{
    const IovNetconf enabled = {.link_state = IOV_LINK_STATE_ENABLE};
    g_autoptr(GError) error = NULL;
    g_autofree char *pf = netdev();

    contract_create(1, FALSE);
    if (!iov_host_set_vf_netconf(contract_host, pf, 0, &enabled, &error)) {
        assert_fails(FALSE, error, IOV_ERROR_UNSUPPORTED, "link state");
        ck_assert_int_eq(get(0).link_state, IOV_LINK_STATE_AUTO);
        return;
    }
    ck_assert_int_eq(get(0).link_state, IOV_LINK_STATE_ENABLE);
}
END_TEST

START_TEST(a_missing_vf_has_no_policy)
{
    const IovNetconf wanted = {.mac = MAC};
    g_autoptr(GError) error = NULL;
    g_autofree char *pf = netdev();
    IovNetconf netconf = {0};

    contract_create(1, FALSE);
    assert_fails(iov_host_get_vf_netconf(contract_host, pf, 1, &netconf, &error), error,
                 IOV_ERROR_NOT_FOUND, "VF 1");
    assert_fails(iov_host_set_vf_netconf(contract_host, pf, 1, &wanted, &error), error,
                 IOV_ERROR_NOT_FOUND, "VF 1");
    assert_fails(iov_host_get_vf_netconf(contract_host, "iovnone0", 0, &netconf, &error), error,
                 IOV_ERROR_NOT_FOUND, "iovnone0");
}
END_TEST

/* With VFs, and without them: the bridge is there before the pool and after it. */
START_TEST(a_filter_holds_a_mac)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *pf = netdev();

    for (guint vfs = 0; vfs < 2; vfs++) {
        contract_create(vfs, FALSE);
        ck_assert(!contract->has_filter(contract_host, pf, MAC));
        for (guint i = 0; i < 2; i++) {
            assert_done(iov_host_set_filter(contract_host, pf, MAC, TRUE, &error), error);
            ck_assert(contract->has_filter(contract_host, pf, MAC));
        }
        for (guint i = 0; i < 2; i++) {
            assert_done(iov_host_set_filter(contract_host, pf, MAC, FALSE, &error), error);
            ck_assert(!contract->has_filter(contract_host, pf, MAC));
        }
    }
    assert_fails(iov_host_set_filter(contract_host, "iovnone0", MAC, TRUE, &error), error,
                 IOV_ERROR_NOT_FOUND, "iovnone0");
}
END_TEST

START_TEST(what_is_not_there_is_neither_bridge_nor_macvtap)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *pf = netdev();
    g_autofree char *mac = iov_host_get_mac(contract_host, pf, &error);
    const char *const netdevs[] = {pf, NULL};

    assert_done(mac != NULL, error);
    g_autoptr(GPtrArray) uplinks =
        iov_host_list_uplinks(contract_host, "iovnone0", netdevs, &error);
    assert_done(uplinks != NULL, error);
    ck_assert_uint_eq(uplinks->len, 0);
    assert_fails(iov_host_get_mac(contract_host, "iovnone0", &error) != NULL, error,
                 IOV_ERROR_NOT_FOUND, "iovnone0");
    assert_fails(iov_host_set_learning(contract_host, "iovnone0", FALSE, &error), error,
                 IOV_ERROR_NOT_FOUND, "iovnone0");
    assert_fails(iov_host_set_macvtap(contract_host, "iovnone0", IOV_MACVTAP_VEPA, &error), error,
                 IOV_ERROR_NOT_FOUND, "iovnone0");
}
END_TEST

START_TEST(a_netdev_lives_as_long_as_its_driver)
{
    g_autoptr(GError) error = NULL;

    contract_create(1, TRUE);
    g_autofree char *function = contract_function(0);
    assert_done(iov_host_probe(contract_host, function, contract->vf_driver, &error), error);
    g_autoptr(IovAdapter) adapter = contract_adapter();
    const IovFunction *record = iov_adapter_get_functions(adapter)->pdata[0];
    const char *vf_netdev = iov_function_get_netdev(record);
    ck_assert_ptr_nonnull(vf_netdev);
    g_autofree char *address = iov_host_find_netdev(contract_host, vf_netdev, &error);
    ck_assert_pstr_eq(address, function);

    assert_done(iov_host_set_link_up(contract_host, vf_netdev, FALSE, &error), error);
    assert_done(iov_host_find_user(contract_host, function, &error) == NULL, error);
    assert_done(iov_host_set_link_up(contract_host, vf_netdev, TRUE, &error), error);
    g_autofree char *user = iov_host_find_user(contract_host, function, &error);
    assert_done(user != NULL, error);
    ck_assert_ptr_nonnull(strstr(user, vf_netdev));
    ck_assert_ptr_nonnull(strstr(user, "is up"));

    assert_done(iov_host_unbind(contract_host, function, &error), error);
    assert_fails(iov_host_find_netdev(contract_host, vf_netdev, &error) != NULL, error,
                 IOV_ERROR_NOT_FOUND, vf_netdev);
    assert_done(iov_host_find_user(contract_host, function, &error) == NULL, error);
}
END_TEST

void
contract_add_network(TCase *tests)
{
    tcase_add_test(tests, a_netdev_leads_to_its_device);
    tcase_add_test(tests, a_link_goes_down_and_up);
    tcase_add_test(tests, a_policy_is_read_back);
    tcase_add_test(tests, what_is_unset_stays);
    tcase_add_test(tests, a_policy_is_scrubbed);
    tcase_add_test(tests, a_scrub_needs_no_link);
    tcase_add_test(tests, a_rate_is_read_back);
    tcase_add_test(tests, a_link_state_is_set_or_unsupported);
    tcase_add_test(tests, a_missing_vf_has_no_policy);
    tcase_add_test(tests, a_filter_holds_a_mac);
    tcase_add_test(tests, what_is_not_there_is_neither_bridge_nor_macvtap);
    if (contract->vf_driver != NULL)
        tcase_add_test(tests, a_netdev_lives_as_long_as_its_driver);
}
