/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent-backoff.h"
#include "agent-libvirt.h"
#include "agent-log.h"
#include "agent-observe.h"
#include "agent-timer.h"

/* What the tasks share. */
typedef struct {
    const char *root;
    const char *uri;
    AgentMemory *memory;
    AgentWork *work;
    AgentEvents events;
    AgentLibvirt *libvirt;

    AgentTimer *retry;     /* something of the memory is due */
    AgentTimer *repass;    /* the last pass left something */
    AgentTimer *deadline;  /* a reservation ends, or the last reconcile failed */
    AgentTimer *reconnect; /* libvirt is to be tried again */
    GMutex arming;
    gint adapters_changed; /* atomic: the next pass looks at the links */

    /* each is one task's alone */
    AgentBackoff connects, passes, reconciles;
    gint64 reconciled_at; /* microseconds since the epoch */
} Agent;

/* @context: where timers fire. */
Agent *agent_new(const char *root, const char *uri, GMainContext *context, GError **error);
void agent_free(Agent *agent);

/* The tasks, each in a file of its own. */
void agent_pass_run(Agent *agent, IovManager *manager);
void agent_reconcile_run(Agent *agent, IovManager *manager);
void agent_domain_run(Agent *agent, IovManager *manager, const char *uuid);

/* Part of a pass: gives what is free to those that wait, and takes back for those of higher
 * priority. */
gboolean agent_promote(Agent *agent, IovManager *manager, GError **error);
/* The ledger says detaching for @status: the guest is to be asked soon. */
void agent_want_back(Agent *agent, const IovStatus *status, const char *event, const char *reason);
/* Sends a running domain's frames to where its requests stand; takes back what was done for those
 * that are gone. */
void agent_steer(Agent *agent, IovManager *manager, const AgentView *view);
void agent_steer_back(IovManager *manager);

/* What follows once from a domain's arrival from another host; only where that is to be done. */
void agent_arrive(Agent *agent, const AgentView *view);
void agent_arrive_if_due(Agent *agent, const AgentView *view);

/* Events may have been missed: each domain with a request is looked at, then the ledger. */
gboolean agent_look_at_all(Agent *agent, IovManager *manager, GError **error);

/* A message about @status (nullable) and the function that it holds. */
void agent_report(int priority, const char *event, const IovStatus *status, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
