/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A blocking write with a time limit. Some kernel attributes (sriov_numvfs, unbind, reset) wait
 * without a bound, not even interruptible by SIGKILL; so a child of its own writes, and the parent
 * stops waiting when the time is over. What is written and where is the caller's affair.
 */
#include "config.h"

#include "iov-host-child.h"
#include "iov-io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* From here to its end the child of a process with threads may call async-signal-safe functions
 * only (signal-safety(7)); close_range is a bare system call. */

static void
close_from_to(guint first, guint last)
{
    if (first > last || close_range(first, last, 0) == 0)
        return;
    /* Before Linux 5.9: as many as a process usually may have. */
    for (guint fd = first; fd <= MIN(last, 65535); fd++)
        close((int)fd);
}

/* A child that is stuck must not keep the ledger's lock, nor the pipes that libvirt reads from a
 * hook until they are closed. */
static void
close_all_but(int a, int b)
{
    guint low = (guint)MIN(a, b), high = (guint)MAX(a, b);

    if (low > 0)
        close_from_to(0, low - 1);
    close_from_to(low + 1, high - 1);
    close_from_to(high + 1, UINT_MAX);
}

static G_NORETURN void
write_and_report(int fd, int report, const char *text, size_t length)
{
    ssize_t written;
    int result;

    setsid(); /* a Ctrl-C at the parent's terminal is not for a write that is under way */
    close_all_but(fd, report);
    written = write(fd, text, length);
    result = written == (ssize_t)length ? 0 : written < 0 ? errno : EIO;
    written = write(report, &result, sizeof(result));
    _exit(written == sizeof(result) ? 0 : 1);
}

/* The writer is a grandchild, so that init reaps it however late it ends. */
static pid_t
start_writer(int fd, int report, const char *text)
{
    size_t length = strlen(text);
    pid_t child = _Fork();

    if (child != 0)
        return child;
    child = _Fork();
    if (child == 0)
        write_and_report(fd, report, text, length);
    _exit(child < 0 ? 1 : 0);
}

/* ---- the parent ---- */

static gboolean
wait_for_data(int fd, guint limit_ms)
{
    gint64 end = g_get_monotonic_time() + (gint64)limit_ms * 1000;

    for (;;) {
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        gint64 left = (end - g_get_monotonic_time() + 999) / 1000;
        int ready = poll(&poller, 1, (int)CLAMP(left, 0, G_MAXINT));

        if (ready > 0 || (ready == 0 && left <= 0))
            return ready > 0;
        if (ready < 0 && errno != EINTR)
            return FALSE;
    }
}

int
iov_host_child_write(int fd, const char *text, guint limit_ms)
{
    int ends[2];
    int result = 0;
    ssize_t got;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    IOV_IO_AUTO_CLOSE int reader = ends[0];
    IOV_IO_AUTO_CLOSE int writer = ends[1];
    pid_t child = start_writer(fd, writer, text);
    if (child < 0)
        return errno;
    /* ECHILD: the program ignores SIGCHLD, and the kernel has reaped it. */
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
    iov_io_close(&writer);
    if (!wait_for_data(reader, limit_ms))
        return ETIMEDOUT;
    do
        got = read(reader, &result, sizeof(result));
    while (got < 0 && errno == EINTR);
    return got == sizeof(result) ? result : EIO;
}
