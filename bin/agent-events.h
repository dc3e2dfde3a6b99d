/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent-memory.h"
#include "agent-work.h"

/*
 * What libvirt's events lead to: a fact in the memory, a task in the queue. Nothing here takes
 * long or calls libvirt: it runs in libvirt's event loop.
 */
typedef struct {
    AgentMemory *memory;
    AgentWork *work;
} AgentEvents;

/* @event: a virDomainEventType; @detail: its */
void agent_events_lifecycle(const AgentEvents *events, const char *uuid, int event, int detail);
/* The guest boots again. */
void agent_events_reboot(const AgentEvents *events, const char *uuid);
/* A job of the domain has ended. */
void agent_events_job(const AgentEvents *events, const char *uuid);
/* A device was attached, was removed, or its removal was refused. */
void agent_events_device(const AgentEvents *events, const char *uuid, const char *alias,
                         gboolean refused);
/* QEMU's FAILOVER_NEGOTIATED; @details: its data, JSON (nullable) */
void agent_events_negotiated(const AgentEvents *events, const char *uuid, const char *details);
/* QEMU's UNPLUG_PRIMARY, the guest is asked for a function for a migration; and MIGRATION, that
 * goes a step on: the guest has given it back, it failed, ... */
void agent_events_migration(const AgentEvents *events, const char *uuid);
void agent_events_closed(const AgentEvents *events);

/* The request whose function has @alias, NULL where it is not one of ours. (transfer full) */
char *agent_events_request_of_function(const char *alias);
/* The request whose floor a FAILOVER_NEGOTIATED event names, or NULL. (transfer full) */
char *agent_events_request_of_details(const char *details);
