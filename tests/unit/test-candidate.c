/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iov-candidate-private.h"
#include "test-support.h"

#include <string.h>

#define UUID "11111111-1111-4111-8111-111111111111"
#define OTHER "22222222-2222-4222-8222-222222222222"
#define FUNCTION "0000:01:10.0"

/* Request net0 of domain vm1 with priority 5, and function 0000:01:10.0 of adapter enp1s0, which
 * it might be given. What is left zero is in no one's way. */
typedef struct {
    IovPool pool;
    IovNetconf wish;
    int domain_node;
    gboolean asks_static;
    IovLedgerAdapter adapter;
    IovLink link;
    guint speed;
    IovLeaseState state;
    const char *owner_uuid, *owner, *owner_request, *reason;
    gboolean is_known; /* the owner's request */
    IovStatus holder;
    IovCandidateMember members[3];
} Situation;

static Situation
ordinary(void)
{
    return (Situation){
        .pool = {.name = (char *)"fast"},
        .domain_node = -1,
        .adapter = {.address = (char *)"0000:01:00.0", .netdev = (char *)"enp1s0", .usable = TRUE},
        .link = IOV_LINK_UP};
}

static void
lease_to(Situation *situation, IovLeaseState state, const char *uuid, const char *domain,
         const char *request)
{
    situation->state = state;
    situation->owner_uuid = uuid;
    situation->owner = domain;
    situation->owner_request = request;
}

/* vm2's net0 has it, with @priority, on a floor. */
static void
lease_to_other(Situation *situation, IovLeaseState state, int priority)
{
    lease_to(situation, state, OTHER, "vm2", "net0");
    situation->is_known = TRUE;
    situation->holder = (IovStatus){.priority = priority, .floor_tier = IOV_TIER_DIRECT};
}

static IovVerdict
judge(const Situation *situation, char **text)
{
    const IovStatus request = {.domain_uuid = (char *)UUID,
                               .domain_name = (char *)"vm1",
                               .request = (char *)"net0",
                               .is_static = situation->asks_static,
                               .priority = 5};
    const IovLease function = {.function = (char *)FUNCTION,
                               .state = situation->state,
                               .domain_uuid = (char *)situation->owner_uuid,
                               .domain_name = (char *)situation->owner,
                               .request = (char *)situation->owner_request,
                               .reason = (char *)situation->reason};
    g_autoptr(GPtrArray) members = g_ptr_array_new();
    const IovCandidateFacts facts = {.pool = &situation->pool,
                                     .request = &request,
                                     .wish = &situation->wish,
                                     .numa_node = situation->domain_node,
                                     .adapter = &situation->adapter,
                                     .link = situation->link,
                                     .speed = situation->speed,
                                     .function = &function,
                                     .holder = situation->is_known ? &situation->holder : NULL,
                                     .members = members};

    for (gsize i = 0; i < G_N_ELEMENTS(situation->members); i++)
        if (situation->members[i].address != NULL)
            g_ptr_array_add(members, (gpointer)&situation->members[i]);
    return iov_candidate_judge(&facts, text);
}

static void
assert_verdict(const Situation *situation, IovVerdict verdict, const char *text)
{
    g_autofree char *got_text = NULL;
    IovVerdict got = judge(situation, &got_text);

    ck_assert_msg(got == verdict && strcmp(got_text, text) == 0, "%s: '%s', not %s: '%s'",
                  iov_verdict_to_string(got), got_text, iov_verdict_to_string(verdict), text);
}

START_TEST(a_function_that_nobody_has_is_free)
{
    Situation situation = ordinary();

    assert_verdict(&situation, IOV_VERDICT_FREE, "may be taken now");
}
END_TEST

