/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli-command.h"

/* One call of libvirt that takes long. */
typedef gboolean (*JobCall)(virDomainPtr domain, gpointer data, GError **error);

/**
 * job_run:
 * @what: shown before the progress, as "saving"
 *
 * Makes the call in a thread of its own. Meanwhile a terminal shows how far libvirt's job of the
 * domain is, and Ctrl-C or SIGTERM aborts that job: the call fails then, in its own words.
 */
gboolean job_run(Cli *cli, virDomainPtr domain, const char *what, JobCall call, gpointer data,
                 GError **error);
