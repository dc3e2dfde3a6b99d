/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "since.h"

#include "cli-error.h"
#include "test-support.h"

#define NOW (G_GINT64_CONSTANT(1795341600) * G_USEC_PER_SEC) /* 2026-11-22 10:00:00 UTC */

static gint64
parse(const char *text)
{
    GError *error = NULL;
    gint64 since = -1;

    assert_done(since_parse(text, NOW, &since, &error), error);
    return since;
}

START_TEST(takes_ages)
{
    ck_assert_int_eq(parse("-0s"), NOW);
    ck_assert_int_eq(parse("-30s"), NOW - 30 * G_TIME_SPAN_SECOND);
    ck_assert_int_eq(parse("-30m"), NOW - 30 * G_TIME_SPAN_MINUTE);
    ck_assert_int_eq(parse("-1h"), NOW - G_TIME_SPAN_HOUR);
    ck_assert_int_eq(parse("-2d"), NOW - 2 * G_TIME_SPAN_DAY);
    ck_assert_int_eq(parse("-99999999d"), 0);
}
END_TEST

START_TEST(takes_dates)
{
    ck_assert_int_eq(parse("2026-11-22"), NOW - 10 * G_TIME_SPAN_HOUR);
    ck_assert_int_eq(parse("2026-11-22 09:59"), NOW - G_TIME_SPAN_MINUTE);
    ck_assert_int_eq(parse("2026-11-22 09:59:59"), NOW - G_TIME_SPAN_SECOND);
    ck_assert_int_eq(parse("2026-11-22T10:00:00"), NOW);
    ck_assert_int_eq(parse("2026-11-22T10:00:00Z"), NOW);
    ck_assert_int_eq(parse("2026-11-22T10:00:00+01:00"), NOW - G_TIME_SPAN_HOUR);
    ck_assert_int_eq(parse("2027-01-01") > NOW, 1);
    ck_assert_int_eq(parse("1969-12-31"), 0);
}
END_TEST

START_TEST(means_local_time)
{
    g_setenv("TZ", "UTC-2", TRUE); /* two hours east: POSIX counts west */
    ck_assert_int_eq(parse("2026-11-22 12:00"), NOW);
    g_setenv("TZ", "UTC", TRUE);
}
END_TEST

START_TEST(refuses_the_rest)
{
    static const char *const texts[] = {
        "",
        "-",
        "-h",
        "-1",
        "-1w",
        "-1h ",
        "-1h30m",
        "--1h",
        "-1.5h",
        "- 1h",
        "1h",
        "+1h",
        "-999999999s",
        "yesterday",
        "22.11.2026",
        "2026-13-1",
        "2026-11-32",
        "2026-11-22 25:00",
        "2026-11-22 10:00:00x",
        "2026-11",
        "-\377h",
        "\xd9\xa1\xd9\xa2",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        gint64 since = -1;
        ck_assert_msg(!since_parse(texts[i], NOW, &since, &error), "'%s' was taken", texts[i]);
        ck_assert_ptr_nonnull(error);
        ck_assert(cli_error_is_usage(error));
        ck_assert_int_eq(since, -1);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("since");
    TCase *tests = tcase_create("since");

    g_setenv("TZ", "UTC", TRUE);
    tcase_add_test(tests, takes_ages);
    tcase_add_test(tests, takes_dates);
    tcase_add_test(tests, means_local_time);
    tcase_add_test(tests, refuses_the_rest);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
