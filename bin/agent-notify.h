/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Tells the service manager @state, e.g. "READY=1", sd_notify(3). FALSE where none listens. */
gboolean agent_notify(const char *state);
