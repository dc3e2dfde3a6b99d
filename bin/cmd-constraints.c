/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `iovpool constraints`: what a domain's devices are in the way of, why, and what would lift it.
 * What is said is the library's; how it is printed is decided here.
 */
#include "cli-command.h"
#include "cli-output.h"
#include "destination.h"
#include "libvirt.h"

#include <string.h>

static struct {
    gboolean live, config;
    char *to, *ssh;
} options;

GOptionEntry cmd_constraints_options[] = {
    {"live", 0, 0, G_OPTION_ARG_NONE, &options.live, "the running domain", NULL},
    {"config", 0, 0, G_OPTION_ARG_NONE, &options.config,
     "the persistent configuration, its requests served", NULL},
    {"to", 0, 0, G_OPTION_ARG_FILENAME, &options.to,
     "and what the host of that URI is in the way of", "URI"},
    {"ssh", 0, 0, G_OPTION_ARG_FILENAME, &options.ssh,
     "how ssh gets there, where the URI does not tell", "[USER@]HOST"},
    {0},
};

/* ---- what is told ---- */

/* As it runs, where it runs and --config does not ask for what it would be. */
static gboolean
choose_live(virDomainPtr domain, gboolean *live, GError **error)
{
    int active = virDomainIsActive(domain);

    if (active < 0)
        return libvirt_error(error, "cannot tell whether it runs");
    if (options.live && active == 0)
        return cli_error_set(error, IOV_ERROR_INVALID, "it is not running");
    *live = active == 1 && !options.config;
    return TRUE;
}

static gboolean
add_destination(GPtrArray *constraints, const char *xml, gboolean live, GError **error)
{
    g_autoptr(IovDomain) record = NULL;
    g_autoptr(Destination) destination = NULL;
    g_autoptr(GPtrArray) answers = NULL;

    if (options.to == NULL)
        return TRUE;
    record = iov_domain_parse(xml, strlen(xml), error);
    if (record != NULL)
        destination = destination_open(options.to, options.ssh, error);
    if (destination != NULL)
        answers = destination_ask(destination, xml, error);
    if (answers == NULL) {
        cli_error_prefix(error, "cannot ask %.128s: ", options.to);
        return FALSE;
    }
    destination_judge(destination, record, answers, !live, constraints);
    return TRUE;
}

static GPtrArray *
list_constraints(Cli *cli, virDomainPtr domain, GError **error)
{
    gboolean live = FALSE;

    if (cli_get_manager(cli, error) == NULL || !choose_live(domain, &live, error))
        return NULL;
    char *xml = libvirt_read_xml(domain, live ? 0 : VIR_DOMAIN_XML_INACTIVE, error);
    if (xml == NULL)
        return NULL;
    g_autoptr(GPtrArray) constraints = iov_manager_list_constraints(
        cli->manager, xml, strlen(xml), live, live && libvirt_is_paused(domain), error);
    gboolean done = constraints != NULL && add_destination(constraints, xml, live, error);
    free(xml);
    return done ? g_steal_pointer(&constraints) : NULL;
}

/* ---- for people: a row for what differs in the operation alone ---- */

static gboolean
is_alike(const IovConstraint *a, const IovConstraint *b)
{
    return strcmp(iov_constraint_get_device(a), iov_constraint_get_device(b)) == 0 &&
           iov_constraint_get_obstacle(a) == iov_constraint_get_obstacle(b) &&
           iov_constraint_get_ruling(a) == iov_constraint_get_ruling(b) &&
           strcmp(iov_constraint_get_reason(a), iov_constraint_get_reason(b)) == 0 &&
           strcmp(iov_constraint_get_help(a), iov_constraint_get_help(b)) == 0;
}

/* Returns how many constraints from @first on are in it. */
static guint
add_row(CliTable *table, GPtrArray *constraints, guint first)
{
    const IovConstraint *constraint = g_ptr_array_index(constraints, first);
    g_autoptr(GString) operations = g_string_new(NULL);
    guint next = first;

    for (; next < constraints->len; next++) {
        const IovConstraint *other = g_ptr_array_index(constraints, next);
        if (!is_alike(constraint, other))
            break;
        g_string_append_printf(operations, "%s%s", next > first ? ", " : "",
                               iov_operation_to_string(iov_constraint_get_operation(other)));
    }
    cli_table_add_row(table, cell_text(iov_constraint_get_device(constraint)),
                      cell_text(operations->str),
                      cell_text(iov_ruling_to_string(iov_constraint_get_ruling(constraint))),
                      cell_text(iov_obstacle_to_string(iov_constraint_get_obstacle(constraint))),
                      cell_text(iov_constraint_get_reason(constraint)),
                      cell_text(iov_constraint_get_help(constraint)));
    return next - first;
}

