/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The record of a started pool: as text, and as a file that others may have tampered with. */
#include "iov-record.h"
#include "test-support.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOT "3c2f1f54-0a6f-4a5e-9a59-2c5c8c7f0001"
#define OTHER_BOOT "3c2f1f54-0a6f-4a5e-9a59-2c5c8c7f0002"

static char *run_dir;

static void
set_up(void)
{
    run_dir = g_dir_make_tmp("iov-record-XXXXXX", NULL);
    ck_assert_ptr_nonnull(run_dir);
}

static char *
path_of(const char *name)
{
    return g_build_filename(run_dir, "pools", name, NULL);
}

static void
tear_down(void)
{
    static const char *const names[] = {"fast.xml", "slow.xml", "aside", ""};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = path_of(names[i]);

        g_remove(path);
    }
    g_rmdir(run_dir);
    g_clear_pointer(&run_dir, g_free);
}

static IovPool *
make_pool(const char *name)
{
    g_autofree char *xml = g_strdup_printf(
        "<iovpool><name>%s</name><uuid>11111111-2222-4333-8444-555555555555</uuid><adapters>"
        "<adapter netdev='enp1s0' vfs='2'/></adapters><reclaim>yes</reclaim></iovpool>",
        name);
    g_autoptr(GError) error = NULL;
    IovPool *pool = iov_pool_parse(xml, strlen(xml), "test", &error);

    assert_done(pool != NULL, error);
    return pool;
}

static void
add_function(IovRecord *record, const char *adapter, const char *address, guint index,
             const char *driver, const char *mac)
{
    g_autoptr(IovLease) function = iov_lease_new();

    function->function = g_strdup(address);
    function->adapter = g_strdup(adapter);
    function->index = index;
    function->iommu_group = (int)index - 1;
    function->had_driver = g_strdup(driver);
    function->had_mac = g_strdup(mac);
    iov_record_add_function(record, function);
}

static IovRecord *
make_record(const char *name)
{
    g_autoptr(IovPool) pool = make_pool(name);
    IovRecord *record = iov_record_new(pool);
    IovLedgerAdapter first = {.address = (char *)"0000:01:00.0",
                              .netdev = (char *)"enp1s0",
                              .numa_node = 1,
                              .had_num_vfs = 2,
                              .had_autoprobe = TRUE};
    IovLedgerAdapter second = {
        .address = (char *)"0000:02:00.0", .numa_node = -1, .had_link_up = TRUE};

    record->is_complete = TRUE;
    iov_record_add_adapter(record, &first);
    add_function(record, first.address, "0000:01:10.0", 0, "igbvf", "02:00:00:00:00:01");
    add_function(record, first.address, "0000:01:10.2", 1, NULL, "");
    iov_record_add_adapter(record, &second);
    add_function(record, second.address, "0000:02:10.0", 0, "vfio-pci", NULL);
    return record;
}

static const char whole[] =
    "<started boot=\"" BOOT "\" complete=\"yes\">\n"
    "  <iovpool>\n"
    "    <name>fast</name>\n"
    "    <uuid>11111111-2222-4333-8444-555555555555</uuid>\n"
    "    <adapters>\n"
    "      <adapter netdev=\"enp1s0\" vfs=\"2\"/>\n"
    "    </adapters>\n"
    "    <reclaim>yes</reclaim>\n"
    "  </iovpool>\n"
    "  <adapter address=\"0000:01:00.0\" netdev=\"enp1s0\" numa=\"1\" vfs=\"2\" autoprobe=\"yes\" "
    "up=\"no\">\n"
    "    <function address=\"0000:01:10.0\" index=\"0\" driver=\"igbvf\" "
    "mac=\"02:00:00:00:00:01\"/>\n"
    "    <function address=\"0000:01:10.2\" index=\"1\" group=\"0\" mac=\"none\"/>\n"
    "  </adapter>\n"
    "  <adapter address=\"0000:02:00.0\" vfs=\"0\" autoprobe=\"no\" up=\"yes\">\n"
    "    <function address=\"0000:02:10.0\" index=\"0\" driver=\"vfio-pci\"/>\n"
    "  </adapter>\n"
    "</started>\n";

