/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is found in a domain's XML, and what it is in the way of. */
#include "iov-domain-device.h"
#include "iov-domain-private.h"
#include "test-support.h"

#include <string.h>

#define UUID "11111111-2222-4333-8444-555555555555"
#define SOURCE                                                                                     \
    "<source><address type='pci' domain='0x0000' bus='0x01' slot='0x10' function='0x0'/></source>"

static IovConstraintDomain running = {.name = "vm1", .uuid = UUID, .is_active = TRUE};

/* "DEVICE OPERATION RULING CODE: HELP", a line each. */
static char *
judge(const IovConstraintDomain *domain, GPtrArray *devices)
{
    g_autoptr(GPtrArray) constraints = iov_constraint_judge(domain, devices);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < constraints->len; i++) {
        const IovConstraint *constraint = constraints->pdata[i];

        ck_assert_str_ne(iov_constraint_get_reason(constraint), "");
        ck_assert_msg(strpbrk(iov_constraint_get_help(constraint), "{}\n") == NULL,
                      "not filled in: '%s'", iov_constraint_get_help(constraint));
        g_string_append_printf(text, "%s %s %s %s: %s\n", iov_constraint_get_device(constraint),
                               iov_operation_to_string(iov_constraint_get_operation(constraint)),
                               iov_ruling_to_string(iov_constraint_get_ruling(constraint)),
                               iov_obstacle_to_string(iov_constraint_get_obstacle(constraint)),
                               iov_constraint_get_help(constraint));
    }
    return g_string_free(text, FALSE);
}

static void
assert_judged(const IovConstraintDomain *domain, GPtrArray *devices, const char *expected)
{
    g_autofree char *text = judge(domain, devices);

    ck_assert_str_eq(text, expected);
}

static GPtrArray *
no_devices(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)iov_constraint_device_free);
}

/* A function of request net0. (transfer none) */
static IovConstraintDevice *
add_function(GPtrArray *devices, IovMigration migration, gboolean teaming)
{
    IovConstraintDevice *device =
        iov_constraint_device_new(g_strdup("net0"), "ua-iov-net0-vf", IOV_OBSTACLE_STATIC);

    device->is_function = TRUE;
    device->address = g_strdup("0000:01:10.0");
    device->request = g_strdup("net0");
    device->migration = migration;
    device->is_teaming = teaming;
    g_ptr_array_add(devices, device);
    return device;
}

/* A PCI device that the admin wrote. (transfer none) */
static IovConstraintDevice *
add_static(GPtrArray *devices, const char *alias)
{
    IovConstraintDevice *device =
        iov_constraint_device_new(g_strdup("own"), alias, IOV_OBSTACLE_STATIC);

    device->is_function = TRUE;
    device->address = g_strdup("0000:01:10.0");
    g_ptr_array_add(devices, device);
    return device;
}

START_TEST(a_pair_migrates_and_hangs_where_the_guest_is_paused)
{
    g_autoptr(GPtrArray) devices = no_devices();

    add_function(devices, IOV_MIGRATION_FAILOVER, TRUE);
    assert_judged(&running, devices,
                  "net0 migrate-paused hangs failover: `virsh resume vm1` first\n"
                  "net0 save hangs failover: `iovpool save vm1 FILE`\n"
                  "net0 managed-save hangs failover: `iovpool managedsave vm1`\n"
                  "net0 memory-snapshot hangs failover: `iovpool detach vm1 net0` before, "
                  "`iovpool attach vm1 net0` after it\n"
                  "net0 memory-overcommit forbidden pinned-memory: `iovpool detach vm1 net0`\n");
}
END_TEST

START_TEST(a_swapped_function_goes_by_iovpool)
{
    g_autoptr(GPtrArray) devices = no_devices();

    add_function(devices, IOV_MIGRATION_REPLUG, FALSE);
    assert_judged(&running, devices,
                  "net0 migrate by-iovpool replug: `iovpool migrate vm1 URI`\n"
                  "net0 save by-iovpool replug: `iovpool save vm1 FILE`\n"
                  "net0 managed-save by-iovpool replug: `iovpool managedsave vm1`\n"
                  "net0 memory-snapshot forbidden replug: `iovpool detach vm1 net0` before, "
                  "`iovpool attach vm1 net0` after it\n"
                  "net0 memory-overcommit forbidden pinned-memory: `iovpool detach vm1 net0`\n");
}
END_TEST

START_TEST(block_forbids_migration_alone)
{
    g_autoptr(GPtrArray) devices = no_devices();
    g_autofree char *text = NULL;

    add_function(devices, IOV_MIGRATION_BLOCK, FALSE);
    text = judge(&running, devices);
    ck_assert_msg(g_str_has_prefix(text, "net0 migrate forbidden block: `iovpool detach vm1 net0` "
                                         "first\nnet0 save by-iovpool replug: "),
                  "%s", text);
    ck_assert_ptr_null(strstr(text, "iovpool migrate"));
}
END_TEST

