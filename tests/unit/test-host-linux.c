/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Linux backend over a tree of plain files: what it reads, what it writes, how it waits. */
#include "iov-host-linux-private.h"
#include "sysfs-tree.h"
#include "test-support.h"

#include <string.h>

#define PF "0000:01:00.0"
#define VF "0000:01:10.2"
#define DEVICES "sys/devices/pci0000:00/"

static SysfsTree *tree;
static IovHost *host;

static void
set_up(void)
{
    /* num_vfs holds for the write's child too, which a loaded machine may start late; it is waited
     * out only where VFs never come. */
    const IovHostLimits limits = {.write = 60000, .num_vfs = 2000, .settle = 50};
    const SysfsDevice plain = {.address = "0000:00:00.0", .class_code = 0x060000};

    tree = sysfs_tree_new(NULL);
    sysfs_tree_add(tree, &plain);
    sysfs_tree_add_igb(tree, PF, "enp1s0", 3);
    host = iov_host_linux_new(sysfs_tree_root(tree), NULL);
    ck_assert_ptr_nonnull(host);
    iov_host_linux_set_limits(host, &limits);
}

static void
tear_down(void)
{
    g_clear_pointer(&host, iov_host_free);
    g_clear_pointer(&tree, sysfs_tree_free);
}

static IovAdapter *
adapter_at(const char *address)
{
    g_autoptr(GError) error = NULL;
    IovAdapter *adapter = iov_host_get_adapter(host, address, &error);

    assert_done(adapter != NULL, error);
    return adapter;
}

static void
assert_file(const char *path, const char *text)
{
    g_autofree char *now = sysfs_tree_read(tree, path);

    ck_assert_str_eq(now, text);
}

START_TEST(reads_an_adapter)
{
    g_autoptr(IovAdapter) adapter = adapter_at(PF);
    GPtrArray *functions = iov_adapter_get_functions(adapter);

    ck_assert_str_eq(iov_adapter_get_address(adapter), PF);
    ck_assert_int_eq(iov_adapter_get_class(adapter), IOV_CLASS_NET);
    ck_assert_uint_eq(iov_adapter_get_vendor(adapter), 0x8086);
    ck_assert_uint_eq(iov_adapter_get_device(adapter), 0x10c9);
    ck_assert_pstr_eq(iov_adapter_get_driver(adapter), "igb");
    ck_assert_pstr_eq(iov_adapter_get_netdev(adapter), "enp1s0");
    ck_assert_int_eq(iov_adapter_get_numa_node(adapter), 0);
    ck_assert_int_eq(iov_adapter_get_iommu_group(adapter), 1);
    ck_assert_uint_eq(iov_adapter_get_total_vfs(adapter), 7);
    ck_assert_uint_eq(iov_adapter_get_num_vfs(adapter), 3);
    ck_assert(!iov_adapter_get_autoprobe(adapter));
    ck_assert_int_eq(iov_adapter_get_link(adapter), IOV_LINK_UP);
    ck_assert_uint_eq(iov_adapter_get_speed(adapter), 1000);
    ck_assert_uint_eq(functions->len, 3);
    for (guint i = 0; i < functions->len; i++) {
        g_autofree char *address = sysfs_tree_vf_address(PF, i);

        ck_assert_uint_eq(iov_function_get_index(functions->pdata[i]), i);
        ck_assert_str_eq(iov_function_get_address(functions->pdata[i]), address);
        ck_assert_pstr_eq(iov_function_get_driver(functions->pdata[i]), "vfio-pci");
        ck_assert_pstr_eq(iov_function_get_netdev(functions->pdata[i]), NULL);
        ck_assert_int_eq(iov_function_get_iommu_group(functions->pdata[i]), 2 + (int)i);
    }
}
END_TEST

