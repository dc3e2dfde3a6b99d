/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a domain's start pays for the hook, against starting the smallest program there is: (a) for
 * a domain without requests, with the very program that is installed; (b) for a domain that leases
 * four functions of a ledger of 16,384. Runs are interleaved, so that a busy machine slows all of
 * them alike. Root, sysfs tree and ledger lie on a tmpfs, as /run and /sys do.
 */
#include "iov-ledger.h"
#include "iov-pool-private.h"
#include "iov-request.h"
#include "sysfs-tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOOT "11111111-2222-3333-4444-555555555555"
#define ADAPTERS 64
#define PER_ADAPTER 256
#define ROUNDS 301

#define DOMAIN_START "<domain type='kvm'>\n  <name>vm</name>\n  <uuid>%s</uuid>\n"
#define REQUEST "<iov:request name=\"net%d\" pool=\"fast\" mac=\"52:54:00:%02x:%02x:%02x\"/>"

static void
need(gboolean done, const char *what, const GError *error)
{
    if (done)
        return;
    fprintf(stderr, "bench-hook: %s: %s\n", what, error != NULL ? error->message : "failed");
    exit(EXIT_FAILURE);
}

static char *
pf_address(guint adapter)
{
    return g_strdup_printf("%04x:01:00.0", adapter);
}

static char *
vf_address(guint adapter, guint index)
{
    return g_strdup_printf("%04x:%02x:%02x.%x", adapter, 2 + index / 256, index % 256 / 8,
                           index % 8);
}

/* What the kernel shows of a VF that a pool has bound. */
static void
add_to_sysfs(SysfsTree *tree, const char *function)
{
    g_autofree char *path = g_strconcat("sys/bus/pci/devices/", function, "/driver", NULL);

    sysfs_tree_link(tree, path, "../../../../bus/pci/drivers/vfio-pci");
}

static void
add_adapter(IovLedger *ledger, SysfsTree *tree, guint number)
{
    g_autofree char *address = pf_address(number);
    IovLedgerAdapter adapter = {.address = address, .pool = (char *)"fast", .usable = TRUE};
    GError *error = NULL;

    adapter.numa_node = -1;
    need(iov_ledger_add_adapter(ledger, &adapter, &error), "add adapter", error);
    for (guint i = 0; i < PER_ADAPTER; i++) {
        g_autoptr(IovLease) function = iov_lease_new();

        function->function = vf_address(number, i);
        function->adapter = g_strdup(address);
        function->pool = g_strdup("fast");
        function->index = i;
        need(iov_ledger_add_function(ledger, function, &error), "add function", error);
        add_to_sysfs(tree, function->function);
    }
}

static char *
pool_definition(void)
{
    static const char xml[] = "<iovpool><name>fast</name><class>net</class><adapters>"
                              "<adapter address='0000:01:00.0' vfs='max'/></adapters></iovpool>";
    GError *error = NULL;
    g_autoptr(IovPool) pool = iov_pool_parse(xml, strlen(xml), "bench", &error);

    need(pool != NULL, "pool", error);
    return iov_pool_to_xml(pool);
}

static void
fill(SysfsTree *tree)
{
    g_autofree char *run_dir = g_build_filename(sysfs_tree_root(tree), "run/iovpool", NULL);
    g_autofree char *definition = pool_definition();
    GError *error = NULL;

    need(g_mkdir_with_parents(run_dir, 0700) == 0, run_dir, NULL);
    sysfs_tree_set_boot_id(tree, BOOT);
    g_autoptr(IovLedger) ledger = iov_ledger_open(run_dir, BOOT, IOV_LEDGER_CREATE, &error);
    need(ledger != NULL && iov_ledger_begin(ledger, &error), "ledger", error);
    need(iov_ledger_add_pool(ledger, "fast", definition, 1, &error), "add pool", error);
    for (guint i = 0; i < ADAPTERS; i++)
        add_adapter(ledger, tree, i);
    need(iov_ledger_commit(ledger, &error), "commit", error);
}

/* In a child: this process stays small, or fork() itself would be what is measured. */
static void
fill_in_child(const char *root)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        g_autoptr(SysfsTree) tree = sysfs_tree_new(root);

        fill(tree);
        fflush(NULL);
        _exit(EXIT_SUCCESS);
    }
    need(waitpid(child, &status, 0) == child && status == 0, "fill", NULL);
}

