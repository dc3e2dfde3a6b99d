/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hook's poke, and the agent that it starts where there is no systemd: the agent must hold
 * nothing of the hook's, or libvirt waits for it.
 */
#include "hook-run.h"
#include "test-support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET "run/iovpool/agent.sock"
#define SYSTEMD "run/systemd/system/.keep"
#define LEDGER "run/iovpool/ledger.db"

/* The agent is this process' child once the hook is gone. */
static void
set_up(void)
{
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    put_file(LEDGER, "");
    install_agent();
}

static void
call_with(const char *operation, const char *suboperation, const char *xml)
{
    HookRun run = {
        .domain = "vm1", .operation = operation, .suboperation = suboperation, .xml = xml};

    g_auto(HookResult) result = run_hook(&run);
    ck_assert_int_eq(result.status, 0);
    ck_assert_str_eq(result.out, "");
    ck_assert_str_eq(result.err, "");
}

static void
call(const char *operation, const char *suboperation)
{
    call_with(operation, suboperation, REQUEST_XML);
}

static int
listen_for_pokes(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *path = root_path(SOCKET);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    ck_assert_uint_lt(g_strlcpy(address.sun_path, path, sizeof(address.sun_path)),
                      sizeof(address.sun_path));
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void
assert_no_agent(void)
{
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}

/* The report of the agent that the hook left behind, read while it lives. (transfer full) */
static char *
meet_agent(void)
{
    g_autofree char *path = root_path("agent");
    g_autoptr(GString) report = g_string_new(NULL);
    char chunk[1024];
    int status;

    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), 0); /* it waits for the FIFO's reader */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct pollfd readable = {fd, POLLIN, 0};
    ck_assert_int_eq(poll(&readable, 1, 20000), 1);
    ck_assert_int_eq(fcntl(fd, F_SETFL, 0), 0);
    for (ssize_t n; (n = read(fd, chunk, sizeof(chunk))) > 0;)
        g_string_append_len(report, chunk, n);
    close(fd);
    ck_assert_int_gt(waitpid(-1, &status, 0), 0);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return g_string_free(g_steal_pointer(&report), FALSE);
}

static void
make_fifo(void)
{
    g_autofree char *path = root_path("agent");

    ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static const struct {
    const char *operation, *suboperation, *xml;
    gboolean pokes;
} pokes[] = {
    {"prepare", "begin", REQUEST_XML, FALSE},
    {"started", "begin", REQUEST_XML, TRUE},
    {"release", "end", REQUEST_XML, TRUE},
    {"reconnect", "begin", REQUEST_XML, TRUE},
    {"stopped", "end", REQUEST_XML, FALSE},
    {"migrate", "begin", REQUEST_XML, FALSE},
    /* a reservation that no start follows has nobody else who ends it */
    {"migrate", "begin", INCOMING_XML, TRUE},
    {"restore", "begin", INCOMING_XML, TRUE},
};

START_TEST(pokes_a_listening_agent)
{
    int fd = listen_for_pokes();
    char poke[16] = "";

    call_with(pokes[_i].operation, pokes[_i].suboperation, pokes[_i].xml);
    ssize_t length = recv(fd, poke, sizeof(poke) - 1, 0);
    ck_assert_int_eq(length > 0, pokes[_i].pokes);
    ck_assert_str_eq(poke, pokes[_i].pokes ? "poke\n" : "");
    assert_no_agent();
    close(fd);
}
END_TEST

/* An agent that is busy has work enough: the hook neither waits nor starts another. */
START_TEST(does_not_wait_for_a_full_queue)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *path = root_path(SOCKET);
    int fd = listen_for_pokes();
    int sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    while (sendto(sender, "x", 1, 0, (const struct sockaddr *)&address, sizeof(address)) == 1)
        continue;
    ck_assert_int_eq(errno, EAGAIN);
    call("started", "begin");
    assert_no_agent();
    close(sender);
    close(fd);
}
END_TEST

START_TEST(leaves_the_start_to_systemd)
{
    put_file(SYSTEMD, "");
    call("started", "begin");
    assert_no_agent();
}
END_TEST

/* run_hook() returns when both outputs have ended: the agent, alive, does not hold them. */
START_TEST(starts_a_detached_agent)
{
    static const char expected[] = "fd 0 /dev/null\nfd 1 /dev/null\nfd 2 /dev/null\n"
                                   "leader 1\ncwd /\nsigpipe default\n"
                                   "env PATH=/usr/sbin:/usr/bin:/sbin:/bin\nenv LC_ALL=C\n";

    make_fifo();
    call("started", "begin");
    g_autofree char *report = meet_agent();
    ck_assert_str_eq(report, expected);
}
END_TEST

/* The socket's file outlives an agent that crashed. */
START_TEST(starts_an_agent_in_place_of_a_dead_one)
{
    close(listen_for_pokes());
    make_fifo();
    call("release", "end");
    g_autofree char *report = meet_agent();
    ck_assert_ptr_nonnull(strstr(report, "leader 1"));
}
END_TEST

START_TEST(does_without_an_installed_agent)
{
    g_autofree char *path = root_path("iovpoold");

    ck_assert_int_eq(unlink(path), 0);
    call("started", "begin");
    assert_no_agent();
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("hook-agent");
    TCase *tcase = tcase_create("poke");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, drop_root);
    tcase_add_loop_test(tcase, pokes_a_listening_agent, 0, G_N_ELEMENTS(pokes));
    tcase_add_test(tcase, does_not_wait_for_a_full_queue);
    tcase_add_test(tcase, leaves_the_start_to_systemd);
    tcase_add_test(tcase, starts_a_detached_agent);
    tcase_add_test(tcase, starts_an_agent_in_place_of_a_dead_one);
    tcase_add_test(tcase, does_without_an_installed_agent);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
