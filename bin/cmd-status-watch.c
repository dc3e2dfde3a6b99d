/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `iovpool status --watch`: when to look at the ledger again, and whether what it says is news. The
 * table is cmd-status.c's.
 */
#include "cmd-status.h"
#include "follow.h"
#include "ledger-watch.h"
#include "settle.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

/* A change of the ledger is a dozen events, and a lift is several changes. */
#define SETTLED_AFTER (100 * G_TIME_SPAN_MILLISECOND)
/* A ledger that never settles is shown all the same. */
#define SHOWN_AFTER (1 * G_TIME_SPAN_SECOND)
#define CLEAR_TERMINAL "\033[H\033[2J"

static void
begin_table(const Cli *cli, gboolean first)
{
    if (cli->json)
        return;
    if (isatty(STDOUT_FILENO))
        fputs(CLEAR_TERMINAL, stdout);
    else if (!first && cli->quiet) /* else a table ends with an empty line by itself */
        putchar('\n');
}

/* @shown: what was shown last, or NULL. The ledger is opened anew: it may be another file now. */
static gboolean
show(Cli *cli, const char *domain, char **shown, GError **error)
{
    guint found = 0;

    g_clear_pointer(&cli->manager, iov_manager_unref);
    g_autoptr(CliTable) table = status_read(cli, domain, &found, error);
    if (table == NULL)
        return FALSE;
    g_autofree char *text =
        cli->json ? cli_table_to_json(table, FALSE) : cli_table_to_text(table, cli->quiet);
    if (g_strcmp0(text, *shown) == 0)
        return TRUE;
    begin_table(cli, *shown == NULL);
    fputs(text, stdout);
    g_free(*shown);
    *shown = g_steal_pointer(&text);
    return cli_flush(error);
}

/* Until the ledger has changed and settled; @enough: until the admin has had enough. */
static gboolean
wait_for_change(Follow *follow, LedgerWatch *watch, gboolean *enough, GError **error)
{
    Settle settle = SETTLE_INIT(SETTLED_AFTER, SHOWN_AFTER);

    for (;;) {
        gboolean changed = FALSE;

        switch (follow_wait(follow, ledger_watch_get_descriptor(watch), POLLIN, settle.deadline)) {
        case FOLLOW_TIMEOUT:
            return TRUE;
        case FOLLOW_END:
            *enough = TRUE;
            return TRUE;
        case FOLLOW_READY:
            break;
        }
        if (!ledger_watch_take(watch, &changed, error))
            return FALSE;
        if (changed)
            settle_note_event(&settle, g_get_monotonic_time());
    }
}

gboolean
status_watch(Cli *cli, const char *domain, GError **error)
{
    g_autofree char *shown = NULL;
    gboolean enough = FALSE;
    const IovManager *manager = cli_get_manager(cli, error);

    if (manager == NULL)
        return FALSE;
    g_autoptr(LedgerWatch) watch = ledger_watch_new(iov_manager_get_run_dir(manager), error);
    g_autoptr(Follow) follow = watch != NULL ? follow_begin(error) : NULL;
    if (follow == NULL)
        return FALSE;
    while (!enough)
        if (!show(cli, domain, &shown, error) || !wait_for_change(follow, watch, &enough, error))
            return FALSE;
    return TRUE;
}
