/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Explanations over the fake host: what is said, what is asked for it, and that nothing changes. */
#include "fake-host.h"
#include "iov-explanation-private.h"
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

/* "DOMAIN REQUEST TIER: CODE: REASON", "help: HELP", and a line for each candidate. */
static char *
describe(const IovExplanation *explanation)
{
    const IovStatus *status = iov_explanation_get_status(explanation);
    const char *help = iov_explanation_get_help(explanation);
    GPtrArray *candidates = iov_explanation_get_candidates(explanation);
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "%s %s %s: %s: %s\nhelp: %s\n", iov_status_get_domain_name(status),
                           iov_status_get_request(status),
                           iov_tier_to_string(iov_status_get_tier(status)),
                           iov_reason_to_string(iov_status_get_reason_code(status)),
                           iov_status_get_reason(status), help != NULL ? help : "-");
    for (guint i = 0; i < candidates->len; i++) {
        const IovCandidate *candidate = candidates->pdata[i];

        g_string_append_printf(text, "%s %s: %s\n",
                               iov_lease_get_function(iov_candidate_get_lease(candidate)),
                               iov_verdict_to_string(iov_candidate_get_verdict(candidate)),
                               iov_candidate_get_text(candidate));
    }
    return g_string_free(text, FALSE);
}

/* @domain: what is asked for; @with: what the façade is given of its XML. */
static void
assert_explained(const IovDomain *domain, const IovDomain *with, const char *request,
                 const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list =
        iov_manager_explain(world.manager, domain->uuid, request, with, &error);
    g_autoptr(GString) text = g_string_new(NULL);

    assert_done(list != NULL, error);
    for (guint i = 0; i < list->len; i++) {
        g_autofree char *part = describe(list->pdata[i]);
        g_string_append(text, part);
    }
    ck_assert_str_eq(text->str, expected);
}

/* Pool "fast" over enp1s0 with two functions, and @more in its definition. */
static void
start_pool(const char *more)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml =
        g_strdup_printf("<iovpool><name>fast</name><class>net</class><adapters>"
                        "<adapter netdev='enp1s0' vfs='2'/></adapters>%s</iovpool>",
                        more);
    g_autoptr(IovPool) pool =
        iov_manager_define_pool(world.manager, xml, strlen(xml), "fast.xml", &error);

    assert_done(pool != NULL, error);
    assert_done(iov_manager_start_pool(world.manager, "fast", NULL, &error), error);
}

static void
start_domain(const IovDomain *domain)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_manager_prepare(world.manager, domain, &error), error);
    assert_done(iov_manager_started(world.manager, domain, &error), error);
}

static int
group_of(const char *function)
{
    g_autoptr(GPtrArray) list = iov_manager_list_functions(world.manager, NULL, NULL);

    for (guint i = 0; i < list->len; i++)
        if (strcmp(((IovLease *)list->pdata[i])->function, function) == 0)
            return ((IovLease *)list->pdata[i])->iommu_group;
    ck_abort_msg("no function %s", function);
}

START_TEST(a_request_that_is_served_has_its_function)
{
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");

    start_pool("");
    world_run_lifted(&world, vm1);
    assert_explained(vm1, NULL, NULL,
                     "vm1 net0 passthrough: none: \nhelp: -\n"
                     "0000:01:10.0 own: the request has it: active\n"
                     "0000:01:10.2 free: may be taken now\n");
}
END_TEST

START_TEST(every_holder_of_an_exhausted_pool_is_named)
{
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "priority='7'", "");
    g_autoptr(IovDomain) vm2 = world_domain("vm2", "priority='-2'", "");
    g_autoptr(IovDomain) vm3 = world_domain("vm3", "", "");

    start_pool("");
    world_run_lifted(&world, vm1);
    start_domain(vm2);
    start_domain(vm3);
    assert_explained(vm3, NULL, "net0",
                     "vm3 net0 direct: exhausted: all 2 functions of pool fast are leased\n"
                     "help: stop or detach a holder (`iovpool detach vm2 net0`), raise the "
                     "request's priority, or add an adapter (`iovpool edit fast`)\n"
                     "0000:01:10.0 leased: vm1 (net0), priority 7\n"
                     "0000:01:10.2 leased: vm2 (net0), priority -2, reserved\n");
    /* it has a function, and nobody has noted more */
    assert_explained(vm2, NULL, NULL,
                     "vm2 net0 direct: none: function 0000:01:10.2 is reserved\n"
                     "help: the agent gives it a function: `systemctl status iovpoold`; `iovpool "
                     "attach vm2 net0` does so at once\n"
                     "0000:01:10.0 leased: vm1 (net0), priority 7\n"
                     "0000:01:10.2 own: the request has it: reserved\n");
}
END_TEST

