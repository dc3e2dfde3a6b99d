/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who gives a function up for whom: the choice by itself, and its entry in the ledger. */
#include "fake-host.h"
#include "iov-reclaim.h"
#include "manager-support.h"
#include "test-support.h"

#include <string.h>

/* A request that holds a function, as a case sees it; ends with name NULL. */
typedef struct {
    const char *name;
    int priority;
    gint64 since;
    IovTier floor;
    IovLeaseState state;
    gboolean is_static, required;
    const char *adapter; /* NULL: "near" */
    gboolean leaves;
} Holder;

#define FLOOR IOV_TIER_DIRECT
#define ON IOV_LEASE_ACTIVE

static const struct {
    const char *what;
    int priority;
    IovNuma numa;
    const char *chosen; /* nullable */
    Holder holders[4];
} cases[] = {
    {"the lowest priority gives",
     10,
     IOV_NUMA_PREFER,
     "b",
     {{"a", 5, 1, FLOOR, ON, FALSE, FALSE, NULL, FALSE},
      {"b", -5, 1, FLOOR, ON, FALSE, FALSE, NULL, FALSE}}},
    {"of equals the last to be lifted",
     10,
     IOV_NUMA_PREFER,
     "b",
     {{"a", 0, 1, FLOOR, ON, FALSE, FALSE, NULL, FALSE},
      {"b", 0, 3, FLOOR, ON, FALSE, FALSE, NULL, FALSE},
      {"c", 0, 2, FLOOR, ON, FALSE, FALSE, NULL, FALSE}}},
    {"never an equal",
     10,
     IOV_NUMA_PREFER,
     NULL,
     {{"a", 10, 1, FLOOR, ON, FALSE, FALSE, NULL, FALSE}}},
    {"never one without a floor",
     10,
     IOV_NUMA_PREFER,
     NULL,
     {{"a", 0, 1, IOV_TIER_NONE, ON, FALSE, FALSE, NULL, FALSE}}},
    {"never the admin's own device",
     10,
     IOV_NUMA_PREFER,
     NULL,
     {{"a", 0, 1, FLOOR, ON, TRUE, FALSE, NULL, FALSE}}},
    {"never one that is required",
     10,
     IOV_NUMA_PREFER,
     NULL,
     {{"a", 0, 1, FLOOR, ON, FALSE, TRUE, NULL, FALSE}}},
    {"not while it is attached or on its way back",
     10,
     IOV_NUMA_PREFER,
     NULL,
     {{"a", 0, 1, FLOOR, IOV_LEASE_ATTACHING, FALSE, FALSE, NULL, FALSE},
      {"b", 0, 1, FLOOR, IOV_LEASE_DETACHING, FALSE, FALSE, NULL, FALSE}}},
    {"not from one that migrates",
     10,
     IOV_NUMA_PREFER,
     "b",
     {{"a", -9, 1, FLOOR, ON, FALSE, FALSE, NULL, TRUE},
      {"b", 0, 1, FLOOR, ON, FALSE, FALSE, NULL, FALSE}}},
    {"not from an adapter that is down",
     10,
     IOV_NUMA_PREFER,
     "b",
     {{"a", -9, 1, FLOOR, ON, FALSE, FALSE, "down", FALSE},
      {"b", 0, 1, FLOOR, ON, FALSE, FALSE, NULL, FALSE}}},
    {"not from another node where the pool requires the domain's",
     10,
     IOV_NUMA_REQUIRE,
     "b",
     {{"a", -9, 1, FLOOR, ON, FALSE, FALSE, "far", FALSE},
      {"b", 0, 1, FLOOR, ON, FALSE, FALSE, NULL, FALSE}}},
};

static void
free_status(gpointer status)
{
    iov_status_unref(status);
}

