/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Discovery: adapters and their VFs from sysfs, in few system calls a VF. It only reads. Trees are
 * hostile: every name is parsed, nothing is followed deeper than one device, and what is broken is
 * left out of the list.
 */
#include "iov-address.h"
#include "iov-host-linux-private.h"
#include "iov-io.h"

#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#define DEVICES_LIMIT (1024 * 1024) /* directory entries that are looked at */
#define VIRTFN "virtfn"
#define VFIO_DEBUG "sys/kernel/debug/vfio"

/* A number of the device, or @otherwise where the file is missing or odd. */
static guint
read_guint(int dirfd, const char *path, guint64 maximum, guint otherwise)
{
    guint64 value;

    return iov_io_read_number(dirfd, path, maximum, &value, NULL) ? (guint)value : otherwise;
}

/* Text from the tree that ends up in listings and messages. (nullable) */
static char *
clean_name(const char *name)
{
    char *clean;

    if (name[0] == '\0')
        return NULL;
    clean = g_utf8_make_valid(name, -1);
    for (char *c = clean; *c != '\0'; c++)
        if (g_ascii_iscntrl(*c))
            *c = '?';
    return clean;
}

static int
read_group(int dirfd, const char *path)
{
    char name[IOV_HOST_NAME_SIZE];
    guint64 group;

    if (!iov_host_linux_read_name(dirfd, path, name) ||
        !iov_io_parse_number(name, G_MAXINT, &group))
        return -1;
    return (int)group;
}

IovLink
iov_host_linux_scan_link(int netdev_fd)
{
    if ((read_guint(netdev_fd, "flags", G_MAXUINT, 0) & IFF_UP) == 0)
        return IOV_LINK_DOWN;
    return read_guint(netdev_fd, "carrier", 1, 0) == 1 ? IOV_LINK_UP : IOV_LINK_NO_CARRIER;
}

typedef struct {
    char name[IFNAMSIZ];
    guint count, ifindex;
    gboolean is_representor;
} NetdevChoice;

/* An adapter in switchdev mode has the representors of its VFs beside its own netdev: their port
 * name is "pf0vf3" or "pf0sf88", maybe with a controller in front, its own is "p0". */
static gboolean
is_representor(int dirfd, const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/phys_port_name", name);
    g_autofree char *port = iov_io_read_line(dirfd, path, NULL);

    return port != NULL && (strstr(port, "vf") != NULL || strstr(port, "sf") != NULL);
}

static gboolean
choose_netdev(int dirfd, const char *name, gpointer data)
{
    NetdevChoice *choice = data;
    g_autofree char *path = g_strdup_printf("%s/ifindex", name);

    if (strlen(name) >= IFNAMSIZ)
        return TRUE;
    guint ifindex = read_guint(dirfd, path, G_MAXINT, G_MAXINT);
    gboolean representor = is_representor(dirfd, name);
    gboolean better = choice->count == 0 || representor < choice->is_representor ||
                      (representor == choice->is_representor && ifindex < choice->ifindex);

    choice->count++;
    if (better) {
        g_strlcpy(choice->name, name, sizeof(choice->name));
        choice->ifindex = ifindex;
        choice->is_representor = representor;
    }
    return choice->count < IOV_HOST_VFS_LIMIT;
}

char *
iov_host_linux_scan_netdev(int device_fd, const char *path)
{
    NetdevChoice choice = {.count = 0};

    iov_host_linux_visit(device_fd, path, choose_netdev, &choice);
    return clean_name(choice.name);
}

/* ---- VFs ---- */

typedef struct {
    IovHostLinux *linux_host;
    int devices_fd;
    const char *pf;
    GPtrArray *functions;
} VfScan;

/* Documentation/ABI/testing/debugfs-vfio: a device's directory (from Linux 6.8 on, root's alone)
 * has one named migration only where its driver can migrate it. Without debugfs the driver's name
 * has to do, once the device is registered with vfio (sysfs-devices-vfio-dev, from 6.1 on). */
