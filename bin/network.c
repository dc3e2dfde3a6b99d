/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pool's floor network in libvirt. Only a network of the pool's name that is a bridge-mode one
 * is taken for ours; nothing is changed below a guest that uses it.
 */
#include "network.h"

#include "cli-error.h"

#include <libxml/parser.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

/* What matters of a network's XML. */
typedef struct {
    gboolean is_bridge_mode;
    gint64 connections; /* guests' interfaces on it; counted while it is active */
    char *devices;      /* sorted, one a line */
} Shape;

static void
clear_shape(Shape *shape)
{
    g_free(shape->devices);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Shape, clear_shape)

static char *
attribute(xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
    char *copy = g_strdup((const char *)value);

    xmlFree(value);
    return copy;
}

static xmlNode *
child(xmlNode *parent, const char *name)
{
    xmlNode *node = parent != NULL ? xmlFirstElementChild(parent) : NULL;

    while (node != NULL && strcmp((const char *)node->name, name) != 0)
        node = xmlNextElementSibling(node);
    return node;
}

static int
compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *
join_devices(xmlNode *forward)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    xmlNode *node = forward != NULL ? xmlFirstElementChild(forward) : NULL;

    for (; node != NULL; node = xmlNextElementSibling(node)) {
        char *device = attribute(node, "dev");
        if (device != NULL)
            g_ptr_array_add(names, device);
    }
    g_ptr_array_sort(names, compare_texts);
    g_ptr_array_add(names, NULL);
    return g_strjoinv("\n", (char **)names->pdata);
}

static xmlDoc *
parse(const char *xml, GError **error)
{
    xmlDoc *doc = xmlReadMemory(xml, (int)strlen(xml), "network.xml", NULL,
                                XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);

    if (doc == NULL)
        cli_error_set(error, IOV_ERROR_INVALID, "a network's XML cannot be read");
    return doc;
}

static gboolean
read_shape(const char *xml, Shape *shape, GError **error)
{
    g_autoptr(xmlDoc) doc = parse(xml, error);
    if (doc == NULL)
        return FALSE;
    xmlNode *root = xmlDocGetRootElement(doc);
    xmlNode *forward = child(root, "forward");
    g_autofree char *mode = forward != NULL ? attribute(forward, "mode") : NULL;
    g_autofree char *connections = attribute(root, "connections");

    shape->is_bridge_mode = g_strcmp0(mode, "bridge") == 0;
    shape->connections = connections != NULL ? g_ascii_strtoll(connections, NULL, 10) : 0;
    shape->devices = join_devices(forward);
    return TRUE;
}

static gboolean
read_network(virNetworkPtr network, Shape *shape, GError **error)
{
    char *xml = virNetworkGetXMLDesc(network, 0);

    if (xml == NULL)
        return libvirt_error(error, "cannot read network '%s'", virNetworkGetName(network));
    gboolean done = read_shape(xml, shape, error);
    free(xml);
    if (done && !shape->is_bridge_mode)
        return cli_error_set(error, IOV_ERROR_EXISTS,
                             "network '%s' is there and is not a pool's: rename it",
                             virNetworkGetName(network));
    return done;
}

/* The network, NULL without @error where there is none. */
static virNetworkPtr
find_network(virConnectPtr connection, const char *name, GError **error)
{
    virNetworkPtr network = virNetworkLookupByName(connection, name);

    if (network == NULL && virGetLastErrorCode() != VIR_ERR_NO_NETWORK)
        libvirt_error(error, "cannot look up network '%s'", name);
    return network;
}

/* With the UUID of the one that it replaces, libvirt changes it in place. */
static char *
add_uuid(const char *xml, virNetworkPtr old, GError **error)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    g_autoptr(xmlDoc) doc = parse(xml, error);
    xmlChar *text = NULL;

    if (doc == NULL)
        return NULL;
    if (virNetworkGetUUIDString(old, uuid) != 0) {
        libvirt_error(error, "cannot read the UUID of network '%s'", virNetworkGetName(old));
        return NULL;
    }
    if (child(xmlDocGetRootElement(doc), "uuid") == NULL)
        xmlNewTextChild(xmlDocGetRootElement(doc), NULL, (const xmlChar *)"uuid",
                        (const xmlChar *)uuid);
    xmlDocDumpMemory(doc, &text, NULL);
    char *result = g_strdup((const char *)text);
    xmlFree(text);
    return result;
}