static GPtrArray *
make_holders(const Holder *rows)
{
    GPtrArray *holders = g_ptr_array_new_with_free_func(free_status);

    for (; rows->name != NULL; rows++) {
        IovStatus *status = iov_status_new();

        status->domain_name = g_strdup(rows->name);
        status->pool = g_strdup("fast");
        status->priority = rows->priority;
        status->since = rows->since;
        status->floor_tier = rows->floor;
        status->is_static = rows->is_static;
        status->required = rows->required;
        status->code = rows->leaves ? IOV_REASON_IN_TRANSIT : IOV_REASON_NONE;
        status->lease = iov_lease_new();
        status->lease->state = rows->state;
        status->lease->adapter = g_strdup(rows->adapter != NULL ? rows->adapter : "near");
        g_ptr_array_add(holders, status);
    }
    return holders;
}

START_TEST(chooses)
{
    static IovLedgerAdapter near_by = {.address = (char *)"near", .usable = TRUE, .numa_node = 1},
                            far = {.address = (char *)"far", .usable = TRUE, .numa_node = 0},
                            down = {.address = (char *)"down", .numa_node = 1};
    g_autoptr(GPtrArray) adapters = g_ptr_array_new();
    IovPool pool = {.name = (char *)"fast", .reclaim = TRUE, .numa = cases[_i].numa};
    IovStatus claimant = {.priority = cases[_i].priority, .numa_node = 1};
    g_autoptr(GPtrArray) holders = make_holders(cases[_i].holders);

    g_ptr_array_add(adapters, &near_by);
    g_ptr_array_add(adapters, &far);
    g_ptr_array_add(adapters, &down);
    const IovStatus *chosen = iov_reclaim_choose(&pool, &claimant, holders, adapters);
    ck_assert_msg(g_strcmp0(chosen != NULL ? chosen->domain_name : NULL, cases[_i].chosen) == 0,
                  "%s: %s", cases[_i].what, chosen != NULL ? chosen->domain_name : "nobody");
    pool.reclaim = FALSE;
    ck_assert_ptr_null(iov_reclaim_choose(&pool, &claimant, holders, adapters));
}
END_TEST

/* ---- in the ledger ---- */

static World world;

static void
set_up(void)
{
    static const char xml[] =
        "<iovpool><name>fast</name><adapters><adapter netdev='enp1s0' vfs='1'/>"
        "<adapter netdev='enp2s0' vfs='1'/></adapters><reclaim>yes</reclaim></iovpool>";
    g_autoptr(GError) error = NULL;

    world_set_up(&world);
    g_autoptr(IovPool) pool =
        iov_manager_define_pool(world.manager, xml, strlen(xml), "xml", &error);
    assert_done(pool != NULL, error);
    assert_done(iov_manager_start_pool(world.manager, "fast", NULL, &error), error);
}

static void
tear_down(void)
{
    world_tear_down(&world);
}

/* Waits on its floor. */
static IovDomain *
waiting(const char *name, const char *attributes)
{
    g_autoptr(GError) error = NULL;
    IovDomain *domain = world_domain(name, attributes, "");

    assert_done(iov_manager_prepare(world.manager, domain, &error), error);
    assert_done(iov_manager_started(world.manager, domain, &error), error);
    return domain;
}

static void
assert_waits(const IovDomain *domain)
{
    g_autofree char *function = world_held_by(&world, domain);

    ck_assert_ptr_null(function);
}

/* The names of the domains that were asked, in order. (transfer full) */
static char *
reclaim(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) claimants = iov_manager_list_waiting(world.manager, &error);
    g_autoptr(GPtrArray) victims = NULL;
    GString *names = g_string_new(NULL);

    assert_done(iov_manager_reclaim(world.manager, claimants, &victims, &error), error);
    for (guint i = 0; i < victims->len; i++)
        g_string_append(names, ((IovStatus *)victims->pdata[i])->domain_name);
    return g_string_free(names, FALSE);
}

static void
assert_reclaims(const char *expected)
{
    g_autofree char *names = reclaim();

    ck_assert_str_eq(names, expected);
}

