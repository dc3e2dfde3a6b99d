/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who uses a function outside the pool: a netdev of the host, another driver, a process that holds
 * its vfio device, and whether its guest does; and what shares its IOMMU group. It only looks; what
 * follows from an answer is decided elsewhere.
 */
#include "config.h"

#include "iov-address.h"
#include "iov-host-linux-private.h"
#include "iov-io.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UPPER "upper_"
#define FDINFO_LIMIT 65536 /* bytes of one /proc/PID/fdinfo file */
#define GROUP_LIMIT 4096   /* devices of one IOMMU group */

static gboolean
find_upper(int dirfd, const char *name, gpointer data)
{
    char **upper = data;

    (void)dirfd;
    if (!g_str_has_prefix(name, UPPER))
        return TRUE;
    *upper = g_strdup(name + strlen(UPPER));
    return FALSE;
}

typedef struct {
    IovHostLinux *linux_host;
    guint netdevs;
    char *user;
    GError *error;
} UserSearch;

static gboolean
has_address(UserSearch *search, const char *netdev)
{
    gboolean found = FALSE;
    IovNetlink *netlink;

    if (!search->linux_host->is_real)
        return FALSE;
    netlink = iov_host_linux_need_netlink(search->linux_host, "list addresses", &search->error);
    return netlink != NULL && iov_netlink_has_address(netlink, netdev, &found, &search->error) &&
           found;
}

/* Why the netdev is in use. Its addresses are asked for last, as that is a dump of all. */
static gboolean
look_at_netdev(int dirfd, const char *name, gpointer data)
{
    UserSearch *search = data;
    IOV_IO_AUTO_CLOSE int fd = iov_io_open_dir(dirfd, name, NULL);
    g_autofree char *upper = NULL;

    search->netdevs++;
    if (fd < 0)
        return TRUE;
    if (iov_host_linux_scan_link(fd) != IOV_LINK_DOWN) {
        search->user = g_strdup_printf("netdev %s is up", name);
        return FALSE;
    }
    iov_host_linux_visit(fd, ".", find_upper, &upper);
    if (upper != NULL)
        search->user = g_strdup_printf("netdev %s is below %s", name, upper);
    else if (has_address(search, name))
        search->user = g_strdup_printf("netdev %s has an address", name);
    return search->user == NULL && search->error == NULL;
}

char *
iov_host_linux_find_user(IovHost *host, const char *function, GError **error)
{
    UserSearch search = {.linux_host = (IovHostLinux *)host};
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_device(search.linux_host, function, error);
    char driver[IOV_HOST_NAME_SIZE];

    if (fd < 0)
        return NULL;
    iov_host_linux_read_driver(fd, driver);
    if (driver[0] == '\0' || iov_driver_is_vfio(driver))
        return NULL;
    iov_host_linux_visit(fd, "net", look_at_netdev, &search);
    if (search.error != NULL) {
        g_propagate_error(error, search.error);
        return NULL;
    }
    /* No idle netdev to see: a drive, a driver of user space, or a netdev that was moved into a
     * container's network namespace and does not show here. */
    if (search.netdevs == 0)
        return g_strdup_printf("bound to driver %s", driver);
    return search.user;
}

/* ---- who holds a vfio device ---- */

typedef struct {
    GPtrArray *names; /* of device files, as /proc shows them */
    GPid self, found;
    int denied; /* errno value where a process did not let itself be looked at */
} HolderSearch;

static gboolean
add_device_file(int dirfd, const char *name, gpointer data)
{
    GPtrArray *names = data;

    (void)dirfd;
    g_ptr_array_add(names, g_strdup_printf("/dev/vfio/devices/%s", name));
    return TRUE;
}

/* A device of the group may also be opened by its own file, /dev/vfio/devices/vfioN, since Linux
 * 6.6: its vfio-dev directory names it. */
static gboolean
add_member(int dirfd, const char *name, gpointer data)
{
    g_autofree char *path = g_strdup_printf("%s/vfio-dev", name);

    iov_host_linux_visit(dirfd, path, add_device_file, data);
    return TRUE;
}

/* TRUE where the descriptor only names the file (O_PATH), as when udev sets the permissions of a
 * device file that has just come: that holds nothing. */
static gboolean
is_path_only(int dirfd, const char *name)
{
    g_autofree char *path = g_strdup_printf("../fdinfo/%s", name);
    g_autofree char *text = iov_io_read(dirfd, path, FDINFO_LIMIT, NULL, NULL);
    const char *flags = text != NULL ? strstr(text, "flags:") : NULL;

    return flags != NULL &&
           (g_ascii_strtoull(flags + strlen("flags:"), NULL, 8) & O_PATH) != 0; /* proc(5): octal */
}

