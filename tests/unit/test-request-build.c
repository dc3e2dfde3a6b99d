/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iov-request-private.h"
#include "test-support.h"

#include <string.h>

static IovRequest *
make(void)
{
    g_autoptr(GError) error = NULL;
    IovRequest *request = iov_request_create("net0", "fast", &error);

    assert_done(request != NULL, error);
    return request;
}

static GPtrArray *
write_and_read(IovRequest *request)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    g_ptr_array_add(all, request);
    g_autofree char *xml = iov_requests_to_xml(all);
    GPtrArray *read = iov_requests_parse(xml, strlen(xml), "test", &error);
    assert_done(read != NULL, error);
    return read;
}

START_TEST(what_is_set_is_read_again)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovRequest) request = make();

    assert_done(iov_request_set_mac(request, "52:54:00:AA:BB:CC", &error), error);
    iov_request_set_vlan(request, 42);
    iov_request_set_rate(request, 500, 2000);
    iov_request_set_required(request, TRUE);
    iov_request_set_priority(request, -7);
    iov_request_set_migration(request, IOV_MIGRATION_REPLUG);
    iov_request_set_floor(request, IOV_FLOOR_BRIDGE, "br1", NULL);
    iov_request_set_floor(request, IOV_FLOOR_BRIDGE, "br0", "e1000e");
    assert_done(iov_request_check(request, NULL, &error), error);

    g_autoptr(GPtrArray) read = write_and_read(request);
    ck_assert_uint_eq(read->len, 1);
    const IovRequest *again = g_ptr_array_index(read, 0);
    ck_assert_str_eq(again->name, "net0");
    ck_assert_str_eq(again->pool, "fast");
    ck_assert_str_eq(iov_request_get_mac(again), "52:54:00:aa:bb:cc");
    ck_assert(again->netconf.has_vlan && again->netconf.vlan == 42);
    ck_assert(again->netconf.has_rate);
    ck_assert_uint_eq(again->netconf.min_rate, 500);
    ck_assert_uint_eq(again->netconf.max_rate, 2000);
    ck_assert(again->required);
    ck_assert_int_eq(again->priority, -7);
    ck_assert_int_eq(again->migration, IOV_MIGRATION_REPLUG);
    ck_assert_int_eq(again->floor.type, IOV_FLOOR_BRIDGE);
    ck_assert_str_eq(again->floor.source, "br0");
    ck_assert_str_eq(again->floor.model, "e1000e");
}
END_TEST

START_TEST(defaults_are_valid)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovRequest) request = make();

    assert_done(iov_request_check(request, NULL, &error), error);
    ck_assert_ptr_null(iov_request_get_mac(request));
}
END_TEST

START_TEST(names_and_macs_are_checked)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovRequest) request = make();

    assert_fails(iov_request_create("../x", "fast", &error) != NULL, error, IOV_ERROR_INVALID,
                 "../x");
    assert_fails(iov_request_create("net0", "a b", &error) != NULL, error, IOV_ERROR_INVALID,
                 "a b");
    assert_fails(iov_request_set_mac(request, "01:00:5e:00:00:01", &error), error,
                 IOV_ERROR_INVALID, "01:00:5e:00:00:01");
    assert_fails(iov_request_set_mac(request, "nonsense", &error), error, IOV_ERROR_INVALID,
                 "nonsense");
}
END_TEST

START_TEST(the_rules_of_the_xml_hold)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovRequest) vlan = make();
    g_autoptr(IovRequest) priority = make();
    g_autoptr(IovRequest) floor = make();

    iov_request_set_vlan(vlan, 4095);
    assert_fails(iov_request_check(vlan, NULL, &error), error, IOV_ERROR_INVALID, "net0");
    iov_request_set_priority(priority, IOV_PRIORITY_LIMIT + 1);
    assert_fails(iov_request_check(priority, NULL, &error), error, IOV_ERROR_INVALID, "net0");
    iov_request_set_floor(floor, IOV_FLOOR_BRIDGE, NULL, NULL);
    assert_fails(iov_request_check(floor, NULL, &error), error, IOV_ERROR_INVALID,
                 "request 'net0': <floor> of type 'bridge' lacks 'source'");
}
END_TEST

