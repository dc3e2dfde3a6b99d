/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pool's definition as XML: read strictly, then checked against the schema as a second lock, and
 * written in canonical form. Whether its adapters exist is the manager's concern.
 */
#include "iov-pool-xml.h"

#include "iov-policy-xml.h"

#include <string.h>

#define DRIVER_LIMIT 64

static gboolean
take_uuid(const char *text, gpointer field, GError **error)
{
    char *uuid = field;

    if (!g_uuid_string_is_valid(text))
        return iov_error_set(error, IOV_ERROR_INVALID, "'%.48s' is not a UUID", text);
    g_autofree char *canonical = g_ascii_strdown(text, -1);
    g_strlcpy(uuid, canonical, sizeof((IovPool *)NULL)->uuid);
    return TRUE;
}

static gboolean
take_class(const char *text, gpointer field, GError **error)
{
    return iov_class_from_string(text, field) ||
           iov_error_set(error, IOV_ERROR_INVALID, "'%.32s' is not a class of adapters", text);
}

static gboolean
take_policy(const char *text, gpointer field, GError **error)
{
    return iov_policy_from_string(text, field) ||
           iov_error_set(error, IOV_ERROR_INVALID, "'%.32s' is neither spread nor pack", text);
}

static gboolean
take_numa(const char *text, gpointer field, GError **error)
{
    return iov_numa_from_string(text, field) ||
           iov_error_set(error, IOV_ERROR_INVALID, "'%.32s' is not prefer, require or ignore",
                         text);
}

static gboolean
take_vfs(const char *text, gpointer field, GError **error)
{
    guint *vfs = field;

    if (strcmp(text, "max") == 0) {
        *vfs = IOV_VFS_MAX;
        return TRUE;
    }
    if (iov_xml_take_number(text, G_MAXUINT16, vfs, NULL) && *vfs > 0)
        return TRUE;
    return iov_error_set(error, IOV_ERROR_INVALID, "'%.32s' is neither 1 to %u nor max", text,
                         G_MAXUINT16);
}

/* PCI_VENDOR_ID and PCI_DEVICE_ID, as lspci -nn prints them; 0 is nobody's. */
static gboolean
take_pci_id(const char *text, gpointer field, GError **error)
{
    guint *id = field;
    guint64 number = 0;

    if (!g_str_has_prefix(text, "0x") || strlen(text) > strlen("0xffff") ||
        !g_ascii_string_to_unsigned(text + 2, 16, 1, G_MAXUINT16, &number, NULL))
        return iov_error_set(error, IOV_ERROR_INVALID, "'%.32s' is not a PCI ID such as 0x8086",
                             text);
    *id = (guint)number;
    return TRUE;
}

