/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the hook answers libvirt: the exit status of each operation, whatever happens, and one line
 * on stderr where there is something to say. A stub stands for the module.
 */
#include "hook-run.h"
#include "test-support.h"

#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEDGER "run/iovpool/ledger.db"
#define CONF "etc/iovpool/hook.conf"

/* One line, or none; and nothing of the XML. */
static void
assert_output(const HookResult *result, const char *expected)
{
    ck_assert_str_eq(result->out, "");
    ck_assert_ptr_null(strstr(result->err, "SECRET"));
    if (expected == NULL) {
        ck_assert_str_eq(result->err, "");
        return;
    }
    ck_assert_msg(g_str_has_prefix(result->err, "iovpool-virt-hook: "), "stderr: %s", result->err);
    ck_assert_msg(strstr(result->err, expected) != NULL, "stderr: %s", result->err);
    ck_assert_ptr_eq(strchr(result->err, '\n'), result->err + strlen(result->err) - 1);
}

static HookResult
call(const char *operation, const char *suboperation, const char *xml)
{
    HookRun run = {
        .domain = "vm1", .operation = operation, .suboperation = suboperation, .xml = xml};

    return run_hook(&run);
}

static const char *const operations[][2] = {
    {"prepare", "begin"},   {"start", "begin"},     {"started", "begin"}, {"stopped", "end"},
    {"release", "end"},     {"reconnect", "begin"}, {"migrate", "begin"}, {"restore", "begin"},
    {"attach", "begin"},    {"prepare", "end"},     {"release", "begin"}, {"later", "never"},
    {"reconnect", "after"},
};

/* Those that act on a domain with a request. */
static gboolean
is_duty(const char *operation, const char *suboperation)
{
    static const char *const duties[] = {"prepare begin", "started begin", "release end",
                                         "reconnect begin", NULL};
    g_autofree char *both = g_strconcat(operation, " ", suboperation, NULL);

    return g_strv_contains(duties, both);
}

/* Nothing is opened but what libc needs to start: not the settings, the ledger's directory, or the
 * module. */
START_TEST(no_request_touches_nothing)
{
    int watcher = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    g_autofree char *etc = root_path("etc/iovpool");
    g_autofree char *run = root_path("run/iovpool");
    g_autofree char *module = use_own_module();
    char event[4096];

    put_file(CONF, "deadline=9\n");
    put_file(LEDGER, "");
    ck_assert_int_ge(inotify_add_watch(watcher, etc, IN_ALL_EVENTS), 0);
    ck_assert_int_ge(inotify_add_watch(watcher, run, IN_ALL_EVENTS), 0);
    ck_assert_int_ge(inotify_add_watch(watcher, module, IN_ALL_EVENTS), 0);
    g_auto(HookResult) result = call(operations[_i][0], operations[_i][1], PLAIN_XML);
    ck_assert_int_eq(result.status, 0);
    assert_output(&result, NULL);
    ck_assert_int_eq(read(watcher, event, sizeof(event)), -1);

    /* the watch itself works: with a request all three are touched */
    g_auto(HookResult) other = call("started", "begin", REQUEST_XML);
    ck_assert_int_eq(other.status, 0);
    ck_assert_int_gt(read(watcher, event, sizeof(event)), 0);
    close(watcher);
}
END_TEST

START_TEST(only_our_operations_reach_the_module)
{
    put_file(LEDGER, "");
    g_auto(HookResult) result = call(operations[_i][0], operations[_i][1], REQUEST_XML);
    g_autofree char *calls = read_calls();

    ck_assert_int_eq(result.status, 0);
    assert_output(&result, NULL);
    ck_assert_int_eq(calls[0] != '\0', is_duty(operations[_i][0], operations[_i][1]));
}
END_TEST

