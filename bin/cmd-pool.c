/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands on pool definitions: create, define, undefine, dumpxml, autostart. Starting and
 * stopping is in cmd-pool-run.c, listing in cmd-pool-list.c, editing in cmd-pool-edit.c.
 */
#include "cli-command.h"

#include <stdio.h>
#include <string.h>

#define POOL_XML_LIMIT (256 * 1024) /* bytes */

static struct {
    char **adapters;
    char *vfs;
} create;

GOptionEntry cmd_create_options[] = {
    {"adapter", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &create.adapters,
     "netdev or PCI address, may be repeated", "ADAPTER"},
    {"vfs", 0, 0, G_OPTION_ARG_FILENAME, &create.vfs, "VFs of each adapter, a number or 'max'",
     "COUNT"},
    {0},
};

gboolean
cmd_create(Cli *cli, char **arguments, GError **error)
{
    IovManager *manager = cli_get_manager(cli, error);
    const char *vfs = create.vfs != NULL ? create.vfs : "max";
    gint64 number = 0;

    if (manager == NULL)
        return FALSE;
    if (create.adapters == NULL)
        return cli_error_usage(error, "create: name at least one --adapter; 'iovpool adapters' "
                                      "lists them");
    if (strcmp(vfs, "max") != 0 && !cli_parse_number("--vfs", vfs, 1, G_MAXUINT16, &number, error))
        return FALSE;
    g_autoptr(IovPool) pool = iov_manager_create_pool(
        manager, arguments[0], (const char *const *)create.adapters, vfs, error);
    if (pool == NULL) {
        cli_error_prefix(error, "cannot create pool '%.64s': ", arguments[0]);
        return FALSE;
    }
    cli_say(cli, "Pool '%s' created", iov_pool_get_name(pool));
    return TRUE;
}

gboolean
cmd_define(Cli *cli, char **arguments, GError **error)
{
    const char *path = arguments[0];
    const char *origin = strcmp(path, "-") == 0 ? "standard input" : path;
    gsize length = 0;
    IovManager *manager = cli_get_manager(cli, error);

    if (manager == NULL)
        return FALSE;
    g_autofree char *xml = cli_read_file(path, POOL_XML_LIMIT, &length, error);
    g_autoptr(IovPool) pool =
        xml != NULL ? iov_manager_define_pool(manager, xml, length, origin, error) : NULL;
    if (pool == NULL) {
        cli_error_prefix(error, "cannot define pool: ");
        return FALSE;
    }
    cli_say(cli, "Pool '%s' defined from %s", iov_pool_get_name(pool), origin);
    return TRUE;
}

gboolean
cmd_undefine(Cli *cli, char **arguments, GError **error)
{
    IovManager *manager = cli_get_manager(cli, error);

    if (manager == NULL)
        return FALSE;
    if (!iov_manager_undefine_pool(manager, arguments[0], error)) {
        cli_error_prefix(error, "cannot undefine pool '%.64s': ", arguments[0]);
        return FALSE;
    }
    cli_say(cli, "Pool '%s' has been undefined", arguments[0]);
    return TRUE;
}

static struct {
    gboolean inactive;
} dumpxml;

GOptionEntry cmd_dumpxml_options[] = {
    {"inactive", 0, 0, G_OPTION_ARG_NONE, &dumpxml.inactive,
     "the saved definition, not that of the started pool", NULL},
    {0},
};

gboolean
cmd_dumpxml(Cli *cli, char **arguments, GError **error)
{
    IovManager *manager = cli_get_manager(cli, error);
    gboolean active = FALSE;

    if (manager == NULL)
        return FALSE;
    if (!dumpxml.inactive && !iov_manager_pool_is_active(manager, arguments[0], &active, error)) {
        cli_error_prefix(error, "cannot dump pool '%.64s': ", arguments[0]);
        return FALSE;
    }
    g_autoptr(IovPool) pool = iov_manager_get_pool(manager, arguments[0], active, error);
    if (pool == NULL) {
        cli_error_prefix(error, "cannot dump pool '%.64s': ", arguments[0]);
        return FALSE;
    }
    g_autofree char *xml = iov_pool_to_xml(pool);
    fputs(xml, stdout);
    return TRUE;
}

static struct {
    gboolean disable;
} autostart;

GOptionEntry cmd_autostart_options[] = {
    {"disable", 0, 0, G_OPTION_ARG_NONE, &autostart.disable, "do not start it at boot", NULL},
    {0},
};

gboolean
cmd_autostart(Cli *cli, char **arguments, GError **error)
{
    IovManager *manager = cli_get_manager(cli, error);

    if (manager == NULL)
        return FALSE;
    if (!iov_manager_set_autostart(manager, arguments[0], !autostart.disable, error)) {
        cli_error_prefix(error, "cannot %s pool '%.64s' as autostarted: ",
                         autostart.disable ? "unmark" : "mark", arguments[0]);
        return FALSE;
    }
    cli_say(cli, "Pool '%s' %s as autostarted", arguments[0],
            autostart.disable ? "unmarked" : "marked");
    return TRUE;
}
