/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <iovpool.h>

/* Both set @error to one line of valid UTF-8 and return FALSE. */
gboolean cli_error_set(GError **error, IovError code, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* The command line itself is wrong: exit status 2. */
gboolean cli_error_usage(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
gboolean cli_error_is_usage(const GError *error);

/* Puts "cannot DO THING 'NAME': " in front, unless the library said so already: it names the action
 * where it is asked for a whole one. */
void cli_error_prefix(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* One line on stderr: "iovpool: MESSAGE", with the next step where rights are what is missing. */
void cli_error_print(const GError *error);

/* Text of unknown origin as one line of valid UTF-8 without control characters. (transfer full) */
char *cli_text_clean(const char *text);
