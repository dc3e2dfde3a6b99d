/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli-command.h"
#include "fake-libvirt.h"
#include "sysfs-tree.h"
#include "test-support.h"

#include <string.h>

static SysfsTree *tree;

/* Runs iovpool; words are parted by single spaces. */
static int
run(const char *command)
{
    g_autofree char *line = g_strdup_printf("iovpool --root %s -c test:///default -q %s",
                                            sysfs_tree_root(tree), command);
    g_auto(GStrv) words = g_strsplit(line, " ", -1);

    return cli_run((int)g_strv_length(words), words);
}

static void
set_up_with(const char *machine, gboolean running)
{
    tree = sysfs_tree_new(NULL);
    sysfs_tree_set_boot_id(tree, "00000000-0000-4000-8000-000000000000");
    sysfs_tree_add_igb(tree, "0000:01:00.0", "enp1s0", 4);
    fake_set_up(machine, running);
    ck_assert_int_eq(run("create fast --adapter enp1s0 --vfs 4"), 0);
}

static void
set_up(void)
{
    set_up_with("pc-q35-7.2", FALSE);
}

static void
set_up_running(void)
{
    set_up_with("pc-q35-7.2", TRUE);
    ck_assert_int_eq(run("start fast"), 0);
}

static void
tear_down(void)
{
    fake_tear_down();
    g_clear_pointer(&tree, sysfs_tree_free);
}

#define FLOOR "//interface[@type='network'][alias/@name='ua-iov-net0']"
#define PORT "//controller[@model='pcie-root-port'][alias/@name='ua-iov-net0-port']"
#define METADATA "/domain/metadata/iov:requests/iov:request[@name='net0'][@pool='fast']"

START_TEST(a_request_is_metadata_floor_and_port)
{
    ck_assert_int_eq(run("request vm1 --pool fast --name net0 --mac 52:54:00:AA:BB:CC "
                         "--rate-max 500 --priority -3 --required"),
                     0);
    ck_assert_uint_eq(fake_count(FALSE, METADATA "[@mac='52:54:00:aa:bb:cc'][@required='yes']"
                                                 "[@priority='-3']"
                                                 "[iov:rate/@max='500']"),
                      1);
    ck_assert_uint_eq(fake_count(FALSE, FLOOR "[source/@network='iovpool-fast']"
                                              "[mac/@address='52:54:00:aa:bb:cc']"
                                              "[teaming/@type='persistent']"),
                      1);
    ck_assert_uint_eq(fake_count(FALSE, PORT "[@index='3']"), 1);
}
END_TEST

START_TEST(a_vlan_has_a_floor_of_its_own)
{
    ck_assert_int_eq(run("request vm1 --pool fast --name net0 --vlan 42"), 1);
    ck_assert_uint_eq(fake_count(FALSE, METADATA "|" FLOOR "|" PORT), 0);
    ck_assert_int_eq(run("request vm1 --pool fast --name net0 --vlan 42 --floor network:office"),
                     0);
    ck_assert_uint_eq(fake_count(FALSE, METADATA "[iov:vlan/@id='42']"), 1);
    ck_assert_uint_eq(fake_count(FALSE, FLOOR "[source/@network='office']"), 1);
}
END_TEST

START_TEST(unrequest_takes_out_exactly_that)
{
    g_autofree char *before = fake_xml(FALSE);

    ck_assert_int_eq(run("request vm1 --pool fast --name net0"), 0);
    ck_assert_int_eq(run("request vm1 --pool fast --name net1"), 0);
    ck_assert_uint_eq(fake_count(FALSE, "//controller[alias/@name='ua-iov-net1-port']"), 1);
    ck_assert_int_eq(run("unrequest vm1 net0"), 0);
    ck_assert_uint_eq(fake_count(FALSE, METADATA "|" FLOOR "|" PORT), 0);
    ck_assert_uint_eq(fake_count(FALSE, "//*[alias[starts-with(@name, 'ua-iov-net1')]]"), 2);
    ck_assert_int_eq(run("unrequest vm1 net1"), 0);
    g_autofree char *after = fake_xml(FALSE);
    ck_assert_str_eq(after, before);
}
END_TEST

