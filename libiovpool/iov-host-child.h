/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Writes @text to @fd by one write(2) in a child process, and waits at most @limit_ms for it.
 * Returns 0 or an errno value; ETIMEDOUT: the child is still at it, and left to itself. */
int iov_host_child_write(int fd, const char *text, guint limit_ms);
