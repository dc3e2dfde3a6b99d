/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Waiting for udev's events of PCI devices and netdevs. An adapter is named by udev well after the
 * kernel found it, at boot often later than the units that want it. What an event means is the
 * caller's to find out, by looking again.
 */
#include "host-watch.h"

#include <errno.h>
#include <libudev.h>
#include <poll.h>

struct _HostWatch {
    struct udev *context;
    struct udev_monitor *monitor;
};

HostWatch *
host_watch_new(void)
{
    g_autoptr(HostWatch) watch = g_new0(HostWatch, 1);

    watch->context = udev_new();
    if (watch->context != NULL)
        watch->monitor = udev_monitor_new_from_netlink(watch->context, "udev");
    if (watch->monitor == NULL ||
        udev_monitor_filter_add_match_subsystem_devtype(watch->monitor, "pci", NULL) < 0 ||
        udev_monitor_filter_add_match_subsystem_devtype(watch->monitor, "net", NULL) < 0 ||
        udev_monitor_enable_receiving(watch->monitor) < 0)
        return NULL;
    return g_steal_pointer(&watch);
}

void
host_watch_free(HostWatch *watch)
{
    g_clear_pointer(&watch->monitor, udev_monitor_unref);
    g_clear_pointer(&watch->context, udev_unref);
    g_free(watch);
}

/* Takes all that has come, so that many events are one. */
static gboolean
drain(HostWatch *watch)
{
    gboolean any = FALSE;

    for (;;) {
        struct udev_device *device = udev_monitor_receive_device(watch->monitor);

        if (device == NULL)
            return any;
        udev_device_unref(device);
        any = TRUE;
    }
}

gboolean
host_watch_wait(HostWatch *watch, gint64 deadline)
{
    struct pollfd descriptor = {.fd = udev_monitor_get_fd(watch->monitor), .events = POLLIN};

    for (;;) {
        gint64 left = (deadline - g_get_monotonic_time()) / 1000;

        if (left <= 0)
            return FALSE;
        if (poll(&descriptor, 1, (int)MIN(left, G_MAXINT)) < 0 && errno != EINTR)
            return FALSE;
        if (drain(watch))
            return TRUE;
    }
}
