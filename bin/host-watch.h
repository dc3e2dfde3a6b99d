/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Waits for adapters that the kernel and udev have yet to bring, as when the host boots. */
typedef struct _HostWatch HostWatch;

/* Watches from now on. NULL where udev cannot be listened to: then there is nothing to wait for. */
HostWatch *host_watch_new(void);
void host_watch_free(HostWatch *watch);
/* TRUE as soon as a PCI device or a netdev came, went or was renamed since the last call; FALSE
 * where none did until @deadline, by g_get_monotonic_time(). */
gboolean host_watch_wait(HostWatch *watch, gint64 deadline);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostWatch, host_watch_free)
