/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "event-record.h"
#include "follow.h"

/* The agent's events in the systemd journal, oldest first. A build without libsystemd has none. */
typedef struct _Journal Journal;

#define JOURNAL_THIS_BOOT (-1)

/* The journal below @root, from @since, in microseconds since the epoch, or JOURNAL_THIS_BOOT. */
Journal *journal_open(const char *root, gint64 since, GError **error);
void journal_close(Journal *journal);
/* To be called before the first event is read, where journal_wait() is to come. */
gboolean journal_watch(Journal *journal, GError **error);
/* The next event; @found is FALSE where there is none yet. */
gboolean journal_read(Journal *journal, EventRecord *record, gboolean *found, GError **error);
/* Until there may be more; @enough: the admin has had enough. */
gboolean journal_wait(Journal *journal, Follow *follow, gboolean *enough, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Journal, journal_close)
