/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-output.h"
#include "test-support.h"

static const CliColumn columns[] = {{"Name", "name"}, {NULL, "count"}, {"Reason", "reason"}};

static CliTable *
new_table(void)
{
    return cli_table_new(columns, G_N_ELEMENTS(columns));
}

static void
add(CliTable *table, const char *name, gint64 count, const char *reason)
{
    cli_table_add_row(table, cell_text(name), cell_number(count), cell_text(reason));
}

START_TEST(prints_a_table)
{
    g_autoptr(CliTable) table = new_table();

    add(table, "vm1", 7, NULL);
    add(table, "büro", 8, "none is free");
    g_autofree char *text = cli_table_to_text(table, FALSE);
    ck_assert_str_eq(text, " Name   Reason\n"
                           "----------------------\n"
                           " vm1    -\n"
                           " büro   none is free\n\n");
    g_autofree char *quiet = cli_table_to_text(table, TRUE);
    ck_assert_str_eq(quiet, " vm1    -\n"
                            " büro   none is free\n");
    g_autofree char *json = cli_table_to_json(table, FALSE);
    ck_assert_str_eq(json, "[{\"name\":\"vm1\",\"count\":7,\"reason\":null},"
                           "{\"name\":\"büro\",\"count\":8,\"reason\":\"none is free\"}]\n");
}
END_TEST

/* What a guest's XML or a kernel file says moves no cursor, begins no line and is valid UTF-8. */
START_TEST(cleans_what_it_prints)
{
    static const struct {
        const char *raw, *clean;
    } texts[] = {
        {"\033[2Jvm", " [2Jvm"},
        {"a\nb\tc\rd\177", "a b c d"},
        {"\302\233"
         "31mred",
         "  31mred"},
        {"\302\205next", "  next"},
        {"\233"
         "31m",
         "\357\277\275"
         "31m"},
        {"\342\202", "\357\277\275\357\277\275"},
        {"büro", "büro"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *clean = cli_text_clean(texts[i].raw);
        ck_assert_str_eq(clean, texts[i].clean);
    }
    g_autoptr(CliTable) table = new_table();
    add(table, texts[2].raw, 1, texts[0].raw);
    g_autofree char *text = cli_table_to_text(table, TRUE);
    ck_assert_str_eq(text, "   31mred    [2Jvm\n");
}
END_TEST

/* A listing that goes on: titles once, columns never narrower, and each row once. */
START_TEST(goes_on)
{
    g_autoptr(CliTable) table = new_table();
    const Cli people = {0}, quiet = {.quiet = TRUE}, program = {.json = TRUE};
    g_autofree char *none = cli_table_take(table, &people);
    ck_assert_str_eq(none, "");

    add(table, "vm100", 1, "one");
    g_autofree char *first = cli_table_take(table, &people);
    ck_assert_str_eq(first, " Name    Reason\n"
                            "-----------------\n"
                            " vm100   one\n");
    add(table, "vm1", 2, "two");
    add(table, "vm1000", 3, "three");
    g_autofree char *second = cli_table_take(table, &people);
    ck_assert_str_eq(second, " vm1      two\n"
                             " vm1000   three\n");
    add(table, "vm1", 4, "four");
    add(table, "vm2", 5, NULL);
    g_autofree char *json = cli_table_take(table, &program);
    ck_assert_str_eq(json, "{\"name\":\"vm1\",\"count\":4,\"reason\":\"four\"}\n"
                           "{\"name\":\"vm2\",\"count\":5,\"reason\":null}\n");
    g_autofree char *nothing = cli_table_take(table, &program);
    ck_assert_str_eq(nothing, "");

    g_autoptr(CliTable) other = new_table();
    add(other, "vm1", 1, "one");
    g_autofree char *bare = cli_table_take(other, &quiet);
    ck_assert_str_eq(bare, " vm1    one\n");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("output");
    TCase *tests = tcase_create("output");

    tcase_add_test(tests, prints_a_table);
    tcase_add_test(tests, cleans_what_it_prints);
    tcase_add_test(tests, goes_on);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