static gboolean
is_migratable(const VfScan *scan, const char *address)
{
    IOV_IO_AUTO_CLOSE int debug_fd = iov_host_linux_open_dir(scan->linux_host, VFIO_DEBUG);
    g_autofree char *migration = g_strdup_printf("%s/migration", address);
    g_autofree char *registered = g_strdup_printf("%s/vfio-dev", address);

    if (!iov_io_exists(scan->devices_fd, registered))
        return FALSE;
    if (debug_fd < 0 || !iov_io_exists(debug_fd, address))
        return TRUE;
    return iov_io_exists(debug_fd, migration);
}

/* Three system calls a VF: its link, its driver, its group; its netdev only where there can be one,
 * and whether it can be migrated only where its driver might. */
static void
add_function(VfScan *scan, const char *address, guint index)
{
    IovFunction *function = iov_function_new(address, index);
    char path[IOV_ADDRESS_SIZE + sizeof("/iommu_group")];
    char driver[IOV_HOST_NAME_SIZE];

    g_snprintf(path, sizeof(path), "%s/driver", address);
    if (iov_host_linux_read_name(scan->devices_fd, path, driver)) {
        function->driver = clean_name(driver);
        g_snprintf(path, sizeof(path), "%s/net", address);
        if (!iov_driver_is_vfio(driver))
            function->netdev = iov_host_linux_scan_netdev(scan->devices_fd, path);
        function->migratable = iov_driver_is_vfio_variant(driver) && is_migratable(scan, address);
    }
    g_snprintf(path, sizeof(path), "%s/iommu_group", address);
    function->iommu_group = read_group(scan->devices_fd, path);
    g_ptr_array_add(scan->functions, function);
}

static gboolean
take_virtfn(int dirfd, const char *name, gpointer data)
{
    VfScan *scan = data;
    char target[IOV_HOST_NAME_SIZE], address[IOV_ADDRESS_SIZE];
    IovAddress parsed;
    guint64 index;

    if (!g_str_has_prefix(name, VIRTFN) ||
        !iov_io_parse_number(name + strlen(VIRTFN), IOV_HOST_VFS_LIMIT - 1, &index) ||
        !iov_host_linux_read_name(dirfd, name, target) || !iov_address_parse(target, &parsed, NULL))
        return TRUE;
    iov_address_format(&parsed, address);
    if (strcmp(address, scan->pf) != 0)
        add_function(scan, address, (guint)index);
    return scan->functions->len < IOV_HOST_VFS_LIMIT;
}

static int
by_index(gconstpointer a, gconstpointer b)
{
    guint first = (*(IovFunction *const *)a)->index, second = (*(IovFunction *const *)b)->index;

    return first < second ? -1 : first > second;
}

/* Not from sriov_numvfs: since Linux 5.10 reading it takes the PF's lock, and so hangs for as long
 * as a removal of VFs hangs; then nothing would work on this host that looks at adapters. */
static guint
count_vfs(const GPtrArray *functions)
{
    if (functions->len == 0)
        return 0;
    return ((const IovFunction *)functions->pdata[functions->len - 1])->index + 1;
}

/* ---- PFs ---- */

static void
scan_network(IovAdapter *adapter, int device_fd)
{
    adapter->netdev = iov_host_linux_scan_netdev(device_fd, "net");
    if (adapter->netdev == NULL)
        return;
    g_autofree char *path = g_strdup_printf("net/%s", adapter->netdev);
    IOV_IO_AUTO_CLOSE int fd = iov_io_open_dir(device_fd, path, NULL);
    if (fd < 0)
        return;
    adapter->link = iov_host_linux_scan_link(fd);
    /* "-1" and 4294967295 are the kernel's words for unknown. */
    adapter->speed = read_guint(fd, "speed", G_MAXINT, 0);
}

static IovAdapter *
scan_adapter(IovHostLinux *linux_host, int devices_fd, int device_fd, const char *address,
             guint total)
{
    IovAdapter *adapter = iov_adapter_new(address);
    VfScan scan = {linux_host, devices_fd, address, adapter->functions};
    char driver[IOV_HOST_NAME_SIZE];

    iov_host_linux_read_driver(device_fd, driver);
    adapter->driver = clean_name(driver);
    adapter->vendor = read_guint(device_fd, "vendor", 0xffff, 0);
    adapter->device = read_guint(device_fd, "device", 0xffff, 0);
    adapter->class_code = read_guint(device_fd, "class", 0xffffff, 0);
    adapter->class_ = iov_class_from_code(adapter->class_code, adapter->driver);
    adapter->numa_node = (int)read_guint(device_fd, "numa_node", G_MAXINT, G_MAXUINT);
    adapter->iommu_group = read_group(device_fd, "iommu_group");
    adapter->total_vfs = total;
    /* Before Linux 4.13 there is no such switch, and it is as if on. */
    adapter->autoprobe = read_guint(device_fd, "sriov_drivers_autoprobe", 1, 1) == 1;
    scan_network(adapter, device_fd);
    iov_host_linux_visit(device_fd, ".", take_virtfn, &scan);
    g_ptr_array_sort(adapter->functions, by_index);
    adapter->num_vfs = count_vfs(adapter->functions);
    return adapter;
}

