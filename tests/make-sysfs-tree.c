/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * make-sysfs-tree ROOT ADAPTERS VFS: fills directory ROOT with the sysfs of a host that has
 * ADAPTERS network adapters (enp1s0 at 0000:01:00.0, enp5s0 at 0000:05:00.0, ...) of up to 256 VFs
 * each, VFS of them there and bound to vfio-pci. For tests and benchmarks that run a program with
 * --root.
 */
#include "iov-io.h"
#include "sysfs-tree.h"

#include <stdio.h>

#define ADAPTERS_MAXIMUM 1024
#define VFS_MAXIMUM 256
#define ADAPTERS_PER_DOMAIN 32 /* VFs spill over to the next two buses: 4 buses an adapter */

int
main(int argc, char **argv)
{
    guint64 adapters, vfs;

    if (argc != 4 || !iov_io_parse_number(argv[2], ADAPTERS_MAXIMUM, &adapters) ||
        !iov_io_parse_number(argv[3], VFS_MAXIMUM, &vfs)) {
        fprintf(stderr, "usage: make-sysfs-tree ROOT ADAPTERS VFS\n");
        return 2;
    }
    g_autoptr(SysfsTree) tree = sysfs_tree_new(argv[1]);
    sysfs_tree_set_boot_id(tree, "00000000-0000-4000-8000-000000000000");
    for (guint i = 0; i < adapters; i++) {
        guint domain = i / ADAPTERS_PER_DOMAIN, bus = 1 + 4 * (i % ADAPTERS_PER_DOMAIN);
        g_autofree char *address = g_strdup_printf("%04x:%02x:00.0", domain, bus);
        g_autofree char *netdev = domain == 0 ? g_strdup_printf("enp%us0", bus)
                                              : g_strdup_printf("enP%up%us0", domain, bus);
        const SysfsDevice device = {
            .address = address,
            .vendor = 0x8086,
            .device = 0x1592,
            .class_code = 0x020000,
            .driver = "ice",
            .netdev = netdev,
            .link_up = TRUE,
            .carrier = TRUE,
            .speed = 100000,
            .total_vfs = VFS_MAXIMUM,
            .num_vfs = (guint)vfs,
            .autoprobe_off = vfs > 0,
            .vf_driver = "vfio-pci",
        };

        sysfs_tree_add(tree, &device);
    }
    return 0;
}
