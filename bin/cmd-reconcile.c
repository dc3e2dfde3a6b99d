/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `iovpool reconcile`: the ledger, and the floor networks of started pools, made true again.
 */
#include "cli-command.h"
#include "network.h"
#include "reconcile.h"

#include <stdio.h>

static gboolean
refresh_network(Cli *cli, const char *name, GError **error)
{
    gboolean active = FALSE;
    g_autofree char *note = NULL;

    if (!iov_manager_pool_is_active(cli->manager, name, &active, error))
        return FALSE;
    if (!active)
        return TRUE;
    g_autoptr(IovPool) pool = iov_manager_get_pool(cli->manager, name, TRUE, error);
    if (pool == NULL)
        return FALSE;
    if (!floor_network_is_wanted(pool))
        return TRUE;
    if (!floor_network_start(cli->connection, cli->manager, pool, &note, error)) {
        cli_error_prefix(error, "floor network of pool '%.64s': ", name);
        return FALSE;
    }
    if (note != NULL)
        cli_say(cli, "%s", note);
    return TRUE;
}

static gboolean
refresh_networks(Cli *cli, GError **error)
{
    g_auto(GStrv) names = iov_manager_list_pools(cli->manager, error);

    for (char **name = names; name != NULL && *name != NULL; name++)
        if (!refresh_network(cli, *name, error))
            return FALSE;
    return names != NULL;
}

/* No failure: all others are reconciled. */
static void
say_unreadable(GPtrArray *domains)
{
    for (guint i = 0; i < domains->len; i++) {
        const char *fault = iov_domain_get_fault(g_ptr_array_index(domains, i));
        g_autoptr(GError) note = NULL;

        if (fault == NULL)
            continue;
        cli_error_set(&note, IOV_ERROR_INVALID, "%s: what it has is left as it is", fault);
        cli_error_print(note);
    }
}

static gboolean
reconcile(Cli *cli, GError **error)
{
    g_auto(GStrv) changes = NULL;
    gint64 listed_at = 0;

    if (cli_get_manager(cli, error) == NULL || cli_get_connection(cli, error) == NULL)
        return FALSE;
    g_autoptr(GPtrArray) domains =
        reconcile_running(cli->connection, cli->manager, &listed_at, &changes, error);
    if (domains == NULL)
        return FALSE;
    say_unreadable(domains);
    for (char **change = changes; *change != NULL; change++)
        cli_say(cli, "%s", *change);
    return refresh_networks(cli, error);
}

gboolean
cmd_reconcile(Cli *cli, char **arguments G_GNUC_UNUSED, GError **error)
{
    if (!reconcile(cli, error)) {
        cli_error_prefix(error, "cannot reconcile: ");
        return FALSE;
    }
    cli_poke(cli);
    return TRUE;
}
