/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iov-adapter-private.h"
#include "test-support.h"

#include <string.h>

START_TEST(class_follows_the_class_code)
{
    static const struct {
        guint code;
        const char *driver, *name;
    } cases[] = {
        {0x020000, "igb", "net"},
        {0x028000, NULL, "net"},
        {0x020700, "mlx5_core", "infiniband"},
        {0x0c0600, NULL, "infiniband"},
        {0x020800, "hfi1", "infiniband"},
        {0x010802, "nvme", "nvme"},
        {0x010700, "mpt3sas", "other"},
        {0x0c0400, "lpfc", "fc"},
        {0x010000, "qla2xxx", "fc"},
        {0x030000, "i915", "display"},
        {0x030200, "nvidia", "display"},
        {0x0b4000, "4xxx", "accelerator"},
        {0x100000, "hisi_sec2", "accelerator"},
        {0x120000, "habanalabs", "accelerator"},
        {0x088000, "idxd", "accelerator"},
        {0x088000, NULL, "other"},
        {0x0c0330, "xhci_hcd", "other"},
        {0, NULL, "other"},
        {0xffffff, NULL, "other"},
        {0x1020000, NULL, "other"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        ck_assert_str_eq(iov_class_to_string(iov_class_from_code(cases[i].code, cases[i].driver)),
                         cases[i].name);
}
END_TEST

START_TEST(class_names_go_both_ways)
{
    IovClass class_ = IOV_CLASS_OTHER;

    for (int i = IOV_CLASS_OTHER; i <= IOV_CLASS_ACCELERATOR; i++) {
        ck_assert(iov_class_from_string(iov_class_to_string((IovClass)i), &class_));
        ck_assert_int_eq(class_, i);
    }
    ck_assert(!iov_class_from_string("Net", &class_));
    ck_assert(!iov_class_from_string("", &class_));
    ck_assert_int_eq(class_, IOV_CLASS_ACCELERATOR);
}
END_TEST

START_TEST(link_names_differ)
{
    for (int i = IOV_LINK_NONE; i < IOV_LINK_UP; i++)
        ck_assert_str_ne(iov_link_to_string((IovLink)i), iov_link_to_string((IovLink)(i + 1)));
}
END_TEST

START_TEST(a_new_adapter_knows_nothing)
{
    g_autoptr(IovAdapter) adapter = iov_adapter_new("0000:01:00.0");

    ck_assert_str_eq(iov_adapter_get_address(adapter), "0000:01:00.0");
    ck_assert_int_eq(iov_adapter_get_class(adapter), IOV_CLASS_OTHER);
    ck_assert_pstr_eq(iov_adapter_get_driver(adapter), NULL);
    ck_assert_pstr_eq(iov_adapter_get_netdev(adapter), NULL);
    ck_assert_int_eq(iov_adapter_get_numa_node(adapter), -1);
    ck_assert_int_eq(iov_adapter_get_iommu_group(adapter), -1);
    ck_assert_uint_eq(iov_adapter_get_speed(adapter), 0);
    ck_assert_uint_eq(iov_adapter_get_functions(adapter)->len, 0);
}
END_TEST

START_TEST(records_outlive_their_first_owner)
{
    IovAdapter *adapter = iov_adapter_new("0000:01:00.0");
    IovFunction *function = iov_function_new("0000:01:10.2", 1);

    g_ptr_array_add(adapter->functions, iov_function_ref(function));
    IovAdapter *copy = g_boxed_copy(IOV_TYPE_ADAPTER, adapter);
    ck_assert_ptr_eq(copy, adapter);
    iov_adapter_unref(adapter);
    ck_assert_str_eq(iov_adapter_get_address(copy), "0000:01:00.0");
    g_boxed_free(IOV_TYPE_ADAPTER, copy);
    ck_assert_str_eq(iov_function_get_address(function), "0000:01:10.2");
    ck_assert_uint_eq(iov_function_get_index(function), 1);
    ck_assert_int_eq(iov_function_get_iommu_group(function), -1);
    g_boxed_free(IOV_TYPE_FUNCTION, function);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("adapter");
    TCase *tests = tcase_create("adapter");

    tcase_add_test(tests, class_follows_the_class_code);
    tcase_add_test(tests, class_names_go_both_ways);
    tcase_add_test(tests, link_names_differ);
    tcase_add_test(tests, a_new_adapter_knows_nothing);
    tcase_add_test(tests, records_outlive_their_first_owner);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
