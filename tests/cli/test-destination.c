/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "destination.h"

#include "test-support.h"

#include <glib/gstdio.h>
#include <string.h>

/* A host that answers by a file, and keeps what it was asked to do in another. Its libvirt is the
 * test driver, which has one network, "default". */
static const char script[] = "#!/bin/sh\n"
                             "cd \"${0%/*}\" && echo \"$*\" >>calls && cat answer\n";

#define FLOOR(request, network)                                                                    \
    "<interface type='network'><mac address='52:54:00:00:00:01'/><source network='" network        \
    "'/><model type='virtio'/><alias name='ua-iov-" request "'/></interface>"
#define FUNCTION(request)                                                                          \
    "<interface type='hostdev'><source><address type='pci' domain='0' bus='1' slot='16' "          \
    "function='0'/></source><alias name='ua-iov-" request "-vf'/></interface>"
#define DOMAIN(devices)                                                                            \
    "<domain type='kvm'><name>vm1</name><uuid>11111111-2222-4333-8444-555555555555</uuid>"         \
    "<metadata><iov:requests xmlns:iov='https://libiovpool.org/xmlns/domain/1'>"                   \
    "<iov:request name='net0' pool='fast' mac='52:54:00:00:00:01'/></iov:requests></metadata>"     \
    "<devices>" devices "</devices></domain>"

static const char *const files[] = {"ssh", "answer", "calls"};
static char *directory;
static Destination *destination;

static char *
path_of(const char *name)
{
    return g_build_filename(directory, name, NULL);
}

static void
answer(const char *text)
{
    g_autofree char *path = path_of("answer");

    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void
set_up(void)
{
    g_autoptr(GError) error = NULL;

    directory = g_dir_make_tmp("iov-destination-XXXXXX", NULL);
    ck_assert_ptr_nonnull(directory);
    g_autofree char *program = path_of("ssh");
    ck_assert(g_file_set_contents(program, script, -1, NULL));
    ck_assert_int_eq(g_chmod(program, 0755), 0);
    g_autofree char *path = g_strdup_printf("%s:%s", directory, g_getenv("PATH"));
    g_setenv("PATH", path, TRUE);
    answer("[]");
    destination = destination_open("test:///default", "lab2", &error);
    assert_done(destination != NULL, error);
}

static void
tear_down(void)
{
    destination_free(destination);
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = path_of(files[i]);
        g_unlink(path);
    }
    g_rmdir(directory);
    g_free(directory);
}

/* "OBSTACLE RULING REASON" of each constraint, a line each. */
static char *
judge(const char *xml, gboolean has_functions)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) record = iov_domain_parse(xml, strlen(xml), &error);
    g_autoptr(GPtrArray) constraints =
        g_ptr_array_new_with_free_func((GDestroyNotify)iov_constraint_unref);
    g_autoptr(GPtrArray) answers = NULL;
    GString *lines = g_string_new(NULL);

    assert_done(record != NULL, error);
    answers = destination_ask(destination, xml, &error);
    assert_done(answers != NULL, error);
    destination_judge(destination, record, answers, has_functions, constraints);
    for (guint i = 0; i < constraints->len; i++) {
        const IovConstraint *constraint = constraints->pdata[i];

        g_string_append_printf(lines, "%s %s %s\n",
                               iov_obstacle_to_string(iov_constraint_get_obstacle(constraint)),
                               iov_ruling_to_string(iov_constraint_get_ruling(constraint)),
                               iov_constraint_get_reason(constraint));
    }
    return g_string_free(lines, FALSE);
}

static void
assert_judged(const char *xml, gboolean has_functions, const char *expected)
{
    g_autofree char *lines = judge(xml, has_functions);

    ck_assert_str_eq(lines, expected);
}

START_TEST(a_host_that_has_all_is_in_the_way_of_nothing)
{
    answer("[{\"request\": \"net0\", \"pool\": \"fast\", \"free\": 2, \"reason\": null}]");
    assert_judged(DOMAIN(FLOOR("net0", "default") FUNCTION("net0")), FALSE, "");
}
END_TEST

START_TEST(a_full_pool_matters_to_whom_has_a_function)
{
    answer("[{\"request\": \"net0\", \"pool\": \"fast\", \"free\": 0, \"reason\": null}]");
    assert_judged(DOMAIN(FLOOR("net0", "default") FUNCTION("net0")), FALSE,
                  "destination-full by-iovpool pool 'fast' has no free function there\n");
    assert_judged(DOMAIN(FLOOR("net0", "default")), FALSE, "");
    assert_judged(DOMAIN(FLOOR("net0", "default")), TRUE,
                  "destination-full by-iovpool pool 'fast' has no free function there\n");
}
END_TEST

START_TEST(a_pool_that_refuses_says_why)
{
    answer(
        "[{\"request\": \"net0\", \"pool\": \"fast\", \"free\": 0, \"reason\": \"not started\"}]");
    assert_judged(DOMAIN(FLOOR("net0", "default") FUNCTION("net0")), FALSE,
                  "destination-pool by-iovpool not started\n");
}
END_TEST

/* Without its floor the domain does not even start there. */
START_TEST(a_missing_floor_forbids)
{
    answer("[{\"request\": \"net0\", \"pool\": \"fast\", \"free\": 1, \"reason\": null}]");
    assert_judged(DOMAIN(FLOOR("net0", "iovpool-fast")), FALSE,
                  "destination-floor forbidden network 'iovpool-fast' of its floor is not active "
                  "there\n");
}
END_TEST

START_TEST(an_answer_is_not_believed)
{
    static const char *const wrong[] = {
        "",
        "{}",
        "[1]",
        "[{\"request\": \"net0\"}]",
        "[{\"request\": 1, \"pool\": \"fast\"}]",
        "[{\"request\": \"net0\", \"pool\": [\"fast\"]}]",
        "Welcome!",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;

        answer(wrong[i]);
        assert_fails(destination_ask(destination, DOMAIN(""), &error) != NULL, error,
                     IOV_ERROR_HOST, "answer cannot be understood");
    }
    answer("[{\"request\": \"net0\", \"pool\": \"fast\", \"free\": \"many\", \"reason\": 7}]");
    assert_judged(DOMAIN(FLOOR("net0", "default") FUNCTION("net0")), FALSE,
                  "destination-full by-iovpool pool 'fast' has no free function there\n");
}
END_TEST

START_TEST(what_is_asked_for)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = path_of("calls");
    g_autofree char *calls = NULL;

    assert_done(destination_reserve(destination, DOMAIN(""), &error), error);
    assert_done(destination_cancel(destination, DOMAIN(""), &error), error);
    ck_assert(g_file_get_contents(path, &calls, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(calls, "-- lab2 iovpool incoming reserve\n"));
    ck_assert_ptr_nonnull(strstr(calls, "-- lab2 iovpool incoming cancel\n"));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("destination");
    TCase *all = tcase_create("all");

    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_host_that_has_all_is_in_the_way_of_nothing);
    tcase_add_test(all, a_full_pool_matters_to_whom_has_a_function);
    tcase_add_test(all, a_pool_that_refuses_says_why);
    tcase_add_test(all, a_missing_floor_forbids);
    tcase_add_test(all, an_answer_is_not_believed);
    tcase_add_test(all, what_is_asked_for);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
