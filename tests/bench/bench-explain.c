/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-explain [ADAPTERS VFS]: an explanation in a pool of that many adapters with VFs each (64
 * and 256 unless told), all of them free and the request with a rate, so that the IOMMU group of
 * each function and the speed of each adapter are asked for. Prints the time, the best of several
 * runs; fails where it is above LIMIT_MS.
 */
#include "iov-io.h"
#include "iov-manager.h"
#include "sysfs-tree.h"

#include <stdio.h>
#include <string.h>

#define RUNS 5
#define LIMIT_MS 1500.0
#define ADAPTERS_PER_DOMAIN 32
#define VFS_MAXIMUM 256

static const char domain_xml[] =
    "<domain type='kvm'><name>vm1</name><uuid>00000000-0000-4000-8000-000000000001</uuid><metadata>"
    "<iov:requests xmlns:iov='" IOV_REQUEST_NAMESPACE "'>"
    "<iov:request name='net0' pool='fast' mac='52:54:00:00:00:01'>"
    "<iov:rate max='1000' unit='Mbit'/></iov:request></iov:requests></metadata>"
    "<os><type machine='pc-q35-9.2'>hvm</type></os><devices/></domain>";

/* The adapters' addresses. (transfer full) */
static GStrv
build(SysfsTree *tree, guint adapters, guint vfs)
{
    g_autoptr(GStrvBuilder) addresses = g_strv_builder_new();

    for (guint i = 0; i < adapters; i++) {
        g_autofree char *address = g_strdup_printf("%04x:%02x:00.0", i / ADAPTERS_PER_DOMAIN,
                                                   1 + 4 * (i % ADAPTERS_PER_DOMAIN));
        g_autofree char *netdev = g_strdup_printf("net%u", i);
        const SysfsDevice device = {.address = address,
                                    .class_code = 0x020000,
                                    .driver = "ice",
                                    .netdev = netdev,
                                    .link_up = TRUE,
                                    .carrier = TRUE,
                                    .speed = 100000,
                                    .total_vfs = VFS_MAXIMUM,
                                    .num_vfs = vfs,
                                    .autoprobe_off = TRUE,
                                    .vf_driver = "vfio-pci"};

        sysfs_tree_add(tree, &device);
        g_strv_builder_add(addresses, address);
    }
    return g_strv_builder_end(addresses);
}

static IovManager *
start(const char *root, GStrv adapters, guint vfs, GError **error)
{
    g_autofree char *count = g_strdup_printf("%u", vfs);
    g_autoptr(IovManager) manager = iov_manager_open(root, error);
    g_autoptr(IovPool) pool = NULL;

    if (manager != NULL)
        pool =
            iov_manager_create_pool(manager, "fast", (const char *const *)adapters, count, error);
    if (pool == NULL || !iov_manager_start_pool(manager, "fast", NULL, error))
        return NULL;
    return g_steal_pointer(&manager);
}

/* Milliseconds; negative with @error where it fails. */
static double
explain(IovManager *manager, const IovDomain *domain, guint functions, GError **error)
{
    gint64 begin = g_get_monotonic_time();
    g_autoptr(GPtrArray) explanations =
        iov_manager_explain(manager, iov_domain_get_uuid(domain), NULL, domain, error);
    double spent = (double)(g_get_monotonic_time() - begin) / 1000;

    if (explanations == NULL)
        return -1;
    if (iov_explanation_get_candidates(explanations->pdata[0])->len == functions)
        return spent;
    g_set_error_literal(error, IOV_ERROR, IOV_ERROR_LEDGER, "candidates are missing");
    return -1;
}

int
main(int argc, char **argv)
{
    guint64 adapters = 64, vfs = VFS_MAXIMUM;
    g_autoptr(GError) error = NULL;
    double best = G_MAXDOUBLE, spent = 0;

    if (argc != 1 &&
        (argc != 3 || !iov_io_parse_number(argv[1], 128, &adapters) ||
         !iov_io_parse_number(argv[2], VFS_MAXIMUM, &vfs) || adapters == 0 || vfs == 0)) {
        fprintf(stderr, "usage: bench-explain [ADAPTERS VFS]\n");
        return 2;
    }
    g_autoptr(SysfsTree) tree = sysfs_tree_new(NULL);
    g_auto(GStrv) addresses = build(tree, (guint)adapters, (guint)vfs);
    g_autoptr(IovManager) manager = start(sysfs_tree_root(tree), addresses, (guint)vfs, &error);
    g_autoptr(IovDomain) domain = iov_domain_parse(domain_xml, strlen(domain_xml), NULL);
    for (guint i = 0; i < RUNS && manager != NULL && spent >= 0; i++) {
        spent = explain(manager, domain, (guint)(adapters * vfs), &error);
        best = MIN(best, spent);
    }
    if (manager == NULL || spent < 0) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    printf("explaining %u functions: %.1f ms (limit %.0f)\n", (guint)(adapters * vfs), best,
           LIMIT_MS);
    return best <= LIMIT_MS ? 0 : 1;
}
