/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the agent's messages go: to the journal as structured records where it reads our stderr,
 * else to stderr. Text that may quote a guest's or an admin's words becomes one line of valid
 * UTF-8 before it goes anywhere. No domain XML comes here.
 */
#include "agent-log.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static struct {
    int journal; /* a descriptor, or -1 */
    gboolean prefix;
    gboolean syslog; /* stderr leads nowhere */
    gboolean verbose;
} target = {.journal = -1};

static const struct {
    const char *name;
    gsize offset;
} fields[] = {
    {"IOVPOOL_EVENT", G_STRUCT_OFFSET(AgentRecord, event)},
    {"IOVPOOL_DOMAIN", G_STRUCT_OFFSET(AgentRecord, domain)},
    {"IOVPOOL_UUID", G_STRUCT_OFFSET(AgentRecord, uuid)},
    {"IOVPOOL_REQUEST", G_STRUCT_OFFSET(AgentRecord, request)},
    {"IOVPOOL_FUNCTION", G_STRUCT_OFFSET(AgentRecord, function)},
};

static char *
one_line(const char *text)
{
    char *line = g_utf8_make_valid(text, -1);

    for (char *c = line; *c != '\0'; c++)
        if (g_ascii_iscntrl(*c))
            *c = '?';
    return line;
}

/* JOURNAL_STREAM is "device:inode" of the stream that systemd gave us as stderr, systemd.exec(5). A
 * stderr that was redirected since leads elsewhere. */
static gboolean
stderr_is_journal(void)
{
    const char *stream = g_getenv("JOURNAL_STREAM");
    struct stat status;

    if (stream == NULL || fstat(STDERR_FILENO, &status) != 0)
        return FALSE;
    g_autofree char *ours =
        g_strdup_printf("%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    return strcmp(stream, ours) == 0;
}

static int
open_journal(void)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (descriptor < 0)
        return -1;
    if (connect(descriptor, (const struct sockaddr *)&address, sizeof address) == 0)
        return descriptor;
    close(descriptor);
    return -1;
}

/* The hook starts the agent so, where no service manager does. */
static gboolean
stderr_is_null(void)
{
    struct stat null_device, ours;

    return stat("/dev/null", &null_device) == 0 && fstat(STDERR_FILENO, &ours) == 0 &&
           S_ISCHR(ours.st_mode) && ours.st_rdev == null_device.st_rdev;
}

void
agent_log_open(AgentLogTarget wanted, gboolean verbose)
{
    gboolean journal = wanted == AGENT_LOG_AUTO && stderr_is_journal();

    target.syslog = wanted == AGENT_LOG_AUTO && stderr_is_null();
    if (target.syslog)
        openlog("iovpoold", LOG_PID, LOG_DAEMON);
    target.verbose = verbose;
    target.prefix = journal;
    target.journal = journal ? open_journal() : -1;
}

static const char *
field_of(const AgentRecord *record, gsize index)
{
    return record != NULL ? G_STRUCT_MEMBER(const char *, record, fields[index].offset) : NULL;
}

GString *
agent_log_to_journal(int priority, const AgentRecord *record, const char *message)
{
    g_autofree char *line = one_line(message);
    GString *datagram = g_string_new(NULL);

    g_string_printf(datagram, "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=iovpoold\n", line,
                    priority);
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (field_of(record, i) == NULL)
            continue;
        g_autofree char *value = one_line(field_of(record, i));
        g_string_append_printf(datagram, "%s=%s\n", fields[i].name, value);
    }
    return datagram;
}

char *
agent_log_to_line(int priority, const AgentRecord *record, const char *message, gboolean prefix)
{
    GString *line = g_string_new(NULL);

    if (prefix)
        g_string_append_printf(line, "<%d>", priority);
    if (record != NULL && record->domain != NULL)
        g_string_append_printf(line, "%s: ", record->domain);
    if (record != NULL && record->request != NULL)
        g_string_append_printf(line, "%s: ", record->request);
    g_string_append(line, message);

    g_autofree char *raw = g_string_free(line, FALSE);
    g_autofree char *clean = one_line(raw);
    return g_strconcat(clean, "\n", NULL);
}

static gboolean
send_to_journal(int priority, const AgentRecord *record, const char *message)
{
    if (target.journal < 0)
        return FALSE;
    GString *datagram = agent_log_to_journal(priority, record, message);
    gssize sent = send(target.journal, datagram->str, datagram->len, MSG_NOSIGNAL);

    g_string_free(datagram, TRUE);
    return sent >= 0;
}

void
agent_log(int priority, const AgentRecord *record, const char *format, ...)
{
    va_list arguments;

    if (priority >= LOG_DEBUG && !target.verbose)
        return;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (send_to_journal(priority, record, message))
        return;
    g_autofree char *line = agent_log_to_line(priority, record, message, target.prefix);
    if (target.syslog)
        syslog(priority, "%s", line);
    else
        fputs(line, stderr);
}
