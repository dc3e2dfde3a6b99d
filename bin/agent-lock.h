/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Holds @mutex to the end of the block. clang takes a variable that is only cleaned up for unused.
 */
#define AGENT_LOCKED(mutex) g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(mutex)