START_TEST(lists_adapters_alone_and_in_order)
{
    const SysfsDevice drive = {.address = "0000:00:05.0",
                               .class_code = 0x010802,
                               .driver = "nvme",
                               .numa_node = -1,
                               .total_vfs = 127,
                               .num_vfs = 127,
                               .no_iommu = TRUE};
    g_autoptr(GError) error = NULL;

    sysfs_tree_add_igb(tree, "0001:00:00.0", "enP1p0s0", 0);
    sysfs_tree_add(tree, &drive);
    g_autoptr(GPtrArray) adapters = iov_host_list_adapters(host, &error);
    assert_done(adapters != NULL, error);
    ck_assert_uint_eq(adapters->len, 3);
    const IovAdapter *first = adapters->pdata[0];
    ck_assert_str_eq(iov_adapter_get_address(first), "0000:00:05.0");
    ck_assert_int_eq(iov_adapter_get_class(first), IOV_CLASS_NVME);
    ck_assert_uint_eq(iov_adapter_get_functions(first)->len, 127);
    ck_assert_int_eq(iov_adapter_get_numa_node(first), -1);
    ck_assert_int_eq(iov_adapter_get_iommu_group(first), -1);
    ck_assert_int_eq(iov_adapter_get_link(first), IOV_LINK_NONE);
    ck_assert_str_eq(iov_adapter_get_address(adapters->pdata[1]), PF);
    ck_assert_str_eq(iov_adapter_get_address(adapters->pdata[2]), "0001:00:00.0");
}
END_TEST

START_TEST(a_host_without_pci_has_no_adapters)
{
    g_autoptr(SysfsTree) empty = sysfs_tree_new(NULL);
    g_autoptr(IovHost) other = iov_host_linux_new(sysfs_tree_root(empty), NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) adapters = iov_host_list_adapters(other, &error);

    assert_done(adapters != NULL, error);
    ck_assert_uint_eq(adapters->len, 0);
    assert_fails(iov_host_get_adapter(other, PF, &error) != NULL, error, IOV_ERROR_NOT_FOUND, PF);
}
END_TEST

START_TEST(a_root_must_exist)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(sysfs_tree_root(tree), "absent", NULL);

    assert_fails(iov_host_linux_new(path, &error) != NULL, error, IOV_ERROR_NOT_FOUND, "absent");
}
END_TEST

START_TEST(a_link_has_three_states)
{
    g_autoptr(GError) error = NULL;
    IovLink link = IOV_LINK_NONE;

    sysfs_tree_write(tree, DEVICES PF "/net/enp1s0/carrier", "0\n");
    assert_done(iov_host_get_link(host, "enp1s0", &link, &error), error);
    ck_assert_int_eq(link, IOV_LINK_NO_CARRIER);
    sysfs_tree_write(tree, DEVICES PF "/net/enp1s0/flags", "0x1002\n");
    assert_done(iov_host_get_link(host, "enp1s0", &link, &error), error);
    ck_assert_int_eq(link, IOV_LINK_DOWN);
}
END_TEST

START_TEST(a_netdev_leads_to_its_device)
{
    static const char *const impossible[] = {
        "", ".", "..", "enp9s0", "../../bus", "a-name-longer-than-15", "virbr0"};
    g_autoptr(GError) error = NULL;
    g_autofree char *address = iov_host_find_netdev(host, "enp1s0", &error);
    IovLink link = IOV_LINK_NONE;

    assert_done(address != NULL, error);
    ck_assert_str_eq(address, PF);
    sysfs_tree_write(tree, "sys/devices/virtual/net/virbr0/flags", "0x1003\n");
    sysfs_tree_link(tree, "sys/class/net/virbr0", "../../devices/virtual/net/virbr0");
    for (gsize i = 0; i < G_N_ELEMENTS(impossible); i++)
        assert_fails(iov_host_find_netdev(host, impossible[i], &error) != NULL, error,
                     IOV_ERROR_NOT_FOUND, "netdev");
    assert_fails(iov_host_get_link(host, "enp9s0", &link, &error), error, IOV_ERROR_NOT_FOUND,
                 "enp9s0");
}
END_TEST