static gboolean
bring_up(virNetworkPtr network, GError **error)
{
    if (virNetworkIsActive(network) != 1 && virNetworkCreate(network) != 0)
        return libvirt_error(error, "cannot start network '%s'", virNetworkGetName(network));
    if (virNetworkSetAutostart(network, 1) != 0)
        return libvirt_error(error, "cannot autostart network '%s'", virNetworkGetName(network));
    return TRUE;
}

/* A network that could not be brought up, or only in part. */
static void
discard(virNetworkPtr network)
{
    if (virNetworkIsActive(network) == 1)
        virNetworkDestroy(network);
    virNetworkUndefine(network);
}

/* Takes the definition as a whole or not at all: a new one that does not start is undefined. */
static gboolean
make_network(virConnectPtr connection, const char *xml, GError **error)
{
    g_autoptr(virNetwork) network = virNetworkDefineXML(connection, xml);

    if (network == NULL)
        return libvirt_error(error, "cannot define the floor network");
    if (bring_up(network, error))
        return TRUE;
    discard(network);
    return FALSE;
}

/* What a network was like. */
typedef struct {
    char *xml;
    gboolean is_active, is_persistent;
    int autostart;
} Former;

static void
former_clear(Former *former)
{
    free(former->xml);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Former, former_clear)

static gboolean
note_former(virNetworkPtr network, Former *former, GError **error)
{
    former->is_active = virNetworkIsActive(network) == 1;
    former->is_persistent = virNetworkIsPersistent(network) == 1;
    if (former->is_persistent) {
        virNetworkGetAutostart(network, &former->autostart);
        former->xml = virNetworkGetXMLDesc(network, VIR_NETWORK_XML_INACTIVE);
    }
    if (former->xml == NULL) /* not every driver keeps two definitions */
        former->xml = virNetworkGetXMLDesc(network, 0);
    return former->xml != NULL ||
           libvirt_error(error, "cannot read network '%s'", virNetworkGetName(network));
}

/* Over whatever is there by now under its UUID. */
static gboolean
restore(virConnectPtr connection, const Former *former)
{
    g_autoptr(virNetwork) network = former->is_persistent
                                        ? virNetworkDefineXML(connection, former->xml)
                                        : virNetworkCreateXML(connection, former->xml);

    if (network == NULL)
        return FALSE;
    if (former->is_active && virNetworkIsActive(network) != 1 && virNetworkCreate(network) != 0)
        return FALSE;
    return !former->is_persistent || virNetworkSetAutostart(network, former->autostart) == 0;
}

/* The new definition runs, or nothing of it is left. */
static gboolean
redefine(virConnectPtr connection, virNetworkPtr old, const char *xml, GError **error)
{
    g_autoptr(virNetwork) network = virNetworkDefineXML(connection, xml);

    if (network == NULL)
        return libvirt_error(error, "cannot redefine network '%s'", virNetworkGetName(old));
    if (bring_up(network, error))
        return TRUE;
    discard(network);
    return FALSE;
}

