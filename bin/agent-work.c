/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The queue of tasks and its bounded set of threads: which task may run beside which, and in what
 * order. It does not know what a task does. The queue is bounded by the number of domains, as equal
 * wishes are one: a guest that makes libvirt send events without end makes it no longer.
 */
#include "agent-work.h"

#include "agent-lock.h"

#include <string.h>

struct _AgentWork {
    GMutex lock;
    GCond changed;
    GPtrArray *waiting; /* AgentTask, in order of their coming */
    GPtrArray *running; /* AgentTask, owned by the workers' stacks */
    gboolean stopping;
    GThread *threads[AGENT_WORKERS];
    AgentRunner run;
    gpointer data;
};

static gboolean
is_same(const AgentTask *a, const AgentTask *b)
{
    return a->kind == b->kind && strcmp(a->uuid, b->uuid) == 0;
}

static gboolean
touches_leases(AgentTaskKind kind)
{
    return kind == AGENT_TASK_PASS || kind == AGENT_TASK_DOMAIN;
}

static gboolean
excludes(const AgentTask *a, const AgentTask *b)
{
    if (is_same(a, b))
        return TRUE;
    return (a->kind == AGENT_TASK_RECONCILE && touches_leases(b->kind)) ||
           (b->kind == AGENT_TASK_RECONCILE && touches_leases(a->kind));
}

gboolean
agent_work_may_run(const AgentTask *task, GPtrArray *running)
{
    for (guint i = 0; i < running->len; i++)
        if (excludes(task, g_ptr_array_index(running, i)))
            return FALSE;
    return TRUE;
}

int
agent_work_choose(GPtrArray *waiting, GPtrArray *running)
{
    const AgentTask *reconcile = NULL;

    for (guint i = 0; i < waiting->len; i++) {
        const AgentTask *task = g_ptr_array_index(waiting, i);
        gboolean behind = reconcile != NULL && excludes(reconcile, task);

        if (!behind && agent_work_may_run(task, running))
            return (int)i;
        if (task->kind == AGENT_TASK_RECONCILE)
            reconcile = task;
    }
    return -1;
}

/* The next task, out of the queue; NULL: time to end. */
static AgentTask *
take(AgentWork *work)
{
    while (!work->stopping) {
        int index = agent_work_choose(work->waiting, work->running);

        if (index >= 0) {
            AgentTask *task = g_ptr_array_steal_index(work->waiting, (guint)index);
            g_ptr_array_add(work->running, task);
            return task;
        }
        g_cond_wait(&work->changed, &work->lock);
    }
    return NULL;
}

static gpointer
work_on(gpointer data)
{
    AgentWork *work = data;

    g_mutex_lock(&work->lock);
    for (AgentTask *task = take(work); task != NULL; task = take(work)) {
        g_mutex_unlock(&work->lock);
        work->run(task, work->data);
        g_mutex_lock(&work->lock);
        g_ptr_array_remove(work->running, task);
        g_free(task);
        g_cond_broadcast(&work->changed);
    }
    g_mutex_unlock(&work->lock);
    return NULL;
}

AgentWork *
agent_work_new(AgentRunner run, gpointer data)
{
    AgentWork *work = g_new0(AgentWork, 1);

    g_mutex_init(&work->lock);
    g_cond_init(&work->changed);
    work->waiting = g_ptr_array_new_with_free_func(g_free);
    work->running = g_ptr_array_new();
    work->run = run;
    work->data = data;
    for (guint i = 0; i < AGENT_WORKERS; i++)
        work->threads[i] = g_thread_new("worker", work_on, work);
    return work;
}

void
agent_work_stop(AgentWork *work)
{
    g_mutex_lock(&work->lock);
    work->stopping = TRUE;
    g_cond_broadcast(&work->changed);
    g_mutex_unlock(&work->lock);
    for (guint i = 0; i < AGENT_WORKERS; i++)
        g_clear_pointer(&work->threads[i], g_thread_join);
}

void
agent_work_free(AgentWork *work)
{
    agent_work_stop(work);
    g_ptr_array_unref(work->waiting);
    g_ptr_array_unref(work->running);
    g_cond_clear(&work->changed);
    g_mutex_clear(&work->lock);
    g_free(work);
}

static gboolean
waits(const AgentWork *work, const AgentTask *task)
{
    for (guint i = 0; i < work->waiting->len; i++)
        if (is_same(g_ptr_array_index(work->waiting, i), task))
            return TRUE;
    return FALSE;
}

void
agent_work_add(AgentWork *work, AgentTaskKind kind, const char *uuid)
{
    AgentTask task = {.kind = kind};

    g_strlcpy(task.uuid, uuid != NULL ? uuid : "", sizeof task.uuid);
    g_mutex_lock(&work->lock);
    if (!work->stopping && !waits(work, &task)) {
        AgentTask *added = g_new(AgentTask, 1);

        *added = task;
        g_ptr_array_add(work->waiting, added);
        g_cond_broadcast(&work->changed);
    }
    g_mutex_unlock(&work->lock);
}

gboolean
agent_work_is_stopping(AgentWork *work)
{
    AGENT_LOCKED(&work->lock);

    return work->stopping;
}

void
agent_work_wait(AgentWork *work)
{
    g_mutex_lock(&work->lock);
    while (work->waiting->len > 0 || work->running->len > 0)
        g_cond_wait(&work->changed, &work->lock);
    g_mutex_unlock(&work->lock);
}
