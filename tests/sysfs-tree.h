/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Builds a tree that looks like a host to iov_host_linux_new(ROOT) and `--root ROOT`: the layout of
 * sysfs (devices, bus/pci, class/net, kernel/iommu_groups) and what of /proc is read. It is made of
 * plain files: a write changes a file and nothing else happens.
 *
 *     g_autoptr(SysfsTree) tree = sysfs_tree_new(NULL);   // a temporary directory
 *     sysfs_tree_add_igb(tree, "0000:01:00.0", "enp1s0", 7);
 *     ... iov_host_linux_new(sysfs_tree_root(tree), &error) ...
 *
 * VF i of the adapter at 0000:01:00.0 is at routing id 0x80 + 2 * i: 0000:01:10.0, 0000:01:10.2,
 * ... Each device has an IOMMU group of its own, numbered as it was added. tests/make-sysfs-tree
 * does the same from a shell. A failure to build is the test's bug: it aborts.
 */
typedef struct SysfsTree SysfsTree;

/* @root: an existing directory, kept afterwards; NULL: a temporary one, removed by free. */
SysfsTree *sysfs_tree_new(const char *root);
void sysfs_tree_free(SysfsTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SysfsTree, sysfs_tree_free)
const char *sysfs_tree_root(const SysfsTree *tree);

/* What is left zero or NULL is: none. */
typedef struct {
    const char *address; /* canonical */
    guint vendor, device, class_code;
    const char *driver;
    const char *netdev;
    gboolean link_up, carrier;
    guint speed; /* Mbit/s */
    int numa_node;
    guint total_vfs; /* 0: no SR-IOV, and no sriov_* files */
    guint num_vfs;
    gboolean autoprobe_off;
    const char *vf_driver; /* bound to each VF */
    gboolean vf_netdevs;   /* NETDEVv0, NETDEVv1, ..., down */
    gboolean no_iommu;     /* no IOMMU group for it and its VFs */
    gboolean has_no_reset; /* its VFs have no reset file */
} SysfsDevice;

void sysfs_tree_add(SysfsTree *tree, const SysfsDevice *device);
/* An Intel 82576: 7 VFs at most, @num_vfs of them there, bound to vfio-pci; link up, 1000 Mbit/s.
 */
void sysfs_tree_add_igb(SysfsTree *tree, const char *address, const char *netdev, guint num_vfs);
/* The address of VF @index of a PF. (transfer full) */
char *sysfs_tree_vf_address(const char *pf, guint index);

/* Process @pid has /dev/vfio/@group open. */
void sysfs_tree_add_holder(SysfsTree *tree, int pid, int group);
void sysfs_tree_set_boot_id(SysfsTree *tree, const char *boot_id);

/* Anything else, by its path below the root: a file with this text, or a symbolic link. Missing
 * directories are made; what stands there is replaced. */
void sysfs_tree_write(SysfsTree *tree, const char *path, const char *text);
void sysfs_tree_link(SysfsTree *tree, const char *path, const char *target);
void sysfs_tree_remove(SysfsTree *tree, const char *path);
/* A file's text. (transfer full) */
char *sysfs_tree_read(SysfsTree *tree, const char *path);