START_TEST(a_pool_takes_back_from_lower_priorities)
{
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "priority='7'", "");
    g_autoptr(IovDomain) vm2 = world_domain("vm2", "priority='-2'", "");
    g_autoptr(IovDomain) vm3 = world_domain("vm3", "", "");

    start_pool("<reclaim>yes</reclaim>");
    world_run_lifted(&world, vm1);
    world_run_lifted(&world, vm2);
    start_domain(vm3);
    assert_explained(vm3, NULL, NULL,
                     "vm3 net0 direct: exhausted: all 2 functions of pool fast are leased\n"
                     "help: wait until the agent takes one back from a request of lower priority; "
                     "`iovpool detach vm2 net0` does so at once\n"
                     "0000:01:10.0 leased: vm1 (net0), priority 7\n"
                     "0000:01:10.2 reclaimable: vm2 (net0), priority -2\n");
}
END_TEST

START_TEST(a_stopped_pool_has_no_candidates)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    g_autoptr(GPtrArray) list = NULL;

    /* no ledger */
    assert_explained(vm1, vm1, NULL,
                     "vm1 net0 none: pool-stopped: pool fast is not started\n"
                     "help: `iovpool start fast`\n");
    start_pool("");
    assert_done(iov_manager_destroy_pool(world.manager, "fast", &error), error);
    start_domain(vm1);
    assert_explained(vm1, NULL, NULL,
                     "vm1 net0 direct: pool-stopped: pool fast is not started\n"
                     "help: `iovpool start fast`\n");
    assert_done(iov_manager_start_pool(world.manager, "fast", NULL, &error), error);
    assert_explained(vm1, NULL, NULL,
                     "vm1 net0 direct: none: function 0000:01:10.0 is free\n"
                     "help: the agent gives it a function: `systemctl status iovpoold`; `iovpool "
                     "attach vm1 net0` does so at once\n"
                     "0000:01:10.0 free: may be taken now\n"
                     "0000:01:10.2 free: may be taken now\n");
    list = iov_manager_explain(world.manager, vm1->uuid, NULL, NULL, &error);
    ck_assert(iov_explanation_get_active(list->pdata[0]));
}
END_TEST

START_TEST(a_domain_that_does_not_run_hears_what_it_would_meet)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    g_autoptr(IovDomain) vm2 = world_domain("vm2", "", "");
    g_autoptr(GPtrArray) list = NULL;

    start_pool("<placement numa='require'/>");
    assert_explained(vm1, vm1, NULL,
                     "vm1 net0 none: none: function 0000:01:10.0 is free\n"
                     "help: `virsh start vm1`\n"
                     "0000:01:10.0 free: may be taken now\n"
                     "0000:01:10.2 free: may be taken now\n");
    vm1->numa_node = 1;
    assert_explained(vm1, vm1, NULL,
                     "vm1 net0 none: exhausted: pool fast has no function on NUMA node 1\n"
                     "help: move the domain to the adapters' NUMA node, or let the pool only "
                     "prefer it (numa='prefer'): `iovpool edit fast`\n"
                     "0000:01:10.0 wrong-node: adapter enp1s0 is on NUMA node 0, the domain on "
                     "node 1\n"
                     "0000:01:10.2 wrong-node: adapter enp1s0 is on NUMA node 0, the domain on "
                     "node 1\n");
    list = iov_manager_explain(world.manager, vm1->uuid, NULL, vm1, &error);
    assert_done(list != NULL, error);
    ck_assert(!iov_explanation_get_active(list->pdata[0]));
    ck_assert_int_eq(iov_status_get_since(iov_explanation_get_status(list->pdata[0])), 0);
    /* a running one is known to the ledger */
    vm2->numa_node = 1;
    start_domain(vm2);
    assert_explained(vm2, vm2, NULL,
                     "vm2 net0 direct: exhausted: pool fast has no function on NUMA node 1\n"
                     "help: move the domain to the adapters' NUMA node, or let the pool only "
                     "prefer it (numa='prefer'): `iovpool edit fast`\n"
                     "0000:01:10.0 wrong-node: adapter enp1s0 is on NUMA node 0, the domain on "
                     "node 1\n"
                     "0000:01:10.2 wrong-node: adapter enp1s0 is on NUMA node 0, the domain on "
                     "node 1\n");
}
END_TEST

