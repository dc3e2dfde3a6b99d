/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Waiting for PCI devices to come and go: on udev's events, on the kernel's where no udev runs, and
 * on the directories' own changes in a foreign tree. What is waited for is the caller's affair.
 */
#include "config.h"

#include "iov-host-linux-private.h"
#include "iov-io.h"

#include <errno.h>
#include <fcntl.h>
#include <libudev.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#define UDEV_CONTROL "/run/udev/control"
#define BUFFER_BYTES (16 * 1024 * 1024) /* thousands of events, of 256 VFs and their children */
/* The condition is looked at this often even without an event: a full buffer loses some. */
#define LONGEST_SLEEP_MS 1000

struct _IovHostWaiter {
    struct udev *udev;            /* nullable: a foreign tree */
    struct udev_monitor *monitor; /* nullable: likewise */
    int inotify;
    gboolean udev_runs;
};

void
iov_host_waiter_free(IovHostWaiter *waiter)
{
    if (waiter == NULL)
        return;
    g_clear_pointer(&waiter->monitor, udev_monitor_unref);
    g_clear_pointer(&waiter->udev, udev_unref);
    iov_io_close(&waiter->inotify);
    g_free(waiter);
}

static gboolean
watch_udev(IovHostWaiter *waiter)
{
    waiter->udev_runs = access(UDEV_CONTROL, F_OK) == 0;
    waiter->udev = udev_new();
    if (waiter->udev == NULL)
        return FALSE;
    waiter->monitor =
        udev_monitor_new_from_netlink(waiter->udev, waiter->udev_runs ? "udev" : "kernel");
    if (waiter->monitor == NULL)
        return FALSE;
    udev_monitor_set_receive_buffer_size(waiter->monitor, BUFFER_BYTES);
    return udev_monitor_filter_add_match_subsystem_devtype(waiter->monitor, "pci", NULL) >= 0 &&
           udev_monitor_enable_receiving(waiter->monitor) >= 0;
}

static gboolean
watch_directory(IovHostWaiter *waiter, int fd)
{
    char path[64];

    g_snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return inotify_add_watch(waiter->inotify, path, IN_CREATE | IN_DELETE | IN_MOVE) >= 0;
}

static gboolean
watch_tree(IovHostWaiter *waiter, IovHostLinux *linux_host, int device_fd)
{
    IOV_IO_AUTO_CLOSE int devices_fd = iov_host_linux_open_dir(linux_host, "sys/bus/pci/devices");

    waiter->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    return waiter->inotify >= 0 && watch_directory(waiter, device_fd) &&
           watch_directory(waiter, devices_fd);
}

IovHostWaiter *
iov_host_waiter_new(IovHostLinux *linux_host, int device_fd, GError **error)
{
    g_autoptr(IovHostWaiter) waiter = g_new0(IovHostWaiter, 1);

    waiter->inotify = -1;
    if (linux_host->is_real ? watch_udev(waiter) : watch_tree(waiter, linux_host, device_fd))
        return g_steal_pointer(&waiter);
    iov_error_set_errno(error, errno, "cannot listen to events of PCI devices");
    return NULL;
}

/* What an event says does not matter: the condition is looked at anew. */
static void
drain(IovHostWaiter *waiter)
{
    char buffer[4096];

    if (waiter->monitor == NULL) {
        while (read(waiter->inotify, buffer, sizeof(buffer)) > 0)
            continue;
        return;
    }
    for (;;) {
        struct udev_device *device = udev_monitor_receive_device(waiter->monitor);

        if (device == NULL)
            return;
        udev_device_unref(device);
    }
}

gboolean
iov_host_waiter_wait(IovHostWaiter *waiter, IovHostCondition condition, gpointer data,
                     guint limit_ms)
{
    gint64 end = g_get_monotonic_time() + (gint64)limit_ms * 1000;
    struct pollfd poller = {.fd = waiter->monitor != NULL ? udev_monitor_get_fd(waiter->monitor)
                                                          : waiter->inotify,
                            .events = POLLIN};

    for (;;) {
        gint64 left = (end - g_get_monotonic_time() + 999) / 1000;

        if (condition(data))
            return TRUE;
        if (left <= 0)
            return FALSE;
        if (poll(&poller, 1, (int)MIN(left, LONGEST_SLEEP_MS)) > 0)
            drain(waiter);
    }
}

gboolean
iov_host_waiter_is_initialized(IovHostWaiter *waiter, const char *address)
{
    struct udev_device *device;
    gboolean initialized;

    if (!waiter->udev_runs)
        return TRUE;
    device = udev_device_new_from_subsystem_sysname(waiter->udev, "pci", address);
    if (device == NULL)
        return FALSE;
    initialized = udev_device_get_is_initialized(device) > 0;
    udev_device_unref(device);
    return initialized;
}
