/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads a domain's XML as libvirt prints it, in one pass over its devices: it stands on the hook's
 * path, and a domain's start waits for it. Only what this library needs is read; every other piece
 * is passed over, so that a newer libvirt's XML is no error. Element and attribute names follow
 * libvirt's formatdomain. The host is never asked.
 */
#include "iov-domain-private.h"

#include "iov-address.h"
#include "iov-alias.h"
#include "iov-io.h"
#include "iov-policy-xml.h"
#include "iov-xml.h"

#include <string.h>

#define NAME_LIMIT 255         /* bytes: libvirt makes file names of it */
#define PCI_INDEX_MAXIMUM 255  /* a controller's index is its bus number */
#define NUMA_NODE_MAXIMUM 1023 /* the kernel's MAX_NUMNODES - 1 */
#define SLOT_MAXIMUM 0x1f
#define FUNCTION_MAXIMUM 7

typedef struct {
    IovDomain *domain;
    char *origin;                             /* what messages call the document */
    gboolean bus_used[PCI_INDEX_MAXIMUM + 1]; /* a device's guest address names this bus */
} Reading;

static gboolean
attribute_is(const xmlNode *node, const char *name, const char *value)
{
    g_autofree char *text = iov_xml_attribute(node, name);

    return g_strcmp0(text, value) == 0;
}

/* In the order of the document, from 1: libxml2 keeps no offsets, and by its number a start tag is
 * found again in the text (iov_xml_find_tags()). */
static void
number_elements(xmlNode *root)
{
    xmlNode *node = root;
    guint number = 0;

    for (;;) {
        if (node->type == XML_ELEMENT_NODE)
            node->_private = GUINT_TO_POINTER(++number);
        if (node->type == XML_ELEMENT_NODE && node->children != NULL) {
            node = node->children;
            continue;
        }
        while (node != root && node->next == NULL)
            node = node->parent;
        if (node == root)
            return;
        node = node->next;
    }
}

static gboolean
is_domain_name(const char *name)
{
    gsize length = strlen(name);

    if (length == 0 || length > NAME_LIMIT || strchr(name, '/') != NULL)
        return FALSE;
    for (const char *c = name; *c != '\0'; c = g_utf8_next_char(c))
        if (g_unichar_iscntrl(g_utf8_get_char(c)))
            return FALSE;
    return TRUE;
}

/* Not trimmed: a name may start with a blank, and one that ends in a line break is no name. */
static gboolean
read_name(Reading *reading, xmlNode *root, GError **error)
{
    xmlNode *node = iov_xml_first(root, NULL, "name");
    xmlChar *text = node != NULL ? xmlNodeGetContent(node) : NULL;

    if (text == NULL)
        return iov_xml_error(root, reading->origin, error, "the domain has no <name>");
    reading->domain->name = g_strdup((const char *)text);
    xmlFree(text);
    if (!is_domain_name(reading->domain->name))
        return iov_xml_error(node, reading->origin, error,
                             "a domain's name has 1 to %d bytes, no '/' and no control character",
                             NAME_LIMIT);
    g_free(reading->origin);
    reading->origin = g_strdup_printf("domain '%s'", reading->domain->name);
    return TRUE;
}

static gboolean
read_uuid(Reading *reading, xmlNode *root, GError **error)
{
    xmlNode *node = iov_xml_first(root, NULL, "uuid");
    g_autofree char *text = node != NULL ? iov_xml_text(node) : NULL;

    if (text == NULL)
        return iov_xml_error(root, reading->origin, error, "the domain has no <uuid>");
    if (!g_uuid_string_is_valid(text))
        return iov_xml_error(node, reading->origin, error, "'%.64s' is not a UUID", text);
    for (gsize i = 0; i < sizeof(reading->domain->uuid) - 1; i++)
        reading->domain->uuid[i] = g_ascii_tolower(text[i]);
    return TRUE;
}

