/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iov-pool-private.h"
#include "test-golden.h"

static IovPool *
parse(const char *xml, GError **error)
{
    return iov_pool_parse(xml, strlen(xml), "test", error);
}

static void
assert_same_netconf(const IovNetconf *a, const IovNetconf *b)
{
    ck_assert_int_eq(a->has_vlan, b->has_vlan);
    ck_assert_uint_eq(a->vlan, b->vlan);
    ck_assert_int_eq(a->has_rate, b->has_rate);
    ck_assert_uint_eq(a->min_rate, b->min_rate);
    ck_assert_uint_eq(a->max_rate, b->max_rate);
    ck_assert_int_eq(a->trust, b->trust);
    ck_assert_int_eq(a->spoofcheck, b->spoofcheck);
    ck_assert_int_eq(a->link_state, b->link_state);
}

static void
assert_same_entry(const IovPoolEntry *a, const IovPoolEntry *b)
{
    ck_assert_pstr_eq(a->netdev, b->netdev);
    ck_assert_pstr_eq(a->address, b->address);
    ck_assert_int_eq(a->is_match, b->is_match);
    ck_assert_uint_eq(a->match_vendor, b->match_vendor);
    ck_assert_uint_eq(a->match_device, b->match_device);
    ck_assert_pstr_eq(a->match_driver, b->match_driver);
    ck_assert_uint_eq(a->vfs, b->vfs);
}

static void
assert_same_pool(const IovPool *a, const IovPool *b)
{
    ck_assert_str_eq(a->name, b->name);
    ck_assert_str_eq(a->uuid, b->uuid);
    ck_assert_int_eq(a->class_, b->class_);
    ck_assert_uint_eq(a->entries->len, b->entries->len);
    for (guint i = 0; i < a->entries->len; i++)
        assert_same_entry(g_ptr_array_index(a->entries, i), g_ptr_array_index(b->entries, i));
    ck_assert_int_eq(a->policy, b->policy);
    ck_assert_int_eq(a->numa, b->numa);
    assert_same_netconf(&a->defaults, &b->defaults);
    ck_assert_int_eq(a->floor.type, b->floor.type);
    ck_assert_pstr_eq(a->floor.source, b->floor.source);
    ck_assert_pstr_eq(a->floor.model, b->floor.model);
    ck_assert_int_eq(a->migration, b->migration);
    ck_assert_int_eq(a->reclaim, b->reclaim);
}

/* Written and read again, a pool is the same, and so is its text. (transfer full) */
static char *
assert_round_trip(const IovPool *pool)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = iov_pool_to_xml(pool);
    g_autoptr(IovPool) again = parse(xml, &error);

    ck_assert_msg(again != NULL, "%s in:\n%s", error != NULL ? error->message : "", xml);
    assert_same_pool(pool, again);
    g_autofree char *xml_again = iov_pool_to_xml(again);
    ck_assert_str_eq(xml, xml_again);
    return g_steal_pointer(&xml);
}

static char *
canonical(const char *xml, gsize length, const char *origin, GError **error)
{
    g_autoptr(IovPool) pool = iov_pool_parse(xml, length, origin, error);

    if (pool == NULL)
        return NULL;
    g_autofree char *text = assert_round_trip(pool);
    if (g_strstr_len(xml, (gssize)length, "<uuid>") != NULL)
        return g_steal_pointer(&text);
    /* A UUID that was made is another one each time. */
    g_autoptr(GString) fixed = g_string_new(text);
    ck_assert_uint_eq(g_string_replace(fixed, iov_pool_get_uuid(pool), "made", 0), 1);
    return g_string_free(g_steal_pointer(&fixed), FALSE);
}

START_TEST(golden)
{
    golden_run_all("pool", 60, canonical);
}
END_TEST

