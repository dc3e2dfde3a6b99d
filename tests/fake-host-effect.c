/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Effects of the fake host: each is counted and journaled before it is done, and this is where
 * faults strike. What an effect does stands in fake-host-pci.c and fake-host-network.c.
 */
#include "fake-host-private.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static void
write_journal(FakeState *state, const char *text)
{
    gsize length = strlen(text);

    g_assert(state->journal_length + length < FAKE_JOURNAL_SIZE);
    memcpy(state->journal + state->journal_length, text, length);
    state->journal_length += length;
}

gboolean
fake_begin(FakeState *state, int *errno_value, const char *format, ...)
{
    va_list arguments;

    state->effects++;
    if (state->effects == state->die_number && !state->die_after)
        _exit(FAKE_HOST_DEATH);
    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    write_journal(state, line);
    *errno_value = state->effects == state->fail_number ? state->fail_errno : 0;
    return *errno_value == 0;
}

gboolean
fake_end(FakeState *state)
{
    write_journal(state, "\n");
    if (state->effects == state->die_number)
        _exit(FAKE_HOST_DEATH);
    return TRUE;
}

gboolean
fake_refuse(FakeState *state, int errno_value, GError **error, const char *format, ...)
{
    g_autofree char *refusal = g_strdup_printf(" (%s)\n", g_strerror(errno_value));
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    write_journal(state, refusal);
    if (state->effects == state->die_number)
        _exit(FAKE_HOST_DEATH);
    return iov_error_set_errno(error, errno_value, "cannot %s", what);
}

char *
fake_host_journal(IovHost *host)
{
    FakeState *state = fake_state(host);

    return g_strndup(state->journal, state->journal_length);
}

guint
fake_host_count_effects(IovHost *host)
{
    return fake_state(host)->effects;
}

void
fake_host_clear_journal(IovHost *host)
{
    FakeState *state = fake_state(host);

    state->journal_length = 0;
    state->effects = state->fail_number = state->die_number = 0;
}

void
fake_host_fail_at(IovHost *host, guint number, int errno_value)
{
    fake_state(host)->fail_number = number;
    fake_state(host)->fail_errno = errno_value;
}

void
fake_host_die_at(IovHost *host, guint number, gboolean after)
{
    fake_state(host)->die_number = number;
    fake_state(host)->die_after = after;
}
