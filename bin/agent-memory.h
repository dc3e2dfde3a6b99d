/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * What the agent knows and the ledger does not: what events told of domains, and when to try again.
 * All of it may be lost at any time; then the agent looks instead of knowing. Times are those of
 * g_get_monotonic_time(). Safe in every thread.
 */
typedef struct _AgentMemory AgentMemory;

/* In place of a request's name, which it cannot be: where a domain's frames go. */
#define AGENT_STEERING "*"
/* Likewise: what follows from an arrival. */
#define AGENT_ARRIVAL "+"

AgentMemory *agent_memory_new(void);
void agent_memory_free(AgentMemory *memory);

/* After a connect: the domains that run already, of whose start nothing was seen. All that is known
 * of others is forgotten. @hearing: QEMU's failover events arrive. */
void agent_memory_set_census(AgentMemory *memory, GPtrArray *uuids, gboolean hearing);
void agent_memory_started(AgentMemory *memory, const char *uuid);
void agent_memory_forget(AgentMemory *memory, const char *uuid);
/* TRUE: had the guest negotiated failover, we would know. */
gboolean agent_memory_is_watched(AgentMemory *memory, const char *uuid);
/* TRUE: when the guest negotiates failover, we will know. */
gboolean agent_memory_is_hearing(AgentMemory *memory);

void agent_memory_set_negotiated(AgentMemory *memory, const char *uuid, const char *request);
gboolean agent_memory_has_negotiated(AgentMemory *memory, const char *uuid, const char *request);
/* The guest refused an unplug; taking it clears it. */
void agent_memory_set_refused(AgentMemory *memory, const char *uuid, const char *request);
gboolean agent_memory_take_refused(AgentMemory *memory, const char *uuid, const char *request);

/* The guest was asked for a function that we want back; settled clears it. */
void agent_memory_set_asked(AgentMemory *memory, const char *uuid, const char *request);
gboolean agent_memory_was_asked(AgentMemory *memory, const char *uuid, const char *request);

/* What a request goes through while time is counted for it. */
typedef enum {
    AGENT_PHASE_NONE,
    AGENT_PHASE_UNPLUG, /* QEMU waits for the guest to give its function back */
    AGENT_PHASE_SETTLE, /* a migration or save ended here: a late unplug may follow */
} AgentPhase;

/* For how long the request is in @phase now, in microseconds; 0 where it enters it. */
gint64 agent_memory_enter(AgentMemory *memory, const char *uuid, const char *request,
                          AgentPhase phase, gint64 now);

/* The domain has come from another host, and what follows from that is still to be done. */
void agent_memory_set_arrived(AgentMemory *memory, const char *uuid, gboolean arrived);
gboolean agent_memory_has_arrived(AgentMemory *memory, const char *uuid);

/* An effect failed: not again before a while, 5 s doubling to 5 min; returns it in microseconds. */
gint64 agent_memory_failed(AgentMemory *memory, const char *uuid, const char *request, gint64 now);
/* Something is under way that no event will tell: look again after a while, 250 ms doubling to
 * 5 min. */
void agent_memory_look_again(AgentMemory *memory, const char *uuid, const char *request,
                             gint64 now);
/* Something goes on that takes a guest seconds, and no event will tell its end: look again after an
 * eighth of the time since the first call, 250 ms to 5 min. */
void agent_memory_watch(AgentMemory *memory, const char *uuid, const char *request, gint64 now);
/* Nothing will tell when it is time: look at it then. An earlier look that is due stays. */
void agent_memory_look_at(AgentMemory *memory, const char *uuid, const char *request, gint64 when);
/* All went well, or waits for an event: no more delays. */
void agent_memory_settled(AgentMemory *memory, const char *uuid, const char *request);
gboolean agent_memory_is_due(AgentMemory *memory, const char *uuid, const char *request,
                             gint64 now);

/* The earliest moment to look at something again, -1 where there is none. */
gint64 agent_memory_get_next(AgentMemory *memory);
/* The domains whose moment has come; each moment is handed out once. (element-type utf8) */
GPtrArray *agent_memory_take_due(AgentMemory *memory, gint64 now);
