/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent-decide.h"
#include "test-support.h"

#include <string.h>

/* What is usual is seen in each case that does not name it as missing. */
enum { STARTED = 1, QUIET = 2, DUE = 4, WATCHED = 8, HEARING = 16 };

/* One row of a table of decisions. */
typedef struct {
    const char *what;
    guint missing;
    AgentObservation seen;
    AgentAction action;
    gboolean look_again;
    const char *reason; /* nullable: a part of it */
} DecisionCase;

static inline void
assert_decision(const DecisionCase *row)
{
    AgentObservation seen = row->seen;

    seen.started = (row->missing & STARTED) == 0;
    seen.quiet = (row->missing & QUIET) == 0;
    seen.due = (row->missing & DUE) == 0;
    seen.watched = (row->missing & WATCHED) == 0;
    seen.hearing = (row->missing & HEARING) == 0;
    seen.busy = seen.busy || seen.job.kind != DOMAIN_JOB_NONE;
    AgentDecision decision = agent_decide(&seen);
    ck_assert_msg(decision.action == row->action, "%s: %s, not %s", row->what,
                  agent_action_to_string(decision.action), agent_action_to_string(row->action));
    ck_assert_msg(decision.look_again == row->look_again, "%s", row->what);
    ck_assert_msg((decision.reason != NULL) == (row->reason != NULL), "%s", row->what);
    if (row->reason != NULL)
        ck_assert_msg(strstr(decision.reason, row->reason) != NULL, "%s: %s", row->what,
                      decision.reason);
}
