/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent-decide.h"
#include "agent-memory.h"
#include "domain-state.h"

/* A running domain at one moment. */
typedef struct {
    virDomainPtr domain; /* borrowed */
    IovDomain *record;   /* from its live XML */
    DomainState state;
    gboolean in_a_call; /* libvirt works on it at this moment, if only for a query */
    char *memory;       /* nullable: why the host cannot spare what a lift would pin */
} AgentView;

/* FALSE with @error where libvirt does not say. The view is to be cleared. */
gboolean agent_view_read(AgentView *view, virDomainPtr domain, GError **error);

void agent_view_clear(AgentView *view);

/* One request of the domain; @status was read before the view. */
gboolean agent_observe(const AgentView *view, IovManager *manager, AgentMemory *memory,
                       const IovStatus *status, AgentObservation *seen, GError **error);
