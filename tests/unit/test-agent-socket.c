/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent-notify.h"
#include "agent-socket.h"
#include "test-support.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char *directory, *run_dir;

static void
set_up(void)
{
    directory = g_dir_make_tmp("iovpool-agent-XXXXXX", NULL);
    run_dir = g_build_filename(directory, "run", NULL);
}

static void
tear_down(void)
{
    static const char *const names[] = {"agent.sock", "agent.lock", "notify"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(run_dir, names[i], NULL);
        (void)g_unlink(path);
    }
    (void)g_rmdir(run_dir);
    ck_assert_int_eq(g_rmdir(directory), 0);
    g_free(run_dir);
    g_free(directory);
}

static int
open_socket(const char *name, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, type, 0);

    g_snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", run_dir, name);
    ck_assert_int_eq(bind(descriptor, (const struct sockaddr *)&address, sizeof address), 0);
    return descriptor;
}

static gboolean
poke(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, SOCK_DGRAM, 0);

    g_snprintf(address.sun_path, sizeof address.sun_path, "%s/agent.sock", run_dir);
    gssize sent = sendto(descriptor, "poke\n", 5, MSG_DONTWAIT, (const struct sockaddr *)&address,
                         sizeof address);
    close(descriptor);
    return sent == 5;
}

static gboolean
has_poke(int descriptor)
{
    char byte;

    return recv(descriptor, &byte, 1, MSG_DONTWAIT | MSG_PEEK) >= 0;
}

START_TEST(locks_others_out)
{
    g_autoptr(GError) error = NULL;
    int first = agent_socket_lock(run_dir, &error);

    assert_done(first >= 0, error);
    assert_fails(agent_socket_lock(run_dir, &error) >= 0, error, IOV_ERROR_BUSY,
                 "another iovpoold runs here");
    close(first);
    int second = agent_socket_lock(run_dir, &error);
    assert_done(second >= 0, error);
    close(second);
}
END_TEST

START_TEST(binds_its_own_socket)
{
    g_autoptr(GError) error = NULL;
    struct stat status;
    g_autofree char *path = g_build_filename(run_dir, "agent.sock", NULL);

    ck_assert_int_eq(g_mkdir(run_dir, 0700), 0);
    /* one of an agent that was killed stands there still */
    close(open_socket("agent.sock", SOCK_DGRAM));
    int descriptor = agent_socket_open(run_dir, &error);
    assert_done(descriptor >= 0, error);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);

    ck_assert(!has_poke(descriptor));
    ck_assert(poke() && poke());
    ck_assert(has_poke(descriptor));
    agent_socket_drain(descriptor);
    ck_assert(!has_poke(descriptor));
    close(descriptor);
}
END_TEST

START_TEST(needs_a_directory)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_build_filename(directory, "file", NULL);
    g_autofree char *below = g_build_filename(file, "run", NULL);

    ck_assert(g_file_set_contents(file, "", 0, NULL));
    assert_fails(agent_socket_lock(below, &error) >= 0, error, IOV_ERROR_HOST, "cannot make");
    assert_fails(agent_socket_open(below, &error) >= 0, error, IOV_ERROR_HOST, "cannot bind");
    ck_assert_int_eq(g_unlink(file), 0);
}
END_TEST

/* systemd passes sockets from descriptor 3 on: the rest runs in a child that has one there. */
static void
pass_socket(int type, gboolean for_us, int (*check)(void))
{
    int status = 0;
    g_autofree char *elsewhere = NULL;

    ck_assert_int_eq(g_mkdir(run_dir, 0700), 0);
    int descriptor = open_socket("agent.sock", type);
    pid_t child = fork();
    if (child == 0) {
        elsewhere = g_strdup_printf("%d", (int)getpid() + (for_us ? 0 : 1));
        g_setenv("LISTEN_PID", elsewhere, TRUE);
        g_setenv("LISTEN_FDS", "1", TRUE);
        if (descriptor != 3 && dup2(descriptor, 3) != 3)
            _exit(100);
        _exit(check());
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child failed at %d",
                  WEXITSTATUS(status));
    close(descriptor);
}