static void
print_table(const Cli *cli, GPtrArray *constraints)
{
    static const CliColumn columns[] = {
        {"Device", NULL}, {"Operation", NULL}, {"Ruling", NULL},
        {"Code", NULL},   {"Reason", NULL},    {"Help", NULL},
    };
    g_autoptr(CliTable) table = cli_table_new(columns, G_N_ELEMENTS(columns));

    for (guint i = 0; i < constraints->len;)
        i += add_row(table, constraints, i);
    cli_table_print(table, cli);
}

/* ---- for programs: an object for each operation ---- */

static void
print_json(const Cli *cli, GPtrArray *constraints)
{
    static const CliColumn columns[] = {
        {NULL, "device"},  {NULL, "alias"},     {NULL, "address"},
        {NULL, "request"}, {NULL, "operation"}, {NULL, "ruling"},
        {NULL, "code"},    {NULL, "reason"},    {NULL, "help"},
    };
    g_autoptr(CliTable) table = cli_table_new(columns, G_N_ELEMENTS(columns));

    for (guint i = 0; i < constraints->len; i++) {
        const IovConstraint *constraint = g_ptr_array_index(constraints, i);
        cli_table_add_row(
            table, cell_text(iov_constraint_get_device(constraint)),
            cell_text(iov_constraint_get_alias(constraint)),
            cell_text(iov_constraint_get_address(constraint)),
            cell_text(iov_constraint_get_request(constraint)),
            cell_text(iov_operation_to_string(iov_constraint_get_operation(constraint))),
            cell_text(iov_ruling_to_string(iov_constraint_get_ruling(constraint))),
            cell_text(iov_obstacle_to_string(iov_constraint_get_obstacle(constraint))),
            cell_text(iov_constraint_get_reason(constraint)),
            cell_text(iov_constraint_get_help(constraint)));
    }
    cli_table_print(table, cli);
}

/* ---- live migration: what most want to know ---- */

static const IovConstraint *
find_ruling(GPtrArray *constraints, IovRuling ruling)
{
    for (guint i = 0; i < constraints->len; i++) {
        const IovConstraint *constraint = g_ptr_array_index(constraints, i);
        if (iov_constraint_get_operation(constraint) == IOV_OPERATION_MIGRATE &&
            iov_constraint_get_ruling(constraint) == ruling)
            return constraint;
    }
    return NULL;
}

static gboolean
check_migration(const Cli *cli, GPtrArray *constraints, GError **error)
{
    const IovConstraint *first = NULL;
    guint count = 0;

    for (guint i = 0; i < constraints->len; i++) {
        const IovConstraint *constraint = g_ptr_array_index(constraints, i);
        if (!iov_constraint_forbids_migration(constraint))
            continue;
        first = count++ == 0 ? constraint : first;
    }
    if (first != NULL && count == 1)
        return cli_error_set(error, IOV_ERROR_UNSUPPORTED, "%s: %s",
                             iov_constraint_get_device(first), iov_constraint_get_reason(first));
    if (first != NULL)
        return cli_error_set(error, IOV_ERROR_UNSUPPORTED, "%s: %s; and %u more",
                             iov_constraint_get_device(first), iov_constraint_get_reason(first),
                             count - 1);
    if (cli->json)
        return TRUE;
    cli_say(cli, "Live migration: by `%s migrate`%s",
            find_ruling(constraints, IOV_RULING_BY_IOVPOOL) != NULL ? "iovpool" : "virsh",
            find_ruling(constraints, IOV_RULING_DEPENDS) != NULL
                ? ", where what it depends on holds"
                : "");
    return TRUE;
}

gboolean
cmd_constraints(Cli *cli, char **arguments, GError **error)
{
    if (options.live && options.config)
        return cli_error_usage(error, "constraints: --live and --config are mutually exclusive");
    virConnectPtr connection = cli_get_connection(cli, error);
    if (connection == NULL)
        return FALSE;
    g_autoptr(virDomain) domain = libvirt_find_domain(connection, arguments[0], error);
    g_autoptr(GPtrArray) constraints = domain != NULL ? list_constraints(cli, domain, error) : NULL;
    if (constraints == NULL) {
        cli_error_prefix(error, "cannot tell the constraints of domain '%.64s': ", arguments[0]);
        return FALSE;
    }
    if (cli->json)
        print_json(cli, constraints);
    else
        print_table(cli, constraints);
    if (check_migration(cli, constraints, error))
        return TRUE;
    cli_error_prefix(error, "domain '%.64s' cannot be migrated while it runs: ", arguments[0]);
    return FALSE;
}
