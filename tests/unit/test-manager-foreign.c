/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Functions that somebody outside the pool uses, and what becomes of them: pool "fast" takes up two
 * VFs of enp1s0 that a host's driver has.
 */
#include "fake-host.h"
#include "manager-support.h"
#include "test-support.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PF "0000:01:00.0"
#define FUNCTION "0000:01:10.0"
#define NETDEV "enp1s0v0"
#define TAKEN "function " FUNCTION ": nobody uses it any more, it is the pool's"

static World world;

static void
set_up(void)
{
    g_autoptr(GError) error = NULL;

    world_set_up(&world);
    assert_done(iov_host_set_num_vfs(world.host, PF, 2, &error), error);
}

static void
tear_down(void)
{
    world_tear_down(&world);
}

/* (transfer full) */
static GStrv
start_pool_with_notes(void)
{
    static const char *const adapters[] = {"enp1s0", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) pool = iov_manager_create_pool(world.manager, "fast", adapters, "2", &error);
    GStrv notes = NULL;

    assert_done(pool != NULL, error);
    assert_done(iov_manager_start_pool(world.manager, "fast", &notes, &error), error);
    return notes;
}

static void
start_pool(void)
{
    g_auto(GStrv) notes = start_pool_with_notes();

    ck_assert_ptr_null(notes[0]);
}

/* With these domains running (NULL-terminated); the lines, joined. */
static char *
reconcile_at(gint64 listed_at, IovDomain *domain)
{
    g_autoptr(GPtrArray) domains = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) changes = NULL;

    if (domain != NULL)
        g_ptr_array_add(domains, domain);
    assert_done(iov_manager_reconcile(world.manager, domains, listed_at, &changes, &error), error);
    return g_strjoinv("\n", changes);
}

static void
assert_reconcile(IovDomain *domain, const char *expected)
{
    g_autofree char *lines = reconcile_at(G_MAXINT64, domain);
    g_autofree char *again = NULL;

    ck_assert_str_eq(lines, expected);
    again = reconcile_at(G_MAXINT64, domain);
    ck_assert_str_eq(again, "");
}

/* "STATE DOMAIN REQUEST: REASON", or what there is of it. */
static char *
describe(void)
{
    g_autofree char *state = world_function(&world, FUNCTION);
    g_autoptr(GPtrArray) list = iov_manager_list_functions(world.manager, NULL, NULL);
    const char *reason = iov_lease_get_reason(g_ptr_array_index(list, 0));

    return reason != NULL ? g_strdup_printf("%s: %s", state, reason) : g_steal_pointer(&state);
}

static void
assert_function(const char *expected)
{
    g_autofree char *text = describe();

    ck_assert_str_eq(text, expected);
}

static void
assert_driver(const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *driver = iov_host_get_driver(world.host, FUNCTION, &error);

    assert_done(driver != NULL, error);
    ck_assert_str_eq(driver, expected);
}

static void
scrub(void)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_manager_scrub_pending(world.manager, NULL, &error), error);
}

static void
bind_to_vfio(void)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_host_unbind(world.host, FUNCTION, &error), error);
    assert_done(iov_host_set_driver_override(world.host, FUNCTION, "vfio-pci", &error), error);
    assert_done(iov_host_probe(world.host, FUNCTION, "vfio-pci", &error), error);
}

START_TEST(an_idle_netdev_that_was_up_is_taken)
{
    g_autoptr(GError) error = NULL;

    fake_host_set_netdev_up(world.host, NETDEV, TRUE);
    start_pool();
    assert_function("foreign: netdev enp1s0v0 is up");
    assert_reconcile(NULL, "");
    assert_driver("igbvf");
    fake_host_set_netdev_up(world.host, NETDEV, FALSE);
    assert_reconcile(NULL, TAKEN);
    assert_function("scrubbing");
    assert_driver("vfio-pci");
    scrub();
    assert_function("free");
    assert_done(iov_manager_destroy_pool(world.manager, "fast", &error), error);
    assert_driver("igbvf");
}
END_TEST

