/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-host.h"
#include "manager-support.h"
#include "test-support.h"

#include <string.h>

static World world;

static void
set_up(void)
{
    world_set_up(&world);
}

static void
tear_down(void)
{
    world_tear_down(&world);
}

static IovPool *
create(const char *name, const char *adapter, const char *vfs, GError **error)
{
    const char *adapters[] = {adapter, NULL};

    return iov_manager_create_pool(world.manager, name, adapters, vfs, error);
}

START_TEST(creation_refuses_what_cannot_work)
{
    static const struct {
        const char *name, *adapter, *vfs;
        IovError code;
        const char *text;
    } cases[] = {
        {"fast", "enp9s9", "7", IOV_ERROR_NOT_FOUND, "enp9s9"},
        {"fast", "0000:09:00.0", "7", IOV_ERROR_NOT_FOUND, "0000:09:00.0"},
        {"fast", "enp1s0", "8", IOV_ERROR_INVALID, "at most 7 VFs, not 8"},
        {"fast", "enp1s0", "0", IOV_ERROR_INVALID, "'0' is not a number of VFs"},
        {"fast", "enp1s0", "7x", IOV_ERROR_INVALID, "'7x' is not a number of VFs"},
        {"../fast", "enp1s0", "7", IOV_ERROR_INVALID, "../fast"},
        {"fa/st", "enp1s0", "7", IOV_ERROR_INVALID, "fa/st"},
        {"fa st", "enp1s0", "7", IOV_ERROR_INVALID, "fa st"},
        {"", "enp1s0", "7", IOV_ERROR_INVALID, "name"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        assert_fails(create(cases[i].name, cases[i].adapter, cases[i].vfs, &error) != NULL, error,
                     cases[i].code, cases[i].text);
    }
    g_auto(GStrv) names = iov_manager_list_pools(world.manager, NULL);
    ck_assert_uint_eq(g_strv_length(names), 0);
    ck_assert_uint_eq(fake_host_count_effects(world.host), 0);
}
END_TEST

START_TEST(an_adapter_is_in_one_pool)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) first = create("fast", "enp1s0", "7", &error);

    assert_done(first != NULL, error);
    assert_fails(create("slow", "0000:01:00.0", "3", &error) != NULL, error, IOV_ERROR_EXISTS,
                 "in pool 'fast' already");
    assert_fails(create("fast", "enp2s0", "3", &error) != NULL, error, IOV_ERROR_EXISTS,
                 "exists already");
}
END_TEST

START_TEST(start_makes_and_destroy_gives_back)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) notes = NULL;
    g_autoptr(IovPool) pool = create("fast", "enp1s0", "3", &error);
    g_autoptr(IovAdapter) before = iov_host_get_adapter(world.host, "0000:01:00.0", NULL);

    assert_done(pool != NULL, error);
    fake_host_set_netdev_up(world.host, "enp1s0", FALSE);
    fake_host_clear_journal(world.host);
    assert_done(iov_manager_start_pool(world.manager, "fast", &notes, &error), error);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 3);
    ck_assert_str_eq(notes[0], "enp1s0: link brought up, its VFs need it");
    g_autoptr(IovAdapter) started = iov_host_get_adapter(world.host, "0000:01:00.0", NULL);
    ck_assert_uint_eq(started->functions->len, 3);
    for (guint i = 0; i < 3; i++)
        ck_assert_str_eq(((IovFunction *)started->functions->pdata[i])->driver, "vfio-pci");
    assert_fails(iov_manager_start_pool(world.manager, "fast", NULL, &error), error,
                 IOV_ERROR_EXISTS, "started already");
    assert_fails(iov_manager_undefine_pool(world.manager, "fast", &error), error, IOV_ERROR_BUSY,
                 "destroy it first");
    assert_done(iov_manager_destroy_pool(world.manager, "fast", &error), error);
    g_autoptr(IovAdapter) after = iov_host_get_adapter(world.host, "0000:01:00.0", NULL);
    ck_assert_uint_eq(after->num_vfs, 0);
    ck_assert_int_eq(after->autoprobe, before->autoprobe);
    ck_assert_int_eq(after->link, IOV_LINK_DOWN);
    assert_fails(iov_manager_destroy_pool(world.manager, "fast", &error), error,
                 IOV_ERROR_NOT_FOUND, "not started");
    assert_done(iov_manager_undefine_pool(world.manager, "fast", &error), error);
}
END_TEST

