/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iov-placement.h"
#include "test-support.h"

#include <string.h>

/* An adapter as a case sees it; ends with address NULL. */
typedef struct {
    const char *address;
    guint functions, held, free;
    int node;
    gboolean unusable;
    const char *netdev, *reason;
} Row;

/* What is chosen (an address), or the reason why nothing is. */
static char *
choose(IovPolicy policy, IovNuma numa, int node, const Row *rows)
{
    const IovPool pool = {.name = (char *)"fast", .policy = policy, .numa = numa};
    g_autoptr(GPtrArray) adapters = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *reason = NULL;

    for (const Row *row = rows; row->address != NULL; row++) {
        IovLedgerAdapter *adapter = g_new0(IovLedgerAdapter, 1);

        adapter->address = (char *)row->address;
        adapter->pool = pool.name;
        adapter->netdev = (char *)row->netdev;
        adapter->reason = (char *)row->reason;
        adapter->numa_node = row->node;
        adapter->usable = !row->unusable;
        adapter->functions = row->functions;
        adapter->held_functions = row->held;
        adapter->free_functions = row->free;
        g_ptr_array_add(adapters, adapter);
    }
    const IovLedgerAdapter *chosen = iov_placement_choose(&pool, adapters, node, &reason);
    ck_assert((chosen == NULL) == (reason != NULL));
    return chosen != NULL ? g_strdup(chosen->address) : g_steal_pointer(&reason);
}

typedef struct {
    IovPolicy policy;
    IovNuma numa;
    int node;
    const char *expected;
    Row rows[8];
} Case;

static void
check_cases(const Case *cases, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *got = choose(cases[i].policy, cases[i].numa, cases[i].node, cases[i].rows);

        ck_assert_msg(g_str_equal(got, cases[i].expected),
                      "case %" G_GSIZE_FORMAT ": '%s', not '%s'", i, got, cases[i].expected);
    }
}

#define A "0000:01:00.0"
#define B "0000:02:00.0"
#define C "10000:01:00.0"
/* functions, held, free, NUMA node */
#define UP(address, functions, held, free, node)                                                   \
    {                                                                                              \
        address, functions, held, free, node, FALSE, NULL, NULL                                    \
    }
#define DOWN(address, functions, held, free, node, netdev, reason)                                 \
    {                                                                                              \
        address, functions, held, free, node, TRUE, netdev, reason                                 \
    }

START_TEST(spread_takes_the_smallest_share)
{
    static const Case cases[] = {
        {IOV_POLICY_SPREAD, IOV_NUMA_IGNORE, -1, B, {UP(A, 8, 4, 4, 0), UP(B, 8, 3, 5, 0)}},
        /* by share, not by number: 2/4 is more than 3/8 */
        {IOV_POLICY_SPREAD, IOV_NUMA_IGNORE, -1, B, {UP(A, 4, 2, 2, 0), UP(B, 8, 3, 5, 0)}},
        {IOV_POLICY_SPREAD, IOV_NUMA_IGNORE, -1, A, {UP(A, 4, 2, 2, 0), UP(B, 8, 4, 4, 0)}},
        /* ties by address, whatever the order; "10000:..." comes last */
        {IOV_POLICY_SPREAD,
         IOV_NUMA_IGNORE,
         -1,
         A,
         {UP(C, 4, 1, 3, 0), UP(B, 4, 1, 3, 0), UP(A, 4, 1, 3, 0)}},
        {IOV_POLICY_SPREAD,
         IOV_NUMA_IGNORE,
         -1,
         "ffff:01:00.0",
         {UP(C, 4, 1, 3, 0), UP("ffff:01:00.0", 4, 1, 3, 0)}},
        /* the smallest share has none free: quarantined */
        {IOV_POLICY_SPREAD, IOV_NUMA_IGNORE, -1, B, {UP(A, 4, 0, 0, 0), UP(B, 4, 3, 1, 0)}},
        {IOV_POLICY_SPREAD,
         IOV_NUMA_IGNORE,
         -1,
         B,
         {DOWN(A, 4, 0, 4, 0, NULL, NULL), UP(B, 4, 3, 1, 0)}},
    };

    check_cases(cases, G_N_ELEMENTS(cases));
}
END_TEST

START_TEST(pack_takes_the_fullest_with_one_free)
{
    static const Case cases[] = {
        {IOV_POLICY_PACK, IOV_NUMA_IGNORE, -1, A, {UP(A, 8, 4, 4, 0), UP(B, 8, 3, 5, 0)}},
        {IOV_POLICY_PACK, IOV_NUMA_IGNORE, -1, A, {UP(A, 4, 2, 2, 0), UP(B, 8, 3, 5, 0)}},
        {IOV_POLICY_PACK, IOV_NUMA_IGNORE, -1, B, {UP(A, 4, 4, 0, 0), UP(B, 8, 0, 8, 0)}},
        {IOV_POLICY_PACK, IOV_NUMA_IGNORE, -1, A, {UP(B, 4, 2, 2, 0), UP(A, 8, 4, 4, 0)}},
    };

    check_cases(cases, G_N_ELEMENTS(cases));
}
END_TEST