/* prepare: what the stub does, what was known of the domain, what libvirt hears. */
static const struct {
    const char *stub;
    const char *xml;
    int status;
    const char *line; /* nullable */
} prepares[] = {
    {"done", REQUIRED_XML, 0, NULL},
    {"refuse", REQUEST_XML, 1, "the pool is empty"},
    {"fail", REQUEST_XML, 0, "the ledger?is broken; it starts without"},
    {"fail", REQUIRED_XML, 1, "the ledger?is broken; its start is refused"},
    {"crash", REQUEST_XML, 0, "domain vm1: the hook crashed; it starts without"},
    {"crash", REQUIRED_XML, 1, "the hook crashed; its start is refused"},
    {"abort", REQUEST_XML, 0, "the hook crashed"},
    {"abort", REQUIRED_XML, 1, "the hook crashed"},
    {"overflow", REQUEST_XML, 0, "the hook crashed"},
    {"overflow", REQUIRED_XML, 1, "the hook crashed"},
    {"terminate", REQUEST_XML, 0, "told to stop"},
    {"terminate", REQUIRED_XML, 1, "told to stop"},
    {"hang", REQUEST_XML, 0, "not done within 1 s; it starts without"},
    {"hang", REQUIRED_XML, 1, "not done within 1 s; its start is refused"},
    /* what the module has parsed counts more than the raw bytes */
    {"required-hang", REQUEST_XML, 1, "not done within 1 s; its start is refused"},
    {"optional-hang", REQUIRED_XML, 0, "not done within 1 s; it starts without"},
};

START_TEST(prepare_refuses_only_what_is_required)
{
    put_file("stub", prepares[_i].stub);
    put_file(CONF, "deadline=1\n");
    g_auto(HookResult) result = call("prepare", "begin", prepares[_i].xml);

    ck_assert_int_eq(result.status, prepares[_i].status);
    assert_output(&result, prepares[_i].line);
    ck_assert_double_lt(result.seconds, 5);
}
END_TEST

static const char *const duties_that_never_fail[][2] = {
    {"started", "begin"}, {"release", "end"}, {"reconnect", "begin"}};
static const char *const behaviours[] = {"done",     "refuse",    "fail", "crash",        "abort",
                                         "overflow", "terminate", "hang", "required-hang"};

START_TEST(the_others_never_fail)
{
    const char *const *operation = duties_that_never_fail[_i / (int)G_N_ELEMENTS(behaviours)];
    const char *behaviour = behaviours[_i % (int)G_N_ELEMENTS(behaviours)];

    put_file("stub", behaviour);
    put_file(CONF, "deadline=1\n");
    put_file(LEDGER, "");
    g_auto(HookResult) result = call(operation[0], operation[1], REQUIRED_XML);
    g_autofree char *calls = read_calls();
    ck_assert_int_eq(result.status, 0);
    ck_assert_ptr_nonnull(strstr(calls, "uuid=" UUID));
    assert_output(&result, strcmp(behaviour, "done") == 0 ? NULL : "");
}
END_TEST

START_TEST(missing_module)
{
    use_module("/nonexistent/virt-hook.so");
    put_file(LEDGER, "");
    g_auto(HookResult) optional = call("prepare", "begin", REQUEST_XML);
    ck_assert_int_eq(optional.status, 0);
    assert_output(&optional, "cannot admit domain vm1: /nonexistent/virt-hook.so:");
    g_auto(HookResult) required = call("prepare", "begin", REQUIRED_XML);
    ck_assert_int_eq(required.status, 1);
    assert_output(&required, "its start is refused");
    for (guint i = 0; i < G_N_ELEMENTS(duties_that_never_fail); i++) {
        const char *const *operation = duties_that_never_fail[i];
        g_auto(HookResult) result = call(operation[0], operation[1], REQUIRED_XML);

        ck_assert_int_eq(result.status, 0);
    }
}
END_TEST

/* ---- migrate and restore ---- */

static const struct {
    const char *operation, *follows;
} incoming[] = {
    {"migrate", "; its migration is refused"},
    {"restore", "; it is not restored"},
};

/* What the stub does, what libvirt hears, and what of it comes with what follows. */
static const struct {
    const char *stub;
    int status;
    const char *out, *line;
    gboolean follows;
} arrivals[] = {
    {"done", 0, "", NULL, FALSE},
    {"write", 0, "<changed/>", NULL, FALSE},
    {"refuse", 1, "", "the pool is empty", FALSE},
    {"fail", 1, "", "the ledger?is broken", TRUE},
    {"crash", 1, "", "cannot take in domain vm1: the hook crashed", TRUE},
    {"abort", 1, "", "the hook crashed", TRUE},
    {"overflow", 1, "", "the hook crashed", TRUE},
    {"terminate", 1, "", "told to stop", TRUE},
    {"hang", 1, "", "not done within 1 s", TRUE},
};

