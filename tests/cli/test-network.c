/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-command.h"
#include "libvirt.h"
#include "sysfs-tree.h"
#include "test-support.h"

#include <dlfcn.h>
#include <signal.h>
#include <string.h>

static SysfsTree *tree;
static virConnectPtr connection; /* keeps the test driver's state */

/* ---- stand-ins: the program's own functions come before those of the library ---- */

static guint changes, fail_at; /* of networks in libvirt; the one that fails, 0: none */

/* TRUE where this change is the one that fails; then libvirt has an error to show. */
static gboolean
fails_now(void)
{
    changes++;
    if (changes != fail_at)
        return FALSE;
    ck_assert_ptr_null(virNetworkCreateXML(connection, "<nonsense/>"));
    return TRUE;
}

virNetworkPtr
virNetworkDefineXML(virConnectPtr to, const char *xml)
{
    virNetworkPtr (*real)(virConnectPtr, const char *) = dlsym(RTLD_NEXT, "virNetworkDefineXML");

    return fails_now() ? NULL : real(to, xml);
}

int
virNetworkCreate(virNetworkPtr network)
{
    int (*real)(virNetworkPtr) = dlsym(RTLD_NEXT, "virNetworkCreate");

    return fails_now() ? -1 : real(network);
}

int
virNetworkDestroy(virNetworkPtr network)
{
    int (*real)(virNetworkPtr) = dlsym(RTLD_NEXT, "virNetworkDestroy");

    return fails_now() ? -1 : real(network);
}

int
virNetworkSetAutostart(virNetworkPtr network, int autostart)
{
    int (*real)(virNetworkPtr, int) = dlsym(RTLD_NEXT, "virNetworkSetAutostart");

    return fails_now() ? -1 : real(network, autostart);
}

static int
run(const char *command)
{
    g_autofree char *line = g_strdup_printf("iovpool --root %s -c test:///default -q %s",
                                            sysfs_tree_root(tree), command);
    g_auto(GStrv) words = g_strsplit(line, " ", -1);

    return cli_run((int)g_strv_length(words), words);
}

static void
set_up(void)
{
    g_autoptr(GError) error = NULL;

    tree = sysfs_tree_new(NULL);
    sysfs_tree_set_boot_id(tree, "00000000-0000-4000-8000-000000000000");
    sysfs_tree_add_igb(tree, "0000:01:00.0", "enp1s0", 4);
    sysfs_tree_add_igb(tree, "0000:05:00.0", "enp5s0", 4);
    changes = fail_at = 0;
    ck_assert_int_eq(virEventRegisterDefaultImpl(), 0);
    connection = libvirt_open("test:///default", &error);
    assert_done(connection != NULL, error);
}

static void
tear_down(void)
{
    virConnectClose(connection);
    g_clear_pointer(&tree, sysfs_tree_free);
}

static void
define_network(const char *forward)
{
    g_autofree char *xml =
        g_strdup_printf("<network><name>iovpool-fast</name>%s</network>", forward);
    g_autoptr(virNetwork) network = virNetworkDefineXML(connection, xml);

    ck_assert_ptr_nonnull(network);
}

/* The network's XML, NULL where there is none. */
static char *
network_xml(void)
{
    g_autoptr(virNetwork) network = virNetworkLookupByName(connection, "iovpool-fast");
    char *xml = network != NULL ? virNetworkGetXMLDesc(network, 0) : NULL;
    char *copy = g_strdup(xml);

    free(xml);
    return copy;
}

static void
assert_serves(gboolean first, gboolean second)
{
    g_autoptr(virNetwork) network = virNetworkLookupByName(connection, "iovpool-fast");
    g_autofree char *xml = network_xml();
    int autostart = 0;

    ck_assert_ptr_nonnull(network);
    ck_assert_int_eq(virNetworkIsActive(network), 1);
    ck_assert_int_eq(virNetworkGetAutostart(network, &autostart), 0);
    ck_assert_int_eq(autostart, 1);
    ck_assert_ptr_nonnull(strstr(xml, "mode='bridge'"));
    ck_assert_int_eq(strstr(xml, "<interface dev='enp1s0'/>") != NULL, first);
    ck_assert_int_eq(strstr(xml, "<interface dev='enp5s0'/>") != NULL, second);
}