START_TEST(what_the_request_has_is_its_own)
{
    static const IovLeaseState held[] = {IOV_LEASE_RESERVED, IOV_LEASE_ATTACHING, IOV_LEASE_ACTIVE,
                                         IOV_LEASE_DETACHING};
    Situation situation = ordinary();

    for (gsize i = 0; i < G_N_ELEMENTS(held); i++) {
        g_autofree char *text =
            g_strdup_printf("the request has it: %s", iov_lease_state_to_string(held[i]));

        lease_to(&situation, held[i], UUID, "vm1", "net0");
        assert_verdict(&situation, IOV_VERDICT_OWN, text);
    }
    lease_to(&situation, IOV_LEASE_ACTIVE, UUID, "vm1", "net1");
    assert_verdict(&situation, IOV_VERDICT_LEASED, "vm1 (net1)");
    lease_to(&situation, IOV_LEASE_ACTIVE, OTHER, "vm1", "net0");
    assert_verdict(&situation, IOV_VERDICT_LEASED, "vm1 (net0)");
    /* given back, and not clean yet: another request may be faster */
    lease_to(&situation, IOV_LEASE_SCRUBBING, UUID, "vm1", "net0");
    assert_verdict(&situation, IOV_VERDICT_SCRUBBING, "being cleaned after vm1 (net0)");
}
END_TEST

START_TEST(a_holder_is_named)
{
    Situation situation = ordinary();

    lease_to_other(&situation, IOV_LEASE_ACTIVE, 7);
    assert_verdict(&situation, IOV_VERDICT_LEASED, "vm2 (net0), priority 7");
    lease_to_other(&situation, IOV_LEASE_RESERVED, -3);
    assert_verdict(&situation, IOV_VERDICT_LEASED, "vm2 (net0), priority -3, reserved");
    situation.holder.is_static = TRUE;
    situation.state = IOV_LEASE_ACTIVE;
    assert_verdict(&situation, IOV_VERDICT_LEASED, "vm2 (net0), a hostdev of its own");
}
END_TEST

START_TEST(the_lower_priority_gives_way)
{
    Situation base = ordinary(), situation;

    base.pool.reclaim = TRUE;
    lease_to_other(&base, IOV_LEASE_ACTIVE, 4);
    assert_verdict(&base, IOV_VERDICT_RECLAIMABLE, "vm2 (net0), priority 4");
    /* what keeps it */
    situation = base, situation.holder.priority = 5;
    assert_verdict(&situation, IOV_VERDICT_LEASED, "vm2 (net0), priority 5");
    situation = base, situation.pool.reclaim = FALSE;
    assert_verdict(&situation, IOV_VERDICT_LEASED, "vm2 (net0), priority 4");
    situation = base, situation.holder.required = TRUE;
    assert_verdict(&situation, IOV_VERDICT_LEASED, "vm2 (net0), priority 4");
    situation = base, situation.holder.floor_tier = IOV_TIER_NONE;
    assert_verdict(&situation, IOV_VERDICT_LEASED, "vm2 (net0), priority 4");
    situation = base, situation.holder.is_static = TRUE;
    assert_verdict(&situation, IOV_VERDICT_LEASED, "vm2 (net0), a hostdev of its own");
    situation = base, situation.asks_static = TRUE;
    assert_verdict(&situation, IOV_VERDICT_LEASED, "vm2 (net0), priority 4");
    situation = base, situation.is_known = FALSE;
    assert_verdict(&situation, IOV_VERDICT_LEASED, "vm2 (net0)");
    /* what it does not use yet, or gives back already */
    situation = base, situation.state = IOV_LEASE_RESERVED;
    assert_verdict(&situation, IOV_VERDICT_LEASED, "vm2 (net0), priority 4, reserved");
    situation = base, situation.state = IOV_LEASE_ATTACHING;
    assert_verdict(&situation, IOV_VERDICT_LEASED, "vm2 (net0), priority 4, attaching");
    situation = base, situation.state = IOV_LEASE_DETACHING;
    assert_verdict(&situation, IOV_VERDICT_LEASED, "vm2 (net0), priority 4, detaching");
}
END_TEST

