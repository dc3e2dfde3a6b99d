/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `iovpool incoming`: this host as the destination of a migration. The other host's iovpool runs it
 * here, by ssh, with the running domain's XML on standard input: what would a request get here,
 * keep a function for each that has one, and give back what was kept.
 */
#include "cli-command.h"
#include "cli-output.h"

#include <string.h>
#include <unistd.h>

#define XML_LIMIT (4 * 1024 * 1024)

typedef struct {
    char *xml;
    gsize length;
    IovDomain *domain;
} Arrival;

static void
arrival_clear(Arrival *arrival)
{
    g_clear_pointer(&arrival->xml, g_free);
    g_clear_pointer(&arrival->domain, iov_domain_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arrival, arrival_clear)

/* ---- check ---- */

/* How many functions a started pool has to give. */
static gboolean
count_free(IovManager *manager, const char *pool, guint *count, GError **error)
{
    g_autoptr(GPtrArray) functions = iov_manager_list_functions(manager, pool, error);

    *count = 0;
    for (guint i = 0; functions != NULL && i < functions->len; i++)
        if (iov_lease_get_state(g_ptr_array_index(functions, i)) == IOV_LEASE_FREE)
            ++*count;
    return functions != NULL;
}

/* NULL: the request may have a function of the pool. (transfer full) */
static char *
find_refusal(IovManager *manager, IovRequest *request, guint *count)
{
    g_autoptr(GError) cause = NULL;
    const char *name = iov_request_get_pool(request);
    gboolean active = FALSE;

    if (!iov_manager_pool_is_active(manager, name, &active, &cause))
        return g_strdup(cause->message);
    if (!active)
        return g_strdup_printf("pool '%s' is not started", name);
    g_autoptr(IovPool) pool = iov_manager_get_pool(manager, name, TRUE, &cause);
    if (pool == NULL || !iov_request_check(request, pool, &cause) ||
        !count_free(manager, name, count, &cause))
        return g_strdup(cause->message);
    return NULL;
}

static gboolean
check(Cli *cli, const Arrival *arrival, GError **error G_GNUC_UNUSED)
{
    static const CliColumn columns[] = {
        {"Request", "request"},
        {"Pool", "pool"},
        {"Free", "free"},
        {"Reason", "reason"},
    };
    g_autoptr(CliTable) table = cli_table_new(columns, G_N_ELEMENTS(columns));
    GPtrArray *requests = iov_domain_get_requests(arrival->domain);

    for (guint i = 0; i < requests->len; i++) {
        IovRequest *request = g_ptr_array_index(requests, i);
        guint count = 0;
        g_autofree char *refusal = find_refusal(cli->manager, request, &count);

        cli_table_add_row(table, cell_text(iov_request_get_name(request)),
                          cell_text(iov_request_get_pool(request)), cell_number(count),
                          cell_text(refusal));
    }
    cli_table_print(table, cli);
    return TRUE;
}

/* ---- reserve and cancel ---- */

static gboolean
reserve(Cli *cli, const Arrival *arrival, GError **error)
{
    g_autofree char *changed = NULL;
    g_autoptr(GPtrArray) leased = NULL;

    return iov_manager_incoming(cli->manager, IOV_INCOMING_MIGRATION, g_get_host_name(),
                                arrival->xml, arrival->length, &changed, &leased, error);
}

/* What the domain holds by now, because it came after all, is left alone. */
static gboolean
cancel(Cli *cli, const Arrival *arrival, GError **error)
{
    const char *uuid = iov_domain_get_uuid(arrival->domain);
    g_autoptr(GPtrArray) kept = g_ptr_array_new();
    g_autoptr(GPtrArray) functions = iov_manager_list_functions(cli->manager, NULL, error);

    for (guint i = 0; functions != NULL && i < functions->len; i++) {
        IovLease *lease = g_ptr_array_index(functions, i);

        if (iov_lease_get_state(lease) == IOV_LEASE_RESERVED &&
            g_strcmp0(iov_lease_get_domain_uuid(lease), uuid) == 0)
            g_ptr_array_add(kept, lease);
    }
    return functions != NULL && iov_manager_give_back(cli->manager, kept, error);
}

static const struct {
    const char *name;
    gboolean (*run)(Cli *cli, const Arrival *arrival, GError **error);
} verbs[] = {
    {"check", check},
    {"reserve", reserve},
    {"cancel", cancel},
};

gboolean
cmd_incoming(Cli *cli, char **arguments, GError **error)
{
    g_auto(Arrival) arrival = {0};

    for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (strcmp(arguments[0], verbs[i].name) != 0)
            continue;
        arrival.xml = cli_read_file("-", XML_LIMIT, &arrival.length, error);
        if (arrival.xml == NULL || cli_get_manager(cli, error) == NULL)
            return FALSE;
        arrival.domain = iov_domain_parse(arrival.xml, arrival.length, error);
        gboolean done = arrival.domain != NULL && verbs[i].run(cli, &arrival, error);
        cli_poke(cli);
        return done;
    }
    return cli_error_usage(error, "incoming: '%s' is not check, reserve or cancel", arguments[0]);
}
