/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listings on stdout: tables for people, JSON for programs. Values may come from guests' XML or
 * from kernel files, so no control character reaches the terminal.
 */
#include "cli-output.h"

#include <json-glib/json-glib.h>
#include <stdio.h>

struct _CliTable {
    const CliColumn *columns;
    guint count;
    GPtrArray *rows; /* CliCell[count], texts owned */
    int *widths; /* of the columns with a title, in a listing that goes on; NULL before it began */
};

CliCell
cell_text(const char *text)
{
    return (CliCell){.kind = text != NULL ? CLI_CELL_TEXT : CLI_CELL_NONE, .text = text};
}

CliCell
cell_number(gint64 number)
{
    return (CliCell){.kind = CLI_CELL_NUMBER, .number = number};
}

CliCell
cell_known_number(gint64 number)
{
    return (CliCell){.kind = number >= 0 ? CLI_CELL_NUMBER : CLI_CELL_NONE, .number = number};
}

CliCell
cell_flag(gboolean flag)
{
    return (CliCell){.kind = CLI_CELL_FLAG, .number = flag};
}

CliCell
cell_time(gint64 microseconds)
{
    return (CliCell){.kind = microseconds > 0 ? CLI_CELL_TIME : CLI_CELL_NONE,
                     .number = microseconds};
}

CliTable *
cli_table_new(const CliColumn *columns, guint count)
{
    CliTable *table = g_new0(CliTable, 1);

    table->columns = columns;
    table->count = count;
    table->rows = g_ptr_array_new_with_free_func(g_free);
    return table;
}

static void
drop_rows(CliTable *table)
{
    for (guint i = 0; i < table->rows->len; i++) {
        CliCell *cells = g_ptr_array_index(table->rows, i);
        for (guint j = 0; j < table->count; j++)
            g_free((char *)cells[j].text);
    }
    g_ptr_array_set_size(table->rows, 0);
}

void
cli_table_free(CliTable *table)
{
    drop_rows(table);
    g_ptr_array_unref(table->rows);
    g_free(table->widths);
    g_free(table);
}

void
cli_table_add(CliTable *table, const CliCell *cells, guint count)
{
    g_assert(count == table->count);
    CliCell *copy = g_new0(CliCell, count);

    for (guint i = 0; i < count; i++) {
        copy[i] = cells[i];
        copy[i].text = cells[i].text != NULL ? cli_text_clean(cells[i].text) : NULL;
    }
    g_ptr_array_add(table->rows, copy);
}

char *
cli_format_time(gint64 microseconds, gboolean local)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(microseconds / G_USEC_PER_SEC);
    if (utc == NULL)
        return g_strdup("-");
    if (!local)
        return g_date_time_format(utc, "%Y-%m-%dT%H:%M:%SZ");
    g_autoptr(GDateTime) here = g_date_time_to_local(utc);
    return g_date_time_format(here, "%Y-%m-%d %H:%M:%S");
}

static char *
format_cell(const CliCell *cell)
{
    switch (cell->kind) {
    case CLI_CELL_NONE:
        return g_strdup("-");
    case CLI_CELL_TEXT:
        return g_strdup(cell->text);
    case CLI_CELL_NUMBER:
        return g_strdup_printf("%" G_GINT64_FORMAT, cell->number);
    case CLI_CELL_FLAG:
        return g_strdup(cell->number ? "yes" : "no");
    case CLI_CELL_TIME:
        return cli_format_time(cell->number, TRUE);
    }
    g_assert_not_reached();
}

/* The cells of the columns that have a title; the first line is the titles. */
static GPtrArray *
format_lines(const CliTable *table)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);

    for (guint i = 0; i <= table->rows->len; i++) {
        const CliCell *cells = i == 0 ? NULL : g_ptr_array_index(table->rows, i - 1);
        GPtrArray *line = g_ptr_array_new_with_free_func(g_free);
        for (guint j = 0; j < table->count; j++) {
            const char *title = table->columns[j].title;
            if (title != NULL)
                g_ptr_array_add(line, cells == NULL ? g_strdup(title) : format_cell(&cells[j]));
        }
        g_ptr_array_add(lines, line);
    }
    return lines;
}

/* Makes room in @widths for what @lines hold. */
static void
widen(int *widths, GPtrArray *lines)
{
    for (guint i = 0; i < lines->len; i++) {
        const GPtrArray *line = g_ptr_array_index(lines, i);
        for (guint j = 0; j < line->len; j++)
            widths[j] = MAX(widths[j], (int)g_utf8_strlen(g_ptr_array_index(line, j), -1));
    }
}

