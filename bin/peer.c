/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the other host is asked goes through files in memory, so neither side waits for the other to
 * read; ssh's own limits see to it that a host that is gone ends the wait.
 */
#define _GNU_SOURCE /* memfd_create */

#include "peer.h"

#include "cli-error.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_LIMIT (4 * 1024 * 1024)
#define MESSAGE_LIMIT 4096

struct _Peer {
    char *name;
    GPtrArray *command; /* what runs "iovpool" there, without its words */
};

void
peer_free(Peer *peer)
{
    g_free(peer->name);
    g_ptr_array_unref(peer->command);
    g_free(peer);
}

const char *
peer_get_name(const Peer *peer)
{
    return peer->name;
}

static void
add(Peer *peer, const char *word)
{
    g_ptr_array_add(peer->command, g_strdup(word));
}

static gboolean
uses_ssh(GUri *uri)
{
    const char *transport = strchr(g_uri_get_scheme(uri), '+');

    return transport != NULL &&
           (strcmp(transport, "+ssh") == 0 || strcmp(transport, "+libssh") == 0 ||
            strcmp(transport, "+libssh2") == 0);
}

/* libvirt's extra parameter of that name. (transfer full) (nullable) */
static char *
find_parameter(GUri *uri, const char *name)
{
    const char *query = g_uri_get_query(uri);
    g_autoptr(GHashTable) parameters =
        query != NULL ? g_uri_parse_params(query, -1, "&", G_URI_PARAMS_NONE, NULL) : NULL;

    return parameters != NULL ? g_strdup(g_hash_table_lookup(parameters, name)) : NULL;
}

static void
add_ssh(Peer *peer)
{
    static const char *const words[] = {
        "ssh", "-T",
        "-o",  "BatchMode=yes",
        "-o",  "ConnectTimeout=10",
        "-o",  "ServerAliveInterval=5",
        "-o",  "ServerAliveCountMax=4",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        add(peer, words[i]);
}

static void
add_option(Peer *peer, const char *option, const char *value)
{
    if (value == NULL)
        return;
    add(peer, option);
    add(peer, value);
}

static void
add_ssh_of_uri(Peer *peer, GUri *uri)
{
    g_autofree char *key = find_parameter(uri, "keyfile");
    g_autofree char *port =
        g_uri_get_port(uri) > 0 ? g_strdup_printf("%d", g_uri_get_port(uri)) : NULL;

    add_ssh(peer);
    add_option(peer, "-i", key);
    add_option(peer, "-p", port);
    add_option(peer, "-l", g_uri_get_user(uri));
    add(peer, "--");
    add(peer, g_uri_get_host(uri));
    add(peer, "iovpool");
}

static gboolean
add_way(Peer *peer, GUri *uri, const char *destination, GError **error)
{
    const char *host = g_uri_get_host(uri);
    gboolean is_local = host == NULL || host[0] == '\0';

    if (destination != NULL) {
        add_ssh(peer);
        add(peer, "--");
        add(peer, destination);
        add(peer, "iovpool");
    } else if (is_local) {
        add(peer, "/proc/self/exe");
    } else if (uses_ssh(uri)) {
        add_ssh_of_uri(peer, uri);
    } else {
        return cli_error_set(error, IOV_ERROR_INVALID,
                             "its pools cannot be asked over %s: name the host for ssh by --ssh",
                             g_uri_get_scheme(uri));
    }
    peer->name = g_strdup(is_local ? "this host" : host);
    return TRUE;
}

Peer *
peer_new(const char *uri, const char *destination, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GUri) parsed = g_uri_parse(uri, G_URI_FLAGS_HAS_PASSWORD, &cause);
    g_autoptr(Peer) peer = NULL;

    if (parsed == NULL) {
        cli_error_set(error, IOV_ERROR_INVALID, "'%.128s' is no URI: %s", uri, cause->message);
        return NULL;
    }
    peer = g_new0(Peer, 1);
    peer->command = g_ptr_array_new_with_free_func(g_free);
    return add_way(peer, parsed, destination, error) ? g_steal_pointer(&peer) : NULL;
}

/* ---- a run ---- */

enum { INPUT, OUTPUT, ERRORS, FILES }; /* files in memory; -1: none */

static void
close_files(const int *files)
{
    for (gsize i = 0; i < FILES; i++)
        if (files[i] >= 0)
            close(files[i]);
}

static gboolean
write_all(int fd, const char *data, gsize length)
{
    while (length > 0) {
        gssize written = write(fd, data, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return FALSE;
        data += written;
        length -= (gsize)written;
    }
    return lseek(fd, 0, SEEK_SET) == 0;
}

static gboolean
open_files(int *files, const char *input, gsize length, GError **error)
{
    for (gsize i = 0; i < FILES; i++) {
        files[i] = memfd_create("iovpool", MFD_CLOEXEC);
        if (files[i] < 0)
            return cli_error_set(error, IOV_ERROR_HOST, "cannot prepare it: %s", g_strerror(errno));
    }
    return write_all(files[INPUT], input, length) ||
           cli_error_set(error, IOV_ERROR_HOST, "cannot prepare it: %s", g_strerror(errno));
}

/* (transfer full) */
static char *
read_all(int fd, gsize limit)
{
    g_autofree char *data = g_malloc(limit + 1);
    gsize filled = 0;

    while (filled < limit) {
        gssize got = pread(fd, data + filled, limit - filled, (off_t)filled);
        if (got <= 0)
            break;
        filled += (gsize)got;
    }
    data[filled] = '\0';
    return g_realloc(g_steal_pointer(&data), filled + 1);
}

/* The last line: what is before it are ssh's warnings, or ours. */
static char *
last_line(char *text)
{
    g_strchomp(text);
    char *end = strrchr(text, '\n');
    return end != NULL ? end + 1 : text;
}

static gboolean
judge(const Peer *peer, int status, int errors, GError **error)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return TRUE;
    g_autofree char *text = read_all(errors, MESSAGE_LIMIT);
    const char *line = last_line(text);
    if (g_str_has_prefix(line, "iovpool: "))
        line += strlen("iovpool: ");
    return cli_error_set(error, IOV_ERROR_HOST, "%s: %s", peer->name,
                         line[0] != '\0' ? line : "iovpool did not run there");
}

static gboolean
spawn(const Peer *peer, const char *const *words, const int *files, GPid *pid, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GPtrArray) command = g_ptr_array_new();

    for (guint i = 0; i < peer->command->len; i++)
        g_ptr_array_add(command, g_ptr_array_index(peer->command, i));
    for (; *words != NULL; words++)
        g_ptr_array_add(command, (gpointer)*words);
    g_ptr_array_add(command, NULL);
    if (g_spawn_async_with_fds(NULL, (char **)command->pdata, NULL,
                               G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, pid,
                               files[INPUT], files[OUTPUT], files[ERRORS], &cause))
        return TRUE;
    return cli_error_set(error, IOV_ERROR_HOST, "cannot ask %s: %s", peer->name, cause->message);
}

static gboolean
run(const Peer *peer, const char *const *words, const int *files, GError **error)
{
    GPid pid = 0;
    int status = 0;

    if (!spawn(peer, words, files, &pid, error))
        return FALSE;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return judge(peer, status, files[ERRORS], error);
}

char *
peer_run(const Peer *peer, const char *const *words, const char *input, gsize length,
         GError **error)
{
    int files[FILES] = {-1, -1, -1};
    char *output = NULL;

    if (open_files(files, input, length, error) && run(peer, words, files, error))
        output = read_all(files[OUTPUT], OUTPUT_LIMIT);
    close_files(files);
    return output;
}
