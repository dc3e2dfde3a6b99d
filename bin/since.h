/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A moment as an admin writes it: "2026-11-22", "2026-11-22 10:00", "2026-11-22T10:00:00Z", or an
 * age: "-30s", "-30m", "-1h", "-2d". Without a zone it is local time. @now and @since are
 * microseconds since the epoch; a moment before that is the epoch. Else a usage error. */
gboolean since_parse(const char *text, gint64 now, gint64 *since, GError **error);
