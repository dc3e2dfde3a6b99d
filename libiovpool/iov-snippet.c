/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device XML for libvirt: a request's function, its floor and its root port. Everything is built as
 * a tree, so that no name can break out of its attribute. It decides nothing about leases; names
 * and order follow libvirt's formatdomain, and what libvirt would refuse is not written.
 */
#include "iov-snippet.h"

#include "iov-address.h"
#include "iov-alias.h"
#include "iov-netconf.h"
#include "iov-pool-private.h"
#include "iov-request-private.h"
#include "iov-xml.h"

#include <string.h>

#define GUEST_BUS_MAXIMUM 255
#define MODEL_DEFAULT "virtio"

char *
iov_alias_of_floor(const char *request)
{
    return g_strconcat(IOV_ALIAS_PREFIX, request, NULL);
}

char *
iov_alias_of_function(const char *request)
{
    return g_strconcat(IOV_ALIAS_PREFIX, request, IOV_ALIAS_FUNCTION_SUFFIX, NULL);
}

char *
iov_alias_of_port(const char *request)
{
    return g_strconcat(IOV_ALIAS_PREFIX, request, IOV_ALIAS_PORT_SUFFIX, NULL);
}

static xmlNode *
start(xmlDoc *doc, const char *name)
{
    xmlNode *root = xmlNewDocNode(doc, NULL, BAD_CAST name, NULL);

    xmlDocSetRootElement(doc, root);
    return root;
}

static xmlNode *
append(xmlNode *parent, const char *name)
{
    return xmlNewChild(parent, NULL, BAD_CAST name, NULL);
}

static void
append_with(xmlNode *parent, const char *name, const char *attribute, const char *value)
{
    iov_xml_set(append(parent, name), attribute, "%s", value);
}

static void
append_address(xmlNode *parent, const IovAddress *address, gboolean typed)
{
    xmlNode *node = append(parent, "address");

    if (typed)
        iov_xml_set(node, "type", "pci");
    iov_xml_set(node, "domain", "0x%04x", address->domain);
    iov_xml_set(node, "bus", "0x%02x", address->bus);
    iov_xml_set(node, "slot", "0x%02x", address->slot);
    iov_xml_set(node, "function", "0x%x", address->function);
}

/* A root port has one slot behind it; libvirt chooses a port of its own where the bus is -1. */
static void
append_guest_address(xmlNode *parent, int guest_bus)
{
    IovAddress address = {.bus = (guint8)guest_bus};

    if (guest_bus >= 0)
        append_address(parent, &address, TRUE);
}

/* What the request's floor is, after the pool's word and the defaults. */
static IovFloor
resolve_floor(const IovPool *pool, const IovRequest *request)
{
    const IovFloor *wish = &request->floor;
    IovFloor floor = wish->type != IOV_FLOOR_UNSET ? *wish : pool->floor;

    if (floor.type == IOV_FLOOR_UNSET)
        floor.type = pool->class_ == IOV_CLASS_NET ? IOV_FLOOR_NETWORK : IOV_FLOOR_NONE;
    if (wish->model != NULL)
        floor.model = wish->model;
    if (floor.model == NULL)
        floor.model = (char *)MODEL_DEFAULT;
    return floor;
}

/* libvirt's models of virtio-net; QEMU's failover knows no other device (QEMU,
 * docs/system/virtio-net-failover). */
static gboolean
is_virtio(const char *model)
{
    static const char *const models[] = {"virtio", "virtio-transitional", "virtio-non-transitional",
                                         NULL};

    return g_strv_contains(models, model);
}

gboolean
iov_request_is_teaming(const IovPool *pool, const IovRequest *request, const IovDomain *domain)
{
    IovFloor floor = resolve_floor(pool, request);
    IovMigration migration = request->migration != IOV_MIGRATION_UNSET
                                 ? request->migration
                                 : iov_pool_get_migration(pool);

    return pool->class_ == IOV_CLASS_NET && migration == IOV_MIGRATION_FAILOVER &&
           floor.type != IOV_FLOOR_NONE && is_virtio(floor.model) && iov_domain_has_pcie(domain);
}

