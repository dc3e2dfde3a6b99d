/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-plan.h"

/* Runs @plan through @host, step by step; on failure undoes the steps done, in reverse, and returns
 * FALSE with the first error. An undo that fails too is appended to the message. */
gboolean iov_execute(IovHost *host, const IovPlan *plan, GError **error);

/* Undoes a plan that ran, in reverse; what cannot be undone is named in the (nullable) result, one
 * line. (transfer full) */
char *iov_execute_undo(IovHost *host, const IovPlan *plan, guint done);
