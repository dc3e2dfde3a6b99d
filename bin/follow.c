/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Waiting in a command that goes on: for what it follows, and for its end. Signals only wake the
 * wait, so whatever is being printed is printed whole. What is followed is the caller's.
 */
#include "follow.h"

#include "cli-error.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const int signals[] = {SIGINT, SIGTERM};

struct _Follow {
    struct sigaction before[G_N_ELEMENTS(signals)];
};

static int wake = -1; /* an eventfd, where a handler reaches it */

static void
on_signal(int number G_GNUC_UNUSED)
{
    const guint64 one = 1;
    int saved = errno;
    gssize written = write(wake, &one, sizeof one); /* fails where it is awake already */

    (void)written;
    errno = saved;
}

/* One that was ignored from the start stays so: a shell without job control sees to it that Ctrl-C
 * does not reach what it runs in the background. The handler serves once: a second Ctrl-C ends a
 * program that hangs in writing to somebody who does not read. */
static void
handle(int number, struct sigaction *before)
{
    const struct sigaction action = {.sa_handler = on_signal,
                                     .sa_flags = SA_RESTART | (int)SA_RESETHAND};

    sigaction(number, NULL, before);
    if (before->sa_handler != SIG_IGN)
        sigaction(number, &action, NULL);
}

Follow *
follow_begin(GError **error)
{
    wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake < 0) {
        cli_error_set(error, IOV_ERROR_HOST, "cannot wait for events: %s", g_strerror(errno));
        return NULL;
    }
    Follow *follow = g_new0(Follow, 1);

    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        handle(signals[i], &follow->before[i]);
    return follow;
}

void
follow_end(Follow *follow)
{
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        sigaction(signals[i], &follow->before[i], NULL);
    close(wake);
    wake = -1;
    g_free(follow);
}

/* As poll(2) takes it; rounded up, so that a wait never ends just before its deadline. */
static int
milliseconds_until(gint64 deadline)
{
    if (deadline == FOLLOW_NO_DEADLINE)
        return -1;
    gint64 left = deadline - g_get_monotonic_time();
    return left <= 0 ? 0 : (int)MIN((left + 999) / 1000, G_MAXINT);
}

FollowWake
follow_wait(Follow *follow G_GNUC_UNUSED, int descriptor, short events, gint64 deadline)
{
    struct pollfd polled[] = {
        {.fd = wake, .events = POLLIN},
        {.fd = STDOUT_FILENO}, /* only tells that its reader is gone */
        {.fd = descriptor, .events = events},
    };
    int count;

    do
        count = poll(polled, G_N_ELEMENTS(polled), milliseconds_until(deadline));
    while (count < 0 && errno == EINTR);
    if (count < 0 || polled[0].revents != 0 || polled[1].revents != 0)
        return FOLLOW_END;
    return count == 0 ? FOLLOW_TIMEOUT : FOLLOW_READY;
}
