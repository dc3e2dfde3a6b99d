/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `iovpool start` and `destroy`: the pool's functions and, in libvirt, its floor network. At boot
 * (`start --autostart`) libvirt is not asked: pools start before it.
 */
#include "cli-command.h"
#include "host-watch.h"
#include "network.h"

#include <stdio.h>
#include <string.h>

static struct {
    gboolean autostart;
} start;

GOptionEntry cmd_start_options[] = {
    {"autostart", 0, 0, G_OPTION_ARG_NONE, &start.autostart,
     "start every pool that is marked as autostarted", NULL},
    {0},
};

static void
say_notes(const Cli *cli, const char *const *notes)
{
    for (; notes != NULL && *notes != NULL; notes++)
        cli_say(cli, "%s", *notes);
}

/* The connection, or NULL where libvirt is not to be had; then a line on stderr says so. */
static virConnectPtr
try_connection(Cli *cli, const char *name, const char *consequence)
{
    g_autoptr(GError) cause = NULL;

    if (!cli_uses_libvirt(cli))
        return NULL;
    virConnectPtr connection = cli_get_connection(cli, &cause);
    if (connection == NULL) {
        g_prefix_error(&cause, "the floor network of pool '%.64s' is not %s: ", name, consequence);
        cli_error_print(cause);
    }
    return connection;
}

static gboolean
start_network(Cli *cli, const char *name, GError **error)
{
    g_autofree char *note = NULL;
    g_autoptr(IovPool) pool = iov_manager_get_pool(cli->manager, name, TRUE, error);

    if (pool == NULL)
        return FALSE;
    if (!floor_network_is_wanted(pool))
        return TRUE;
    virConnectPtr connection = try_connection(cli, name, "made");
    if (connection == NULL)
        return TRUE;
    if (!floor_network_start(connection, cli->manager, pool, &note, error))
        return FALSE;
    if (note != NULL)
        cli_say(cli, "%s", note);
    return TRUE;
}

static gboolean
start_pool(Cli *cli, const char *name, GError **error)
{
    g_auto(GStrv) notes = NULL;

    if (!iov_manager_start_pool(cli->manager, name, &notes, error)) {
        cli_error_prefix(error, "cannot start pool '%.64s': ", name);
        return FALSE;
    }
    say_notes(cli, (const char *const *)notes);
    cli_say(cli, "Pool '%s' started", name);
    return TRUE;
}

/* How long a boot waits for adapters: udev names them late, and libvirtd waits for us. */
#define BOOT_WAIT_SECONDS 60

/* A pool whose start was cut off has no function yet: it is started again. */
static gboolean
is_started(IovManager *manager, const char *name, gboolean *started, GError **error)
{
    g_autoptr(GPtrArray) functions = iov_manager_list_functions(manager, name, error);

    *started = functions != NULL && functions->len > 0;
    return functions != NULL;
}

