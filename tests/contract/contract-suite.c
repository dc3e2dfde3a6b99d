/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The suite's frame, and the contract of adapters, VFs and drivers. That of the network side stands
 * in contract-network.c.
 */
#include "contract-private.h"

#include <string.h>

#define TEST_SECONDS 120 /* a real adapter in an emulated machine takes its time */

const ContractSubject *contract;
IovHost *contract_host;

static guint
total_vfs(void)
{
    g_autoptr(IovAdapter) adapter = contract_adapter();

    return iov_adapter_get_total_vfs(adapter);
}

IovAdapter *
contract_adapter(void)
{
    g_autoptr(GError) error = NULL;
    IovAdapter *adapter = iov_host_get_adapter(contract_host, contract->pf, &error);

    assert_done(adapter != NULL, error);
    return adapter;
}

char *
contract_function(guint index)
{
    g_autoptr(IovAdapter) adapter = contract_adapter();
    GPtrArray *functions = iov_adapter_get_functions(adapter);

    ck_assert_uint_lt(index, functions->len);
    return g_strdup(iov_function_get_address(functions->pdata[index]));
}

void
contract_create(guint count, gboolean autoprobe)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_host_set_autoprobe(contract_host, contract->pf, autoprobe, &error), error);
    assert_done(iov_host_set_num_vfs(contract_host, contract->pf, count, &error), error);
}

void
contract_assert_driver(const char *function, const char *driver)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *now = iov_host_get_driver(contract_host, function, &error);

    assert_done(now != NULL, error);
    ck_assert_str_eq(now, driver);
}

static void
assert_vfs(guint count)
{
    g_autoptr(IovAdapter) adapter = contract_adapter();

    ck_assert_uint_eq(iov_adapter_get_num_vfs(adapter), count);
    ck_assert_uint_eq(iov_adapter_get_functions(adapter)->len, count);
}

static void
set_up(void)
{
    g_autoptr(GError) error = NULL;

    contract_host = contract->open();
    ck_assert_ptr_nonnull(contract_host);
    assert_done(iov_host_set_num_vfs(contract_host, contract->pf, 0, &error), error);
}

static void
tear_down(void)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_host_set_num_vfs(contract_host, contract->pf, 0, &error), error);
    assert_done(iov_host_set_autoprobe(contract_host, contract->pf, TRUE, &error), error);
    g_clear_pointer(&contract_host, iov_host_free);
}

START_TEST(lists_each_adapter_once)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovAdapter) adapter = contract_adapter();
    g_autoptr(GPtrArray) adapters = iov_host_list_adapters(contract_host, &error);
    guint seen = 0;

    assert_done(adapters != NULL, error);
    for (guint i = 0; i < adapters->len; i++) {
        const IovAdapter *other = adapters->pdata[i];

        ck_assert_uint_gt(iov_adapter_get_total_vfs(other), 0);
        ck_assert_str_ne(iov_adapter_get_address(other), contract->plain);
        if (strcmp(iov_adapter_get_address(other), contract->pf) != 0)
            continue;
        seen++;
        ck_assert_int_eq(iov_adapter_get_class(other), iov_adapter_get_class(adapter));
        ck_assert_uint_eq(iov_adapter_get_vendor(other), iov_adapter_get_vendor(adapter));
        ck_assert_uint_eq(iov_adapter_get_total_vfs(other), iov_adapter_get_total_vfs(adapter));
        ck_assert_pstr_eq(iov_adapter_get_driver(other), iov_adapter_get_driver(adapter));
        ck_assert_pstr_eq(iov_adapter_get_netdev(other), iov_adapter_get_netdev(adapter));
    }
    ck_assert_uint_eq(seen, 1);
}
END_TEST

START_TEST(vfs_are_there_when_the_call_returns)
{
    guint total = total_vfs();

    contract_create(total, FALSE);
    g_autoptr(IovAdapter) adapter = contract_adapter();
    GPtrArray *functions = iov_adapter_get_functions(adapter);
    ck_assert(!iov_adapter_get_autoprobe(adapter));
    ck_assert_uint_eq(iov_adapter_get_num_vfs(adapter), total);
    ck_assert_uint_eq(functions->len, total);
    for (guint i = 0; i < total; i++) {
        const IovFunction *function = functions->pdata[i];

        ck_assert_uint_eq(iov_function_get_index(function), i);
        ck_assert_str_ne(iov_function_get_address(function), contract->pf);
        ck_assert_pstr_eq(iov_function_get_driver(function), NULL);
        ck_assert_pstr_eq(iov_function_get_netdev(function), NULL);
        contract_assert_driver(iov_function_get_address(function), "");
    }
}
END_TEST