static gboolean
look_at_descriptor(int dirfd, const char *name, gpointer data)
{
    HolderSearch *search = data;
    char target[64];
    ssize_t length = readlinkat(dirfd, name, target, sizeof(target) - 1);

    if (length < 0)
        return TRUE;
    target[length] = '\0';
    for (guint i = 0; i < search->names->len; i++) {
        if (strcmp(target, search->names->pdata[i]) != 0 || is_path_only(dirfd, name))
            continue;
        search->found = search->self;
        return FALSE;
    }
    return TRUE;
}

static gboolean
look_at_process(int dirfd, const char *name, gpointer data)
{
    HolderSearch *search = data;
    guint64 pid;

    if (!g_ascii_isdigit(name[0]) || !iov_io_parse_number(name, G_MAXINT, &pid))
        return TRUE;
    g_autofree char *path = g_strdup_printf("%s/fd", name);
    IOV_IO_AUTO_CLOSE int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        if (errno == EACCES || errno == EPERM)
            search->denied = errno;
        return TRUE;
    }
    search->self = (GPid)pid;
    iov_host_linux_visit(fd, ".", look_at_descriptor, search);
    return search->found == 0;
}

gboolean
iov_host_linux_find_vfio_holder(IovHost *host, int iommu_group, GPid *pid, GError **error)
{
    IovHostLinux *linux_host = (IovHostLinux *)host;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *members = g_strdup_printf("sys/kernel/iommu_groups/%d/devices", iommu_group);
    HolderSearch search = {.names = names};
    IOV_IO_AUTO_CLOSE int members_fd = iov_host_linux_open_dir(linux_host, members);
    IOV_IO_AUTO_CLOSE int proc_fd = iov_host_linux_open_dir(linux_host, "proc");

    g_ptr_array_add(names, g_strdup_printf("/dev/vfio/%d", iommu_group));
    if (members_fd >= 0)
        iov_host_linux_visit(members_fd, ".", add_member, names);
    if (proc_fd >= 0)
        iov_host_linux_visit(proc_fd, ".", look_at_process, &search);
    *pid = search.found;
    if (search.found == 0 && search.denied != 0)
        return iov_error_set_errno(error, search.denied,
                                   "cannot tell who holds IOMMU group %d: not every process lets "
                                   "itself be looked at",
                                   iommu_group);
    if (proc_fd < 0 && linux_host->is_real)
        return iov_error_set(error, IOV_ERROR_HOST,
                             "cannot tell who holds IOMMU group %d: /proc is not mounted",
                             iommu_group);
    return TRUE;
}

/* ---- what shares its IOMMU group ---- */

typedef struct {
    GStrvBuilder *addresses;
    guint left; /* entries that are still looked at */
} GroupSearch;

/* A device of another bus has no PCI address, and none of the questions that are asked here. */
static gboolean
add_address(int dirfd, const char *name, gpointer data)
{
    GroupSearch *search = data;
    g_autofree char *address = iov_address_normalize(name, NULL);

    (void)dirfd;
    if (address != NULL)
        g_strv_builder_add(search->addresses, address);
    return --search->left > 0;
}

static int
by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

GStrv
iov_host_linux_list_group(IovHost *host, int iommu_group, GError **error)
{
    g_autofree char *path = g_strdup_printf("sys/kernel/iommu_groups/%d/devices", iommu_group);
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_dir((IovHostLinux *)host, path);
    g_autoptr(GStrvBuilder) addresses = g_strv_builder_new();
    GroupSearch search = {.addresses = addresses, .left = GROUP_LIMIT};
    GStrv list;

    if (fd < 0) {
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "no IOMMU group %d", iommu_group);
        return NULL;
    }
    iov_host_linux_visit(fd, ".", add_address, &search);
    list = g_strv_builder_end(addresses);
    qsort(list, g_strv_length(list), sizeof(*list), by_text);
    return list;
}

static gboolean
take_any(int dirfd, const char *name, gpointer data)
{
    (void)dirfd;
    (void)name;
    *(gboolean *)data = TRUE;
    return FALSE;
}

/* msi_irqs holds the interrupts that vfio-pci has requested for the guest, which it does when the
 * guest enables MSI or MSI-X (Documentation/ABI/testing/sysfs-bus-pci). A VF has no others. */
gboolean
iov_host_linux_is_driven(IovHost *host, const char *function, gboolean *driven, GError **error)
{
    char driver[IOV_HOST_NAME_SIZE];
    gboolean any = FALSE;
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_device((IovHostLinux *)host, function, error);

    if (fd < 0)
        return FALSE;
    iov_host_linux_read_driver(fd, driver);
    iov_host_linux_visit(fd, "msi_irqs", take_any, &any);
    *driven = any && iov_driver_is_vfio(driver);
    return TRUE;
}