START_TEST(a_function_without_user_is_taken)
{
    fake_host_set_user(world.host, FUNCTION, "a test uses it");
    start_pool();
    assert_function("foreign: a test uses it");
    fake_host_set_user(world.host, FUNCTION, "another uses it");
    assert_reconcile(NULL, "");
    assert_function("foreign: another uses it");
    fake_host_set_user(world.host, FUNCTION, NULL);
    assert_reconcile(NULL, TAKEN);
    scrub();
    assert_function("free");
}
END_TEST

/* A process that is no domain of libvirt's, or of one that cannot be read. */
START_TEST(a_function_that_a_process_holds_stays)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovAdapter) adapter = iov_host_get_adapter(world.host, PF, &error);
    const IovFunction *function = g_ptr_array_index(adapter->functions, 0);

    bind_to_vfio();
    fake_host_set_holder(world.host, function->iommu_group, 4711);
    start_pool();
    assert_function("foreign: process 4711 holds it");
    assert_reconcile(NULL, "");
    assert_function("foreign: process 4711 holds it");
    fake_host_set_holder(world.host, function->iommu_group, 0);
    assert_reconcile(NULL, TAKEN);
    scrub();
    assert_function("free");
}
END_TEST

/* prepare, which looks at what it is about to lease, found another driver there. */
static void
find_driver_gone(const char *driver)
{
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", "");
    g_autoptr(GError) error = NULL;

    start_pool();
    assert_done(iov_host_unbind(world.host, FUNCTION, &error), error);
    assert_done(iov_host_set_driver_override(world.host, FUNCTION, driver, &error), error);
    if (driver != NULL)
        assert_done(iov_host_probe(world.host, FUNCTION, driver, &error), error);
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    assert_done(iov_manager_release(world.manager, vm1->uuid, &error), error);
}

START_TEST(a_function_without_driver_is_bound_and_cleaned)
{
    find_driver_gone(NULL);
    assert_function("foreign: bound to no driver");
    assert_reconcile(NULL, TAKEN);
    assert_driver("vfio-pci");
    scrub();
    assert_function("free");
}
END_TEST

START_TEST(a_driver_that_the_start_did_not_find_is_respected)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_host_unbind(world.host, FUNCTION, &error), error);
    find_driver_gone("igbvf");
    assert_function("foreign: bound to driver igbvf");
    assert_reconcile(NULL, "");
    assert_function("foreign: bound to driver igbvf");
    assert_driver("igbvf");
}
END_TEST

/* A group is vfio's as a whole, or nobody can have it. */
START_TEST(a_group_with_a_driver_of_the_host_is_nobodys)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovAdapter) adapter = iov_host_get_adapter(world.host, PF, &error);
    const IovFunction *function = g_ptr_array_index(adapter->functions, 0);
    g_auto(GStrv) notes = NULL;

    fake_host_add_neighbour(world.host, function->iommu_group, "0000:00:1c.0", "pcieport");
    fake_host_add_neighbour(world.host, function->iommu_group, "0000:00:1f.6", "e1000e");
    notes = start_pool_with_notes();
    ck_assert_str_eq(notes[0], "enp1s0: no domain can have 1 of its functions: 0000:00:1f.6 of its "
                               "IOMMU group is bound to driver e1000e");
    ck_assert_ptr_null(notes[1]);
    assert_function("foreign: 0000:00:1f.6 of its IOMMU group is bound to driver e1000e");
    assert_reconcile(NULL, "");
    assert_function("foreign: 0000:00:1f.6 of its IOMMU group is bound to driver e1000e");
    fake_host_add_neighbour(world.host, function->iommu_group, "0000:00:1f.6", "");
    assert_reconcile(NULL, TAKEN);
    scrub();
    assert_function("free");
    assert_done(iov_manager_destroy_pool(world.manager, "fast", &error), error);
    assert_driver("igbvf");
}
END_TEST

START_TEST(a_hostdev_of_a_running_domain_is_a_user)
{
    g_autofree char *device = world_hostdev(FUNCTION, "ua-nic");
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", device);

    g_ptr_array_set_size(vm1->requests, 0);
    fake_host_set_user(world.host, FUNCTION, "a test uses it");
    start_pool();
    fake_host_set_user(world.host, FUNCTION, NULL);
    assert_reconcile(vm1, "domain vm1: function " FUNCTION " taken up for ua-nic");
    assert_function("active vm1 ua-nic");
}
END_TEST

