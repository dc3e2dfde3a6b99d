/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `iovpool migrate`: the migration that virsh cannot do, or that the destination's hook would
 * refuse. It looks first, here and there, keeps functions there, takes the domain down to its
 * floors where its functions cannot come along, and has libvirt migrate it. The agent there lifts
 * it again. A step that fails takes back those before it.
 */
#include "cli-command.h"
#include "destination.h"
#include "ground.h"
#include "job.h"
#include "libvirt.h"
#include "lift.h"

#include <stdlib.h>
#include <string.h>

static struct {
    gboolean dry_run, persistent, undefine_source, unsafe;
    char *ssh;
} how;

GOptionEntry cmd_migrate_options[] = {
    {"dry-run", 0, 0, G_OPTION_ARG_NONE, &how.dry_run, "print the steps, and take none", NULL},
    {"persistent", 0, 0, G_OPTION_ARG_NONE, &how.persistent, "define the domain there", NULL},
    {"undefinesource", 0, 0, G_OPTION_ARG_NONE, &how.undefine_source, "undefine it here", NULL},
    {"unsafe", 0, 0, G_OPTION_ARG_NONE, &how.unsafe, "even where libvirt thinks it unsafe", NULL},
    {"ssh", 0, 0, G_OPTION_ARG_FILENAME, &how.ssh,
     "how ssh gets there, where the URI does not tell", "[USER@]HOST"},
    {0},
};

typedef struct {
    Cli *cli;
    virDomainPtr domain;
    Destination *destination;
    IovDomain *record;
    char *xml;
    gboolean reserve; /* keep functions there */
    gboolean ground;  /* down to the floors before */
    GPtrArray *steps; /* in words */
} Move;

