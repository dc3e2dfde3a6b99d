/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Linux host: its handle, its table of operations, how it opens what is below its root, and
 * the small questions about netdevs, drivers and the boot. Discovery, effects, bridges, waiting and
 * who uses a function stand in iov-host-linux-*.c; netlink in iov-host-netlink*.c.
 */
#include "config.h"

#include "iov-address.h"
#include "iov-host-linux-private.h"
#include "iov-io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOREIGN_BOOT_ID "foreign"
#define MEMINFO_LIMIT (64 * 1024)

/* A minute is what the slowest adapters were seen to take for all their VFs. */
static const IovHostLimits default_limits = {
    .write = 30 * 1000, .num_vfs = 60 * 1000, .each_vf = 500, .settle = 5 * 1000};

static void
linux_free(IovHost *host)
{
    IovHostLinux *linux_host = (IovHostLinux *)host;

    iov_io_close(&linux_host->root_fd);
    iov_netlink_free(linux_host->netlink);
    g_free(linux_host);
}

void
iov_host_linux_set_limits(IovHost *host, const IovHostLimits *limits)
{
    ((IovHostLinux *)host)->limits = *limits;
}

/* Where a descriptor leads to. */
static gboolean
read_location(int fd, char location[static PATH_MAX])
{
    char path[64];
    ssize_t length;

    g_snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    length = readlink(path, location, PATH_MAX - 1);
    location[MAX(length, 0)] = '\0';
    return length > 0;
}

/* A link of a foreign tree may say anything; what is opened must lie in the tree all the same. */
static gboolean
is_inside(int root_fd, int fd)
{
    char root[PATH_MAX], location[PATH_MAX];
    size_t length;

    if (!read_location(root_fd, root) || !read_location(fd, location))
        return FALSE;
    length = strlen(root);
    return strncmp(root, location, length) == 0 && location[length] == '/';
}

int
iov_host_linux_open_dir(IovHostLinux *linux_host, const char *path)
{
    int fd = openat(linux_host->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || linux_host->is_real || is_inside(linux_host->root_fd, fd))
        return fd;
    iov_io_close(&fd);
    errno = ENOENT;
    return -1;
}

int
iov_host_linux_open_device(IovHostLinux *linux_host, const char *address, GError **error)
{
    g_autofree char *canonical = iov_address_normalize(address, error);
    int fd;

    if (canonical == NULL)
        return -1;
    g_autofree char *path = g_strdup_printf("sys/bus/pci/devices/%s", canonical);
    fd = iov_host_linux_open_dir(linux_host, path);
    if (fd < 0 && errno == ENOENT)
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "no PCI device %s", canonical);
    else if (fd < 0)
        iov_error_set_errno(error, errno, "cannot open PCI device %s", canonical);
    return fd;
}

gboolean
iov_host_linux_read_name(int dirfd, const char *path, char name[static IOV_HOST_NAME_SIZE])
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(dirfd, path, target, sizeof(target) - 1);

    if (length <= 0)
        return FALSE;
    target[length] = '\0';
    const char *slash = strrchr(target, '/');
    const char *last = slash != NULL ? slash + 1 : target;
    return last[0] != '\0' && strcmp(last, ".") != 0 && strcmp(last, "..") != 0 &&
           g_strlcpy(name, last, IOV_HOST_NAME_SIZE) < IOV_HOST_NAME_SIZE;
}

void
iov_host_linux_read_driver(int device_fd, char driver[static IOV_HOST_NAME_SIZE])
{
    if (!iov_host_linux_read_name(device_fd, "driver", driver))
        driver[0] = '\0';
}

void
iov_host_linux_visit(int dirfd, const char *path, IovHostVisitor visit, gpointer data)
{
    int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    if (dir == NULL) {
        iov_io_close(&fd);
        return;
    }
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            !visit(fd, entry->d_name, data))
            break;
    closedir(dir);
}

int
iov_host_linux_open_netdev(IovHostLinux *linux_host, const char *netdev, GError **error)
{
    g_autofree char *path = g_strdup_printf("sys/class/net/%s", netdev);
    gboolean possible = netdev[0] != '\0' && strlen(netdev) < IFNAMSIZ &&
                        strchr(netdev, '/') == NULL && strcmp(netdev, ".") != 0 &&
                        strcmp(netdev, "..") != 0;
    int fd = possible ? iov_host_linux_open_dir(linux_host, path) : -1;

    if (fd < 0)
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "no netdev '%.64s'", netdev);
    return fd;
}

static char *
linux_find_netdev(IovHost *host, const char *netdev, GError **error)
{
    char name[IOV_HOST_NAME_SIZE];
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_netdev((IovHostLinux *)host, netdev, error);

    if (fd < 0)
        return NULL;
    char *address =
        iov_host_linux_read_name(fd, "device", name) ? iov_address_normalize(name, NULL) : NULL;
    if (address == NULL)
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "netdev %s belongs to no PCI device", netdev);
    return address;
}

static gboolean
linux_get_link(IovHost *host, const char *netdev, IovLink *link, GError **error)
{
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_netdev((IovHostLinux *)host, netdev, error);

    if (fd < 0)
        return FALSE;
    *link = iov_host_linux_scan_link(fd);
    return TRUE;
}

static char *
linux_get_driver(IovHost *host, const char *function, GError **error)
{
    char driver[IOV_HOST_NAME_SIZE];
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_device((IovHostLinux *)host, function, error);

    if (fd < 0)
        return NULL;
    iov_host_linux_read_driver(fd, driver);
    return g_strdup(driver);
}