/* libvirt has not listed it yet, and QEMU not opened the device. */
START_TEST(a_domain_that_is_about_to_use_it_is_a_user)
{
    g_autofree char *device = world_hostdev(FUNCTION, "ua-nic");
    g_autoptr(IovDomain) vm1 = world_domain("vm1", "", device);
    g_autoptr(GError) error = NULL;
    gint64 listed_at;

    fake_host_set_user(world.host, FUNCTION, "a test uses it");
    start_pool();
    fake_host_set_user(world.host, FUNCTION, NULL);
    fake_host_advance(world.host, 1);
    listed_at = iov_host_get_time(world.host);
    fake_host_advance(world.host, 1);
    assert_done(iov_manager_prepare(world.manager, vm1, &error), error);
    assert_function("foreign: domain vm1 is about to use it");
    g_autofree char *lines = reconcile_at(listed_at, NULL);
    ck_assert_str_eq(lines, "");
    assert_function("foreign: domain vm1 is about to use it");
    fake_host_advance(world.host, 1);
    g_autofree char *later = reconcile_at(iov_host_get_time(world.host), vm1);
    ck_assert_ptr_nonnull(strstr(later, "function " FUNCTION " taken up for ua-nic"));
}
END_TEST

/* It may be the failover device of a guest that has not negotiated, which QEMU does not open. */
START_TEST(a_domain_that_cannot_be_read_may_be_the_user)
{
    g_autoptr(IovDomain) opaque = iov_domain_new_unreadable(
        "vm1", "00000000-0000-4000-8000-000000000001", "<domain", "no XML");

    fake_host_set_user(world.host, FUNCTION, "a test uses it");
    start_pool();
    fake_host_set_user(world.host, FUNCTION, NULL);
    bind_to_vfio();
    assert_reconcile(opaque, "");
    assert_function("foreign: a running domain that cannot be read may have it");
    assert_reconcile(NULL, TAKEN);
}
END_TEST

static IovDomain *
unreadable_with(const char *function)
{
    g_autofree char *device = world_hostdev(function, "ua-iov-net0-vf");
    g_autofree char *xml =
        g_strdup_printf("<domain type='kvm'><name>vm1</name><metadata><iov:requests "
                        "xmlns:iov='" IOV_REQUEST_NAMESPACE
                        "'><iov:request name='../etc'/></iov:requests></metadata>"
                        "<devices>%s</devices></domain>",
                        device);

    return iov_domain_new_unreadable("vm1", "00000000-0000-4000-8000-000000000031", xml, "a test");
}

/* Its metadata alone are in disorder: its devices can be told, and are no doubt of any other's. */
START_TEST(a_domain_without_readable_metadata_has_its_devices)
{
    g_autoptr(IovDomain) user = unreadable_with(FUNCTION);
    g_autoptr(IovDomain) other = unreadable_with("0000:01:10.2");

    fake_host_set_user(world.host, FUNCTION, "a test uses it");
    start_pool();
    fake_host_set_user(world.host, FUNCTION, NULL);
    bind_to_vfio();
    assert_reconcile(user, "");
    assert_function("foreign: domain vm1 has it, which cannot be read");
    assert_reconcile(other, TAKEN);
}
END_TEST

START_TEST(one_that_vanished_stays_foreign)
{
    fake_host_set_user(world.host, FUNCTION, "a test uses it");
    start_pool();
    fake_host_remove(world.host, FUNCTION);
    assert_reconcile(NULL, "");
    assert_function("foreign: it vanished from the host");
}
END_TEST

