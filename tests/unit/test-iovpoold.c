/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program itself, over an empty root and libvirt's test driver: readiness, pokes, one instance,
 * its end, its exit status. */
#define _GNU_SOURCE /* nftw(3) */
#include "config.h"

#include "test-support.h"

#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char *root, *run_dir, *program, *messages;
static int notified;

static int
make_socket(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    g_snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", root, name);
    ck_assert_int_eq(bind(descriptor, (const struct sockaddr *)&address, sizeof address), 0);
    return descriptor;
}

static void
set_up(void)
{
    const char *build = g_getenv("IOV_TEST_BUILDDIR");

    ck_assert_ptr_nonnull(build);
    root = g_dir_make_tmp("iovpoold-XXXXXX", NULL);
    run_dir = g_build_filename(root, "run/iovpool", NULL);
    messages = g_build_filename(root, "messages", NULL);
    program = g_build_filename(build, "bin/iovpoold", NULL);
    g_autofree char *random = g_build_filename(root, "proc/sys/kernel/random", NULL);
    g_autofree char *boot_id = g_build_filename(random, "boot_id", NULL);
    ck_assert_int_eq(g_mkdir_with_parents(random, 0755), 0);
    ck_assert(g_file_set_contents(boot_id, "11111111-1111-4111-8111-111111111111\n", -1, NULL));
    notified = make_socket("notify");
}

static int
remove_entry(const char *path, const struct stat *status G_GNUC_UNUSED, int kind G_GNUC_UNUSED,
             struct FTW *walk G_GNUC_UNUSED)
{
    return remove(path);
}

static void
tear_down(void)
{
    close(notified);
    nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    g_free(program);
    g_free(messages);
    g_free(run_dir);
    g_free(root);
}

/* @passed: a socket for it as systemd passes one, or -1. @argument: one more, or NULL. */
static pid_t
start(int passed, const char *argument)
{
    pid_t child = fork();

    if (child != 0)
        return child;
    g_autofree char *notify = g_build_filename(root, "notify", NULL);
    g_autofree char *pid = g_strdup_printf("%d", (int)getpid());
    int errors = open(messages, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    g_setenv("NOTIFY_SOCKET", notify, TRUE);
    if (passed >= 0) {
        g_setenv("LISTEN_PID", pid, TRUE);
        g_setenv("LISTEN_FDS", "1", TRUE);
        dup2(passed, 3);
    }
    dup2(errors, STDERR_FILENO);
    dup2(errors, STDOUT_FILENO);
    execl(program, "iovpoold", "--root", root, "-c", "test:///default", "--foreground", argument,
          NULL);
    _exit(127);
}

static void
wait_notified(const char *state)
{
    char text[256] = "";

    while (strcmp(text, state) != 0) {
        gssize length = recv(notified, text, sizeof text - 1, 0);
        ck_assert_int_ge(length, 0);
        text[length] = '\0';
    }
}

static int
wait_ended(pid_t child)
{
    int status = 0;

    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static void
end(pid_t child)
{
    ck_assert_int_eq(kill(child, SIGTERM), 0);
    wait_notified("STOPPING=1");
    ck_assert_int_eq(wait_ended(child), 0);
}

static void
assert_said(const char *expected)
{
    g_autofree char *text = NULL;

    ck_assert(g_file_get_contents(messages, &text, NULL, NULL));
    ck_assert_msg(strstr(text, expected) != NULL, "it said: %s", text);
}

static ino_t
inode_of_socket(void)
{
    struct stat status;
    g_autofree char *path = g_build_filename(run_dir, "agent.sock", NULL);

    ck_assert_int_eq(stat(path, &status), 0);
    return status.st_ino;
}

START_TEST(is_ready_and_ends_when_told)
{
    pid_t child = start(-1, NULL);

    wait_notified("READY=1");
    wait_notified("STATUS=Connected to libvirt");
    end(child);
}
END_TEST

START_TEST(is_alone)
{
    pid_t first = start(-1, NULL);

    wait_notified("READY=1");
    ck_assert_int_eq(wait_ended(start(-1, NULL)), 1);
    assert_said("another iovpoold runs here");
    end(first);
}
END_TEST

START_TEST(is_there_again_after_it_was_killed)
{
    pid_t child = start(-1, NULL);

    wait_notified("READY=1");
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    child = start(-1, NULL);
    wait_notified("READY=1");
    end(child);
}
END_TEST

START_TEST(keeps_the_socket_that_it_is_passed)
{
    ck_assert_int_eq(g_mkdir_with_parents(run_dir, 0700), 0);
    int passed = make_socket("run/iovpool/agent.sock");
    ino_t before = inode_of_socket();
    pid_t child = start(passed, NULL);

    wait_notified("READY=1");
    ck_assert_uint_eq(inode_of_socket(), before);
    end(child);
    close(passed);
}
END_TEST

/* A poke has no answer. That it is read shows in the buffer of a socket that both hold. */
START_TEST(reads_pokes)
{
    char byte;
    ck_assert_int_eq(g_mkdir_with_parents(run_dir, 0700), 0);
    int passed = make_socket("run/iovpool/agent.sock");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    pid_t child = start(passed, NULL);

    wait_notified("READY=1");
    g_snprintf(address.sun_path, sizeof address.sun_path, "%s/agent.sock", run_dir);
    ck_assert_int_eq(sendto(notified, "poke\n", 5, 0, (struct sockaddr *)&address, sizeof address),
                     5);
    /* the queue of a unix datagram socket is empty again when its reader has taken all */
    while (recv(passed, &byte, 1, MSG_DONTWAIT | MSG_PEEK) >= 0)
        g_thread_yield();
    end(child);
    close(passed);
}
END_TEST

START_TEST(refuses_what_it_does_not_know)
{
    ck_assert_int_eq(wait_ended(start(-1, "--nonsense")), 2);
    assert_said("iovpoold: Unknown option --nonsense: try --help");
    ck_assert_int_eq(wait_ended(start(-1, "nonsense")), 2);
    assert_said("iovpoold: unexpected argument 'nonsense': try --help");
    ck_assert_int_eq(wait_ended(start(-1, "--version")), 0);
    assert_said("iovpoold " PACKAGE_VERSION);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("iovpoold");
    TCase *tests = tcase_create("iovpoold");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, is_ready_and_ends_when_told);
    tcase_add_test(tests, is_alone);
    tcase_add_test(tests, is_there_again_after_it_was_killed);
    tcase_add_test(tests, keeps_the_socket_that_it_is_passed);
    tcase_add_test(tests, reads_pokes);
    tcase_add_test(tests, refuses_what_it_does_not_know);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
