/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-candidate-private.h"

/* What would help a request, in one line, commands in backquotes: a pure function of why it is
 * served as it is and of its candidates (IovCandidate). @active: its domain runs. NULL where there
 * is nothing to help. (transfer full) (nullable) */
char *iov_help_for(const IovStatus *status, gboolean active, GPtrArray *candidates);

/* Safe in a shell as it is, and no option. */
gboolean iov_help_is_plain(const char *name);
/* How a command that is to be pasted names the domain. */
const char *iov_help_shell_name(const char *name, const char *uuid);