static gboolean
update_network(virConnectPtr connection, virNetworkPtr old, const char *xml, GError **error)
{
    g_auto(Former) former = {0};
    g_autofree char *full = add_uuid(xml, old, error);
    g_autoptr(GError) cause = NULL;

    if (full == NULL || !note_former(old, &former, error))
        return FALSE;
    if (former.is_active && virNetworkDestroy(old) != 0)
        return libvirt_error(error, "cannot restart network '%s'", virNetworkGetName(old));
    if (redefine(connection, old, full, &cause))
        return TRUE;
    if (restore(connection, &former)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    return libvirt_error(error, "%s; and what it was before cannot be restored", cause->message);
}

gboolean
floor_network_is_wanted(const IovPool *pool)
{
    return iov_pool_get_class(pool) == IOV_CLASS_NET && iov_pool_get_floor(pool) == IOV_FLOOR_UNSET;
}

/* The network is there: right, to be brought up to date, or in use and kept. */
static gboolean
refresh_network(virConnectPtr connection, virNetworkPtr old, const char *xml, char **note,
                GError **error)
{
    g_auto(Shape) is = {0}, wanted = {0};
    const char *name = virNetworkGetName(old);

    if (!read_network(old, &is, error) || !read_shape(xml, &wanted, error))
        return FALSE;
    if (strcmp(is.devices, wanted.devices) == 0)
        return bring_up(old, error);
    if (is.connections > 0) {
        *note = g_strdup_printf("network %s: %" G_GINT64_FORMAT
                                " guest interfaces use it, so it keeps its old adapters",
                                name, is.connections);
        return TRUE;
    }
    if (!update_network(connection, old, xml, error))
        return FALSE;
    *note = g_strdup_printf("network %s: brought up to date with the pool's adapters", name);
    return TRUE;
}

gboolean
floor_network_start(virConnectPtr connection, IovManager *manager, const IovPool *pool, char **note,
                    GError **error)
{
    g_auto(GStrv) netdevs = iov_manager_list_netdevs(manager, iov_pool_get_name(pool), error);
    g_autofree char *name = iov_network_name(pool);
    g_autoptr(GError) cause = NULL;

    *note = NULL;
    if (netdevs == NULL)
        return FALSE;
    if (*netdevs == NULL)
        return cli_error_set(error, IOV_ERROR_UNSUPPORTED, "no adapter of the pool has a netdev");
    g_autofree char *xml = iov_snippet_network(pool, (const char *const *)netdevs);
    g_autoptr(virNetwork) old = find_network(connection, name, &cause);
    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (old != NULL)
        return refresh_network(connection, old, xml, note, error);
    if (!make_network(connection, xml, error))
        return FALSE;
    *note = g_strdup_printf("network %s: defined and started", name);
    return TRUE;
}

static gboolean
remove_network(virNetworkPtr network, char **saved, GError **error)
{
    const char *name = virNetworkGetName(network);
    char *xml = virNetworkGetXMLDesc(network, VIR_NETWORK_XML_INACTIVE);

    if (xml == NULL) /* not every driver keeps two definitions */
        xml = virNetworkGetXMLDesc(network, 0);
    if (xml == NULL)
        return libvirt_error(error, "cannot read network '%s'", name);
    *saved = g_strdup(xml);
    free(xml);
    if (virNetworkIsActive(network) == 1 && virNetworkDestroy(network) != 0)
        return libvirt_error(error, "cannot stop network '%s'", name);
    if (virNetworkUndefine(network) != 0) {
        libvirt_error(error, "cannot undefine network '%s'", name);
        virNetworkCreate(network);
        return FALSE;
    }
    return TRUE;
}

gboolean
floor_network_stop(virConnectPtr connection, const IovPool *pool, char **saved, char **note,
                   GError **error)
{
    g_autofree char *name = iov_network_name(pool);
    g_autoptr(GError) cause = NULL;
    g_auto(Shape) is = {0};

    *saved = NULL;
    *note = NULL;
    g_autoptr(virNetwork) network = find_network(connection, name, &cause);
    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (network == NULL)
        return TRUE;
    if (!read_network(network, &is, &cause)) {
        *note = g_strdup(cause->message);
        return TRUE;
    }
    if (is.connections > 0) {
        *note = g_strdup_printf("network %s: kept, %" G_GINT64_FORMAT " guest interfaces use it",
                                name, is.connections);
        return TRUE;
    }
    return remove_network(network, saved, error);
}

gboolean
floor_network_restore(virConnectPtr connection, const char *saved, GError **error)
{
    return make_network(connection, saved, error);
}