static void
assert_arrival(HookResult *result, int status, const char *out, const char *line)
{
    ck_assert_int_eq(result->status, status);
    ck_assert_str_eq(result->out, out);
    result->out[0] = '\0';
    assert_output(result, line);
}

START_TEST(what_comes_in_is_changed_or_refused)
{
    guint kind = (guint)_i % G_N_ELEMENTS(incoming), i = (guint)_i / G_N_ELEMENTS(incoming);
    g_autofree char *line = arrivals[i].follows
                                ? g_strconcat(arrivals[i].line, incoming[kind].follows, NULL)
                                : g_strdup(arrivals[i].line);

    put_file("stub", arrivals[i].stub);
    put_file(CONF, "deadline=1\n");
    g_auto(HookResult) result = call(incoming[kind].operation, "begin", INCOMING_XML);
    assert_arrival(&result, arrivals[i].status, arrivals[i].out, line);
    ck_assert_double_lt(result.seconds, 5);
}
END_TEST

#define DIRECT_XML                                                                                 \
    "<domain><name>vm1</name><devices><interface type='direct'><source dev='eth7'/></interface>"   \
    "</devices></domain>"

/* By the raw bytes: whether there is work for the module, with and without a ledger. */
static const struct {
    const char *xml;
    gboolean without, with;
} raw[] = {
    {PLAIN_XML, FALSE, FALSE},  {REQUEST_XML, FALSE, FALSE}, {DIRECT_XML, FALSE, FALSE},
    {HOSTDEV_XML, FALSE, TRUE}, {INCOMING_XML, TRUE, TRUE},  {INCOMING_FLOOR_XML, TRUE, TRUE},
};

START_TEST(what_comes_in_without_devices_of_ours_passes)
{
    for (guint i = 0; i < G_N_ELEMENTS(incoming); i++) {
        g_auto(HookResult) result = call(incoming[i].operation, "begin", raw[_i].xml);
        g_autofree char *calls = read_calls();

        assert_arrival(&result, 0, "", NULL);
        ck_assert_int_eq(calls[0] != '\0', raw[_i].without);
    }
    drop_root();
    put_file(LEDGER, "");
    for (guint i = 0; i < G_N_ELEMENTS(incoming); i++) {
        g_auto(HookResult) result = call(incoming[i].operation, "begin", raw[_i].xml);
        g_autofree char *calls = read_calls();

        assert_arrival(&result, 0, "", NULL);
        ck_assert_int_eq(calls[0] != '\0', raw[_i].with);
    }
}
END_TEST

START_TEST(what_comes_in_needs_the_module)
{
    use_module("/nonexistent/virt-hook.so");
    for (guint i = 0; i < G_N_ELEMENTS(incoming); i++) {
        g_auto(HookResult) ours = call(incoming[i].operation, "begin", INCOMING_XML);
        g_auto(HookResult) other = call(incoming[i].operation, "begin", REQUEST_XML);

        assert_arrival(&ours, 1, "", incoming[i].follows);
        assert_arrival(&other, 0, "", NULL);
    }
}
END_TEST

/* More than a pipe takes, and nobody reads before the deadline: libvirt gets all of it. */
START_TEST(xml_is_written_to_its_end)
{
    HookRun run = {.domain = "vm1", .operation = "migrate", .suboperation = "begin"};

    run.xml = INCOMING_XML;
    run.pause = 1500;
    run.partly = _i == 1;
    put_file("stub", "write-much");
    put_file(CONF, "deadline=1\n");
    g_auto(HookResult) result = run_hook(&run);
    ck_assert_int_eq(result.status, 0);
    ck_assert_uint_eq(strlen(result.out), 1000000);
    ck_assert_str_eq(result.err, "");
}
END_TEST

/* Nobody reads, or there is nowhere to write: what was leased for the XML is given back. */
START_TEST(xml_that_cannot_be_written)
{
    HookRun run = {.domain = "vm1", .operation = "migrate", .suboperation = "begin"};

    run.xml = INCOMING_XML;
    run.deaf = _i == 0;
    run.closed = _i == 0 ? 0 : 1u << STDOUT_FILENO;
    put_file("stub", "write-much");
    g_auto(HookResult) result = run_hook(&run);
    g_autofree char *calls = read_calls();
    ck_assert_int_eq(result.status, 1);
    assert_output(&result, "cannot take in domain vm1: cannot write its XML: ");
    ck_assert_ptr_nonnull(strstr(result.err, "; its migration is refused"));
    ck_assert_msg(g_str_has_prefix(calls, "operation=4 "), "%s", calls);
    ck_assert_msg(strstr(calls, "\noperation=6 ") != NULL, "%s", calls);
}
END_TEST

