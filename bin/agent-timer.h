/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* One moment at which to call a function in a main context's thread. */
typedef struct _AgentTimer AgentTimer;

AgentTimer *agent_timer_new(GMainContext *context, void (*fire)(gpointer data), gpointer data);
void agent_timer_free(AgentTimer *timer);
/* @when: in g_get_monotonic_time()'s microseconds; -1: never. Safe in every thread. The moment is
 * forgotten when it fires. */
void agent_timer_set(AgentTimer *timer, gint64 when);