START_TEST(a_representor_is_not_the_adapters_netdev)
{
    static const char *const ports[][2] = {
        {"eth0", "pf0vf0"}, {"eth1", "c1pf0vf1"}, {"zz", "p0"}, {"eth2", "pf0sf88"}};

    for (gsize i = 0; i < G_N_ELEMENTS(ports); i++) {
        g_autofree char *path = g_strdup_printf(DEVICES PF "/net/%s/phys_port_name", ports[i][0]);

        sysfs_tree_write(tree, path, ports[i][1]);
    }
    sysfs_tree_write(tree, DEVICES PF "/net/enp1s0/phys_port_name", "pf0vf5\n");
    g_autoptr(IovAdapter) adapter = adapter_at(PF);
    ck_assert_pstr_eq(iov_adapter_get_netdev(adapter), "zz");
}
END_TEST

START_TEST(a_vanished_vf_leaves_a_hole)
{
    sysfs_tree_remove(tree, DEVICES PF "/virtfn1");
    g_autoptr(IovAdapter) adapter = adapter_at(PF);
    GPtrArray *functions = iov_adapter_get_functions(adapter);

    ck_assert_uint_eq(iov_adapter_get_num_vfs(adapter), 3);
    ck_assert_uint_eq(functions->len, 2);
    ck_assert_uint_eq(iov_function_get_index(functions->pdata[1]), 2);
}
END_TEST

/* ---- effects: plain files stay as they were written ---- */

static void
bind_to(const char *function, const char *driver)
{
    g_autofree char *link = g_strdup_printf(DEVICES "%s/driver", function);
    g_autofree char *target = g_strdup_printf("../../../bus/pci/drivers/%s", driver);

    sysfs_tree_link(tree, link, target);
}

static void
assert_migratable(gboolean first, gboolean second, gboolean third)
{
    g_autoptr(IovAdapter) adapter = adapter_at(PF);
    GPtrArray *functions = iov_adapter_get_functions(adapter);

    ck_assert_int_eq(iov_function_get_migratable(functions->pdata[0]), first);
    ck_assert_int_eq(iov_function_get_migratable(functions->pdata[1]), second);
    ck_assert_int_eq(iov_function_get_migratable(functions->pdata[2]), third);
}

/* Linux 6.1 to 6.7, or a debugfs that cannot be read. */
START_TEST(a_variant_driver_is_taken_to_migrate)
{
    bind_to("0000:01:10.0", "mlx5_vfio_pci");
    bind_to("0000:01:10.2", "nvgrace_gpu_vfio_pci");
    assert_migratable(FALSE, FALSE, FALSE);
    sysfs_tree_write(tree, DEVICES "0000:01:10.0/vfio-dev/vfio0/dev", "511:0\n");
    sysfs_tree_write(tree, DEVICES "0000:01:10.2/vfio-dev/vfio1/dev", "511:1\n");
    sysfs_tree_write(tree, DEVICES "0000:01:10.4/vfio-dev/vfio2/dev", "511:2\n");
    assert_migratable(TRUE, FALSE, FALSE);
    bind_to("0000:01:10.4", "qat_vfio_pci");
    assert_migratable(TRUE, FALSE, TRUE);
    bind_to("0000:01:10.4", "xe-vfio-pci");
    assert_migratable(TRUE, FALSE, TRUE);
    bind_to("0000:01:10.4", "igbvf");
    assert_migratable(TRUE, FALSE, FALSE);
}
END_TEST