/* What writes to a connection that broke is told so, and lives. */
START_TEST(a_broken_connection_is_no_end)
{
    ck_assert_int_eq(raise(SIGPIPE), 0);
}
END_TEST

START_TEST(start_makes_it_and_destroy_removes_it)
{
    ck_assert_int_eq(run("create fast --adapter enp1s0 --adapter enp5s0 --vfs 4"), 0);
    ck_assert_int_eq(run("start fast"), 0);
    assert_serves(TRUE, TRUE);
    ck_assert_int_eq(run("destroy fast"), 0);
    ck_assert_ptr_null(network_xml());
}
END_TEST

START_TEST(an_old_one_is_brought_up_to_date)
{
    g_autoptr(virNetwork) network = NULL;
    char before[VIR_UUID_STRING_BUFLEN], after[VIR_UUID_STRING_BUFLEN];

    define_network("<forward mode='bridge'><interface dev='enp1s0'/></forward>");
    network = virNetworkLookupByName(connection, "iovpool-fast");
    ck_assert_int_eq(virNetworkGetUUIDString(network, before), 0);
    ck_assert_int_eq(virNetworkCreate(network), 0);
    ck_assert_int_eq(run("create fast --adapter enp5s0 --vfs 4"), 0);
    ck_assert_int_eq(run("start fast"), 0);
    assert_serves(FALSE, TRUE);
    g_autoptr(virNetwork) again = virNetworkLookupByName(connection, "iovpool-fast");
    ck_assert_int_eq(virNetworkGetUUIDString(again, after), 0);
    ck_assert_str_eq(after, before);
}
END_TEST

/* "ACTIVE PERSISTENT AUTOSTART XML" of the network. */
static char *
describe_network(void)
{
    g_autoptr(virNetwork) network = virNetworkLookupByName(connection, "iovpool-fast");
    g_autofree char *xml = network_xml();
    int autostart = 0;

    ck_assert_ptr_nonnull(network);
    (void)virNetworkGetAutostart(network, &autostart);
    return g_strdup_printf("%d %d %d %s", virNetworkIsActive(network),
                           virNetworkIsPersistent(network), autostart, xml);
}

/* Each change of the update fails in turn: nothing differs afterwards. */
static void
assert_restored(void)
{
    g_autofree char *before = describe_network();
    guint failed = 0;

    for (;; failed++) {
        changes = 0;
        fail_at = failed + 1;
        int status = run("reconcile");
        fail_at = 0;
        if (status == 0)
            break;
        ck_assert_int_eq(status, 1);
        g_autofree char *after = describe_network();
        ck_assert_str_eq(after, before);
    }
    ck_assert_uint_ge(failed, 3);
    assert_serves(FALSE, TRUE);
}

static const char other_adapter[] = "<forward mode='bridge'><interface dev='enp1s0'/></forward>";

static void
start_and_remove_network(void)
{
    g_autoptr(virNetwork) network = NULL;

    ck_assert_int_eq(run("create fast --adapter enp5s0 --vfs 4"), 0);
    ck_assert_int_eq(run("start fast"), 0);
    network = virNetworkLookupByName(connection, "iovpool-fast");
    ck_assert_int_eq(virNetworkDestroy(network), 0);
    ck_assert_int_eq(virNetworkUndefine(network), 0);
}

START_TEST(a_running_one_is_restored_when_its_update_fails)
{
    start_and_remove_network();
    define_network(other_adapter);
    g_autoptr(virNetwork) network = virNetworkLookupByName(connection, "iovpool-fast");
    ck_assert_int_eq(virNetworkCreate(network), 0);
    ck_assert_int_eq(virNetworkSetAutostart(network, 1), 0);
    assert_restored();
}
END_TEST

