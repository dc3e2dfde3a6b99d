/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `iovpool edit`: a definition in the admin's editor, until it is valid, as virsh does it. The
 * file is the admin's own (0600, in the temporary directory).
 */
#include "cli-command.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define POOL_XML_LIMIT (256 * 1024) /* bytes */

static char *
choose_editor(void)
{
    const char *names[] = {g_getenv("VISUAL"), g_getenv("EDITOR"), "sensible-editor", "vi"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        /* the environment's word is taken as it is; the defaults are only where they exist */
        if (i < 2 && names[i] != NULL && *names[i] != '\0')
            return g_strdup(names[i]);
        g_autofree char *path = i >= 2 ? g_find_program_in_path(names[i]) : NULL;
        if (path != NULL)
            return g_steal_pointer(&path);
    }
    return NULL;
}

static gboolean
run_editor(const char *path, GError **error)
{
    g_autofree char *editor = choose_editor();
    g_auto(GStrv) words = NULL;
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
    g_autoptr(GError) cause = NULL;
    int status = 0;

    if (editor == NULL)
        return cli_error_set(error, IOV_ERROR_NOT_FOUND, "no editor found: set EDITOR");
    if (!g_shell_parse_argv(editor, NULL, &words, &cause))
        return cli_error_set(error, IOV_ERROR_INVALID, "editor '%s': %s", editor, cause->message);
    g_strv_builder_addv(argv, (const char **)words);
    g_strv_builder_add(argv, path);
    g_auto(GStrv) command = g_strv_builder_end(argv);
    if (!g_spawn_sync(NULL, command, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN, NULL,
                      NULL, NULL, NULL, &status, &cause))
        return cli_error_set(error, IOV_ERROR_HOST, "cannot run editor '%s': %s", editor,
                             cause->message);
    if (!g_spawn_check_wait_status(status, &cause))
        return cli_error_set(error, IOV_ERROR_HOST, "editor '%s': %s", editor, cause->message);
    return TRUE;
}

/* TRUE where the admin, sitting at a terminal, wants another try. */
static gboolean
ask_again(const GError *cause)
{
    char answer[16] = "";

    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return FALSE;
    cli_error_print(cause);
    fputs("Failed. Try again? [y,n]: ", stderr);
    return fgets(answer, sizeof answer, stdin) != NULL && g_ascii_tolower(*answer) == 'y';
}

static gboolean
save(Cli *cli, const char *name, const char *xml, gsize length, GError **error)
{
    g_autoptr(IovPool) edited = iov_pool_parse(xml, length, "edited definition", error);

    if (edited == NULL)
        return FALSE;
    if (strcmp(iov_pool_get_name(edited), name) != 0)
        return cli_error_set(error, IOV_ERROR_INVALID,
                             "its name cannot be changed: define a pool of the new name");
    g_autoptr(IovPool) saved =
        iov_manager_define_pool(cli->manager, xml, length, "edited definition", error);
    return saved != NULL;
}

static gboolean
edit_once(Cli *cli, const char *name, const char *path, const char *before, GError **error)
{
    gsize length = 0;

    if (!run_editor(path, error))
        return FALSE;
    g_autofree char *xml = cli_read_file(path, POOL_XML_LIMIT, &length, error);
    if (xml == NULL)
        return FALSE;
    if (strcmp(xml, before) == 0) {
        cli_say(cli, "Pool '%s' XML configuration not changed", name);
        return TRUE;
    }
    if (!save(cli, name, xml, length, error))
        return FALSE;
    cli_say(cli, "Pool '%s' XML configuration edited", name);
    return TRUE;
}

static gboolean
edit_until_valid(Cli *cli, const char *name, const char *path, const char *before, GError **error)
{
    g_autoptr(GError) cause = NULL;

    while (!edit_once(cli, name, path, before, &cause)) {
        if (!ask_again(cause)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
        g_clear_error(&cause);
    }
    return TRUE;
}

static gboolean
write_all(int descriptor, const char *text, GError **error)
{
    gsize length = strlen(text);

    while (length > 0) {
        gssize written = write(descriptor, text, length);
        if (written < 0 && errno != EINTR)
            return cli_error_set(error, IOV_ERROR_HOST, "cannot write the temporary file: %s",
                                 g_strerror(errno));
        if (written > 0) {
            text += written;
            length -= (gsize)written;
        }
    }
    return TRUE;
}

static gboolean
edit_pool(Cli *cli, const IovPool *pool, GError **error)
{
    g_autofree char *xml = iov_pool_to_xml(pool);
    g_autofree char *path = NULL;
    g_autoptr(GError) cause = NULL;
    int descriptor = g_file_open_tmp("iovpool-XXXXXX.xml", &path, &cause); /* 0600 */

    if (descriptor < 0)
        return cli_error_set(error, IOV_ERROR_HOST, "%s", cause->message);
    gboolean done = write_all(descriptor, xml, error);
    close(descriptor);
    done = done && edit_until_valid(cli, iov_pool_get_name(pool), path, xml, error);
    g_unlink(path);
    return done;
}

gboolean
cmd_edit(Cli *cli, char **arguments, GError **error)
{
    IovManager *manager = cli_get_manager(cli, error);
    if (manager == NULL)
        return FALSE;
    g_autoptr(IovPool) pool = iov_manager_get_pool(manager, arguments[0], FALSE, error);

    if (pool == NULL || !edit_pool(cli, pool, error)) {
        cli_error_prefix(error, "cannot edit pool '%.64s': ", arguments[0]);
        return FALSE;
    }
    return TRUE;
}
