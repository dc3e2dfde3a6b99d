/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main() of a fuzz target where there is no fuzzer: runs it once on every file named, or on its
 * corpus, tests/fuzz/corpus/TARGET, where none is named. The program's name is fuzz-TARGET.
 */
#include "fuzz.h"

static gboolean
replay_file(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *contents = NULL;
    gsize length = 0;

    if (!g_file_get_contents(path, &contents, &length, &error)) {
        g_printerr("%s\n", error->message);
        return FALSE;
    }
    /* exactly as long as the input, so that sanitizers see a read behind it */
    g_autofree char *exact = g_memdup2(contents, length);
    LLVMFuzzerTestOneInput((const uint8_t *)exact, length);
    return TRUE;
}

/* An empty corpus fails: it would test nothing. */
static gboolean
replay_directory(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) entries = g_dir_open(path, 0, &error);
    gboolean good = entries != NULL;
    guint count = 0;

    for (const char *name = good ? g_dir_read_name(entries) : NULL; name != NULL;
         name = g_dir_read_name(entries)) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        good = replay_file(file) && good;
        count++;
    }
    g_print("%s: %u inputs\n", path, count);
    return good && count > 0;
}

int
main(int argc, char **argv)
{
    g_autofree char *name = g_path_get_basename(argv[0]);
    const char *target = strchr(name, '-') != NULL ? strchr(name, '-') + 1 : name;
    const char *sources = g_getenv("IOV_TEST_SRCDIR");
    gboolean good = TRUE;

    for (int i = 1; i < argc; i++)
        good = replay_file(argv[i]) && good;
    if (argc == 1) {
        g_autofree char *corpus = g_build_filename(sources != NULL ? sources : ".", "tests", "fuzz",
                                                   "corpus", target, NULL);
        good = replay_directory(corpus);
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