START_TEST(reads_every_field)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) pool =
        parse("<iovpool><reclaim>yes</reclaim><migration mode='replug'/>"
              "<floor type='bridge' source='br0' model='e1000e'/>"
              "<defaults><vlan id='42'/><rate min='1' max='2' unit='Gbit'/><trust>yes</trust>"
              "<spoofcheck>no</spoofcheck><link state='disable'/></defaults>"
              "<placement policy='pack' numa='require'/>"
              "<adapters><adapter netdev='enp1s0' vfs='7'/><adapter address='02:00.0' vfs='max'/>"
              "<match vendor='0x8086' device='0x10C9' driver='igb' vfs='65535'/></adapters>"
              "<class>net</class><uuid>C7A5FDBD-edaf-9455-926a-d65c16db1809</uuid>"
              "<name>\n  fast\n</name></iovpool>",
              &error);

    assert_done(pool != NULL, error);
    ck_assert_str_eq(iov_pool_get_name(pool), "fast");
    ck_assert_str_eq(iov_pool_get_uuid(pool), "c7a5fdbd-edaf-9455-926a-d65c16db1809");
    ck_assert_int_eq(iov_pool_get_class(pool), IOV_CLASS_NET);
    ck_assert_int_eq(iov_pool_get_policy(pool), IOV_POLICY_PACK);
    ck_assert_int_eq(iov_pool_get_numa(pool), IOV_NUMA_REQUIRE);
    ck_assert_int_eq(iov_pool_get_migration(pool), IOV_MIGRATION_REPLUG);
    ck_assert(iov_pool_get_reclaim(pool));
    ck_assert(pool->defaults.has_vlan && pool->defaults.vlan == 42);
    ck_assert(pool->defaults.min_rate == 1000 && pool->defaults.max_rate == 2000);
    ck_assert_int_eq(pool->defaults.trust, IOV_SWITCH_YES);
    ck_assert_int_eq(pool->defaults.spoofcheck, IOV_SWITCH_NO);
    ck_assert_int_eq(pool->defaults.link_state, IOV_LINK_STATE_DISABLE);
    ck_assert_int_eq(pool->floor.type, IOV_FLOOR_BRIDGE);
    ck_assert_str_eq(pool->floor.source, "br0");
    ck_assert_uint_eq(pool->entries->len, 3);
    const IovPoolEntry *by_netdev = g_ptr_array_index(pool->entries, 0);
    const IovPoolEntry *by_address = g_ptr_array_index(pool->entries, 1);
    const IovPoolEntry *match = g_ptr_array_index(pool->entries, 2);
    ck_assert_str_eq(by_netdev->netdev, "enp1s0");
    ck_assert_uint_eq(by_netdev->vfs, 7);
    ck_assert_str_eq(by_address->address, "0000:02:00.0");
    ck_assert_uint_eq(by_address->vfs, IOV_VFS_MAX);
    ck_assert(match->is_match && match->match_vendor == 0x8086 && match->match_device == 0x10c9);
    ck_assert_str_eq(match->match_driver, "igb");
}
END_TEST

START_TEST(a_uuid_is_made)
{
    static const char xml[] =
        "<iovpool><name>p</name><adapters><adapter netdev='eth0'/></adapters></iovpool>";
    g_autoptr(IovPool) first = parse(xml, NULL);
    g_autoptr(IovPool) second = parse(xml, NULL);

    ck_assert(g_uuid_string_is_valid(iov_pool_get_uuid(first)));
    ck_assert_str_ne(iov_pool_get_uuid(first), iov_pool_get_uuid(second));
}
END_TEST

static void
append_adapters(GString *xml, guint count)
{
    for (guint i = 0; i < count; i++)
        g_string_append_printf(xml, "<adapter netdev='eth%u'/>", i);
    g_string_append(xml, "</adapters></iovpool>");
}

START_TEST(entries_are_capped)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) most = g_string_new("<iovpool><name>p</name><adapters>");
    g_autoptr(GString) more = g_string_new(most->str);

    append_adapters(most, IOV_POOL_ENTRIES_LIMIT);
    append_adapters(more, IOV_POOL_ENTRIES_LIMIT + 1);
    g_autoptr(IovPool) pool = parse(most->str, &error);
    assert_done(pool != NULL, error);
    assert_fails(parse(more->str, &error) != NULL, error, IOV_ERROR_INVALID,
                 "test:1: more than 256 adapters");
}
END_TEST

START_TEST(bytes_are_capped)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *blank = g_strnfill(IOV_POOL_XML_LIMIT, ' ');
    g_autofree char *xml = g_strconcat("<iovpool>", blank, "</iovpool>", NULL);

    assert_fails(parse(xml, &error) != NULL, error, IOV_ERROR_INVALID,
                 "test: larger than 262144 bytes");
}
END_TEST

static gboolean
flip(GRand *random)
{
    return g_rand_boolean(random);
}