/* One MAC for all tiers: libvirt would otherwise make a new one at every attach. */
static gboolean
check_mac(const IovPool *pool, const IovRequest *request, GError **error)
{
    if (pool->class_ != IOV_CLASS_NET || request->netconf.mac[0] != '\0')
        return TRUE;
    return iov_error_set(error, IOV_ERROR_INVALID,
                         "cannot write the device of request '%s': pool '%s' is a network pool and "
                         "the request has no MAC address; give it one with mac='...'",
                         request->name, pool->name);
}

/* Half a failover pair is worse than none: libvirt takes it and QEMU fails. */
static gboolean
check_pair(const IovRequest *request, const IovFloor *floor, GError **error)
{
    if (floor->type != IOV_FLOOR_NONE && is_virtio(floor->model))
        return TRUE;
    return iov_error_set(error, IOV_ERROR_UNSUPPORTED,
                         "cannot make a failover pair for request '%s': its floor is %s and "
                         "failover needs virtio",
                         request->name, floor->type != IOV_FLOOR_NONE ? floor->model : "missing");
}

/* managed='no': the pool has bound its functions to vfio-pci when it started. libvirt sets MAC and
 * VLAN through the PF; it takes rates, trust and spoof check from nobody. */
static gboolean
fill_interface(xmlNode *root, const IovPool *pool, const IovRequest *request,
               const IovAddress *address, gboolean teaming, GError **error)
{
    g_autofree char *persistent = iov_alias_of_floor(request->name);
    IovFloor floor = resolve_floor(pool, request);
    IovNetconf netconf;
    xmlNode *node;

    if (!check_mac(pool, request, error) || (teaming && !check_pair(request, &floor, error)))
        return FALSE;
    if (!iov_netconf_merge(&pool->defaults, &request->netconf, &netconf, error)) {
        g_prefix_error(error, "cannot write the device of request '%s': ", request->name);
        return FALSE;
    }
    iov_xml_set(root, "type", "hostdev");
    iov_xml_set(root, "managed", "no");
    append_with(root, "mac", "address", netconf.mac);
    append_address(append(root, "source"), address, TRUE);
    if (netconf.has_vlan && netconf.vlan != 0)
        iov_xml_set(append(append(root, "vlan"), "tag"), "id", "%u", netconf.vlan);
    if (teaming) {
        node = append(root, "teaming");
        iov_xml_set(node, "type", "transient");
        iov_xml_set(node, "persistent", "%s", persistent);
    }
    return TRUE;
}

static void
fill_hostdev(xmlNode *root, const IovAddress *address)
{
    iov_xml_set(root, "mode", "subsystem");
    iov_xml_set(root, "type", "pci");
    iov_xml_set(root, "managed", "no");
    append_address(append(root, "source"), address, FALSE);
}

char *
iov_snippet_function(const IovPool *pool, const IovRequest *request, const char *address,
                     int guest_bus, gboolean teaming, GError **error)
{
    g_autoptr(xmlDoc) doc = xmlNewDoc(BAD_CAST "1.0");
    g_autofree char *alias = iov_alias_of_function(request->name);
    gboolean is_net = pool->class_ == IOV_CLASS_NET;
    xmlNode *root = start(doc, is_net ? "interface" : "hostdev");
    IovAddress parsed;

    if (!iov_address_parse(address, &parsed, error))
        return NULL;
    if (guest_bus > GUEST_BUS_MAXIMUM) {
        iov_error_set(error, IOV_ERROR_INVALID,
                      "cannot write the device of request '%s': %d is no PCI bus of a guest",
                      request->name, guest_bus);
        return NULL;
    }
    if (!is_net)
        fill_hostdev(root, &parsed);
    else if (!fill_interface(root, pool, request, &parsed, teaming, error))
        return NULL;
    append_with(root, "alias", "name", alias);
    append_guest_address(root, guest_bus);
    return iov_xml_format(doc, root);
}

