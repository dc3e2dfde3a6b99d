/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define AGENT_WORKERS 4
#define AGENT_UUID_SIZE 37

typedef enum {
    AGENT_TASK_CONNECT,   /* reach libvirt */
    AGENT_TASK_RECONCILE, /* make the ledger true; runs alone */
    AGENT_TASK_PASS,      /* look through the ledger: scrub, promote, find domains with work */
    AGENT_TASK_DOMAIN,    /* bring one domain's requests forward */
} AgentTaskKind;

typedef struct {
    AgentTaskKind kind;
    char uuid[AGENT_UUID_SIZE]; /* "" but for AGENT_TASK_DOMAIN */
} AgentTask;

/* Runs @task, in one of the workers. */
typedef void (*AgentRunner)(const AgentTask *task, gpointer data);

/*
 * Tasks and the few threads that run them. A task is a wish: adding one that waits already changes
 * nothing, adding one that runs makes it run once more. In order of their coming, but: the same
 * task never runs twice at a time, and a reconcile neither with a pass nor with a domain's task.
 */
typedef struct _AgentWork AgentWork;

AgentWork *agent_work_new(AgentRunner run, gpointer data);
/* Waits for what runs; what waits, or is added from now on, is never run. */
void agent_work_stop(AgentWork *work);
gboolean agent_work_is_stopping(AgentWork *work);
void agent_work_free(AgentWork *work);
/* @uuid: NULL but for AGENT_TASK_DOMAIN. Safe in every thread. */
void agent_work_add(AgentWork *work, AgentTaskKind kind, const char *uuid);
/* Returns when nothing waits and nothing runs. */
void agent_work_wait(AgentWork *work);

/* TRUE where @task may run beside those of @running (element-type AgentTask). */
gboolean agent_work_may_run(const AgentTask *task, GPtrArray *running);
/* The index of the first of @waiting that may run now, -1 where none: nothing overtakes a
 * reconcile that waits, but what it does not exclude. */
int agent_work_choose(GPtrArray *waiting, GPtrArray *running);