/* Linux 6.8 on: a card whose firmware cannot has the driver, and no such directory. */
START_TEST(debugfs_knows_what_migrates)
{
    bind_to("0000:01:10.0", "mlx5_vfio_pci");
    bind_to("0000:01:10.2", "mlx5_vfio_pci");
    bind_to("0000:01:10.4", "mlx5_vfio_pci");
    sysfs_tree_write(tree, DEVICES "0000:01:10.0/vfio-dev/vfio0/dev", "511:0\n");
    sysfs_tree_write(tree, DEVICES "0000:01:10.2/vfio-dev/vfio1/dev", "511:1\n");
    sysfs_tree_write(tree, DEVICES "0000:01:10.4/vfio-dev/vfio2/dev", "511:2\n");
    sysfs_tree_write(tree, "sys/kernel/debug/vfio/0000:01:10.0/migration/state", "RUNNING\n");
    sysfs_tree_write(tree, "sys/kernel/debug/vfio/0000:01:10.2/other", "");
    assert_migratable(TRUE, FALSE, TRUE);
}
END_TEST

START_TEST(writes_what_the_kernel_reads)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_host_set_autoprobe(host, PF, TRUE, &error), error);
    assert_file(DEVICES PF "/sriov_drivers_autoprobe", "1");
    assert_done(iov_host_set_driver_override(host, VF, "vfio-pci", &error), error);
    assert_file(DEVICES VF "/driver_override", "vfio-pci");
    assert_done(iov_host_set_driver_override(host, VF, NULL, &error), error);
    assert_file(DEVICES VF "/driver_override", "\n");
    assert_done(iov_host_reset(host, VF, &error), error);
    assert_file(DEVICES VF "/reset", "1");
    sysfs_tree_remove(tree, DEVICES VF "/reset");
    assert_done(iov_host_reset(host, VF, &error), error);
}
END_TEST

START_TEST(unbind_writes_and_verifies)
{
    g_autoptr(GError) error = NULL;

    assert_fails(iov_host_unbind(host, VF, &error), error, IOV_ERROR_HOST, "bound to vfio-pci");
    assert_file("sys/bus/pci/drivers/vfio-pci/unbind", VF);
    sysfs_tree_remove(tree, DEVICES VF "/driver");
    assert_done(iov_host_unbind(host, VF, &error), error);
    g_autofree char *driver = iov_host_get_driver(host, VF, &error);
    ck_assert_pstr_eq(driver, "");
}
END_TEST

START_TEST(probe_writes_and_verifies)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_host_probe(host, VF, "vfio-pci", &error), error);
    assert_file("sys/bus/pci/drivers_probe", "");
    assert_fails(iov_host_probe(host, VF, "igbvf", &error), error, IOV_ERROR_HOST,
                 "cannot bind " VF " to igbvf: it is bound to vfio-pci");
    sysfs_tree_remove(tree, DEVICES VF "/driver");
    assert_fails(iov_host_probe(host, VF, "vfio-pci", &error), error, IOV_ERROR_HOST,
                 "no driver took it");
    assert_file("sys/bus/pci/drivers_probe", VF);
    assert_done(iov_host_probe(host, VF, NULL, &error), error);
    sysfs_tree_remove(tree, DEVICES VF "/iommu_group");
    assert_fails(iov_host_probe(host, VF, "vfio-pci", &error), error, IOV_ERROR_HOST,
                 "no IOMMU group");
}
END_TEST

START_TEST(a_count_that_stands_needs_no_wait)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_host_set_num_vfs(host, PF, 3, &error), error);
    assert_file(DEVICES PF "/sriov_numvfs", "3");
}
END_TEST

START_TEST(vfs_that_never_come_time_out)
{
    g_autoptr(GError) error = NULL;

    assert_fails(iov_host_set_num_vfs(host, PF, 5, &error), error, IOV_ERROR_TIMEOUT,
                 "3 of its VFs appeared");
    assert_file(DEVICES PF "/sriov_numvfs", "5");
    assert_fails(iov_host_set_num_vfs(host, PF, 0, &error), error, IOV_ERROR_TIMEOUT,
                 "its VFs are not gone");
}
END_TEST

