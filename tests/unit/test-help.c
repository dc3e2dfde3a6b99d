/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iov-help.h"
#include "test-support.h"

#include <string.h>

#define UUID "11111111-1111-4111-8111-111111111111"
#define OTHER "22222222-2222-4222-8222-222222222222"

static IovStatus
waiting(IovReason code)
{
    return (IovStatus){.domain_uuid = (char *)UUID,
                       .domain_name = (char *)"vm1",
                       .request = (char *)"net0",
                       .pool = (char *)"fast",
                       .code = code,
                       .tier = IOV_TIER_DIRECT};
}

static GPtrArray *
no_candidates(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)iov_candidate_unref);
}

static void
add_candidate(GPtrArray *candidates, IovVerdict verdict)
{
    g_autoptr(IovLease) lease = iov_lease_new();

    g_ptr_array_add(candidates, iov_candidate_new(lease, NULL, verdict, g_strdup("")));
}

/* Held by request net0 of @domain, or by a hostdev of its own. */
static void
add_held(GPtrArray *candidates, IovVerdict verdict, const char *domain, int priority,
         gboolean is_static)
{
    g_autoptr(IovLease) lease = iov_lease_new();
    g_autoptr(IovStatus) holder = iov_status_new();

    lease->domain_name = g_strdup(domain);
    lease->domain_uuid = g_strdup(OTHER);
    lease->request = g_strdup("net0");
    holder->priority = priority;
    holder->is_static = is_static;
    g_ptr_array_add(candidates, iov_candidate_new(lease, holder, verdict, g_strdup("")));
}

static void
assert_help(const IovStatus *status, GPtrArray *candidates, const char *part)
{
    g_autofree char *help = iov_help_for(status, TRUE, candidates);

    ck_assert_ptr_nonnull(help);
    ck_assert_msg(strstr(help, part) != NULL, "'%s' is not in '%s'", part, help);
    ck_assert_msg(strpbrk(help, "{}\n") == NULL, "not filled in: '%s'", help);
}

START_TEST(each_reason_has_help)
{
    static const char *const parts[] = {
        [IOV_REASON_NONE] = "`iovpool attach vm1 net0` does so at once",
        [IOV_REASON_ADAPTER_DOWN] = "`iovpool edit fast`",
        [IOV_REASON_ATTACHING] = "wait until QEMU has opened the function",
        [IOV_REASON_BUSY] = "`virsh domjobabort vm1`",
        [IOV_REASON_EXHAUSTED] = "add an adapter to the pool: `iovpool edit fast`",
        [IOV_REASON_GUEST_KEEPS] = "`virsh resume vm1`",
        [IOV_REASON_IN_TRANSIT] = "`virsh domjobinfo vm1`",
        [IOV_REASON_MEMORY] = "free memory on the host",
        [IOV_REASON_NEGOTIATION] = "net_failover",
        [IOV_REASON_NO_PORT] = "the next start has it",
        [IOV_REASON_PARKED] = "`iovpool attach vm1 net0`",
        [IOV_REASON_POOL_STOPPED] = "`iovpool start fast`",
        [IOV_REASON_RECLAIMED] = "raise its priority",
        [IOV_REASON_REFUSED] = "`journalctl -u iovpoold`",
        [IOV_REASON_STATIC] = "`iovpool request` puts a request in its place",
        [IOV_REASON_UNPLUG] = "wait until QEMU has closed the function",
    };
    g_autoptr(GPtrArray) candidates = no_candidates();

    ck_assert_str_eq(iov_reason_to_string(G_N_ELEMENTS(parts)), "unknown");
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        const IovStatus status = waiting(i);

        assert_help(&status, candidates, parts[i]);
    }
}
END_TEST

START_TEST(the_least_effort_comes_first)
{
    static const struct {
        IovVerdict verdict;
        const char *part;
    } order[] = {
        {IOV_VERDICT_POLICY, "allow it there"},
        {IOV_VERDICT_RATE, "ask for a lower rate"},
        {IOV_VERDICT_WRONG_NODE, "numa='prefer'"},
        {IOV_VERDICT_QUARANTINED, "out of quarantine"},
        {IOV_VERDICT_FOREIGN, "outside the pool"},
        {IOV_VERDICT_GROUP_SHARED, "IOMMU group"},
        {IOV_VERDICT_ADAPTER_DOWN, "mend the adapter's link"},
        {IOV_VERDICT_LEASED, "stop a domain that has a function"},
        {IOV_VERDICT_RECLAIMABLE, "takes one back"},
        {IOV_VERDICT_SCRUBBING, "is clean"},
        {IOV_VERDICT_FREE, "`iovpool attach vm1 net0` does so at once"},
    };
    const IovStatus status = waiting(IOV_REASON_EXHAUSTED);
    g_autoptr(GPtrArray) candidates = no_candidates();

    add_candidate(candidates, IOV_VERDICT_OWN);
    for (gsize i = 0; i < G_N_ELEMENTS(order); i++) {
        if (order[i].verdict == IOV_VERDICT_RECLAIMABLE)
            add_held(candidates, order[i].verdict, "vm2", 0, FALSE);
        else
            add_candidate(candidates, order[i].verdict);
        assert_help(&status, candidates, order[i].part);
    }
}
END_TEST

