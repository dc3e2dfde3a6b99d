/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli-command.h"

/* A listing: once as a table in virsh's manner, once as JSON, from the same cells. */

typedef struct {
    const char *title; /* NULL: in JSON only */
    const char *key;   /* NULL: in the table only */
} CliColumn;

typedef enum {
    CLI_CELL_NONE,
    CLI_CELL_TEXT,
    CLI_CELL_NUMBER,
    CLI_CELL_FLAG,
    CLI_CELL_TIME
} CliKind;

typedef struct {
    CliKind kind;
    const char *text;
    gint64 number; /* of a time: microseconds since the epoch */
} CliCell;

/* A NULL text is an absent value. */
CliCell cell_text(const char *text);
CliCell cell_number(gint64 number);
/* Absent where @number is negative: "the platform does not say". */
CliCell cell_known_number(gint64 number);
CliCell cell_flag(gboolean flag);
CliCell cell_time(gint64 microseconds);
/* As the cell does it: @local for people, else as JSON has it, in UTC. (transfer full) */
char *cli_format_time(gint64 microseconds, gboolean local);

typedef struct _CliTable CliTable;

/* @columns must outlive the table. */
CliTable *cli_table_new(const CliColumn *columns, guint count);
void cli_table_free(CliTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliTable, cli_table_free)

/* Texts are copied. @count must be that of the columns. */
void cli_table_add(CliTable *table, const CliCell *cells, guint count);
#define cli_table_add_row(table, ...)                                                              \
    cli_table_add(table, (const CliCell[]){__VA_ARGS__},                                           \
                  sizeof((const CliCell[]){__VA_ARGS__}) / sizeof(CliCell))

/* On stdout, as --json and --quiet say. */
void cli_table_print(const CliTable *table, const Cli *cli);
/* What it prints; @quiet: the rows alone, as virsh does. (transfer full) */
char *cli_table_to_text(const CliTable *table, gboolean quiet);
char *cli_table_to_json(const CliTable *table, gboolean pretty);
/* The rows since the last call, in a listing that goes on: the titles once, no column narrower than
 * before, in JSON an object a line. They are then no more in the table. (transfer full) */
char *cli_table_take(CliTable *table, const Cli *cli);
/* The first column alone, a line each, for scripts. */
void cli_table_print_first(const CliTable *table);