/* Plays the kernel that makes VFs after the write has returned. */
static gpointer
make_vfs_late(gpointer data)
{
    static const char *const names[] = {"virtfn3", "virtfn4"};
    g_autofree char *path = g_strdup(DEVICES PF "/sriov_numvfs");

    (void)data;
    for (;;) {
        g_autofree char *text = sysfs_tree_read(tree, path);

        if (strcmp(text, "5") == 0)
            break;
        g_thread_yield();
    }
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *address = sysfs_tree_vf_address(PF, 3 + i);
        g_autofree char *link = g_strdup_printf(DEVICES PF "/%s", names[i]);
        g_autofree char *target = g_strdup_printf("../%s", address);
        const SysfsDevice vf = {.address = address};

        sysfs_tree_link(tree, link, target);
        sysfs_tree_add(tree, &vf);
    }
    return NULL;
}

START_TEST(late_vfs_are_waited_for)
{
    const IovHostLimits patient = {.write = 60000, .num_vfs = 60000, .settle = 60000};
    g_autoptr(GError) error = NULL;
    GThread *kernel = g_thread_new("kernel", make_vfs_late, NULL);

    iov_host_linux_set_limits(host, &patient);
    assert_done(iov_host_set_num_vfs(host, PF, 5, &error), error);
    g_autoptr(IovAdapter) adapter = adapter_at(PF);
    ck_assert_uint_eq(iov_adapter_get_functions(adapter)->len, 5);
    g_thread_join(kernel);
}
END_TEST

START_TEST(bad_counts_and_devices_write_nothing)
{
    g_autoptr(GError) error = NULL;

    assert_fails(iov_host_set_num_vfs(host, PF, 8, &error), error, IOV_ERROR_UNSUPPORTED,
                 "at most 7 VFs");
    assert_file(DEVICES PF "/sriov_numvfs", "3\n");
    assert_fails(iov_host_set_num_vfs(host, "0000:00:00.0", 1, &error), error,
                 IOV_ERROR_UNSUPPORTED, "no SR-IOV");
    assert_fails(iov_host_set_num_vfs(host, "0000:09:00.0", 1, &error), error, IOV_ERROR_NOT_FOUND,
                 "0000:09:00.0");
    assert_fails(iov_host_unbind(host, "../../../etc", &error), error, IOV_ERROR_INVALID,
                 "is not a PCI address");
}
END_TEST

START_TEST(netlink_is_for_the_real_root)
{
    const IovNetconf netconf = {.has_vlan = TRUE, .vlan = 42};
    IovNetconf now = {0};
    g_autoptr(GError) error = NULL;

    assert_fails(iov_host_set_link_up(host, "enp1s0", TRUE, &error), error, IOV_ERROR_UNSUPPORTED,
                 "another root");
    assert_fails(iov_host_set_vf_netconf(host, "enp1s0", 0, &netconf, &error), error,
                 IOV_ERROR_UNSUPPORTED, "another root");
    assert_fails(iov_host_get_vf_netconf(host, "enp1s0", 0, &now, &error), error,
                 IOV_ERROR_UNSUPPORTED, "another root");
    assert_fails(iov_host_set_filter(host, "enp1s0", "52:54:00:00:00:01", TRUE, &error), error,
                 IOV_ERROR_UNSUPPORTED, "another root");
    assert_fails(iov_host_unlearn(host, "enp1s0", "52:54:00:00:00:01", &error), error,
                 IOV_ERROR_UNSUPPORTED, "another root");
    assert_fails(iov_host_set_learning(host, "vnet0", FALSE, &error), error, IOV_ERROR_UNSUPPORTED,
                 "another root");
    assert_fails(iov_host_set_macvtap(host, "macvtap0", IOV_MACVTAP_VEPA, &error), error,
                 IOV_ERROR_UNSUPPORTED, "another root");
}
END_TEST

/* ---- who uses it ---- */

static void
assert_user(const char *function, const char *user)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *now = iov_host_find_user(host, function, &error);

    ck_assert_ptr_null(error);
    ck_assert_pstr_eq(now, user);
}

