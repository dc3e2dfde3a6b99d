/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records of adapters and functions: reference counts, getters, and the names of classes and link
 * states. A host backend fills the records; nothing here touches the host.
 */
#include "iov-adapter-private.h"

#include "iov-words.h"

#include <string.h>

G_DEFINE_BOXED_TYPE(IovAdapter, iov_adapter, iov_adapter_ref, iov_adapter_unref)
G_DEFINE_BOXED_TYPE(IovFunction, iov_function, iov_function_ref, iov_function_unref)

static const char *const class_names[] = {
    [IOV_CLASS_OTHER] = "other",
    [IOV_CLASS_NET] = "net",
    [IOV_CLASS_INFINIBAND] = "infiniband",
    [IOV_CLASS_NVME] = "nvme",
    [IOV_CLASS_FC] = "fc",
    [IOV_CLASS_DISPLAY] = "display",
    [IOV_CLASS_ACCELERATOR] = "accelerator",
};

static const char *const link_names[] = {
    [IOV_LINK_NONE] = "none",
    [IOV_LINK_DOWN] = "down",
    [IOV_LINK_NO_CARRIER] = "no-carrier",
    [IOV_LINK_UP] = "up",
};

const char *
iov_class_to_string(IovClass class_)
{
    return iov_words_get(class_names, G_N_ELEMENTS(class_names), class_, "other");
}

gboolean
iov_class_from_string(const char *text, IovClass *class_)
{
    guint value;

    if (!iov_words_find(class_names, G_N_ELEMENTS(class_names), text, &value))
        return FALSE;
    *class_ = (IovClass)value;
    return TRUE;
}

const char *
iov_link_to_string(IovLink link)
{
    return iov_words_get(link_names, G_N_ELEMENTS(link_names), link, "none");
}

/* Devices whose class code says less than their driver: data movers ("system peripheral, other"),
 * and Omni-Path, which calls itself a fabric controller but is driven as InfiniBand. */
static gboolean
class_from_driver(const char *driver, IovClass *class_)
{
    static const struct {
        const char *driver;
        IovClass class_;
    } known[] = {
        {"hfi1", IOV_CLASS_INFINIBAND},     {"idxd", IOV_CLASS_ACCELERATOR},
        {"ioatdma", IOV_CLASS_ACCELERATOR}, {"lpfc", IOV_CLASS_FC},
        {"qla2xxx", IOV_CLASS_FC},
    };

    for (gsize i = 0; driver != NULL && i < G_N_ELEMENTS(known); i++) {
        if (strcmp(driver, known[i].driver) != 0)
            continue;
        *class_ = known[i].class_;
        return TRUE;
    }
    return FALSE;
}

/* PCI Code and ID Assignment Specification, section 1: first match, a mask says how many bits of
 * base class, subclass and interface count. */
IovClass
iov_class_from_code(guint class_code, const char *driver)
{
    static const struct {
        guint mask, code;
        IovClass class_;
    } known[] = {
        {0xffffff00, 0x020700, IOV_CLASS_INFINIBAND}, /* network controller: InfiniBand */
        {0xffff0000, 0x020000, IOV_CLASS_NET},
        {0xffffff00, 0x010800, IOV_CLASS_NVME}, /* non-volatile memory */
        {0xffffff00, 0x0c0400, IOV_CLASS_FC},
        {0xffffff00, 0x0c0600, IOV_CLASS_INFINIBAND}, /* serial bus: InfiniBand, the older code */
        {0xffff0000, 0x030000, IOV_CLASS_DISPLAY},
        {0xffffff00, 0x0b4000, IOV_CLASS_ACCELERATOR}, /* co-processor */
        {0xffff0000, 0x100000, IOV_CLASS_ACCELERATOR}, /* encryption */
        {0xffff0000, 0x120000, IOV_CLASS_ACCELERATOR}, /* processing accelerator */
    };
    IovClass class_ = IOV_CLASS_OTHER;

    if (class_from_driver(driver, &class_))
        return class_;
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
        if ((class_code & known[i].mask) == known[i].code)
            return known[i].class_;
    return IOV_CLASS_OTHER;
}

gboolean
iov_driver_is_vfio(const char *driver)
{
    return g_strcmp0(driver, "vfio-pci") == 0 || g_str_has_suffix(driver, "-vfio-pci") ||
           g_str_has_suffix(driver, "_vfio_pci");
}

