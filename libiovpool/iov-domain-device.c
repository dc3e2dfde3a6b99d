/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds in a domain's XML what may be in the way of a migration, of what is like one, or of memory
 * that is not there: more of it than iov-domain-parse.c reads on the hook's path, and for nothing
 * else. Names follow libvirt's formatdomain. What it means is decided in iov-constraint-judge.c.
 */
#include "iov-domain-device.h"

#include "iov-domain-private.h"
#include "iov-xml.h"

#include <string.h>

/* (transfer none) */
static IovConstraintDevice *
add(GPtrArray *devices, char *name, const char *alias, IovObstacle obstacle)
{
    IovConstraintDevice *device = iov_constraint_device_new(name, alias, obstacle);

    g_ptr_array_add(devices, device);
    return device;
}

/* An attribute of the element at @path below @node; "" where there is none. (transfer full) */
static char *
attribute_at(xmlNode *node, const char *path, const char *name)
{
    xmlNode *child = path != NULL ? iov_xml_path(node, path) : node;
    char *text = child != NULL ? iov_xml_attribute(child, name) : NULL;

    return text != NULL ? text : g_strdup("");
}

static gboolean
attribute_is(xmlNode *node, const char *path, const char *name, const char *value)
{
    g_autofree char *text = attribute_at(node, path, name);

    return strcmp(text, value) == 0;
}

/* A device that is called by an attribute of its own: "disk vda". */
static IovConstraintDevice *
add_device(GPtrArray *devices, xmlNode *node, const char *kind, const char *path, const char *name,
           IovObstacle obstacle)
{
    g_autofree char *text = attribute_at(node, path, name);
    g_autofree char *alias = attribute_at(node, "alias", "name");

    return add(devices, g_strdup_printf("%s %.64s", kind, text), *alias != '\0' ? alias : NULL,
               obstacle);
}

static void
read_hostdev(GPtrArray *devices, xmlNode *node)
{
    if (attribute_is(node, NULL, "type", "mdev"))
        add_device(devices, node, "mdev", "source/address", "uuid", IOV_OBSTACLE_MDEV)
            ->pins_memory = TRUE;
    if (attribute_is(node, NULL, "type", "scsi_host"))
        add_device(devices, node, "scsi_host", "source", "wwpn", IOV_OBSTACLE_SCSI_HOST);
}

static void
read_interface(GPtrArray *devices, xmlNode *node)
{
    if (attribute_is(node, NULL, "type", "vdpa"))
        add_device(devices, node, "interface", "source", "dev", IOV_OBSTACLE_VDPA)->pins_memory =
            TRUE;
}

/* What is not said to be another driver's is 9p. */
static void
read_filesystem(GPtrArray *devices, xmlNode *node)
{
    g_autofree char *driver = attribute_at(node, "driver", "type");

    if (strcmp(driver, "virtiofs") == 0)
        add_device(devices, node, "filesystem", "target", "dir", IOV_OBSTACLE_VIRTIOFS);
    else if (*driver == '\0' || strcmp(driver, "path") == 0 || strcmp(driver, "handle") == 0)
        add_device(devices, node, "filesystem", "target", "dir", IOV_OBSTACLE_9P);
}

/* QEMU drives an NVMe disk by itself, through vfio. */
static void
read_disk(GPtrArray *devices, xmlNode *node)
{
    if (iov_xml_first(node, NULL, "transient") != NULL)
        add_device(devices, node, "disk", "target", "dev", IOV_OBSTACLE_TRANSIENT_DISK);
    if (attribute_is(node, NULL, "type", "nvme"))
        add_device(devices, node, "disk", "target", "dev", IOV_OBSTACLE_PINNED_MEMORY);
}

static void
read_shmem(GPtrArray *devices, xmlNode *node)
{
    if (!attribute_is(node, NULL, "role", "master"))
        add_device(devices, node, "shmem", NULL, "name", IOV_OBSTACLE_SHMEM);
}

static void
read_devices(GPtrArray *devices, xmlNode *root)
{
    static const struct {
        const char *element;
        void (*read)(GPtrArray *devices, xmlNode *node);
    } readers[] = {
        {"hostdev", read_hostdev}, {"interface", read_interface}, {"filesystem", read_filesystem},
        {"disk", read_disk},       {"shmem", read_shmem},
    };
    xmlNode *list = iov_xml_first(root, NULL, "devices");

    for (; list != NULL; list = iov_xml_next(list, NULL, "devices"))
        for (gsize i = 0; i < G_N_ELEMENTS(readers); i++)
            for (xmlNode *node = iov_xml_first(list, NULL, readers[i].element); node != NULL;
                 node = iov_xml_next(node, NULL, readers[i].element))
                readers[i].read(devices, node);
}

