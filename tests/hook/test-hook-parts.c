/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of the hook's front that are functions of values: the raw scan, the settings, the one
 * line.
 */
#include "hook-conf.h"
#include "iov-request.h"
#include "report.h"
#include "scan.h"
#include "test-support.h"

#include <string.h>

#define UUID "6a7f05c1-52b8-4f3e-8b6a-0c8f0e1d2c3b"
#define METADATA(attributes)                                                                       \
    "<domain><metadata><x:requests xmlns:x='" IOV_REQUEST_NAMESPACE "'><x:request " attributes     \
    "/></x:requests></metadata></domain>"

static const struct {
    const char *xml;
    gboolean request, hostdev, direct, required;
    const char *uuid;
} scans[] = {
    {"", FALSE, FALSE, FALSE, FALSE, ""},
    {"<domain><name>a</name><uuid>" UUID "</uuid></domain>", FALSE, FALSE, FALSE, FALSE, UUID},
    {"<uuid>\n 6A7F05C1-52B8-4F3E-8B6A-0C8F0E1D2C3B\n</uuid>", FALSE, FALSE, FALSE, FALSE, UUID},
    {"<uuid>6a7f05c1-52b8-4f3e-8b6a-0c8f0e1d2c3", FALSE, FALSE, FALSE, FALSE, ""},
    {"<uuid>6a7f05c1x52b8-4f3e-8b6a-0c8f0e1d2c3b</uuid>", FALSE, FALSE, FALSE, FALSE, ""},
    {"<uuid>ga7f05c1-52b8-4f3e-8b6a-0c8f0e1d2c3b</uuid>", FALSE, FALSE, FALSE, FALSE, ""},
    {"<uuid>", FALSE, FALSE, FALSE, FALSE, ""},
    {"<hostdev mode='subsystem'>", FALSE, TRUE, FALSE, FALSE, ""},
    {"<interface type='hostdev'>", FALSE, TRUE, FALSE, FALSE, ""},
    {"<interface type=\"hostdev\">", FALSE, TRUE, FALSE, FALSE, ""},
    {"<title>&lt;hostdev</title>", FALSE, FALSE, FALSE, FALSE, ""},
    {METADATA("name='n'"), TRUE, FALSE, FALSE, FALSE, ""},
    {METADATA("name='n' required='yes'"), TRUE, FALSE, FALSE, TRUE, ""},
    {METADATA("name='n' required=\"yes\""), TRUE, FALSE, FALSE, TRUE, ""},
    {METADATA("name='n'\n\trequired =\n 'yes'"), TRUE, FALSE, FALSE, TRUE, ""},
    {METADATA("name='n' required='no'"), TRUE, FALSE, FALSE, FALSE, ""},
    {METADATA("name='required' required='no'"), TRUE, FALSE, FALSE, FALSE, ""},
    {METADATA("name='n' notrequired='yes'"), TRUE, FALSE, FALSE, FALSE, ""},
    {METADATA("name='n' required='yes\""), TRUE, FALSE, FALSE, FALSE, ""},
    {METADATA("required='no'") "<a required='yes'/>", TRUE, FALSE, FALSE, FALSE, ""},
    {"<a required='yes'/>" METADATA("required='no'"), TRUE, FALSE, FALSE, FALSE, ""},
    {METADATA("required='no'/><x:request required='yes'"), TRUE, FALSE, FALSE, TRUE, ""},
    {"<interface type='direct'>", FALSE, FALSE, TRUE, FALSE, ""},
    {"<interface type=\"direct\">", FALSE, FALSE, TRUE, FALSE, ""},
    {"<title>type=&apos;direct&apos;</title>", FALSE, FALSE, FALSE, FALSE, ""},
};

START_TEST(scan_sees_what_the_bytes_say)
{
    /* a copy of exactly its size: a read behind the end is one that valgrind sees */
    size_t length = strlen(scans[_i].xml);
    g_autofree char *copy = g_malloc(length > 0 ? length : 1);
    IovHookScan scan;

    memcpy(copy, scans[_i].xml, length);
    iov_hook_scan(copy, length, &scan);
    ck_assert_int_eq(scan.has_request, scans[_i].request);
    ck_assert_int_eq(scan.has_hostdev, scans[_i].hostdev);
    ck_assert_int_eq(scan.has_direct, scans[_i].direct);
    ck_assert_int_eq(scan.has_required, scans[_i].required);
    ck_assert_str_eq(scan.uuid, scans[_i].uuid);
}
END_TEST

START_TEST(scan_takes_every_truncation)
{
    static const char xml[] = "<uuid>" UUID "</uuid>" METADATA("name='n' required = 'yes'");
    IovHookScan scan;

    for (size_t length = 0; length < sizeof(xml); length++) {
        g_autofree char *copy = g_malloc(length > 0 ? length : 1);

        memcpy(copy, xml, length);
        iov_hook_scan(copy, length, &scan);
        ck_assert(!scan.has_required || scan.has_request);
        ck_assert(scan.uuid[0] == '\0' || strcmp(scan.uuid, UUID) == 0);
    }
    ck_assert(scan.has_required);
}
END_TEST

static const struct {
    const char *text;
    unsigned seconds;
    const char *problem; /* nullable */
} confs[] = {
    {"", 5, NULL},
    {"deadline=1", 1, NULL},
    {"# the hook\n\n deadline = 60 # seconds\r\n", 60, NULL},
    {"deadline=7\ndeadline=9\n", 9, NULL},
    {"deadline=0", 5, "line 1"},
    {"deadline=61", 5, "line 1"},
    {"deadline=007", 5, "line 1"},
    {"deadline=4294967297", 5, "line 1"},
    {"deadline=-1", 5, "line 1"},
    {"deadline=5s", 5, "line 1"},
    {"deadline=", 5, "line 1"},
    {"deadline", 5, "line 1"},
    {"deadline=9\ntimeout=3\n", 5, "line 2"},
    {"=3", 5, "line 1"},
};

START_TEST(conf_is_right_or_unused)
{
    char problem[256];
    unsigned seconds = iov_hook_conf_parse(confs[_i].text, problem, sizeof(problem));

    ck_assert_uint_eq(seconds, confs[_i].seconds);
    if (confs[_i].problem == NULL)
        ck_assert_str_eq(problem, "");
    else
        ck_assert_msg(strstr(problem, confs[_i].problem) != NULL, "problem was: %s", problem);
}
END_TEST

START_TEST(conf_line_of_any_length)
{
    g_autofree char *text = g_strnfill(100000, '#');
    char problem[256];

    ck_assert_uint_eq(iov_hook_conf_parse(text, problem, sizeof(problem)), IOV_HOOK_DEADLINE);
    ck_assert_ptr_nonnull(strstr(problem, "line 1"));
}
END_TEST

START_TEST(line_has_no_control_characters)
{
    char text[] = "a\nb\x1b[31m\x7f \xc2\x9b"
                  "31m \xc3\xbc";

    iov_hook_make_one_line(text);
    ck_assert_str_eq(text, "a?b?[31m? ??31m \xc3\xbc");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("hook-parts");
    TCase *tcase = tcase_create("values");

    tcase_add_loop_test(tcase, scan_sees_what_the_bytes_say, 0, G_N_ELEMENTS(scans));
    tcase_add_test(tcase, scan_takes_every_truncation);
    tcase_add_loop_test(tcase, conf_is_right_or_unused, 0, G_N_ELEMENTS(confs));
    tcase_add_test(tcase, conf_line_of_any_length);
    tcase_add_test(tcase, line_has_no_control_characters);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