/* Each step fails in turn; what was done before it is undone. */
START_TEST(a_failed_request_leaves_nothing)
{
    guint steps = 0;

    for (gboolean done = FALSE; !done; steps++) {
        g_autofree char *before = fake_xml(FALSE);
        fake.effects = 0;
        fake.fail_at = steps + 1;
        done = run("request vm1 --pool fast --name net0") == 0;
        g_autofree char *after = fake_xml(FALSE);
        if (!done)
            ck_assert_str_eq(after, before);
    }
    ck_assert_uint_eq(steps, 4); /* metadata, floor and port failed, then it went through */
}
END_TEST

START_TEST(an_interrupted_unrequest_can_be_repeated)
{
    g_autofree char *before = fake_xml(FALSE);

    for (guint fail_at = 1; fail_at <= 3; fail_at++) {
        fake.fail_at = 0;
        ck_assert_int_eq(run("request vm1 --pool fast --name net0"), 0);
        fake.effects = 0;
        fake.fail_at = fail_at;
        ck_assert_int_eq(run("unrequest vm1 net0"), 1);
        ck_assert_int_eq(run("unrequest vm1 net0"), 0);
        g_autofree char *after = fake_xml(FALSE);
        ck_assert_str_eq(after, before);
    }
}
END_TEST

START_TEST(what_cannot_be_is_refused)
{
    fake_add("/domain/devices",
             "<interface type='bridge'><alias name='ua-iov-taken'/></interface>");
    g_autofree char *before = fake_xml(FALSE);

    ck_assert_int_eq(run("request vm1 --pool fast --name taken"), 1);
    ck_assert_int_eq(run("request vm1 --pool nothing --name net0"), 1);
    ck_assert_int_eq(run("request vm1 --pool fast --name net0 --live"), 1);
    ck_assert_int_eq(run("request vm1 --pool fast --name net0 --mac 03:00:00:00:00:01"), 1);
    fake.persistent = FALSE;
    ck_assert_int_eq(run("request vm1 --pool fast --name net0 --config"), 1);
    fake.persistent = TRUE;
    g_autofree char *after = fake_xml(FALSE);
    ck_assert_str_eq(after, before);

    ck_assert_int_eq(run("request vm1 --pool fast --name net0 --mac 52:54:00:00:00:01"), 0);
    ck_assert_int_eq(run("request vm1 --pool fast --name net0"), 1);
    ck_assert_int_eq(run("request vm1 --pool fast --name net1 --mac 52:54:00:00:00:01"), 1);
    ck_assert_uint_eq(fake_count(FALSE, "//iov:request"), 1);
}
END_TEST

START_TEST(a_machine_without_pcie_gets_no_port)
{
    fake_tear_down();
    fake_set_up("pc-i440fx-7.2", FALSE);
    ck_assert_int_eq(run("request vm1 --pool fast --name net0"), 0);
    ck_assert_uint_eq(fake_count(FALSE, METADATA), 1);
    ck_assert_uint_eq(fake_count(FALSE, FLOOR), 1);
    ck_assert_uint_eq(fake_count(FALSE, FLOOR "/teaming"), 0);
    ck_assert_uint_eq(fake_count(FALSE, PORT), 0);
}
END_TEST

START_TEST(a_floor_is_as_asked)
{
    ck_assert_int_eq(run("request vm1 --pool fast --name net0 --floor none"), 0);
    ck_assert_uint_eq(fake_count(FALSE, "//interface"), 0);
    ck_assert_uint_eq(fake_count(FALSE, PORT), 1);
    ck_assert_int_eq(run("request vm1 --pool fast --name net1 --floor bridge:br0 --model e1000e"),
                     0);
    ck_assert_uint_eq(fake_count(FALSE, "//interface[@type='bridge'][source/@bridge='br0']"
                                        "[model/@type='e1000e'][not(teaming)]"),
                      1);
}
END_TEST

/* Other devices have metadata and a port, and neither floor nor MAC. */
START_TEST(a_drive_has_no_floor)
{
    const SysfsDevice drive = {
        .address = "0000:09:00.0",
        .vendor = 0x1b36,
        .device = 0x0010,
        .class_code = 0x010802,
        .driver = "nvme",
        .total_vfs = 4,
        .num_vfs = 2,
        .autoprobe_off = TRUE,
        .vf_driver = "vfio-pci",
    };

    sysfs_tree_add(tree, &drive);
    ck_assert_int_eq(run("create drives --adapter 0000:09:00.0 --vfs 2"), 0);
    ck_assert_int_eq(run("request vm1 --pool drives --name d0 --mac 52:54:00:00:00:01"), 1);
    ck_assert_int_eq(run("request vm1 --pool drives --name d0 --floor bridge:br0"), 1);
    ck_assert_int_eq(run("request vm1 --pool drives --name d0 --model virtio"), 1);
    ck_assert_uint_eq(fake.effects, 0);
    ck_assert_int_eq(run("request vm1 --pool drives --name d0"), 0);
    ck_assert_uint_eq(fake_count(FALSE, "//iov:request[@name='d0'][not(@mac)]"), 1);
    ck_assert_uint_eq(fake_count(FALSE, "//interface"), 0);
    ck_assert_uint_eq(fake_count(FALSE, "//controller[alias/@name='ua-iov-d0-port']"), 1);
}
END_TEST