/*
 * No <vlan>: libvirt refuses it on a tap in a plain bridge (but for filtering bridges from 11.0 on)
 * and on macvtap in bridge mode. A floor's VLAN is the business of the bridge or netdev below it.
 */
static gboolean
append_source(xmlNode *root, const IovPool *pool, const IovRequest *request, const IovFloor *floor,
              GError **error)
{
    g_autofree char *network = iov_network_name(pool);
    const char *source = floor->source;
    xmlNode *node = append(root, "source");

    iov_xml_set(root, "type", "%s", iov_floor_type_to_string(floor->type));
    if (source == NULL && floor->type != IOV_FLOOR_NETWORK)
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "cannot write the floor of request '%s': a floor of type '%s' needs "
                             "a source",
                             request->name, iov_floor_type_to_string(floor->type));
    switch (floor->type) {
    case IOV_FLOOR_NETWORK:
        iov_xml_set(node, "network", "%s", source != NULL ? source : network);
        break;
    case IOV_FLOOR_BRIDGE:
        iov_xml_set(node, "bridge", "%s", source);
        break;
    case IOV_FLOOR_DIRECT:
        iov_xml_set(node, "dev", "%s", source);
        iov_xml_set(node, "mode", "bridge");
        break;
    case IOV_FLOOR_UNSET:
    case IOV_FLOOR_NONE:
        break;
    }
    return TRUE;
}

static gboolean
check_floor(const IovPool *pool, const IovRequest *request, const IovFloor *floor, gboolean teaming,
            GError **error)
{
    if (floor->type == IOV_FLOOR_NONE)
        return iov_error_set(error, IOV_ERROR_UNSUPPORTED,
                             "request '%s' of pool '%s' has no floor: it waits for a function "
                             "without I/O",
                             request->name, pool->name);
    if (teaming && !check_pair(request, floor, error))
        return FALSE;
    return check_mac(pool, request, error);
}

char *
iov_snippet_floor(const IovPool *pool, const IovRequest *request, gboolean teaming, GError **error)
{
    g_autoptr(xmlDoc) doc = xmlNewDoc(BAD_CAST "1.0");
    g_autofree char *alias = iov_alias_of_floor(request->name);
    IovFloor floor = resolve_floor(pool, request);
    xmlNode *root = start(doc, "interface");

    if (!check_floor(pool, request, &floor, teaming, error))
        return NULL;
    if (request->netconf.mac[0] != '\0')
        append_with(root, "mac", "address", request->netconf.mac);
    if (!append_source(root, pool, request, &floor, error))
        return NULL;
    append_with(root, "model", "type", floor.model);
    if (teaming)
        append_with(root, "teaming", "type", "persistent");
    append_with(root, "alias", "name", alias);
    return iov_xml_format(doc, root);
}

char *
iov_snippet_port(const IovRequest *request, guint index)
{
    g_autoptr(xmlDoc) doc = xmlNewDoc(BAD_CAST "1.0");
    g_autofree char *alias = iov_alias_of_port(request->name);
    xmlNode *root = start(doc, "controller");

    g_return_val_if_fail(index >= 1 && index <= GUEST_BUS_MAXIMUM, NULL);
    iov_xml_set(root, "type", "pci");
    iov_xml_set(root, "index", "%u", index);
    iov_xml_set(root, "model", "pcie-root-port");
    append_with(root, "model", "name", "pcie-root-port");
    /* libvirt fills these in when it defines a domain, but wants them from a device that is
     * attached: its own choice for the chassis is the index too, and any port will do in a chassis
     * of its own. */
    xmlNode *target = append(root, "target");
    iov_xml_set(target, "chassis", "%u", index);
    iov_xml_set(target, "port", "0x%x", index);
    append_with(root, "alias", "name", alias);
    return iov_xml_format(doc, root);
}