START_TEST(limits_are_told)
{
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    IovRequest *request = vm1->requests->pdata[0];

    start_pool("");
    request->netconf.has_rate = TRUE;
    request->netconf.max_rate = 2000; /* the igb has 1000 */
    assert_explained(vm1, vm1, NULL,
                     "vm1 net0 none: refused: adapter enp1s0 runs at 1000 Mbit/s, less than the "
                     "2000 Mbit/s to be set\n"
                     "help: ask for a lower rate, or raise the pool's limit: `iovpool edit fast`\n"
                     "0000:01:10.0 rate: adapter enp1s0 runs at 1000 Mbit/s, less than the 2000 "
                     "Mbit/s to be set\n"
                     "0000:01:10.2 rate: adapter enp1s0 runs at 1000 Mbit/s, less than the 2000 "
                     "Mbit/s to be set\n");
    request->netconf.max_rate = 1000;
    assert_explained(vm1, vm1, NULL,
                     "vm1 net0 none: none: function 0000:01:10.0 is free\n"
                     "help: `virsh start vm1`\n"
                     "0000:01:10.0 free: may be taken now\n"
                     "0000:01:10.2 free: may be taken now\n");
}
END_TEST

START_TEST(a_member_of_the_group_is_named)
{
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    g_autoptr(IovDomain) vm2 = world_domain("vm2", "", "");

    start_pool("");
    fake_host_add_neighbour(world.host, group_of("0000:01:10.2"), "0000:00:1f.6", "e1000e");
    assert_explained(vm1, vm1, NULL,
                     "vm1 net0 none: none: function 0000:01:10.0 is free\n"
                     "help: `virsh start vm1`\n"
                     "0000:01:10.0 free: may be taken now\n"
                     "0000:01:10.2 group-shared: 0000:00:1f.6 of its IOMMU group is bound to "
                     "driver e1000e\n");
    fake_host_add_neighbour(world.host, group_of("0000:01:10.0"), "0000:01:10.2", "vfio-pci");
    assert_explained(vm1, vm1, NULL,
                     "vm1 net0 none: none: function 0000:01:10.0 is free\n"
                     "help: `virsh start vm1`\n"
                     "0000:01:10.0 free: may be taken now\n"
                     "0000:01:10.2 group-shared: 0000:00:1f.6 of its IOMMU group is bound to "
                     "driver e1000e\n");
    /* its neighbour goes to another domain */
    start_domain(vm2);
    fake_host_add_neighbour(world.host, group_of("0000:01:10.2"), "0000:01:10.0", "vfio-pci");
    assert_explained(vm1, vm1, NULL,
                     "vm1 net0 none: exhausted: no function of pool fast may be taken\n"
                     "help: stop or detach a holder (`iovpool detach vm2 net0`), raise the "
                     "request's priority, or add an adapter (`iovpool edit fast`)\n"
                     "0000:01:10.0 leased: vm2 (net0), priority 0, reserved\n"
                     "0000:01:10.2 group-shared: 0000:00:1f.6 of its IOMMU group is bound to "
                     "driver e1000e\n");
}
END_TEST

