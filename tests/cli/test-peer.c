/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer.h"

#include "iov-error.h"
#include "test-support.h"

#include <glib/gstdio.h>
#include <string.h>

/* An ssh that prints how it was called, then its standard input; "broken" fails as ssh and iovpool
 * do. */
static const char script[] = "#!/bin/sh\n"
                             "case \"$*\" in\n"
                             "*'-- broken '*)\n"
                             "    echo 'Warning: added to the list of known hosts.' >&2\n"
                             "    echo 'iovpool: pool fast is not there' >&2\n"
                             "    exit 1 ;;\n"
                             "*'-- silent '*) exit 255 ;;\n"
                             "esac\n"
                             "printf '%s|' \"$@\"\n"
                             "cat\n";

#define SSH                                                                                        \
    "-T|-o|BatchMode=yes|-o|ConnectTimeout=10|-o|ServerAliveInterval=5|-o|ServerAliveCountMax=4|"

static const char *const words[] = {"--json", "incoming", "check", NULL};
static char *directory, *program;

static void
set_up(void)
{
    directory = g_dir_make_tmp("iov-peer-XXXXXX", NULL);
    ck_assert_ptr_nonnull(directory);
    program = g_build_filename(directory, "ssh", NULL);
    ck_assert(g_file_set_contents(program, script, -1, NULL));
    ck_assert_int_eq(g_chmod(program, 0755), 0);
    g_autofree char *path = g_strdup_printf("%s:%s", directory, g_getenv("PATH"));
    g_setenv("PATH", path, TRUE);
}

static void
tear_down(void)
{
    g_unlink(program);
    g_rmdir(directory);
    g_free(program);
    g_free(directory);
}

static void
assert_runs(const char *uri, const char *destination, const char *name, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Peer) peer = peer_new(uri, destination, &error);

    assert_done(peer != NULL, error);
    ck_assert_str_eq(peer_get_name(peer), name);
    g_autofree char *output = peer_run(peer, words, "<domain/>", 9, &error);
    assert_done(output != NULL, error);
    ck_assert_str_eq(output, expected);
}

START_TEST(ssh_goes_where_the_uri_says)
{
    assert_runs("qemu+ssh://lab2/system", NULL, "lab2",
                SSH "--|lab2|iovpool|--json|incoming|check|<domain/>");
    assert_runs("qemu+ssh://root@lab2:2222/system?keyfile=/k%20y&no_verify=1", NULL, "lab2",
                SSH "-i|/k y|-p|2222|-l|root|--|lab2|iovpool|--json|incoming|check|<domain/>");
    assert_runs("qemu+libssh2://[fe80::1]/system", NULL, "fe80::1",
                SSH "--|fe80::1|iovpool|--json|incoming|check|<domain/>");
    assert_runs("qemu+tls://lab2/system", "admin@lab2", "lab2",
                SSH "--|admin@lab2|iovpool|--json|incoming|check|<domain/>");
}
END_TEST

/* It comes from a command line, but a script may have made that of something else. */
START_TEST(a_host_is_never_an_option)
{
    assert_runs("qemu+ssh://-oProxyCommand=x/system", NULL, "-oProxyCommand=x",
                SSH "--|-oProxyCommand=x|iovpool|--json|incoming|check|<domain/>");
}
END_TEST

static void
assert_refused(const char *uri, const char *message)
{
    g_autoptr(GError) error = NULL;

    assert_fails(peer_new(uri, NULL, &error) != NULL, error, IOV_ERROR_INVALID, message);
}

START_TEST(a_way_must_be_known)
{
    assert_refused("qemu+tls://lab2/system", "its pools cannot be asked over qemu+tls: name the "
                                             "host for ssh by --ssh");
    assert_refused("qemu://lab2/system", "over qemu:");
    assert_refused("lab2", "'lab2' is no URI");
    assert_refused("", "'' is no URI");
}
END_TEST

static void
assert_failure(const char *uri, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Peer) peer = peer_new(uri, NULL, &error);

    assert_done(peer != NULL, error);
    assert_fails(peer_run(peer, words, "", 0, &error) != NULL, error, IOV_ERROR_HOST, message);
}

START_TEST(its_own_line_is_the_error)
{
    assert_failure("qemu+ssh://broken/system", "broken: pool fast is not there");
    assert_failure("qemu+ssh://silent/system", "silent: iovpool did not run there");
    g_setenv("PATH", "/nowhere", TRUE);
    assert_failure("qemu+ssh://lab2/system", "cannot ask lab2: ");
}
END_TEST

/* What neither side could hold in a pipe. */
START_TEST(much_goes_both_ways)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Peer) peer = peer_new("qemu+ssh://lab2/system", NULL, &error);
    g_autofree char *input = g_strnfill(1024 * 1024, 'x');

    assert_done(peer != NULL, error);
    g_autofree char *output = peer_run(peer, words, input, 1024 * 1024, &error);
    assert_done(output != NULL, error);
    ck_assert(g_str_has_suffix(output, input));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("peer");
    TCase *all = tcase_create("all");

    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, ssh_goes_where_the_uri_says);
    tcase_add_test(all, a_host_is_never_an_option);
    tcase_add_test(all, a_way_must_be_known);
    tcase_add_test(all, its_own_line_is_the_error);
    tcase_add_test(all, much_goes_both_ways);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
