/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `iovpool functions`, from the ledger, and `attach` and `detach`, live.
 */
#include "cli-command.h"
#include "cli-output.h"
#include "domain-state.h"
#include "lift.h"

#include <string.h>

static gboolean everything;

GOptionEntry cmd_detach_options[] = {
    {"all", 0, 0, G_OPTION_ARG_NONE, &everything, "of all running domains", NULL},
    {0},
};

/* A pool that is stopped has no functions; one that is not there is a mistake. */
static gboolean
check_pool(IovManager *manager, const char *name, GError **error)
{
    gboolean active = FALSE;

    if (name == NULL)
        return TRUE;
    if (!iov_manager_pool_is_active(manager, name, &active, error))
        return FALSE;
    g_autoptr(IovPool) pool = iov_manager_get_pool(manager, name, active, error);
    return pool != NULL;
}

/* The addresses of the host's functions that a guest can be migrated with. The ledger does not know
 * them: that is up to the driver, and only --json tells it. (transfer full) */
static GHashTable *
find_migratable(Cli *cli, GError **error)
{
    g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) adapters =
        cli->json ? iov_manager_list_adapters(cli->manager, error) : NULL;

    if (cli->json && adapters == NULL)
        return NULL;
    for (guint i = 0; adapters != NULL && i < adapters->len; i++) {
        GPtrArray *functions = iov_adapter_get_functions(g_ptr_array_index(adapters, i));

        for (guint j = 0; j < functions->len; j++) {
            const IovFunction *function = g_ptr_array_index(functions, j);
            if (iov_function_get_migratable(function))
                g_hash_table_add(found, g_strdup(iov_function_get_address(function)));
        }
    }
    return g_steal_pointer(&found);
}

gboolean
cmd_functions(Cli *cli, char **arguments, GError **error)
{
    static const CliColumn columns[] = {
        {"Function", "function"}, {"Adapter", "adapter"}, {"Index", "index"},
        {"Pool", "pool"},         {"State", "state"},     {"Domain", "domain"},
        {NULL, "domain_uuid"},    {"Request", "request"}, {NULL, "generation"},
        {"Since", "since"},       {"Reason", "reason"},   {NULL, "migratable"},
    };
    IovManager *manager = cli_get_manager(cli, error);
    if (manager == NULL)
        return FALSE;
    if (!check_pool(manager, arguments[0], error)) {
        cli_error_prefix(error, "cannot list functions: ");
        return FALSE;
    }
    g_autoptr(GPtrArray) functions = iov_manager_list_functions(manager, arguments[0], error);
    if (functions == NULL)
        return FALSE;
    g_autoptr(GHashTable) migratable = find_migratable(cli, error);
    if (migratable == NULL)
        return FALSE;

    g_autoptr(CliTable) table = cli_table_new(columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < functions->len; i++) {
        const IovLease *lease = g_ptr_array_index(functions, i);
        cli_table_add_row(
            table, cell_text(iov_lease_get_function(lease)),
            cell_text(iov_lease_get_adapter(lease)), cell_number(iov_lease_get_index(lease)),
            cell_text(iov_lease_get_pool(lease)),
            cell_text(iov_lease_state_to_string(iov_lease_get_state(lease))),
            cell_text(iov_lease_get_domain_name(lease)),
            cell_text(iov_lease_get_domain_uuid(lease)), cell_text(iov_lease_get_request(lease)),
            cell_number((gint64)iov_lease_get_generation(lease)),
            cell_time(iov_lease_get_since(lease)), cell_text(iov_lease_get_reason(lease)),
            cell_flag(g_hash_table_contains(migratable, iov_lease_get_function(lease))));
    }
    cli_table_print(table, cli);
    return TRUE;
}

/* The status of one request after a change. (transfer full) (nullable) */
static IovStatus *
find_status(IovManager *manager, const char *uuid, const char *request)
{
    g_autoptr(GPtrArray) statuses = iov_manager_list_status(manager, uuid, NULL);

    for (guint i = 0; statuses != NULL && i < statuses->len; i++)
        if (strcmp(iov_status_get_request(g_ptr_array_index(statuses, i)), request) == 0)
            return iov_status_ref(g_ptr_array_index(statuses, i));
    return NULL;
}

typedef gboolean (*Action)(Cli *cli, virDomainPtr domain, const char *request, GError **error);

static gboolean
attach(Cli *cli, virDomainPtr domain, const char *request, GError **error)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    if (virDomainGetUUIDString(domain, uuid) != 0)
        return libvirt_error(error, "cannot read the domain's UUID");
    if (!iov_manager_unpark(cli->manager, uuid, request, error) ||
        !lift_request(domain, cli->manager, request, error)) {
        cli_error_prefix(error, "cannot attach request '%.64s' of domain '%.64s': ", request,
                         virDomainGetName(domain));
        return FALSE;
    }
    g_autoptr(IovStatus) status = find_status(cli->manager, uuid, request);
    const IovLease *lease = status != NULL ? iov_status_get_lease(status) : NULL;
    if (lease != NULL)
        cli_say(cli, "%s %s: %s, %s, %s", virDomainGetName(domain), request,
                iov_tier_to_string(iov_status_get_tier(status)), iov_lease_get_function(lease),
                iov_lease_state_to_string(iov_lease_get_state(lease)));
    return TRUE;
}

