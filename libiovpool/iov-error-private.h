/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-error.h"

/* Both set @error and return FALSE, so that a caller can `return iov_error_set(...)`. */
gboolean iov_error_set(GError **error, IovError code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The message ends in ": " and the text of errno value @number, which also chooses the code. */
gboolean iov_error_set_errno(GError **error, int number, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* The end of a function that kept a failure to itself to look at it: TRUE where there was none,
 * else *failure becomes @error and is NULL. */
gboolean iov_error_pass(GError **failure, GError **error);
