/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bridges, and what is below them, over a tree of plain files. */
#include "iov-host.h"
#include "sysfs-tree.h"
#include "test-support.h"

#include <string.h>

static SysfsTree *tree;
static IovHost *host;

static void
set_up(void)
{
    tree = sysfs_tree_new(NULL);
    host = iov_host_linux_new(sysfs_tree_root(tree), NULL);
    ck_assert_ptr_nonnull(host);
}

static void
tear_down(void)
{
    g_clear_pointer(&host, iov_host_free);
    g_clear_pointer(&tree, sysfs_tree_free);
}

static void
add_netdev(const char *name, const char *mac)
{
    g_autofree char *path = g_strdup_printf("sys/class/net/%s/address", name);
    g_autofree char *line = g_strdup_printf("%s\n", mac);

    sysfs_tree_write(tree, path, line);
}

static void
put_below(const char *upper, const char *kind, const char *lower)
{
    g_autofree char *path = g_strdup_printf("sys/class/net/%s/%s%s", upper, kind, lower);
    g_autofree char *target = g_strdup_printf("../%s", lower);

    sysfs_tree_link(tree, path, target);
}

static int
compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
assert_uplinks(const char *bridge, const char *expected)
{
    static const char *const netdevs[] = {"enp1s0", "enp2s0", "enp9s0", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) uplinks = iov_host_list_uplinks(host, bridge, netdevs, &error);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    assert_done(uplinks != NULL, error);
    for (guint i = 0; i < uplinks->len; i++) {
        const IovUplink *uplink = uplinks->pdata[i];

        g_ptr_array_add(lines,
                        g_strdup_printf("%s %s %s", uplink->port, uplink->netdev, uplink->mac));
    }
    g_ptr_array_sort(lines, compare);
    g_ptr_array_add(lines, NULL);
    g_autofree char *text = g_strjoinv("|", (char **)lines->pdata);
    ck_assert_str_eq(text, expected);
}

START_TEST(a_bridge_leads_to_adapters)
{
    add_netdev("enp1s0", "52:54:00:01:00:01");
    add_netdev("enp2s0", "52:54:00:01:00:02");
    add_netdev("enp3s0", "52:54:00:01:00:03");
    add_netdev("vnet0", "fe:54:00:01:00:01");
    add_netdev("bond0", "52:54:00:01:00:01");
    add_netdev("bond0.42", "52:54:00:01:00:01");
    add_netdev("br0", "52:54:00:B0:00:01");
    add_netdev("br42", "52:54:00:b0:00:02");
    put_below("br0", "brif/", "enp1s0");
    put_below("br0", "brif/", "enp3s0");
    put_below("br0", "brif/", "vnet0");
    put_below("br42", "brif/", "bond0.42");
    put_below("bond0.42", "lower_", "bond0");
    put_below("bond0", "lower_", "enp1s0");
    put_below("bond0", "lower_", "enp2s0");
    assert_uplinks("br0", "enp1s0 enp1s0 52:54:00:01:00:01");
    assert_uplinks("br42", "bond0.42 enp1s0 52:54:00:01:00:01|"
                           "bond0.42 enp2s0 52:54:00:01:00:02");
    assert_uplinks("enp1s0", "");
    assert_uplinks("br9", "");
    assert_uplinks("../net/br0", "");
}
END_TEST

/* Netdevs cannot be below themselves; a foreign tree may say so all the same. */
START_TEST(a_loop_of_netdevs_ends)
{
    add_netdev("enp1s0", "52:54:00:01:00:01");
    add_netdev("br0", "52:54:00:b0:00:01");
    put_below("br0", "brif/", "enp1s0");
    put_below("enp1s0", "lower_", "enp1s0");
    assert_uplinks("br0", "enp1s0 enp1s0 52:54:00:01:00:01|enp1s0 enp1s0 52:54:00:01:00:01|"
                          "enp1s0 enp1s0 52:54:00:01:00:01");
}
END_TEST

START_TEST(a_netdev_has_a_mac)
{
    g_autoptr(GError) error = NULL;

    add_netdev("br0", "52:54:00:B0:00:01");
    add_netdev("dummy0", "00:00:00:00:00:00");
    g_autofree char *mac = iov_host_get_mac(host, "br0", &error);
    assert_done(mac != NULL, error);
    ck_assert_str_eq(mac, "52:54:00:b0:00:01");
    assert_fails(iov_host_get_mac(host, "br9", &error) != NULL, error, IOV_ERROR_NOT_FOUND, "br9");
    ck_assert_ptr_null(iov_host_get_mac(host, "dummy0", &error));
    ck_assert_ptr_nonnull(error);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("host-linux-bridge");
    TCase *tests = tcase_create("host-linux-bridge");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_bridge_leads_to_adapters);
    tcase_add_test(tests, a_loop_of_netdevs_ends);
    tcase_add_test(tests, a_netdev_has_a_mac);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
