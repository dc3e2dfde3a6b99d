/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct _EventLoop EventLoop;

/**
 * event_loop_start:
 *
 * Has libvirt's own event loop run in a thread that no signal reaches, until event_loop_stop() was
 * called as often. Before the first connection is opened, libvirt must know of the loop:
 * event_loop_register().
 *
 * A connection on which nobody speaks is served by the loop alone: where none runs, libvirtd asks
 * in vain whether the client is there, and closes it after half a minute.
 */
EventLoop *event_loop_start(void);
void event_loop_stop(EventLoop *loop);

gboolean event_loop_register(GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EventLoop, event_loop_stop)