START_TEST(one_that_vanished_and_came_back_is_taken_up)
{
    guint freed = 0;
    g_autoptr(GError) error = NULL;

    start_pool();
    fake_host_remove(world.host, FUNCTION);
    assert_reconcile(NULL, "function " FUNCTION " vanished from the host");
    assert_function("foreign: it vanished from the host");
    fake_host_restore(world.host, FUNCTION);
    assert_reconcile(NULL, TAKEN);
    assert_driver("vfio-pci");
    assert_done(iov_manager_scrub_pending(world.manager, &freed, &error), error);
    ck_assert_uint_eq(freed, 1);
    assert_function("free");
}
END_TEST

static void
make_idle_foreign(void)
{
    set_up();
    fake_host_set_netdev_up(world.host, NETDEV, TRUE);
    start_pool();
    fake_host_set_netdev_up(world.host, NETDEV, FALSE);
    fake_host_clear_journal(world.host);
}

START_TEST(each_effect_of_taking_may_fail)
{
    for (guint k = 1; k <= 3; k++) { /* unbind, override, probe */
        make_idle_foreign();
        fake_host_fail_at(world.host, k, EIO);
        g_autofree char *lines = reconcile_at(G_MAXINT64, NULL);
        ck_assert_str_eq(lines, "");
        g_autofree char *text = describe();
        ck_assert_msg(g_str_has_prefix(text, "foreign: cannot "), "%s", text);
        assert_driver("igbvf");
        assert_reconcile(NULL, TAKEN);
        scrub();
        assert_function("free");
        tear_down();
    }
}
END_TEST

static void
reconcile_in_child(void)
{
    int status;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        g_free(reconcile_at(G_MAXINT64, NULL));
        _exit(EXIT_SUCCESS);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), FAKE_HOST_DEATH);
}

START_TEST(the_process_may_die_at_each_effect_of_taking)
{
    for (guint k = 1; k <= 3; k++) {
        make_idle_foreign();
        fake_host_die_at(world.host, k, TRUE);
        reconcile_in_child();
        fake_host_clear_journal(world.host);
        assert_reconcile(NULL, TAKEN);
        scrub();
        assert_function("free");
        assert_driver("vfio-pci");
        tear_down();
    }
}
END_TEST

/* While it is looked at, its user comes back: what the look found does not count. */
START_TEST(a_user_that_comes_back_keeps_it)
{
    g_autoptr(GError) error = NULL;
    const IovClaim claim = {.domain = NULL};
    gboolean taken = TRUE;

    fake_host_set_netdev_up(world.host, NETDEV, TRUE);
    start_pool();
    g_autoptr(GPtrArray) list = iov_manager_list_functions(world.manager, NULL, &error);
    assert_done(list != NULL, error);
    assert_done(
        iov_manager_take_foreign(world.manager, g_ptr_array_index(list, 0), &claim, &taken, &error),
        error);
    ck_assert(!taken);
    assert_driver("igbvf");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("manager-foreign");
    TCase *tests = tcase_create("foreign");
    TCase *sweeps = tcase_create("sweeps");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, an_idle_netdev_that_was_up_is_taken);
    tcase_add_test(tests, a_function_without_user_is_taken);
    tcase_add_test(tests, a_function_that_a_process_holds_stays);
    tcase_add_test(tests, a_function_without_driver_is_bound_and_cleaned);
    tcase_add_test(tests, a_driver_that_the_start_did_not_find_is_respected);
    tcase_add_test(tests, a_group_with_a_driver_of_the_host_is_nobodys);
    tcase_add_test(tests, a_hostdev_of_a_running_domain_is_a_user);
    tcase_add_test(tests, a_domain_that_is_about_to_use_it_is_a_user);
    tcase_add_test(tests, a_domain_that_cannot_be_read_may_be_the_user);
    tcase_add_test(tests, a_domain_without_readable_metadata_has_its_devices);
    tcase_add_test(tests, one_that_vanished_stays_foreign);
    tcase_add_test(tests, one_that_vanished_and_came_back_is_taken_up);
    tcase_add_test(tests, a_user_that_comes_back_keeps_it);
    suite_add_tcase(suite, tests);
    tcase_add_test(sweeps, each_effect_of_taking_may_fail);
    tcase_add_test(sweeps, the_process_may_die_at_each_effect_of_taking);
    suite_add_tcase(suite, sweeps);
    return run_suite(suite);
}
