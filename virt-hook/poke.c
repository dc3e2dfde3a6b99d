/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One datagram to the agent, or the agent itself. libvirt reads the hook's stdout and stderr to
 * their end before it goes on, so the agent must not inherit any descriptor.
 */
#include "poke.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET_PATH "run/iovpool/agent.sock"
#define SYSTEMD_PATH "run/systemd/system" /* sd_booted(3) */

/* 0, or errno */
static int
send_poke(const IovHookPaths *paths)
{
    static const char poke[] = "poke\n";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int result = 0;

    if (!iov_hook_path_join(paths, SOCKET_PATH, address.sun_path, sizeof(address.sun_path)))
        return ENAMETOOLONG;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    if (sendto(fd, poke, sizeof(poke) - 1, MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&address, sizeof(address)) < 0)
        result = errno;
    close(fd);
    return result;
}

static void
close_all(void)
{
    long limit = sysconf(_SC_OPEN_MAX);

#ifdef SYS_close_range
    if (syscall(SYS_close_range, 0U, ~0U, 0U) == 0)
        return;
#endif
    for (int fd = 0; fd < limit; fd++)
        close(fd);
}

static void
reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};

    for (int number = 1; number < NSIG; number++)
        sigaction(number, &action, NULL); /* KILL, STOP and libc's own stay as they are */
}

static void
become_agent(const IovHookPaths *paths)
{
    static char name[] = "iovpoold";
    char *arguments[] = {name, NULL};

    reset_signals();
    close_all();
    if (open("/dev/null", O_RDWR) != 0 || dup(0) != 1 || dup(0) != 2 || chdir("/") != 0)
        return;
    umask(022);
    execv(paths->agent, arguments);
}

/* Forks twice, so that init inherits the agent and the hook leaves no zombie to libvirt. */
static void
start_agent(const IovHookPaths *paths)
{
    pid_t child;

    if (access(paths->agent, X_OK) != 0)
        return;
    child = fork();
    if (child == 0) {
        setsid();
        if (fork() == 0)
            become_agent(paths);
        _exit(0);
    }
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
}

void
iov_hook_poke(const IovHookPaths *paths)
{
    int number = send_poke(paths);

    if (number != ENOENT && number != ECONNREFUSED)
        return;
    /* systemd starts the agent by its socket; if the admin stopped that, it stays stopped */
    if (!iov_hook_path_exists(paths, SYSTEMD_PATH))
        start_agent(paths);
}
