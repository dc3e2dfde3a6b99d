/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The error domain of the library. Errors are set where they are detected and prefixed as they
 * climb; this file knows nothing of what failed.
 */
#include "iov-error-private.h"

#include <errno.h>
#include <stdarg.h>

/* the formatter would put blanks into the name */
/* clang-format off */
G_DEFINE_QUARK(iov-error-quark, iov_error)
/* clang-format on */

static IovError
code_of_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return IOV_ERROR_NOT_FOUND;
    case EEXIST:
        return IOV_ERROR_EXISTS;
    case EBUSY:
        return IOV_ERROR_BUSY;
    case EACCES:
    case EPERM:
    case EROFS:
        return IOV_ERROR_PERMISSION;
    case ETIMEDOUT:
        return IOV_ERROR_TIMEOUT;
    case EOPNOTSUPP:
    case ENOSYS:
        return IOV_ERROR_UNSUPPORTED;
    default:
        return IOV_ERROR_HOST;
    }
}

/* A message may quote hostile text: it stays one line of valid UTF-8 without control characters. */
static G_GNUC_PRINTF(1, 0) char *format_message(const char *format, va_list arguments)
{
    g_autofree char *raw = g_strdup_vprintf(format, arguments);
    char *message = g_utf8_make_valid(raw, -1);

    for (char *c = message; *c != '\0'; c++)
        if (g_ascii_iscntrl(*c))
            *c = '?';
    return message;
}

gboolean
iov_error_set(GError **error, IovError code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = format_message(format, arguments);
    va_end(arguments);
    g_set_error_literal(error, IOV_ERROR, (int)code, message);
    return FALSE;
}

gboolean
iov_error_set_errno(GError **error, int number, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = format_message(format, arguments);
    va_end(arguments);
    g_set_error(error, IOV_ERROR, (int)code_of_errno(number), "%s: %s", message,
                g_strerror(number));
    return FALSE;
}

gboolean
iov_error_pass(GError **failure, GError **error)
{
    if (*failure == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(failure));
    return FALSE;
}
