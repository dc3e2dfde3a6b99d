/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A command that goes on until the admin has had enough: Ctrl-C, SIGTERM, or nobody reads its
 * standard output any more. All three are a clean end. One at a time in a process. */
typedef struct _Follow Follow;

typedef enum {
    FOLLOW_READY,   /* the descriptor has something */
    FOLLOW_TIMEOUT, /* the deadline has come */
    FOLLOW_END,     /* enough */
} FollowWake;

#define FOLLOW_NO_DEADLINE (-1)

Follow *follow_begin(GError **error);
void follow_end(Follow *follow);
/* Until @descriptor has one of @events of poll(2), or @deadline by g_get_monotonic_time(). */
FollowWake follow_wait(Follow *follow, int descriptor, short events, gint64 deadline);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Follow, follow_end)
