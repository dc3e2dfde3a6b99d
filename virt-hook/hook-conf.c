/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hook's own settings, /etc/iovpool/hook.conf: lines of KEY=VALUE, '#' begins a comment. A file
 * that is wrong in one place is not used at all, and never keeps the hook from working.
 */
#include "hook-conf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONF_PATH "etc/iovpool/hook.conf"
#define CONF_LIMIT 4096
#define DEADLINE_MAX 60

static const char white[] = " \t\r";

/* @text without white space around, cut in place. */
static char *
strip(char *text)
{
    size_t length;

    text += strspn(text, white);
    length = strlen(text);
    while (length > 0 && strchr(white, text[length - 1]) != NULL)
        text[--length] = '\0';
    return text;
}

static bool
parse_seconds(const char *text, unsigned *seconds)
{
    size_t length = strspn(text, "0123456789");
    unsigned value = 0;

    if (length == 0 || length > 2 || text[length] != '\0')
        return false;
    for (; *text != '\0'; text++)
        value = value * 10 + (unsigned)(*text - '0');
    if (value < 1 || value > DEADLINE_MAX)
        return false;
    *seconds = value;
    return true;
}

static bool
parse_line(char *line, unsigned *seconds)
{
    char *value;

    line[strcspn(line, "#")] = '\0';
    line = strip(line);
    if (line[0] == '\0')
        return true;
    value = strchr(line, '=');
    if (value == NULL)
        return false;
    *value++ = '\0';
    return strcmp(strip(line), "deadline") == 0 && parse_seconds(strip(value), seconds);
}

unsigned
iov_hook_conf_parse(const char *text, char *problem, size_t size)
{
    unsigned seconds = IOV_HOOK_DEADLINE;

    problem[0] = '\0';
    for (unsigned number = 1; *text != '\0'; number++) {
        size_t length = strcspn(text, "\n");
        char line[CONF_LIMIT + 1];

        if (length < sizeof(line))
            memcpy(line, text, length);
        line[length < sizeof(line) ? length : 0] = '\0';
        if (length >= sizeof(line) || !parse_line(line, &seconds)) {
            snprintf(problem, size,
                     "cannot use /" CONF_PATH " line %u: only deadline=SECONDS, 1 to %d, may stand "
                     "there; the deadline is %d s",
                     number, DEADLINE_MAX, IOV_HOOK_DEADLINE);
            return IOV_HOOK_DEADLINE;
        }
        text += length;
        if (*text == '\n')
            text++;
    }
    return seconds;
}

static unsigned
use_default(const char *cause, char *problem, size_t size)
{
    snprintf(problem, size, "cannot read /" CONF_PATH ": %s; the deadline is %d s", cause,
             IOV_HOOK_DEADLINE);
    return IOV_HOOK_DEADLINE;
}

unsigned
iov_hook_conf_read(const IovHookPaths *paths, char *problem, size_t size)
{
    char path[PATH_MAX], text[CONF_LIMIT + 1];
    int fd;

    problem[0] = '\0';
    if (!iov_hook_path_join(paths, CONF_PATH, path, sizeof(path)))
        return use_default(strerror(ENAMETOOLONG), problem, size);
    /* O_NONBLOCK: a FIFO in its place must not hang the hook */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return IOV_HOOK_DEADLINE;
    if (fd < 0)
        return use_default(strerror(errno), problem, size);
    ssize_t length = read(fd, text, sizeof(text));
    int saved = errno;
    close(fd);
    if (length < 0)
        return use_default(strerror(saved), problem, size);
    if ((size_t)length == sizeof(text))
        return use_default("it is too long", problem, size);
    if (memchr(text, '\0', (size_t)length) != NULL)
        return use_default("it holds a NUL byte", problem, size);
    text[length] = '\0';
    return iov_hook_conf_parse(text, problem, size);
}