static IovPoolEntry *
random_entry(GRand *random, guint number)
{
    IovPoolEntry *entry = iov_pool_entry_new();

    switch (g_rand_int_range(random, 0, 3)) {
    case 0:
        entry->netdev = g_strdup_printf("eth%u", number);
        break;
    case 1:
        entry->address = g_strdup_printf("%04x:%02x:00.%u", number, number, number % 8);
        break;
    case 2:
        entry->is_match = TRUE;
        entry->match_vendor = number + 1;
        entry->match_device = flip(random) ? (guint)g_rand_int_range(random, 1, 65536) : 0;
        entry->match_driver = flip(random) ? g_strdup("mlx5_core") : NULL;
        break;
    }
    if (flip(random))
        entry->vfs = (guint)g_rand_int_range(random, 1, 65536);
    return entry;
}

static void
randomize_defaults(GRand *random, IovNetconf *netconf)
{
    netconf->has_vlan = flip(random);
    netconf->vlan = netconf->has_vlan ? (guint)g_rand_int_range(random, 0, 4095) : 0;
    netconf->has_rate = flip(random);
    if (netconf->has_rate) {
        netconf->max_rate = flip(random) ? (guint)g_rand_int_range(random, 1, 100000) : 0;
        netconf->min_rate = (guint)g_rand_int_range(
            random, 0, netconf->max_rate > 0 ? (gint32)netconf->max_rate + 1 : 1000);
    }
    netconf->trust = (IovSwitch)g_rand_int_range(random, 0, 3);
    netconf->spoofcheck = (IovSwitch)g_rand_int_range(random, 0, 3);
    netconf->link_state = (IovLinkState)g_rand_int_range(random, 0, 4);
}

static void
randomize_floor(GRand *random, IovFloor *floor)
{
    floor->type = (IovFloorType)g_rand_int_range(random, 0, IOV_FLOOR_DIRECT + 1);
    if (floor->type > IOV_FLOOR_NONE)
        floor->source = g_strdup_printf("br-%u.x_y", g_rand_int(random) % 1000);
    if (floor->type != IOV_FLOOR_NONE && flip(random))
        floor->model = g_strdup("rtl8139");
}

static IovPool *
random_pool(GRand *random)
{
    IovPool *pool = iov_pool_new("random");
    gint32 entries = g_rand_int_range(random, 1, 9);

    pool->class_ = (IovClass)g_rand_int_range(random, 0, IOV_CLASS_ACCELERATOR + 1);
    for (gint32 i = 0; i < entries; i++)
        g_ptr_array_add(pool->entries, random_entry(random, (guint)i));
    pool->policy = (IovPolicy)g_rand_int_range(random, 0, 2);
    pool->numa = (IovNuma)g_rand_int_range(random, 0, 3);
    pool->reclaim = flip(random);
    pool->migration = (IovMigration)g_rand_int_range(random, 0, 4);
    if (pool->class_ == IOV_CLASS_NET || pool->class_ == IOV_CLASS_INFINIBAND)
        randomize_defaults(random, &pool->defaults);
    if (pool->class_ == IOV_CLASS_NET)
        randomize_floor(random, &pool->floor);
    else if (pool->migration == IOV_MIGRATION_FAILOVER)
        pool->migration = IOV_MIGRATION_UNSET;
    return pool;
}

START_TEST(any_pool_survives_its_xml)
{
    guint32 seed = g_random_int();
    GRand *random = g_rand_new_with_seed(seed);

    g_print("seed %u\n", seed);
    for (guint i = 0; i < 300; i++) {
        g_autoptr(IovPool) pool = random_pool(random);
        g_autofree char *xml = assert_round_trip(pool);

        ck_assert(g_str_has_prefix(xml, "<iovpool>\n  <name>random</name>\n"));
        ck_assert(g_str_has_suffix(xml, "</iovpool>\n"));
    }
    g_rand_free(random);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("pool-xml");
    TCase *tests = tcase_create("pool-xml");

    tcase_add_test(tests, golden);
    tcase_add_test(tests, reads_every_field);
    tcase_add_test(tests, a_uuid_is_made);
    tcase_add_test(tests, entries_are_capped);
    tcase_add_test(tests, bytes_are_capped);
    tcase_add_test(tests, any_pool_survives_its_xml);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