START_TEST(a_function_out_of_use_says_why)
{
    Situation situation = ordinary();

    situation.state = IOV_LEASE_FOREIGN;
    assert_verdict(&situation, IOV_VERDICT_FOREIGN, "in use outside the pool");
    situation.reason = "netdev enp1s0v0 is up";
    assert_verdict(&situation, IOV_VERDICT_FOREIGN, "netdev enp1s0v0 is up");
    situation.state = IOV_LEASE_QUARANTINED;
    assert_verdict(&situation, IOV_VERDICT_QUARANTINED, "netdev enp1s0v0 is up");
    situation.reason = NULL;
    assert_verdict(&situation, IOV_VERDICT_QUARANTINED, "it did not come clean");
    situation.state = IOV_LEASE_SCRUBBING;
    assert_verdict(&situation, IOV_VERDICT_SCRUBBING, "being cleaned");
    situation.reason = "process 4711 holds it";
    lease_to(&situation, IOV_LEASE_SCRUBBING, OTHER, "vm2", "net0");
    assert_verdict(&situation, IOV_VERDICT_SCRUBBING,
                   "being cleaned after vm2 (net0): process 4711 holds it");
}
END_TEST

START_TEST(an_adapter_out_of_use_says_why)
{
    Situation situation = ordinary();

    situation.link = IOV_LINK_NONE; /* a drive, or not known */
    assert_verdict(&situation, IOV_VERDICT_FREE, "may be taken now");
    situation.link = IOV_LINK_NO_CARRIER;
    assert_verdict(&situation, IOV_VERDICT_ADAPTER_DOWN, "adapter enp1s0: no carrier");
    situation.link = IOV_LINK_DOWN;
    assert_verdict(&situation, IOV_VERDICT_ADAPTER_DOWN, "adapter enp1s0: link down");
    situation.adapter.netdev = NULL;
    assert_verdict(&situation, IOV_VERDICT_ADAPTER_DOWN, "adapter 0000:01:00.0: link down");
    situation.adapter.usable = FALSE;
    assert_verdict(&situation, IOV_VERDICT_ADAPTER_DOWN, "adapter 0000:01:00.0: not usable");
    situation.adapter.reason = (char *)"it is gone";
    assert_verdict(&situation, IOV_VERDICT_ADAPTER_DOWN, "adapter 0000:01:00.0: it is gone");
}
END_TEST

START_TEST(a_node_is_in_the_way_where_it_is_required)
{
    Situation situation = ordinary();

    situation.pool.numa = IOV_NUMA_REQUIRE;
    situation.adapter.numa_node = 1;
    assert_verdict(&situation, IOV_VERDICT_FREE, "may be taken now"); /* the domain has none */
    situation.domain_node = 1;
    assert_verdict(&situation, IOV_VERDICT_FREE, "may be taken now");
    situation.domain_node = 0;
    assert_verdict(&situation, IOV_VERDICT_WRONG_NODE,
                   "adapter enp1s0 is on NUMA node 1, the domain on node 0");
    situation.adapter.numa_node = -1;
    assert_verdict(&situation, IOV_VERDICT_WRONG_NODE,
                   "adapter enp1s0 is on no NUMA node, the domain on node 0");
    situation.pool.numa = IOV_NUMA_PREFER;
    assert_verdict(&situation, IOV_VERDICT_FREE, "may be taken now");
    situation.pool.numa = IOV_NUMA_IGNORE;
    assert_verdict(&situation, IOV_VERDICT_FREE, "may be taken now");
}
END_TEST

START_TEST(a_rate_has_two_limits)
{
    Situation situation = ordinary();

    situation.wish = (IovNetconf){.has_rate = TRUE, .min_rate = 500, .max_rate = 1000};
    assert_verdict(&situation, IOV_VERDICT_FREE, "may be taken now"); /* the speed is not known */
    situation.speed = 1000;
    assert_verdict(&situation, IOV_VERDICT_FREE, "may be taken now");
    situation.speed = 100;
    assert_verdict(&situation, IOV_VERDICT_RATE,
                   "adapter enp1s0 runs at 100 Mbit/s, less than the 1000 Mbit/s to be set");
    situation.wish.max_rate = 0;
    assert_verdict(&situation, IOV_VERDICT_RATE,
                   "adapter enp1s0 runs at 100 Mbit/s, less than the 500 Mbit/s to be set");
    situation.pool.defaults = (IovNetconf){.has_rate = TRUE, .max_rate = 2000};
    situation.wish.max_rate = 2001;
    assert_verdict(&situation, IOV_VERDICT_RATE,
                   "the request asks for up to 2001 Mbit/s, but its pool allows 2000 Mbit/s");
    situation.wish = (IovNetconf){0}; /* the pool's own rate */
    assert_verdict(&situation, IOV_VERDICT_RATE,
                   "adapter enp1s0 runs at 100 Mbit/s, less than the 2000 Mbit/s to be set");
}
END_TEST