START_TEST(a_record_is_written_and_read)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovRecord) record = make_record("fast");
    g_autofree char *xml = iov_record_to_xml(record, BOOT);
    g_autofree char *boot = NULL;

    ck_assert_str_eq(xml, whole);
    g_autoptr(IovRecord) again = iov_record_parse(xml, strlen(xml), "test", &boot, &error);
    assert_done(again != NULL, error);
    ck_assert_str_eq(boot, BOOT);
    ck_assert(again->is_complete);
    ck_assert_uint_eq(again->adapters->len, 2);
    ck_assert_uint_eq(again->functions->len, 3);
    const IovLease *bare = g_ptr_array_index(again->functions, 1);
    ck_assert_ptr_null(bare->had_driver);
    ck_assert_pstr_eq(bare->had_mac, "");
    ck_assert_int_eq(bare->iommu_group, 0);
    ck_assert_str_eq(bare->adapter, "0000:01:00.0");
    ck_assert_int_eq(((const IovLease *)g_ptr_array_index(again->functions, 0))->iommu_group, -1);
    ck_assert_int_eq(((IovLedgerAdapter *)g_ptr_array_index(again->adapters, 1))->numa_node, -1);
    g_autofree char *xml_again = iov_record_to_xml(again, boot);
    ck_assert_str_eq(xml_again, whole);
}
END_TEST

/* What could not be read again is left out, so that the rest can be. */
START_TEST(names_that_are_none_are_left_out)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovRecord) record = make_record("fast");
    g_autofree char *boot = NULL;

    add_function(record, "0000:01:00.0", "0000:01:10.4", 2, "a b", "ff:ff:ff:ff:ff:ff");
    add_function(record, "0000:01:00.0", "0000:01:10.6", 3, "\xff\x01/", "no MAC");
    g_autofree char *xml = iov_record_to_xml(record, BOOT);
    g_autoptr(IovRecord) again = iov_record_parse(xml, strlen(xml), "test", &boot, &error);
    assert_done(again != NULL, error);
    ck_assert_uint_eq(again->functions->len, 5);
    for (guint i = 2; i < 4; i++) {
        const IovLease *function = g_ptr_array_index(again->functions, i);

        ck_assert_ptr_null(function->had_driver);
        ck_assert_ptr_null(function->had_mac);
    }
}
END_TEST

/* @old in the whole record becomes @new. */
static const struct {
    const char *old, *new, *message;
} refusals[] = {
    {"<started boot=", "<!DOCTYPE started><started boot=", "a DOCTYPE is not allowed"},
    {"complete=\"yes\"", "", "<started> lacks the attribute 'complete'"},
    {"complete=\"yes\"", "complete=\"maybe\"", "'maybe' is neither yes nor no"},
    {"boot=\"" BOOT "\"", "boot=\"\"", "'' is no name of the kernel's"},
    {"<started", "<started since=\"1\"", "unknown attribute 'since'"},
    {"  <iovpool>", "  <more/><iovpool>", "unknown element <more>"},
    {"<name>fast</name>", "<name>../fast</name>", "'../fast' is not a name"},
    {"<name>fast</name>", "", "<iovpool> lacks the element <name>"},
    {"vfs=\"2\" autoprobe", "vfs=\"65536\" autoprobe", "'65536' is not a number from 0 to 65535"},
    {"vfs=\"2\" autoprobe", "vfs=\"-1\" autoprobe", "'-1' is not a number"},
    {"address=\"0000:02:00.0\"", "address=\"../../etc\"", "attribute 'address' of <adapter>"},
    {"address=\"0000:02:00.0\"", "address=\"0000:01:00.0\"", "0000:01:00.0 stands there twice"},
    {"address=\"0000:02:10.0\"", "address=\"0000:01:10.0\"", "0000:01:10.0 stands there twice"},
    {"address=\"0000:02:10.0\"", "address=\"0000:01:00.0\"", "0000:01:00.0 stands there twice"},
    {"index=\"1\"", "index=\"0\"", "VF 0 of 0000:01:00.0 stands there twice"},
    {"index=\"1\"", "", "<function> lacks the attribute 'index'"},
    {"group=\"0\"", "group=\"4294967296\"", "'4294967296' is not a number"},
    {"driver=\"igbvf\"", "driver=\"../igbvf\"", "'../igbvf' is no name of the kernel's"},
    {"mac=\"none\"", "mac=\"01:00:5e:00:00:01\"", "attribute 'mac' of <function>"},
    {"netdev=\"enp1s0\" numa", "netdev=\"a/b\" numa", "'a/b' is no name of the kernel's"},
};

