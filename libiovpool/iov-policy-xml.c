/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The XML that pools and requests share. It reads values and checks each by itself, and rates
 * against each other; whether a request may have what it asks for is decided by
 * iov_netconf_merge().
 */
#include "iov-policy-xml.h"

#include "iov-address.h"
#include "iov-words.h"

#include <string.h>

#define WORD_LIMIT 32
#define NETDEV_LIMIT 15 /* IFNAMSIZ without its NUL */
#define NETWORK_LIMIT 80
#define ALPHANUMERIC G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS

static const char *const switches[] = {
    [IOV_SWITCH_NO] = "no",
    [IOV_SWITCH_YES] = "yes",
};
static const char *const link_states[] = {
    [IOV_LINK_STATE_AUTO] = "auto",
    [IOV_LINK_STATE_ENABLE] = "enable",
    [IOV_LINK_STATE_DISABLE] = "disable",
};

/* TRUE where all of @text is of @set, at most @limit bytes, and starts with letter, digit or '_'.
 */
static gboolean
consists_of(const char *text, const char *set, gsize limit)
{
    gsize length = strspn(text, set);

    return length > 0 && length <= limit && text[length] == '\0' &&
           (g_ascii_isalnum(text[0]) || text[0] == '_');
}

gboolean
iov_take_name(const char *text, gpointer field, GError **error)
{
    char **name = field;

    if (!iov_pool_check_name(text, error))
        return FALSE;
    *name = g_strdup(text);
    return TRUE;
}

gboolean
iov_take_netdev(const char *text, gpointer field, GError **error)
{
    char **netdev = field;

    if (!consists_of(text, ALPHANUMERIC "_.-", NETDEV_LIMIT))
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "'%.64s' is not the name of a network device", text);
    *netdev = g_strdup(text);
    return TRUE;
}

gboolean
iov_take_address(const char *text, gpointer field, GError **error)
{
    char **address = field;

    *address = iov_address_normalize(text, error);
    return *address != NULL;
}

gboolean
iov_take_word(const char *text, gpointer field, GError **error)
{
    char **word = field;

    if (!consists_of(text, G_CSET_a_2_z G_CSET_DIGITS "-", WORD_LIMIT))
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "'%.64s' is not a word of 1 to %d of a-z 0-9 -", text, WORD_LIMIT);
    *word = g_strdup(text);
    return TRUE;
}

gboolean
iov_take_migration(const char *text, gpointer field, GError **error)
{
    return iov_migration_from_string(text, field) ||
           iov_error_set(error, IOV_ERROR_INVALID, "'%.32s' is not failover, replug or block",
                         text);
}

static gboolean
take_vlan(const char *text, gpointer field, GError **error)
{
    return iov_xml_take_number(text, IOV_VLAN_MAXIMUM, field, error);
}

gboolean
iov_netconf_read_vlan(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    static const IovXmlAttribute attributes[] = {
        {"id", take_vlan, G_STRUCT_OFFSET(IovNetconf, vlan), TRUE},
        {.name = NULL},
    };
    IovNetconf *netconf = field;

    netconf->has_vlan = TRUE;
    return iov_xml_read(node, origin, attributes, NULL, netconf, error);
}

typedef struct {
    guint min, max, unit;
} Rate;

static gboolean
take_rate(const char *text, gpointer field, GError **error)
{
    return iov_xml_take_number(text, IOV_RATE_MAXIMUM, field, error);
}

static gboolean
take_unit(const char *text, gpointer field, GError **error)
{
    guint *unit = field;

    *unit = strcmp(text, "Gbit") == 0 ? 1000 : 1;
    return *unit != 1 || strcmp(text, "Mbit") == 0 ||
           iov_error_set(error, IOV_ERROR_INVALID, "'%.32s' is neither Mbit nor Gbit", text);
}

gboolean
iov_netconf_read_rate(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    static const IovXmlAttribute attributes[] = {
        {"min", take_rate, G_STRUCT_OFFSET(Rate, min), FALSE},
        {"max", take_rate, G_STRUCT_OFFSET(Rate, max), FALSE},
        {"unit", take_unit, G_STRUCT_OFFSET(Rate, unit), FALSE},
        {.name = NULL},
    };
    IovNetconf *netconf = field;
    Rate rate = {0, 0, 1};

    if (!iov_xml_read(node, origin, attributes, NULL, &rate, error))
        return FALSE;
    if (xmlHasProp(node, BAD_CAST "min") == NULL && xmlHasProp(node, BAD_CAST "max") == NULL)
        return iov_xml_error(node, origin, error, "<rate> lacks 'min' and 'max'");
    if (MAX(rate.min, rate.max) > IOV_RATE_MAXIMUM / rate.unit)
        return iov_xml_error(node, origin, error, "<rate> is above %d Mbit/s", IOV_RATE_MAXIMUM);
    if (rate.max > 0 && rate.min > rate.max)
        return iov_xml_error(node, origin, error, "<rate>: min %u is above max %u", rate.min,
                             rate.max);
    netconf->has_rate = TRUE;
    netconf->min_rate = rate.min * rate.unit;
    netconf->max_rate = rate.max * rate.unit;
    return TRUE;
}

