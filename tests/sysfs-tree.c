/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host's /sys and /proc as plain files below a directory; see the header. All paths go through
 * one directory descriptor, so that nothing outside the tree is ever written.
 */
#include "config.h"

#include "sysfs-tree.h"
#include "iov-address.h"
#include "iov-io.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUS "sys/devices/pci0000:00"
#define VF_OFFSET 0x80
#define VF_STRIDE 2

struct SysfsTree {
    char *root;
    gboolean temporary;
    int fd;
    int next_group, next_ifindex;
};

SysfsTree *
sysfs_tree_new(const char *root)
{
    SysfsTree *tree = g_new0(SysfsTree, 1);

    tree->temporary = root == NULL;
    tree->root = root != NULL ? g_strdup(root) : g_dir_make_tmp("iov-sysfs-XXXXXX", NULL);
    tree->fd = open(tree->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    tree->next_ifindex = 2;
    if (tree->fd < 0)
        g_error("cannot open %s: %s", tree->root, g_strerror(errno));
    return tree;
}

static int
remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void
sysfs_tree_free(SysfsTree *tree)
{
    if (tree->temporary)
        nftw(tree->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    iov_io_close(&tree->fd);
    g_free(tree->root);
    g_free(tree);
}

const char *
sysfs_tree_root(const SysfsTree *tree)
{
    return tree->root;
}

static void
make_parents(SysfsTree *tree, const char *path)
{
    g_autofree char *parents = g_strdup(path);

    for (char *slash = strchr(parents, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdirat(tree->fd, parents, 0755) < 0 && errno != EEXIST)
            g_error("cannot make %s: %s", parents, g_strerror(errno));
        *slash = '/';
    }
}

void
sysfs_tree_write(SysfsTree *tree, const char *path, const char *text)
{
    IOV_IO_AUTO_CLOSE int fd = -1;

    make_parents(tree, path);
    sysfs_tree_remove(tree, path);
    fd = openat(tree->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        g_error("cannot write %s: %s", path, g_strerror(errno));
}

void
sysfs_tree_link(SysfsTree *tree, const char *path, const char *target)
{
    make_parents(tree, path);
    sysfs_tree_remove(tree, path);
    if (symlinkat(target, tree->fd, path) < 0)
        g_error("cannot link %s: %s", path, g_strerror(errno));
}

void
sysfs_tree_remove(SysfsTree *tree, const char *path)
{
    if (unlinkat(tree->fd, path, 0) < 0 && errno != ENOENT)
        g_error("cannot remove %s: %s", path, g_strerror(errno));
}

char *
sysfs_tree_read(SysfsTree *tree, const char *path)
{
    g_autoptr(GError) error = NULL;
    char *text = iov_io_read(tree->fd, path, 65536, NULL, &error);

    if (text == NULL)
        g_error("%s", error->message);
    return text;
}

static void G_GNUC_PRINTF(4, 5)
    put(SysfsTree *tree, const char *dir, const char *name, const char *format, ...)
{
    g_autofree char *path = g_strdup_printf("%s/%s", dir, name);
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    sysfs_tree_write(tree, path, text);
}

static void G_GNUC_PRINTF(4, 5)
    put_link(SysfsTree *tree, const char *dir, const char *name, const char *format, ...)
{
    g_autofree char *path = g_strdup_printf("%s/%s", dir, name);
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *target = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    sysfs_tree_link(tree, path, target);
}

char *
sysfs_tree_vf_address(const char *pf, guint index)
{
    char buffer[IOV_ADDRESS_SIZE];
    IovAddress base;

    if (!iov_address_parse(pf, &base, NULL))
        g_error("%s is no PCI address", pf);
    guint id = ((guint)base.bus << 8 | (guint)base.slot << 3 | base.function) + VF_OFFSET +
               VF_STRIDE * index;
    IovAddress vf = {base.domain + (id >> 16), (guint8)(id >> 8), (guint8)(id >> 3 & 0x1f),
                     (guint8)(id & 7)};
    return g_strdup(iov_address_format(&vf, buffer));
}

static void
add_netdev(SysfsTree *tree, const char *address, const char *name, gboolean up, gboolean carrier,
           guint speed)
{
    g_autofree char *dir = g_strdup_printf(BUS "/%s/net/%s", address, name);

    put_link(tree, "sys/class/net", name, "../../devices/pci0000:00/%s/net/%s", address, name);
    put_link(tree, dir, "device", "../../../%s", address);
    put(tree, dir, "ifindex", "%d\n", tree->next_ifindex++);
    put(tree, dir, "flags", "0x%x\n", up ? 0x1003 : 0x1002);
    put(tree, dir, "operstate", "%s\n", up && carrier ? "up" : "down");
    put(tree, dir, "carrier", "%d\n", up && carrier);
    if (speed > 0 && up && carrier)
        put(tree, dir, "speed", "%u\n", speed);
    else
        put(tree, dir, "speed", "-1\n");
}

/* What PFs, VFs and plain devices have in common. */
static void
add_pci(SysfsTree *tree, const char *address, const SysfsDevice *device, const char *driver)
{
    g_autofree char *dir = g_strdup_printf(BUS "/%s", address);

    put_link(tree, "sys/bus/pci/devices", address, "../../../devices/pci0000:00/%s", address);
    put(tree, dir, "vendor", "0x%04x\n", device->vendor);
    put(tree, dir, "device", "0x%04x\n", device->device);
    put(tree, dir, "class", "0x%06x\n", device->class_code);
    put(tree, dir, "numa_node", "%d\n", device->numa_node);
    put(tree, dir, "driver_override", "(null)\n");
    if (driver != NULL) {
        g_autofree char *driver_dir = g_strdup_printf("sys/bus/pci/drivers/%s", driver);

        put_link(tree, dir, "driver", "../../../bus/pci/drivers/%s", driver);
        put(tree, driver_dir, "unbind", "%s", "");
        put_link(tree, driver_dir, address, "../../../../devices/pci0000:00/%s", address);
    }
    if (!device->no_iommu) {
        int group = tree->next_group++;
        g_autofree char *members = g_strdup_printf("sys/kernel/iommu_groups/%d/devices", group);

        put_link(tree, dir, "iommu_group", "../../../kernel/iommu_groups/%d", group);
        put_link(tree, members, address, "../../../../devices/pci0000:00/%s", address);
    }
}

static void
add_vf(SysfsTree *tree, const SysfsDevice *device, guint index)
{
    g_autofree char *address = sysfs_tree_vf_address(device->address, index);
    g_autofree char *dir = g_strdup_printf(BUS "/%s", address);
    g_autofree char *pf_dir = g_strdup_printf(BUS "/%s", device->address);
    g_autofree char *link = g_strdup_printf("virtfn%u", index);

    add_pci(tree, address, device, device->vf_driver);
    put_link(tree, dir, "physfn", "../%s", device->address);
    put_link(tree, pf_dir, link, "../%s", address);
    if (!device->has_no_reset)
        put(tree, dir, "reset", "%s", "");
    if (device->vf_netdevs) {
        g_autofree char *netdev = g_strdup_printf("%sv%u", device->netdev, index);

        add_netdev(tree, address, netdev, FALSE, FALSE, 0);
    }
}

void
sysfs_tree_add(SysfsTree *tree, const SysfsDevice *device)
{
    g_autofree char *dir = g_strdup_printf(BUS "/%s", device->address);

    add_pci(tree, device->address, device, device->driver);
    sysfs_tree_write(tree, "sys/bus/pci/drivers_probe", "");
    if (device->netdev != NULL)
        add_netdev(tree, device->address, device->netdev, device->link_up, device->carrier,
                   device->speed);
    if (device->total_vfs == 0)
        return;
    put(tree, dir, "sriov_totalvfs", "%u\n", device->total_vfs);
    put(tree, dir, "sriov_numvfs", "%u\n", device->num_vfs);
    put(tree, dir, "sriov_drivers_autoprobe", "%d\n", !device->autoprobe_off);
    for (guint i = 0; i < device->num_vfs; i++)
        add_vf(tree, device, i);
}

void
sysfs_tree_add_igb(SysfsTree *tree, const char *address, const char *netdev, guint num_vfs)
{
    const SysfsDevice device = {
        .address = address,
        .vendor = 0x8086,
        .device = 0x10c9,
        .class_code = 0x020000,
        .driver = "igb",
        .netdev = netdev,
        .link_up = TRUE,
        .carrier = TRUE,
        .speed = 1000,
        .total_vfs = 7,
        .num_vfs = num_vfs,
        .autoprobe_off = num_vfs > 0,
        .vf_driver = "vfio-pci",
    };

    sysfs_tree_add(tree, &device);
}

void
sysfs_tree_add_holder(SysfsTree *tree, int pid, int group)
{
    g_autofree char *dir = g_strdup_printf("proc/%d/fd", pid);

    put_link(tree, dir, "0", "/dev/null");
    put_link(tree, dir, "17", "/dev/vfio/%d", group);
}

void
sysfs_tree_set_boot_id(SysfsTree *tree, const char *boot_id)
{
    put(tree, "proc/sys/kernel/random", "boot_id", "%s\n", boot_id);
}
