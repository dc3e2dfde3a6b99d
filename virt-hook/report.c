/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hook's one line on stderr, which libvirt shows the admin when the hook refuses. What it
 * quotes (a domain's name, a library's message) may be hostile; a domain's XML never gets here.
 */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_SIZE 2048

void
iov_hook_make_one_line(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
        /* U+0080 to U+009F: a terminal takes them for escape sequences, in UTF-8 too */
        if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
            c[0] = c[1] = '?';
        if (*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
}

void
iov_hook_report(const char *format, ...)
{
    static const char prefix[] = "iovpool-virt-hook: ";
    char line[LINE_SIZE] = "iovpool-virt-hook: ";
    size_t start = sizeof(prefix) - 1;
    size_t room = sizeof(line) - start - 1; /* one byte is the newline's */
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(line + start, room, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    iov_hook_make_one_line(line);
    size_t end = start + ((size_t)length < room ? (size_t)length : room - 1);
    line[end] = '\n';
    /* stderr may be closed, or its reader gone: then nobody is there to be told. */
    if (write(STDERR_FILENO, line, end + 1) < 0)
        return;
}
