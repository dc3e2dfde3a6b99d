/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iov-steer.h"
#include "test-support.h"

#include <string.h>

#define MAC "52:54:00:00:00:31"
#define BRIDGE_MAC "52:54:00:b0:00:01"
#define UUID "00000000-0000-4000-8000-000000000031"

static IovUplink first = {(char *)"enp1s0", (char *)"enp1s0", (char *)"52:54:00:f0:00:00"};
static IovUplink tagged = {(char *)"bond0.42", (char *)"enp1s0", (char *)"52:54:00:f0:00:00"};
static IovUplink second = {(char *)"bond0.42", (char *)"enp2s0", (char *)"52:54:00:f0:00:01"};

static GPtrArray *
list(IovUplink *one, IovUplink *other)
{
    GPtrArray *uplinks = g_ptr_array_new();

    if (one != NULL)
        g_ptr_array_add(uplinks, one);
    if (other != NULL)
        g_ptr_array_add(uplinks, other);
    return uplinks;
}

static IovSteering
make(GPtrArray *uplinks, gboolean on_function)
{
    return (IovSteering){.uuid = UUID,
                         .request = "net0",
                         .mac = MAC,
                         .on_function = on_function,
                         .tap = "vnet0",
                         .bridge_mac = BRIDGE_MAC,
                         .uplinks = uplinks};
}

static void
assert_filters(const IovSteering *steering, const char *expected)
{
    g_autoptr(GPtrArray) filters = iov_steer_filters(steering);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < filters->len; i++) {
        const IovLedgerFilter *filter = g_ptr_array_index(filters, i);

        ck_assert_str_eq(filter->uuid, UUID);
        ck_assert_str_eq(filter->request, "net0");
        g_string_append_printf(text, "%s %s\n", filter->netdev, filter->mac);
    }
    ck_assert_str_eq(text->str, expected);
    g_string_free(text, TRUE);
}

static void
assert_wrong_ports(const IovSteering *steering, const char *expected)
{
    g_autoptr(GPtrArray) ports = iov_steer_wrong_ports(steering);

    g_ptr_array_add(ports, NULL);
    g_autofree char *text = g_strjoinv(" ", (char **)ports->pdata);
    ck_assert_str_eq(text, expected);
}

START_TEST(a_floor_in_a_bridge_is_told_to_the_adapter)
{
    g_autoptr(GPtrArray) uplinks = list(&first, NULL);
    IovSteering steering = make(uplinks, FALSE);

    assert_filters(&steering, "enp1s0 " MAC "\nenp1s0 " BRIDGE_MAC "\n");
    assert_wrong_ports(&steering, "enp1s0");
}
END_TEST

START_TEST(a_function_is_not)
{
    g_autoptr(GPtrArray) uplinks = list(&first, NULL);
    IovSteering steering = make(uplinks, TRUE);

    assert_filters(&steering, "enp1s0 " BRIDGE_MAC "\n");
    assert_wrong_ports(&steering, "vnet0");
}
END_TEST

START_TEST(each_adapter_below_the_bridge_is_told)
{
    g_autoptr(GPtrArray) uplinks = list(&tagged, &second);
    IovSteering steering = make(uplinks, FALSE);

    steering.bridge_mac = NULL;
    assert_filters(&steering, "enp1s0 " MAC "\nenp2s0 " MAC "\n");
    assert_wrong_ports(&steering, "bond0.42");
}
END_TEST

START_TEST(a_bridge_with_its_adapters_mac_is_known_there)
{
    g_autoptr(GPtrArray) uplinks = list(&tagged, &second);
    IovSteering steering = make(uplinks, TRUE);

    steering.bridge_mac = second.mac;
    assert_filters(&steering, "enp1s0 52:54:00:f0:00:01\n");
}
END_TEST

START_TEST(a_bridge_of_others_is_left_alone)
{
    g_autoptr(GPtrArray) none = list(NULL, NULL);
    IovSteering steering = make(none, TRUE);

    assert_filters(&steering, "");
    assert_wrong_ports(&steering, "");
    steering.on_function = FALSE;
    assert_filters(&steering, "");
    assert_wrong_ports(&steering, "");
}
END_TEST

START_TEST(a_domain_without_a_tap_has_learned_nothing)
{
    g_autoptr(GPtrArray) uplinks = list(&first, NULL);
    IovSteering steering = make(uplinks, TRUE);

    steering.tap = NULL;
    assert_wrong_ports(&steering, "");
}
END_TEST

START_TEST(a_tap_teaches_the_bridge_while_it_is_stood_on)
{
    g_autoptr(GPtrArray) uplinks = list(&first, NULL);
    g_autoptr(GPtrArray) none = list(NULL, NULL);
    IovSteering steering = make(uplinks, FALSE);
    gboolean learning = FALSE;

    ck_assert_pstr_eq(iov_steer_learning(&steering, &learning), "vnet0");
    ck_assert(learning);
    steering.on_function = TRUE;
    ck_assert_pstr_eq(iov_steer_learning(&steering, &learning), "vnet0");
    ck_assert(!learning);
    steering.is_macvtap = TRUE;
    ck_assert_ptr_null(iov_steer_learning(&steering, &learning));
    steering = make(none, TRUE);
    ck_assert_ptr_null(iov_steer_learning(&steering, &learning));
}
END_TEST

START_TEST(a_macvtap_steps_aside_for_a_function)
{
    g_autoptr(GPtrArray) none = list(NULL, NULL);
    IovSteering steering = make(none, TRUE);

    ck_assert_int_eq(iov_steer_macvtap(&steering), IOV_MACVTAP_VEPA);
    steering.is_teaming = TRUE;
    ck_assert_int_eq(iov_steer_macvtap(&steering), IOV_MACVTAP_VEPA);
    steering.is_elsewhere = TRUE;
    ck_assert_int_eq(iov_steer_macvtap(&steering), IOV_MACVTAP_DOWN);
    steering.is_teaming = FALSE;
    ck_assert_int_eq(iov_steer_macvtap(&steering), IOV_MACVTAP_VEPA);
    steering.is_teaming = TRUE;
    steering.on_function = FALSE;
    ck_assert_int_eq(iov_steer_macvtap(&steering), IOV_MACVTAP_BRIDGE);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("steer");
    TCase *tests = tcase_create("steer");

    tcase_add_test(tests, a_floor_in_a_bridge_is_told_to_the_adapter);
    tcase_add_test(tests, a_function_is_not);
    tcase_add_test(tests, each_adapter_below_the_bridge_is_told);
    tcase_add_test(tests, a_bridge_with_its_adapters_mac_is_known_there);
    tcase_add_test(tests, a_bridge_of_others_is_left_alone);
    tcase_add_test(tests, a_domain_without_a_tap_has_learned_nothing);
    tcase_add_test(tests, a_tap_teaches_the_bridge_while_it_is_stood_on);
    tcase_add_test(tests, a_macvtap_steps_aside_for_a_function);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
