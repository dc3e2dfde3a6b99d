/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fake's own knobs; its behaviour as a host is the contract suite's matter. */
#include "fake-host.h"
#include "test-support.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PF "0000:01:00.0"
#define VF "0000:01:10.2"

static IovHost *host;

static void
set_up(void)
{
    host = fake_host_new();
    fake_host_add_igb(host, PF, "enp1s0");
}

static void
tear_down(void)
{
    iov_host_free(host);
}

static void
create(guint count)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_host_set_num_vfs(host, PF, count, &error), error);
}

static guint
visible_vfs(void)
{
    g_autoptr(IovAdapter) adapter = iov_host_get_adapter(host, PF, NULL);

    return iov_adapter_get_functions(adapter)->len;
}

START_TEST(journals_effects_and_refusals)
{
    g_autoptr(GError) error = NULL;

    create(2);
    ck_assert(!iov_host_set_num_vfs(host, PF, 3, &error));
    ck_assert(iov_host_unbind(host, VF, NULL));
    g_autofree char *journal = fake_host_journal(host);
    ck_assert_str_eq(journal,
                     PF ": sriov_numvfs 2\n" PF ": sriov_numvfs 3 (Device or resource busy)\n" VF
                        ": unbind igbvf\n");
    ck_assert_uint_eq(fake_host_count_effects(host), 3);
    fake_host_clear_journal(host);
    ck_assert_uint_eq(fake_host_count_effects(host), 0);
}
END_TEST

START_TEST(an_armed_effect_fails_once)
{
    g_autoptr(GError) error = NULL;

    fake_host_fail_at(host, 2, EIO);
    assert_done(iov_host_set_autoprobe(host, PF, FALSE, &error), error);
    assert_fails(iov_host_set_num_vfs(host, PF, 1, &error), error, IOV_ERROR_HOST,
                 "Input/output error");
    ck_assert_uint_eq(visible_vfs(), 0);
    create(1);
    ck_assert_uint_eq(visible_vfs(), 1);
}
END_TEST

START_TEST(vfs_that_come_late_time_out_and_come)
{
    g_autoptr(GError) error = NULL;

    fake_host_set_creation_delay(host, FAKE_HOST_LIMIT + 1);
    assert_fails(iov_host_set_num_vfs(host, PF, 2, &error), error, IOV_ERROR_TIMEOUT, PF);
    ck_assert_uint_eq(visible_vfs(), 0);
    fake_host_advance(host, 1);
    ck_assert_uint_eq(visible_vfs(), 2);
    ck_assert_int_eq(iov_host_get_time(host), FAKE_HOST_TIME + FAKE_HOST_LIMIT + 1);
}
END_TEST

START_TEST(some_drivers_need_their_link)
{
    const FakeAdapter adapter = {.address = "0000:03:00.0",
                                 .driver = "bnxt_en",
                                 .netdev = "ens3",
                                 .total_vfs = 2,
                                 .needs_link_up = TRUE};
    g_autoptr(GError) error = NULL;

    fake_host_add(host, &adapter);
    assert_fails(iov_host_set_num_vfs(host, adapter.address, 2, &error), error, IOV_ERROR_TIMEOUT,
                 adapter.address);
    assert_done(iov_host_set_link_up(host, "ens3", TRUE, &error), error);
    assert_done(iov_host_set_num_vfs(host, adapter.address, 2, &error), error);
}
END_TEST

START_TEST(a_held_vf_blocks_unbind_and_removal)
{
    g_autoptr(GError) error = NULL;

    create(2);
    g_autoptr(IovAdapter) adapter = iov_host_get_adapter(host, PF, NULL);
    int group = iov_function_get_iommu_group(iov_adapter_get_functions(adapter)->pdata[1]);
    fake_host_set_holder(host, group, 4711);
    assert_fails(iov_host_unbind(host, VF, &error), error, IOV_ERROR_TIMEOUT, VF);
    assert_fails(iov_host_set_num_vfs(host, PF, 0, &error), error, IOV_ERROR_TIMEOUT, PF);
    fake_host_set_holder(host, group, 0);
    create(0);
}
END_TEST

START_TEST(a_neighbour_shares_a_group)
{
    g_autoptr(GError) error = NULL;

    create(1);
    g_autoptr(IovAdapter) adapter = iov_host_get_adapter(host, PF, NULL);
    const IovFunction *function = iov_adapter_get_functions(adapter)->pdata[0];
    fake_host_add_neighbour(host, function->iommu_group, "0000:00:1f.0", "e1000e");
    g_auto(GStrv) devices = iov_host_list_group(host, function->iommu_group, &error);
    assert_done(devices != NULL, error);
    g_autofree char *list = g_strjoinv(" ", devices);
    g_autofree char *expected = g_strconcat("0000:00:1f.0 ", function->address, NULL);
    ck_assert_str_eq(list, expected);
    g_autofree char *driver = iov_host_get_driver(host, "0000:00:1f.0", &error);
    assert_done(driver != NULL, error);
    ck_assert_str_eq(driver, "e1000e");
}
END_TEST