static gboolean
take_switch(const char *text, gpointer field, GError **error)
{
    IovSwitch *value = field;
    gboolean yes;

    if (!iov_xml_take_yes_no(text, &yes, error))
        return FALSE;
    *value = yes ? IOV_SWITCH_YES : IOV_SWITCH_NO;
    return TRUE;
}

gboolean
iov_netconf_read_trust(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    return iov_xml_read_text(node, origin, take_switch, &((IovNetconf *)field)->trust, error);
}

gboolean
iov_netconf_read_spoofcheck(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    return iov_xml_read_text(node, origin, take_switch, &((IovNetconf *)field)->spoofcheck, error);
}

static gboolean
take_link_state(const char *text, gpointer field, GError **error)
{
    return iov_words_find(link_states, G_N_ELEMENTS(link_states), text, field) ||
           iov_error_set(error, IOV_ERROR_INVALID, "'%.32s' is not auto, enable or disable", text);
}

gboolean
iov_netconf_read_link(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    static const IovXmlAttribute attributes[] = {
        {"state", take_link_state, G_STRUCT_OFFSET(IovNetconf, link_state), TRUE},
        {.name = NULL},
    };

    return iov_xml_read(node, origin, attributes, NULL, field, error);
}

static gboolean
take_floor_type(const char *text, gpointer field, GError **error)
{
    return iov_floor_type_from_string(text, field) ||
           iov_error_set(error, IOV_ERROR_INVALID, "'%.32s' is not network, bridge, direct or none",
                         text);
}

/* libvirt takes any name without '/' for a network; of a bridge or device see check_floor(). */
static gboolean
take_source(const char *text, gpointer field, GError **error)
{
    char **source = field;

    if (!consists_of(text, ALPHANUMERIC "_.-", NETWORK_LIMIT))
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "'%.80s' is not a name of 1 to %d of A-Z a-z 0-9 _ . -", text,
                             NETWORK_LIMIT);
    *source = g_strdup(text);
    return TRUE;
}

static gboolean
check_floor(const xmlNode *node, const char *origin, const IovFloor *floor, GError **error)
{
    const char *type = iov_floor_type_to_string(floor->type);
    gboolean has_source = floor->type != IOV_FLOOR_UNSET && floor->type != IOV_FLOOR_NONE;

    if (has_source && floor->source == NULL)
        return iov_xml_error(node, origin, error, "<floor> of type '%s' lacks 'source'", type);
    if (!has_source && floor->source != NULL)
        return iov_xml_error(node, origin, error,
                             "<floor> with 'source' needs type network, bridge or direct");
    if (floor->type == IOV_FLOOR_NONE && floor->model != NULL)
        return iov_xml_error(node, origin, error, "<floor> of type 'none' has no model");
    if (has_source && floor->type != IOV_FLOOR_NETWORK && strlen(floor->source) > NETDEV_LIMIT)
        return iov_xml_error(node, origin, error, "<floor>: '%s' is not the name of a %s device",
                             floor->source, floor->type == IOV_FLOOR_BRIDGE ? "bridge" : "network");
    return TRUE;
}

gboolean
iov_floor_read(xmlNode *node, const char *origin, gpointer field, GError **error)
{
    static const IovXmlAttribute attributes[] = {
        {"type", take_floor_type, G_STRUCT_OFFSET(IovFloor, type), FALSE},
        {"source", take_source, G_STRUCT_OFFSET(IovFloor, source), FALSE},
        {"model", iov_take_word, G_STRUCT_OFFSET(IovFloor, model), FALSE},
        {.name = NULL},
    };

    return iov_xml_read(node, origin, attributes, NULL, field, error) &&
           check_floor(node, origin, field, error);
}

static void
write_switch(xmlNode *parent, const char *name, IovSwitch value)
{
    if (value != IOV_SWITCH_UNSET)
        xmlNewTextChild(parent, NULL, BAD_CAST name, BAD_CAST switches[value]);
}

static xmlNode *
add_child(xmlNode *parent, const char *name)
{
    return xmlNewChild(parent, NULL, BAD_CAST name, NULL);
}

void
iov_netconf_write(xmlNode *parent, const IovNetconf *netconf)
{
    if (netconf->has_vlan)
        iov_xml_set(add_child(parent, "vlan"), "id", "%u", netconf->vlan);
    if (netconf->has_rate) {
        xmlNode *rate = add_child(parent, "rate");

        iov_xml_set(rate, "min", "%u", netconf->min_rate);
        iov_xml_set(rate, "max", "%u", netconf->max_rate);
    }
    write_switch(parent, "trust", netconf->trust);
    write_switch(parent, "spoofcheck", netconf->spoofcheck);
    if (netconf->link_state != IOV_LINK_STATE_UNSET)
        iov_xml_set(add_child(parent, "link"), "state", "%s", link_states[netconf->link_state]);
}

void
iov_floor_write(xmlNode *parent, const IovFloor *floor)
{
    xmlNode *node;

    if (floor->type == IOV_FLOOR_UNSET && floor->model == NULL)
        return;
    node = add_child(parent, "floor");
    if (floor->type != IOV_FLOOR_UNSET)
        iov_xml_set(node, "type", "%s", iov_floor_type_to_string(floor->type));
    if (floor->source != NULL)
        iov_xml_set(node, "source", "%s", floor->source);
    if (floor->model != NULL)
        iov_xml_set(node, "model", "%s", floor->model);
}