START_TEST(users_are_named)
{
    const SysfsDevice adapter = {.address = "0000:02:00.0",
                                 .class_code = 0x020000,
                                 .driver = "igb",
                                 .netdev = "ens2",
                                 .total_vfs = 4,
                                 .num_vfs = 2,
                                 .vf_driver = "igbvf",
                                 .vf_netdevs = TRUE};
    const SysfsDevice drive = {.address = "0000:03:00.0",
                               .class_code = 0x010802,
                               .driver = "nvme",
                               .total_vfs = 4,
                               .num_vfs = 1,
                               .vf_driver = "nvme"};
    const char *vf = "0000:02:10.2";

    sysfs_tree_add(tree, &adapter);
    sysfs_tree_add(tree, &drive);
    assert_user(VF, NULL);
    sysfs_tree_remove(tree, DEVICES VF "/driver");
    assert_user(VF, NULL);
    sysfs_tree_link(tree, DEVICES VF "/driver", "../../../bus/pci/drivers/mlx5_vfio_pci");
    assert_user(VF, NULL);
    assert_user(vf, NULL);
    sysfs_tree_link(tree, DEVICES "0000:02:10.2/net/ens2v1/upper_br0", "../../br0");
    assert_user(vf, "netdev ens2v1 is below br0");
    sysfs_tree_write(tree, DEVICES "0000:02:10.2/net/ens2v1/flags", "0x1003\n");
    assert_user(vf, "netdev ens2v1 is up");
    assert_user("0000:03:10.0", "bound to driver nvme");
}
END_TEST

START_TEST(holders_are_found)
{
    g_autoptr(GError) error = NULL;
    GPid pid = -1;

    assert_done(iov_host_find_vfio_holder(host, 3, &pid, &error), error);
    ck_assert_int_eq(pid, 0);
    sysfs_tree_add_holder(tree, 4711, 33);
    sysfs_tree_add_holder(tree, 4712, 3);
    sysfs_tree_link(tree, "proc/self", "4712");
    assert_done(iov_host_find_vfio_holder(host, 3, &pid, &error), error);
    ck_assert_int_eq(pid, 4712);
    assert_done(iov_host_find_vfio_holder(host, 2, &pid, &error), error);
    ck_assert_int_eq(pid, 0);
    /* By the device's own file. */
    sysfs_tree_write(tree, DEVICES "0000:01:10.0/vfio-dev/vfio5/dev", "511:5\n");
    sysfs_tree_link(tree, "proc/4713/fd/4", "/dev/vfio/devices/vfio5");
    assert_done(iov_host_find_vfio_holder(host, 2, &pid, &error), error);
    ck_assert_int_eq(pid, 4713);
    /* O_PATH: udev sets permissions. */
    sysfs_tree_write(tree, "proc/4713/fdinfo/4", "pos:\t0\nflags:\t012000000\nmnt_id:\t27\n");
    assert_done(iov_host_find_vfio_holder(host, 2, &pid, &error), error);
    ck_assert_int_eq(pid, 0);
    sysfs_tree_write(tree, "proc/4713/fdinfo/4", "pos:\t0\nflags:\t0100002\nmnt_id:\t27\n");
    assert_done(iov_host_find_vfio_holder(host, 2, &pid, &error), error);
    ck_assert_int_eq(pid, 4713);
}
END_TEST

START_TEST(a_group_has_its_devices)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *expected = g_strconcat("0000:00:1f.0 ", VF, NULL);
    g_autofree char *path = NULL;
    g_autoptr(IovAdapter) adapter = iov_host_get_adapter(host, PF, NULL);
    int group = iov_function_get_iommu_group(iov_adapter_get_functions(adapter)->pdata[1]);

    path = g_strdup_printf("sys/kernel/iommu_groups/%d/devices/0000:00:1f.0", group);
    sysfs_tree_link(tree, path, "../../../../devices/pci0000:00/0000:00:1f.0");
    g_auto(GStrv) devices = iov_host_list_group(host, group, &error);
    assert_done(devices != NULL, error);
    g_autofree char *list = g_strjoinv(" ", devices);
    ck_assert_str_eq(list, expected);
    assert_fails(iov_host_list_group(host, 4711, &error) != NULL, error, IOV_ERROR_NOT_FOUND,
                 "no IOMMU group 4711");
}
END_TEST