START_TEST(existing_vfs_stay_or_are_refused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) pool = create("fast", "enp1s0", "3", &error);

    assert_done(pool != NULL, error);
    assert_done(iov_host_set_num_vfs(world.host, "0000:01:00.0", 2, &error), error);
    assert_fails(iov_manager_start_pool(world.manager, "fast", NULL, &error), error, IOV_ERROR_BUSY,
                 "it has 2 already");
    assert_done(iov_host_set_num_vfs(world.host, "0000:01:00.0", 0, &error), error);
    assert_done(iov_host_set_num_vfs(world.host, "0000:01:00.0", 3, &error), error);
    assert_done(iov_manager_start_pool(world.manager, "fast", NULL, &error), error);
    assert_done(iov_manager_destroy_pool(world.manager, "fast", &error), error);
    g_autoptr(IovAdapter) after = iov_host_get_adapter(world.host, "0000:01:00.0", NULL);
    ck_assert_uint_eq(after->num_vfs, 3);
    ck_assert_str_eq(((IovFunction *)after->functions->pdata[0])->driver, "igbvf");
}
END_TEST

START_TEST(a_function_in_use_is_foreign)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) pool = create("fast", "enp1s0", "2", &error);

    assert_done(pool != NULL, error);
    assert_done(iov_host_set_num_vfs(world.host, "0000:01:00.0", 2, &error), error);
    fake_host_set_user(world.host, "0000:01:10.0", "netdev enp1s0v0 is up");
    assert_done(iov_manager_start_pool(world.manager, "fast", NULL, &error), error);
    g_autofree char *first = world_function(&world, "0000:01:10.0");
    ck_assert_str_eq(first, "foreign");
    g_autofree char *driver = iov_host_get_driver(world.host, "0000:01:10.0", NULL);
    ck_assert_str_eq(driver, "igbvf");
    assert_fails(iov_manager_destroy_pool(world.manager, "fast", &error), error, IOV_ERROR_BUSY,
                 "netdev enp1s0v0 is up");
    fake_host_set_user(world.host, "0000:01:10.0", NULL);
    assert_done(iov_manager_destroy_pool(world.manager, "fast", &error), error);
}
END_TEST

START_TEST(a_function_attached_by_hand_keeps_its_pool)
{
    g_autoptr(GError) error = NULL;

    world_start_pool(&world, "2");
    g_autoptr(GPtrArray) list = iov_manager_list_functions(world.manager, NULL, &error);
    const IovLease *function = list->pdata[1];
    fake_host_set_holder(world.host, function->iommu_group, 4711);
    fake_host_clear_journal(world.host);
    assert_fails(iov_manager_destroy_pool(world.manager, "fast", &error), error, IOV_ERROR_BUSY,
                 "in use outside the pool: process 4711 holds it");
    ck_assert_uint_eq(fake_host_count_effects(world.host), 0);
    fake_host_set_holder(world.host, function->iommu_group, 0);
    assert_done(iov_manager_destroy_pool(world.manager, "fast", &error), error);
}
END_TEST

/* As after a process that died in its start, and a card that was pulled. */
START_TEST(a_start_cut_off_is_ended_without_its_adapter)
{
    IovLedgerAdapter gone = {.address = (char *)"0000:09:00.0", .pool = (char *)"fast"};
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) pool = create("fast", "enp1s0", "2", &error);
    g_autofree char *xml = iov_pool_to_xml(pool);
    IovLedger *ledger = iov_manager_ledger(world.manager, TRUE, &error);

    assert_done(ledger != NULL && iov_ledger_begin(ledger, &error), error);
    assert_done(iov_ledger_add_pool(ledger, "fast", xml, FAKE_HOST_TIME, &error), error);
    assert_done(iov_ledger_add_adapter(ledger, &gone, &error), error);
    assert_done(iov_ledger_commit(ledger, &error), error);
    assert_done(iov_manager_start_pool(world.manager, "fast", NULL, &error), error);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 2);
}
END_TEST

