/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli-error.h"
#include "event-loop.h"

#include <libvirt/libvirt.h>

/* What one run of the program works with. */
typedef struct {
    const char *root; /* "/", or a directory that stands for it */
    const char *uri;  /* NULL: libvirt's default */
    gboolean json;
    gboolean quiet;
    IovManager *manager;      /* opened when first asked for */
    virConnectPtr connection; /* likewise */
    EventLoop *loop;          /* runs from then on */
} Cli;

/* One command: a row of the command table. */
typedef struct {
    const char *name;
    const char *arguments; /* synopsis of the positional arguments, "" for none */
    const char *summary;   /* one line, no full stop */
    guint least, most;     /* how many positional arguments */
    /* @arguments is NULL-terminated and has between least and most entries */
    gboolean (*run)(Cli *cli, char **arguments, GError **error);
    GOptionEntry *options; /* nullable; their values are reset before each run */
} CliCommand;

/* Both (transfer none). */
IovManager *cli_get_manager(Cli *cli, GError **error);
virConnectPtr cli_get_connection(Cli *cli, GError **error);
/* FALSE where a foreign tree is worked on and no URI was given: this host's libvirt is not asked.
 */
gboolean cli_uses_libvirt(const Cli *cli);
void cli_clear(Cli *cli);

/* For people, on stdout; --quiet silences it. */
void cli_say(const Cli *cli, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Brings standard output to its reader now. */
gboolean cli_flush(GError **error);
/* Tells the agent that there may be work. */
void cli_poke(Cli *cli);

/* A whole number from @least to @most after option @name; else a usage error. */
gboolean cli_parse_number(const char *name, const char *text, gint64 least, gint64 most,
                          gint64 *number, GError **error);
/* A file, or standard input for "-", of at most @limit bytes. (transfer full) */
char *cli_read_file(const char *path, gsize limit, gsize *length, GError **error);

/* The whole program. Returns its exit status: 0 done, 1 failed, 2 usage. */
int cli_run(int argc, char **argv);
extern const CliCommand cli_commands[]; /* ends with a NULL name */
const CliCommand *cli_find_command(const char *name);
/* The known command that @name most resembles, NULL where none does. */
const char *cli_suggest_command(const char *name);

#define CLI_EXIT_DONE 0
#define CLI_EXIT_FAILED 1
#define CLI_EXIT_USAGE 2

gboolean cmd_adapters(Cli *cli, char **arguments, GError **error);
gboolean cmd_attach(Cli *cli, char **arguments, GError **error);
gboolean cmd_autostart(Cli *cli, char **arguments, GError **error);
gboolean cmd_constraints(Cli *cli, char **arguments, GError **error);
gboolean cmd_create(Cli *cli, char **arguments, GError **error);
gboolean cmd_define(Cli *cli, char **arguments, GError **error);
gboolean cmd_destroy(Cli *cli, char **arguments, GError **error);
gboolean cmd_detach(Cli *cli, char **arguments, GError **error);
gboolean cmd_dumpxml(Cli *cli, char **arguments, GError **error);
gboolean cmd_edit(Cli *cli, char **arguments, GError **error);
gboolean cmd_events(Cli *cli, char **arguments, GError **error);
gboolean cmd_explain(Cli *cli, char **arguments, GError **error);
gboolean cmd_functions(Cli *cli, char **arguments, GError **error);
gboolean cmd_help(Cli *cli, char **arguments, GError **error);
gboolean cmd_incoming(Cli *cli, char **arguments, GError **error);
gboolean cmd_list(Cli *cli, char **arguments, GError **error);
gboolean cmd_managedsave(Cli *cli, char **arguments, GError **error);
gboolean cmd_migrate(Cli *cli, char **arguments, GError **error);
gboolean cmd_reconcile(Cli *cli, char **arguments, GError **error);
gboolean cmd_request(Cli *cli, char **arguments, GError **error);
gboolean cmd_requests(Cli *cli, char **arguments, GError **error);
gboolean cmd_save(Cli *cli, char **arguments, GError **error);
gboolean cmd_snippet(Cli *cli, char **arguments, GError **error);
gboolean cmd_start(Cli *cli, char **arguments, GError **error);
gboolean cmd_status(Cli *cli, char **arguments, GError **error);
gboolean cmd_undefine(Cli *cli, char **arguments, GError **error);
gboolean cmd_unrequest(Cli *cli, char **arguments, GError **error);

extern GOptionEntry cmd_autostart_options[];
extern GOptionEntry cmd_constraints_options[];
extern GOptionEntry cmd_create_options[];
extern GOptionEntry cmd_detach_options[];
extern GOptionEntry cmd_dumpxml_options[];
extern GOptionEntry cmd_events_options[];
extern GOptionEntry cmd_list_options[];
extern GOptionEntry cmd_migrate_options[];
extern GOptionEntry cmd_request_options[];
extern GOptionEntry cmd_requests_options[];
extern GOptionEntry cmd_save_options[];
extern GOptionEntry cmd_snippet_options[];
extern GOptionEntry cmd_start_options[];
extern GOptionEntry cmd_status_options[];
extern GOptionEntry cmd_unrequest_options[];
