/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent-effects.h"

/* The actions that concern domains which migrate or are saved; agent-effects.c lists them. */
gboolean agent_effect_impose(const AgentStep *step, GError **error);
gboolean agent_effect_yield(const AgentStep *step, GError **error);
gboolean agent_effect_regain(const AgentStep *step, GError **error);
gboolean agent_effect_abort(const AgentStep *step, GError **error);
gboolean agent_effect_resume(const AgentStep *step, GError **error);
gboolean agent_effect_settle(const AgentStep *step, GError **error);
