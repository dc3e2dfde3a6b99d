/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The whole hook, front and module, on a ledger: what libvirt hears, and what the ledger holds
 * afterwards. The host is a tree of plain files: one adapter of pool "fast" with its functions.
 */
#include "hook-run.h"
#include "iov-ledger.h"
#include "iov-pool-private.h"
#include "sysfs-tree.h"
#include "test-support.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define BOOT "3c2f1f54-0a6f-4a5e-9a59-2c5c8c7f0001"
#define PF "0000:01:00.0"
#define FUNCTIONS 2
#define OTHER_UUID "00000000-0000-4000-8000-000000000002"

static SysfsTree *tree;

static void
fill_ledger(IovLedger *ledger)
{
    static const char pool[] = "<iovpool><name>fast</name><class>net</class><adapters>"
                               "<adapter address='" PF "' vfs='2'/></adapters></iovpool>";
    IovLedgerAdapter adapter = {.address = (char *)PF, .pool = (char *)"fast", .usable = TRUE};
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) parsed = iov_pool_parse(pool, strlen(pool), "test", &error);
    g_autofree char *definition = NULL;

    assert_done(parsed != NULL, error);
    definition = iov_pool_to_xml(parsed);
    assert_done(iov_ledger_begin(ledger, &error), error);
    assert_done(iov_ledger_add_pool(ledger, "fast", definition, 1, &error), error);
    assert_done(iov_ledger_add_adapter(ledger, &adapter, &error), error);
    for (guint i = 0; i < FUNCTIONS; i++) {
        g_autoptr(IovLease) function = iov_lease_new();

        function->function = sysfs_tree_vf_address(PF, i);
        function->adapter = g_strdup(PF);
        function->pool = g_strdup("fast");
        function->index = i;
        assert_done(iov_ledger_add_function(ledger, function, &error), error);
    }
    assert_done(iov_ledger_commit(ledger, &error), error);
}

static IovLedger *
open_ledger(IovLedgerMode mode)
{
    g_autofree char *run_dir = root_path("run/iovpool");
    g_autoptr(GError) error = NULL;
    IovLedger *ledger = iov_ledger_open(run_dir, BOOT, mode, &error);

    assert_done(ledger != NULL, error);
    return ledger;
}

static void
set_up(void)
{
    static char *module;

    if (module == NULL) {
        g_autofree char *libraries = built_file("libiovpool/.libs");

        module = built_file("virt-hook/.libs/virt-hook.so");
        ck_assert(g_setenv("LD_LIBRARY_PATH", libraries, TRUE));
    }
    use_module(module);
    tree = sysfs_tree_new(test_root());
    sysfs_tree_add_igb(tree, PF, "enp1s0", FUNCTIONS);
    sysfs_tree_set_boot_id(tree, BOOT);
    put_file("etc/iovpool/hook.conf", "deadline=20\n");
    put_file("run/systemd/system/.keep", "");
    g_autoptr(IovLedger) ledger = open_ledger(IOV_LEDGER_CREATE);
    fill_ledger(ledger);
}

static void
tear_down(void)
{
    g_clear_pointer(&tree, sysfs_tree_free);
    drop_root();
}