START_TEST(a_stopped_one_is_restored_when_its_update_fails)
{
    start_and_remove_network();
    define_network(other_adapter);
    assert_restored();
}
END_TEST

START_TEST(a_transient_one_is_restored_when_its_update_fails)
{
    g_autofree char *xml =
        g_strdup_printf("<network><name>iovpool-fast</name>%s</network>", other_adapter);

    start_and_remove_network();
    g_autoptr(virNetwork) network = virNetworkCreateXML(connection, xml);
    ck_assert_ptr_nonnull(network);
    assert_restored();
}
END_TEST

START_TEST(a_new_one_that_does_not_start_leaves_nothing)
{
    start_and_remove_network();
    for (guint k = 1; k <= 3; k++) { /* define, start, autostart */
        changes = 0;
        fail_at = k;
        ck_assert_int_eq(run("reconcile"), 1);
        fail_at = 0;
        ck_assert_ptr_null(network_xml());
    }
}
END_TEST

START_TEST(one_that_is_right_is_started)
{
    define_network("<forward mode='bridge'><interface dev='enp1s0'/></forward>");
    ck_assert_int_eq(run("create fast --adapter enp1s0 --vfs 4"), 0);
    ck_assert_int_eq(run("start fast"), 0);
    assert_serves(TRUE, FALSE);
}
END_TEST

/* Another's network of that name is neither changed nor removed. */
START_TEST(a_foreign_one_is_left_alone)
{
    define_network("<forward mode='nat'/><ip address='192.0.2.1' netmask='255.255.255.0'/>");
    g_autofree char *before = network_xml();
    ck_assert_int_eq(run("create fast --adapter enp1s0 --vfs 4"), 0);
    ck_assert_int_eq(run("start fast"), 1);
    ck_assert_int_eq(run("destroy fast"), 0);
    g_autofree char *after = network_xml();
    ck_assert_str_eq(after, before);
}
END_TEST

START_TEST(reconcile_makes_a_missing_one)
{
    ck_assert_int_eq(run("create fast --adapter enp1s0 --vfs 4"), 0);
    ck_assert_int_eq(run("start fast"), 0);
    g_autoptr(virNetwork) network = virNetworkLookupByName(connection, "iovpool-fast");
    ck_assert_int_eq(virNetworkDestroy(network), 0);
    ck_assert_int_eq(virNetworkUndefine(network), 0);
    ck_assert_int_eq(run("reconcile"), 0);
    assert_serves(TRUE, FALSE);
}
END_TEST

START_TEST(another_floor_needs_none)
{
    g_autofree char *path = g_build_filename(sysfs_tree_root(tree), "pool.xml", NULL);
    g_autofree char *command = g_strdup_printf("define %s", path);

    sysfs_tree_write(tree, "pool.xml",
                     "<iovpool><name>fast</name><adapters><adapter netdev='enp1s0' vfs='4'/>"
                     "</adapters><floor type='bridge' source='br0'/></iovpool>");
    ck_assert_int_eq(run(command), 0);
    ck_assert_int_eq(run("start fast"), 0);
    ck_assert_ptr_null(network_xml());
    ck_assert_int_eq(run("destroy fast"), 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("network");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, 60); /* a busy machine, valgrind */
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, a_broken_connection_is_no_end);
    tcase_add_test(all, start_makes_it_and_destroy_removes_it);
    tcase_add_test(all, an_old_one_is_brought_up_to_date);
    tcase_add_test(all, a_running_one_is_restored_when_its_update_fails);
    tcase_add_test(all, a_stopped_one_is_restored_when_its_update_fails);
    tcase_add_test(all, a_transient_one_is_restored_when_its_update_fails);
    tcase_add_test(all, a_new_one_that_does_not_start_leaves_nothing);
    tcase_add_test(all, one_that_is_right_is_started);
    tcase_add_test(all, a_foreign_one_is_left_alone);
    tcase_add_test(all, reconcile_makes_a_missing_one);
    tcase_add_test(all, another_floor_needs_none);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