START_TEST(a_running_domain_is_changed_by_default)
{
    g_autofree char *config = fake_xml(FALSE);
    g_autofree char *live = fake_xml(TRUE);

    ck_assert_int_eq(run("request vm1 --pool fast --name net0"), 0);
    g_autofree char *same = fake_xml(FALSE);
    ck_assert_str_eq(same, config);
    ck_assert_uint_eq(fake_count(TRUE, METADATA), 1);
    ck_assert_uint_eq(fake_count(TRUE, FLOOR), 1);
    ck_assert_uint_eq(fake_count(TRUE, PORT), 0);
    ck_assert_int_eq(run("status vm1"), 0);

    ck_assert_int_eq(run("unrequest vm1 net0"), 0);
    g_autofree char *after = fake_xml(TRUE);
    ck_assert_str_eq(after, live);
    ck_assert_int_eq(run("status vm1"), 1);
}
END_TEST

/* Both or none, also where it is the second that fails. */
START_TEST(live_and_config_go_together)
{
    g_autofree char *config = fake_xml(FALSE);
    g_autofree char *live = fake_xml(TRUE);
    guint steps = 0;

    for (gboolean done = FALSE; !done; steps++) {
        fake.effects = 0;
        fake.fail_at = steps + 1;
        done = run("request vm1 --pool fast --name net0 --live --config") == 0;
        g_autofree char *config_after = fake_xml(FALSE);
        g_autofree char *live_after = fake_xml(TRUE);
        if (done)
            break;
        ck_assert_str_eq(config_after, config);
        ck_assert_str_eq(live_after, live);
    }
    ck_assert_uint_eq(steps, 5); /* metadata, floor, port; metadata, floor */
    ck_assert_uint_eq(fake_count(FALSE, METADATA), 1);
    ck_assert_uint_eq(fake_count(TRUE, METADATA), 1);
}
END_TEST

START_TEST(a_stopped_pool_takes_no_live_request)
{
    g_autofree char *live = fake_xml(TRUE);

    ck_assert_int_eq(run("destroy fast"), 0);
    ck_assert_int_eq(run("request vm1 --pool fast --name net0"), 1);
    ck_assert_uint_eq(fake.effects, 0);
    g_autofree char *after = fake_xml(TRUE);
    ck_assert_str_eq(after, live);
}
END_TEST

static TCase *
make_case(const char *name, void (*up)(void))
{
    TCase *tcase = tcase_create(name);

    tcase_set_timeout(tcase, 60); /* a busy machine, valgrind */
    tcase_add_checked_fixture(tcase, up, tear_down);
    return tcase;
}

int
main(void)
{
    Suite *suite = suite_create("request-edit");
    TCase *stopped = make_case("stopped", set_up);
    TCase *running = make_case("running", set_up_running);

    tcase_add_test(stopped, a_request_is_metadata_floor_and_port);
    tcase_add_test(stopped, a_vlan_has_a_floor_of_its_own);
    tcase_add_test(stopped, unrequest_takes_out_exactly_that);
    tcase_add_test(stopped, a_failed_request_leaves_nothing);
    tcase_add_test(stopped, an_interrupted_unrequest_can_be_repeated);
    tcase_add_test(stopped, what_cannot_be_is_refused);
    tcase_add_test(stopped, a_machine_without_pcie_gets_no_port);
    tcase_add_test(stopped, a_floor_is_as_asked);
    tcase_add_test(stopped, a_drive_has_no_floor);
    tcase_add_test(running, a_running_domain_is_changed_by_default);
    tcase_add_test(running, live_and_config_go_together);
    tcase_add_test(running, a_stopped_pool_takes_no_live_request);
    suite_add_tcase(suite, stopped);
    suite_add_tcase(suite, running);
    return run_suite(suite);
}
