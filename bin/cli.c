/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every command may use: the manager and the connection, opened when first needed, words for
 * people, and bounded input. Knows no command.
 */
#include "cli-command.h"
#include "libvirt.h"
#include "poke.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

IovManager *
cli_get_manager(Cli *cli, GError **error)
{
    if (cli->manager == NULL)
        cli->manager = iov_manager_open(cli->root, error);
    return cli->manager;
}

virConnectPtr
cli_get_connection(Cli *cli, GError **error)
{
    if (cli->connection != NULL)
        return cli->connection;
    if (!event_loop_register(error))
        return NULL;
    if (cli->loop == NULL)
        cli->loop = event_loop_start();
    cli->connection = libvirt_open(cli->uri, error);
    return cli->connection;
}

gboolean
cli_uses_libvirt(const Cli *cli)
{
    return cli->uri != NULL || strcmp(cli->root, "/") == 0;
}

void
cli_clear(Cli *cli)
{
    if (cli->connection != NULL)
        virConnectClose(cli->connection);
    cli->connection = NULL;
    g_clear_pointer(&cli->loop, event_loop_stop);
    g_clear_pointer(&cli->manager, iov_manager_unref);
}

void
cli_say(const Cli *cli, const char *format, ...)
{
    va_list arguments;

    if (cli->quiet)
        return;
    va_start(arguments, format);
    g_autofree char *raw = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *clean = cli_text_clean(raw);
    puts(clean);
}

gboolean
cli_flush(GError **error)
{
    if (fflush(stdout) == 0)
        return TRUE;
    return cli_error_set(error, IOV_ERROR_HOST, "cannot write to standard output: %s",
                         g_strerror(errno));
}

void
cli_poke(Cli *cli)
{
    if (cli->manager != NULL)
        poke_agent(iov_manager_get_run_dir(cli->manager));
}

gboolean
cli_parse_number(const char *name, const char *text, gint64 least, gint64 most, gint64 *number,
                 GError **error)
{
    char *end = NULL;
    gboolean starts_well = g_ascii_isdigit(*text) || (*text == '-' && g_ascii_isdigit(text[1]));

    errno = 0;
    gint64 value = g_ascii_strtoll(text, &end, 10);
    if (!starts_well || *end != '\0' || errno != 0 || value < least || value > most)
        return cli_error_usage(
            error, "%s '%s' is not a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
            name, text, least, most);
    *number = value;
    return TRUE;
}

static char *
read_descriptor(int descriptor, const char *origin, gsize limit, gsize *length, GError **error)
{
    g_autofree char *data = g_malloc(limit + 2);
    gsize filled = 0;

    /* one byte more than allowed tells a file at the limit from a larger one */
    while (filled <= limit) {
        gssize got = read(descriptor, data + filled, limit + 1 - filled);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            cli_error_set(error, IOV_ERROR_INVALID, "cannot read %s: %s", origin,
                          g_strerror(errno));
            return NULL;
        }
        if (got == 0)
            break;
        filled += (gsize)got;
    }
    if (filled > limit) {
        cli_error_set(error, IOV_ERROR_INVALID, "%s is larger than %" G_GSIZE_FORMAT " bytes",
                      origin, limit);
        return NULL;
    }
    data[filled] = '\0';
    *length = filled;
    return g_steal_pointer(&data);
}

char *
cli_read_file(const char *path, gsize limit, gsize *length, GError **error)
{
    if (strcmp(path, "-") == 0)
        return read_descriptor(STDIN_FILENO, "standard input", limit, length, error);

    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) {
        int number = errno;
        cli_error_set(error, number == EACCES ? IOV_ERROR_PERMISSION : IOV_ERROR_NOT_FOUND,
                      "cannot open %s: %s", path, g_strerror(number));
        return NULL;
    }
    char *data = read_descriptor(descriptor, path, limit, length, error);
    close(descriptor);
    return data;
}