static void
read_machine(Reading *reading, xmlNode *root)
{
    xmlNode *type = iov_xml_path(root, "os/type");
    char *machine = type != NULL ? iov_xml_attribute(type, "machine") : NULL;

    reading->domain->machine = machine != NULL ? machine : g_strdup("");
}

/* A nodeset of several nodes ("0-1", "0,2") binds the domain to none. */
static void
read_numa_node(Reading *reading, xmlNode *root)
{
    xmlNode *memory = iov_xml_path(root, "numatune/memory");
    g_autofree char *nodeset = memory != NULL ? iov_xml_attribute(memory, "nodeset") : NULL;
    guint64 node;

    if (nodeset != NULL && iov_io_parse_number(nodeset, NUMA_NODE_MAXIMUM, &node))
        reading->domain->numa_node = (int)node;
}

/* libvirt keeps one element a namespace (virDomainSetMetadata); a second one was smuggled in by
 * hand, and which of them the admin meant cannot be known. */
static gboolean
read_requests(Reading *reading, xmlNode *root, GError **error)
{
    xmlNode *metadata = iov_xml_first(root, NULL, "metadata");
    xmlNode *node =
        metadata != NULL ? iov_xml_first(metadata, IOV_REQUEST_NAMESPACE, "requests") : NULL;
    xmlNode *second = node != NULL ? iov_xml_next(node, IOV_REQUEST_NAMESPACE, "requests") : NULL;

    if (node == NULL)
        return TRUE;
    if (second != NULL)
        return iov_xml_error(second, reading->origin, error,
                             "<metadata> holds a second <iov:requests>; keep one");

    GPtrArray *requests = iov_requests_from_node(node, reading->origin, error);

    if (requests == NULL)
        return FALSE;
    g_ptr_array_unref(reading->domain->requests);
    reading->domain->requests = requests;
    return TRUE;
}

/* libvirt prints 0x-hexadecimal; it reads a part that is missing as 0. */
static gboolean
read_part(const xmlNode *node, const char *name, guint32 maximum, guint32 *part)
{
    g_autofree char *text = iov_xml_attribute(node, name);
    guint64 value = 0;

    if (text != NULL && !iov_io_parse_number(text, maximum, &value))
        return FALSE;
    *part = (guint32)value;
    return TRUE;
}

static gboolean
read_address(const xmlNode *node, IovAddress *address)
{
    guint32 domain, bus, slot, function;

    if (!read_part(node, "domain", G_MAXUINT32, &domain) ||
        !read_part(node, "bus", G_MAXUINT8, &bus) ||
        !read_part(node, "slot", SLOT_MAXIMUM, &slot) ||
        !read_part(node, "function", FUNCTION_MAXIMUM, &function))
        return FALSE;
    *address = (IovAddress){domain, (guint8)bus, (guint8)slot, (guint8)function};
    return TRUE;
}

/* A hostdev's mode is "subsystem" where it is not given. An <interface>'s hostdev may also be USB:
 * only its address says so. */
static xmlNode *
find_source_address(xmlNode *device)
{
    gboolean is_interface = xmlStrEqual(device->name, BAD_CAST "interface");
    xmlNode *address = NULL;

    if (is_interface && attribute_is(device, "type", "hostdev"))
        address = iov_xml_path(device, "source/address");
    if (xmlStrEqual(device->name, BAD_CAST "hostdev") && attribute_is(device, "type", "pci") &&
        !attribute_is(device, "mode", "capabilities"))
        address = iov_xml_path(device, "source/address");
    if (address == NULL || (is_interface && !attribute_is(address, "type", "pci")))
        return NULL;
    return address;
}

/* An alias is the admin's to choose: only one that is made of a valid name belongs to a request. */
static char *
request_of_alias(const char *alias, const char *suffix)
{
    if (alias == NULL || !g_str_has_prefix(alias, IOV_ALIAS_PREFIX) ||
        !g_str_has_suffix(alias, suffix))
        return NULL;

    const char *start = alias + strlen(IOV_ALIAS_PREFIX);
    gssize length = (gssize)strlen(start) - (gssize)strlen(suffix);
    g_autofree char *name = length > 0 ? g_strndup(start, (gsize)length) : NULL;

    if (name == NULL || !iov_pool_check_name(name, NULL))
        return NULL;
    return g_steal_pointer(&name);
}

