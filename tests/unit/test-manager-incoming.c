/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Incoming domains whose requests have a function in the XML, and their floors. Hostdevs of their
 * own are in test-manager-incoming-own.c.
 */
#include "fake-host.h"
#include "fault-vfs.h"
#include "incoming-support.h"
#include "test-support.h"

#include <string.h>

#define UUID "00000000-0000-4000-8000-000000000031" /* of vm1 */

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

static void
assert_function(const char *function, const char *expected)
{
    g_autofree char *state = world_function(&world, function);

    ck_assert_str_eq(state, expected);
}

/* vm1 with its function, as another host has it; more devices behind it. (transfer full) */
static char *
lifted(const char *devices)
{
    g_autofree char *interface = incoming_interface(ELSEWHERE);
    g_autofree char *all = g_strconcat(interface, devices, NULL);

    return world_domain_xml("vm1", "", all);
}

static void
reserve(const char *function)
{
    g_autoptr(GError) error = NULL;
    IovLedger *ledger = iov_manager_ledger(world.manager, FALSE, &error);
    guint64 generation = 0;

    assert_done(ledger != NULL && iov_ledger_begin(ledger, &error), error);
    assert_done(iov_ledger_lease(ledger, function, UUID, "vm1", "net0", FAKE_HOST_TIME,
                                 FAKE_HOST_TIME + 1, &generation, &error),
                error);
    assert_done(iov_ledger_commit(ledger, &error), error);
}

START_TEST(a_function_is_one_of_this_host_afterwards)
{
    g_autofree char *xml = lifted("");

    world_start_pool(&world, "2");
    fake_host_clear_journal(world.host);
    g_autofree char *changed = incoming_arrive(&world, (IovIncoming)_i, xml, 1);
    g_autofree char *source = incoming_source(changed, "ua-iov-net0-vf");
    ck_assert_str_eq(source, "0000:01:10.0");
    assert_function("0000:01:10.0", "reserved vm1 net0");
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_RESERVED), 1);
    g_autoptr(GPtrArray) list = iov_manager_list_functions(world.manager, NULL, NULL);
    ck_assert_int_eq(((IovLease *)list->pdata[0])->deadline,
                     iov_host_get_time(world.host) + IOV_RESERVATION_TIME);
    ck_assert_uint_eq(fake_host_count_effects(world.host), 0);
}
END_TEST

START_TEST(a_plain_hostdev_serves_a_request_too)
{
    g_autofree char *device = world_hostdev(ELSEWHERE, "ua-iov-net0-vf");
    g_autofree char *xml = world_domain_xml("vm1", "", device);

    world_start_pool(&world, "2");
    g_autofree char *changed = incoming_arrive(&world, IOV_INCOMING_MIGRATION, xml, 1);
    g_autofree char *source = incoming_source(changed, "ua-iov-net0-vf");
    ck_assert_str_eq(source, "0000:01:10.0");
}
END_TEST

static guint64
generation_of(const char *function)
{
    IovLedger *ledger = iov_manager_ledger(world.manager, FALSE, NULL);
    g_autoptr(IovLease) lease = iov_ledger_get_function(ledger, function, NULL);

    ck_assert_ptr_nonnull(lease);
    return lease->generation;
}

START_TEST(its_start_keeps_the_function)
{
    g_autofree char *xml = lifted("");

    world_start_pool(&world, "2");
    g_autofree char *changed = incoming_arrive(&world, IOV_INCOMING_MIGRATION, xml, 1);
    guint64 generation = generation_of("0000:01:10.0");
    incoming_start(&world, changed);
    ck_assert_uint_eq(generation_of("0000:01:10.0"), generation);
    assert_function("0000:01:10.0", "attaching vm1 net0");
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 3);
}
END_TEST

