/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Tells when PCI devices come or go on this host. */
typedef struct _AgentUdev AgentUdev;

AgentUdev *agent_udev_new(GError **error);
void agent_udev_free(AgentUdev *udev);
/* To be polled for input. */
int agent_udev_get_descriptor(const AgentUdev *udev);
/* Reads what waits; TRUE where a device came or went. */
gboolean agent_udev_drain(AgentUdev *udev);
