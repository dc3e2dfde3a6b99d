/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <iovpool.h>

/* TRUE where the agent may have something to do for @status without an event telling so. */
gboolean agent_pass_is_pending(const IovStatus *status);

/* When the next reservation of @functions (IovLease) ends, in microseconds since the epoch; 0 where
 * there is none. What ended before @reconciled_at has been dealt with: its domain runs. */
gint64 agent_pass_next_deadline(GPtrArray *functions, gint64 reconciled_at);
