/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words that programs read stand in the manual page: each of them, and no others. */
#include "iov-candidate.h"
#include "iov-constraint.h"
#include "test-support.h"

#include <stdlib.h>
#include <string.h>

static int
by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *
join_sorted(GStrvBuilder *builder)
{
    g_auto(GStrv) words = g_strv_builder_end(builder);

    qsort(words, g_strv_length(words), sizeof(*words), by_text);
    return g_strjoinv(" ", words);
}

/* What the list below heading @title of the page explains. (transfer full) */
static char *
words_of_page(const char *title)
{
    g_autofree char *path = g_build_filename(g_getenv("IOV_TEST_SRCDIR"), "docs/iovpool.1", NULL);
    g_autofree char *heading = g_strconcat(".SH ", title, NULL);
    g_autofree char *page = NULL;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    gboolean inside = FALSE;

    ck_assert_msg(g_file_get_contents(path, &page, NULL, NULL), "cannot read %s", path);
    g_auto(GStrv) lines = g_strsplit(page, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        if (g_str_has_prefix(*line, ".SH "))
            inside = strcmp(*line, heading) == 0;
        if (!inside || strcmp(*line, ".TP") != 0 || line[1] == NULL)
            continue;
        ck_assert_msg(g_str_has_prefix(line[1], ".B "), "%s: '%s'", title, line[1]);
        g_auto(GStrv) parts = g_strsplit(line[1] + strlen(".B "), "\\-", -1);
        g_autofree char *word = g_strjoinv("-", parts);
        g_strv_builder_add(builder, word);
    }
    return join_sorted(builder);
}

typedef const char *(*ToString)(guint value);

static const char *
reason_to_string(guint value)
{
    return iov_reason_to_string((IovReason)value);
}

static const char *
verdict_to_string(guint value)
{
    return iov_verdict_to_string((IovVerdict)value);
}

static const char *
obstacle_to_string(guint value)
{
    return iov_obstacle_to_string((IovObstacle)value);
}

static const char *
operation_to_string(guint value)
{
    return iov_operation_to_string((IovOperation)value);
}

static const char *
ruling_to_string(guint value)
{
    return iov_ruling_to_string((IovRuling)value);
}

static char *
words_of_code(ToString to_string)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; strcmp(to_string(i), "unknown") != 0; i++)
        g_strv_builder_add(builder, to_string(i));
    return join_sorted(builder);
}

static void
assert_explained(const char *title, ToString to_string)
{
    g_autofree char *code = words_of_code(to_string);
    g_autofree char *page = words_of_page(title);

    ck_assert_str_ne(code, "");
    ck_assert_str_eq(page, code);
}

START_TEST(the_manual_has_each_reason)
{
    assert_explained("REASONS", reason_to_string);
}
END_TEST

START_TEST(the_manual_has_each_verdict)
{
    assert_explained("VERDICTS", verdict_to_string);
}
END_TEST

START_TEST(the_manual_has_the_words_of_constraints)
{
    assert_explained("OBSTACLES", obstacle_to_string);
    assert_explained("OPERATIONS", operation_to_string);
    assert_explained("RULINGS", ruling_to_string);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("words");
    TCase *tests = tcase_create("words");

    tcase_add_test(tests, the_manual_has_each_reason);
    tcase_add_test(tests, the_manual_has_each_verdict);
    tcase_add_test(tests, the_manual_has_the_words_of_constraints);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