/* It was lifted as a pair before its mode was changed: policy and device each have their say. */
START_TEST(block_forbids_a_pair_too)
{
    g_autoptr(GPtrArray) devices = no_devices();
    g_autofree char *text = NULL;

    add_function(devices, IOV_MIGRATION_BLOCK, TRUE);
    text = judge(&running, devices);
    ck_assert_msg(g_str_has_prefix(text, "net0 migrate forbidden block: `iovpool detach vm1 net0` "
                                         "first\nnet0 save hangs failover: "),
                  "%s", text);
}
END_TEST

START_TEST(a_paused_guest_gives_nothing_back)
{
    const IovConstraintDomain paused = {
        .name = "vm1", .uuid = UUID, .is_active = TRUE, .is_paused = TRUE};
    g_autoptr(GPtrArray) pair = no_devices();
    g_autoptr(GPtrArray) swapped = no_devices();
    g_autofree char *text = NULL;

    add_function(pair, IOV_MIGRATION_FAILOVER, TRUE);
    add_function(swapped, IOV_MIGRATION_REPLUG, FALSE);
    text = judge(&paused, pair);
    ck_assert_msg(g_str_has_prefix(text, "net0 migrate hangs failover: `virsh resume vm1` first\n"
                                         "net0 save hangs failover: `virsh resume vm1` first, "
                                         "then `iovpool save vm1 FILE`\n"),
                  "%s", text);
    g_free(g_steal_pointer(&text));
    text = judge(&paused, swapped);
    ck_assert_msg(g_str_has_prefix(text, "net0 migrate forbidden replug: `virsh resume vm1` first, "
                                         "then `iovpool migrate vm1 URI`\n"),
                  "%s", text);
    ck_assert_ptr_null(strstr(text, "by-iovpool"));
}
END_TEST

START_TEST(a_device_of_the_admins_is_to_be_taken_out)
{
    const IovConstraintDomain off = {.name = "vm1", .uuid = UUID};
    g_autoptr(GPtrArray) devices = no_devices();
    g_autofree char *text = NULL;

    add_static(devices, "hostdev0")->pool = g_strdup("fast");
    text = judge(&running, devices);
    ck_assert_msg(g_str_has_prefix(text, "own migrate forbidden static: `virsh detach-device-alias "
                                         "vm1 hostdev0`, and `iovpool request vm1 --pool fast "
                                         "--name NAME` in its place\n"),
                  "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "own memory-snapshot forbidden static: "));
    g_free(g_steal_pointer(&text));
    text = judge(&off, devices);
    ck_assert_ptr_nonnull(strstr(text, "`virsh detach-device-alias vm1 hostdev0 --config`"));
}
END_TEST

START_TEST(an_admins_pair_migrates)
{
    g_autoptr(GPtrArray) devices = no_devices();

    add_static(devices, NULL)->is_teaming = TRUE;
    assert_judged(&running, devices,
                  "own migrate-paused hangs static-failover: `virsh resume vm1` first\n"
                  "own save hangs static-failover: `virsh edit vm1`: without it\n"
                  "own managed-save hangs static-failover: `virsh edit vm1`: without it\n"
                  "own memory-snapshot hangs static-failover: `virsh edit vm1`: without it\n"
                  "own memory-overcommit forbidden pinned-memory: `virsh edit vm1`: without it\n");
}
END_TEST

START_TEST(a_driver_that_saves_leaves_only_the_memory)
{
    g_autoptr(GPtrArray) own = no_devices();
    g_autoptr(GPtrArray) blocked = no_devices();
    g_autofree char *text = NULL;

    add_static(own, NULL)->is_migratable = TRUE;
    assert_judged(&running, own,
                  "own memory-overcommit forbidden pinned-memory: `virsh edit vm1`: without it\n");
    add_function(blocked, IOV_MIGRATION_BLOCK, FALSE)->is_migratable = TRUE;
    text = judge(&running, blocked);
    ck_assert_ptr_nonnull(strstr(text, "migrate forbidden block"));
    ck_assert_ptr_null(strstr(text, "save"));
}
END_TEST

START_TEST(no_name_breaks_out_of_a_command)
{
    const IovConstraintDomain hostile = {.name = "vm;reboot", .uuid = UUID, .is_active = TRUE};
    g_autoptr(GPtrArray) devices = no_devices();
    g_autofree char *text = NULL;

    add_static(devices, "$(reboot)")->pool = g_strdup("a b");
    text = judge(&hostile, devices);
    ck_assert_msg(
        g_str_has_prefix(text, "own migrate forbidden static: `virsh edit " UUID "`: without it\n"),
        "%s", text);
    ck_assert_ptr_null(strstr(text, "reboot"));
}
END_TEST

START_TEST(only_migration_counts_as_migration)
{
    g_autoptr(GPtrArray) devices = no_devices();

    for (IovMigration mode = IOV_MIGRATION_FAILOVER; mode <= IOV_MIGRATION_BLOCK; mode++) {
        g_autoptr(GPtrArray) constraints = NULL;
        guint count = 0;

        g_ptr_array_set_size(devices, 0);
        add_function(devices, mode, mode == IOV_MIGRATION_FAILOVER);
        constraints = iov_constraint_judge(&running, devices);
        for (guint i = 0; i < constraints->len; i++)
            count += iov_constraint_forbids_migration(constraints->pdata[i]) ? 1 : 0;
        ck_assert_uint_eq(count, mode == IOV_MIGRATION_BLOCK ? 1 : 0);
    }
}
END_TEST

/* ---- what is read ---- */

/* "NAME, alias ALIAS: CODE", "NAME ADDRESS, alias ALIAS: function of REQUEST"; a line each. */
static char *
read_domain(const char *more, const char *devices)
{
    g_autofree char *xml = g_strdup_printf(
        "<domain type='kvm'><name>vm1</name><uuid>" UUID "</uuid><metadata>"
        "<iov:requests xmlns:iov='" IOV_REQUEST_NAMESPACE "'><iov:request name='net0' pool='fast' "
        "mac='52:54:00:00:00:01'/></iov:requests></metadata>%s<devices>%s</devices></domain>",
        more, devices);
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) domain = iov_domain_parse(xml, strlen(xml), &error);
    g_autoptr(GPtrArray) found = NULL;
    GString *text = g_string_new(NULL);

    assert_done(domain != NULL, error);
    found = iov_domain_read_devices(domain, xml, strlen(xml), &error);
    assert_done(found != NULL, error);
    for (guint i = 0; i < found->len; i++) {
        const IovConstraintDevice *device = found->pdata[i];

        g_string_append_printf(
            text, "%s, %s: %s%s%s\n", device->name, device->alias != NULL ? device->alias : "-",
            device->is_function ? "function of " : iov_obstacle_to_string(device->obstacle),
            !device->is_function      ? ""
            : device->request != NULL ? device->request
                                      : "nobody",
            device->is_teaming    ? ", a pair"
            : device->pins_memory ? ", pins"
                                  : "");
    }
    return g_string_free(text, FALSE);
}

