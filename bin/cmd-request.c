/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `iovpool request` and `unrequest`: what the admin asks for, checked against the pool and against
 * the other domains of this host, then put into the domain or taken out of it.
 */
#include "cli-command.h"
#include "lift.h"
#include "request-edit.h"
#include "request-mac.h"

#include <string.h>

static struct {
    char *pool, *name, *mac, *vlan, *rate_min, *rate_max, *priority, *migration, *floor, *model;
    gboolean required;
    RequestScope scope;
} wish;

GOptionEntry cmd_request_options[] = {
    {"pool", 0, 0, G_OPTION_ARG_FILENAME, &wish.pool, "the pool that serves it", "POOL"},
    {"name", 0, 0, G_OPTION_ARG_FILENAME, &wish.name, "the request's name in the domain", "NAME"},
    {"mac", 0, 0, G_OPTION_ARG_FILENAME, &wish.mac, "MAC address, made up by default", "MAC"},
    {"vlan", 0, 0, G_OPTION_ARG_FILENAME, &wish.vlan, "VLAN, 0 to 4094", "ID"},
    {"rate-min", 0, 0, G_OPTION_ARG_FILENAME, &wish.rate_min, "guaranteed Mbit/s", "MBIT"},
    {"rate-max", 0, 0, G_OPTION_ARG_FILENAME, &wish.rate_max, "most Mbit/s", "MBIT"},
    {"required", 0, 0, G_OPTION_ARG_NONE, &wish.required,
     "do not start the domain without a function", NULL},
    {"priority", 0, 0, G_OPTION_ARG_FILENAME, &wish.priority, "-1000 to 1000, higher first", "N"},
    {"migration", 0, 0, G_OPTION_ARG_FILENAME, &wish.migration, "failover, replug or block",
     "MODE"},
    {"floor", 0, 0, G_OPTION_ARG_FILENAME, &wish.floor,
     "network:NAME, bridge:NAME, direct:NETDEV, none or default", "FLOOR"},
    {"model", 0, 0, G_OPTION_ARG_FILENAME, &wish.model, "the floor's model, virtio by default",
     "MODEL"},
    {"live", 0, 0, G_OPTION_ARG_NONE, &wish.scope.live, "the running domain", NULL},
    {"config", 0, 0, G_OPTION_ARG_NONE, &wish.scope.config, "the persistent configuration", NULL},
    {"current", 0, 0, G_OPTION_ARG_NONE, &wish.scope.current, "the current state (default)", NULL},
    {0},
};

static gboolean
set_rate(IovRequest *request, GError **error)
{
    gint64 least = 0, most = 0;

    if (wish.rate_min == NULL && wish.rate_max == NULL)
        return TRUE;
    if (wish.rate_min != NULL &&
        !cli_parse_number("--rate-min", wish.rate_min, 0, G_MAXINT32, &least, error))
        return FALSE;
    if (wish.rate_max != NULL &&
        !cli_parse_number("--rate-max", wish.rate_max, 0, G_MAXINT32, &most, error))
        return FALSE;
    iov_request_set_rate(request, (guint)least, (guint)most);
    return TRUE;
}

static gboolean
set_numbers(IovRequest *request, GError **error)
{
    gint64 vlan = 0, priority = 0;

    if (wish.vlan != NULL) {
        if (!cli_parse_number("--vlan", wish.vlan, 0, 4094, &vlan, error))
            return FALSE;
        iov_request_set_vlan(request, (guint)vlan);
    }
    if (wish.priority != NULL) {
        if (!cli_parse_number("--priority", wish.priority, -1000, 1000, &priority, error))
            return FALSE;
        iov_request_set_priority(request, (int)priority);
    }
    return set_rate(request, error);
}

static gboolean
set_migration(IovRequest *request, GError **error)
{
    IovMigration migration = IOV_MIGRATION_UNSET;

    if (wish.migration == NULL)
        return TRUE;
    if (!iov_migration_from_string(wish.migration, &migration))
        return cli_error_usage(error, "--migration '%s' is not failover, replug or block",
                               wish.migration);
    iov_request_set_migration(request, migration);
    return TRUE;
}

/* TYPE:SOURCE, a network's SOURCE may be left out; "none"; "default". */
static gboolean
set_floor(IovRequest *request, GError **error)
{
    IovFloorType type = IOV_FLOOR_UNSET;
    const char *text = wish.floor != NULL ? wish.floor : "default";
    const char *colon = strchr(text, ':');
    g_autofree char *word = colon != NULL ? g_strndup(text, (gsize)(colon - text)) : g_strdup(text);
    const char *source = colon != NULL ? colon + 1 : NULL;

    if (strcmp(text, "default") != 0 &&
        (!iov_floor_type_from_string(word, &type) || type == IOV_FLOOR_UNSET ||
         (type == IOV_FLOOR_NONE) != (source == NULL)))
        return cli_error_usage(error,
                               "--floor '%s' is not TYPE:SOURCE with type network, bridge "
                               "or direct, 'none' or 'default'",
                               text);
    iov_request_set_floor(request, type, source, wish.model);
    return TRUE;
}