/* "STATE REQUEST UUID" of each function of the pool, free ones left out. (transfer full) */
static char *
leases(void)
{
    g_autoptr(IovLedger) ledger = open_ledger(IOV_LEDGER_READ);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) functions = iov_ledger_list_functions(ledger, "fast", &error);
    g_autoptr(GString) text = g_string_new(NULL);

    assert_done(functions != NULL, error);
    for (guint i = 0; i < functions->len; i++) {
        const IovLease *lease = functions->pdata[i];

        if (lease->state != IOV_LEASE_FREE)
            g_string_append_printf(text, "%s %s %s;", iov_lease_state_to_string(lease->state),
                                   lease->request != NULL ? lease->request : "nobody's",
                                   lease->domain_uuid != NULL ? lease->domain_uuid : "");
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
assert_leases(const char *expected)
{
    g_autofree char *found = leases();

    ck_assert_str_eq(found, expected);
}

/* @line: what the one line on stderr says; NULL: nothing is said */
static void
converse(const HookRun *run, int status, const char *out, const char *line)
{
    g_auto(HookResult) result = run_hook(run);

    ck_assert_str_eq(result.out, out);
    ck_assert_msg((line == NULL) == (result.err[0] == '\0'), "stderr: %s", result.err);
    ck_assert_msg(line == NULL || strstr(result.err, line) != NULL, "stderr: %s", result.err);
    ck_assert_msg(result.status == status, "status %d: %s", result.status, result.err);
    ck_assert_ptr_null(strstr(result.err, "SECRET"));
    ck_assert_double_lt(result.seconds, 10);
}

static void
call(const char *operation, const char *suboperation, const char *xml, int status, const char *line)
{
    HookRun run = {
        .domain = "vm1", .operation = operation, .suboperation = suboperation, .xml = xml};

    converse(&run, status, "", line);
}

static void
call_incoming(const char *operation, const char *xml, const char *out)
{
    HookRun run = {.domain = "vm1", .operation = operation, .suboperation = "begin", .xml = xml};

    converse(&run, 0, out, NULL);
}

static void
call_prepare(const char *xml, int status, const char *line)
{
    call("prepare", "begin", xml, status, line);
}

/* All functions are leased to another domain. */
static void
exhaust(void)
{
    g_autoptr(IovLedger) ledger = open_ledger(IOV_LEDGER_WRITE);
    g_autoptr(GError) error = NULL;

    assert_done(iov_ledger_begin(ledger, &error), error);
    for (guint i = 0; i < FUNCTIONS; i++) {
        g_autofree char *function = sysfs_tree_vf_address(PF, i);
        g_autofree char *request = g_strdup_printf("net%u", i);
        guint64 generation;

        assert_done(iov_ledger_lease(ledger, function, OTHER_UUID, "vm2", request, 1, G_MAXINT64,
                                     &generation, &error),
                    error);
    }
    assert_done(iov_ledger_commit(ledger, &error), error);
}

static gboolean
is_started(void)
{
    g_autoptr(IovLedger) ledger = open_ledger(IOV_LEDGER_READ);
    g_autoptr(GError) error = NULL;
    g_autoptr(IovStatus) status = iov_ledger_get_status(ledger, UUID, "net0", &error);

    assert_done(status != NULL, error);
    return status->started;
}

#define EXHAUSTED "reserved net0 " OTHER_UUID ";reserved net1 " OTHER_UUID ";"

START_TEST(life_of_a_domain)
{
    call_prepare(REQUIRED_XML, 0, NULL);
    assert_leases("reserved net0 " UUID ";");
    call_prepare(REQUIRED_XML, 0, NULL);
    assert_leases("reserved net0 " UUID ";");
    ck_assert(!is_started());
    call("started", "begin", REQUIRED_XML, 0, NULL);
    ck_assert(is_started());
    assert_leases("reserved net0 " UUID ";");
    call("reconnect", "begin", REQUIRED_XML, 0, NULL);
    call("stopped", "end", REQUIRED_XML, 0, NULL);
    call("release", "end", REQUIRED_XML, 0, NULL);
    assert_leases("");
    call("release", "end", REQUIRED_XML, 0, NULL);
}
END_TEST

START_TEST(exhausted_pool)
{
    exhaust();
    call_prepare(REQUEST_XML, 0, NULL);
    assert_leases(EXHAUSTED);
    call_prepare(REQUIRED_XML, 1, "domain 'vm1' requires a function of pool 'fast'");
    assert_leases(EXHAUSTED);
}
END_TEST

START_TEST(pool_that_is_not_started)
{
    static const char other[] =
        "<domain><name>vm1</name><uuid>" UUID "</uuid><metadata>"
        "<iov:requests xmlns:iov='https://libiovpool.org/xmlns/domain/1'>"
        "<iov:request name='net0' pool='slow' required='%s'/></iov:requests></metadata></domain>";
    g_autofree char *required = g_strdup_printf(other, "yes");
    g_autofree char *optional = g_strdup_printf(other, "no");

    call_prepare(optional, 0, NULL);
    call_prepare(required, 1, "iovpool start slow");
}
END_TEST

START_TEST(hostdev_of_another_domain)
{
    static const char xml[] =
        "<domain><name>vm1</name><uuid>" UUID "</uuid><devices><hostdev mode='subsystem' "
        "type='pci' managed='yes'><source><address domain='0x0000' bus='0x01' slot='0x10' "
        "function='0x0'/></source></hostdev></devices></domain>";

    exhaust();
    call_prepare(xml, 1, "which domain 'vm2' has leased");
    assert_leases(EXHAUSTED);
}
END_TEST

/* QEMU had the function: it waits to be scrubbed while the guest starts again. */
START_TEST(restart_before_the_scrub)
{
    call_prepare(REQUEST_XML, 0, NULL);
    {
        g_autofree char *function = sysfs_tree_vf_address(PF, 0);
        g_autoptr(GError) error = NULL;
        g_autoptr(IovLedger) ledger = open_ledger(IOV_LEDGER_WRITE);
        g_autoptr(IovLease) lease = iov_ledger_get_function(ledger, function, &error);

        assert_done(iov_ledger_begin(ledger, &error), error);
        assert_done(iov_ledger_move(ledger, function, lease->generation, IOV_LEASE_ATTACHING, NULL,
                                    2, &error),
                    error);
        assert_done(iov_ledger_commit(ledger, &error), error);
    }
    call("release", "end", REQUEST_XML, 0, NULL);
    assert_leases("scrubbing net0 " UUID ";");
    call_prepare(REQUIRED_XML, 0, NULL);
    assert_leases("scrubbing nobody's ;reserved net0 " UUID ";");
}
END_TEST

/* Metadata that was broken while the domain ran does not keep its functions. */
START_TEST(release_with_broken_metadata)
{
    static const char broken[] =
        "<domain><name>vm1</name><uuid>" UUID "</uuid><metadata>"
        "<iov:requests xmlns:iov='https://libiovpool.org/xmlns/domain/1'><iov:request/>"
        "</iov:requests></metadata></domain>";

    call_prepare(REQUEST_XML, 0, NULL);
    assert_leases("reserved net0 " UUID ";");
    call("release", "end", broken, 0, NULL);
    assert_leases("");
}
END_TEST

#define GARBAGE "<domain xmlns:x=\"https://libiovpool.org/xmlns/domain/1\" <<&"

START_TEST(garbage)
{
    call_prepare(GARBAGE, 0, "it starts without");
    call_prepare(GARBAGE " required='yes'", 1, "its start is refused");
    call("started", "begin", GARBAGE, 0, "iovpool reconcile");
    call("reconnect", "begin", GARBAGE, 0, "iovpool reconcile");
    call("release", "end", GARBAGE, 0, "no UUID");
    assert_leases("");
}
END_TEST

START_TEST(corrupt_ledger)
{
    put_file("run/iovpool/ledger.db", "this is no database, and longer than its header is, too: "
                                      "................................................");
    call_prepare(REQUEST_XML, 0, "it starts without");
    call_prepare(REQUIRED_XML, 1, "its start is refused");
    call("started", "begin", REQUIRED_XML, 0, "reconcile");
    call("reconnect", "begin", REQUIRED_XML, 0, "reconcile");
    call("release", "end", REQUIRED_XML, 0, "reconcile");
}
END_TEST

START_TEST(missing_ledger)
{
    g_autofree char *path = root_path("run/iovpool/ledger.db");

    ck_assert_int_eq(unlink(path), 0);
    call_prepare(REQUEST_XML, 0, NULL);
    call_prepare(REQUIRED_XML, 1, "iovpool start fast");
    call("started", "begin", REQUIRED_XML, 0, NULL);
    call("reconnect", "begin", REQUIRED_XML, 0, NULL);
    call("release", "end", REQUIRED_XML, 0, NULL);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

/* Somebody holds the ledger's lock and does not let go. */
START_TEST(locked_ledger)
{
    /* another's metadata: what was parsed counts, not what the raw bytes look like */
    static const char looks_required[] =
        "<domain><name>vm1</name><uuid>" UUID "</uuid><metadata>"
        "<iov:requests xmlns:iov='https://libiovpool.org/xmlns/domain/1'>"
        "<iov:request name='net0' pool='fast'/></iov:requests>"
        "<x:note xmlns:x='https://example.org/' required='yes'/></metadata></domain>";
    g_autofree char *path = root_path("run/iovpool/ledger.lock");
    int fd = open(path, O_RDWR | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    put_file("etc/iovpool/hook.conf", "deadline=1\n");
    call_prepare(REQUEST_XML, 0, "not done within 1 s; it starts without");
    call_prepare(REQUIRED_XML, 1, "not done within 1 s; its start is refused");
    call_prepare(looks_required, 0, "not done within 1 s; it starts without");
    call("started", "begin", REQUIRED_XML, 0, "not done within 1 s");
    close(fd);
    assert_leases("");
    call_prepare(REQUIRED_XML, 0, NULL);
    assert_leases("reserved net0 " UUID ";");
}
END_TEST

/* ---- migrate and restore ---- */

#define HERE_XML                                                                                   \
    INCOMING_XML_WITH(INCOMING_FUNCTION("domain='0x0000' bus='0x01' slot='0x10' function='0x0'"))
#define DEVICE_XML(address)                                                                        \
    "<domain><name>vm1</name><uuid>" UUID "</uuid><description>SECRET</description><devices>"      \
    "<hostdev mode='subsystem' type='pci' managed='yes'><source><address " address "/></source>"   \
    "<alias name='ua-nic'/></hostdev></devices></domain>"

START_TEST(migration_to_this_host)
{
    call_incoming("migrate", INCOMING_XML, HERE_XML);
    assert_leases("reserved net0 " UUID ";");
    call_incoming("migrate", INCOMING_XML, HERE_XML);
    assert_leases("reserved net0 " UUID ";");
    call_prepare(HERE_XML, 0, NULL);
    call("start", "begin", HERE_XML, 0, NULL);
    assert_leases("reserved net0 " UUID ";");
    call("started", "begin", HERE_XML, 0, NULL);
    assert_leases("attaching net0 " UUID ";");
    call("release", "end", HERE_XML, 0, NULL);
    assert_leases("scrubbing net0 " UUID ";");
}
END_TEST

START_TEST(migration_that_fails)
{
    call_incoming("migrate", INCOMING_XML, HERE_XML);
    call_prepare(HERE_XML, 0, NULL);
    call("release", "end", HERE_XML, 0, NULL);
    assert_leases("");
}
END_TEST

START_TEST(migration_to_an_exhausted_pool)
{
    g_autofree char *line =
        g_strdup_printf("domain 'vm1' cannot migrate to host '%s': pool 'fast' has no function "
                        "there for its request net0; `iovpool migrate vm1 URI` needs none, it "
                        "drops the domain to its floor first (all 2 functions of pool fast are "
                        "leased; held by vm2 (net0), vm2 (net1))\n",
                        g_get_host_name());

    exhaust();
    call("migrate", "begin", INCOMING_XML, 1, line);
    call("restore", "begin", INCOMING_XML, 1, "domain 'vm1' cannot be restored on host '");
    assert_leases(EXHAUSTED);
    call_incoming("migrate", REQUEST_XML, "");
    assert_leases(EXHAUSTED);
}
END_TEST

START_TEST(restore_with_a_device)
{
    g_autofree char *function = sysfs_tree_vf_address(PF, 0);
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLedger) ledger = open_ledger(IOV_LEDGER_WRITE);
    guint64 generation;

    /* of no pool here */
    call_incoming("restore", DEVICE_XML("bus='0x81' slot='0x00' function='0x3'"), "");
    assert_leases("");
    assert_done(iov_ledger_begin(ledger, &error), error);
    assert_done(iov_ledger_lease(ledger, function, OTHER_UUID, "vm2", "net0", 1, G_MAXINT64,
                                 &generation, &error),
                error);
    assert_done(iov_ledger_commit(ledger, &error), error);
    call_incoming("restore", DEVICE_XML("domain='0x0000' bus='0x01' slot='0x10' function='0x0'"),
                  DEVICE_XML("domain='0x0000' bus='0x01' slot='0x10' function='0x2'"));
    assert_leases("reserved net0 " OTHER_UUID ";reserved ua-nic " UUID ";");
}
END_TEST

START_TEST(xml_that_nobody_reads)
{
    HookRun run = {.domain = "vm1",
                   .operation = "migrate",
                   .suboperation = "begin",
                   .xml = INCOMING_XML,
                   .deaf = TRUE};

    converse(&run, 1, "", "cannot write its XML: Broken pipe; its migration is refused");
    assert_leases("");
}
END_TEST

START_TEST(migration_without_a_ledger)
{
    g_autofree char *path = root_path("run/iovpool/ledger.db");

    ck_assert_int_eq(unlink(path), 0);
    call("migrate", "begin", INCOMING_XML, 1, "the pool is not started there");
    call_incoming("migrate", INCOMING_FLOOR_XML, "");
    call_incoming("migrate", DEVICE_XML("bus='0x01' slot='0x10'"), "");
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(migration_that_cannot_be_understood)
{
    g_autofree char *path = root_path("run/iovpool/ledger.lock");
    int fd = open(path, O_RDWR | O_CLOEXEC);

    call("migrate", "begin", GARBAGE "<hostdev SECRET", 1, "; its migration is refused");
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    put_file("etc/iovpool/hook.conf", "deadline=1\n");
    call("migrate", "begin", INCOMING_XML, 1, "not done within 1 s; its migration is refused");
    call("restore", "begin", INCOMING_XML, 1, "not done within 1 s; it is not restored");
    close(fd);
    assert_leases("");
    put_file("run/iovpool/ledger.db", "this is no database, and longer than its header is, too: "
                                      "................................................");
    call("migrate", "begin", INCOMING_XML, 1, "; its migration is refused");
}
END_TEST

static void
add_incoming(TCase *tcase)
{
    tcase_add_test(tcase, migration_to_this_host);
    tcase_add_test(tcase, migration_that_fails);
    tcase_add_test(tcase, migration_to_an_exhausted_pool);
    tcase_add_test(tcase, restore_with_a_device);
    tcase_add_test(tcase, xml_that_nobody_reads);
    tcase_add_test(tcase, migration_without_a_ledger);
    tcase_add_test(tcase, migration_that_cannot_be_understood);
}

int
main(void)
{
    Suite *suite = suite_create("hook-module");
    TCase *tcase = tcase_create("hook");

    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, life_of_a_domain);
    tcase_add_test(tcase, exhausted_pool);
    tcase_add_test(tcase, pool_that_is_not_started);
    tcase_add_test(tcase, hostdev_of_another_domain);
    tcase_add_test(tcase, restart_before_the_scrub);
    tcase_add_test(tcase, release_with_broken_metadata);
    tcase_add_test(tcase, garbage);
    tcase_add_test(tcase, corrupt_ledger);
    tcase_add_test(tcase, missing_ledger);
    tcase_add_test(tcase, locked_ledger);
    add_incoming(tcase);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