static void
assert_read(const char *more, const char *devices, const char *expected)
{
    g_autofree char *text = read_domain(more, devices);

    ck_assert_str_eq(text, expected);
}

START_TEST(functions_are_ours_or_not)
{
    assert_read("",
                "<interface type='hostdev'>" SOURCE "<teaming type='transient' "
                "persistent='ua-iov-net0'/><alias name='ua-iov-net0-vf'/></interface>"
                "<hostdev mode='subsystem' type='pci'>" SOURCE "<alias name='hostdev0'/></hostdev>"
                "<hostdev mode='subsystem' type='pci'>" SOURCE
                "<teaming type='transient' persistent='ua-x'/></hostdev>"
                "<hostdev mode='subsystem' type='pci'>" SOURCE
                "<alias name='ua-iov-net9-vf'/></hostdev>",
                "net0's function 0000:01:10.0, ua-iov-net0-vf: function of net0, a pair\n"
                "hostdev 0000:01:10.0, hostdev0: function of nobody\n"
                "hostdev 0000:01:10.0, -: function of nobody, a pair\n"
                "hostdev 0000:01:10.0, ua-iov-net9-vf: function of nobody\n");
}
END_TEST

START_TEST(what_libvirt_and_qemu_take_is_passed_over)
{
    assert_read("<cpu mode='host-passthrough' migratable='on'/><memoryBacking><source "
                "type='memfd'/></memoryBacking>",
                "<interface type='direct'><source dev='enp1s0' mode='bridge'/></interface>"
                "<interface type='network'><source network='default'/></interface>"
                "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/>"
                "<product id='0x5678'/></source></hostdev>"
                "<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host0'/>"
                "<address bus='0' target='0' unit='0'/></source></hostdev>"
                "<disk type='file' device='disk'><target dev='vda'/></disk>"
                "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"
                "<shmem name='s' role='master'/>",
                "");
}
END_TEST