/* nvgrace_gpu_vfio_pci is there for the device's memory, not for its state. */
gboolean
iov_driver_is_vfio_variant(const char *driver)
{
    return iov_driver_is_vfio(driver) && strcmp(driver, "vfio-pci") != 0 &&
           strcmp(driver, "nvgrace_gpu_vfio_pci") != 0;
}

/* Linux, drivers/iommu/iommu.c, and "driver_managed_dma" in the drivers. */
gboolean
iov_driver_leaves_group(const char *driver)
{
    return driver[0] == '\0' || strcmp(driver, "pcieport") == 0 ||
           strcmp(driver, "pci-stub") == 0 || iov_driver_is_vfio(driver);
}

IovAdapter *
iov_adapter_new(const char *address)
{
    IovAdapter *adapter = g_new0(IovAdapter, 1);

    g_atomic_ref_count_init(&adapter->references);
    adapter->address = g_strdup(address);
    adapter->numa_node = -1;
    adapter->iommu_group = -1;
    adapter->functions = g_ptr_array_new_with_free_func((GDestroyNotify)iov_function_unref);
    return adapter;
}

IovAdapter *
iov_adapter_ref(IovAdapter *adapter)
{
    g_atomic_ref_count_inc(&adapter->references);
    return adapter;
}

void
iov_adapter_unref(IovAdapter *adapter)
{
    if (!g_atomic_ref_count_dec(&adapter->references))
        return;
    g_free(adapter->address);
    g_free(adapter->driver);
    g_free(adapter->netdev);
    g_ptr_array_unref(adapter->functions);
    g_free(adapter);
}

const char *
iov_adapter_get_address(const IovAdapter *adapter)
{
    return adapter->address;
}

IovClass
iov_adapter_get_class(const IovAdapter *adapter)
{
    return adapter->class_;
}

const char *
iov_adapter_get_driver(const IovAdapter *adapter)
{
    return adapter->driver;
}

const char *
iov_adapter_get_netdev(const IovAdapter *adapter)
{
    return adapter->netdev;
}

guint
iov_adapter_get_vendor(const IovAdapter *adapter)
{
    return adapter->vendor;
}

guint
iov_adapter_get_device(const IovAdapter *adapter)
{
    return adapter->device;
}

int
iov_adapter_get_numa_node(const IovAdapter *adapter)
{
    return adapter->numa_node;
}

int
iov_adapter_get_iommu_group(const IovAdapter *adapter)
{
    return adapter->iommu_group;
}

guint
iov_adapter_get_total_vfs(const IovAdapter *adapter)
{
    return adapter->total_vfs;
}

guint
iov_adapter_get_num_vfs(const IovAdapter *adapter)
{
    return adapter->num_vfs;
}

gboolean
iov_adapter_get_autoprobe(const IovAdapter *adapter)
{
    return adapter->autoprobe;
}

IovLink
iov_adapter_get_link(const IovAdapter *adapter)
{
    return adapter->link;
}

guint
iov_adapter_get_speed(const IovAdapter *adapter)
{
    return adapter->speed;
}

GPtrArray *
iov_adapter_get_functions(const IovAdapter *adapter)
{
    return adapter->functions;
}

const IovFunction *
iov_adapter_find_function(const IovAdapter *adapter, const char *address)
{
    for (guint i = 0; i < adapter->functions->len; i++) {
        const IovFunction *function = adapter->functions->pdata[i];

        if (strcmp(function->address, address) == 0)
            return function;
    }
    return NULL;
}

IovFunction *
iov_function_new(const char *address, guint index)
{
    IovFunction *function = g_new0(IovFunction, 1);

    g_atomic_ref_count_init(&function->references);
    function->address = g_strdup(address);
    function->index = index;
    function->iommu_group = -1;
    return function;
}

IovFunction *
iov_function_ref(IovFunction *function)
{
    g_atomic_ref_count_inc(&function->references);
    return function;
}

void
iov_function_unref(IovFunction *function)
{
    if (!g_atomic_ref_count_dec(&function->references))
        return;
    g_free(function->address);
    g_free(function->driver);
    g_free(function->netdev);
    g_free(function);
}

const char *
iov_function_get_address(const IovFunction *function)
{
    return function->address;
}

guint
iov_function_get_index(const IovFunction *function)
{
    return function->index;
}

const char *
iov_function_get_driver(const IovFunction *function)
{
    return function->driver;
}

const char *
iov_function_get_netdev(const IovFunction *function)
{
    return function->netdev;
}

int
iov_function_get_iommu_group(const IovFunction *function)
{
    return function->iommu_group;
}

gboolean
iov_function_get_migratable(const IovFunction *function)
{
    return function->migratable;
}
