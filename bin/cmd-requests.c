/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `iovpool requests`: what domains ask for, from their XML.
 */
#include "cli-command.h"
#include "cli-output.h"
#include "libvirt.h"

static struct {
    gboolean inactive;
} requests;

GOptionEntry cmd_requests_options[] = {
    {"inactive", 0, 0, G_OPTION_ARG_NONE, &requests.inactive,
     "the persistent configuration, of running domains too", NULL},
    {0},
};

static const CliColumn columns[] = {
    {"Domain", "domain"},     {NULL, "domain_uuid"},
    {"Request", "request"},   {"Pool", "pool"},
    {"MAC", "mac"},           {"Required", "required"},
    {"Priority", "priority"}, {"Migration", "migration"},
};

static void
add_requests(CliTable *table, const IovDomain *record)
{
    GPtrArray *all = iov_domain_get_requests(record);

    for (guint i = 0; i < all->len; i++) {
        const IovRequest *request = g_ptr_array_index(all, i);
        IovMigration migration = iov_request_get_migration(request);
        cli_table_add_row(
            table, cell_text(iov_domain_get_name(record)), cell_text(iov_domain_get_uuid(record)),
            cell_text(iov_request_get_name(request)), cell_text(iov_request_get_pool(request)),
            cell_text(iov_request_get_mac(request)), cell_flag(iov_request_get_required(request)),
            cell_number(iov_request_get_priority(request)),
            cell_text(migration == IOV_MIGRATION_UNSET ? NULL
                                                       : iov_migration_to_string(migration)));
    }
}

/* Of all domains: one that cannot be read is said, and does not hide the others. */
static void
add_domain(CliTable *table, virDomainPtr domain)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(IovDomain) record =
        libvirt_read_domain(domain, requests.inactive ? VIR_DOMAIN_XML_INACTIVE : 0, &cause);

    if (record != NULL)
        add_requests(table, record);
    else
        cli_error_print(cause);
}

static gboolean
add_all(CliTable *table, virConnectPtr connection, GError **error)
{
    virDomainPtr *domains = NULL;
    int count = virConnectListAllDomains(connection, &domains, 0);

    if (count < 0)
        return libvirt_error(error, "cannot list the domains");
    for (int i = 0; i < count; i++) {
        add_domain(table, domains[i]);
        virDomainFree(domains[i]);
    }
    free(domains);
    return TRUE;
}

static gboolean
add_one(CliTable *table, virConnectPtr connection, const char *name, GError **error)
{
    g_autoptr(virDomain) domain = libvirt_find_domain(connection, name, error);
    if (domain == NULL)
        return FALSE;
    g_autoptr(IovDomain) record =
        libvirt_read_domain(domain, requests.inactive ? VIR_DOMAIN_XML_INACTIVE : 0, error);
    if (record == NULL)
        return FALSE;
    add_requests(table, record);
    return TRUE;
}

static gboolean
fill(CliTable *table, Cli *cli, const char *name, GError **error)
{
    virConnectPtr connection = cli_get_connection(cli, error);

    if (connection == NULL)
        return FALSE;
    return name != NULL ? add_one(table, connection, name, error)
                        : add_all(table, connection, error);
}

gboolean
cmd_requests(Cli *cli, char **arguments, GError **error)
{
    g_autoptr(CliTable) table = cli_table_new(columns, G_N_ELEMENTS(columns));

    if (!fill(table, cli, arguments[0], error)) {
        cli_error_prefix(error, "cannot list requests: ");
        return FALSE;
    }
    cli_table_print(table, cli);
    return TRUE;
}