START_TEST(a_pool_refuses_more_than_rates)
{
    Situation situation = ordinary();

    situation.wish.trust = IOV_SWITCH_YES;
    assert_verdict(&situation, IOV_VERDICT_POLICY,
                   "the request asks for trust, which its pool does not give");
    situation.pool.defaults.trust = IOV_SWITCH_YES;
    assert_verdict(&situation, IOV_VERDICT_FREE, "may be taken now");
    situation.pool.defaults.has_vlan = situation.wish.has_vlan = TRUE;
    situation.wish.vlan = 42;
    assert_verdict(&situation, IOV_VERDICT_POLICY,
                   "the request asks for VLAN 42, but its pool sets VLAN 0");
}
END_TEST

START_TEST(a_group_is_one_domains)
{
    static const char *const harmless[] = {"",         "vfio-pci",    "mlx5_vfio_pci",
                                           "pci-stub", "xe-vfio-pci", "pcieport"};
    Situation situation = ordinary();

    situation.members[0] =
        (IovCandidateMember){.address = (char *)FUNCTION, .driver = (char *)"igbvf"};
    assert_verdict(&situation, IOV_VERDICT_FREE, "may be taken now");
    for (gsize i = 0; i < G_N_ELEMENTS(harmless); i++) {
        situation.members[1] =
            (IovCandidateMember){.address = (char *)"0000:01:00.0", .driver = (char *)harmless[i]};
        assert_verdict(&situation, IOV_VERDICT_FREE, "may be taken now");
    }
    situation.members[2] =
        (IovCandidateMember){.address = (char *)"0000:00:1f.6", .driver = (char *)"e1000e"};
    assert_verdict(&situation, IOV_VERDICT_GROUP_SHARED,
                   "0000:00:1f.6 of its IOMMU group is bound to driver e1000e");
    situation.members[2] = (IovCandidateMember){.address = (char *)"0000:01:10.2",
                                                .driver = (char *)"vfio-pci",
                                                .domain_uuid = (char *)UUID,
                                                .domain_name = (char *)"vm1"};
    assert_verdict(&situation, IOV_VERDICT_FREE, "may be taken now");
    situation.members[2].domain_uuid = (char *)OTHER;
    situation.members[2].domain_name = (char *)"vm2";
    assert_verdict(&situation, IOV_VERDICT_GROUP_SHARED,
                   "0000:01:10.2 of its IOMMU group is leased to vm2");
}
END_TEST

/* ---- precedence ---- */

static void
make_own(Situation *situation)
{
    lease_to(situation, IOV_LEASE_ACTIVE, UUID, "vm1", "net0");
}

static void
break_policy(Situation *situation)
{
    situation->wish.trust = IOV_SWITCH_YES;
}

static void
exceed_rate(Situation *situation)
{
    situation->wish.has_rate = TRUE;
    situation->wish.max_rate = 5000;
    situation->speed = 1000;
}

static void
be_elsewhere(Situation *situation)
{
    situation->pool.numa = IOV_NUMA_REQUIRE;
    situation->domain_node = 1;
}

static void
lose_link(Situation *situation)
{
    situation->link = IOV_LINK_DOWN;
}

static void
be_foreign(Situation *situation)
{
    lease_to(situation, IOV_LEASE_FOREIGN, NULL, NULL, NULL);
}

static void
be_quarantined(Situation *situation)
{
    lease_to(situation, IOV_LEASE_QUARANTINED, NULL, NULL, NULL);
}

