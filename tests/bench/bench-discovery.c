/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-discovery [ADAPTERS VFS]: discovery of a host with that many adapters and VFs each (64 and
 * 256 unless told), against a bare walk of the same tree by openat and readlinkat. Prints both
 * times, the best of several runs, and their ratio; fails where the ratio is above RATIO_LIMIT.
 */
#include "iov-host.h"
#include "iov-io.h"
#include "sysfs-tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUNS 7
#define RATIO_LIMIT 3.0
#define ADAPTERS_PER_DOMAIN 32

static void
build(SysfsTree *tree, guint adapters, guint vfs)
{
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
                                    .total_vfs = vfs,
                                    .num_vfs = vfs,
                                    .vf_driver = "vfio-pci"};

        sysfs_tree_add(tree, &device);
    }
}

/* What any discovery must do at least: look at each device's directory, driver and group, and at a
 * PF's links to its VFs. Returns the number of VFs. */
static guint
walk_device(int bus_fd, const char *name)
{
    IOV_IO_AUTO_CLOSE int fd = openat(bus_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char target[PATH_MAX], link[32];
    guint vfs = 0;

    if (readlinkat(fd, "driver", target, sizeof(target)) < 0 ||
        readlinkat(fd, "iommu_group", target, sizeof(target)) < 0)
        return 0;
    do
        g_snprintf(link, sizeof(link), "virtfn%u", vfs++);
    while (readlinkat(fd, link, target, sizeof(target)) > 0);
    return vfs - 1;
}

static guint
walk(const char *root)
{
    g_autofree char *path = g_build_filename(root, "sys/bus/pci/devices", NULL);
    DIR *bus = opendir(path);
    guint vfs = 0;

    for (const struct dirent *entry = readdir(bus); entry != NULL; entry = readdir(bus))
        if (entry->d_name[0] != '.')
            vfs += walk_device(dirfd(bus), entry->d_name);
    closedir(bus);
    return vfs;
}

static guint
discover(const char *root)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovHost) host = iov_host_linux_new(root, &error);
    g_autoptr(GPtrArray) adapters = host != NULL ? iov_host_list_adapters(host, &error) : NULL;
    guint vfs = 0;

    for (guint i = 0; adapters != NULL && i < adapters->len; i++)
        vfs += iov_adapter_get_functions(adapters->pdata[i])->len;
    return vfs;
}

/* Microseconds of the best run; ends the program where it does not find @expected VFs. */
static double
measure(guint (*run)(const char *root), const char *root, guint expected)
{
    gint64 best = G_MAXINT64;

    for (guint i = 0; i < RUNS; i++) {
        gint64 begin = g_get_monotonic_time();
        guint vfs = run(root);

        best = MIN(best, g_get_monotonic_time() - begin);
        if (vfs == expected)
            continue;
        fprintf(stderr, "bench-discovery: found %u VFs, not %u\n", vfs, expected);
        exit(EXIT_FAILURE);
    }
    return (double)best;
}

int
main(int argc, char **argv)
{
    guint64 adapters = 64, vfs = 256;

    if (argc != 1 && (argc != 3 || !iov_io_parse_number(argv[1], 2048, &adapters) ||
                      !iov_io_parse_number(argv[2], 256, &vfs) || adapters == 0 || vfs == 0)) {
        fprintf(stderr, "usage: bench-discovery [ADAPTERS VFS]\n");
        return 2;
    }
    g_autoptr(SysfsTree) tree = sysfs_tree_new(NULL);
    build(tree, (guint)adapters, (guint)vfs);
    double bare = measure(walk, sysfs_tree_root(tree), (guint)(adapters * vfs));
    double ours = measure(discover, sysfs_tree_root(tree), (guint)(adapters * vfs));
    printf("discovery of %u adapters with %u VFs each: %.1f ms; bare walk: %.1f ms; ratio %.2f "
           "(limit %.1f)\n",
           (guint)adapters, (guint)vfs, ours / 1000, bare / 1000, ours / bare, RATIO_LIMIT);
    return ours / bare <= RATIO_LIMIT ? EXIT_SUCCESS : EXIT_FAILURE;
}
