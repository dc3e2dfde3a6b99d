/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From argv to a command and from its result to an exit status: global options, help, usage. What
 * a command does is in its own cmd-*.c.
 */
#include "config.h"

#include "cli-command.h"

#include <stdio.h>
#include <string.h>

static struct {
    char *root, *uri;
    gboolean json, quiet, help, version;
} global;

static GOptionEntry global_options[] = {
    {"connect", 'c', 0, G_OPTION_ARG_FILENAME, &global.uri, "libvirt's connection", "URI"},
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &global.root, "work on a directory that stands for /",
     "DIR"},
    {"json", 0, 0, G_OPTION_ARG_NONE, &global.json, "print listings as JSON", NULL},
    {"quiet", 'q', 0, G_OPTION_ARG_NONE, &global.quiet, "print nothing but what was asked for",
     NULL},
    {"help", 'h', 0, G_OPTION_ARG_NONE, &global.help, "print help", NULL},
    {"version", 0, 0, G_OPTION_ARG_NONE, &global.version, "print the version", NULL},
    {0},
};

/* GOption keeps values of an earlier parse; every run starts from nothing. */
static void
reset_options(GOptionEntry *options)
{
    for (GOptionEntry *entry = options; entry != NULL && entry->long_name != NULL; entry++) {
        if (entry->arg == G_OPTION_ARG_NONE)
            *(gboolean *)entry->arg_data = FALSE;
        else if (entry->arg == G_OPTION_ARG_FILENAME)
            g_clear_pointer((char **)entry->arg_data, g_free);
        else if (entry->arg == G_OPTION_ARG_FILENAME_ARRAY)
            g_clear_pointer((char ***)entry->arg_data, g_strfreev);
        else
            g_assert_not_reached();
    }
}

static void
print_options(FILE *file, const GOptionEntry *options)
{
    for (const GOptionEntry *entry = options; entry->long_name != NULL; entry++) {
        g_autofree char *name =
            g_strconcat("--", entry->long_name, entry->arg_description != NULL ? " " : "",
                        entry->arg_description, NULL);
        char letter[] = {'-', entry->short_name, ',', ' ', '\0'};

        fprintf(file, "  %s%-*s %s\n", entry->short_name != 0 ? letter : "    ", 24, name,
                entry->description);
    }
}

static void
print_help(void)
{
    printf("Usage: iovpool [OPTION...] COMMAND [ARGUMENT...]\n"
           "Pools of SR-IOV functions, leased to libvirt domains.\n\nCommands:\n");
    for (const CliCommand *command = cli_commands; command->name != NULL; command++) {
        g_autofree char *synopsis = g_strjoin(" ", command->name, command->arguments, NULL);
        printf("  %-26s %s\n", synopsis, command->summary);
    }
    printf("\nOptions:\n");
    print_options(stdout, global_options);
    printf("\n'iovpool COMMAND --help' tells more about a command.\n");
}

static void
print_command_help(const CliCommand *command)
{
    const char *separator = *command->arguments != '\0' ? " " : "";

    printf("Usage: iovpool %s [OPTION...]%s%s\n%s\n", command->name, separator, command->arguments,
           command->summary);
    if (command->options != NULL) {
        printf("\nOptions:\n");
        print_options(stdout, command->options);
    }
    printf("\nGlobal options:\n");
    print_options(stdout, global_options);
}

gboolean
cmd_help(Cli *cli G_GNUC_UNUSED, char **arguments, GError **error)
{
    if (arguments[0] == NULL) {
        print_help();
        return TRUE;
    }
    const CliCommand *command = cli_find_command(arguments[0]);
    if (command == NULL)
        return cli_error_usage(error, "unknown command '%s'", arguments[0]);
    print_command_help(command);
    return TRUE;
}

/* Takes the options out of @arguments. */
static gboolean
parse_options(const CliCommand *command, char ***arguments, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_help_enabled(context, FALSE);
    /* before the command, an option's end is the command's name */
    g_option_context_set_strict_posix(context, command == NULL);
    g_option_context_add_main_entries(context, global_options, NULL);
    if (command != NULL && command->options != NULL)
        g_option_context_add_main_entries(context, command->options, NULL);
    return g_option_context_parse_strv(context, arguments, error);
}

static const CliCommand *
find_command(const char *name, GError **error)
{
    if (name == NULL) {
        cli_error_usage(error, "no command given: see 'iovpool --help'");
        return NULL;
    }
    const CliCommand *command = cli_find_command(name);
    if (command != NULL)
        return command;
    const char *near = cli_suggest_command(name);
    if (near != NULL)
        cli_error_usage(error, "unknown command '%s': did you mean '%s'?", name, near);
    else
        cli_error_usage(error, "unknown command '%s': see 'iovpool --help'", name);
    return NULL;
}

static gboolean
run_command(const CliCommand *command, char **arguments, GError **error)
{
    guint count = g_strv_length(arguments);

    if (count < command->least)
        return cli_error_usage(error, "%s: too few arguments: iovpool %s %s", command->name,
                               command->name, command->arguments);
    if (count > command->most)
        return cli_error_usage(error, "%s: unexpected argument '%s'", command->name,
                               arguments[command->most]);

    Cli cli = {
        .root = global.root != NULL ? global.root : "/",
        .uri = global.uri,
        .json = global.json,
        .quiet = global.quiet,
    };
    gboolean done = command->run(&cli, arguments, error);
    cli_clear(&cli);
    return done;
}

/* Drops a leading "--", which GOption leaves where it protected an argument. */
static char **
skip_separator(char **arguments)
{
    return g_strcmp0(arguments[0], "--") == 0 ? arguments + 1 : arguments;
}

static gboolean
run(char ***words, GError **error)
{
    if (!parse_options(NULL, words, error))
        return FALSE;
    if (global.version) {
        printf("iovpool (libiovpool) %s\n", PACKAGE_VERSION);
        return TRUE;
    }
    if (global.help) {
        print_help();
        return TRUE;
    }
    const CliCommand *command = find_command((*words)[0] != NULL ? (*words)[1] : NULL, error);
    if (command == NULL)
        return FALSE;

    /* the command's name takes the place of the program's, which GOption skips */
    g_auto(GStrv) rest = g_strdupv(*words + 1);
    reset_options(command->options);
    gboolean done = parse_options(command, &rest, error);
    if (!done)
        g_prefix_error(error, "%s: ", command->name);
    else if (global.help)
        print_command_help(command);
    else
        done = run_command(command, skip_separator(rest + 1), error);
    reset_options(command->options);
    return done;
}

int
cli_run(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) words = g_new0(char *, (gsize)argc + 1);

    for (int i = 0; i < argc; i++)
        words[i] = g_strdup(argv[i]);
    reset_options(global_options);
    gboolean done = run(&words, &error);
    reset_options(global_options);
    done = cli_flush(done ? &error : NULL) && done;
    if (done)
        return CLI_EXIT_DONE;
    cli_error_print(error);
    return cli_error_is_usage(error) ? CLI_EXIT_USAGE : CLI_EXIT_FAILED;
}