START_TEST(one_for_each_claimant_and_no_more)
{
    g_autoptr(IovDomain) a = world_domain("a", "priority='1'", "");
    g_autoptr(IovDomain) b = world_domain("b", "", "");

    world_run_lifted(&world, a);
    world_run_lifted(&world, b);
    assert_reclaims("");
    g_autoptr(IovDomain) c = waiting("c", "priority='9'");
    assert_reclaims("b");
    assert_waits(c);
    g_autofree char *status = world_status(&world, b);
    ck_assert_str_eq(status, "passthrough|its function goes to c (net0), priority 9");
    /* it is on its way: nobody else is asked for c */
    assert_reclaims("");
    g_autoptr(IovDomain) d = waiting("d", "priority='5'");
    assert_reclaims("a");
    assert_waits(d);
    assert_reclaims("");
    /* a guest that keeps it does not hold up the claim, but there is nobody left to ask */
    fake_host_advance(world.host, IOV_RECLAIM_PATIENCE + 1);
    assert_reclaims("");
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_DETACHING), 2);
}
END_TEST

START_TEST(a_guest_that_keeps_it_does_not_hold_up_the_claim)
{
    g_autoptr(IovDomain) a = world_domain("a", "priority='1'", "");
    g_autoptr(IovDomain) b = world_domain("b", "", "");

    world_run_lifted(&world, a);
    world_run_lifted(&world, b);
    g_autoptr(IovDomain) c = waiting("c", "priority='9'");
    assert_reclaims("b");
    assert_reclaims("");
    assert_waits(c);
    fake_host_advance(world.host, IOV_RECLAIM_PATIENCE + 1);
    assert_reclaims("a");
}
END_TEST

START_TEST(why_it_was_taken_stays_told)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) a = world_domain("a", "priority='1'", "");

    world_run_lifted(&world, a);
    g_autoptr(IovDomain) b = world_domain("b", "", "");
    world_run_lifted(&world, b);
    g_autofree char *function = world_held_by(&world, b);
    g_autoptr(IovDomain) c = waiting("c", "priority='9'");
    fake_host_advance(world.host, 1);
    assert_reclaims("b");
    g_autoptr(GPtrArray) list = iov_manager_list_status(world.manager, b->uuid, &error);
    const IovLease *lease = ((IovStatus *)list->pdata[0])->lease;
    assert_done(iov_manager_drop_delayed(world.manager, function, lease->generation,
                                         IOV_REASON_GUEST_KEEPS, "the guest keeps it", &error),
                error);
    g_autofree char *asked = world_status(&world, b);
    ck_assert_str_eq(asked, "passthrough|its function goes to c (net0), priority 9");
    fake_host_set_holder(world.host, lease->iommu_group, 0);
    assert_done(iov_manager_drop_done(world.manager, function, lease->generation, &error), error);
    assert_done(iov_manager_acquire(world.manager, c->uuid, "net0", &error), error);
    g_autofree char *winner = world_held_by(&world, c);
    ck_assert_str_eq(winner, function);
    assert_fails(iov_manager_acquire(world.manager, b->uuid, "net0", &error), error,
                 IOV_ERROR_EXHAUSTED, "all 2 functions of pool fast are leased");
    g_autofree char *status = world_status(&world, b);
    ck_assert_str_eq(status, "direct|its function goes to c (net0), priority 9");
    /* c goes, and somebody else is faster than b */
    assert_done(iov_manager_release(world.manager, c->uuid, &error), error);
    g_autoptr(IovDomain) d = waiting("d", "");
    assert_fails(iov_manager_acquire(world.manager, b->uuid, "net0", &error), error,
                 IOV_ERROR_EXHAUSTED, "all 2 functions of pool fast are leased");
    g_autofree char *later = world_status(&world, b);
    assert_done(world_count(&world, IOV_LEASE_FREE) == 0 && d != NULL, error);
    ck_assert_str_eq(later, "direct|all 2 functions of pool fast are leased");
}
END_TEST

