/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the programs report failure: one line, action, object, cause, and what to do next. Errors of
 * the library and of libvirt may quote hostile text (names, XML, messages of several lines), so
 * everything is cleaned on its way out. What is wrong is said where it is detected, not here.
 */
#include "cli-error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *
cli_text_clean(const char *text)
{
    char *clean = g_utf8_make_valid(text, -1);

    for (char *c = clean; *c != '\0'; c++)
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    return g_strchomp(clean);
}

gboolean
cli_error_set(GError **error, IovError code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *raw = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *clean = cli_text_clean(raw);
    g_set_error_literal(error, IOV_ERROR, (int)code, clean);
    return FALSE;
}

gboolean
cli_error_usage(GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *raw = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *clean = cli_text_clean(raw);
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, clean);
    return FALSE;
}

gboolean
cli_error_is_usage(const GError *error)
{
    return error->domain == G_OPTION_ERROR;
}

void
cli_error_print(const GError *error)
{
    g_autofree char *clean = cli_text_clean(error->message);
    gboolean needs_root = g_error_matches(error, IOV_ERROR, IOV_ERROR_PERMISSION) && geteuid() != 0;

    fprintf(stderr, "iovpool: %s%s\n", clean, needs_root ? ": run as root" : "");
}
