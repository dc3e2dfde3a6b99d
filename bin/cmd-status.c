/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `iovpool status`: how requests of active domains are served, from the ledger alone. libvirt is
 * not asked.
 */
#include "cmd-status.h"

#include <string.h>

static struct {
    gboolean watch;
} options;

GOptionEntry cmd_status_options[] = {
    {"watch", 0, 0, G_OPTION_ARG_NONE, &options.watch, "list again whenever it has changed", NULL},
    {0},
};

static gboolean
is_of_domain(const IovStatus *status, const char *name_or_uuid)
{
    return name_or_uuid == NULL || strcmp(iov_status_get_domain_name(status), name_or_uuid) == 0 ||
           strcmp(iov_status_get_domain_uuid(status), name_or_uuid) == 0;
}

char *
status_reason(const IovStatus *status)
{
    const IovLease *lease = iov_status_get_lease(status);
    const char *reason = iov_status_get_reason(status);
    const char *more = lease != NULL && iov_lease_get_state(lease) == IOV_LEASE_DETACHING
                           ? iov_lease_get_reason(lease)
                           : NULL;

    if (more == NULL || *more == '\0' || strcmp(reason, more) == 0)
        return g_strdup(reason);
    return g_strdup_printf("%s%s%s", reason, *reason != '\0' ? "; " : "", more);
}

static void
add_status(CliTable *table, const IovStatus *status)
{
    const IovLease *lease = iov_status_get_lease(status);
    const char *function = lease != NULL ? iov_lease_get_function(lease) : NULL;
    const char *state =
        lease != NULL ? iov_lease_state_to_string(iov_lease_get_state(lease)) : NULL;
    g_autofree char *reason = status_reason(status);
    gboolean parked = iov_status_get_parked(status);

    if (state == NULL)
        state = parked ? "parked" : "waiting";
    cli_table_add_row(
        table, cell_text(iov_status_get_domain_name(status)),
        cell_text(iov_status_get_domain_uuid(status)), cell_text(iov_status_get_request(status)),
        cell_text(iov_status_get_pool(status)),
        cell_text(iov_tier_to_string(iov_status_get_tier(status))), cell_text(function),
        cell_text(state), cell_flag(parked), cell_flag(iov_status_get_is_static(status)),
        cell_number(iov_status_get_priority(status)), cell_time(iov_status_get_since(status)),
        cell_text(iov_reason_to_string(iov_status_get_reason_code(status))),
        cell_text(*reason != '\0' ? reason : NULL));
}

CliTable *
status_read(Cli *cli, const char *domain, guint *found, GError **error)
{
    static const CliColumn columns[] = {
        {"Domain", "domain"}, {NULL, "domain_uuid"}, {"Request", "request"},
        {"Pool", "pool"},     {"Tier", "tier"},      {"Function", "function"},
        {"State", "state"},   {NULL, "parked"},      {NULL, "static"},
        {NULL, "priority"},   {"Since", "since"},    {NULL, "reason_code"},
        {"Reason", "reason"},
    };
    IovManager *manager = cli_get_manager(cli, error);
    if (manager == NULL)
        return NULL;
    g_autoptr(GPtrArray) statuses = iov_manager_list_status(manager, NULL, error);
    if (statuses == NULL)
        return NULL;

    CliTable *table = cli_table_new(columns, G_N_ELEMENTS(columns));
    *found = 0;
    for (guint i = 0; i < statuses->len; i++) {
        if (!is_of_domain(g_ptr_array_index(statuses, i), domain))
            continue;
        add_status(table, g_ptr_array_index(statuses, i));
        ++*found;
    }
    return table;
}

gboolean
cmd_status(Cli *cli, char **arguments, GError **error)
{
    guint found = 0;

    if (options.watch)
        return status_watch(cli, arguments[0], error);
    g_autoptr(CliTable) table = status_read(cli, arguments[0], &found, error);
    if (table == NULL)
        return FALSE;
    if (found == 0 && arguments[0] != NULL)
        return cli_error_set(error, IOV_ERROR_NOT_FOUND,
                             "no active domain '%.64s' has a request: see 'iovpool requests'",
                             arguments[0]);
    cli_table_print(table, cli);
    return TRUE;
}
