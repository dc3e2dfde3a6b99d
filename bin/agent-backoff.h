/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How long to wait before the next try: doubling from a first delay to a limit, in microseconds. */
typedef struct {
    gint64 first, limit;
    gint64 delay; /* the last one; 0: no failure yet */
} AgentBackoff;

static inline gint64
agent_backoff_next(AgentBackoff *backoff)
{
    backoff->delay = backoff->delay == 0 ? backoff->first : MIN(backoff->delay * 2, backoff->limit);
    return backoff->delay;
}

static inline void
agent_backoff_reset(AgentBackoff *backoff)
{
    backoff->delay = 0;
}
