/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command table: what exists, what it takes, and one line of help each. Help, man page and
 * completion are held against it by a test.
 */
#include "cli-command.h"

#include <string.h>

const CliCommand cli_commands[] = {
    {"adapters", "", "list the SR-IOV adapters of this host", 0, 0, cmd_adapters, NULL},
    {"attach", "DOMAIN [REQUEST]", "give a running domain its function now", 1, 2, cmd_attach,
     NULL},
    {"autostart", "POOL", "start a pool at boot", 1, 1, cmd_autostart, cmd_autostart_options},
    {"constraints", "DOMAIN", "tell what a domain's devices are in the way of", 1, 1,
     cmd_constraints, cmd_constraints_options},
    {"create", "POOL", "define a pool of adapters", 1, 1, cmd_create, cmd_create_options},
    {"define", "FILE", "define a pool from an XML file", 1, 1, cmd_define, NULL},
    {"destroy", "POOL", "stop a pool and give back its adapters", 1, 1, cmd_destroy, NULL},
    {"detach", "DOMAIN [REQUEST]", "take a running domain off its function now", 0, 2, cmd_detach,
     cmd_detach_options},
    {"dumpxml", "POOL", "print a pool's XML", 1, 1, cmd_dumpxml, cmd_dumpxml_options},
    {"edit", "POOL", "edit a pool's XML", 1, 1, cmd_edit, NULL},
    {"events", "[DOMAIN]", "list who got what when", 0, 1, cmd_events, cmd_events_options},
    {"explain", "DOMAIN [REQUEST]", "tell why requests are served as they are", 1, 2, cmd_explain,
     NULL},
    {"functions", "[POOL]", "list the functions of started pools", 0, 1, cmd_functions, NULL},
    {"help", "[COMMAND]", "print help", 0, 1, cmd_help, NULL},
    {"incoming", "check|reserve|cancel", "answer for a domain that is to migrate to this host", 1,
     1, cmd_incoming, NULL},
    {"list", "", "list pools", 0, 0, cmd_list, cmd_list_options},
    {"managedsave", "DOMAIN", "save a running domain, to go on at its next start", 1, 1,
     cmd_managedsave, cmd_save_options},
    {"migrate", "DOMAIN URI", "migrate a running domain, with or without its functions", 2, 2,
     cmd_migrate, cmd_migrate_options},
    {"reconcile", "", "make the ledger true again from the running domains", 0, 0, cmd_reconcile,
     NULL},
    {"request", "DOMAIN", "give a domain a request to a pool", 1, 1, cmd_request,
     cmd_request_options},
    {"requests", "[DOMAIN]", "list the requests in domains' XML", 0, 1, cmd_requests,
     cmd_requests_options},
    {"save", "DOMAIN FILE", "save a running domain to a file", 2, 2, cmd_save, cmd_save_options},
    {"snippet", "DOMAIN REQUEST", "print device XML for virsh attach-device", 2, 2, cmd_snippet,
     cmd_snippet_options},
    {"start", "[POOL]", "create a pool's functions", 0, 1, cmd_start, cmd_start_options},
    {"status", "[DOMAIN]", "list how requests are served, and why", 0, 1, cmd_status,
     cmd_status_options},
    {"undefine", "POOL", "remove a pool's definition", 1, 1, cmd_undefine, NULL},
    {"unrequest", "DOMAIN REQUEST", "take a request out of a domain", 2, 2, cmd_unrequest,
     cmd_unrequest_options},
    {NULL, NULL, NULL, 0, 0, NULL, NULL},
};

const CliCommand *
cli_find_command(const char *name)
{
    for (const CliCommand *command = cli_commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

/* Levenshtein distance, two rows; both texts are short. */
static guint
distance(const char *a, const char *b)
{
    gsize width = strlen(b) + 1;
    g_autofree guint *previous = g_new(guint, width);
    g_autofree guint *current = g_new(guint, width);

    for (gsize j = 0; j < width; j++)
        previous[j] = (guint)j;
    for (guint i = 1; a[i - 1] != '\0'; i++) {
        current[0] = i;
        for (gsize j = 1; j < width; j++) {
            guint replaced = previous[j - 1] + (a[i - 1] != b[j - 1]);
            current[j] = MIN(replaced, MIN(previous[j], current[j - 1]) + 1);
        }
        memcpy(previous, current, width * sizeof *previous);
    }
    return previous[width - 1];
}

const char *
cli_suggest_command(const char *name)
{
    const char *best = NULL;
    guint best_distance = strlen(name) < 5 ? 2 : 3; /* more slips make another word */

    if (strlen(name) > 32)
        return NULL;
    for (const CliCommand *command = cli_commands; command->name != NULL; command++) {
        guint d = distance(name, command->name);
        if (d < best_distance) {
            best_distance = d;
            best = command->name;
        }
    }
    return best;
}
