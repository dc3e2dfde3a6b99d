/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Linux backend over trees that no kernel would make: bounded, nothing outside touched. */
#include "iov-host-linux-private.h"
#include "sysfs-tree.h"
#include "test-support.h"

#include <string.h>

#define PF "0000:01:00.0"
#define VF "0000:01:10.0"
#define DEVICES "sys/devices/pci0000:00/"

static SysfsTree *tree;
static IovHost *host;

static void
set_up(void)
{
    const IovHostLimits limits = {.write = 60000, .num_vfs = 20, .settle = 20};

    tree = sysfs_tree_new(NULL);
    sysfs_tree_add_igb(tree, PF, "enp1s0", 1);
    host = iov_host_linux_new(sysfs_tree_root(tree), NULL);
    iov_host_linux_set_limits(host, &limits);
}

static void
tear_down(void)
{
    g_clear_pointer(&host, iov_host_free);
    g_clear_pointer(&tree, sysfs_tree_free);
}

static guint
count_adapters(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) adapters = iov_host_list_adapters(host, &error);

    assert_done(adapters != NULL, error);
    return adapters->len;
}

START_TEST(odd_totals_hide_that_adapter_alone)
{
    static const char *const totals[] = {"65536\n", "-1\n", "", "seven\n", "99999999999999999999\n",
                                         "7\n7\n",  "0x\n"};
    g_autoptr(GError) error = NULL;

    sysfs_tree_add_igb(tree, "0000:02:00.0", "enp2s0", 1);
    for (gsize i = 0; i < G_N_ELEMENTS(totals); i++) {
        sysfs_tree_write(tree, DEVICES PF "/sriov_totalvfs", totals[i]);
        ck_assert_uint_eq(count_adapters(), 1);
        assert_fails(iov_host_get_adapter(host, PF, &error) != NULL, error, IOV_ERROR_INVALID,
                     PF ": cannot read sriov_totalvfs");
    }
    sysfs_tree_write(tree, DEVICES PF "/sriov_totalvfs", "0\n");
    assert_fails(iov_host_get_adapter(host, PF, &error) != NULL, error, IOV_ERROR_UNSUPPORTED, PF);
    ck_assert_uint_eq(count_adapters(), 1);
}
END_TEST

START_TEST(odd_numbers_are_unknown)
{
    static const char *const files[] = {"vendor",
                                        "device",
                                        "class",
                                        "numa_node",
                                        "sriov_drivers_autoprobe",
                                        "net/enp1s0/speed",
                                        "net/enp1s0/flags",
                                        "net/enp1s0/carrier"};

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_strdup_printf(DEVICES PF "/%s", files[i]);

        sysfs_tree_write(tree, path, "0xfffffffffffffffffffffffff\n");
    }
    sysfs_tree_link(tree, DEVICES PF "/iommu_group", "../99999999999");
    g_autoptr(IovAdapter) adapter = iov_host_get_adapter(host, PF, NULL);
    ck_assert_ptr_nonnull(adapter);
    ck_assert_uint_eq(iov_adapter_get_vendor(adapter), 0);
    ck_assert_int_eq(iov_adapter_get_class(adapter), IOV_CLASS_OTHER);
    ck_assert_int_eq(iov_adapter_get_numa_node(adapter), -1);
    ck_assert_int_eq(iov_adapter_get_iommu_group(adapter), -1);
    ck_assert_uint_eq(iov_adapter_get_speed(adapter), 0);
    ck_assert_int_eq(iov_adapter_get_link(adapter), IOV_LINK_DOWN);
}
END_TEST