START_TEST(no_vf_is_left_when_the_call_returns)
{
    g_autoptr(GError) error = NULL;

    contract_create(2, FALSE);
    assert_vfs(2);
    g_autofree char *function = contract_function(0);
    contract_create(0, FALSE);
    assert_vfs(0);
    assert_fails(iov_host_get_driver(contract_host, function, &error) != NULL, error,
                 IOV_ERROR_NOT_FOUND, function);
    contract_create(0, FALSE);
}
END_TEST

START_TEST(another_count_is_busy)
{
    g_autoptr(GError) error = NULL;

    contract_create(2, FALSE);
    assert_fails(iov_host_set_num_vfs(contract_host, contract->pf, 1, &error), error,
                 IOV_ERROR_BUSY, contract->pf);
    assert_vfs(2);
    contract_create(2, FALSE);
    assert_vfs(2);
}
END_TEST

START_TEST(more_than_there_can_be_is_refused)
{
    g_autoptr(GError) error = NULL;

    assert_fails(iov_host_set_num_vfs(contract_host, contract->pf, total_vfs() + 1, &error), error,
                 IOV_ERROR_UNSUPPORTED, contract->pf);
    assert_vfs(0);
}
END_TEST

START_TEST(an_unknown_device_is_not_found)
{
    static const char unknown[] = "ffff:ff:1f.7";
    g_autoptr(GError) error = NULL;

    assert_fails(iov_host_get_adapter(contract_host, unknown, &error) != NULL, error,
                 IOV_ERROR_NOT_FOUND, unknown);
    assert_fails(iov_host_set_autoprobe(contract_host, unknown, TRUE, &error), error,
                 IOV_ERROR_NOT_FOUND, unknown);
    assert_fails(iov_host_set_num_vfs(contract_host, unknown, 1, &error), error,
                 IOV_ERROR_NOT_FOUND, unknown);
    assert_fails(iov_host_set_driver_override(contract_host, unknown, "vfio-pci", &error), error,
                 IOV_ERROR_NOT_FOUND, unknown);
    assert_fails(iov_host_unbind(contract_host, unknown, &error), error, IOV_ERROR_NOT_FOUND,
                 unknown);
    assert_fails(iov_host_probe(contract_host, unknown, NULL, &error), error, IOV_ERROR_NOT_FOUND,
                 unknown);
    assert_fails(iov_host_get_driver(contract_host, unknown, &error) != NULL, error,
                 IOV_ERROR_NOT_FOUND, unknown);
    assert_fails(iov_host_reset(contract_host, unknown, &error), error, IOV_ERROR_NOT_FOUND,
                 unknown);
    assert_fails(iov_host_find_user(contract_host, unknown, &error) != NULL || error == NULL, error,
                 IOV_ERROR_NOT_FOUND, unknown);
}
END_TEST

START_TEST(a_plain_device_has_no_vfs)
{
    g_autoptr(GError) error = NULL;

    assert_fails(iov_host_get_adapter(contract_host, contract->plain, &error) != NULL, error,
                 IOV_ERROR_UNSUPPORTED, contract->plain);
    assert_fails(iov_host_set_num_vfs(contract_host, contract->plain, 1, &error), error,
                 IOV_ERROR_UNSUPPORTED, contract->plain);
    assert_fails(iov_host_set_autoprobe(contract_host, contract->plain, TRUE, &error), error,
                 IOV_ERROR_UNSUPPORTED, contract->plain);
}
END_TEST

START_TEST(an_override_binds_vfio_pci)
{
    g_autoptr(GError) error = NULL;

    contract_create(2, FALSE);
    g_autofree char *function = contract_function(1);
    assert_done(iov_host_set_driver_override(contract_host, function, "vfio-pci", &error), error);
    assert_done(iov_host_probe(contract_host, function, "vfio-pci", &error), error);
    contract_assert_driver(function, "vfio-pci");
    g_autoptr(IovAdapter) adapter = contract_adapter();
    GPtrArray *functions = iov_adapter_get_functions(adapter);
    ck_assert_pstr_eq(iov_function_get_driver(functions->pdata[0]), NULL);
    ck_assert_pstr_eq(iov_function_get_driver(functions->pdata[1]), "vfio-pci");
    assert_done(iov_host_find_user(contract_host, function, &error) == NULL, error);
    assert_done(iov_host_unbind(contract_host, function, &error), error);
    contract_assert_driver(function, "");
    assert_done(iov_host_unbind(contract_host, function, &error), error);
    assert_done(iov_host_set_driver_override(contract_host, function, NULL, &error), error);
}
END_TEST

START_TEST(no_autoprobe_and_no_override_bind_nothing)
{
    g_autoptr(GError) error = NULL;

    contract_create(1, FALSE);
    g_autofree char *function = contract_function(0);
    assert_done(iov_host_probe(contract_host, function, NULL, &error), error);
    contract_assert_driver(function, "");
    assert_fails(iov_host_probe(contract_host, function, "vfio-pci", &error), error, IOV_ERROR_HOST,
                 function);
}
END_TEST