IovNetlink *
iov_host_linux_need_netlink(IovHostLinux *linux_host, const char *what, GError **error)
{
    if (!linux_host->is_real) {
        iov_error_set(error, IOV_ERROR_UNSUPPORTED,
                      "cannot %s: that works on this host only, not below another root", what);
        return NULL;
    }
    if (linux_host->netlink == NULL)
        linux_host->netlink = iov_netlink_new(error);
    return linux_host->netlink;
}

static gboolean
linux_set_link_up(IovHost *host, const char *netdev, gboolean up, GError **error)
{
    IovNetlink *netlink = iov_host_linux_need_netlink((IovHostLinux *)host, "change a link", error);

    return netlink != NULL && iov_netlink_set_up(netlink, netdev, up, error);
}

static gboolean
linux_set_vf_netconf(IovHost *host, const char *pf_netdev, guint index, const IovNetconf *netconf,
                     GError **error)
{
    IovNetlink *netlink =
        iov_host_linux_need_netlink((IovHostLinux *)host, "set a VF's policy", error);

    return netlink != NULL && iov_netlink_set_vf(netlink, pf_netdev, index, netconf, error);
}

static gboolean
linux_get_vf_netconf(IovHost *host, const char *pf_netdev, guint index, IovNetconf *netconf,
                     GError **error)
{
    IovNetlink *netlink =
        iov_host_linux_need_netlink((IovHostLinux *)host, "read a VF's policy", error);

    return netlink != NULL && iov_netlink_get_vf(netlink, pf_netdev, index, netconf, error);
}

static char *
linux_get_boot_id(IovHost *host, GError **error)
{
    IovHostLinux *linux_host = (IovHostLinux *)host;
    g_autoptr(GError) cause = NULL;
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_dir(linux_host, "proc/sys/kernel/random");
    char *boot_id = fd >= 0 ? iov_io_read_line(fd, "boot_id", &cause) : NULL;

    if (boot_id == NULL && !linux_host->is_real)
        return g_strdup(FOREIGN_BOOT_ID);
    if (boot_id == NULL)
        iov_error_set(error, IOV_ERROR_HOST, "cannot read the boot id: %s",
                      cause != NULL ? cause->message : "/proc is not mounted");
    return boot_id;
}

/* A line "NAME:   NUMBER kB" of /proc/meminfo, proc_meminfo(5). */
static gboolean
find_kib(const char *text, const char *name, guint64 *kib)
{
    const char *line = strstr(text, name);
    char *end = NULL;

    if (line == NULL || (line != text && line[-1] != '\n'))
        return FALSE;
    line += strlen(name);
    *kib = g_ascii_strtoull(line, &end, 10);
    return end != line && g_str_has_prefix(end, " kB");
}

static gboolean
linux_get_memory(IovHost *host, guint64 *total, guint64 *available, GError **error)
{
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_dir((IovHostLinux *)host, "proc");
    g_autofree char *text = fd >= 0 ? iov_io_read(fd, "meminfo", MEMINFO_LIMIT, NULL, error) : NULL;

    if (fd < 0)
        return iov_error_set(error, IOV_ERROR_HOST, "cannot read the host's memory: no /proc");
    if (text == NULL)
        return FALSE;
    return (find_kib(text, "MemTotal:", total) && find_kib(text, "MemAvailable:", available)) ||
           iov_error_set(error, IOV_ERROR_HOST, "cannot read the host's memory in /proc/meminfo");
}

static gint64
linux_get_time(IovHost *host)
{
    (void)host;
    return g_get_real_time();
}

static const IovHostOperations linux_operations = {
    .free = linux_free,
    .list_adapters = iov_host_linux_list_adapters,
    .get_adapter = iov_host_linux_get_adapter,
    .find_netdev = linux_find_netdev,
    .set_autoprobe = iov_host_linux_set_autoprobe,
    .set_num_vfs = iov_host_linux_set_num_vfs,
    .set_driver_override = iov_host_linux_set_driver_override,
    .unbind = iov_host_linux_unbind,
    .probe = iov_host_linux_probe,
    .get_driver = linux_get_driver,
    .set_link_up = linux_set_link_up,
    .get_link = linux_get_link,
    .set_vf_netconf = linux_set_vf_netconf,
    .get_vf_netconf = linux_get_vf_netconf,
    .list_uplinks = iov_host_linux_list_uplinks,
    .get_mac = iov_host_linux_get_mac,
    .set_filter = iov_host_linux_set_filter,
    .unlearn = iov_host_linux_unlearn,
    .set_learning = iov_host_linux_set_learning,
    .set_macvtap = iov_host_linux_set_macvtap,
    .reset = iov_host_linux_reset,
    .find_user = iov_host_linux_find_user,
    .find_vfio_holder = iov_host_linux_find_vfio_holder,
    .get_memory = linux_get_memory,
    .list_group = iov_host_linux_list_group,
    .is_driven = iov_host_linux_is_driven,
    .get_boot_id = linux_get_boot_id,
    .get_time = linux_get_time,
};

static gboolean
is_real_root(int root_fd)
{
    struct stat ours, real;

    return fstat(root_fd, &ours) == 0 && stat("/", &real) == 0 && ours.st_dev == real.st_dev &&
           ours.st_ino == real.st_ino;
}

IovHost *
iov_host_linux_new(const char *root, GError **error)
{
    int root_fd = iov_io_open_dir(AT_FDCWD, root, error);
    IovHostLinux *linux_host;

    if (root_fd < 0)
        return NULL;
    linux_host = g_new0(IovHostLinux, 1);
    linux_host->parent.operations = &linux_operations;
    linux_host->root_fd = root_fd;
    linux_host->is_real = is_real_root(root_fd);
    linux_host->limits = default_limits;
    return &linux_host->parent;
}