START_TEST(without_a_start_the_deadline_frees_it)
{
    g_autofree char *xml = lifted("");
    g_autoptr(GPtrArray) nobody = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    world_start_pool(&world, "2");
    g_free(incoming_arrive(&world, IOV_INCOMING_MIGRATION, xml, 1));
    assert_done(iov_manager_reconcile(world.manager, nobody, G_MAXINT64, NULL, &error), error);
    assert_function("0000:01:10.0", "reserved vm1 net0");
    incoming_let_pass(&world);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 4);
}
END_TEST

START_TEST(a_start_that_fails_frees_it)
{
    g_autofree char *xml = lifted("");
    g_autoptr(GError) error = NULL;

    world_start_pool(&world, "2");
    g_autofree char *changed = incoming_arrive(&world, IOV_INCOMING_MIGRATION, xml, 1);
    g_autoptr(IovDomain) domain = iov_domain_parse(changed, strlen(changed), &error);
    assert_done(iov_manager_prepare(world.manager, domain, &error), error);
    assert_function("0000:01:10.0", "reserved vm1 net0");
    assert_done(iov_manager_release(world.manager, UUID, &error), error);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 4);
    g_autoptr(GPtrArray) statuses = iov_manager_list_status(world.manager, NULL, &error);
    ck_assert_uint_eq(statuses->len, 0);
}
END_TEST

START_TEST(what_was_reserved_before_is_used)
{
    g_autofree char *xml = lifted("");

    world_start_pool(&world, "2");
    reserve("0000:02:10.2");
    for (guint i = 0; i < 2; i++) { /* and another try finds it as it is */
        g_autofree char *changed = incoming_arrive(&world, IOV_INCOMING_MIGRATION, xml, 0);
        g_autofree char *source = incoming_source(changed, "ua-iov-net0-vf");

        ck_assert_str_eq(source, "0000:02:10.2");
    }
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_RESERVED), 1);
    g_autoptr(GPtrArray) list = iov_manager_list_functions(world.manager, NULL, NULL);
    ck_assert_int_eq(((IovLease *)list->pdata[3])->deadline,
                     iov_host_get_time(world.host) + IOV_RESERVATION_TIME);
}
END_TEST

/* The request has another pool now. */
START_TEST(what_was_reserved_of_another_pool_is_given_back)
{
    static const char *const drive[] = {"0000:03:00.0", NULL};
    g_autofree char *xml = lifted("");
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) pool = NULL;

    world_start_pool(&world, "2");
    pool = iov_manager_create_pool(world.manager, "disks", drive, "2", &error);
    assert_done(pool != NULL, error);
    assert_done(iov_manager_start_pool(world.manager, "disks", NULL, &error), error);
    g_autoptr(GPtrArray) disks = iov_manager_list_functions(world.manager, "disks", &error);
    reserve(((IovLease *)disks->pdata[0])->function);
    g_free(incoming_arrive(&world, IOV_INCOMING_MIGRATION, xml, 1));
    assert_function(((IovLease *)disks->pdata[0])->function, "free");
    assert_function("0000:01:10.0", "reserved vm1 net0");
}
END_TEST

START_TEST(the_same_address_needs_no_change)
{
    g_autofree char *interface = incoming_interface("0000:01:10.0");
    g_autofree char *xml = world_domain_xml("vm1", "", interface);

    world_start_pool(&world, "2");
    g_autofree char *same = incoming_arrive(&world, IOV_INCOMING_MIGRATION, xml, 1);
    ck_assert_str_eq(same, xml);
    assert_function("0000:01:10.0", "reserved vm1 net0");
}
END_TEST

START_TEST(an_exhausted_pool_refuses)
{
    g_autofree char *xml = lifted("");

    world_start_pool(&world, "1");
    incoming_take(&world, "0000:01:10.0");
    incoming_take(&world, "0000:02:10.0");
    incoming_refused(&world, IOV_INCOMING_MIGRATION, xml, IOV_ERROR_EXHAUSTED,
                     "domain 'vm1' cannot migrate to host 'b.example': pool 'fast' has no function "
                     "there for its request net0; `iovpool migrate vm1 URI` needs none, it drops "
                     "the domain to its floor first (all 2 functions of pool fast are leased; held "
                     "by other (0000:01:10.0), other (0000:02:10.0))");
    incoming_refused(&world, IOV_INCOMING_RESTORE, xml, IOV_ERROR_EXHAUSTED,
                     "domain 'vm1' cannot be restored on host 'b.example': pool 'fast' has no");
}
END_TEST

