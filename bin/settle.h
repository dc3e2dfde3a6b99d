/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Many events in a row are one: when is the row over? All times in microseconds. */
typedef struct {
    gint64 quiet;    /* after so long without an event it is */
    gint64 limit;    /* and, for one that never ends, so long after its first event */
    gint64 deadline; /* when it is over; -1 while no event has come */
    gint64 latest;
} Settle;

#define SETTLE_INIT(quiet, limit)                                                                  \
    {                                                                                              \
        (quiet), (limit), -1, -1                                                                   \
    }

static inline void
settle_note_event(Settle *settle, gint64 now)
{
    if (settle->deadline < 0)
        settle->latest = now + settle->limit;
    settle->deadline = MIN(now + settle->quiet, settle->latest);
}
