/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `iovpool list`: the pools, as virsh lists its networks: the started ones, or --all.
 */
#include "cli-command.h"
#include "cli-output.h"

static struct {
    gboolean all, inactive, name;
} list;

GOptionEntry cmd_list_options[] = {
    {"all", 0, 0, G_OPTION_ARG_NONE, &list.all, "started and stopped pools", NULL},
    {"inactive", 0, 0, G_OPTION_ARG_NONE, &list.inactive, "stopped pools", NULL},
    {"name", 0, 0, G_OPTION_ARG_NONE, &list.name, "names only", NULL},
    {0},
};

static const CliColumn columns[] = {
    {"Name", "name"}, {"State", "state"}, {"Autostart", "autostart"}, {"Adapters", "adapters"},
    {"VFs", "vfs"},   {"Free", "free"},   {"Used", "used"},
};

static gboolean
is_used(IovLeaseState state)
{
    switch (state) {
    case IOV_LEASE_RESERVED:
    case IOV_LEASE_ATTACHING:
    case IOV_LEASE_ACTIVE:
    case IOV_LEASE_DETACHING:
    case IOV_LEASE_SCRUBBING:
        return TRUE;
    case IOV_LEASE_FREE:
    case IOV_LEASE_QUARANTINED:
    case IOV_LEASE_FOREIGN:
        return FALSE;
    }
    g_assert_not_reached();
}

static gboolean
add_started(CliTable *table, IovManager *manager, const char *name, gboolean starts, GError **error)
{
    g_autoptr(GPtrArray) functions = iov_manager_list_functions(manager, name, error);
    g_autoptr(GHashTable) adapters = g_hash_table_new(g_str_hash, g_str_equal);
    guint free_count = 0, used = 0;

    if (functions == NULL)
        return FALSE;
    for (guint i = 0; i < functions->len; i++) {
        const IovLease *lease = g_ptr_array_index(functions, i);
        g_hash_table_add(adapters, (char *)iov_lease_get_adapter(lease));
        free_count += iov_lease_get_state(lease) == IOV_LEASE_FREE;
        used += is_used(iov_lease_get_state(lease));
    }
    cli_table_add_row(table, cell_text(name), cell_text("active"), cell_flag(starts),
                      cell_number(g_hash_table_size(adapters)), cell_number(functions->len),
                      cell_number(free_count), cell_number(used));
    return TRUE;
}

static gboolean
add_pool(CliTable *table, IovManager *manager, const char *name, GError **error)
{
    gboolean active = FALSE, starts = iov_manager_get_autostart(manager, name);

    if (!iov_manager_pool_is_active(manager, name, &active, error))
        return FALSE;
    if (!list.all && active == list.inactive)
        return TRUE;
    if (active)
        return add_started(table, manager, name, starts, error);
    cli_table_add_row(table, cell_text(name), cell_text("inactive"), cell_flag(starts),
                      cell_text(NULL), cell_text(NULL), cell_text(NULL), cell_text(NULL));
    return TRUE;
}

gboolean
cmd_list(Cli *cli, char **arguments G_GNUC_UNUSED, GError **error)
{
    IovManager *manager = cli_get_manager(cli, error);

    if (manager == NULL)
        return FALSE;
    if (list.all && list.inactive)
        return cli_error_usage(error, "list: --all and --inactive are mutually exclusive");
    g_auto(GStrv) names = iov_manager_list_pools(manager, error);
    g_autoptr(CliTable) table = cli_table_new(columns, G_N_ELEMENTS(columns));
    for (char **name = names; name != NULL && *name != NULL; name++)
        if (!add_pool(table, manager, *name, error))
            return FALSE;
    if (names == NULL)
        return FALSE;
    if (list.name)
        cli_table_print_first(table);
    else
        cli_table_print(table, cli);
    return TRUE;
}