/* Its own device has a function by then. */
START_TEST(nothing_is_left_of_a_refusal)
{
    g_autofree char *device = world_hostdev("0000:01:10.0", "ua-nic");
    g_autofree char *xml = lifted(device);

    world_start_pool(&world, "1");
    incoming_take(&world, "0000:01:10.0");
    incoming_refused(&world, IOV_INCOMING_MIGRATION, xml, IOV_ERROR_EXHAUSTED, "request net0");
}
END_TEST

START_TEST(a_pool_that_is_not_started_refuses)
{
    static const char *const drive[] = {"0000:03:00.0", NULL};
    static const char refusal[] = "pool 'fast' has no function there for its request net0; "
                                  "`iovpool migrate vm1 URI` needs none, it drops the domain to "
                                  "its floor first (the pool is not started there)";
    g_autofree char *xml = lifted("");
    g_autofree char *ledger = g_build_filename(world.root, "run/iovpool/ledger.db", NULL);
    g_autoptr(GError) error = NULL;

    incoming_refused(&world, IOV_INCOMING_MIGRATION, xml, IOV_ERROR_EXHAUSTED, refusal);
    ck_assert(!g_file_test(ledger, G_FILE_TEST_EXISTS));
    g_autoptr(IovPool) pool = iov_manager_create_pool(world.manager, "disks", drive, "2", &error);
    assert_done(pool != NULL, error);
    assert_done(iov_manager_start_pool(world.manager, "disks", NULL, &error), error);
    incoming_refused(&world, IOV_INCOMING_MIGRATION, xml, IOV_ERROR_EXHAUSTED, refusal);
}
END_TEST

START_TEST(a_pool_keeps_to_its_limits)
{
    static const char definition[] =
        "<iovpool><name>fast</name><adapters><adapter netdev='enp1s0' vfs='2'/></adapters>"
        "<defaults><rate min='0' max='100' unit='Mbit'/></defaults></iovpool>";
    g_autofree char *interface = incoming_interface(ELSEWHERE);
    g_autofree char *xml = g_strdup_printf(
        "<domain><name>vm1</name><uuid>" UUID
        "</uuid><metadata><iov:requests xmlns:iov='" IOV_REQUEST_NAMESPACE
        "'><iov:request name='net0' pool='fast' mac='52:54:00:00:00:31'>"
        "<iov:rate min='0' max='200' unit='Mbit'/></iov:request></iov:requests></metadata>"
        "<devices>%s</devices></domain>",
        interface);
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) pool =
        iov_manager_define_pool(world.manager, definition, strlen(definition), "xml", &error);

    assert_done(pool != NULL, error);
    assert_done(iov_manager_start_pool(world.manager, "fast", NULL, &error), error);
    incoming_refused(&world, IOV_INCOMING_MIGRATION, xml, IOV_ERROR_EXHAUSTED, "200");
}
END_TEST

START_TEST(a_domain_that_is_here_keeps_what_it_has)
{
    g_autofree char *xml = lifted("");
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");

    world_start_pool(&world, "2");
    world_run_lifted(&world, vm1);
    incoming_refused(&world, IOV_INCOMING_MIGRATION, xml, IOV_ERROR_BUSY,
                     "domain 'vm1' cannot come to host 'b.example', is it there already?");
    assert_function("0000:01:10.0", "active vm1 net0");
}
END_TEST

/* It waits or reserves as at any start, which is prepare's. */
START_TEST(a_request_on_its_floor_gets_nothing)
{
    g_autofree char *xml = world_domain_xml("vm1", "", "");

    world_start_pool(&world, "2");
    g_autofree char *same = incoming_arrive(&world, IOV_INCOMING_MIGRATION, xml, 0);
    ck_assert_str_eq(same, xml);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 4);
}
END_TEST

