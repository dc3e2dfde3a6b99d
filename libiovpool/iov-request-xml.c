/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests as XML, in a domain's metadata. The hook reads them through iov_requests_from_node(),
 * which trusts nothing and needs no schema; the schema is a second lock where time does not count.
 */
#include "iov-alias.h"
#include "iov-policy-xml.h"
#include "iov-request-private.h"
#include "iov-xml.h"

#include <string.h>

#define REQUESTS_XML_LIMIT (256 * 1024) /* bytes */

/* Floor "net0-vf" and the function of request "net0" would be one alias, and libvirt refuses the
 * second device of that alias: the function could never be attached. */
static gboolean
take_request_name(const char *text, gpointer field, GError **error)
{
    if (g_str_has_suffix(text, IOV_ALIAS_FUNCTION_SUFFIX) ||
        g_str_has_suffix(text, IOV_ALIAS_PORT_SUFFIX))
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "'%.64s' ends like the alias of a request's device, in -vf or -port; "
                             "choose another name",
                             text);
    return iov_take_name(text, field, error);
}

static gboolean
take_mac(const char *text, gpointer field, GError **error)
{
    return iov_mac_parse(text, field, error);
}

static gboolean
take_priority(const char *text, gpointer field, GError **error)
{
    int *priority = field;
    gint64 number;

    if (text[0] == '+' ||
        !g_ascii_string_to_signed(text, 10, -IOV_PRIORITY_LIMIT, IOV_PRIORITY_LIMIT, &number, NULL))
        return iov_error_set(error, IOV_ERROR_INVALID, "'%.32s' is not a number from -%d to %d",
                             text, IOV_PRIORITY_LIMIT, IOV_PRIORITY_LIMIT);
    *priority = (int)number;
    return TRUE;
}

#define OFFSET(member) G_STRUCT_OFFSET(IovRequest, member)

static const IovXmlAttribute request_attributes[] = {
    {"name", take_request_name, OFFSET(name), TRUE},
    {"pool", iov_take_name, OFFSET(pool), TRUE},
    {"mac", take_mac, OFFSET(netconf.mac), FALSE},
    {"required", iov_xml_take_yes_no, OFFSET(required), FALSE},
    {"priority", take_priority, OFFSET(priority), FALSE},
    {"migration", iov_take_migration, OFFSET(migration), FALSE},
    {.name = NULL},
};

static const IovXmlElement request_elements[] = {
    IOV_NETCONF_ELEMENTS(OFFSET(netconf)),
    {"floor", iov_floor_read, OFFSET(floor), FALSE, FALSE},
    {.name = NULL},
};

/* Two devices of one domain with one name, or one MAC, would be mistaken for each other. */
static gboolean
check_unique(const GPtrArray *requests, const IovRequest *request, const xmlNode *node,
             const char *origin, GError **error)
{
    const char *mac = iov_request_get_mac(request);

    for (guint i = 0; i < requests->len; i++) {
        const IovRequest *other = g_ptr_array_index(requests, i);

        if (strcmp(other->name, request->name) == 0)
            return iov_xml_error(node, origin, error, "a second request '%s'", request->name);
        if (mac != NULL && g_strcmp0(iov_request_get_mac(other), mac) == 0)
            return iov_xml_error(node, origin, error, "requests '%s' and '%s' have one MAC, %s",
                                 other->name, request->name, mac);
    }
    return TRUE;
}

static gboolean
read_request(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    GPtrArray *requests = *(GPtrArray **)field;
    g_autoptr(IovRequest) request = iov_request_new(NULL, NULL);

    if (requests->len >= IOV_REQUESTS_LIMIT)
        return iov_xml_error(node, origin, error, "more than %d requests", IOV_REQUESTS_LIMIT);
    if (!iov_xml_read(node, origin, request_attributes, request_elements, request, error) ||
        !check_unique(requests, request, node, origin, error))
        return FALSE;
    g_ptr_array_add(requests, g_steal_pointer(&request));
    return TRUE;
}

GPtrArray *
iov_requests_from_node(xmlNode *node, const char *origin, GError **error)
{
    static const IovXmlElement elements[] = {
        {"request", read_request, 0, TRUE, TRUE},
        {.name = NULL},
    };
    g_autoptr(GPtrArray) requests =
        g_ptr_array_new_with_free_func((GDestroyNotify)iov_request_unref);

    if (!iov_xml_check_root(node, origin, IOV_REQUEST_NAMESPACE, "requests", error) ||
        !iov_xml_read(node, origin, NULL, elements, &requests, error))
        return NULL;
    return g_steal_pointer(&requests);
}

/* virDomainGetMetadata() takes the namespace off what it returns, and virDomainSetMetadata() puts
 * it on what it gets: a root without namespace has ours, and so have the elements in it. */
static void
adopt_namespace(xmlNode *root)
{
    xmlNode *node = root;
    xmlNs *ns;

    if (root->ns != NULL)
        return;
    ns = xmlNewNs(root, BAD_CAST IOV_REQUEST_NAMESPACE, NULL);
    while (node != NULL && ns != NULL) {
        if (node->type == XML_ELEMENT_NODE && node->ns == NULL)
            xmlSetNs(node, ns);
        if (node->type == XML_ELEMENT_NODE && node->children != NULL) {
            node = node->children;
            continue;
        }
        while (node != root && node->next == NULL)
            node = node->parent;
        node = node != root ? node->next : NULL;
    }
}

GPtrArray *
iov_requests_parse(const char *xml, gsize length, const char *origin, GError **error)
{
    g_autoptr(xmlDoc) doc = iov_xml_parse(xml, length, REQUESTS_XML_LIMIT, origin, error);

    if (doc == NULL)
        return NULL;
    adopt_namespace(xmlDocGetRootElement(doc));
    g_autoptr(GPtrArray) requests =
        iov_requests_from_node(xmlDocGetRootElement(doc), origin, error);
    /* After the reader, whose messages are clearer and whose limits protect the validator. */
    if (requests == NULL || !iov_xml_validate(doc, IOV_SCHEMA_DOMAIN_METADATA, origin, error))
        return NULL;
    return g_steal_pointer(&requests);
}

static void
write_request(xmlNode *parent, const IovRequest *request)
{
    xmlNode *node = xmlNewChild(parent, NULL, BAD_CAST "request", NULL);

    iov_xml_set(node, "name", "%s", request->name);
    iov_xml_set(node, "pool", "%s", request->pool);
    if (request->netconf.mac[0] != '\0')
        iov_xml_set(node, "mac", "%s", request->netconf.mac);
    if (request->required)
        iov_xml_set(node, "required", "yes");
    if (request->priority != 0)
        iov_xml_set(node, "priority", "%d", request->priority);
    if (request->migration != IOV_MIGRATION_UNSET)
        iov_xml_set(node, "migration", "%s", iov_migration_to_string(request->migration));
    iov_netconf_write(node, &request->netconf);
    iov_floor_write(node, &request->floor);
}

char *
iov_requests_to_xml(GPtrArray *requests)
{
    g_autoptr(xmlDoc) doc = xmlNewDoc(BAD_CAST "1.0");
    xmlNode *root = xmlNewNode(NULL, BAD_CAST "requests");

    xmlDocSetRootElement(doc, root);
    for (guint i = 0; i < requests->len; i++)
        write_request(root, g_ptr_array_index(requests, i));
    return iov_xml_format(doc, root);
}