START_TEST(the_limits_of_the_pool_hold)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovRequest) request = make();
    g_autoptr(IovPool) pool = iov_pool_new("fast");

    pool->defaults.has_rate = TRUE;
    pool->defaults.max_rate = 1000;
    iov_request_set_rate(request, 0, 1000);
    assert_done(iov_request_check(request, pool, &error), error);
    iov_request_set_rate(request, 0, 1001);
    assert_fails(iov_request_check(request, pool, &error), error, IOV_ERROR_INVALID,
                 "request 'net0': ");
}
END_TEST

START_TEST(a_vlan_needs_a_floor_in_it)
{
    static const struct {
        IovFloorType type;
        const char *source;
        gboolean refused;
    } floors[] = {
        {IOV_FLOOR_UNSET, NULL, TRUE},
        {IOV_FLOOR_NETWORK, "iovpool-fast", TRUE},
        {IOV_FLOOR_NETWORK, "iovpool-faster", FALSE},
        {IOV_FLOOR_BRIDGE, "br42", FALSE},
        {IOV_FLOOR_DIRECT, "enp1s0.42", FALSE},
        {IOV_FLOOR_NONE, NULL, FALSE},
    };
    g_autoptr(IovPool) pool = iov_pool_new("fast");

    for (guint i = 0; i < 2 * G_N_ELEMENTS(floors); i++) {
        gboolean of_pool = i % 2 == 1; /* the VLAN is the pool's, the floor the request's */
        g_autoptr(GError) error = NULL;
        g_autoptr(IovRequest) request = make();

        pool->defaults.has_vlan = of_pool;
        pool->defaults.vlan = of_pool ? 42 : 0;
        if (!of_pool)
            iov_request_set_vlan(request, 42);
        iov_request_set_floor(request, floors[i / 2].type, floors[i / 2].source, NULL);
        if (!floors[i / 2].refused)
            assert_done(iov_request_check(request, pool, &error), error);
        else
            assert_fails(iov_request_check(request, pool, &error), error, IOV_ERROR_INVALID,
                         "request 'net0' is in VLAN 42 and its floor, network iovpool-fast");
    }
}
END_TEST

START_TEST(the_floor_of_the_pool_may_be_in_its_vlan)
{
    const IovFloor bridge = {IOV_FLOOR_BRIDGE, (char *)"br42", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(IovRequest) tagged = make();
    g_autoptr(IovRequest) untagged = make();
    g_autoptr(IovPool) pool = iov_pool_new("fast");

    iov_request_set_vlan(tagged, 42);
    iov_request_set_vlan(untagged, 0);
    assert_done(iov_request_check(untagged, pool, &error), error);
    iov_floor_copy(&pool->floor, &bridge);
    assert_done(iov_request_check(tagged, pool, &error), error);
}
END_TEST

START_TEST(a_vlan_of_another_class_is_not_judged)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovRequest) request = make();
    g_autoptr(IovPool) pool = iov_pool_new("fast");

    pool->class_ = IOV_CLASS_INFINIBAND;
    iov_request_set_vlan(request, 42);
    assert_done(iov_request_check(request, pool, &error), error);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("request-build");
    TCase *all = tcase_create("all");

    tcase_add_test(all, what_is_set_is_read_again);
    tcase_add_test(all, defaults_are_valid);
    tcase_add_test(all, names_and_macs_are_checked);
    tcase_add_test(all, the_rules_of_the_xml_hold);
    tcase_add_test(all, the_limits_of_the_pool_hold);
    tcase_add_test(all, a_vlan_needs_a_floor_in_it);
    tcase_add_test(all, the_floor_of_the_pool_may_be_in_its_vlan);
    tcase_add_test(all, a_vlan_of_another_class_is_not_judged);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
