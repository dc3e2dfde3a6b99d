/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-host.h"
#include "iov-execute.h"
#include "iov-plan.h"
#include "test-support.h"

#include <errno.h>
#include <string.h>

static IovHost *host;

static void
set_up(void)
{
    host = fake_host_new();
    fake_host_add_igb(host, "0000:01:00.0", "enp1s0");
}

static void
tear_down(void)
{
    g_clear_pointer(&host, iov_host_free);
}

static IovAdapter *
observe(void)
{
    return iov_host_get_adapter(host, "0000:01:00.0", NULL);
}

static IovPlan *
plan_vfs(guint vfs, GError **error)
{
    g_autoptr(IovPlan) plan = iov_plan_new();
    g_autoptr(IovAdapter) adapter = observe();

    return iov_plan_create_vfs(plan, adapter, vfs, error) ? g_steal_pointer(&plan) : NULL;
}

static void
assert_plan(const IovPlan *plan, const char *expected)
{
    g_autofree char *text = iov_plan_to_text(plan);

    ck_assert_str_eq(text, expected);
}

START_TEST(creation_is_written_out)
{
    g_autoptr(GError) error = NULL;

    g_autoptr(IovPlan) plan = plan_vfs(IOV_VFS_MAX, &error);
    assert_done(plan != NULL, error);
    assert_plan(plan, "0000:01:00.0: set sriov_drivers_autoprobe to 0\n"
                      "0000:01:00.0: set sriov_numvfs to 7\n");
    fake_host_set_netdev_up(host, "enp1s0", FALSE);
    g_autoptr(IovPlan) down = plan_vfs(2, &error);
    assert_plan(down, "enp1s0: bring the link up\n"
                      "0000:01:00.0: set sriov_drivers_autoprobe to 0\n"
                      "0000:01:00.0: set sriov_numvfs to 2\n");
    assert_done(iov_execute(host, down, &error), error);
    g_autoptr(IovPlan) again = plan_vfs(2, &error);
    assert_plan(again, "");
}
END_TEST

START_TEST(counts_that_cannot_be_are_refused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPlan) plan = plan_vfs(3, &error);

    assert_fails(plan_vfs(8, &error) != NULL, error, IOV_ERROR_INVALID, "at most 7");
    assert_done(iov_execute(host, plan, &error), error);
    assert_fails(plan_vfs(4, &error) != NULL, error, IOV_ERROR_BUSY,
                 "changing the number would destroy them");
}
END_TEST

START_TEST(binding_takes_the_driver_away)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPlan) plan = iov_plan_new();

    assert_done(iov_host_set_num_vfs(host, "0000:01:00.0", 1, &error), error);
    g_autoptr(IovAdapter) adapter = observe();
    iov_plan_bind_function(plan, adapter->functions->pdata[0]);
    assert_plan(plan, "0000:01:10.0: unbind from igbvf\n"
                      "0000:01:10.0: set driver_override to vfio-pci\n"
                      "0000:01:10.0: bind to vfio-pci\n");
    assert_done(iov_execute(host, plan, &error), error);
    g_autoptr(IovAdapter) bound = observe();
    ck_assert_str_eq(((IovFunction *)bound->functions->pdata[0])->driver, "vfio-pci");
    char *failures = iov_execute_undo(host, plan, plan->steps->len);
    ck_assert_ptr_null(failures);
    g_autoptr(IovAdapter) undone = observe();
    ck_assert_str_eq(((IovFunction *)undone->functions->pdata[0])->driver, "igbvf");
}
END_TEST

START_TEST(a_failed_step_undoes_the_ones_before)
{
    g_autoptr(GError) error = NULL;

    fake_host_set_netdev_up(host, "enp1s0", FALSE);
    g_autoptr(IovPlan) plan = plan_vfs(2, &error);
    fake_host_clear_journal(host);
    fake_host_fail_at(host, 3, EIO);
    assert_fails(iov_execute(host, plan, &error), error, IOV_ERROR_HOST, "Input/output error");
    g_autoptr(IovAdapter) after = observe();
    ck_assert_uint_eq(after->num_vfs, 0);
    ck_assert(after->autoprobe);
    ck_assert_int_eq(after->link, IOV_LINK_DOWN);
}
END_TEST

START_TEST(an_undo_that_fails_is_told)
{
    g_autoptr(GError) error = NULL;

    g_autoptr(IovPlan) plan = plan_vfs(2, &error);
    assert_done(iov_execute(host, plan, &error), error);
    fake_host_clear_journal(host);
    fake_host_fail_at(host, 1, EIO);
    g_autofree char *failures = iov_execute_undo(host, plan, plan->steps->len);
    ck_assert_ptr_nonnull(strstr(failures, "'0000:01:00.0: set sriov_numvfs to 2' could not be "
                                           "undone"));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("plan");
    TCase *tests = tcase_create("plan");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, creation_is_written_out);
    tcase_add_test(tests, counts_that_cannot_be_are_refused);
    tcase_add_test(tests, binding_takes_the_driver_away);
    tcase_add_test(tests, a_failed_step_undoes_the_ones_before);
    tcase_add_test(tests, an_undo_that_fails_is_told);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
