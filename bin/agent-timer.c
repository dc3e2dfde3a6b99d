/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A timer that any thread may set and that fires in the main loop's. It knows nothing of what it is
 * for.
 */
#include "agent-timer.h"

struct _AgentTimer {
    GSource *source;
    void (*fire)(gpointer data);
    gpointer data;
};

static gboolean
dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    g_source_set_ready_time(source, -1);
    return callback(data);
}

static gboolean
fired(gpointer data)
{
    AgentTimer *timer = data;

    timer->fire(timer->data);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs functions = {.dispatch = dispatch};

AgentTimer *
agent_timer_new(GMainContext *context, void (*fire)(gpointer data), gpointer data)
{
    AgentTimer *timer = g_new0(AgentTimer, 1);

    timer->source = g_source_new(&functions, sizeof(GSource));
    timer->fire = fire;
    timer->data = data;
    g_source_set_callback(timer->source, fired, timer, NULL);
    g_source_attach(timer->source, context);
    return timer;
}

void
agent_timer_free(AgentTimer *timer)
{
    if (timer == NULL)
        return;
    g_source_destroy(timer->source);
    g_source_unref(timer->source);
    g_free(timer);
}

void
agent_timer_set(AgentTimer *timer, gint64 when)
{
    g_source_set_ready_time(timer->source, when);
}
