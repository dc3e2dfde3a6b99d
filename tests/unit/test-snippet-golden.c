/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A directory a case, tests/golden/snippet/CASE: pool.xml and requests.xml go in, the function and
 * the floor of the first request come out. Port and network, the same for all, stand in "net". */
#include "iov-snippet.h"

#include "test-golden.h"
#include "test-support.h"

#include <string.h>

#define FUNCTION "0000:3b:02.3"

static const char *const cases[] = {
    "net",          "net-vlan",   "net-request-vlan", "net-request-untagged", "net-other-vlan",
    "floor-bridge", "floor-none", "floor-direct",     "floor-of-request",     "nvme",
    "no-mac",
};

/* One golden file of a case: OUTPUT.xml where there is XML, OUTPUT.err where there is an error, and
 * never both. */
static guint
compare(const char *directory, const char *output, const char *xml, const GError *error)
{
    g_autofree char *message =
        error != NULL ? g_strdup_printf("code %d: %s\n", error->code, error->message) : NULL;
    g_autofree char *path = golden_path(directory, output, xml != NULL ? ".xml" : ".err");
    g_autofree char *other = golden_path(directory, output, xml != NULL ? ".err" : ".xml");

    ck_assert_msg(!g_file_test(other, G_FILE_TEST_EXISTS), "%s is not what comes out", other);
    return golden_check(path, xml != NULL ? xml : message) ? 0 : 1;
}

static guint
compare_function(const char *directory, const IovPool *pool, const IovRequest *request)
{
    g_autoptr(GError) error = NULL, pair_error = NULL;
    g_autofree char *alone = iov_snippet_function(pool, request, FUNCTION, -1, FALSE, &error);
    g_autofree char *pair = iov_snippet_function(pool, request, FUNCTION, 10, TRUE, &pair_error);

    return compare(directory, "function", alone, error) +
           compare(directory, "function-pair", pair, pair_error);
}

static guint
compare_floor(const char *directory, const IovPool *pool, const IovRequest *request)
{
    g_autoptr(GError) error = NULL, pair_error = NULL;
    g_autofree char *alone = iov_snippet_floor(pool, request, FALSE, &error);
    g_autofree char *pair = iov_snippet_floor(pool, request, TRUE, &pair_error);

    return compare(directory, "floor", alone, error) +
           compare(directory, "floor-pair", pair, pair_error);
}

static guint
compare_rest(const char *directory, const IovPool *pool, const IovRequest *request)
{
    static const char *const netdevs[] = {"enp1s0", "enp2s0f1np1", NULL};
    g_autofree char *port = iov_snippet_port(request, 10);
    g_autofree char *network = iov_snippet_network(pool, netdevs);

    return compare(directory, "port", port, NULL) + compare(directory, "network", network, NULL);
}

static char *
read_input(const char *directory, const char *name, gsize *length)
{
    g_autofree char *path = golden_path(directory, name, ".xml");
    char *xml = golden_read(path, length);

    ck_assert_msg(xml != NULL, "cannot read %s", path);
    return xml;
}

static guint
compare_case(const char *name)
{
    g_autofree char *directory = g_build_filename("snippet", name, NULL);
    g_autoptr(GError) error = NULL;
    gsize pool_length = 0, requests_length = 0;
    g_autofree char *pool_xml = read_input(directory, "pool", &pool_length);
    g_autofree char *requests_xml = read_input(directory, "requests", &requests_length);
    g_autoptr(IovPool) pool = iov_pool_parse(pool_xml, pool_length, name, &error);

    assert_done(pool != NULL, error);
    g_autoptr(GPtrArray) requests = iov_requests_parse(requests_xml, requests_length, name, &error);
    assert_done(requests != NULL, error);

    const IovRequest *request = g_ptr_array_index(requests, 0);

    return compare_function(directory, pool, request) + compare_floor(directory, pool, request) +
           (strcmp(name, "net") == 0 ? compare_rest(directory, pool, request) : 0);
}

START_TEST(writes_each_golden_snippet)
{
    guint different = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        different += compare_case(cases[i]);
    ck_assert_msg(different == 0, "%u golden files differ", different);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("snippet-golden");
    TCase *tests = tcase_create("snippet-golden");

    tcase_add_test(tests, writes_each_golden_snippet);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
