/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli-output.h"

/* How the requests of active domains are served, of one domain or, where @domain is NULL, of all.
 * @found: how many. (transfer full) */
CliTable *status_read(Cli *cli, const char *domain, guint *found, GError **error);
/* Why the request stands where it stands and, while its guest is asked for the function, how that
 * goes. (transfer full) */
char *status_reason(const IovStatus *status);
/* Shows it, and again whenever it has changed, until the admin has had enough. */
gboolean status_watch(Cli *cli, const char *domain, GError **error);
