/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The record of a started pool as XML. It is written by us and read by us, in a directory that is
 * root's alone; read strictly all the same, as what stands there decides what is done to adapters.
 */
#include "iov-record.h"

#include "iov-policy-xml.h"
#include "iov-pool-xml.h"

#include <string.h>

#define BOOT_LIMIT 64
#define NAME_LIMIT 64 /* of a driver or netdev; the kernel's own are shorter */
#define NO_MAC "none"

typedef struct {
    IovRecord *record;
    char *boot_id;
} Reading;

/* One <adapter>; @functions is the record's. */
typedef struct {
    IovLedgerAdapter row;
    GPtrArray *functions;
} AdapterReading;

static gboolean
is_kernel_name(const char *text, gsize limit)
{
    gsize length = strlen(text);

    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isgraph(text[i]) || text[i] == '/')
            return FALSE;
    return length > 0 && length <= limit;
}

static gboolean
take_text(const char *text, gsize limit, char **field, GError **error)
{
    if (!is_kernel_name(text, limit))
        return iov_error_set(error, IOV_ERROR_INVALID, "'%.64s' is no name of the kernel's", text);
    *field = g_strdup(text);
    return TRUE;
}

static gboolean
take_boot(const char *text, gpointer field, GError **error)
{
    return take_text(text, BOOT_LIMIT, field, error);
}

static gboolean
take_name(const char *text, gpointer field, GError **error)
{
    return take_text(text, NAME_LIMIT, field, error);
}

static gboolean
take_mac(const char *text, gpointer field, GError **error)
{
    char mac[IOV_MAC_SIZE] = "";
    char **value = field;

    if (strcmp(text, NO_MAC) != 0 && !iov_mac_parse(text, mac, error))
        return FALSE;
    *value = g_strdup(mac);
    return TRUE;
}

/* A VF index or number of VFs: 16 bits in the SR-IOV capability. */
static gboolean
take_count(const char *text, gpointer field, GError **error)
{
    return iov_xml_take_number(text, G_MAXUINT16, field, error);
}

static gboolean
take_int(const char *text, gpointer field, GError **error)
{
    int *value = field;
    guint number;

    if (!iov_xml_take_number(text, G_MAXINT, &number, error))
        return FALSE;
    *value = (int)number;
    return TRUE;
}

static gboolean
read_function(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    static const IovXmlAttribute attributes[] = {
        {"address", iov_take_address, G_STRUCT_OFFSET(IovLease, function), TRUE},
        {"index", take_count, G_STRUCT_OFFSET(IovLease, index), TRUE},
        {"group", take_int, G_STRUCT_OFFSET(IovLease, iommu_group), FALSE},
        {"driver", take_name, G_STRUCT_OFFSET(IovLease, had_driver), FALSE},
        {"mac", take_mac, G_STRUCT_OFFSET(IovLease, had_mac), FALSE},
        {.name = NULL},
    };
    AdapterReading *reading = field;
    g_autoptr(IovLease) function = iov_lease_new();

    if (!iov_xml_read(node, origin, attributes, NULL, function, error))
        return FALSE;
    g_ptr_array_add(reading->functions, g_steal_pointer(&function));
    return TRUE;
}

/* Gives the functions that were read since @first to their adapter. */
static void
set_adapter(GPtrArray *functions, guint first, const char *adapter)
{
    for (guint i = first; i < functions->len; i++)
        ((IovLease *)g_ptr_array_index(functions, i))->adapter = g_strdup(adapter);
}

static void
adapter_reading_clear(AdapterReading *reading)
{
    g_free(reading->row.address);
    g_free(reading->row.netdev);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AdapterReading, adapter_reading_clear)

static gboolean
read_adapter(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    static const IovXmlAttribute attributes[] = {
        {"address", iov_take_address, G_STRUCT_OFFSET(AdapterReading, row.address), TRUE},
        {"netdev", take_name, G_STRUCT_OFFSET(AdapterReading, row.netdev), FALSE},
        {"numa", take_int, G_STRUCT_OFFSET(AdapterReading, row.numa_node), FALSE},
        {"vfs", take_count, G_STRUCT_OFFSET(AdapterReading, row.had_num_vfs), TRUE},
        {"autoprobe", iov_xml_take_yes_no, G_STRUCT_OFFSET(AdapterReading, row.had_autoprobe),
         TRUE},
        {"up", iov_xml_take_yes_no, G_STRUCT_OFFSET(AdapterReading, row.had_link_up), TRUE},
        {.name = NULL},
    };
    static const IovXmlElement elements[] = {
        {"function", read_function, 0, FALSE, TRUE},
        {.name = NULL},
    };
    IovRecord *record = *(IovRecord **)field;
    guint first = record->functions->len;
    g_auto(AdapterReading) reading = {.row.numa_node = -1, .functions = record->functions};

    if (!iov_xml_read(node, origin, attributes, elements, &reading, error))
        return FALSE;
    set_adapter(record->functions, first, reading.row.address);
    iov_record_add_adapter(record, &reading.row);
    return TRUE;
}

static gboolean
read_pool(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    IovRecord *record = *(IovRecord **)field;

    record->pool = iov_pool_from_node(node, origin, error);
    return record->pool != NULL;
}

static gboolean
take_complete(const char *text, gpointer field, GError **error)
{
    return iov_xml_take_yes_no(text, &(*(IovRecord **)field)->is_complete, error);
}