static gboolean
has_teaming(xmlNode *device, const char *type)
{
    xmlNode *teaming = iov_xml_first(device, NULL, "teaming");

    return teaming != NULL && attribute_is(teaming, "type", type);
}

static gboolean
read_hostdev(Reading *reading, xmlNode *device, const char *alias, GError **error)
{
    xmlNode *node = find_source_address(device);
    char text[IOV_ADDRESS_SIZE];
    IovAddress address;

    if (node == NULL)
        return TRUE;
    if (!read_address(node, &address))
        return iov_xml_error(node, reading->origin, error,
                             "the source address of a <%s> is not a PCI address",
                             (const char *)device->name);

    IovDomainHostdev *hostdev = g_new0(IovDomainHostdev, 1);

    hostdev->source = g_strdup(iov_address_format(&address, text));
    hostdev->alias = g_strdup(alias);
    hostdev->request = request_of_alias(alias, IOV_ALIAS_FUNCTION_SUFFIX);
    hostdev->is_teaming = has_teaming(device, "transient");
    hostdev->element = GPOINTER_TO_UINT(node->_private);
    g_ptr_array_add(reading->domain->hostdevs, hostdev);
    return TRUE;
}

static char *
netdev_attribute(const xmlNode *node, const char *name)
{
    g_autofree char *text = node != NULL ? iov_xml_attribute(node, name) : NULL;
    char *netdev = NULL;

    if (text != NULL)
        (void)iov_take_netdev(text, &netdev, NULL);
    return netdev;
}

/* Of one that comes by a network libvirt shows the network beside the netdev. */
static gboolean
is_direct(const xmlNode *device, const xmlNode *source)
{
    g_autofree char *network = NULL, *netdev = NULL;

    if (source == NULL || !attribute_is(device, "type", "direct"))
        return FALSE;
    network = iov_xml_attribute(source, "network");
    netdev = iov_xml_attribute(source, "dev");
    return network == NULL && netdev != NULL;
}

static void
read_floor(Reading *reading, xmlNode *device, const char *alias)
{
    if (!xmlStrEqual(device->name, BAD_CAST "interface") || attribute_is(device, "type", "hostdev"))
        return;

    char *request = request_of_alias(alias, "");
    if (request == NULL)
        return;

    IovDomainFloor *floor = g_new0(IovDomainFloor, 1);
    xmlNode *source = iov_xml_first(device, NULL, "source");

    floor->request = request;
    floor->element = source != NULL ? GPOINTER_TO_UINT(source->_private) : 0;
    floor->is_direct = is_direct(device, source);
    floor->network = source != NULL ? iov_xml_attribute(source, "network") : NULL;
    floor->bridge = netdev_attribute(source, "bridge");
    floor->device = netdev_attribute(iov_xml_first(device, NULL, "target"), "dev");
    floor->lower = netdev_attribute(source, "dev");
    floor->is_teaming = has_teaming(device, "persistent");
    floor->is_macvtap = source != NULL && attribute_is(source, "mode", "bridge");
    g_ptr_array_add(reading->domain->floors, floor);
}

static void
read_controller(Reading *reading, xmlNode *device, const char *alias)
{
    guint64 number;

    if (!xmlStrEqual(device->name, BAD_CAST "controller") || !attribute_is(device, "type", "pci"))
        return;

    g_autofree char *index = iov_xml_attribute(device, "index");

    /* libvirt always prints an index; without one nothing can be said of the controller. */
    if (index == NULL || !iov_io_parse_number(index, PCI_INDEX_MAXIMUM, &number))
        return;

    IovDomainController *controller = g_new0(IovDomainController, 1);

    controller->index = (int)number;
    controller->alias = g_strdup(alias);
    controller->is_root_port = attribute_is(device, "model", "pcie-root-port");
    g_ptr_array_add(reading->domain->controllers, controller);
}