START_TEST(odd_virtfn_links_are_left_out)
{
    static const char *const links[][2] = {
        {"virtfn1", "../not-an-address"},
        {"virtfn2", "../../.."},
        {"virtfn3", "/"},
        {"virtfn4", "../" PF},
        {"virtfn65535", "../" VF},
        {"virtfn-1", "../" VF},
        {"virtfn", "../" VF},
        {"virtfn99999999999999999999", "../" VF},
        {"virtfn5x", "../" VF},
        {"virtfn6", "virtfn6"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(links); i++) {
        g_autofree char *path = g_strdup_printf(DEVICES PF "/%s", links[i][0]);

        sysfs_tree_link(tree, path, links[i][1]);
    }
    sysfs_tree_write(tree, DEVICES PF "/virtfn7", "a file\n");
    g_autoptr(IovAdapter) adapter = iov_host_get_adapter(host, PF, NULL);
    ck_assert_uint_eq(iov_adapter_get_functions(adapter)->len, 1);
    ck_assert_uint_eq(iov_adapter_get_num_vfs(adapter), 1);
}
END_TEST

START_TEST(odd_entries_of_the_bus_are_left_out)
{
    sysfs_tree_link(tree, "sys/bus/pci/devices/loop", "loop");
    sysfs_tree_link(tree, "sys/bus/pci/devices/0000:05:00.0", "0000:05:00.0");
    sysfs_tree_link(tree, "sys/bus/pci/devices/01:00.0", "../../../devices/pci0000:00/" PF);
    sysfs_tree_link(tree, "sys/bus/pci/devices/0000:06:00.0", "../../../absent");
    sysfs_tree_write(tree, "sys/bus/pci/devices/0000:07:00.0", "a file\n");
    ck_assert_uint_eq(count_adapters(), 1);
}
END_TEST

START_TEST(links_do_not_lead_out_of_the_tree)
{
    g_autoptr(SysfsTree) outside = sysfs_tree_new(NULL);
    g_autoptr(GError) error = NULL;

    sysfs_tree_add_igb(outside, "0000:08:00.0", "enp8s0", 1);
    g_autofree char *target =
        g_build_filename(sysfs_tree_root(outside), "sys/devices/pci0000:00/0000:08:00.0", NULL);
    sysfs_tree_link(tree, "sys/bus/pci/devices/0000:08:00.0", target);
    ck_assert_uint_eq(count_adapters(), 1);
    assert_fails(iov_host_set_autoprobe(host, "0000:08:00.0", TRUE, &error), error,
                 IOV_ERROR_NOT_FOUND, "0000:08:00.0");
    /* Nor does an attribute that is a link. */
    g_autofree char *attribute = g_build_filename(target, "driver_override", NULL);
    sysfs_tree_link(tree, DEVICES VF "/driver_override", attribute);
    assert_fails(iov_host_set_driver_override(host, VF, "vfio-pci", &error), error, IOV_ERROR_HOST,
                 VF);
    g_autofree char *untouched =
        sysfs_tree_read(outside, "sys/devices/pci0000:00/0000:08:00.0/driver_override");
    ck_assert_str_eq(untouched, "(null)\n");
}
END_TEST

START_TEST(names_come_out_printable)
{
    sysfs_tree_link(tree, DEVICES PF "/driver", "../drivers/i\033[2Jgb\xff\n");
    sysfs_tree_link(tree, DEVICES VF "/driver", "../..");
    g_autoptr(IovAdapter) adapter = iov_host_get_adapter(host, PF, NULL);
    const char *driver = iov_adapter_get_driver(adapter);
    const IovFunction *function = iov_adapter_get_functions(adapter)->pdata[0];

    ck_assert(g_utf8_validate(driver, -1, NULL));
    ck_assert_ptr_null(strpbrk(driver, "\033\n"));
    ck_assert_pstr_eq(iov_function_get_driver(function), NULL);
}
END_TEST

START_TEST(thousands_of_links_are_counted_once_each)
{
    for (guint i = 1; i < 5000; i++) {
        g_autofree char *path = g_strdup_printf(DEVICES PF "/virtfn%u", i);

        sysfs_tree_link(tree, path, "../" VF);
    }
    g_autoptr(IovAdapter) adapter = iov_host_get_adapter(host, PF, NULL);
    ck_assert_uint_eq(iov_adapter_get_functions(adapter)->len, 5000);
}
END_TEST

START_TEST(odd_processes_hold_nothing)
{
    g_autoptr(GError) error = NULL;
    GPid pid = -1;

    sysfs_tree_link(tree, "proc/99999999999/fd/1", "/dev/vfio/3");
    sysfs_tree_link(tree, "proc/0/fd/1", "/dev/vfio/3");
    sysfs_tree_link(tree, "proc/12x/fd/1", "/dev/vfio/3");
    sysfs_tree_link(tree, "proc/12/fd", "fd");
    sysfs_tree_link(tree, "proc/13/fd/1", "/dev/vfio/3 (deleted)");
    assert_done(iov_host_find_vfio_holder(host, 3, &pid, &error), error);
    ck_assert_int_eq(pid, 0);
}
END_TEST

START_TEST(odd_entries_of_a_group_are_left_out)
{
    g_autoptr(GError) error = NULL;
    const char *const group = "sys/kernel/iommu_groups/3/devices/";

    for (guint i = 0; i < 5000; i++) {
        g_autofree char *path = g_strdup_printf("%snot-pci-%u", group, i);

        sysfs_tree_link(tree, path, "../..");
    }
    sysfs_tree_link(tree, "sys/kernel/iommu_groups/4/devices/0000:01:10", "../..");
    sysfs_tree_link(tree, "sys/kernel/iommu_groups/4/devices/fde80000.dma", "../..");
    sysfs_tree_link(tree, "sys/kernel/iommu_groups/5/devices", "/sys/kernel/iommu_groups");
    g_auto(GStrv) many = iov_host_list_group(host, 3, &error);
    assert_done(many != NULL, error);
    ck_assert_uint_eq(g_strv_length(many), 0);
    g_auto(GStrv) odd = iov_host_list_group(host, 4, &error);
    assert_done(odd != NULL, error);
    ck_assert_uint_eq(g_strv_length(odd), 0);
    assert_fails(iov_host_list_group(host, 5, &error) != NULL, error, IOV_ERROR_NOT_FOUND,
                 "no IOMMU group 5");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("host-hostile");
    TCase *tests = tcase_create("host-hostile");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, odd_totals_hide_that_adapter_alone);
    tcase_add_test(tests, odd_numbers_are_unknown);
    tcase_add_test(tests, odd_virtfn_links_are_left_out);
    tcase_add_test(tests, odd_entries_of_the_bus_are_left_out);
    tcase_add_test(tests, links_do_not_lead_out_of_the_tree);
    tcase_add_test(tests, names_come_out_printable);
    tcase_add_test(tests, thousands_of_links_are_counted_once_each);
    tcase_add_test(tests, odd_processes_hold_nothing);
    tcase_add_test(tests, odd_entries_of_a_group_are_left_out);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