static char *
write_domain(const char *root, const char *name, gboolean with_requests)
{
    g_autofree char *uuid = g_uuid_string_random();
    g_autoptr(GString) xml = g_string_new(NULL);
    char *path = g_build_filename(root, name, NULL);

    g_string_append_printf(xml, DOMAIN_START, uuid);
    if (with_requests) {
        g_string_append(xml, "  <metadata><iov:requests xmlns:iov=\"" IOV_REQUEST_NAMESPACE "\">");
        for (int i = 0; i < 4; i++)
            g_string_append_printf(xml, REQUEST, i, g_random_int_range(0, 256),
                                   g_random_int_range(0, 256), i);
        g_string_append(xml, "</iov:requests></metadata>\n");
    }
    /* as long as the XML of an ordinary domain */
    for (int i = 0; i < 100; i++)
        g_string_append_printf(xml, "  <!-- controller %d: about as long as its element -->\n", i);
    g_string_append(xml, "</domain>\n");
    need(g_file_set_contents(path, xml->str, -1, NULL), path, NULL);
    return path;
}

/* Microseconds of one fork, exec and wait. */
static gint64
run(const char *const *arguments, const char *input)
{
    gint64 start = g_get_monotonic_time();
    int status;
    pid_t child = fork();

    if (child == 0) {
        int fd = open(input, O_RDONLY);

        dup2(fd, STDIN_FILENO);
        execv(arguments[0], (char *const *)arguments);
        _exit(127);
    }
    need(waitpid(child, &status, 0) == child && status == 0, arguments[0], NULL);
    return g_get_monotonic_time() - start;
}

static int
compare_times(const void *a, const void *b)
{
    gint64 first = *(const gint64 *)a, second = *(const gint64 *)b;

    return (first > second) - (first < second);
}

static gint64
median(gint64 *times)
{
    qsort(times, ROUNDS, sizeof(times[0]), compare_times);
    return times[ROUNDS / 2];
}

static gint64 times_true[ROUNDS], times_quiet[ROUNDS], times_lease[ROUNDS];

static void
measure(const char *root, const char *build)
{
    g_autofree char *front = g_build_filename(build, "virt-hook/iovpool-virt-hook", NULL);
    g_autofree char *under_test = g_build_filename(build, "tests/hook/hook-under-test", NULL);
    g_autofree char *module = g_build_filename(build, "virt-hook/.libs/virt-hook.so", NULL);
    g_autofree char *plain = write_domain(root, "plain.xml", FALSE);
    const char *nothing[] = {"/bin/true", NULL};
    const char *quiet[] = {front, "vm", "prepare", "begin", "-", NULL};
    const char *lease[] = {under_test, root, module, "/nonexistent", "vm", "prepare",
                           "begin",    "-",  NULL};

    for (guint i = 0; i < ROUNDS; i++) {
        g_autofree char *domain = write_domain(root, "domain.xml", TRUE);

        times_true[i] = run(nothing, "/dev/null");
        times_quiet[i] = run(quiet, plain);
        times_lease[i] = run(lease, domain);
    }
}

/* Every round leased its four, or the times mean nothing. */
static void
check_leases(const char *root)
{
    g_autofree char *run_dir = g_build_filename(root, "run/iovpool", NULL);
    GError *error = NULL;
    g_autoptr(IovLedger) ledger = iov_ledger_open(run_dir, BOOT, IOV_LEDGER_READ, &error);

    need(ledger != NULL, "ledger", error);
    g_autoptr(GPtrArray) leased =
        iov_ledger_list_functions_in_state(ledger, IOV_LEASE_RESERVED, &error);
    need(leased != NULL && leased->len == 4 * ROUNDS, "not every round leased four", error);
}

static void
print(const char *what, gint64 time, gint64 reference)
{
    printf("%-52s %5" G_GINT64_FORMAT " us, %.2f times /bin/true\n", what, time,
           (double)time / (double)reference);
}

int
main(void)
{
    const char *build = g_getenv("IOV_TEST_BUILDDIR");
    const char *parent = g_file_test("/dev/shm", G_FILE_TEST_IS_DIR) ? "/dev/shm" : g_get_tmp_dir();
    g_autofree char *root = g_build_filename(parent, "iov-bench-XXXXXX", NULL);
    gint64 reference;

    need(g_mkdtemp(root) != NULL, root, NULL);
    fill_in_child(root);
    measure(root, build != NULL ? build : ".");
    check_leases(root);
    reference = median(times_true);
    print("/bin/true", reference, reference);
    print("a domain without requests", median(times_quiet), reference);
    print("a lease of 4 out of 16,384 functions", median(times_lease), reference);
    const char *remove[] = {"/bin/rm", "-rf", root, NULL};
    run(remove, "/dev/null");
    return EXIT_SUCCESS;
}
