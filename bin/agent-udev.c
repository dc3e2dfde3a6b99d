/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hint from udev that PCI devices came or went, as when someone changes a PF's VFs behind our
 * back. Which ones does not matter: reconcile looks.
 */
#include "agent-udev.h"

#include <iovpool.h>
#include <libudev.h>
#include <string.h>

struct _AgentUdev {
    struct udev *context;
    struct udev_monitor *monitor;
};

AgentUdev *
agent_udev_new(GError **error)
{
    AgentUdev *udev = g_new0(AgentUdev, 1);

    udev->context = udev_new();
    if (udev->context != NULL)
        udev->monitor = udev_monitor_new_from_netlink(udev->context, "udev");
    if (udev->monitor != NULL &&
        udev_monitor_filter_add_match_subsystem_devtype(udev->monitor, "pci", NULL) >= 0 &&
        udev_monitor_enable_receiving(udev->monitor) >= 0)
        return udev;
    g_set_error_literal(error, IOV_ERROR, IOV_ERROR_HOST, "cannot listen to udev");
    agent_udev_free(udev);
    return NULL;
}

void
agent_udev_free(AgentUdev *udev)
{
    if (udev == NULL)
        return;
    g_clear_pointer(&udev->monitor, udev_monitor_unref);
    g_clear_pointer(&udev->context, udev_unref);
    g_free(udev);
}

int
agent_udev_get_descriptor(const AgentUdev *udev)
{
    return udev_monitor_get_fd(udev->monitor);
}

/* A change of driver ("bind", "unbind") is daily business and no news. */
static gboolean
is_news(struct udev_device *device)
{
    const char *action = udev_device_get_action(device);

    return action != NULL && (strcmp(action, "add") == 0 || strcmp(action, "remove") == 0);
}

gboolean
agent_udev_drain(AgentUdev *udev)
{
    gboolean news = FALSE;

    for (struct udev_device *device = udev_monitor_receive_device(udev->monitor); device != NULL;
         device = udev_monitor_receive_device(udev->monitor)) {
        news = news || is_news(device);
        udev_device_unref(device);
    }
    return news;
}
