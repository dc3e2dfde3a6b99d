/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `iovpool snippet`: a request's device XML, for `virsh attach-device`. It only prints.
 */
#include "cli-command.h"
#include "libvirt.h"
#include "request-edit.h"

#include <stdio.h>
#include <string.h>

static struct {
    gboolean floor, function, port;
    char *address;
} what;

GOptionEntry cmd_snippet_options[] = {
    {"function", 0, 0, G_OPTION_ARG_NONE, &what.function, "its function (default)", NULL},
    {"address", 0, 0, G_OPTION_ARG_FILENAME, &what.address,
     "the function's PCI address, by default the leased one's", "ADDRESS"},
    {"floor", 0, 0, G_OPTION_ARG_NONE, &what.floor, "its floor", NULL},
    {"port", 0, 0, G_OPTION_ARG_NONE, &what.port, "the root port for its function", NULL},
    {0},
};

/* (transfer full) */
static char *
find_address(IovManager *manager, const IovDomain *record, const char *request, GError **error)
{
    if (what.address != NULL)
        return g_strdup(what.address);
    g_autoptr(GPtrArray) statuses =
        iov_manager_list_status(manager, iov_domain_get_uuid(record), error);
    if (statuses == NULL)
        return NULL;
    for (guint i = 0; i < statuses->len; i++) {
        const IovStatus *status = g_ptr_array_index(statuses, i);
        const IovLease *lease = iov_status_get_lease(status);
        if (lease != NULL && strcmp(iov_status_get_request(status), request) == 0)
            return g_strdup(iov_lease_get_function(lease));
    }
    cli_error_set(error, IOV_ERROR_NOT_FOUND, "it has no function now: name one by --address");
    return NULL;
}

static char *
write_function(IovManager *manager, const IovPool *pool, const IovDomain *record,
               const IovRequest *request, GError **error)
{
    g_autofree char *port = iov_alias_of_port(iov_request_get_name(request));
    g_autofree char *address = find_address(manager, record, iov_request_get_name(request), error);

    if (address == NULL)
        return NULL;
    return iov_snippet_function(pool, request, address, iov_domain_find_port(record, port),
                                iov_request_is_teaming(pool, request, record), error);
}

static char *
write_port(const IovDomain *record, const IovRequest *request, GError **error)
{
    guint index = request_port_index(record);

    if (index != 0)
        return iov_snippet_port(request, index);
    cli_error_set(error, IOV_ERROR_UNSUPPORTED, "the machine takes no further PCIe root port");
    return NULL;
}

static char *
write_snippet(Cli *cli, const char *domain_name, const char *name, GError **error)
{
    if (cli_get_connection(cli, error) == NULL)
        return NULL;
    g_autoptr(virDomain) domain = libvirt_find_domain(cli->connection, domain_name, error);
    if (domain == NULL)
        return NULL;
    g_autoptr(IovDomain) record = libvirt_read_domain(domain, 0, error);
    if (record == NULL)
        return NULL;
    IovRequest *request = iov_domain_find_request(record, name);
    if (request == NULL) {
        cli_error_set(error, IOV_ERROR_NOT_FOUND, "it has no such request");
        return NULL;
    }
    if (what.port)
        return write_port(record, request, error);
    g_autoptr(IovPool) pool =
        iov_manager_get_pool(cli->manager, iov_request_get_pool(request), FALSE, error);
    if (pool == NULL)
        return NULL;
    if (what.floor)
        return iov_snippet_floor(pool, request, iov_request_is_teaming(pool, request, record),
                                 error);
    return write_function(cli->manager, pool, record, request, error);
}

gboolean
cmd_snippet(Cli *cli, char **arguments, GError **error)
{
    if (what.floor + what.function + what.port > 1)
        return cli_error_usage(error, "snippet: --function, --floor and --port exclude each other");
    if (what.address != NULL && (what.floor || what.port))
        return cli_error_usage(error, "snippet: --address goes with --function");
    if (cli_get_manager(cli, error) == NULL)
        return FALSE;
    g_autofree char *xml = write_snippet(cli, arguments[0], arguments[1], error);
    if (xml == NULL) {
        cli_error_prefix(error, "cannot write request '%.64s' of domain '%.64s': ", arguments[1],
                         arguments[0]);
        return FALSE;
    }
    fputs(xml, stdout);
    if (!g_str_has_suffix(xml, "\n"))
        putchar('\n');
    return TRUE;
}
