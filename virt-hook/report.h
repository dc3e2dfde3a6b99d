/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Replaces control characters of @text by '?', so that it stays one line and harmless on a
 * terminal. */
void iov_hook_make_one_line(char *text);

/* Writes "iovpool-virt-hook: " and the message, one line, to stderr. */
void iov_hook_report(const char *format, ...) __attribute__((format(printf, 1, 2)));