static gboolean
has_tsc_frequency(xmlNode *root)
{
    xmlNode *clock = iov_xml_first(root, NULL, "clock");
    xmlNode *timer = clock != NULL ? iov_xml_first(clock, NULL, "timer") : NULL;

    for (; timer != NULL; timer = iov_xml_next(timer, NULL, "timer")) {
        g_autofree char *frequency = attribute_at(timer, NULL, "frequency");

        if (attribute_is(timer, NULL, "name", "tsc") && *frequency != '\0')
            return TRUE;
    }
    return FALSE;
}

/* A feature without a policy is required. */
static gboolean
has_invtsc(xmlNode *cpu)
{
    for (xmlNode *node = iov_xml_first(cpu, NULL, "feature"); node != NULL;
         node = iov_xml_next(node, NULL, "feature")) {
        g_autofree char *policy = attribute_at(node, NULL, "policy");

        if (attribute_is(node, NULL, "name", "invtsc") &&
            (*policy == '\0' || strcmp(policy, "require") == 0 || strcmp(policy, "force") == 0))
            return TRUE;
    }
    return FALSE;
}

static void
read_cpu(GPtrArray *devices, xmlNode *root)
{
    xmlNode *cpu = iov_xml_first(root, NULL, "cpu");

    if (cpu == NULL || has_tsc_frequency(root))
        return;
    if (has_invtsc(cpu))
        add(devices, g_strdup("CPU"), NULL, IOV_OBSTACLE_INVTSC);
    else if (attribute_is(cpu, NULL, "migratable", "off"))
        add(devices, g_strdup("CPU"), NULL, IOV_OBSTACLE_CPU);
}

static void
read_memory(GPtrArray *devices, xmlNode *root)
{
    if (attribute_is(root, "launchSecurity", "type", "sev") ||
        attribute_is(root, "launchSecurity", "type", "sev-snp"))
        add(devices, g_strdup("memory"), NULL, IOV_OBSTACLE_LAUNCH_SECURITY);
    if (iov_xml_path(root, "memoryBacking/locked") != NULL)
        add(devices, g_strdup("memory"), NULL, IOV_OBSTACLE_LOCKED_MEMORY);
    if (iov_xml_path(root, "memoryBacking/hugepages") != NULL)
        add(devices, g_strdup("memory"), NULL, IOV_OBSTACLE_HUGEPAGES);
}

/* An alias may name a request that the domain does not have: the device is then nobody's. */
static void
add_functions(GPtrArray *devices, const IovDomain *domain)
{
    for (guint i = 0; i < domain->hostdevs->len; i++) {
        const IovDomainHostdev *hostdev = domain->hostdevs->pdata[i];
        gboolean is_ours =
            hostdev->request != NULL && iov_domain_find_request(domain, hostdev->request) != NULL;
        char *name = is_ours
                         ? g_strdup_printf("%s's function %s", hostdev->request, hostdev->source)
                         : g_strdup_printf("hostdev %s", hostdev->source);
        IovConstraintDevice *device = add(devices, name, hostdev->alias, IOV_OBSTACLE_STATIC);

        device->is_function = TRUE;
        device->address = g_strdup(hostdev->source);
        device->request = is_ours ? g_strdup(hostdev->request) : NULL;
        device->is_teaming = hostdev->is_teaming;
    }
}

GPtrArray *
iov_domain_read_devices(const IovDomain *domain, const char *xml, gsize length, GError **error)
{
    g_autofree char *origin = g_strdup_printf("domain '%s'", domain->name);
    g_autoptr(xmlDoc) doc = iov_xml_parse(xml, length, IOV_XML_DOMAIN_LIMIT, origin, error);
    xmlNode *root = doc != NULL ? xmlDocGetRootElement(doc) : NULL;
    GPtrArray *devices = NULL;

    if (root == NULL)
        return NULL;
    devices = g_ptr_array_new_with_free_func((GDestroyNotify)iov_constraint_device_free);
    add_functions(devices, domain);
    read_devices(devices, root);
    read_cpu(devices, root);
    read_memory(devices, root);
    return devices;
}