START_TEST(what_cannot_be_read_is_refused)
{
    incoming_refused(&world, IOV_INCOMING_MIGRATION, "<domain", IOV_ERROR_INVALID, "domain XML:1");
}
END_TEST

/* All or nothing, whichever write of the ledger fails. */
START_TEST(every_write_may_fail)
{
    g_autofree char *device = world_hostdev("0000:01:10.0", "ua-nic");
    g_autofree char *xml = lifted(device);
    guint failed = 0;

    world_start_pool(&world, "2");
    fault_vfs_install();
    for (guint k = 1;; k++) {
        g_autoptr(GPtrArray) leased = NULL;
        g_autofree char *changed = NULL;

        world_reopen(&world);
        fault_vfs_arm(FAULT_IO, k);
        gboolean done = iov_manager_incoming(world.manager, IOV_INCOMING_MIGRATION, "b", xml,
                                             strlen(xml), &changed, &leased, NULL);
        fault_vfs_arm(FAULT_IO, 0);
        world_reopen(&world);
        ck_assert_uint_eq(world_count(&world, IOV_LEASE_RESERVED), done ? 2 : 0);
        ck_assert(done == (changed != NULL) && done == (leased != NULL));
        if (done)
            break;
        failed++;
    }
    ck_assert_uint_gt(failed, 3);
}
END_TEST

/* ---- giving back ---- */

START_TEST(what_was_leased_can_be_given_back)
{
    g_autofree char *xml = lifted("");
    g_autofree char *changed = NULL;
    g_autoptr(GPtrArray) leased = NULL;
    g_autoptr(GError) error = NULL;

    world_start_pool(&world, "2");
    assert_done(iov_manager_incoming(world.manager, IOV_INCOMING_MIGRATION, "b", xml, strlen(xml),
                                     &changed, &leased, &error),
                error);
    assert_done(iov_manager_give_back(world.manager, leased, &error), error);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 4);
    assert_done(iov_manager_give_back(world.manager, leased, &error), error);
}
END_TEST

START_TEST(what_was_handed_over_since_stays)
{
    g_autofree char *xml = lifted("");
    g_autofree char *changed = NULL;
    g_autoptr(GPtrArray) leased = NULL;
    g_autoptr(GError) error = NULL;

    world_start_pool(&world, "2");
    assert_done(iov_manager_incoming(world.manager, IOV_INCOMING_MIGRATION, "b", xml, strlen(xml),
                                     &changed, &leased, &error),
                error);
    incoming_start(&world, changed);
    assert_done(iov_manager_give_back(world.manager, leased, &error), error);
    assert_function("0000:01:10.0", "attaching vm1 net0");
}
END_TEST

/* ---- floors ---- */

/* @function: where net0 has one beforehand; @lost: this adapter has no carrier */
static const struct {
    IovIncoming kind;
    const char *floor, *function, *lost, *expected;
} floors[] = {
    {IOV_INCOMING_MIGRATION, "eth7", NULL, NULL, "enp1s0"},
    {IOV_INCOMING_MIGRATION, "eth7", NULL, "enp1s0", "enp2s0"},
    {IOV_INCOMING_MIGRATION, "eth7", "0000:02:10.0", NULL, "enp2s0"},
    {IOV_INCOMING_MIGRATION, "eth7", "0000:01:10.0", "enp1s0", "enp1s0"},
    {IOV_INCOMING_MIGRATION, "enp2s0", "0000:01:10.0", NULL, "enp2s0"},
    {IOV_INCOMING_RESTORE, "eth7", "0000:02:10.0", NULL, "eth7"},
};