static void
move_clear(Move *move)
{
    g_clear_pointer(&move->destination, destination_free);
    g_clear_pointer(&move->record, iov_domain_unref);
    g_clear_pointer(&move->xml, free);
    g_clear_pointer(&move->steps, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Move, move_clear)

/* ---- the plan ---- */

static void add_step(Move *move, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
add_step(Move *move, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_ptr_array_add(move->steps, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

/* Neither virsh nor this command can do it. */
static gboolean
check_constraints(GPtrArray *constraints, GError **error)
{
    for (guint i = 0; i < constraints->len; i++) {
        const IovConstraint *constraint = g_ptr_array_index(constraints, i);

        if (iov_constraint_forbids_migration(constraint))
            return cli_error_set(
                error, IOV_ERROR_UNSUPPORTED, "%s: %s: %s", iov_constraint_get_device(constraint),
                iov_constraint_get_reason(constraint), iov_constraint_get_help(constraint));
    }
    return TRUE;
}

/* Why the request has no function there. (nullable) */
static const char *
find_reason(GPtrArray *constraints, const char *request)
{
    for (guint i = 0; i < constraints->len; i++) {
        const IovConstraint *constraint = g_ptr_array_index(constraints, i);
        IovObstacle obstacle = iov_constraint_get_obstacle(constraint);

        if ((obstacle == IOV_OBSTACLE_DESTINATION_POOL ||
             obstacle == IOV_OBSTACLE_DESTINATION_FULL) &&
            g_strcmp0(iov_constraint_get_request(constraint), request) == 0)
            return iov_constraint_get_reason(constraint);
    }
    return NULL;
}

/* One request with a function here. */
static void
plan_request(Move *move, const IovStatus *status, GPtrArray *constraints)
{
    const char *request = iov_status_get_request(status);
    const char *reason = find_reason(constraints, request);

    if (reason != NULL)
        add_step(move, "%s: on its floor there: %s", request, reason);
    else
        add_step(move, "%s: reserve a function there", request);
    move->reserve = move->reserve && reason == NULL;
    if (iov_status_get_migration(status) != IOV_MIGRATION_FAILOVER)
        move->ground = TRUE;
}

static gboolean
is_lifted(const IovStatus *status)
{
    return !iov_status_get_is_static(status) && lift_has_device(status);
}

static gboolean
plan(Move *move, GPtrArray *constraints, GError **error)
{
    g_autoptr(GPtrArray) statuses =
        iov_manager_list_status(move->cli->manager, iov_domain_get_uuid(move->record), error);
    guint lifted = 0;

    if (statuses == NULL)
        return FALSE;
    move->reserve = TRUE;
    for (guint i = 0; i < statuses->len; i++)
        if (is_lifted(g_ptr_array_index(statuses, i))) {
            plan_request(move, g_ptr_array_index(statuses, i), constraints);
            lifted++;
        }
    move->reserve = move->reserve && lifted > 0;
    move->ground = lifted > 0 && (move->ground || !move->reserve);
    if (move->ground)
        add_step(move, "take it down to its floors here");
    add_step(move, "migrate it to %s", destination_get_name(move->destination));
    if (move->ground && move->reserve)
        add_step(move, "lift it there");
    return TRUE;
}

static gboolean
look(Move *move, GError **error)
{
    g_autoptr(GPtrArray) constraints = NULL;
    g_autoptr(GPtrArray) answers = NULL;

    move->steps = g_ptr_array_new_with_free_func(g_free);
    move->xml = libvirt_read_xml(move->domain, 0, error);
    if (move->xml == NULL)
        return FALSE;
    move->record = iov_domain_parse(move->xml, strlen(move->xml), error);
    if (move->record == NULL)
        return FALSE;
    constraints = iov_manager_list_constraints(move->cli->manager, move->xml, strlen(move->xml),
                                               TRUE, FALSE, error);
    if (constraints != NULL)
        answers = destination_ask(move->destination, move->xml, error);
    if (answers == NULL)
        return FALSE;
    destination_judge(move->destination, move->record, answers, FALSE, constraints);
    return check_constraints(constraints, error) && plan(move, constraints, error);
}

/* ---- the steps ---- */

static guint
migrate_flags(void)
{
    return VIR_MIGRATE_LIVE | (how.persistent ? VIR_MIGRATE_PERSIST_DEST : 0) |
           (how.undefine_source ? VIR_MIGRATE_UNDEFINE_SOURCE : 0) |
           (how.unsafe ? VIR_MIGRATE_UNSAFE : 0);
}

static gboolean
migrate(virDomainPtr domain, gpointer data, GError **error)
{
    const Move *move = data;
    g_autoptr(virDomain) there = virDomainMigrate3(
        domain, destination_get_connection(move->destination), NULL, 0, migrate_flags());

    return there != NULL || libvirt_error(error, "libvirt cannot migrate it");
}

/* From here on it may be there. */
static gboolean
ground_and_migrate(Move *move, GError **error)
{
    g_auto(Ground) ground = {0};

    if (move->ground && !ground_domain(move->domain, move->cli->manager, &ground, error))
        return FALSE;
    if (job_run(move->cli, move->domain, "migrating", migrate, move, error))
        return TRUE;
    if (move->ground)
        ground_lift_again(move->domain, move->cli->manager, &ground);
    return FALSE;
}

static gboolean
reserve(Move *move, GError **error)
{
    return !move->reserve || destination_reserve(move->destination, move->xml, error);
}

static gboolean
execute(Move *move, GError **error)
{
    if (!reserve(move, error))
        return FALSE;
    if (ground_and_migrate(move, error))
        return TRUE;
    if (move->reserve)
        destination_cancel(move->destination, move->xml, NULL);
    return FALSE;
}

static gboolean
run(Cli *cli, char **arguments, GError **error)
{
    g_auto(Move) move = {.cli = cli};

    if (cli_get_manager(cli, error) == NULL || cli_get_connection(cli, error) == NULL)
        return FALSE;
    g_autoptr(virDomain) domain = libvirt_find_domain(cli->connection, arguments[0], error);
    if (domain == NULL)
        return FALSE;
    move.domain = domain;
    if (virDomainIsActive(domain) != 1)
        return cli_error_set(error, IOV_ERROR_INVALID, "it is not running");
    move.destination = destination_open(arguments[1], how.ssh, error);
    if (move.destination == NULL || !look(&move, error))
        return FALSE;
    for (guint i = 0; i < move.steps->len; i++)
        cli_say(cli, "%s", (const char *)g_ptr_array_index(move.steps, i));
    if (how.dry_run)
        return TRUE;
    gboolean done = cli_flush(error) && execute(&move, error);
    cli_poke(cli);
    if (done)
        cli_say(cli, "%s migrated to %s", arguments[0], destination_get_name(move.destination));
    return done;
}

gboolean
cmd_migrate(Cli *cli, char **arguments, GError **error)
{
    gboolean done = run(cli, arguments, error);

    if (!done)
        cli_error_prefix(error, "cannot migrate domain '%.64s' to %.128s: ", arguments[0],
                         arguments[1]);
    return done;
}