/* ---- adapters that are down ---- */

/* What changed, joined. (transfer full) */
static char *
check_adapters(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) changes = NULL;

    assert_done(iov_manager_check_adapters(world.manager, &changes, &error), error);
    return g_strjoinv("; ", changes);
}

static void
assert_adapters(const char *expected)
{
    g_autofree char *changes = check_adapters();

    ck_assert_str_eq(changes, expected);
}

static guint
count_stranded(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) stranded = iov_manager_list_stranded(world.manager, &error);

    assert_done(stranded != NULL, error);
    return stranded->len;
}

static void
note(const IovDomain *domain, IovReason code)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_manager_note(world.manager, domain->uuid, "net0", code, "", &error), error);
}

START_TEST(an_adapter_that_is_down_serves_nobody)
{
    g_autoptr(IovDomain) a = world_domain("a", "", "");

    assert_adapters("");
    world_run_lifted(&world, a);
    ck_assert_uint_eq(count_stranded(), 0);
    fake_host_set_carrier(world.host, "enp1s0", FALSE);
    assert_adapters("adapter enp1s0 of pool fast: no carrier");
    assert_adapters("");
    ck_assert_uint_eq(count_stranded(), 1);
    note(a, IOV_REASON_IN_TRANSIT);
    ck_assert_uint_eq(count_stranded(), 0);
    note(a, IOV_REASON_NONE);
    g_autoptr(IovDomain) b = waiting("b", "");
    g_autofree char *function = world_held_by(&world, b);
    ck_assert(g_str_has_prefix(function, "0000:02:"));
    g_autoptr(IovDomain) c = waiting("c", "");
    g_autofree char *status = world_status(&world, c);
    ck_assert_ptr_nonnull(strstr(status, "fast"));
    fake_host_set_carrier(world.host, "enp1s0", TRUE);
    assert_adapters("adapter enp1s0 of pool fast: usable again");
    ck_assert_uint_eq(count_stranded(), 0);
    fake_host_remove(world.host, "0000:02:00.0");
    assert_adapters("adapter enp2s0 of pool fast: it vanished from the host");
    ck_assert_uint_eq(count_stranded(), 1);
}
END_TEST

START_TEST(taking_back_frees_what_is_only_reserved)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) a = waiting("a", "");
    g_autofree char *function = world_held_by(&world, a);
    g_autoptr(GPtrArray) list = iov_manager_list_status(world.manager, a->uuid, &error);
    guint64 generation = ((IovStatus *)list->pdata[0])->lease->generation;

    assert_done(iov_manager_take_back(world.manager, function, generation, IOV_REASON_ADAPTER_DOWN,
                                      "its adapter is down", &error),
                error);
    ck_assert_uint_eq(world_count(&world, IOV_LEASE_FREE), 2);
    g_autofree char *status = world_status(&world, a);
    ck_assert_str_eq(status, "direct|its adapter is down");
    assert_fails(iov_manager_take_back(world.manager, function, generation, IOV_REASON_ADAPTER_DOWN,
                                       "again", &error),
                 error, IOV_ERROR_STALE, "is over");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("reclaim");
    TCase *choice = tcase_create("choice");
    TCase *ledger = tcase_create("ledger");

    tcase_add_loop_test(choice, chooses, 0, G_N_ELEMENTS(cases));
    suite_add_tcase(suite, choice);
    tcase_add_checked_fixture(ledger, set_up, tear_down);
    tcase_add_test(ledger, one_for_each_claimant_and_no_more);
    tcase_add_test(ledger, a_guest_that_keeps_it_does_not_hold_up_the_claim);
    tcase_add_test(ledger, why_it_was_taken_stays_told);
    tcase_add_test(ledger, an_adapter_that_is_down_serves_nobody);
    tcase_add_test(ledger, taking_back_frees_what_is_only_reserved);
    suite_add_tcase(suite, ledger);
    return run_suite(suite);
}
