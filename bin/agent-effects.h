/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent.h"

/* One request at the moment of its decision. */
typedef struct {
    Agent *agent;
    IovManager *manager;
    const AgentView *view;
    const IovStatus *status;
    const char *uuid, *request;
    const AgentDecision *decision;
} AgentStep;

typedef struct {
    gboolean (*run)(const AgentStep *step, GError **error);
    gboolean advances; /* there may be more to do at once */
    gboolean settles;  /* earlier failures are over */
    gboolean frees;    /* the function may serve another domain */
} AgentEffect;

AgentEffect agent_effect(AgentAction action);

/* For what the ledger refused: another process was faster, so that the lease is over, or further
 * along than the state table lets us go. Else FALSE, and @cause is @error. */
gboolean agent_effect_over_is_fine(gboolean done, GError **cause, GError **error);
/* Not again before a while, which is returned in microseconds. */
gint64 agent_effect_back_off(const AgentStep *step);
/* Notes what was decided, and why. One that is asked back keeps the reason for that. */
gboolean agent_effect_note(const AgentStep *step, GError **error);
/* The guest keeps its function for now: why is noted, and it is asked again after a while. */
gboolean agent_effect_delay_drop(const AgentStep *step, const char *reason, GError **error);