START_TEST(limits_explain_a_refusal)
{
    const IovStatus status = waiting(IOV_REASON_REFUSED);
    g_autoptr(GPtrArray) candidates = no_candidates();

    add_candidate(candidates, IOV_VERDICT_FREE);
    assert_help(&status, candidates, "`journalctl -u iovpoold`");
    add_candidate(candidates, IOV_VERDICT_RATE);
    assert_help(&status, candidates, "ask for a lower rate");
}
END_TEST

START_TEST(the_lowest_priority_is_named)
{
    const IovStatus status = waiting(IOV_REASON_EXHAUSTED);
    g_autoptr(GPtrArray) candidates = no_candidates();

    add_held(candidates, IOV_VERDICT_LEASED, "vm0", -9, TRUE);
    assert_help(&status, candidates, "stop a domain that has a function");
    add_held(candidates, IOV_VERDICT_LEASED, "vm2", 3, FALSE);
    assert_help(&status, candidates, "(`iovpool detach vm2 net0`)");
    add_held(candidates, IOV_VERDICT_LEASED, "vm3", 3, FALSE);
    assert_help(&status, candidates, "(`iovpool detach vm2 net0`)");
    add_held(candidates, IOV_VERDICT_LEASED, "vm4", 2, FALSE);
    assert_help(&status, candidates, "(`iovpool detach vm4 net0`)");
    add_held(candidates, IOV_VERDICT_FOREIGN, "vm5", 1, FALSE);
    assert_help(&status, candidates, "(`iovpool detach vm4 net0`)");
}
END_TEST

/* A command is pasted into a root shell. */
START_TEST(hostile_names_are_not_in_commands)
{
    static const char *const names[] = {"vm1; rm x", "$(id)",    "`id`",     "-rf",    "vm{pool}",
                                        "a\nb",      "'quoted'", "\033[31m", "v\xc3m", ""};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        IovStatus status = waiting(IOV_REASON_PARKED);
        g_autoptr(GPtrArray) candidates = no_candidates();

        status.domain_name = (char *)names[i];
        assert_help(&status, candidates, "`iovpool attach " UUID " net0`");
        status = waiting(IOV_REASON_EXHAUSTED);
        add_held(candidates, IOV_VERDICT_LEASED, names[i], 0, FALSE);
        assert_help(&status, candidates, "(`iovpool detach " OTHER " net0`)");
        status = waiting(IOV_REASON_PARKED);
        status.request = (char *)names[i];
        assert_help(&status, candidates, "`iovpool attach vm1 REQUEST`");
    }
}
END_TEST

START_TEST(what_is_well_needs_no_help)
{
    IovStatus status = waiting(IOV_REASON_NONE);
    g_autoptr(GPtrArray) candidates = no_candidates();

    status.tier = IOV_TIER_PASSTHROUGH;
    ck_assert_ptr_null(iov_help_for(&status, TRUE, candidates));
    status.code = IOV_REASON_UNPLUG;
    assert_help(&status, candidates, "wait until QEMU has closed the function");
}
END_TEST

START_TEST(a_domain_that_does_not_run_is_started)
{
    IovStatus status = waiting(IOV_REASON_NONE);
    g_autoptr(GPtrArray) candidates = no_candidates();
    g_autofree char *help = NULL;

    status.tier = IOV_TIER_NONE;
    help = iov_help_for(&status, FALSE, candidates);
    ck_assert_str_eq(help, "`virsh start vm1`");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("help");
    TCase *tests = tcase_create("help");

    tcase_add_test(tests, each_reason_has_help);
    tcase_add_test(tests, the_least_effort_comes_first);
    tcase_add_test(tests, limits_explain_a_refusal);
    tcase_add_test(tests, the_lowest_priority_is_named);
    tcase_add_test(tests, hostile_names_are_not_in_commands);
    tcase_add_test(tests, what_is_well_needs_no_help);
    tcase_add_test(tests, a_domain_that_does_not_run_is_started);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