static int
check_taken(void)
{
    int descriptor = agent_socket_open(run_dir, NULL);

    if (descriptor != 3)
        return 1;
    if ((fcntl(3, F_GETFL) & O_NONBLOCK) == 0 || (fcntl(3, F_GETFD) & FD_CLOEXEC) == 0)
        return 2;
    if (g_getenv("LISTEN_FDS") != NULL || g_getenv("LISTEN_PID") != NULL)
        return 3;
    return poke() && has_poke(3) ? 0 : 4;
}

static int
check_not_taken(void)
{
    int descriptor = agent_socket_open(run_dir, NULL);

    if (descriptor < 0 || descriptor == 3)
        return 1;
    return poke() && has_poke(descriptor) && !has_poke(3) ? 0 : 2;
}

static int
check_refused(void)
{
    g_autoptr(GError) error = NULL;

    if (agent_socket_open(run_dir, &error) >= 0)
        return 1;
    return g_error_matches(error, IOV_ERROR, IOV_ERROR_INVALID) &&
                   strstr(error->message, "not a unix datagram socket") != NULL
               ? 0
               : 2;
}

START_TEST(takes_the_socket_that_systemd_passes)
{
    pass_socket(SOCK_DGRAM, TRUE, check_taken);
}
END_TEST

START_TEST(leaves_a_socket_for_another_process)
{
    pass_socket(SOCK_DGRAM, FALSE, check_not_taken);
}
END_TEST

START_TEST(refuses_a_socket_of_another_kind)
{
    pass_socket(SOCK_STREAM, TRUE, check_refused);
}
END_TEST

static void
assert_heard(int descriptor, const char *expected)
{
    char text[64] = "";

    ck_assert_int_eq(recv(descriptor, text, sizeof text - 1, MSG_DONTWAIT),
                     (gssize)strlen(expected));
    ck_assert_str_eq(text, expected);
}

START_TEST(notifies)
{
    g_autofree char *path = g_build_filename(run_dir, "notify", NULL);

    g_unsetenv("NOTIFY_SOCKET");
    ck_assert(!agent_notify("READY=1"));
    ck_assert_int_eq(g_mkdir(run_dir, 0700), 0);
    int descriptor = open_socket("notify", SOCK_DGRAM);
    g_setenv("NOTIFY_SOCKET", path, TRUE);
    ck_assert(agent_notify("READY=1"));
    assert_heard(descriptor, "READY=1");
    close(descriptor);
    ck_assert(!agent_notify("READY=1"));
    g_setenv("NOTIFY_SOCKET", "relative", TRUE);
    ck_assert(!agent_notify("READY=1"));
}
END_TEST

START_TEST(notifies_by_an_abstract_name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *name = g_strdup_printf("@iovpool-test-%d", (int)getpid());
    int descriptor = socket(AF_UNIX, SOCK_DGRAM, 0);

    memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
    ck_assert_int_eq(bind(descriptor, (const struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
                     0);
    g_setenv("NOTIFY_SOCKET", name, TRUE);
    ck_assert(agent_notify("STOPPING=1"));
    assert_heard(descriptor, "STOPPING=1");
    close(descriptor);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("agent-socket");
    TCase *tests = tcase_create("agent-socket");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, locks_others_out);
    tcase_add_test(tests, binds_its_own_socket);
    tcase_add_test(tests, needs_a_directory);
    tcase_add_test(tests, takes_the_socket_that_systemd_passes);
    tcase_add_test(tests, leaves_a_socket_for_another_process);
    tcase_add_test(tests, refuses_a_socket_of_another_kind);
    tcase_add_test(tests, notifies);
    tcase_add_test(tests, notifies_by_an_abstract_name);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
