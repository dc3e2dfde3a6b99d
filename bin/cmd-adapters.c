/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `iovpool adapters`: what this host has, and to which pool it belongs.
 */
#include "cli-command.h"
#include "cli-output.h"

static const CliColumn columns[] = {
    {"Address", "address"}, {"Netdev", "netdev"}, {"Class", "class"},       {"Driver", "driver"},
    {"VFs", NULL},          {NULL, "vfs"},        {NULL, "total_vfs"},      {"NUMA", "numa_node"},
    {"Link", "link"},       {"Speed", "speed"},   {"IOMMU", "iommu_group"}, {"Pool", "pool"},
};

/* (transfer full) (element-type IovPool): a definition that cannot be read is said, not fatal */
static GPtrArray *
load_pools(IovManager *manager, GError **error)
{
    g_auto(GStrv) names = iov_manager_list_pools(manager, error);
    if (names == NULL)
        return NULL;
    GPtrArray *pools =
        g_ptr_array_new_with_free_func((GDestroyNotify)(void (*)(void))iov_pool_unref);

    for (char **name = names; *name != NULL; name++) {
        g_autoptr(GError) cause = NULL;
        IovPool *pool = iov_manager_get_pool(manager, *name, FALSE, &cause);
        if (pool != NULL)
            g_ptr_array_add(pools, pool);
        else
            cli_error_print(cause);
    }
    return pools;
}

static const char *
find_pool(GPtrArray *pools, const IovAdapter *adapter)
{
    for (guint i = 0; i < pools->len; i++)
        if (iov_pool_selects(g_ptr_array_index(pools, i), adapter))
            return iov_pool_get_name(g_ptr_array_index(pools, i));
    return NULL;
}

static void
add_adapter(CliTable *table, const IovAdapter *adapter, GPtrArray *pools)
{
    guint vfs = iov_adapter_get_num_vfs(adapter), total = iov_adapter_get_total_vfs(adapter);
    IovLink link = iov_adapter_get_link(adapter);
    guint speed = iov_adapter_get_speed(adapter);
    g_autofree char *both = g_strdup_printf("%u/%u", vfs, total);

    cli_table_add_row(table, cell_text(iov_adapter_get_address(adapter)),
                      cell_text(iov_adapter_get_netdev(adapter)),
                      cell_text(iov_class_to_string(iov_adapter_get_class(adapter))),
                      cell_text(iov_adapter_get_driver(adapter)), cell_text(both), cell_number(vfs),
                      cell_number(total), cell_known_number(iov_adapter_get_numa_node(adapter)),
                      cell_text(link == IOV_LINK_NONE ? NULL : iov_link_to_string(link)),
                      cell_known_number(speed == 0 ? -1 : (gint64)speed),
                      cell_known_number(iov_adapter_get_iommu_group(adapter)),
                      cell_text(find_pool(pools, adapter)));
}

gboolean
cmd_adapters(Cli *cli, char **arguments G_GNUC_UNUSED, GError **error)
{
    IovManager *manager = cli_get_manager(cli, error);
    if (manager == NULL)
        return FALSE;
    g_autoptr(GPtrArray) adapters = iov_manager_list_adapters(manager, error);
    if (adapters == NULL)
        return FALSE;
    g_autoptr(GPtrArray) pools = load_pools(manager, error);
    if (pools == NULL)
        return FALSE;

    g_autoptr(CliTable) table = cli_table_new(columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < adapters->len; i++)
        add_adapter(table, g_ptr_array_index(adapters, i), pools);
    cli_table_print(table, cli);
    return TRUE;
}
