/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iov-adapter-private.h"
#include "iov-pool-private.h"
#include "test-support.h"

#include <string.h>

START_TEST(migration_follows_the_class)
{
    g_autoptr(IovPool) pool = iov_pool_new("p");

    ck_assert_int_eq(iov_pool_get_migration(pool), IOV_MIGRATION_FAILOVER);
    pool->class_ = IOV_CLASS_NVME;
    ck_assert_int_eq(iov_pool_get_migration(pool), IOV_MIGRATION_REPLUG);
    pool->migration = IOV_MIGRATION_BLOCK;
    ck_assert_int_eq(iov_pool_get_migration(pool), IOV_MIGRATION_BLOCK);
}
END_TEST

START_TEST(names_are_plain)
{
    static const char *const bad[] = {"", "-a", "a b", "a/b", "..", "a.b", "n\xc3\xa4t", "a\n"};
    g_autoptr(GError) error = NULL;
    g_autofree char *longest = g_strnfill(60, 'n');
    g_autofree char *longer = g_strnfill(61, 'n');

    assert_done(iov_pool_check_name("Fast_pool-1", &error), error);
    assert_done(iov_pool_check_name("_", &error), error);
    assert_done(iov_pool_check_name("7", &error), error);
    assert_done(iov_pool_check_name(longest, &error), error);
    assert_fails(iov_pool_check_name(longer, &error), error, IOV_ERROR_INVALID, "is not a name");
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_fails(iov_pool_check_name(bad[i], &error), error, IOV_ERROR_INVALID,
                     "is not a name");
}
END_TEST

START_TEST(words_go_both_ways)
{
    IovMigration migration;
    IovPolicy policy;
    IovNuma numa;
    IovFloorType type;

    for (guint i = IOV_MIGRATION_FAILOVER; i <= IOV_MIGRATION_BLOCK; i++)
        ck_assert(iov_migration_from_string(iov_migration_to_string(i), &migration) &&
                  migration == i);
    for (guint i = IOV_POLICY_SPREAD; i <= IOV_POLICY_PACK; i++)
        ck_assert(iov_policy_from_string(iov_policy_to_string(i), &policy) && policy == i);
    for (guint i = IOV_NUMA_PREFER; i <= IOV_NUMA_IGNORE; i++)
        ck_assert(iov_numa_from_string(iov_numa_to_string(i), &numa) && numa == i);
    for (guint i = IOV_FLOOR_NONE; i <= IOV_FLOOR_DIRECT; i++)
        ck_assert(iov_floor_type_from_string(iov_floor_type_to_string(i), &type) && type == i);
    ck_assert_str_eq(iov_migration_to_string(IOV_MIGRATION_UNSET), "unset");
    ck_assert(!iov_migration_from_string("unset", &migration));
    ck_assert_str_eq(iov_floor_type_to_string(IOV_FLOOR_UNSET), "unset");
    ck_assert(!iov_floor_type_from_string("unset", &type));
    ck_assert(!iov_policy_from_string("", &policy));
}
END_TEST

START_TEST(entries_select)
{
    IovAdapter igb = {.address = (char *)"0000:01:00.0",
                      .class_ = IOV_CLASS_NET,
                      .vendor = 0x8086,
                      .device = 0x10c9,
                      .driver = (char *)"igb",
                      .netdev = (char *)"enp1s0"};
    IovAdapter nvme = {
        .address = (char *)"0000:02:00.0", .class_ = IOV_CLASS_NVME, .vendor = 0x8086};
    static const struct {
        IovPoolEntry entry;
        gboolean igb, nvme;
    } cases[] = {
        {{.netdev = (char *)"enp1s0"}, TRUE, FALSE},
        {{.netdev = (char *)"enp1s1"}, FALSE, FALSE},
        {{.address = (char *)"0000:02:00.0"}, FALSE, TRUE},
        {{.is_match = TRUE, .match_vendor = 0x8086}, TRUE, TRUE},
        {{.is_match = TRUE, .match_vendor = 0x8086, .match_device = 0x10c9}, TRUE, FALSE},
        {{.is_match = TRUE, .match_vendor = 0x15b3, .match_driver = (char *)"igb"}, FALSE, FALSE},
        {{.is_match = TRUE, .match_driver = (char *)"igb"}, TRUE, FALSE},
        {{.is_match = FALSE}, FALSE, FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        ck_assert_msg(iov_pool_entry_selects(&cases[i].entry, &igb) == cases[i].igb, "case %zu", i);
        ck_assert_msg(iov_pool_entry_selects(&cases[i].entry, &nvme) == cases[i].nvme, "case %zu",
                      i);
    }
}
END_TEST

START_TEST(the_first_entry_counts_and_matches_keep_to_the_class)
{
    static const char xml[] =
        "<iovpool><name>p</name><adapters><match vendor='0x8086' vfs='1'/>"
        "<adapter netdev='enp1s0' vfs='2'/><adapter address='0000:02:00.0' vfs='3'/>"
        "</adapters></iovpool>";
    g_autoptr(IovPool) pool = iov_pool_parse(xml, strlen(xml), "test", NULL);
    IovAdapter adapter = {.address = (char *)"0000:01:00.0",
                          .class_ = IOV_CLASS_NET,
                          .vendor = 0x8086,
                          .netdev = (char *)"enp1s0"};

    ck_assert_uint_eq(iov_pool_find_entry(pool, &adapter)->vfs, 1);
    adapter.vendor = 0x15b3;
    ck_assert_uint_eq(iov_pool_find_entry(pool, &adapter)->vfs, 2);
    adapter.netdev = NULL;
    ck_assert_ptr_null(iov_pool_find_entry(pool, &adapter));
    adapter.vendor = 0x8086;
    adapter.class_ = IOV_CLASS_NVME;
    ck_assert_ptr_null(iov_pool_find_entry(pool, &adapter));
    adapter.address = (char *)"0000:02:00.0";
    ck_assert_uint_eq(iov_pool_find_entry(pool, &adapter)->vfs, 3);
}
END_TEST

START_TEST(floors_are_copied)
{
    IovFloor from = {IOV_FLOOR_BRIDGE, g_strdup("br0"), NULL};
    IovFloor to;

    iov_floor_copy(&to, &from);
    iov_floor_clear(&from);
    ck_assert_int_eq(from.type, IOV_FLOOR_UNSET);
    ck_assert_ptr_null(from.source);
    ck_assert_int_eq(to.type, IOV_FLOOR_BRIDGE);
    ck_assert_str_eq(to.source, "br0");
    iov_floor_clear(&to);
}
END_TEST

START_TEST(references_are_counted)
{
    IovPool *pool = iov_pool_new("p");
    IovPool *copy = g_boxed_copy(IOV_TYPE_POOL, pool);

    ck_assert_ptr_eq(copy, pool);
    iov_pool_unref(pool);
    ck_assert_str_eq(iov_pool_get_name(copy), "p");
    g_boxed_free(IOV_TYPE_POOL, copy);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("pool");
    TCase *tests = tcase_create("pool");

    tcase_add_test(tests, migration_follows_the_class);
    tcase_add_test(tests, names_are_plain);
    tcase_add_test(tests, words_go_both_ways);
    tcase_add_test(tests, entries_select);
    tcase_add_test(tests, the_first_entry_counts_and_matches_keep_to_the_class);
    tcase_add_test(tests, floors_are_copied);
    tcase_add_test(tests, references_are_counted);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