static void
assert_driven(gboolean expected)
{
    g_autoptr(GError) error = NULL;
    gboolean driven = !expected;

    assert_done(iov_host_is_driven(host, VF, &driven, &error), error);
    ck_assert_int_eq(driven, expected);
}

START_TEST(a_guests_driver_asks_for_interrupts)
{
    assert_driven(FALSE);
    sysfs_tree_write(tree, DEVICES VF "/msi_irqs/42", "msix\n");
    assert_driven(TRUE);
    sysfs_tree_remove(tree, DEVICES VF "/msi_irqs/42");
    assert_driven(FALSE);
    /* a driver of the host's is no guest's */
    sysfs_tree_write(tree, DEVICES VF "/msi_irqs/42", "msix\n");
    sysfs_tree_link(tree, DEVICES VF "/driver", "../../../bus/pci/drivers/igbvf");
    assert_driven(FALSE);
}
END_TEST

START_TEST(a_boot_has_a_name)
{
    g_autofree char *none = iov_host_get_boot_id(host, NULL);
    ck_assert_pstr_eq(none, "foreign");
    sysfs_tree_set_boot_id(tree, "33333333-3333-4333-8333-333333333333");
    g_autofree char *boot_id = iov_host_get_boot_id(host, NULL);
    ck_assert_pstr_eq(boot_id, "33333333-3333-4333-8333-333333333333");
}
END_TEST

static void
add_reading(TCase *tests)
{
    tcase_add_test(tests, reads_an_adapter);
    tcase_add_test(tests, lists_adapters_alone_and_in_order);
    tcase_add_test(tests, a_host_without_pci_has_no_adapters);
    tcase_add_test(tests, a_root_must_exist);
    tcase_add_test(tests, a_link_has_three_states);
    tcase_add_test(tests, a_netdev_leads_to_its_device);
    tcase_add_test(tests, a_representor_is_not_the_adapters_netdev);
    tcase_add_test(tests, a_vanished_vf_leaves_a_hole);
    tcase_add_test(tests, a_variant_driver_is_taken_to_migrate);
    tcase_add_test(tests, debugfs_knows_what_migrates);
    tcase_add_test(tests, users_are_named);
    tcase_add_test(tests, holders_are_found);
    tcase_add_test(tests, a_group_has_its_devices);
    tcase_add_test(tests, a_guests_driver_asks_for_interrupts);
    tcase_add_test(tests, a_boot_has_a_name);
}

static void
add_effects(TCase *tests)
{
    tcase_add_test(tests, writes_what_the_kernel_reads);
    tcase_add_test(tests, unbind_writes_and_verifies);
    tcase_add_test(tests, probe_writes_and_verifies);
    tcase_add_test(tests, a_count_that_stands_needs_no_wait);
    tcase_add_test(tests, vfs_that_never_come_time_out);
    tcase_add_test(tests, late_vfs_are_waited_for);
    tcase_add_test(tests, bad_counts_and_devices_write_nothing);
    tcase_add_test(tests, netlink_is_for_the_real_root);
}

int
main(void)
{
    Suite *suite = suite_create("host-linux");
    TCase *reading = tcase_create("reading");
    TCase *effects = tcase_create("effects");

    tcase_add_checked_fixture(reading, set_up, tear_down);
    tcase_set_timeout(reading, 60);
    add_reading(reading);
    suite_add_tcase(suite, reading);
    tcase_add_checked_fixture(effects, set_up, tear_down);
    tcase_set_timeout(effects, 60);
    add_effects(effects);
    suite_add_tcase(suite, effects);
    return run_suite(suite);
}