START_TEST(functions_out_of_use_say_why)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    g_autoptr(IovDomain) vm2 = world_domain("vm2", "", "");

    assert_done(iov_host_set_num_vfs(world.host, "0000:01:00.0", 2, &error), error);
    fake_host_set_user(world.host, "0000:01:10.0", "netdev enp1s0v0 is up");
    start_pool("");
    world_run_lifted(&world, vm1);
    assert_done(iov_manager_release(world.manager, vm1->uuid, &error), error);
    assert_explained(vm2, vm2, NULL,
                     "vm2 net0 none: exhausted: no function of pool fast is free: 1 leased, 1 "
                     "quarantined or foreign\n"
                     "help: wait until the function that came back is clean: `systemctl status "
                     "iovpoold`\n"
                     "0000:01:10.0 foreign: netdev enp1s0v0 is up\n"
                     "0000:01:10.2 scrubbing: being cleaned after vm1 (net0)\n");
    fake_host_set_holder(world.host, group_of("0000:01:10.2"), 0);
    fake_host_set_carrier(world.host, "enp1s0", FALSE);
    assert_done(iov_manager_scrub_pending(world.manager, NULL, &error), error);
    assert_explained(vm2, vm2, NULL,
                     "vm2 net0 none: exhausted: no function of pool fast may be taken\n"
                     "help: mend the adapter's link (`iovpool adapters` shows it) or add another "
                     "adapter (`iovpool edit fast`)\n"
                     "0000:01:10.0 adapter-down: adapter enp1s0: no carrier\n"
                     "0000:01:10.2 adapter-down: adapter enp1s0: no carrier\n");
}
END_TEST

START_TEST(a_hostdev_of_the_domains_own_has_one_candidate)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *device = world_hostdev("0000:01:10.2", "ua-nic");
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", device);

    start_pool("");
    start_domain(vm1);
    assert_explained(vm1, NULL, "ua-nic",
                     "vm1 ua-nic passthrough: static: a hostdev of the domain's own\n"
                     "help: a device of the domain's own has no floor and never changes its "
                     "function: `iovpool request` puts a request in its place\n"
                     "0000:01:10.2 own: the request has it: active\n");
    g_autoptr(GPtrArray) all = iov_manager_explain(world.manager, vm1->uuid, NULL, NULL, &error);
    assert_done(all != NULL, error);
    ck_assert_uint_eq(all->len, 2);
}
END_TEST

START_TEST(what_is_not_there_is_not_found)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");

    assert_fails(iov_manager_explain(world.manager, vm1->uuid, NULL, NULL, &error) != NULL, error,
                 IOV_ERROR_NOT_FOUND, "no request that is known");
    assert_fails(iov_manager_explain(world.manager, vm1->uuid, "net1", vm1, &error) != NULL, error,
                 IOV_ERROR_NOT_FOUND, "no request 'net1'");
    start_pool("");
    start_domain(vm1);
    assert_fails(iov_manager_explain(world.manager, vm1->uuid, "net1", vm1, &error) != NULL, error,
                 IOV_ERROR_NOT_FOUND, "no request 'net1'");
}
END_TEST

/* ---- what is asked of the host ---- */

static const IovHostOperations *real;
static IovHostOperations watched;
static struct {
    guint adapters, links, groups;
    gboolean refuse;
} asked;

static IovAdapter *
watch_adapter(IovHost *host, const char *address, GError **error)
{
    asked.adapters++;
    if (!asked.refuse)
        return real->get_adapter(host, address, error);
    iov_error_set(error, IOV_ERROR_HOST, "no answer");
    return NULL;
}

static gboolean
watch_link(IovHost *host, const char *netdev, IovLink *link, GError **error)
{
    asked.links++;
    if (!asked.refuse)
        return real->get_link(host, netdev, link, error);
    return iov_error_set(error, IOV_ERROR_HOST, "no answer");
}

static GStrv
watch_group(IovHost *host, int iommu_group, GError **error)
{
    asked.groups++;
    if (!asked.refuse)
        return real->list_group(host, iommu_group, error);
    iov_error_set(error, IOV_ERROR_HOST, "no answer");
    return NULL;
}

static void
watch_host(gboolean refuse)
{
    real = world.manager->host->operations;
    watched = *real;
    watched.get_adapter = watch_adapter;
    watched.get_link = watch_link;
    watched.list_group = watch_group;
    world.manager->host->operations = &watched;
    memset(&asked, 0, sizeof(asked));
    asked.refuse = refuse;
}