START_TEST(numa_is_preferred_required_or_ignored)
{
    static const Case cases[] = {
        {IOV_POLICY_SPREAD, IOV_NUMA_PREFER, 1, B, {UP(A, 8, 0, 8, 0), UP(B, 8, 7, 1, 1)}},
        {IOV_POLICY_SPREAD, IOV_NUMA_PREFER, 1, A, {UP(A, 8, 0, 8, 0), UP(B, 8, 8, 0, 1)}},
        {IOV_POLICY_SPREAD,
         IOV_NUMA_PREFER,
         1,
         A,
         {UP(A, 8, 0, 8, 0), DOWN(B, 8, 7, 1, 1, NULL, NULL)}},
        {IOV_POLICY_SPREAD, IOV_NUMA_PREFER, -1, A, {UP(A, 8, 0, 8, 0), UP(B, 8, 7, 1, 1)}},
        {IOV_POLICY_SPREAD, IOV_NUMA_REQUIRE, 1, B, {UP(A, 8, 0, 8, 0), UP(B, 8, 7, 1, 1)}},
        {IOV_POLICY_SPREAD, IOV_NUMA_REQUIRE, -1, A, {UP(A, 8, 0, 8, 0), UP(B, 8, 7, 1, 1)}},
        {IOV_POLICY_SPREAD, IOV_NUMA_IGNORE, 1, A, {UP(A, 8, 0, 8, 0), UP(B, 8, 7, 1, 1)}},
        {IOV_POLICY_SPREAD,
         IOV_NUMA_REQUIRE,
         0,
         "pool fast has no function on NUMA node 0",
         {UP(A, 8, 0, 8, -1)}},
        {IOV_POLICY_SPREAD,
         IOV_NUMA_REQUIRE,
         1,
         "all 8 functions of pool fast on NUMA node 1 are leased",
         {UP(A, 8, 0, 8, 0), UP(B, 8, 8, 0, 1)}},
    };

    check_cases(cases, G_N_ELEMENTS(cases));
}
END_TEST

START_TEST(the_reason_is_precise)
{
    static const Case cases[] = {
        {IOV_POLICY_SPREAD, IOV_NUMA_PREFER, 0, "pool fast has no adapter", {{0}}},
        {IOV_POLICY_SPREAD, IOV_NUMA_PREFER, 0, "pool fast has no function", {UP(A, 0, 0, 0, 0)}},
        {IOV_POLICY_SPREAD,
         IOV_NUMA_PREFER,
         0,
         "all 14 functions of pool fast are leased",
         {UP(A, 7, 7, 0, 0), UP(B, 7, 7, 0, 1)}},
        {IOV_POLICY_PACK,
         IOV_NUMA_IGNORE,
         0,
         "the only function of pool fast is leased",
         {UP(A, 1, 1, 0, 0)}},
        {IOV_POLICY_SPREAD,
         IOV_NUMA_REQUIRE,
         1,
         "pool fast has no function on NUMA node 1",
         {UP(A, 7, 0, 7, 0)}},
        {IOV_POLICY_SPREAD,
         IOV_NUMA_IGNORE,
         1,
         "no adapter of pool fast is usable (enp1s0: link down)",
         {DOWN(A, 7, 0, 7, 0, "enp1s0", "link down")}},
        {IOV_POLICY_SPREAD,
         IOV_NUMA_REQUIRE,
         0,
         "no adapter of pool fast on NUMA node 0 is usable (enp1s0: link down, " B ")",
         {DOWN(A, 7, 0, 7, 0, "enp1s0", "link down"), DOWN(B, 7, 1, 6, 0, NULL, NULL),
          UP(C, 7, 0, 7, 1)}},
        {IOV_POLICY_SPREAD,
         IOV_NUMA_IGNORE,
         -1,
         "no adapter of pool fast is usable (a, b, c, and more)",
         {DOWN(A, 1, 0, 1, 0, "a", NULL), DOWN(A, 1, 0, 1, 0, "b", NULL),
          DOWN(A, 1, 0, 1, 0, "c", NULL), DOWN(A, 1, 0, 1, 0, "d", NULL),
          DOWN(A, 1, 0, 1, 0, "e", NULL)}},
        {IOV_POLICY_SPREAD,
         IOV_NUMA_IGNORE,
         -1,
         "no function of pool fast is free: 6 leased, 2 quarantined or foreign",
         {UP(A, 8, 6, 0, 0)}},
        {IOV_POLICY_SPREAD,
         IOV_NUMA_IGNORE,
         -1,
         "no function of pool fast is free: 9 leased, 5 on an adapter that is not usable (enp2s0: "
         "vanished)",
         {UP(A, 7, 7, 0, 0), DOWN(B, 7, 2, 5, 0, "enp2s0", "vanished")}},
        {IOV_POLICY_SPREAD,
         IOV_NUMA_IGNORE,
         -1,
         "no function of pool fast is free: 8 leased, 1 quarantined or foreign, 5 on an adapter "
         "that is not usable (" B ")",
         {UP(A, 7, 6, 0, 0), DOWN(B, 7, 2, 5, 0, NULL, NULL)}},
    };

    check_cases(cases, G_N_ELEMENTS(cases));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("placement");
    TCase *tests = tcase_create("placement");

    tcase_add_test(tests, spread_takes_the_smallest_share);
    tcase_add_test(tests, pack_takes_the_fullest_with_one_free);
    tcase_add_test(tests, numa_is_preferred_required_or_ignored);
    tcase_add_test(tests, the_reason_is_precise);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
