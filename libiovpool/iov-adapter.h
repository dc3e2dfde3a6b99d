/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-macros.h"

G_BEGIN_DECLS

/**
 * IovClass:
 *
 * What kind of I/O an adapter offers, from its PCI class code (PCI Code and ID Assignment, "base
 * class") and its drivers.
 *
 * Since: 0.1
 */
typedef enum {
    IOV_CLASS_OTHER,
    IOV_CLASS_NET,
    IOV_CLASS_INFINIBAND,
    IOV_CLASS_NVME,
    IOV_CLASS_FC,
    IOV_CLASS_DISPLAY,
    IOV_CLASS_ACCELERATOR,
} IovClass;

/**
 * IovLink:
 *
 * Since: 0.1
 */
typedef enum {
    IOV_LINK_NONE,       /* not a network adapter, or no netdev */
    IOV_LINK_DOWN,       /* administratively down */
    IOV_LINK_NO_CARRIER, /* up, but the cable says nothing */
    IOV_LINK_UP,
} IovLink;

IOV_API const char *iov_class_to_string(IovClass class_);
/**
 * iov_class_from_string:
 * @class_: (out): the class
 *
 * Returns: %FALSE where @text is no class's word
 * Since: 0.1
 */
IOV_API gboolean iov_class_from_string(const char *text, IovClass *class_);
IOV_API const char *iov_link_to_string(IovLink link);

#define IOV_TYPE_ADAPTER (iov_adapter_get_type())
#define IOV_TYPE_FUNCTION (iov_function_get_type())

/**
 * IovAdapter:
 *
 * A physical device that offers I/O, as it was found on the host: an immutable record.
 *
 * Since: 0.1
 */
typedef struct _IovAdapter IovAdapter;

/**
 * IovFunction:
 *
 * One assignable slice (VF) of an adapter, as it was found on the host: an immutable record.
 *
 * Since: 0.1
 */
typedef struct _IovFunction IovFunction;

IOV_API GType iov_adapter_get_type(void);
IOV_API IovAdapter *iov_adapter_ref(IovAdapter *adapter);
IOV_API void iov_adapter_unref(IovAdapter *adapter);
IOV_API const char *iov_adapter_get_address(const IovAdapter *adapter);
IOV_API IovClass iov_adapter_get_class(const IovAdapter *adapter);
/**
 * iov_adapter_get_driver:
 *
 * Returns: (nullable): the driver bound to the PF
 * Since: 0.1
 */
IOV_API const char *iov_adapter_get_driver(const IovAdapter *adapter);
/**
 * iov_adapter_get_netdev:
 *
 * Returns: (nullable): the PF's first netdev
 * Since: 0.1
 */
IOV_API const char *iov_adapter_get_netdev(const IovAdapter *adapter);
IOV_API guint iov_adapter_get_vendor(const IovAdapter *adapter);
IOV_API guint iov_adapter_get_device(const IovAdapter *adapter);
/* -1: the platform does not say */
IOV_API int iov_adapter_get_numa_node(const IovAdapter *adapter);
/* -1: no IOMMU */
IOV_API int iov_adapter_get_iommu_group(const IovAdapter *adapter);
IOV_API guint iov_adapter_get_total_vfs(const IovAdapter *adapter);
IOV_API guint iov_adapter_get_num_vfs(const IovAdapter *adapter);
IOV_API gboolean iov_adapter_get_autoprobe(const IovAdapter *adapter);
IOV_API IovLink iov_adapter_get_link(const IovAdapter *adapter);
/* Mbit/s, 0: unknown */
IOV_API guint iov_adapter_get_speed(const IovAdapter *adapter);
/**
 * iov_adapter_get_functions:
 *
 * Returns: (transfer none) (element-type IovFunction): the VFs that exist, by index
 */
IOV_API GPtrArray *iov_adapter_get_functions(const IovAdapter *adapter);

IOV_API GType iov_function_get_type(void);
IOV_API IovFunction *iov_function_ref(IovFunction *function);
IOV_API void iov_function_unref(IovFunction *function);
IOV_API const char *iov_function_get_address(const IovFunction *function);
IOV_API guint iov_function_get_index(const IovFunction *function);
/**
 * iov_function_get_driver:
 *
 * Returns: (nullable): the driver bound to it
 * Since: 0.1
 */
IOV_API const char *iov_function_get_driver(const IovFunction *function);
/**
 * iov_function_get_netdev:
 *
 * Returns: (nullable): its netdev
 * Since: 0.1
 */
IOV_API const char *iov_function_get_netdev(const IovFunction *function);
IOV_API int iov_function_get_iommu_group(const IovFunction *function);
/**
 * iov_function_get_migratable:
 *
 * A vfio variant driver, bound now, saves and restores the function's state: QEMU 8.1 and later
 * migrate a guest with it in.
 *
 * Returns: %FALSE with the plain vfio-pci, and where the kernel does not tell
 * Since: 0.1
 */
IOV_API gboolean iov_function_get_migratable(const IovFunction *function);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovAdapter, iov_adapter_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovFunction, iov_function_unref)

G_END_DECLS