START_TEST(no_more_is_asked_than_is_needed)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    IovRequest *second = NULL;

    world_start_pool(&world, "7");
    for (guint i = 0; i < 9; i++) {
        g_autofree char *name = g_strdup_printf("vm%u", i);
        g_autoptr(IovDomain) domain = world_domain(name, "", "");
        start_domain(domain);
    }
    /* vm1 has a second request, of the same pool */
    second = iov_request_create("net1", "fast", &error);
    assert_done(second != NULL, error);
    g_ptr_array_add(vm1->requests, second);
    assert_done(iov_manager_adopt_request(world.manager, vm1, "net1", &error), error);
    watch_host(FALSE);
    g_autoptr(GPtrArray) list = iov_manager_explain(world.manager, vm1->uuid, NULL, NULL, &error);
    assert_done(list != NULL, error);
    ck_assert_uint_eq(list->len, 2);
    ck_assert_uint_eq(iov_explanation_get_candidates(list->pdata[1])->len, 14);
    ck_assert_uint_eq(asked.links, 2);    /* one an adapter */
    ck_assert_uint_eq(asked.groups, 5);   /* one a free function */
    ck_assert_uint_eq(asked.adapters, 0); /* no rate is set */
}
END_TEST

START_TEST(the_ledger_is_enough)
{
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    g_autoptr(IovDomain) vm2 = world_domain("vm2", "", "");
    IovRequest *request = vm2->requests->pdata[0];

    start_pool("");
    start_domain(vm1);
    fake_host_set_carrier(world.host, "enp1s0", FALSE);
    fake_host_add_neighbour(world.host, group_of("0000:01:10.2"), "0000:00:1f.6", "e1000e");
    request->netconf.has_rate = TRUE;
    request->netconf.max_rate = 2000;
    watch_host(TRUE);
    assert_explained(vm2, vm2, NULL,
                     "vm2 net0 none: none: function 0000:01:10.2 is free\n"
                     "help: `virsh start vm2`\n"
                     "0000:01:10.0 leased: vm1 (net0), priority 0, reserved\n"
                     "0000:01:10.2 free: may be taken now\n");
    ck_assert_uint_eq(asked.links, 1);
    ck_assert_uint_eq(asked.groups, 1);
    ck_assert_uint_eq(asked.adapters, 1);
}
END_TEST

static char *
read_ledger(gsize *length)
{
    g_autofree char *path = g_build_filename(world.root, "run/iovpool/ledger.db", NULL);
    char *data = NULL;

    ck_assert(g_file_get_contents(path, &data, length, NULL));
    return data;
}

START_TEST(nothing_is_changed)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    g_autoptr(IovDomain) vm2 = world_domain("vm2", "", "");
    gsize before_length = 0, after_length = 0;

    start_pool("");
    start_domain(vm1);
    /* a free function that is gone: a start would mark it */
    fake_host_remove(world.host, "0000:01:10.2");
    g_autofree char *before = read_ledger(&before_length);
    guint effects = fake_host_count_effects(world.host);
    g_autoptr(GPtrArray) active = iov_manager_explain(world.manager, vm1->uuid, NULL, vm1, &error);
    assert_done(active != NULL, error);
    g_autoptr(GPtrArray) inactive =
        iov_manager_explain(world.manager, vm2->uuid, NULL, vm2, &error);
    assert_done(inactive != NULL, error);
    g_autofree char *after = read_ledger(&after_length);
    ck_assert_uint_eq(fake_host_count_effects(world.host), effects);
    ck_assert_uint_eq(before_length, after_length);
    ck_assert_mem_eq(before, after, before_length);
    g_autofree char *status = world_status(&world, vm1);
    ck_assert_str_eq(status, "direct|");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("manager-explain");
    TCase *tests = tcase_create("manager-explain");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_request_that_is_served_has_its_function);
    tcase_add_test(tests, every_holder_of_an_exhausted_pool_is_named);
    tcase_add_test(tests, a_pool_takes_back_from_lower_priorities);
    tcase_add_test(tests, a_stopped_pool_has_no_candidates);
    tcase_add_test(tests, a_domain_that_does_not_run_hears_what_it_would_meet);
    tcase_add_test(tests, limits_are_told);
    tcase_add_test(tests, a_member_of_the_group_is_named);
    tcase_add_test(tests, functions_out_of_use_say_why);
    tcase_add_test(tests, a_hostdev_of_the_domains_own_has_one_candidate);
    tcase_add_test(tests, what_is_not_there_is_not_found);
    tcase_add_test(tests, no_more_is_asked_than_is_needed);
    tcase_add_test(tests, the_ledger_is_enough);
    tcase_add_test(tests, nothing_is_changed);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