/* TRUE where a guest has, or is about to have, the request's function. */
static gboolean
has_device(IovManager *manager, virDomainPtr domain, const char *request)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    virDomainGetUUIDString(domain, uuid);
    g_autoptr(IovStatus) status = find_status(manager, uuid, request);
    return status != NULL && lift_has_device(status);
}

static gboolean
detach(Cli *cli, virDomainPtr domain, const char *request, GError **error)
{
    gboolean had = has_device(cli->manager, domain, request);
    gboolean gone = FALSE;

    if (!drop_request(domain, cli->manager, request, TRUE, &gone, error)) {
        cli_error_prefix(error, "cannot detach request '%.64s' of domain '%.64s': ", request,
                         virDomainGetName(domain));
        return FALSE;
    }
    if (gone)
        cli_say(cli, "%s %s: %s", virDomainGetName(domain), request,
                had ? "detached" : "parked: it stays on its floor until 'iovpool attach'");
    else
        cli_say(cli, "%s %s: pending: the guest has not given its function back yet",
                virDomainGetName(domain), request);
    return TRUE;
}

static gboolean
act_on_all(Cli *cli, virDomainPtr domain, const IovDomain *record, Action action, GError **error)
{
    GPtrArray *requests = iov_domain_get_requests(record);

    if (requests->len == 0)
        return cli_error_set(error, IOV_ERROR_NOT_FOUND, "domain '%s' has no request",
                             iov_domain_get_name(record));
    for (guint i = 0; i < requests->len; i++)
        if (!action(cli, domain, iov_request_get_name(g_ptr_array_index(requests, i)), error))
            return FALSE;
    return TRUE;
}

static gboolean
act(Cli *cli, char **arguments, Action action, GError **error)
{
    if (cli_get_manager(cli, error) == NULL || cli_get_connection(cli, error) == NULL)
        return FALSE;
    g_autoptr(virDomain) domain = libvirt_find_domain(cli->connection, arguments[0], error);
    if (domain == NULL)
        return FALSE;
    if (virDomainIsActive(domain) != 1)
        return cli_error_set(error, IOV_ERROR_INVALID, "domain '%s' is not running",
                             virDomainGetName(domain));
    if (!domain_state_check_rest(domain, error))
        return FALSE;
    g_autoptr(IovDomain) record = libvirt_read_domain(domain, 0, error);
    if (record == NULL)
        return FALSE;
    if (arguments[1] == NULL)
        return act_on_all(cli, domain, record, action, error);
    if (iov_domain_find_request(record, arguments[1]) == NULL)
        return cli_error_set(error, IOV_ERROR_NOT_FOUND, "domain '%s' has no request '%s'",
                             virDomainGetName(domain), arguments[1]);
    return action(cli, domain, arguments[1], error);
}

/* A domain that is gone meanwhile has nothing left to detach. */
static gboolean
detach_status(Cli *cli, const IovStatus *status, GError **error)
{
    g_autoptr(virDomain) domain =
        virDomainLookupByUUIDString(cli->connection, iov_status_get_domain_uuid(status));

    return domain == NULL || virDomainIsActive(domain) != 1 ||
           detach(cli, domain, iov_status_get_request(status), error);
}

/* One that fails does not keep the others. */
static gboolean
detach_everything(Cli *cli, GError **error)
{
    guint failed = 0;

    if (cli_get_manager(cli, error) == NULL || cli_get_connection(cli, error) == NULL)
        return FALSE;
    g_autoptr(GPtrArray) statuses = iov_manager_list_status(cli->manager, NULL, error);
    if (statuses == NULL)
        return FALSE;
    for (guint i = 0; i < statuses->len; i++) {
        const IovStatus *status = g_ptr_array_index(statuses, i);
        g_autoptr(GError) cause = NULL;

        if (iov_status_get_is_static(status) || iov_status_get_parked(status) ||
            detach_status(cli, status, &cause))
            continue;
        failed++;
        cli_error_print(cause);
    }
    return failed == 0 || cli_error_set(error, IOV_ERROR_BUSY,
                                        "%u of %u requests keep their "
                                        "function: see 'iovpool status'",
                                        failed, statuses->len);
}

gboolean
cmd_attach(Cli *cli, char **arguments, GError **error)
{
    gboolean done = act(cli, arguments, attach, error);

    if (!done)
        cli_error_prefix(error, "cannot attach functions to domain '%.64s': ", arguments[0]);
    cli_poke(cli);
    return done;
}

gboolean
cmd_detach(Cli *cli, char **arguments, GError **error)
{
    gboolean done;

    if (everything == (arguments[0] != NULL))
        return cli_error_usage(error, "detach: name a domain, or --all");
    done = everything ? detach_everything(cli, error) : act(cli, arguments, detach, error);
    if (!done && everything)
        cli_error_prefix(error, "cannot detach all functions: ");
    else if (!done)
        cli_error_prefix(error, "cannot detach functions of domain '%.64s': ", arguments[0]);
    cli_poke(cli);
    return done;
}
