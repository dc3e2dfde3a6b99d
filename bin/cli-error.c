/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the programs report failure: one line, action, object, cause, and what to do next. Errors of
 * the library and of libvirt may quote hostile text (names, XML, messages of several lines), so
 * everything is cleaned on its way out. What is wrong is said where it is detected, not here.
 */
#include "cli-error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *
cli_text_clean(const char *text)
{
    char *clean = g_utf8_make_valid(text, -1);

    /* those above ASCII too: a terminal takes U+009B for ESC [ */
    for (char *c = clean, *next; *c != '\0'; c = next) {
        next = g_utf8_next_char(c);
        if (g_unichar_iscntrl(g_utf8_get_char(c)))
            memset(c, ' ', (gsize)(next - c));
    }
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

/* TRUE where both begin with "cannot" and the same verb. */
static gboolean
says_the_same(const char *message, const char *prefix)
{
    static const char cannot[] = "cannot ";
    gsize start = strlen(cannot);

    return g_str_has_prefix(prefix, cannot) &&
           strncmp(message, prefix, start + strcspn(prefix + start, " :") + 1) == 0;
}

void
cli_error_prefix(GError **error, const char *format, ...)
{
    va_list arguments;

    if (error == NULL || *error == NULL)
        return;
    va_start(arguments, format);
    g_autofree char *prefix = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (!says_the_same((*error)->message, prefix))
        g_prefix_error(error, "%s", prefix);
}

void
cli_error_print(const GError *error)
{
    g_autofree char *clean = cli_text_clean(error->message);
    gboolean needs_root = g_error_matches(error, IOV_ERROR, IOV_ERROR_PERMISSION) && geteuid() != 0;

    fprintf(stderr, "iovpool: %s%s\n", clean, needs_root ? ": run as root" : "");
}