static void
append_line(GString *text, const GPtrArray *line, const int *widths)
{
    for (guint j = 0; j < line->len; j++) {
        const char *cell = g_ptr_array_index(line, j);
        gboolean last = j + 1 == line->len;
        int padding = last ? 0 : widths[j] - (int)g_utf8_strlen(cell, -1) + 2;
        g_string_append_printf(text, " %s%*s", cell, padding, "");
    }
    g_string_append_c(text, '\n');
}

static void
append_titles(GString *text, const GPtrArray *titles, const int *widths)
{
    int total = 0;

    for (guint j = 0; j < titles->len; j++)
        total += widths[j] + 3;
    g_autofree char *rule = g_strnfill((gsize)total, '-');
    append_line(text, titles, widths);
    g_string_append_printf(text, "%s\n", rule);
}

static void
append_lines(GString *text, GPtrArray *lines, const int *widths, gboolean with_titles)
{
    if (with_titles)
        append_titles(text, g_ptr_array_index(lines, 0), widths);
    for (guint i = 1; i < lines->len; i++)
        append_line(text, g_ptr_array_index(lines, i), widths);
}

char *
cli_table_to_text(const CliTable *table, gboolean quiet)
{
    g_autoptr(GPtrArray) lines = format_lines(table);
    g_autofree int *widths = g_new0(int, table->count);
    GString *text = g_string_new(NULL);

    widen(widths, lines);
    append_lines(text, lines, widths, !quiet);
    if (!quiet)
        g_string_append_c(text, '\n');
    return g_string_free(text, FALSE);
}

static void
add_value(JsonBuilder *builder, const CliCell *cell)
{
    g_autofree char *time = NULL;

    switch (cell->kind) {
    case CLI_CELL_NONE:
        json_builder_add_null_value(builder);
        return;
    case CLI_CELL_TEXT:
        json_builder_add_string_value(builder, cell->text);
        return;
    case CLI_CELL_NUMBER:
        json_builder_add_int_value(builder, cell->number);
        return;
    case CLI_CELL_FLAG:
        json_builder_add_boolean_value(builder, cell->number != 0);
        return;
    case CLI_CELL_TIME:
        time = cli_format_time(cell->number, FALSE);
        json_builder_add_string_value(builder, time);
        return;
    }
    g_assert_not_reached();
}

static void
add_object(JsonBuilder *builder, const CliTable *table, guint row)
{
    const CliCell *cells = g_ptr_array_index(table->rows, row);

    json_builder_begin_object(builder);
    for (guint j = 0; j < table->count; j++) {
        if (table->columns[j].key == NULL)
            continue;
        json_builder_set_member_name(builder, table->columns[j].key);
        add_value(builder, &cells[j]);
    }
    json_builder_end_object(builder);
}

static char *
generate(JsonBuilder *builder, gboolean pretty)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = json_builder_get_root(builder);

    json_generator_set_root(generator, root);
    json_generator_set_pretty(generator, pretty);
    g_autofree char *text = json_generator_to_data(generator, NULL);
    return g_strconcat(text, "\n", NULL);
}

char *
cli_table_to_json(const CliTable *table, gboolean pretty)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_array(builder);
    for (guint i = 0; i < table->rows->len; i++)
        add_object(builder, table, i);
    json_builder_end_array(builder);
    return generate(builder, pretty);
}

void
cli_table_print(const CliTable *table, const Cli *cli)
{
    g_autofree char *text =
        cli->json ? cli_table_to_json(table, TRUE) : cli_table_to_text(table, cli->quiet);

    fputs(text, stdout);
}

static char *
take_json(const CliTable *table)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < table->rows->len; i++) {
        g_autoptr(JsonBuilder) builder = json_builder_new();
        add_object(builder, table, i);
        g_autofree char *line = generate(builder, FALSE);
        g_string_append(text, line);
    }
    return g_string_free(text, FALSE);
}

static char *
take_text(CliTable *table, gboolean quiet)
{
    g_autoptr(GPtrArray) lines = format_lines(table);
    GString *text = g_string_new(NULL);
    gboolean first = table->widths == NULL;

    if (first)
        table->widths = g_new0(int, table->count);
    widen(table->widths, lines);
    append_lines(text, lines, table->widths, first && !quiet);
    return g_string_free(text, FALSE);
}

char *
cli_table_take(CliTable *table, const Cli *cli)
{
    if (table->rows->len == 0)
        return g_strdup("");
    char *text = cli->json ? take_json(table) : take_text(table, cli->quiet);

    drop_rows(table);
    return text;
}

void
cli_table_print_first(const CliTable *table)
{
    for (guint i = 0; i < table->rows->len; i++) {
        const CliCell *cells = g_ptr_array_index(table->rows, i);
        g_autofree char *text = format_cell(&cells[0]);
        puts(text);
    }
}