static gboolean
claim(GHashTable *seen, const xmlNode *root, const char *origin, char *what, GError **error)
{
    g_autofree char *name = g_strdup(what);

    return g_hash_table_add(seen, what) ||
           iov_xml_error(root, origin, error, "%s stands there twice", name);
}

/* Where two claim one device nothing can be said of either. */
static gboolean
check_claims(const IovRecord *record, const xmlNode *root, const char *origin, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < record->adapters->len; i++) {
        const IovLedgerAdapter *adapter = g_ptr_array_index(record->adapters, i);

        if (!claim(seen, root, origin, g_strdup(adapter->address), error))
            return FALSE;
    }
    for (guint i = 0; i < record->functions->len; i++) {
        const IovLease *function = g_ptr_array_index(record->functions, i);
        char *slot = g_strdup_printf("VF %u of %s", function->index, function->adapter);

        if (!claim(seen, root, origin, slot, error) ||
            !claim(seen, root, origin, g_strdup(function->function), error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_root(xmlNode *root, const char *origin, Reading *reading, GError **error)
{
    static const IovXmlAttribute attributes[] = {
        {"boot", take_boot, G_STRUCT_OFFSET(Reading, boot_id), TRUE},
        {"complete", take_complete, G_STRUCT_OFFSET(Reading, record), TRUE},
        {.name = NULL},
    };
    static const IovXmlElement elements[] = {
        {"iovpool", read_pool, G_STRUCT_OFFSET(Reading, record), TRUE, FALSE},
        {"adapter", read_adapter, G_STRUCT_OFFSET(Reading, record), TRUE, TRUE},
        {.name = NULL},
    };

    return iov_xml_check_root(root, origin, NULL, "started", error) &&
           iov_xml_read(root, origin, attributes, elements, reading, error) &&
           check_claims(reading->record, root, origin, error);
}

IovRecord *
iov_record_parse(const char *xml, gsize length, const char *origin, char **boot_id, GError **error)
{
    g_autoptr(xmlDoc) doc = iov_xml_parse(xml, length, IOV_RECORD_XML_LIMIT, origin, error);
    g_autoptr(IovRecord) record = iov_record_new(NULL);
    Reading reading = {.record = record};

    if (doc == NULL || !read_root(xmlDocGetRootElement(doc), origin, &reading, error)) {
        g_free(reading.boot_id);
        return NULL;
    }
    *boot_id = reading.boot_id;
    return g_steal_pointer(&record);
}

/* ---- writing ---- */

/* A name that would not be read again is left out, like one that is not there. */
static void
set_name(xmlNode *node, const char *name, const char *text)
{
    if (text != NULL && is_kernel_name(text, NAME_LIMIT))
        iov_xml_set(node, name, "%s", text);
}

static void
set_mac(xmlNode *node, const char *mac)
{
    char canonical[IOV_MAC_SIZE];

    if (mac != NULL && iov_mac_is_zero(mac))
        iov_xml_set(node, "mac", NO_MAC);
    else if (mac != NULL && iov_mac_parse(mac, canonical, NULL))
        iov_xml_set(node, "mac", "%s", canonical);
}

static void
set_known_number(xmlNode *node, const char *name, int number)
{
    if (number >= 0)
        iov_xml_set(node, name, "%d", number);
}

static void
write_function(xmlNode *parent, const IovLease *function)
{
    xmlNode *node = xmlNewChild(parent, NULL, BAD_CAST "function", NULL);

    iov_xml_set(node, "address", "%s", function->function);
    iov_xml_set(node, "index", "%u", function->index);
    set_known_number(node, "group", function->iommu_group);
    set_name(node, "driver", function->had_driver);
    set_mac(node, function->had_mac);
}

static void
write_adapter(xmlNode *root, const IovRecord *record, const IovLedgerAdapter *adapter)
{
    xmlNode *node = xmlNewChild(root, NULL, BAD_CAST "adapter", NULL);

    iov_xml_set(node, "address", "%s", adapter->address);
    set_name(node, "netdev", adapter->netdev);
    set_known_number(node, "numa", adapter->numa_node);
    iov_xml_set(node, "vfs", "%u", adapter->had_num_vfs);
    iov_xml_set(node, "autoprobe", adapter->had_autoprobe ? "yes" : "no");
    iov_xml_set(node, "up", adapter->had_link_up ? "yes" : "no");
    for (guint i = 0; i < record->functions->len; i++) {
        const IovLease *function = g_ptr_array_index(record->functions, i);

        if (strcmp(function->adapter, adapter->address) == 0)
            write_function(node, function);
    }
}

char *
iov_record_to_xml(const IovRecord *record, const char *boot_id)
{
    g_autoptr(xmlDoc) doc = xmlNewDoc(BAD_CAST "1.0");
    xmlNode *root = xmlNewNode(NULL, BAD_CAST "started");

    xmlDocSetRootElement(doc, root);
    iov_xml_set(root, "boot", "%s", boot_id);
    iov_xml_set(root, "complete", record->is_complete ? "yes" : "no");
    iov_pool_to_node(xmlNewChild(root, NULL, BAD_CAST "iovpool", NULL), record->pool);
    for (guint i = 0; i < record->adapters->len; i++)
        write_adapter(root, record, g_ptr_array_index(record->adapters, i));
    return iov_xml_format(doc, root);
}