/* Tries again whenever a device comes, while what is missing may still come. */
static gboolean
start_when_there(Cli *cli, const char *name, HostWatch *watch, gint64 deadline, GError **error)
{
    for (;;) {
        g_autoptr(GError) cause = NULL;

        if (start_pool(cli, name, &cause))
            return TRUE;
        if (watch != NULL && g_error_matches(cause, IOV_ERROR, IOV_ERROR_NOT_FOUND) &&
            host_watch_wait(watch, deadline))
            continue;
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
}

/* Without libvirt, which waits for this at boot. One pool that cannot be started stops no other. */
static gboolean
start_marked(Cli *cli, GError **error)
{
    g_auto(GStrv) names = iov_manager_list_pools(cli->manager, error);
    gint64 deadline = g_get_monotonic_time() + BOOT_WAIT_SECONDS * G_USEC_PER_SEC;
    g_autoptr(HostWatch) watch = strcmp(cli->root, "/") == 0 ? host_watch_new() : NULL;
    guint failed = 0;

    if (names == NULL)
        return FALSE;
    for (char **name = names; *name != NULL; name++) {
        g_autoptr(GError) cause = NULL;
        gboolean started = FALSE;

        if (!iov_manager_get_autostart(cli->manager, *name))
            continue;
        if (is_started(cli->manager, *name, &started, &cause) &&
            (started || start_when_there(cli, *name, watch, deadline, &cause)))
            continue;
        cli_error_print(cause);
        failed++;
    }
    if (failed > 0)
        return cli_error_set(error, IOV_ERROR_HOST, "%u autostarted pool%s could not be started",
                             failed, failed == 1 ? "" : "s");
    return TRUE;
}

gboolean
cmd_start(Cli *cli, char **arguments, GError **error)
{
    const char *name = arguments[0];

    if ((name != NULL) == start.autostart)
        return cli_error_usage(error, "start: name either a pool or --autostart");
    if (cli_get_manager(cli, error) == NULL)
        return FALSE;
    if (start.autostart)
        return start_marked(cli, error);
    if (!start_pool(cli, name, error))
        return FALSE;
    cli_poke(cli);
    if (!start_network(cli, name, error)) {
        cli_error_prefix(error, "pool '%.64s' is started, but its floor network is not: ", name);
        return FALSE;
    }
    return TRUE;
}

/* With its network gone first, no guest can be started onto a floor that is about to go. */
static gboolean
destroy_with_network(Cli *cli, const IovPool *pool, GError **error)
{
    const char *name = iov_pool_get_name(pool);
    g_autofree char *saved = NULL, *note = NULL;
    g_autoptr(GError) second = NULL;
    virConnectPtr connection = try_connection(cli, name, "removed");

    if (connection != NULL && !floor_network_stop(connection, pool, &saved, &note, error))
        return FALSE;
    if (iov_manager_destroy_pool(cli->manager, name, error)) {
        if (note != NULL)
            cli_say(cli, "%s", note);
        return TRUE;
    }
    if (saved != NULL && !floor_network_restore(connection, saved, &second))
        cli_error_print(second);
    return FALSE;
}

#define HOLDERS_NAMED 8

/* TRUE where a domain has the function; one that waits to be cleaned is nobody's. */
static gboolean
is_leased(const IovLease *lease)
{
    return iov_lease_get_domain_uuid(lease) != NULL &&
           iov_lease_get_state(lease) != IOV_LEASE_SCRUBBING;
}

/* Refuses before anything is changed, with the holders named; the manager checks it again. */
static gboolean
check_unused(IovManager *manager, const char *name, GError **error)
{
    g_autoptr(GPtrArray) functions = iov_manager_list_functions(manager, name, error);
    g_autoptr(GString) holders = g_string_new(NULL);
    guint count = 0;

    for (guint i = 0; functions != NULL && i < functions->len; i++) {
        const IovLease *lease = g_ptr_array_index(functions, i);

        if (!is_leased(lease) || count++ >= HOLDERS_NAMED)
            continue;
        g_string_append_printf(holders, "%s%s to %s (%s)", holders->len > 0 ? ", " : "",
                               iov_lease_get_function(lease), iov_lease_get_domain_name(lease),
                               iov_lease_get_request(lease));
    }
    if (count > HOLDERS_NAMED)
        g_string_append_printf(holders, " and %u more", count - HOLDERS_NAMED);
    if (count > 0)
        return cli_error_set(error, IOV_ERROR_BUSY,
                             "its functions are leased, %s: 'iovpool detach' them or shut the "
                             "domains down",
                             holders->str);
    return functions != NULL;
}

static gboolean
destroy_pool(Cli *cli, const char *name, GError **error)
{
    g_autoptr(IovPool) pool = iov_manager_get_pool(cli->manager, name, TRUE, error);

    if (pool == NULL || !check_unused(cli->manager, name, error))
        return FALSE;
    if (floor_network_is_wanted(pool))
        return destroy_with_network(cli, pool, error);
    return iov_manager_destroy_pool(cli->manager, name, error);
}

gboolean
cmd_destroy(Cli *cli, char **arguments, GError **error)
{
    if (cli_get_manager(cli, error) == NULL)
        return FALSE;
    if (!destroy_pool(cli, arguments[0], error)) {
        cli_error_prefix(error, "cannot destroy pool '%.64s': ", arguments[0]);
        return FALSE;
    }
    cli_say(cli, "Pool '%s' destroyed", arguments[0]);
    cli_poke(cli);
    return TRUE;
}
