/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `iovpool events`: who got what when, from the journal. What is an event the agent decides, and
 * iovpoold(8) tells; how the journal is read is journal.h's.
 */
#include "cli-command.h"
#include "journal.h"
#include "since.h"

#include <stdio.h>

static struct {
    char *since;
    gboolean follow;
} options;

GOptionEntry cmd_events_options[] = {
    {"since", 0, 0, G_OPTION_ARG_FILENAME, &options.since,
     "from this date on, or from so long ago: -30m, -1h, -2d", "TIME"},
    {"follow", 0, 0, G_OPTION_ARG_NONE, &options.follow, "go on with new events as they come",
     NULL},
    {0},
};

/* All events that there are by now. */
static gboolean
add_events(CliTable *table, Journal *journal, const char *domain, GError **error)
{
    g_auto(EventRecord) record = {0};
    gboolean found = TRUE;

    while (found) {
        if (!journal_read(journal, &record, &found, error))
            return FALSE;
        if (found && event_record_is_of(&record, domain))
            event_table_add(table, &record);
    }
    return TRUE;
}

static gboolean
follow_events(const Cli *cli, Journal *journal, const char *domain, GError **error)
{
    g_autoptr(CliTable) table = event_table_new();
    g_autoptr(Follow) follow = follow_begin(error);
    gboolean enough = FALSE;

    if (follow == NULL || !journal_watch(journal, error))
        return FALSE;
    while (!enough) {
        if (!add_events(table, journal, domain, error))
            return FALSE;
        g_autofree char *text = cli_table_take(table, cli);
        fputs(text, stdout);
        if (!cli_flush(error) || !journal_wait(journal, follow, &enough, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
cmd_events(Cli *cli, char **arguments, GError **error)
{
    gint64 since = JOURNAL_THIS_BOOT;

    if (options.since != NULL && !since_parse(options.since, g_get_real_time(), &since, error))
        return FALSE;
    g_autoptr(Journal) journal = journal_open(cli->root, since, error);
    if (journal == NULL)
        return FALSE;
    if (options.follow)
        return follow_events(cli, journal, arguments[0], error);
    g_autoptr(CliTable) table = event_table_new();
    if (!add_events(table, journal, arguments[0], error))
        return FALSE;
    cli_table_print(table, cli);
    return TRUE;
}