/* Other devices than network devices have no paravirtual floor, and no policy but who has them. */
static gboolean
check_class(const IovPool *pool, GError **error)
{
    const char *const values[] = {wish.mac,      wish.vlan,  wish.rate_min,
                                  wish.rate_max, wish.floor, wish.model};
    const char *const names[] = {"mac", "vlan", "rate-min", "rate-max", "floor", "model"};

    if (iov_pool_get_class(pool) == IOV_CLASS_NET)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(values); i++)
        if (values[i] != NULL)
            return cli_error_set(error, IOV_ERROR_INVALID,
                                 "pool '%s' is of class %s: leave out --%s, which is for network "
                                 "devices",
                                 wish.pool, iov_class_to_string(iov_pool_get_class(pool)),
                                 names[i]);
    return TRUE;
}

/* What was asked for, but for the MAC. (transfer full) */
static IovRequest *
make_request(const IovPool *pool, GError **error)
{
    g_autoptr(IovRequest) request = iov_request_create(wish.name, wish.pool, error);

    if (request == NULL || !check_class(pool, error) || !set_numbers(request, error) ||
        !set_migration(request, error) || !set_floor(request, error))
        return NULL;
    iov_request_set_required(request, wish.required);
    return iov_request_check(request, pool, error) ? g_steal_pointer(&request) : NULL;
}

/* The running domain's request is made known, so that the agent lifts it. */
static gboolean
adopt(Cli *cli, virDomainPtr domain, const char *request, GError **error)
{
    g_autoptr(IovDomain) record = libvirt_read_domain(domain, 0, error);
    g_autoptr(GError) second = NULL;
    gboolean settled = TRUE;

    if (record == NULL || !iov_manager_adopt_request(cli->manager, record, request, error))
        return FALSE;
    /* it has its floor all the same */
    if (!iov_manager_steer(cli->manager, record, &settled, &second))
        cli_error_print(second);
    return TRUE;
}

static gboolean
put_in_live(Cli *cli, virDomainPtr domain, const IovPool *pool, IovRequest *request, GError **error)
{
    const char *name = iov_request_get_name(request);

    if (!request_put_in(domain, pool, request, VIR_DOMAIN_AFFECT_LIVE, error))
        return FALSE;
    if (adopt(cli, domain, name, error))
        return TRUE;
    g_autoptr(GError) second = NULL;
    if (!request_take_out(domain, name, VIR_DOMAIN_AFFECT_LIVE, &second))
        cli_error_print(second);
    return FALSE;
}

static gboolean
put_in(Cli *cli, virDomainPtr domain, const IovPool *pool, IovRequest *request, guint affect,
       GError **error)
{
    g_autoptr(GError) second = NULL;

    if ((affect & VIR_DOMAIN_AFFECT_CONFIG) != 0 &&
        !request_put_in(domain, pool, request, VIR_DOMAIN_AFFECT_CONFIG, error))
        return FALSE;
    if ((affect & VIR_DOMAIN_AFFECT_LIVE) == 0 || put_in_live(cli, domain, pool, request, error))
        return TRUE;
    if ((affect & VIR_DOMAIN_AFFECT_CONFIG) != 0 &&
        !request_take_out(domain, iov_request_get_name(request), VIR_DOMAIN_AFFECT_CONFIG, &second))
        cli_error_print(second);
    return FALSE;
}

/* A running domain is served by the started pool: without it nothing is attached in vain. */
static gboolean
check_started(Cli *cli, guint affect, GError **error)
{
    if ((affect & VIR_DOMAIN_AFFECT_LIVE) == 0)
        return TRUE;
    g_autoptr(IovPool) started = iov_manager_get_pool(cli->manager, wish.pool, TRUE, error);
    return started != NULL;
}

static gboolean
add_to_domain(Cli *cli, const char *name, const IovPool *pool, IovRequest *request, GError **error)
{
    guint affect = 0;
    g_autoptr(virDomain) domain = libvirt_find_domain(cli->connection, name, error);

    if (domain == NULL || !request_scope_resolve(&wish.scope, domain, &affect, error) ||
        !check_started(cli, affect, error))
        return FALSE;
    if (iov_pool_get_class(pool) == IOV_CLASS_NET &&
        !request_choose_mac(cli->connection, request, wish.mac, error))
        return FALSE;
    if (!put_in(cli, domain, pool, request, affect, error))
        return FALSE;
    const char *mac = iov_request_get_mac(request);
    cli_say(cli, "Request '%s' added to domain '%s'%s%s", wish.name, virDomainGetName(domain),
            mac != NULL ? ", MAC " : "", mac != NULL ? mac : "");
    return TRUE;
}