static gboolean
take_driver(const char *text, gpointer field, GError **error)
{
    char **driver = field;
    gsize length = strspn(text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-");

    if (length == 0 || length > DRIVER_LIMIT || text[length] != '\0' || text[0] == '-')
        return iov_error_set(error, IOV_ERROR_INVALID, "'%.64s' is not the name of a driver", text);
    *driver = g_strdup(text);
    return TRUE;
}

static gboolean
same_entry(const IovPoolEntry *a, const IovPoolEntry *b)
{
    if (a->netdev != NULL || a->address != NULL)
        return g_strcmp0(a->netdev, b->netdev) == 0 && g_strcmp0(a->address, b->address) == 0;
    return b->is_match && a->match_vendor == b->match_vendor &&
           a->match_device == b->match_device && g_strcmp0(a->match_driver, b->match_driver) == 0;
}

/* Takes @entry over. */
static gboolean
add_entry(GPtrArray *entries, IovPoolEntry *entry, const xmlNode *node, const char *origin,
          GError **error)
{
    g_autoptr(IovPoolEntry) owned = entry;

    if (entries->len >= IOV_POOL_ENTRIES_LIMIT)
        return iov_xml_error(node, origin, error, "more than %d adapters", IOV_POOL_ENTRIES_LIMIT);
    for (guint i = 0; i < entries->len; i++)
        if (same_entry(owned, g_ptr_array_index(entries, i)))
            return iov_xml_error(node, origin, error, "%s stands in <adapters> twice",
                                 owned->netdev != NULL    ? owned->netdev
                                 : owned->address != NULL ? owned->address
                                                          : "the same <match>");
    g_ptr_array_add(entries, g_steal_pointer(&owned));
    return TRUE;
}

static gboolean
read_adapter(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    static const IovXmlAttribute attributes[] = {
        {"netdev", iov_take_netdev, G_STRUCT_OFFSET(IovPoolEntry, netdev), FALSE},
        {"address", iov_take_address, G_STRUCT_OFFSET(IovPoolEntry, address), FALSE},
        {"vfs", take_vfs, G_STRUCT_OFFSET(IovPoolEntry, vfs), FALSE},
        {.name = NULL},
    };
    g_autoptr(IovPoolEntry) entry = iov_pool_entry_new();

    if (!iov_xml_read(node, origin, attributes, NULL, entry, error))
        return FALSE;
    if ((entry->netdev != NULL) == (entry->address != NULL))
        return iov_xml_error(node, origin, error, "<adapter> needs either 'netdev' or 'address'");
    return add_entry(*(GPtrArray **)field, g_steal_pointer(&entry), node, origin, error);
}

static gboolean
read_match(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    static const IovXmlAttribute attributes[] = {
        {"vendor", take_pci_id, G_STRUCT_OFFSET(IovPoolEntry, match_vendor), FALSE},
        {"device", take_pci_id, G_STRUCT_OFFSET(IovPoolEntry, match_device), FALSE},
        {"driver", take_driver, G_STRUCT_OFFSET(IovPoolEntry, match_driver), FALSE},
        {"vfs", take_vfs, G_STRUCT_OFFSET(IovPoolEntry, vfs), FALSE},
        {.name = NULL},
    };
    g_autoptr(IovPoolEntry) entry = iov_pool_entry_new();

    entry->is_match = TRUE;
    if (!iov_xml_read(node, origin, attributes, NULL, entry, error))
        return FALSE;
    if (entry->match_vendor == 0 && entry->match_device != 0)
        return iov_xml_error(node, origin, error, "<match> with 'device' needs 'vendor'");
    if (entry->match_vendor == 0 && entry->match_driver == NULL)
        return iov_xml_error(node, origin, error, "<match> needs 'vendor' or 'driver'");
    return add_entry(*(GPtrArray **)field, g_steal_pointer(&entry), node, origin, error);
}

static gboolean
read_adapters(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    static const IovXmlElement elements[] = {
        {"adapter", read_adapter, 0, FALSE, TRUE},
        {"match", read_match, 0, FALSE, TRUE},
        {.name = NULL},
    };
    GPtrArray *entries = *(GPtrArray **)field;

    if (!iov_xml_read(node, origin, NULL, elements, field, error))
        return FALSE;
    return entries->len > 0 ||
           iov_xml_error(node, origin, error, "<adapters> lacks an <adapter> or <match>");
}

#define OFFSET(member) G_STRUCT_OFFSET(IovPool, member)

static gboolean
read_name(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    return iov_xml_read_text(node, origin, iov_take_name, field, error);
}

static gboolean
read_uuid(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    return iov_xml_read_text(node, origin, take_uuid, field, error);
}

static gboolean
read_class(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    return iov_xml_read_text(node, origin, take_class, field, error);
}

static gboolean
read_reclaim(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    return iov_xml_read_text(node, origin, iov_xml_take_yes_no, field, error);
}

static gboolean
read_placement(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    static const IovXmlAttribute attributes[] = {
        {"policy", take_policy, OFFSET(policy), FALSE},
        {"numa", take_numa, OFFSET(numa), FALSE},
        {.name = NULL},
    };

    return iov_xml_read(node, origin, attributes, NULL, field, error);
}

static gboolean
read_defaults(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    static const IovXmlElement elements[] = {
        IOV_NETCONF_ELEMENTS(0),
        {.name = NULL},
    };

    return iov_xml_read(node, origin, NULL, elements, field, error);
}

static gboolean
read_migration(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    static const IovXmlAttribute attributes[] = {
        {"mode", iov_take_migration, 0, TRUE},
        {.name = NULL},
    };

    return iov_xml_read(node, origin, attributes, NULL, field, error);
}

static const IovXmlElement pool_elements[] = {
    {"name", read_name, OFFSET(name), TRUE, FALSE},
    {"uuid", read_uuid, OFFSET(uuid), FALSE, FALSE},
    {"class", read_class, OFFSET(class_), FALSE, FALSE},
    {"adapters", read_adapters, OFFSET(entries), TRUE, FALSE},
    {"placement", read_placement, 0, FALSE, FALSE},
    {"defaults", read_defaults, OFFSET(defaults), FALSE, FALSE},
    {"floor", iov_floor_read, OFFSET(floor), FALSE, FALSE},
    {"migration", read_migration, OFFSET(migration), FALSE, FALSE},
    {"reclaim", read_reclaim, OFFSET(reclaim), FALSE, FALSE},
    {.name = NULL},
};

static gboolean
has_defaults(const IovNetconf *netconf)
{
    return netconf->has_vlan || netconf->has_rate || netconf->trust != IOV_SWITCH_UNSET ||
           netconf->spoofcheck != IOV_SWITCH_UNSET || netconf->link_state != IOV_LINK_STATE_UNSET;
}

/* VLANs, rates, floors and teaming are of networks; InfiniBand takes the policy part of them. */
static gboolean
check_class(const IovPool *pool, const xmlNode *root, const char *origin, GError **error)
{
    const char *class_ = iov_class_to_string(pool->class_);

    if (pool->class_ == IOV_CLASS_NET)
        return TRUE;
    if (pool->class_ != IOV_CLASS_INFINIBAND && has_defaults(&pool->defaults))
        return iov_xml_error(root, origin, error, "a pool of class %s has no <defaults>", class_);
    if (pool->floor.model != NULL ||
        (pool->floor.type != IOV_FLOOR_UNSET && pool->floor.type != IOV_FLOOR_NONE))
        return iov_xml_error(root, origin, error, "a pool of class %s has no <floor>", class_);
    if (pool->migration == IOV_MIGRATION_FAILOVER)
        return iov_xml_error(root, origin, error,
                             "a pool of class %s has no migration mode failover; use replug or "
                             "block",
                             class_);
    return TRUE;
}

IovPool *
iov_pool_from_node(const xmlNode *node, const char *origin, GError **error)
{
    g_autoptr(IovPool) pool = iov_pool_new(NULL);

    if (!iov_xml_check_root(node, origin, NULL, "iovpool", error) ||
        !iov_xml_read(node, origin, NULL, pool_elements, pool, error) ||
        !check_class(pool, node, origin, error))
        return NULL;
    return g_steal_pointer(&pool);
}

IovPool *
iov_pool_parse(const char *xml, gsize length, const char *origin, GError **error)
{
    g_autoptr(xmlDoc) doc = iov_xml_parse(xml, length, IOV_POOL_XML_LIMIT, origin, error);
    /* The reader first: its messages are clearer, and its limits protect the validator. */
    g_autoptr(IovPool) pool =
        doc != NULL ? iov_pool_from_node(xmlDocGetRootElement(doc), origin, error) : NULL;

    if (pool == NULL || !iov_xml_validate(doc, IOV_SCHEMA_POOL, origin, error))
        return NULL;
    return g_steal_pointer(&pool);
}

IovPool *
iov_pool_parse_live(const char *xml, GError **error)
{
    static const char origin[] = "ledger";
    g_autoptr(xmlDoc) doc = iov_xml_parse(xml, strlen(xml), IOV_POOL_XML_LIMIT, origin, error);

    return doc != NULL ? iov_pool_from_node(xmlDocGetRootElement(doc), origin, error) : NULL;
}

static void
write_entry(xmlNode *parent, const IovPoolEntry *entry)
{
    xmlNode *node =
        xmlNewChild(parent, NULL, BAD_CAST(entry->is_match ? "match" : "adapter"), NULL);

    if (entry->netdev != NULL)
        iov_xml_set(node, "netdev", "%s", entry->netdev);
    if (entry->address != NULL)
        iov_xml_set(node, "address", "%s", entry->address);
    if (entry->match_vendor != 0)
        iov_xml_set(node, "vendor", "0x%04x", entry->match_vendor);
    if (entry->match_device != 0)
        iov_xml_set(node, "device", "0x%04x", entry->match_device);
    if (entry->match_driver != NULL)
        iov_xml_set(node, "driver", "%s", entry->match_driver);
    if (entry->vfs != IOV_VFS_MAX)
        iov_xml_set(node, "vfs", "%u", entry->vfs);
}

static void
write_placement(xmlNode *root, const IovPool *pool)
{
    xmlNode *node;

    if (pool->policy == IOV_POLICY_SPREAD && pool->numa == IOV_NUMA_PREFER)
        return;
    node = xmlNewChild(root, NULL, BAD_CAST "placement", NULL);
    if (pool->policy != IOV_POLICY_SPREAD)
        iov_xml_set(node, "policy", "%s", iov_policy_to_string(pool->policy));
    if (pool->numa != IOV_NUMA_PREFER)
        iov_xml_set(node, "numa", "%s", iov_numa_to_string(pool->numa));
}

void
iov_pool_to_node(xmlNode *root, const IovPool *pool)
{
    xmlNode *adapters;

    xmlNewTextChild(root, NULL, BAD_CAST "name", BAD_CAST pool->name);
    xmlNewTextChild(root, NULL, BAD_CAST "uuid", BAD_CAST pool->uuid);
    if (pool->class_ != IOV_CLASS_NET)
        xmlNewTextChild(root, NULL, BAD_CAST "class", BAD_CAST iov_class_to_string(pool->class_));
    adapters = xmlNewChild(root, NULL, BAD_CAST "adapters", NULL);
    for (guint i = 0; i < pool->entries->len; i++)
        write_entry(adapters, g_ptr_array_index(pool->entries, i));
    write_placement(root, pool);
    if (has_defaults(&pool->defaults))
        iov_netconf_write(xmlNewChild(root, NULL, BAD_CAST "defaults", NULL), &pool->defaults);
    iov_floor_write(root, &pool->floor);
    if (pool->migration != IOV_MIGRATION_UNSET)
        iov_xml_set(xmlNewChild(root, NULL, BAD_CAST "migration", NULL), "mode", "%s",
                    iov_migration_to_string(pool->migration));
    if (pool->reclaim)
        xmlNewTextChild(root, NULL, BAD_CAST "reclaim", BAD_CAST "yes");
}

char *
iov_pool_to_xml(const IovPool *pool)
{
    g_autoptr(xmlDoc) doc = xmlNewDoc(BAD_CAST "1.0");
    xmlNode *root = xmlNewNode(NULL, BAD_CAST "iovpool");

    xmlDocSetRootElement(doc, root);
    iov_pool_to_node(root, pool);
    return iov_xml_format(doc, root);
}