/* A library without the module's symbol. */
START_TEST(wrong_module)
{
    use_module("libm.so.6");
    g_auto(HookResult) result = call("started", "begin", REQUIRED_XML);

    ck_assert_int_eq(result.status, 0);
    assert_output(&result, "iov_virt_hook_run");
}
END_TEST

START_TEST(hostdev_matters_only_beside_a_ledger)
{
    g_auto(HookResult) without = call("prepare", "begin", HOSTDEV_XML);
    g_autofree char *none = read_calls();
    ck_assert_int_eq(without.status, 0);
    ck_assert_str_eq(none, "");

    put_file(LEDGER, "");
    put_file("stub", "refuse");
    g_auto(HookResult) with = call("prepare", "begin", HOSTDEV_XML);
    ck_assert_int_eq(with.status, 1);
    assert_output(&with, "the pool is empty");
}
END_TEST

START_TEST(release_without_a_ledger_is_nothing)
{
    g_auto(HookResult) result = call("release", "end", REQUEST_XML);
    g_autofree char *calls = read_calls();

    ck_assert_int_eq(result.status, 0);
    ck_assert_str_eq(calls, "");
}
END_TEST

static HookResult
call_oversized(const char *operation, const char *suboperation, const char *start, gsize length)
{
    g_autofree char *xml = g_strnfill(length, ' ');
    HookRun run = {.domain = "vm1",
                   .operation = operation,
                   .suboperation = suboperation,
                   .xml = xml,
                   .length = length};

    memcpy(xml, start, strlen(start));
    return run_hook(&run);
}

START_TEST(oversized_xml)
{
    gsize limit = 4 * 1024 * 1024;
    g_auto(HookResult) fits = call_oversized("prepare", "begin", REQUIRED_XML, limit);
    g_autofree char *calls = read_calls();
    ck_assert_int_eq(fits.status, 0);
    ck_assert_ptr_nonnull(strstr(calls, "length=4194304 "));

    g_auto(HookResult) optional = call_oversized("prepare", "begin", REQUEST_XML, limit + 1);
    ck_assert_int_eq(optional.status, 0);
    assert_output(&optional, "larger than 4 MiB; it starts without");
    g_auto(HookResult) required = call_oversized("prepare", "begin", REQUIRED_XML, 2 * limit);
    ck_assert_int_eq(required.status, 1);
    assert_output(&required, "larger than 4 MiB; its start is refused");
    g_auto(HookResult) started = call_oversized("started", "begin", REQUIRED_XML, 2 * limit);
    ck_assert_int_eq(started.status, 0);
    g_auto(HookResult) comes_in = call_oversized("migrate", "begin", INCOMING_XML, 2 * limit);
    ck_assert_int_eq(comes_in.status, 1);
    assert_output(&comes_in, "larger than 4 MiB; its migration is refused");
}
END_TEST

/* A hook that starts with closed descriptors gives none of their numbers to a file. */
START_TEST(closed_descriptors)
{
    HookRun run = {.domain = "vm1", .operation = "started", .suboperation = "begin"};

    run.xml = REQUEST_XML;
    run.closed = 1u << STDOUT_FILENO | 1u << STDERR_FILENO;
    g_auto(HookResult) outputs = run_hook(&run);
    g_autofree char *calls = read_calls();
    ck_assert_int_eq(outputs.status, 0);
    ck_assert_ptr_nonnull(strstr(calls, "fd="));
    ck_assert_int_ge(atoi(strstr(calls, "fd=") + 3), 3);

    run.closed = 1u << STDIN_FILENO;
    run.xml = "";
    g_auto(HookResult) input = run_hook(&run);
    ck_assert_int_eq(input.status, 0);
    assert_output(&input, NULL);
}
END_TEST