/* The command line first, then libvirt. */
static gboolean
add_request(Cli *cli, const char *name, GError **error)
{
    g_autoptr(IovPool) pool = iov_manager_get_pool(cli->manager, wish.pool, FALSE, error);
    if (pool == NULL)
        return FALSE;
    g_autoptr(IovRequest) request = make_request(pool, error);
    if (request == NULL || cli_get_connection(cli, error) == NULL)
        return FALSE;
    G_GNUC_UNUSED g_autoptr(RequestLock) lock = request_lock(iov_manager_get_run_dir(cli->manager));
    return add_to_domain(cli, name, pool, request, error);
}

gboolean
cmd_request(Cli *cli, char **arguments, GError **error)
{
    if (wish.pool == NULL || wish.name == NULL)
        return cli_error_usage(error, "request: --pool and --name are needed");
    if (cli_get_manager(cli, error) == NULL)
        return FALSE;
    if (!add_request(cli, arguments[0], error)) {
        cli_error_prefix(error, "cannot add request '%.64s' to domain '%.64s': ", wish.name,
                         arguments[0]);
        return FALSE;
    }
    cli_poke(cli);
    return TRUE;
}

static RequestScope unwish;

GOptionEntry cmd_unrequest_options[] = {
    {"live", 0, 0, G_OPTION_ARG_NONE, &unwish.live, "the running domain", NULL},
    {"config", 0, 0, G_OPTION_ARG_NONE, &unwish.config, "the persistent configuration", NULL},
    {"current", 0, 0, G_OPTION_ARG_NONE, &unwish.current, "the current state (default)", NULL},
    {0},
};

/* Off its function first; a guest that keeps it keeps its request too. */
static gboolean
take_out_live(Cli *cli, virDomainPtr domain, const char *request, GError **error)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    gboolean gone = TRUE;
    g_autoptr(GError) cause = NULL;

    if (virDomainGetUUIDString(domain, uuid) != 0)
        return libvirt_error(error, "cannot read the domain's UUID");
    if (!drop_request(domain, cli->manager, request, TRUE, &gone, &cause)) {
        /* on its floor, or unknown to the ledger */
        if (!g_error_matches(cause, IOV_ERROR, IOV_ERROR_NOT_FOUND)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
        g_clear_error(&cause);
    } else if (!gone) {
        return cli_error_set(error, IOV_ERROR_BUSY,
                             "the guest has not given its function back "
                             "yet: try again");
    }
    if (!request_take_out(domain, request, VIR_DOMAIN_AFFECT_LIVE, error))
        return FALSE;
    if (iov_manager_forget_request(cli->manager, uuid, request, &cause) ||
        g_error_matches(cause, IOV_ERROR, IOV_ERROR_NOT_FOUND))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

static gboolean
check_present(virDomainPtr domain, const char *request, guint affect, GError **error)
{
    const guint scopes[] = {VIR_DOMAIN_AFFECT_LIVE, VIR_DOMAIN_AFFECT_CONFIG};
    g_autofree char *floor = iov_alias_of_floor(request);
    gboolean found = FALSE;

    for (guint i = 0; i < G_N_ELEMENTS(scopes) && !found; i++) {
        if ((affect & scopes[i]) == 0)
            continue;
        g_autoptr(IovDomain) record =
            libvirt_read_domain(domain, libvirt_xml_flags(scopes[i]), error);
        if (record == NULL)
            return FALSE;
        found =
            iov_domain_find_request(record, request) != NULL || iov_domain_has_alias(record, floor);
    }
    return found || cli_error_set(error, IOV_ERROR_NOT_FOUND, "it has no such request there");
}

static gboolean
remove_request(Cli *cli, const char *name, const char *request, GError **error)
{
    guint affect = 0;
    G_GNUC_UNUSED g_autoptr(RequestLock) lock = request_lock(iov_manager_get_run_dir(cli->manager));

    if (cli_get_connection(cli, error) == NULL || !iov_pool_check_name(request, error))
        return FALSE;
    g_autoptr(virDomain) domain = libvirt_find_domain(cli->connection, name, error);
    if (domain == NULL || !request_scope_resolve(&unwish, domain, &affect, error) ||
        !check_present(domain, request, affect, error))
        return FALSE;
    if ((affect & VIR_DOMAIN_AFFECT_LIVE) != 0 && !take_out_live(cli, domain, request, error))
        return FALSE;
    if ((affect & VIR_DOMAIN_AFFECT_CONFIG) != 0 &&
        !request_take_out(domain, request, VIR_DOMAIN_AFFECT_CONFIG, error))
        return FALSE;
    cli_say(cli, "Request '%s' removed from domain '%s'", request, virDomainGetName(domain));
    return TRUE;
}

gboolean
cmd_unrequest(Cli *cli, char **arguments, GError **error)
{
    if (cli_get_manager(cli, error) == NULL)
        return FALSE;
    gboolean done = remove_request(cli, arguments[0], arguments[1], error);
    if (!done)
        cli_error_prefix(error, "cannot remove request '%.64s' from domain '%.64s': ", arguments[1],
                         arguments[0]);
    cli_poke(cli);
    return done;
}