START_TEST(destroy_names_the_holders)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) domain = world_domain("vm1", "", "");

    world_start_pool(&world, "7");
    assert_done(iov_manager_prepare(world.manager, domain, &error), error);
    assert_fails(iov_manager_destroy_pool(world.manager, "fast", &error), error, IOV_ERROR_BUSY,
                 "1 of its functions are leased: vm1 (net0)");
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_RESERVED), 1);
}
END_TEST

START_TEST(definitions_replace_only_themselves)
{
    static const char xml[] =
        "<iovpool><name>fast</name><adapters><adapter netdev='enp1s0' vfs='%u'/></adapters>"
        "</iovpool>";
    static const char other[] =
        "<iovpool><name>fast</name><uuid>11111111-2222-4333-8444-555555555555</uuid><adapters>"
        "<adapter netdev='enp1s0' vfs='3'/></adapters></iovpool>";
    g_autofree char *one = g_strdup_printf(xml, 2u);
    g_autofree char *two = g_strdup_printf(xml, 5u);
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) first =
        iov_manager_define_pool(world.manager, one, strlen(one), "one.xml", &error);
    g_autoptr(IovPool) second =
        iov_manager_define_pool(world.manager, two, strlen(two), "two.xml", &error);

    assert_done(first != NULL && second != NULL, error);
    ck_assert_str_eq(first->uuid, second->uuid);
    assert_fails(
        iov_manager_define_pool(world.manager, other, strlen(other), "other.xml", &error) != NULL,
        error, IOV_ERROR_EXISTS, first->uuid);
    g_autoptr(IovPool) saved = iov_manager_get_pool(world.manager, "fast", FALSE, &error);
    ck_assert_uint_eq(((IovPoolEntry *)saved->entries->pdata[0])->vfs, 5);
}
END_TEST

START_TEST(an_unknown_name_leaves_nothing_behind)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *run = g_build_filename(world.root, "run", NULL);

    assert_fails(iov_manager_start_pool(world.manager, "none", NULL, &error), error,
                 IOV_ERROR_NOT_FOUND, "no pool is named 'none'");
    assert_fails(iov_manager_destroy_pool(world.manager, "none", &error), error,
                 IOV_ERROR_NOT_FOUND, "not started");
    assert_fails(iov_manager_undefine_pool(world.manager, "none", &error), error,
                 IOV_ERROR_NOT_FOUND, "no pool is named 'none'");
    ck_assert(!g_file_test(run, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(autostart_is_a_link)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) pool = create("fast", "enp1s0", "3", &error);

    assert_done(pool != NULL, error);
    ck_assert(!iov_manager_get_autostart(world.manager, "fast"));
    assert_done(iov_manager_set_autostart(world.manager, "fast", TRUE, &error), error);
    assert_done(iov_manager_set_autostart(world.manager, "fast", TRUE, &error), error);
    ck_assert(iov_manager_get_autostart(world.manager, "fast"));
    assert_fails(iov_manager_set_autostart(world.manager, "none", TRUE, &error), error,
                 IOV_ERROR_NOT_FOUND, "no pool is named 'none'");
    assert_done(iov_manager_undefine_pool(world.manager, "fast", &error), error);
    ck_assert(!iov_manager_get_autostart(world.manager, "fast"));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("manager-pool");
    TCase *tests = tcase_create("pool");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, creation_refuses_what_cannot_work);
    tcase_add_test(tests, an_adapter_is_in_one_pool);
    tcase_add_test(tests, start_makes_and_destroy_gives_back);
    tcase_add_test(tests, existing_vfs_stay_or_are_refused);
    tcase_add_test(tests, a_function_in_use_is_foreign);
    tcase_add_test(tests, a_function_attached_by_hand_keeps_its_pool);
    tcase_add_test(tests, a_start_cut_off_is_ended_without_its_adapter);
    tcase_add_test(tests, destroy_names_the_holders);
    tcase_add_test(tests, definitions_replace_only_themselves);
    tcase_add_test(tests, an_unknown_name_leaves_nothing_behind);
    tcase_add_test(tests, autostart_is_a_link);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