/* The guest's address is the device's own child; the one in <source> is the host's. */
static void
note_guest_bus(Reading *reading, xmlNode *device)
{
    guint32 bus;

    for (xmlNode *node = iov_xml_first(device, NULL, "address"); node != NULL;
         node = iov_xml_next(node, NULL, "address"))
        if (attribute_is(node, "type", "pci") && read_part(node, "bus", PCI_INDEX_MAXIMUM, &bus))
            reading->bus_used[bus] = TRUE;
}

static gboolean
read_device(Reading *reading, xmlNode *device, GError **error)
{
    xmlNode *node = iov_xml_first(device, NULL, "alias");
    g_autofree char *alias = node != NULL ? iov_xml_attribute(node, "name") : NULL;

    note_guest_bus(reading, device);
    read_controller(reading, device, alias);
    read_floor(reading, device, alias);
    if (!read_hostdev(reading, device, alias, error))
        return FALSE;
    if (alias != NULL)
        g_hash_table_add(reading->domain->aliases, g_steal_pointer(&alias));
    return TRUE;
}

static gboolean
read_devices(Reading *reading, xmlNode *root, GError **error)
{
    xmlNode *devices = iov_xml_first(root, NULL, "devices");
    GPtrArray *controllers = reading->domain->controllers;

    for (; devices != NULL; devices = iov_xml_next(devices, NULL, "devices"))
        for (xmlNode *device = iov_xml_first(devices, NULL, NULL); device != NULL;
             device = iov_xml_next(device, NULL, NULL))
            if (!read_device(reading, device, error))
                return FALSE;
    for (guint i = 0; i < controllers->len; i++) {
        IovDomainController *controller = g_ptr_array_index(controllers, i);

        controller->in_use = reading->bus_used[controller->index];
    }
    return TRUE;
}

static gboolean
read_domain(Reading *reading, xmlNode *root, GError **error)
{
    if (root->ns != NULL || !xmlStrEqual(root->name, BAD_CAST "domain"))
        return iov_xml_error(root, reading->origin, error, "the root element is not <domain>");
    if (!read_name(reading, root, error) || !read_uuid(reading, root, error))
        return FALSE;
    read_machine(reading, root);
    read_numa_node(reading, root);
    reading->domain->memory_set_aside = iov_xml_path(root, "memoryBacking/hugepages") != NULL ||
                                        iov_xml_path(root, "memoryBacking/locked") != NULL;
    return read_requests(reading, root, error) && read_devices(reading, root, error);
}

IovDomain *
iov_domain_parse(const char *xml, gsize length, GError **error)
{
    Reading reading = {.origin = g_strdup("domain XML")};
    g_autoptr(xmlDoc) doc = iov_xml_parse(xml, length, IOV_XML_DOMAIN_LIMIT, reading.origin, error);
    g_autoptr(IovDomain) domain = iov_domain_new();
    gboolean done;

    reading.domain = domain;
    if (doc != NULL)
        number_elements(xmlDocGetRootElement(doc));
    done = doc != NULL && read_domain(&reading, xmlDocGetRootElement(doc), error);
    g_free(reading.origin);
    return done ? g_steal_pointer(&domain) : NULL;
}

/* Another part of the XML is in disorder; this one is libvirt's own, and is in order. */
gboolean
iov_domain_read_hostdevs(IovDomain *domain, const char *xml)
{
    Reading reading = {.domain = domain, .origin = g_strdup("domain XML")};
    g_autoptr(xmlDoc) doc =
        iov_xml_parse(xml, strlen(xml), IOV_XML_DOMAIN_LIMIT, reading.origin, NULL);
    xmlNode *root = doc != NULL ? xmlDocGetRootElement(doc) : NULL;
    gboolean done = root != NULL && root->ns == NULL &&
                    xmlStrEqual(root->name, BAD_CAST "domain") &&
                    read_devices(&reading, root, NULL);

    g_free(reading.origin);
    return done;
}
