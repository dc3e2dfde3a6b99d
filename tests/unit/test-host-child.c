/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "iov-host-child.h"
#include "iov-io.h"
#include "test-support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG_MS 60000

START_TEST(writes_and_returns)
{
    int ends[2];
    char text[16] = "";

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_eq(iov_host_child_write(ends[1], "7", LONG_MS), 0);
    ck_assert_int_eq(read(ends[0], text, sizeof(text)), 1);
    ck_assert_str_eq(text, "7");
    iov_io_close(&ends[0]);
    iov_io_close(&ends[1]);
}
END_TEST

START_TEST(hands_back_the_errno)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    int reading = open("/dev/null", O_RDONLY | O_CLOEXEC);

    ck_assert_int_eq(iov_host_child_write(full, "7", LONG_MS), ENOSPC);
    ck_assert_int_eq(iov_host_child_write(reading, "7", LONG_MS), EBADF);
    iov_io_close(&full);
    iov_io_close(&reading);
}
END_TEST

/* A pipe that is full blocks its writer, as a kernel attribute does. */
static void
make_full_pipe(int ends[2])
{
    static const char block[4096];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    while (write(ends[1], block, sizeof(block)) > 0)
        continue;
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_int_eq(fcntl(ends[1], F_SETFL, 0), 0);
}

START_TEST(leaves_a_stuck_child_to_itself)
{
    int full[2], held[2];
    gint64 begin = g_get_monotonic_time();
    struct pollfd poller;

    make_full_pipe(full);
    /* Not even O_CLOEXEC, like the pipes that libvirt gives a hook. */
    ck_assert_int_eq(pipe(held), 0);
    ck_assert_int_eq(iov_host_child_write(full[1], "7", 50), ETIMEDOUT);
    ck_assert_int_ge(g_get_monotonic_time() - begin, 50 * 1000);
    /* The child is stuck, and holds nothing of ours: its end of the pipe would keep it open. */
    close(held[1]);
    poller = (struct pollfd){.fd = held[0], .events = POLLIN};
    ck_assert_int_eq(poll(&poller, 1, LONG_MS), 1);
    ck_assert_int_eq(poller.revents, POLLHUP);
    /* Nor is it ours to reap. */
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
    close(held[0]);
    iov_io_close(&full[0]);
    iov_io_close(&full[1]);
}
END_TEST

START_TEST(works_where_children_are_ignored)
{
    int ends[2];

    signal(SIGCHLD, SIG_IGN);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_eq(iov_host_child_write(ends[1], "7", LONG_MS), 0);
    iov_io_close(&ends[0]);
    iov_io_close(&ends[1]);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("host-child");
    TCase *tests = tcase_create("host-child");

    tcase_add_test(tests, writes_and_returns);
    tcase_add_test(tests, hands_back_the_errno);
    tcase_add_test(tests, leaves_a_stuck_child_to_itself);
    tcase_add_test(tests, works_where_children_are_ignored);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
