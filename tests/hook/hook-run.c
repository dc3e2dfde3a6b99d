/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs the hook for its tests, in a root directory of the test's own.
 */
#include "hook-run.h"

#include <check.h>
#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUN_LIMIT_MS 30000

static char *root;
static const char *module;

const char *
test_root(void)
{
    if (root == NULL)
        root = g_dir_make_tmp("iov-hook-XXXXXX", NULL);
    ck_assert_ptr_nonnull(root);
    return root;
}

char *
root_path(const char *relative)
{
    return g_build_filename(test_root(), relative, NULL);
}

static void
remove_tree(const char *path)
{
    GDir *dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);

    if (dir != NULL) {
        for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
            g_autofree char *child = g_build_filename(path, name, NULL);
            remove_tree(child);
        }
        g_dir_close(dir);
    }
    g_remove(path);
}

void
drop_root(void)
{
    if (root != NULL)
        remove_tree(root);
    g_clear_pointer(&root, g_free);
    module = NULL;
}

void
put_file(const char *relative, const char *text)
{
    g_autofree char *path = root_path(relative);
    g_autofree char *dir = g_path_get_dirname(path);

    ck_assert_int_eq(g_mkdir_with_parents(dir, 0700), 0);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

char *
read_calls(void)
{
    g_autofree char *path = root_path("calls");
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

char *
built_file(const char *relative)
{
    const char *dir = g_getenv("IOV_TEST_BUILDDIR");

    ck_assert_msg(dir != NULL, "IOV_TEST_BUILDDIR is not set: run by make check");
    return g_build_filename(dir, relative, NULL);
}

const char *
stub_module(void)
{
    static char *path;

    if (path == NULL)
        path = built_file("tests/hook/.libs/stub-module.so");
    return path;
}

void
use_module(const char *path)
{
    module = path;
}

static void
copy_file(const char *from, const char *to)
{
    g_autofree char *bytes = NULL;
    gsize length;

    ck_assert(g_file_get_contents(from, &bytes, &length, NULL));
    ck_assert(g_file_set_contents(to, bytes, (gssize)length, NULL));
    ck_assert_int_eq(g_chmod(to, 0700), 0);
}

void
install_agent(void)
{
    g_autofree char *from = built_file("tests/hook/stub-agent");
    g_autofree char *to = root_path("iovpoold");

    copy_file(from, to);
}

char *
use_own_module(void)
{
    char *to = root_path("module.so");

    copy_file(stub_module(), to);
    module = to;
    return to;
}

static void G_GNUC_NORETURN
become_hook(const HookRun *run, const char *program, int in, int out, int err)
{
    g_autofree char *agent = root_path("iovpoold");

    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    for (int fd = 0; fd < 64; fd++)
        if (fd > STDERR_FILENO || (run->closed & 1u << fd) != 0)
            close(fd);
    execl(program, "hook", test_root(), module != NULL ? module : stub_module(), agent, run->domain,
          run->operation, run->suboperation, "-", NULL);
    _exit(98);
}

/* Writes what the pipe takes; closes it at the end, or when nobody reads any more. */
static void
feed(int *in, const char *data, gsize length, gsize *written)
{
    ssize_t n = write(*in, data + *written, length - *written);

    if (n > 0)
        *written += (gsize)n;
    if ((n < 0 && errno != EAGAIN && errno != EINTR) || *written == length) {
        close(*in);
        *in = -1;
    }
}

static void
drain(int *fd, GString *text)
{
    char chunk[4096];
    ssize_t n = read(*fd, chunk, sizeof(chunk));

    if (n > 0)
        g_string_append_len(text, chunk, n);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        close(*fd);
        *fd = -1;
    }
}

/* Milliseconds until @at, 0 where that is past. */
static int
milliseconds_to(gint64 at)
{
    return (int)MAX(0, (at - g_get_monotonic_time() + 999) / 1000);
}

static void
converse(const HookRun *run, int in, int out, int err, HookResult *result)
{
    g_autoptr(GString) out_text = g_string_new(NULL);
    g_autoptr(GString) err_text = g_string_new(NULL);
    gsize length = run->length > 0 || run->xml == NULL ? run->length : strlen(run->xml);
    gint64 reads_at = g_get_monotonic_time() + run->pause * G_GINT64_CONSTANT(1000);
    gsize written = 0;

    while (out >= 0 || err >= 0) {
        gboolean feeding = in >= 0 && written < length;
        int pause = milliseconds_to(reads_at);
        struct pollfd fds[] = {
            {feeding ? in : -1, POLLOUT, 0}, {pause == 0 ? out : -1, POLLIN, 0}, {err, POLLIN, 0}};

        int ready = poll(fds, 3, pause > 0 ? pause : RUN_LIMIT_MS);
        ck_assert_msg(ready > 0 || pause > 0, "the hook does not end");
        if (fds[0].revents != 0)
            feed(&in, run->xml, length, &written);
        if (fds[1].revents != 0)
            drain(&out, out_text);
        if (fds[2].revents != 0)
            drain(&err, err_text);
    }
    if (in >= 0)
        close(in);
    result->out = g_string_free(g_steal_pointer(&out_text), FALSE);
    result->err = g_string_free(g_steal_pointer(&err_text), FALSE);
}

HookResult
run_hook(const HookRun *run)
{
    g_autofree char *program = built_file("tests/hook/hook-under-test");
    int in[2], out[2], err[2], status;
    HookResult result = {0};
    gint64 start = g_get_monotonic_time();

    signal(SIGPIPE, SIG_IGN);
    ck_assert(pipe(in) == 0 && pipe(out) == 0 && pipe(err) == 0);
    test_root();
    if (run->deaf) {
        close(out[0]);
        out[0] = -1;
    }
    ck_assert(g_unix_set_fd_nonblocking(out[1], run->partly, NULL));
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        become_hook(run, program, in[0], out[1], err[1]);
    close(in[0]);
    close(out[1]);
    close(err[1]);
    ck_assert(g_unix_set_fd_nonblocking(in[1], TRUE, NULL));
    converse(run, in[1], out[0], err[0], &result);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
    result.seconds = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    return result;
}

void
hook_result_clear(HookResult *result)
{
    g_clear_pointer(&result->out, g_free);
    g_clear_pointer(&result->err, g_free);
}