gboolean
iov_host_linux_read_total(int device_fd, const char *address, guint *total, GError **error)
{
    g_autoptr(GError) cause = NULL;
    guint64 value = 0;

    if (!iov_io_read_number(device_fd, "sriov_totalvfs", IOV_HOST_VFS_LIMIT, &value, &cause) &&
        !g_error_matches(cause, IOV_ERROR, IOV_ERROR_NOT_FOUND)) {
        g_propagate_prefixed_error(error, g_steal_pointer(&cause), "%s: ", address);
        return FALSE;
    }
    if (value == 0)
        return iov_error_set(error, IOV_ERROR_UNSUPPORTED, "PCI device %s has no SR-IOV", address);
    *total = (guint)value;
    return TRUE;
}

static int
open_devices(IovHostLinux *linux_host)
{
    return iov_host_linux_open_dir(linux_host, "sys/bus/pci/devices");
}

IovAdapter *
iov_host_linux_get_adapter(IovHost *host, const char *address, GError **error)
{
    IovHostLinux *linux_host = (IovHostLinux *)host;
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_device(linux_host, address, error);
    guint total;

    if (fd < 0 || !iov_host_linux_read_total(fd, address, &total, error))
        return NULL;
    IOV_IO_AUTO_CLOSE int devices_fd = open_devices(linux_host);
    g_autofree char *canonical = iov_address_normalize(address, NULL);
    return scan_adapter(linux_host, devices_fd, fd, canonical, total);
}

typedef struct {
    IovHostLinux *linux_host;
    GPtrArray *adapters;
    guint seen;
} AdapterScan;

static gboolean
take_device(int devices_fd, const char *name, gpointer data)
{
    AdapterScan *scan = data;
    char address[IOV_ADDRESS_SIZE], path[IOV_ADDRESS_SIZE + sizeof("/sriov_totalvfs")];
    IovAddress parsed;
    guint total;

    if (++scan->seen > DEVICES_LIMIT)
        return FALSE;
    if (!iov_address_parse(name, &parsed, NULL) ||
        strcmp(iov_address_format(&parsed, address), name) != 0)
        return TRUE;
    g_snprintf(path, sizeof(path), "%s/sriov_totalvfs", address);
    if (!iov_io_exists(devices_fd, path))
        return TRUE;
    /* One that vanished meanwhile, or makes no sense, must not hide the others. */
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_device(scan->linux_host, address, NULL);
    if (fd >= 0 && iov_host_linux_read_total(fd, address, &total, NULL))
        g_ptr_array_add(scan->adapters,
                        scan_adapter(scan->linux_host, devices_fd, fd, address, total));
    return TRUE;
}

static int
by_address(gconstpointer a, gconstpointer b)
{
    IovAddress first = {0}, second = {0};

    iov_address_parse((*(IovAdapter *const *)a)->address, &first, NULL);
    iov_address_parse((*(IovAdapter *const *)b)->address, &second, NULL);
    return iov_address_compare(&first, &second);
}

GPtrArray *
iov_host_linux_list_adapters(IovHost *host, GError **error)
{
    AdapterScan scan = {.linux_host = (IovHostLinux *)host,
                        .adapters =
                            g_ptr_array_new_with_free_func((GDestroyNotify)iov_adapter_unref)};
    /* A host without PCI has no adapters: no error. */
    IOV_IO_AUTO_CLOSE int devices_fd = open_devices(scan.linux_host);

    (void)error;
    if (devices_fd >= 0)
        iov_host_linux_visit(devices_fd, ".", take_device, &scan);
    g_ptr_array_sort(scan.adapters, by_address);
    return scan.adapters;
}