START_TEST(the_holder_is_found)
{
    g_autoptr(GError) error = NULL;
    GPid pid = -1;

    contract_create(1, FALSE);
    g_autofree char *function = contract_function(0);
    assert_done(iov_host_set_driver_override(contract_host, function, "vfio-pci", &error), error);
    assert_done(iov_host_probe(contract_host, function, "vfio-pci", &error), error);
    g_autoptr(IovAdapter) adapter = contract_adapter();
    int group = iov_function_get_iommu_group(iov_adapter_get_functions(adapter)->pdata[0]);
    ck_assert_int_ge(group, 0);
    assert_done(iov_host_find_vfio_holder(contract_host, group, &pid, &error), error);
    ck_assert_int_eq(pid, 0);
    contract->hold(contract_host, group);
    assert_done(iov_host_find_vfio_holder(contract_host, group, &pid, &error), error);
    ck_assert_int_eq(pid, getpid());
    contract->release(contract_host, group);
    assert_done(iov_host_find_vfio_holder(contract_host, group, &pid, &error), error);
    ck_assert_int_eq(pid, 0);
}
END_TEST

START_TEST(a_group_names_its_devices)
{
    g_autoptr(GError) error = NULL;

    contract_create(1, FALSE);
    g_autofree char *function = contract_function(0);
    g_autoptr(IovAdapter) adapter = contract_adapter();
    int group = iov_function_get_iommu_group(iov_adapter_get_functions(adapter)->pdata[0]);
    g_auto(GStrv) devices = iov_host_list_group(contract_host, group, &error);
    assert_done(devices != NULL, error);
    ck_assert(g_strv_contains((const char *const *)devices, function));
    assert_fails(iov_host_list_group(contract_host, G_MAXINT, &error) != NULL, error,
                 IOV_ERROR_NOT_FOUND, "no IOMMU group");
    assert_fails(iov_host_list_group(contract_host, -1, &error) != NULL, error, IOV_ERROR_NOT_FOUND,
                 "no IOMMU group");
}
END_TEST

START_TEST(what_no_guest_has_no_driver_has)
{
    g_autoptr(GError) error = NULL;
    gboolean driven = TRUE;

    contract_create(1, FALSE);
    g_autofree char *function = contract_function(0);
    assert_done(iov_host_set_driver_override(contract_host, function, "vfio-pci", &error), error);
    assert_done(iov_host_probe(contract_host, function, "vfio-pci", &error), error);
    assert_done(iov_host_is_driven(contract_host, function, &driven, &error), error);
    ck_assert(!driven);
    contract_create(0, FALSE);
    assert_fails(iov_host_is_driven(contract_host, function, &driven, &error), error,
                 IOV_ERROR_NOT_FOUND, function);
}
END_TEST

START_TEST(a_function_is_reset)
{
    g_autoptr(GError) error = NULL;

    contract_create(1, FALSE);
    g_autofree char *function = contract_function(0);
    assert_done(iov_host_reset(contract_host, function, &error), error);
}
END_TEST

START_TEST(the_boot_has_one_name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *first = iov_host_get_boot_id(contract_host, &error);
    g_autofree char *second = iov_host_get_boot_id(contract_host, &error);

    assert_done(first != NULL && second != NULL, error);
    ck_assert_str_ne(first, "");
    ck_assert_str_eq(first, second);
    ck_assert_int_gt(iov_host_get_time(contract_host), 0);
}
END_TEST

Suite *
contract_suite(const ContractSubject *subject)
{
    Suite *suite = suite_create(subject->name);
    TCase *tests = tcase_create("devices");

    contract = subject;
    tcase_set_timeout(tests, TEST_SECONDS);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, lists_each_adapter_once);
    tcase_add_test(tests, vfs_are_there_when_the_call_returns);
    tcase_add_test(tests, no_vf_is_left_when_the_call_returns);
    tcase_add_test(tests, another_count_is_busy);
    tcase_add_test(tests, more_than_there_can_be_is_refused);
    tcase_add_test(tests, an_unknown_device_is_not_found);
    tcase_add_test(tests, a_plain_device_has_no_vfs);
    tcase_add_test(tests, an_override_binds_vfio_pci);
    tcase_add_test(tests, no_autoprobe_and_no_override_bind_nothing);
    tcase_add_test(tests, the_holder_is_found);
    tcase_add_test(tests, a_group_names_its_devices);
    tcase_add_test(tests, what_no_guest_has_no_driver_has);
    tcase_add_test(tests, a_function_is_reset);
    tcase_add_test(tests, the_boot_has_one_name);
    suite_add_tcase(suite, tests);
    if (!subject->has_policy)
        return suite;
    TCase *network = tcase_create("network");
    tcase_set_timeout(network, TEST_SECONDS);
    tcase_add_checked_fixture(network, set_up, tear_down);
    contract_add_network(network);
    suite_add_tcase(suite, network);
    return suite;
}
