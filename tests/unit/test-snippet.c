/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iov-snippet.h"

#include "iov-domain-private.h"
#include "iov-pool-private.h"
#include "iov-request-private.h"
#include "test-support.h"

#include <string.h>

#define FUNCTION "0000:3b:02.3"
#define MAC "52:54:00:aa:bb:cc"

static IovPool *
make_pool(IovClass class_)
{
    IovPool *pool = iov_pool_new("fast");

    pool->class_ = class_;
    return pool;
}

static IovRequest *
make_request(const char *mac)
{
    IovRequest *request = iov_request_new("net0", "fast");

    g_strlcpy(request->netconf.mac, mac, sizeof(request->netconf.mac));
    return request;
}

START_TEST(names_aliases)
{
    g_autofree char *floor = iov_alias_of_floor("net0");
    g_autofree char *function = iov_alias_of_function("net0");
    g_autofree char *port = iov_alias_of_port("net0");

    ck_assert_str_eq(floor, "ua-iov-net0");
    ck_assert_str_eq(function, "ua-iov-net0-vf");
    ck_assert_str_eq(port, "ua-iov-net0-port");
}
END_TEST

START_TEST(names_cannot_break_out)
{
    static const char *const netdevs[] = {"a'/><b c=\"&", "\xff\xfe", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) pool = make_pool(IOV_CLASS_NET);
    g_autoptr(IovRequest) request = make_request(MAC);

    request->floor.type = IOV_FLOOR_BRIDGE;
    request->floor.source = g_strdup("br'/><evil x=\"&");

    g_autofree char *floor = iov_snippet_floor(pool, request, FALSE, &error);
    g_autofree char *network = iov_snippet_network(pool, netdevs);

    assert_done(floor != NULL, error);
    ck_assert_ptr_null(strstr(floor, "<evil"));
    ck_assert_ptr_null(strstr(network, "<b c"));
    g_autoptr(xmlDoc) floor_doc = iov_xml_parse(floor, strlen(floor), 4096, "floor", &error);
    assert_done(floor_doc != NULL, error);
    g_autofree char *source =
        iov_xml_attribute(iov_xml_path(xmlDocGetRootElement(floor_doc), "source"), "bridge");
    ck_assert_str_eq(source, request->floor.source);
    g_autoptr(xmlDoc) doc = iov_xml_parse(network, strlen(network), 4096, "network", &error);
    assert_done(doc != NULL, error);
    g_autofree char *netdev =
        iov_xml_attribute(iov_xml_path(xmlDocGetRootElement(doc), "forward/interface"), "dev");
    ck_assert_str_eq(netdev, netdevs[0]);
}
END_TEST

START_TEST(checks_its_arguments)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) pool = make_pool(IOV_CLASS_NVME);
    g_autoptr(IovRequest) request = make_request("");

    assert_fails(iov_snippet_function(pool, request, "enp1s0", -1, FALSE, &error) != NULL, error,
                 IOV_ERROR_INVALID, "is not a PCI address");
    assert_fails(iov_snippet_function(pool, request, FUNCTION, 256, FALSE, &error) != NULL, error,
                 IOV_ERROR_INVALID, "256 is no PCI bus");
    request->floor.type = IOV_FLOOR_DIRECT;
    assert_fails(iov_snippet_floor(pool, request, FALSE, &error) != NULL, error, IOV_ERROR_INVALID,
                 "needs a source");
}
END_TEST

START_TEST(never_passes_the_pools_limits)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) pool = make_pool(IOV_CLASS_NET);
    g_autoptr(IovRequest) request = make_request(MAC);

    pool->defaults.trust = IOV_SWITCH_NO;
    request->netconf.trust = IOV_SWITCH_YES;
    assert_fails(iov_snippet_function(pool, request, FUNCTION, -1, FALSE, &error) != NULL, error,
                 IOV_ERROR_INVALID, "cannot write the device of request 'net0': ");
}
END_TEST