/* The settings are not read yet: the deadline is the default. */
START_TEST(xml_that_never_comes)
{
    HookRun run = {.domain = "vm1", .operation = "prepare", .suboperation = "begin"};

    g_auto(HookResult) result = run_hook(&run);
    ck_assert_int_eq(result.status, 0);
    assert_output(&result, "not done within 5 s");
    ck_assert_double_ge(result.seconds, 4.9);
    ck_assert_double_lt(result.seconds, 15);
}
END_TEST

START_TEST(wrong_settings)
{
    put_file(CONF, "deadline=never\n");
    g_auto(HookResult) prepare = call("prepare", "begin", REQUEST_XML);
    ck_assert_int_eq(prepare.status, 0);
    assert_output(&prepare, "/etc/iovpool/hook.conf line 1");
    g_auto(HookResult) started = call("started", "begin", REQUEST_XML);
    ck_assert_int_eq(started.status, 0);
    assert_output(&started, NULL);

    g_autofree char *conf = root_path(CONF);
    ck_assert_int_eq(unlink(conf), 0);
    ck_assert_int_eq(mkfifo(conf, 0600), 0);
    g_auto(HookResult) fifo = call("prepare", "begin", REQUEST_XML);
    ck_assert_int_eq(fifo.status, 0);
    ck_assert_double_lt(fifo.seconds, 4);
}
END_TEST

START_TEST(hostile_name)
{
    HookRun run = {.domain = "vm1\n\x1b[31m%n%s", .operation = "prepare", .suboperation = "begin"};

    use_module("/nonexistent/virt-hook.so");
    run.xml = REQUEST_XML;
    g_auto(HookResult) result = run_hook(&run);
    ck_assert_int_eq(result.status, 0);
    assert_output(&result, "domain vm1??[31m%n%s: ");
}
END_TEST

START_TEST(environment_is_clean)
{
    ck_assert(g_setenv("G_MESSAGES_DEBUG", "all", TRUE));
    ck_assert(g_setenv("LC_ALL", "tr_TR.UTF-8", TRUE));
    g_auto(HookResult) result = call("started", "begin", REQUEST_XML);
    g_autofree char *calls = read_calls();
    ck_assert_int_eq(result.status, 0);
    ck_assert_msg(g_str_has_suffix(calls, " PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C\n"), "%s",
                  calls);
    ck_assert_ptr_null(strstr(calls, "G_MESSAGES_DEBUG"));
}
END_TEST

static void
add_tests(TCase *tcase)
{
    int n_operations = (int)G_N_ELEMENTS(operations);

    tcase_add_loop_test(tcase, no_request_touches_nothing, 0, n_operations);
    tcase_add_loop_test(tcase, only_our_operations_reach_the_module, 0, n_operations);
    tcase_add_loop_test(tcase, prepare_refuses_only_what_is_required, 0, G_N_ELEMENTS(prepares));
    tcase_add_loop_test(tcase, the_others_never_fail, 0,
                        (int)(G_N_ELEMENTS(duties_that_never_fail) * G_N_ELEMENTS(behaviours)));
    tcase_add_test(tcase, missing_module);
    tcase_add_loop_test(tcase, what_comes_in_is_changed_or_refused, 0,
                        (int)(G_N_ELEMENTS(arrivals) * G_N_ELEMENTS(incoming)));
    tcase_add_loop_test(tcase, what_comes_in_without_devices_of_ours_passes, 0, G_N_ELEMENTS(raw));
    tcase_add_test(tcase, what_comes_in_needs_the_module);
    tcase_add_loop_test(tcase, xml_is_written_to_its_end, 0, 2);
    tcase_add_loop_test(tcase, xml_that_cannot_be_written, 0, 2);
    tcase_add_test(tcase, wrong_module);
    tcase_add_test(tcase, hostdev_matters_only_beside_a_ledger);
    tcase_add_test(tcase, release_without_a_ledger_is_nothing);
    tcase_add_test(tcase, oversized_xml);
    tcase_add_test(tcase, closed_descriptors);
    tcase_add_test(tcase, xml_that_never_comes);
    tcase_add_test(tcase, wrong_settings);
    tcase_add_test(tcase, hostile_name);
    tcase_add_test(tcase, environment_is_clean);
}

int
main(void)
{
    Suite *suite = suite_create("hook-status");
    TCase *tcase = tcase_create("front");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, NULL, drop_root);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
