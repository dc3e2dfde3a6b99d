/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The agent's door in the run directory: the lock that keeps a second agent out, and the datagram
 * socket of the pokes, which systemd may have bound already (sd_listen_fds(3), by hand). What a
 * poke says is not read: the ledger holds what is pending.
 */
#include "agent-socket.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <iovpool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_FDS_START 3

/* Returns -1, so that a caller can `return fail(...)`. */
static int
fail(GError **error, IovError code, const char *what, const char *path, const char *cause)
{
    g_set_error(error, IOV_ERROR, (int)code, "cannot %s %s: %s", what, path, cause);
    return -1;
}

int
agent_socket_lock(const char *run_dir, GError **error)
{
    g_autofree char *path = g_build_filename(run_dir, "agent.lock", NULL);

    if (g_mkdir_with_parents(run_dir, 0700) != 0)
        return fail(error, IOV_ERROR_HOST, "make", run_dir, g_strerror(errno));
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0)
        return fail(error, IOV_ERROR_HOST, "open", path, g_strerror(errno));
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        return descriptor;
    int number = errno;
    close(descriptor);
    if (number == EWOULDBLOCK)
        return fail(error, IOV_ERROR_BUSY, "lock", path, "another iovpoold runs here");
    return fail(error, IOV_ERROR_HOST, "lock", path, g_strerror(number));
}

static gboolean
read_number(const char *name, guint64 *number)
{
    const char *text = g_getenv(name);

    return text != NULL && g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT32, number, NULL);
}

/* The variables are for this process alone: a child must not take them for its own. */
static gboolean
was_activated(void)
{
    guint64 pid = 0, count = 0;
    gboolean ours = read_number("LISTEN_PID", &pid) && pid == (guint64)getpid() &&
                    read_number("LISTEN_FDS", &count) && count > 0;

    g_unsetenv("LISTEN_PID");
    g_unsetenv("LISTEN_FDS");
    g_unsetenv("LISTEN_FDNAMES");
    return ours;
}

static gboolean
has_option(int descriptor, int option, int expected)
{
    int value = 0;
    socklen_t length = sizeof value;

    return getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0 && value == expected;
}

static int
take_passed(GError **error)
{
    if (!has_option(LISTEN_FDS_START, SO_DOMAIN, AF_UNIX) ||
        !has_option(LISTEN_FDS_START, SO_TYPE, SOCK_DGRAM))
        return fail(error, IOV_ERROR_INVALID, "take", "the socket that systemd passed",
                    "it is not a unix datagram socket; see iovpoold.socket");
    int flags = fcntl(LISTEN_FDS_START, F_GETFL);
    if (flags < 0 || fcntl(LISTEN_FDS_START, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(LISTEN_FDS_START, F_SETFD, FD_CLOEXEC) != 0)
        return fail(error, IOV_ERROR_HOST, "take", "the socket that systemd passed",
                    g_strerror(errno));
    return LISTEN_FDS_START;
}

/* What stands there is the socket of an agent that is gone: we hold the lock. */
static int
bind_own(const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
        return fail(error, IOV_ERROR_INVALID, "bind", path, "the path is too long for a socket");
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0)
        return fail(error, IOV_ERROR_HOST, "make the socket", path, g_strerror(errno));
    (void)g_unlink(path);
    mode_t before = umask(0177);
    int result = bind(descriptor, (const struct sockaddr *)&address, sizeof address);
    int number = errno;
    umask(before);
    if (result == 0)
        return descriptor;
    close(descriptor);
    return fail(error, IOV_ERROR_HOST, "bind", path, g_strerror(number));
}

int
agent_socket_open(const char *run_dir, GError **error)
{
    g_autofree char *path = g_build_filename(run_dir, "agent.sock", NULL);

    return was_activated() ? take_passed(error) : bind_own(path, error);
}

void
agent_socket_drain(int descriptor)
{
    char poke[64];

    while (recv(descriptor, poke, sizeof poke, MSG_DONTWAIT | MSG_TRUNC) >= 0)
        ;
}