/* What a failover pair needs, each taken away in turn. */
START_TEST(pairs_only_what_can_fail_over)
{
    static const struct {
        const char *machine;
        IovClass class_;
        IovMigration pool_migration, migration;
        IovFloorType type;
        const char *model;
        gboolean is_teaming;
    } rows[] = {
        {"q35", IOV_CLASS_NET, IOV_MIGRATION_FAILOVER, IOV_MIGRATION_UNSET, IOV_FLOOR_UNSET, NULL,
         TRUE},
        {"q35", IOV_CLASS_NET, IOV_MIGRATION_REPLUG, IOV_MIGRATION_FAILOVER, IOV_FLOOR_BRIDGE,
         "virtio-non-transitional", TRUE},
        {"virt", IOV_CLASS_NET, IOV_MIGRATION_FAILOVER, IOV_MIGRATION_UNSET, IOV_FLOOR_NETWORK,
         "virtio", TRUE},
        {"virt", IOV_CLASS_NET, IOV_MIGRATION_FAILOVER, IOV_MIGRATION_UNSET, IOV_FLOOR_NETWORK,
         "virtio-transitional", TRUE},
        {"pc", IOV_CLASS_NET, IOV_MIGRATION_FAILOVER, IOV_MIGRATION_UNSET, IOV_FLOOR_UNSET, NULL,
         FALSE},
        {"q35", IOV_CLASS_INFINIBAND, IOV_MIGRATION_FAILOVER, IOV_MIGRATION_UNSET,
         IOV_FLOOR_NETWORK, NULL, FALSE},
        {"q35", IOV_CLASS_NET, IOV_MIGRATION_FAILOVER, IOV_MIGRATION_REPLUG, IOV_FLOOR_UNSET, NULL,
         FALSE},
        {"q35", IOV_CLASS_NET, IOV_MIGRATION_BLOCK, IOV_MIGRATION_UNSET, IOV_FLOOR_UNSET, NULL,
         FALSE},
        {"q35", IOV_CLASS_NET, IOV_MIGRATION_FAILOVER, IOV_MIGRATION_UNSET, IOV_FLOOR_NONE, NULL,
         FALSE},
        {"q35", IOV_CLASS_NET, IOV_MIGRATION_FAILOVER, IOV_MIGRATION_UNSET, IOV_FLOOR_UNSET,
         "e1000e", FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(IovPool) pool = make_pool(rows[i].class_);
        g_autoptr(IovRequest) request = make_request(MAC);
        g_autoptr(IovDomain) domain = iov_domain_new();

        pool->migration = rows[i].pool_migration;
        request->migration = rows[i].migration;
        request->floor.type = rows[i].type;
        request->floor.model = g_strdup(rows[i].model);
        domain->machine = g_strdup(rows[i].machine);
        ck_assert_msg(iov_request_is_teaming(pool, request, domain) == rows[i].is_teaming,
                      "row %" G_GSIZE_FORMAT, i);
    }
}
END_TEST

START_TEST(a_model_of_the_pool_holds_for_its_floor)
{
    g_autoptr(IovPool) pool = make_pool(IOV_CLASS_NET);
    g_autoptr(IovRequest) request = make_request(MAC);
    g_autoptr(IovDomain) domain = iov_domain_new();

    domain->machine = g_strdup("q35");
    pool->migration = IOV_MIGRATION_FAILOVER;
    pool->floor.model = g_strdup("e1000e");
    ck_assert(!iov_request_is_teaming(pool, request, domain));
    /* a floor of the request's own does not take the model of the pool's */
    request->floor.type = IOV_FLOOR_NETWORK;
    ck_assert(iov_request_is_teaming(pool, request, domain));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("snippet");
    TCase *tests = tcase_create("snippet");

    tcase_add_test(tests, names_aliases);
    tcase_add_test(tests, names_cannot_break_out);
    tcase_add_test(tests, checks_its_arguments);
    tcase_add_test(tests, never_passes_the_pools_limits);
    tcase_add_test(tests, pairs_only_what_can_fail_over);
    tcase_add_test(tests, a_model_of_the_pool_holds_for_its_floor);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
