/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Effects on one function through sysfs: autoprobe, driver_override, unbind, probe, reset. Each
 * write goes through a child with a time limit. The order of effects is the plan's affair.
 */
#include "iov-address.h"
#include "iov-host-child.h"
#include "iov-host-linux-private.h"
#include "iov-io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define VFIO_PCI "vfio-pci"

/* A kernel attribute is never a link. O_TRUNC and O_NONBLOCK mean nothing to the kernel's own
 * files; in a foreign tree they keep longer old text, and a FIFO, from doing harm. */
int
iov_host_linux_write(int dirfd, const char *name, const char *text, guint limit_ms)
{
    IOV_IO_AUTO_CLOSE int fd =
        openat(dirfd, name, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);

    return fd < 0 ? errno : iov_host_child_write(fd, text, limit_ms);
}

/* "cannot WHAT: REASON"; @number is an errno value. */
static gboolean G_GNUC_PRINTF(3, 4) failed(int number, GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (number == ETIMEDOUT)
        return iov_error_set(error, IOV_ERROR_TIMEOUT,
                             "cannot %s: the kernel is still at it; look for a process that uses "
                             "the device",
                             what);
    return iov_error_set_errno(error, number, "cannot %s", what);
}

gboolean
iov_host_linux_set_autoprobe(IovHost *host, const char *pf, gboolean autoprobe, GError **error)
{
    IovHostLinux *linux_host = (IovHostLinux *)host;
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_device(linux_host, pf, error);
    guint total;
    int number;

    if (fd < 0 || !iov_host_linux_read_total(fd, pf, &total, error))
        return FALSE;
    number = iov_host_linux_write(fd, "sriov_drivers_autoprobe", autoprobe ? "1" : "0",
                                  linux_host->limits.write);
    return number == 0 ||
           failed(number, error, "set sriov_drivers_autoprobe to %d on %s", autoprobe, pf);
}

gboolean
iov_host_linux_set_driver_override(IovHost *host, const char *function, const char *driver,
                                   GError **error)
{
    IovHostLinux *linux_host = (IovHostLinux *)host;
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_device(linux_host, function, error);
    int number;

    if (fd < 0)
        return FALSE;
    /* An empty line clears it. */
    number = iov_host_linux_write(fd, "driver_override", driver != NULL ? driver : "\n",
                                  linux_host->limits.write);
    return number == 0 || failed(number, error, "set driver_override of %s to %s", function,
                                 driver != NULL ? driver : "none");
}

/* Writes @text to sys/bus/pci/@path. */
static int
write_bus(IovHostLinux *linux_host, const char *directory, const char *name, const char *text)
{
    g_autofree char *path = g_strdup_printf("sys/bus/pci/%s", directory);
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_dir(linux_host, path);

    return fd < 0 ? errno : iov_host_linux_write(fd, name, text, linux_host->limits.write);
}

gboolean
iov_host_linux_unbind(IovHost *host, const char *function, GError **error)
{
    IovHostLinux *linux_host = (IovHostLinux *)host;
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_device(linux_host, function, error);
    char driver[IOV_HOST_NAME_SIZE];
    int number;

    if (fd < 0)
        return FALSE;
    iov_host_linux_read_driver(fd, driver);
    if (driver[0] == '\0')
        return TRUE;
    g_autofree char *directory = g_strdup_printf("drivers/%s", driver);
    number = write_bus(linux_host, directory, "unbind", function);
    if (number != 0 && number != ENODEV) /* ENODEV: somebody was faster */
        return failed(number, error, "unbind %s from %s", function, driver);
    iov_host_linux_read_driver(fd, driver);
    if (driver[0] != '\0')
        return iov_error_set(error, IOV_ERROR_HOST, "cannot unbind %s: it is bound to %s still",
                             function, driver);
    return TRUE;
}

static gboolean
load_vfio_pci(IovHostLinux *linux_host, GError **error)
{
    static const char *const programs[] = {"/sbin/modprobe", "/usr/sbin/modprobe"};
    char *environment[] = {(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    gsize i = 0;
    int status = 0;

    if (!linux_host->is_real || iov_io_exists(linux_host->root_fd, "sys/bus/pci/drivers/" VFIO_PCI))
        return TRUE;
    while (i < G_N_ELEMENTS(programs) && !g_file_test(programs[i], G_FILE_TEST_IS_EXECUTABLE))
        i++;
    if (i == G_N_ELEMENTS(programs))
        return iov_error_set(error, IOV_ERROR_UNSUPPORTED,
                             "cannot load module " VFIO_PCI ": there is no modprobe");
    char *arguments[] = {(char *)programs[i], (char *)VFIO_PCI, NULL};
    if (!g_spawn_sync("/", arguments, environment,
                      G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL,
                      NULL, &status, NULL) ||
        status != 0)
        return iov_error_set(error, IOV_ERROR_UNSUPPORTED,
                             "cannot load module " VFIO_PCI ": modprobe failed; is it part of this "
                             "kernel?");
    return TRUE;
}

/* Why no driver, or another one, took the function. */
static gboolean
not_bound(int device_fd, const char *function, const char *wanted, const char *driver,
          GError **error)
{
    const char *cause = "no driver took it";
    char group[IOV_HOST_NAME_SIZE];

    if (driver[0] != '\0')
        return iov_error_set(error, IOV_ERROR_HOST, "cannot bind %s to %s: it is bound to %s",
                             function, wanted, driver);
    if (iov_driver_is_vfio(wanted) && !iov_host_linux_read_name(device_fd, "iommu_group", group))
        cause = "it is in no IOMMU group; turn the IOMMU on in firmware and kernel";
    return iov_error_set(error, IOV_ERROR_HOST, "cannot bind %s to %s: %s", function, wanted,
                         cause);
}

gboolean
iov_host_linux_probe(IovHost *host, const char *function, const char *driver, GError **error)
{
    IovHostLinux *linux_host = (IovHostLinux *)host;
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_device(linux_host, function, error);
    char bound[IOV_HOST_NAME_SIZE];
    int number = 0;

    if (fd < 0)
        return FALSE;
    if (driver != NULL && strcmp(driver, VFIO_PCI) == 0 && !load_vfio_pci(linux_host, error))
        return FALSE;
    iov_host_linux_read_driver(fd, bound);
    /* A bound device is not probed again. */
    if (bound[0] == '\0')
        number = write_bus(linux_host, ".", "drivers_probe", function);
    iov_host_linux_read_driver(fd, bound);
    if (driver != NULL && strcmp(bound, driver) == 0)
        return TRUE;
    /* EINVAL is all that drivers_probe says of a driver that failed: not_bound says more. */
    if (number != 0 && number != EINVAL)
        return failed(number, error, "probe %s", function);
    return driver == NULL ? number == 0 || failed(number, error, "probe %s", function)
                          : not_bound(fd, function, driver, bound, error);
}

gboolean
iov_host_linux_reset(IovHost *host, const char *function, GError **error)
{
    IovHostLinux *linux_host = (IovHostLinux *)host;
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_device(linux_host, function, error);
    int number;

    if (fd < 0)
        return FALSE;
    number = iov_host_linux_write(fd, "reset", "1", linux_host->limits.write);
    return number == 0 || number == ENOENT || failed(number, error, "reset %s", function);
}