START_TEST(what_is_no_record_is_refused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *boot = NULL;
    g_auto(GStrv) parts = g_strsplit(whole, refusals[_i].old, 2);
    g_autofree char *xml = g_strjoinv(refusals[_i].new, parts);

    ck_assert_uint_eq(g_strv_length(parts), 2);
    assert_fails(iov_record_parse(xml, strlen(xml), "test", &boot, &error) != NULL, error,
                 IOV_ERROR_INVALID, refusals[_i].message);
    ck_assert_ptr_null(boot);
}
END_TEST

static void
save(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovRecord) record = make_record(name);

    assert_done(iov_record_save(record, run_dir, BOOT, &error), error);
}

static void
assert_loads(const char *boot, gboolean there)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovRecord) record = iov_record_load(run_dir, boot, "fast", &error);

    assert_done(error == NULL, error);
    ck_assert_int_eq(record != NULL, there);
}

static void
assert_load_fails(IovError code, const char *message)
{
    g_autoptr(GError) error = NULL;

    assert_fails(iov_record_load(run_dir, BOOT, "fast", &error) != NULL, error, code, message);
}

START_TEST(a_record_is_of_one_boot)
{
    assert_loads(BOOT, FALSE);
    save("fast");
    assert_loads(BOOT, TRUE);
    assert_loads(OTHER_BOOT, FALSE);
}
END_TEST

START_TEST(records_are_listed_and_removed)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *stray = path_of("aside");
    g_auto(GStrv) none = iov_record_list(run_dir, &error);

    assert_done(none != NULL, error);
    ck_assert_ptr_null(none[0]);
    save("slow");
    save("fast");
    ck_assert(g_file_set_contents(stray, "", 0, NULL));
    g_auto(GStrv) both = iov_record_list(run_dir, &error);
    assert_done(both != NULL, error);
    ck_assert_uint_eq(g_strv_length(both), 2);
    ck_assert_str_eq(both[0], "fast");
    assert_done(iov_record_remove(run_dir, "fast", &error), error);
    assert_done(iov_record_remove(run_dir, "fast", &error), error);
    assert_loads(BOOT, FALSE);
    assert_fails(iov_record_remove(run_dir, "../slow", &error), error, IOV_ERROR_INVALID,
                 "is not a name");
}
END_TEST

START_TEST(a_record_is_its_owners_alone)
{
    g_autofree char *file = path_of("fast.xml");
    g_autofree char *aside = path_of("aside");
    g_autofree char *directory = path_of("");
    struct stat status;

    save("fast");
    ck_assert_int_eq(stat(file, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    ck_assert_int_eq(stat(directory, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0700);
    ck_assert_int_eq(g_chmod(file, 0622), 0);
    assert_load_fails(IOV_ERROR_PERMISSION, "others may write to it");
    ck_assert_int_eq(g_rename(file, aside), 0);
    ck_assert_int_eq(symlink("aside", file), 0);
    assert_load_fails(IOV_ERROR_PERMISSION, "it is not a regular file");
    ck_assert_int_eq(g_unlink(file), 0);
    save("fast");
    ck_assert_int_eq(g_chmod(directory, 0777), 0);
    assert_load_fails(IOV_ERROR_PERMISSION, "others may write to it");
    ck_assert_int_eq(g_chmod(directory, 0700), 0);
    assert_loads(BOOT, TRUE);
}
END_TEST

START_TEST(a_record_names_its_pool)
{
    g_autofree char *fast = path_of("fast.xml");
    g_autofree char *slow = path_of("slow.xml");

    save("slow");
    ck_assert_int_eq(g_rename(slow, fast), 0);
    assert_load_fails(IOV_ERROR_INVALID, "is of pool 'slow'");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("record");
    TCase *text = tcase_create("text");
    TCase *files = tcase_create("files");

    tcase_add_test(text, a_record_is_written_and_read);
    tcase_add_test(text, names_that_are_none_are_left_out);
    tcase_add_loop_test(text, what_is_no_record_is_refused, 0, G_N_ELEMENTS(refusals));
    suite_add_tcase(suite, text);
    tcase_add_checked_fixture(files, set_up, tear_down);
    tcase_add_test(files, a_record_is_of_one_boot);
    tcase_add_test(files, records_are_listed_and_removed);
    tcase_add_test(files, a_record_is_its_owners_alone);
    tcase_add_test(files, a_record_names_its_pool);
    suite_add_tcase(suite, files);
    return run_suite(suite);
}
