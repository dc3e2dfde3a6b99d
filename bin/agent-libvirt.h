/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent-events.h"
#include "libvirt.h"

/*
 * The agent's connection to libvirt: one, shared by all workers, made anew when it breaks; and the
 * thread in which libvirt's events arrive.
 */
typedef struct _AgentLibvirt AgentLibvirt;

/* Starts the event loop; before anything else of libvirt is called. @events must outlive it. */
AgentLibvirt *agent_libvirt_new(const char *uri, const AgentEvents *events, GError **error);
void agent_libvirt_free(AgentLibvirt *libvirt);

/* Connects where the connection is missing or broken, and takes the census. @fresh: (out): it is a
 * new connection, so events may have been missed. One caller at a time. */
gboolean agent_libvirt_connect(AgentLibvirt *libvirt, gboolean *fresh, GError **error);

/* The connection of this moment, NULL where there is none. (transfer full): virConnectClose() */
virConnectPtr agent_libvirt_get(AgentLibvirt *libvirt);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virConnect, virConnectClose)
