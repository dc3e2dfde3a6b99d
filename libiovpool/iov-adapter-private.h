/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-adapter.h"

/* Filled by a host backend, then never changed. Strings are owned; addresses are canonical. */
struct _IovAdapter {
    gatomicrefcount references;
    char *address;
    IovClass class_;
    guint vendor, device, class_code;
    char *driver; /* nullable */
    char *netdev; /* nullable */
    int numa_node, iommu_group;
    guint total_vfs, num_vfs;
    gboolean autoprobe;
    IovLink link;
    guint speed;
    GPtrArray *functions;
};

struct _IovFunction {
    gatomicrefcount references;
    char *address;
    guint index;
    char *driver; /* nullable */
    char *netdev; /* nullable */
    int iommu_group;
    gboolean migratable;
};

/* Both take ownership of nothing; numbers start as "unknown" (-1 or 0), strings as NULL. */
IovAdapter *iov_adapter_new(const char *address);
IovFunction *iov_function_new(const char *address, guint index);
/* The one at @address among the adapter's. (transfer none) (nullable) */
const IovFunction *iov_adapter_find_function(const IovAdapter *adapter, const char *address);

/* vfio-pci and the vendors' variants of it (mlx5_vfio_pci, ...). */
gboolean iov_driver_is_vfio(const char *driver);
/* A variant, which may know how to migrate its devices; vfio-pci itself never does. */
gboolean iov_driver_is_vfio_variant(const char *driver);
/* Whether a device that is bound to @driver ("": to none) leaves its IOMMU group to vfio. */
gboolean iov_driver_leaves_group(const char *driver);
/* From the 24-bit PCI class code and the driver's name (nullable). */
IovClass iov_class_from_code(guint class_code, const char *driver);