START_TEST(functions_vanish)
{
    g_autoptr(GError) error = NULL;

    create(2);
    fake_host_remove(host, VF);
    ck_assert_uint_eq(visible_vfs(), 1);
    assert_fails(iov_host_reset(host, VF, &error), error, IOV_ERROR_NOT_FOUND, VF);
    fake_host_remove(host, PF);
    assert_fails(iov_host_get_adapter(host, PF, &error) != NULL, error, IOV_ERROR_NOT_FOUND, PF);
}
END_TEST

START_TEST(a_sticky_vf_lies)
{
    const IovNetconf wanted = {.has_vlan = TRUE, .vlan = 42};
    IovNetconf now = {0};
    g_autoptr(GError) error = NULL;

    create(2);
    fake_host_set_sticky(host, VF, TRUE);
    assert_done(iov_host_set_vf_netconf(host, "enp1s0", 1, &wanted, &error), error);
    assert_done(iov_host_get_vf_netconf(host, "enp1s0", 1, &now, &error), error);
    ck_assert_uint_eq(now.vlan, 0);
}
END_TEST

START_TEST(others_use_functions)
{
    g_autoptr(GError) error = NULL;

    create(2);
    ck_assert_pstr_eq(iov_host_find_user(host, VF, &error), NULL);
    fake_host_set_netdev_up(host, "enp1s0v1", TRUE);
    g_autofree char *netdev = iov_host_find_user(host, VF, &error);
    ck_assert_pstr_eq(netdev, "netdev enp1s0v1 is up");
    fake_host_set_user(host, VF, "netdev enp1s0v1 has an address");
    g_autofree char *user = iov_host_find_user(host, VF, &error);
    ck_assert_pstr_eq(user, "netdev enp1s0v1 has an address");
}
END_TEST

/* Runs the two effects in a child that dies at @number; returns its exit status. */
static int
die_in_child(guint number, gboolean after)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        fake_host_die_at(host, number, after);
        iov_host_set_autoprobe(host, PF, FALSE, NULL);
        iov_host_set_num_vfs(host, PF, 3, NULL);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(what_a_dead_child_did_is_done)
{
    ck_assert_int_eq(die_in_child(2, FALSE), FAKE_HOST_DEATH);
    fake_host_clear_journal(host);
    g_autoptr(IovAdapter) adapter = iov_host_get_adapter(host, PF, NULL);
    ck_assert(!iov_adapter_get_autoprobe(adapter));
    ck_assert_uint_eq(iov_adapter_get_num_vfs(adapter), 0);
    ck_assert_int_eq(die_in_child(2, TRUE), FAKE_HOST_DEATH);
    fake_host_advance(host, G_USEC_PER_SEC);
    ck_assert_uint_eq(visible_vfs(), 3);
    fake_host_clear_journal(host);
    ck_assert_int_eq(die_in_child(3, TRUE), 0);
}
END_TEST

START_TEST(a_second_handle_sees_the_same_host)
{
    g_autoptr(IovHost) other = fake_host_reopen(host);

    create(2);
    g_autoptr(IovAdapter) adapter = iov_host_get_adapter(other, PF, NULL);
    ck_assert_uint_eq(iov_adapter_get_num_vfs(adapter), 2);
    fake_host_reboot(other, "22222222-2222-4222-8222-222222222222");
    ck_assert_uint_eq(visible_vfs(), 0);
    g_autofree char *boot_id = iov_host_get_boot_id(host, NULL);
    ck_assert_str_eq(boot_id, "22222222-2222-4222-8222-222222222222");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("fake-host");
    TCase *tests = tcase_create("fake-host");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, journals_effects_and_refusals);
    tcase_add_test(tests, an_armed_effect_fails_once);
    tcase_add_test(tests, vfs_that_come_late_time_out_and_come);
    tcase_add_test(tests, some_drivers_need_their_link);
    tcase_add_test(tests, a_held_vf_blocks_unbind_and_removal);
    tcase_add_test(tests, a_neighbour_shares_a_group);
    tcase_add_test(tests, functions_vanish);
    tcase_add_test(tests, a_sticky_vf_lies);
    tcase_add_test(tests, others_use_functions);
    tcase_add_test(tests, what_a_dead_child_did_is_done);
    tcase_add_test(tests, a_second_handle_sees_the_same_host);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
