/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "test-support.h"

#include <glib.h>
#include <string.h>

/*
 * Golden cases: DIRECTORY/NAME.xml goes in; NAME.out is the text that comes out, or NAME.err the
 * one line of the error; where NAME starts with "malformed", only "ORIGIN:LINE:" of it, because the
 * cause is in the words of libxml2, which change. With IOV_TEST_REGENERATE=1 they are written anew,
 * and the run fails.
 */

/* The text for an input, or NULL with an error. (transfer full) */
typedef char *(*GoldenFunction)(const char *xml, gsize length, const char *origin, GError **error);

static inline char *
golden_path(const char *directory, const char *name, const char *suffix)
{
    g_autofree char *file = g_strconcat(name, suffix, NULL);

    return g_build_filename(g_getenv("IOV_TEST_SRCDIR"), "tests", "golden", directory, file, NULL);
}

static inline char *
golden_read(const char *path, gsize *length)
{
    char *text = NULL;

    return g_file_get_contents(path, &text, length, NULL) ? text : NULL;
}

/* What is compared of an error's message. (transfer full) */
static inline char *
golden_error(const char *name, const char *message)
{
    const char *end = strchr(message, ':');

    if (g_str_has_prefix(name, "malformed") && end != NULL && (end = strchr(end + 1, ':')) != NULL)
        return g_strdup_printf("%.*s\n", (int)(end + 1 - message), message);
    return g_strconcat(message, "\n", NULL);
}

/* Compares @actual with the file at @path, which it writes where that is wanted. */
static inline gboolean
golden_check(const char *path, const char *actual)
{
    g_autofree char *expected = golden_read(path, NULL);

    if (g_strcmp0(g_getenv("IOV_TEST_REGENERATE"), "1") == 0) {
        ck_assert_msg(g_file_set_contents(path, actual, -1, NULL), "cannot write %s", path);
        return FALSE;
    }
    if (g_strcmp0(expected, actual) == 0)
        return TRUE;
    g_printerr("%s: expected:\n%sfound:\n%s", path, expected != NULL ? expected : "(no file)\n",
               actual);
    return FALSE;
}

static inline gboolean
golden_run(const char *directory, const char *name, GoldenFunction function)
{
    g_autofree char *input = golden_path(directory, name, ".xml");
    g_autofree char *good = golden_path(directory, name, ".out");
    g_autofree char *bad = golden_path(directory, name, ".err");
    g_autofree char *origin = g_strconcat(name, ".xml", NULL);
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    g_autofree char *xml = golden_read(input, &length);
    g_autofree char *output = NULL;
    g_autofree char *message = NULL;

    ck_assert_msg(xml != NULL, "cannot read %s", input);
    ck_assert_msg(!g_file_test(good, G_FILE_TEST_EXISTS) || !g_file_test(bad, G_FILE_TEST_EXISTS),
                  "%s has both an .out and an .err", name);
    output = function(xml, length, origin, &error);
    if (output != NULL)
        return golden_check(good, output);
    ck_assert_ptr_nonnull(error);
    ck_assert_msg(g_error_matches(error, IOV_ERROR, IOV_ERROR_INVALID), "%s: code %d: %s", name,
                  error->code, error->message);
    ck_assert_msg(strchr(error->message, '\n') == NULL, "more than one line: %s", error->message);
    message = golden_error(name, error->message);
    return golden_check(bad, message);
}

/* Every case of @directory; at least @minimum of them, so that a lost directory is noticed. */
static inline void
golden_run_all(const char *directory, guint minimum, GoldenFunction function)
{
    g_autofree char *path =
        g_build_filename(g_getenv("IOV_TEST_SRCDIR"), "tests", "golden", directory, NULL);
    g_autoptr(GDir) entries = g_dir_open(path, 0, NULL);
    guint count = 0, failed = 0;

    ck_assert_msg(entries != NULL, "cannot open %s", path);
    for (const char *file = g_dir_read_name(entries); file != NULL;
         file = g_dir_read_name(entries)) {
        if (!g_str_has_suffix(file, ".xml"))
            continue;
        g_autofree char *name = g_strndup(file, strlen(file) - strlen(".xml"));
        failed += !golden_run(directory, name, function);
        count++;
    }
    ck_assert_msg(failed == 0, "%u of %u cases of %s differ", failed, count, directory);
    ck_assert_uint_ge(count, minimum);
}
