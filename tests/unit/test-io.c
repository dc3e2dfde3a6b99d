/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iov-io.h"
#include "test-support.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *directory;
static int dirfd_of_test = -1;

static void
set_up(void)
{
    directory = g_dir_make_tmp("iov-io-XXXXXX", NULL);
    dirfd_of_test = iov_io_open_dir(AT_FDCWD, directory, NULL);
    ck_assert_int_ge(dirfd_of_test, 0);
}

static void
tear_down(void)
{
    g_autoptr(GDir) entries = g_dir_open(directory, 0, NULL);

    for (const char *name = g_dir_read_name(entries); name != NULL; name = g_dir_read_name(entries))
        unlinkat(dirfd_of_test, name, 0);
    iov_io_close(&dirfd_of_test);
    g_rmdir(directory);
    g_clear_pointer(&directory, g_free);
}

static void
put(const char *name, const char *data, gsize length)
{
    g_autoptr(GError) error = NULL;

    assert_done(iov_io_replace(dirfd_of_test, name, data, length, 0600, &error), error);
}

START_TEST(reads_what_was_replaced)
{
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    struct stat status;

    put("file", "first", 5);
    put("file", "second", 6);
    g_autofree char *text = iov_io_read(dirfd_of_test, "file", 6, &length, &error);
    assert_done(text != NULL, error);
    ck_assert_str_eq(text, "second");
    ck_assert_uint_eq(length, 6);
    ck_assert_int_eq(fstatat(dirfd_of_test, "file", &status, 0), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
}
END_TEST

START_TEST(bounds_every_read)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *large = g_malloc0(8192);

    memset(large, 'x', 8192);
    put("large", large, 8192);
    assert_fails(iov_io_read(dirfd_of_test, "large", 8191, NULL, &error) != NULL, error,
                 IOV_ERROR_INVALID, "larger than 8191 bytes");
    assert_fails(iov_io_read_line(dirfd_of_test, "large", &error) != NULL, error, IOV_ERROR_INVALID,
                 "larger than");
}
END_TEST

START_TEST(a_line_is_one_line_of_text)
{
    g_autoptr(GError) error = NULL;

    put("line", "igb \n", 5);
    g_autofree char *line = iov_io_read_line(dirfd_of_test, "line", &error);
    assert_done(line != NULL, error);
    ck_assert_str_eq(line, "igb");
    put("line", "a\nb\n", 4);
    assert_fails(iov_io_read_line(dirfd_of_test, "line", &error) != NULL, error, IOV_ERROR_INVALID,
                 "more than one line");
    put("line", "a\0b", 3);
    assert_fails(iov_io_read_line(dirfd_of_test, "line", &error) != NULL, error, IOV_ERROR_INVALID,
                 "NUL");
    assert_fails(iov_io_read_line(dirfd_of_test, "absent", &error) != NULL, error,
                 IOV_ERROR_NOT_FOUND, "cannot open absent");
}
END_TEST

START_TEST(numbers_are_whole)
{
    static const struct {
        const char *text;
        gboolean good;
        guint64 value;
    } cases[] = {
        {"0", TRUE, 0},           {"7\n", TRUE, 7},
        {"0x8086", TRUE, 0x8086}, {"4096", TRUE, 4096},
        {"0x10001", FALSE, 0},    {"65537", FALSE, 0},
        {"-1", FALSE, 0},         {"7x", FALSE, 0},
        {"", FALSE, 0},           {"0x", FALSE, 0},
        {" 7", FALSE, 0},         {"+7", FALSE, 0},
        {"0x-1", FALSE, 0},       {"99999999999999999999", FALSE, 0},
        {"a", FALSE, 0},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        guint64 value = 0;

        put("number", cases[i].text, strlen(cases[i].text));
        if (cases[i].good) {
            assert_done(iov_io_read_number(dirfd_of_test, "number", 65536, &value, &error), error);
            ck_assert_uint_eq(value, cases[i].value);
        } else {
            assert_fails(iov_io_read_number(dirfd_of_test, "number", 65536, &value, &error), error,
                         IOV_ERROR_INVALID, "is not a number");
        }
    }
}
END_TEST

START_TEST(an_attribute_must_exist)
{
    g_autoptr(GError) error = NULL;

    assert_fails(iov_io_write_attribute(dirfd_of_test, "absent", "1", &error), error,
                 IOV_ERROR_NOT_FOUND, "cannot open absent");
    ck_assert(!iov_io_exists(dirfd_of_test, "absent"));
    put("present", "0", 1);
    assert_done(iov_io_write_attribute(dirfd_of_test, "present", "1", &error), error);
    g_autofree char *line = iov_io_read_line(dirfd_of_test, "present", NULL);
    ck_assert_str_eq(line, "1");
}
END_TEST

START_TEST(a_link_names_its_target)
{
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(symlinkat("../../bus/pci/drivers/igb", dirfd_of_test, "driver"), 0);
    g_autofree char *name = iov_io_read_link_name(dirfd_of_test, "driver", &error);
    assert_done(name != NULL, error);
    ck_assert_str_eq(name, "igb");
    ck_assert(!iov_io_exists(dirfd_of_test, "driver"));
}
END_TEST

START_TEST(a_fifo_does_not_hang)
{
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(mkfifoat(dirfd_of_test, "fifo", 0600), 0);
    g_autofree char *text = iov_io_read(dirfd_of_test, "fifo", 10, NULL, &error);
    assert_done(text != NULL, error);
    ck_assert_str_eq(text, "");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("io");
    TCase *tests = tcase_create("io");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, reads_what_was_replaced);
    tcase_add_test(tests, bounds_every_read);
    tcase_add_test(tests, a_line_is_one_line_of_text);
    tcase_add_test(tests, numbers_are_whole);
    tcase_add_test(tests, an_attribute_must_exist);
    tcase_add_test(tests, a_link_names_its_target);
    tcase_add_test(tests, a_fifo_does_not_hang);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
