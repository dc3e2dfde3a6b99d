/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moments on the command line: the simple ones of what systemd.time(7) knows. The clock comes in.
 */
#include "since.h"

#include "cli-error.h"

#include <string.h>

#define AGE_DIGITS 8 /* so many of the largest unit overflow nothing */

static const struct {
    char letter;
    gint64 unit;
} units[] = {
    {'s', G_TIME_SPAN_SECOND},
    {'m', G_TIME_SPAN_MINUTE},
    {'h', G_TIME_SPAN_HOUR},
    {'d', G_TIME_SPAN_DAY},
};

/* "1h": a whole number and a unit. */
static gboolean
parse_age(const char *text, gint64 *age)
{
    gsize digits = strspn(text, "0123456789");

    if (digits == 0 || digits > AGE_DIGITS || text[digits] == '\0' || text[digits + 1] != '\0')
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
        if (units[i].letter == text[digits]) {
            *age = g_ascii_strtoll(text, NULL, 10) * units[i].unit;
            return TRUE;
        }
    return FALSE;
}

/* GLib wants a time of day, and seconds in it. */
static char *
complete(const char *text)
{
    gsize length = strlen(text);

    if (length == strlen("2026-11-22"))
        return g_strconcat(text, "T00:00:00", NULL);
    if (length == strlen("2026-11-22 10:00"))
        return g_strconcat(text, ":00", NULL);
    return g_strdup(text);
}

static gboolean
parse_date(const char *text, gint64 *moment)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_local();
    g_autofree char *whole = complete(text);
    g_autoptr(GDateTime) date = g_date_time_new_from_iso8601(whole, zone);

    if (date == NULL)
        return FALSE;
    *moment = g_date_time_to_unix(date) * G_USEC_PER_SEC;
    return TRUE;
}

gboolean
since_parse(const char *text, gint64 now, gint64 *since, GError **error)
{
    gint64 moment = 0, age = 0;

    if (text[0] == '-' && parse_age(text + 1, &age))
        moment = now - age;
    else if (text[0] == '-' || !parse_date(text, &moment))
        return cli_error_usage(error,
                               "--since '%.64s' is neither a date, such as 2026-11-22 or "
                               "'2026-11-22 10:00', nor an age, such as -30m, -1h or -2d",
                               text);
    *since = MAX(moment, 0);
    return TRUE;
}