START_TEST(a_direct_floor_stands_on_an_adapter_of_its_pool)
{
    g_autofree char *floor = incoming_floor(floors[_i].floor);
    g_autofree char *interface =
        floors[_i].function != NULL ? incoming_interface(ELSEWHERE) : g_strdup("");
    g_autofree char *devices = g_strconcat(floor, interface, NULL);
    g_autofree char *xml = world_domain_xml("vm1", "", devices);
    g_auto(GStrv) changes = NULL;
    g_autoptr(GError) error = NULL;

    world_start_pool(&world, "2");
    if (floors[_i].function != NULL)
        reserve(floors[_i].function);
    if (floors[_i].lost != NULL)
        fake_host_set_carrier(world.host, floors[_i].lost, FALSE);
    assert_done(iov_manager_check_adapters(world.manager, &changes, &error), error);
    g_autofree char *changed = incoming_arrive(&world, floors[_i].kind, xml, 0);
    g_autoptr(IovDomain) domain = iov_domain_parse(changed, strlen(changed), &error);
    assert_done(domain != NULL, error);
    ck_assert_str_eq(((IovDomainFloor *)domain->floors->pdata[0])->lower, floors[_i].expected);
}
END_TEST

START_TEST(other_floors_stay)
{
    static const char devices[] =
        "<interface type='direct'><source network='iovpool-fast' dev='eth7' mode='bridge'/>"
        "<alias name='ua-iov-net0'/></interface>"
        "<interface type='direct'><source dev='eth7'/><alias name='ua-iov-other'/></interface>"
        "<interface type='direct'><source dev='eth7'/><alias name='ua-nic'/></interface>"
        "<interface type='bridge'><source bridge='br7'/><alias name='ua-iov-net0'/></interface>";
    g_autofree char *xml = world_domain_xml("vm1", "", devices);

    world_start_pool(&world, "2");
    g_autofree char *same = incoming_arrive(&world, IOV_INCOMING_MIGRATION, xml, 0);
    ck_assert_str_eq(same, xml);
}
END_TEST

START_TEST(without_a_started_pool_floors_stay)
{
    g_autofree char *floor = incoming_floor("eth7");
    g_autofree char *xml = world_domain_xml("vm1", "", floor);
    g_autofree char *same = incoming_arrive(&world, IOV_INCOMING_MIGRATION, xml, 0);

    ck_assert_str_eq(same, xml);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, a_function_is_one_of_this_host_afterwards, IOV_INCOMING_MIGRATION,
                        IOV_INCOMING_RESTORE + 1);
    tcase_add_test(tests, a_plain_hostdev_serves_a_request_too);
    tcase_add_test(tests, its_start_keeps_the_function);
    tcase_add_test(tests, without_a_start_the_deadline_frees_it);
    tcase_add_test(tests, a_start_that_fails_frees_it);
    tcase_add_test(tests, what_was_reserved_before_is_used);
    tcase_add_test(tests, what_was_reserved_of_another_pool_is_given_back);
    tcase_add_test(tests, the_same_address_needs_no_change);
    tcase_add_test(tests, an_exhausted_pool_refuses);
    tcase_add_test(tests, nothing_is_left_of_a_refusal);
    tcase_add_test(tests, a_pool_that_is_not_started_refuses);
    tcase_add_test(tests, a_pool_keeps_to_its_limits);
    tcase_add_test(tests, a_domain_that_is_here_keeps_what_it_has);
    tcase_add_test(tests, a_request_on_its_floor_gets_nothing);
    tcase_add_test(tests, what_cannot_be_read_is_refused);
    tcase_add_test(tests, every_write_may_fail);
    tcase_add_test(tests, what_was_leased_can_be_given_back);
    tcase_add_test(tests, what_was_handed_over_since_stays);
    tcase_add_loop_test(tests, a_direct_floor_stands_on_an_adapter_of_its_pool, 0,
                        G_N_ELEMENTS(floors));
    tcase_add_test(tests, other_floors_stay);
    tcase_add_test(tests, without_a_started_pool_floors_stay);
}

int
main(void)
{
    Suite *suite = suite_create("manager-incoming");
    TCase *tests = tcase_create("incoming");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    add_tests(tests);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