START_TEST(devices_that_may_be_in_the_way_are_found)
{
    assert_read("",
                "<hostdev mode='subsystem' type='mdev'><source><address uuid='" UUID
                "'/></source><alias name='hostdev1'/></hostdev>"
                "<hostdev mode='subsystem' type='scsi_host'><source protocol='vhost' "
                "wwpn='naa.5123456789abcde0'/></hostdev>"
                "<interface type='vdpa'><source dev='/dev/vhost-vdpa-0'/></interface>"
                "<filesystem type='mount'><source dir='/srv'/><target dir='a'/></filesystem>"
                "<filesystem type='mount'><driver type='path'/><target dir='b'/></filesystem>"
                "<filesystem type='mount'><driver type='virtiofs'/><target dir='c'/></filesystem>"
                "<filesystem type='mount'><driver type='mtp'/><target dir='d'/></filesystem>"
                "<disk type='file'><transient/><target dev='vda'/></disk>"
                "<disk type='nvme'><target dev='vdb'/></disk>"
                "<shmem name='one'/><shmem name='two' role='peer'/>",
                "mdev " UUID ", hostdev1: mdev, pins\n"
                "scsi_host naa.5123456789abcde0, -: scsi-host\n"
                "interface /dev/vhost-vdpa-0, -: vdpa, pins\n"
                "filesystem a, -: 9p\n"
                "filesystem b, -: 9p\n"
                "filesystem c, -: virtiofs\n"
                "disk vda, -: transient-disk\n"
                "disk vdb, -: pinned-memory\n"
                "shmem one, -: shmem\n"
                "shmem two, -: shmem\n");
}
END_TEST

START_TEST(cpus_and_memory_may_be_in_the_way)
{
    assert_read("<cpu mode='custom'><feature name='invtsc'/></cpu>", "", "CPU, -: invtsc\n");
    assert_read("<cpu mode='custom'><feature name='invtsc' policy='disable'/></cpu>", "", "");
    assert_read("<cpu mode='custom'><feature name='invtsc' policy='require'/></cpu>"
                "<clock offset='utc'><timer name='hpet'/><timer name='tsc' "
                "frequency='2500000000'/></clock>",
                "", "");
    assert_read("<cpu mode='host-passthrough' migratable='off'/>", "", "CPU, -: cpu\n");
    assert_read("<launchSecurity type='sev'/><memoryBacking><hugepages/><locked/></memoryBacking>",
                "", "memory, -: launch-security\nmemory, -: locked-memory\nmemory, -: hugepages\n");
    assert_read("<launchSecurity type='sev-snp'/>", "", "memory, -: launch-security\n");
}
END_TEST

/* What pins memory says so once, whatever else it says. */
START_TEST(each_obstacle_has_its_rule)
{
    for (guint i = 0; i < IOV_OBSTACLE_DESTINATION_POOL; i++) {
        g_autoptr(GPtrArray) devices = no_devices();
        g_autoptr(GPtrArray) constraints = NULL;
        IovConstraintDevice *device =
            iov_constraint_device_new(g_strdup("x"), "ua-x", (IovObstacle)i);
        guint pinned = 0;

        device->pins_memory = TRUE;
        g_ptr_array_add(devices, device);
        constraints = iov_constraint_judge(&running, devices);
        ck_assert_int_eq(iov_constraint_get_obstacle(constraints->pdata[0]), i);
        for (guint j = 0; j < constraints->len; j++)
            pinned +=
                iov_constraint_get_obstacle(constraints->pdata[j]) == IOV_OBSTACLE_PINNED_MEMORY
                    ? 1
                    : 0;
        ck_assert_uint_eq(pinned, 1);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("constraint");
    TCase *rules = tcase_create("rules");
    TCase *reading = tcase_create("reading");

    tcase_add_test(rules, a_pair_migrates_and_hangs_where_the_guest_is_paused);
    tcase_add_test(rules, a_swapped_function_goes_by_iovpool);
    tcase_add_test(rules, block_forbids_migration_alone);
    tcase_add_test(rules, block_forbids_a_pair_too);
    tcase_add_test(rules, a_paused_guest_gives_nothing_back);
    tcase_add_test(rules, a_device_of_the_admins_is_to_be_taken_out);
    tcase_add_test(rules, an_admins_pair_migrates);
    tcase_add_test(rules, a_driver_that_saves_leaves_only_the_memory);
    tcase_add_test(rules, no_name_breaks_out_of_a_command);
    tcase_add_test(rules, only_migration_counts_as_migration);
    tcase_add_test(rules, each_obstacle_has_its_rule);
    tcase_add_test(reading, functions_are_ours_or_not);
    tcase_add_test(reading, what_libvirt_and_qemu_take_is_passed_over);
    tcase_add_test(reading, devices_that_may_be_in_the_way_are_found);
    tcase_add_test(reading, cpus_and_memory_may_be_in_the_way);
    suite_add_tcase(suite, rules);
    suite_add_tcase(suite, reading);
    return run_suite(suite);
}