static void
be_scrubbed(Situation *situation)
{
    situation->state = IOV_LEASE_SCRUBBING;
}

static void
be_reclaimable(Situation *situation)
{
    situation->pool.reclaim = TRUE;
    lease_to_other(situation, IOV_LEASE_ACTIVE, 0);
}

static void
be_leased(Situation *situation)
{
    lease_to_other(situation, IOV_LEASE_ACTIVE, 5);
}

static void
share_group(Situation *situation)
{
    situation->members[0] =
        (IovCandidateMember){.address = (char *)"0000:00:1f.6", .driver = (char *)"e1000e"};
}

static void
do_nothing(Situation *situation)
{
    (void)situation;
}

/* In the order in which they are to be found. */
static const struct {
    IovVerdict verdict;
    void (*bring_about)(Situation *situation);
} obstacles[] = {
    {IOV_VERDICT_OWN, make_own},
    {IOV_VERDICT_POLICY, break_policy},
    {IOV_VERDICT_RATE, exceed_rate},
    {IOV_VERDICT_WRONG_NODE, be_elsewhere},
    {IOV_VERDICT_ADAPTER_DOWN, lose_link},
    {IOV_VERDICT_FOREIGN, be_foreign},
    {IOV_VERDICT_QUARANTINED, be_quarantined},
    {IOV_VERDICT_SCRUBBING, be_scrubbed},
    {IOV_VERDICT_RECLAIMABLE, be_reclaimable},
    {IOV_VERDICT_LEASED, be_leased},
    {IOV_VERDICT_GROUP_SHARED, share_group},
    {IOV_VERDICT_FREE, do_nothing},
};

START_TEST(the_wider_cause_is_told)
{
    ck_assert_uint_eq(G_N_ELEMENTS(obstacles), IOV_VERDICTS);
    for (gsize i = 0; i < G_N_ELEMENTS(obstacles); i++) {
        for (gsize j = i; j < G_N_ELEMENTS(obstacles); j++) {
            Situation situation = ordinary();
            g_autofree char *text = NULL;

            obstacles[j].bring_about(&situation);
            obstacles[i].bring_about(&situation);
            IovVerdict got = judge(&situation, &text);
            ck_assert_msg(got == obstacles[i].verdict, "%s and %s: %s",
                          iov_verdict_to_string(obstacles[i].verdict),
                          iov_verdict_to_string(obstacles[j].verdict), iov_verdict_to_string(got));
        }
    }
}
END_TEST

START_TEST(verdicts_have_words)
{
    for (guint i = 0; i < IOV_VERDICTS; i++) {
        IovVerdict back = IOV_VERDICTS;

        ck_assert(iov_verdict_from_string(iov_verdict_to_string(i), &back));
        ck_assert_uint_eq(back, i);
    }
    IovVerdict none = IOV_VERDICT_RATE;
    ck_assert(!iov_verdict_from_string("unknown", &none));
    ck_assert(!iov_verdict_from_string("", &none));
    ck_assert_int_eq(none, IOV_VERDICT_RATE);
    ck_assert_str_eq(iov_verdict_to_string(IOV_VERDICTS), "unknown");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("candidate");
    TCase *tests = tcase_create("candidate");

    tcase_add_test(tests, a_function_that_nobody_has_is_free);
    tcase_add_test(tests, what_the_request_has_is_its_own);
    tcase_add_test(tests, a_holder_is_named);
    tcase_add_test(tests, the_lower_priority_gives_way);
    tcase_add_test(tests, a_function_out_of_use_says_why);
    tcase_add_test(tests, an_adapter_out_of_use_says_why);
    tcase_add_test(tests, a_node_is_in_the_way_where_it_is_required);
    tcase_add_test(tests, a_rate_has_two_limits);
    tcase_add_test(tests, a_pool_refuses_more_than_rates);
    tcase_add_test(tests, a_group_is_one_domains);
    tcase_add_test(tests, the_wider_cause_is_told);
    tcase_add_test(tests, verdicts_have_words);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
