/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Turns elements into records by tables and refuses everything that no table knows, so that a
 * misspelt wish is never silently dropped. It knows neither pools nor requests.
 */
#include "iov-xml-read.h"

#include <string.h>

#define NAME(node) ((const char *)(node)->name)

static const IovXmlElement no_elements[] = {{.name = NULL}};
static const IovXmlAttribute no_attributes[] = {{.name = NULL}};

static gboolean
read_attribute(const xmlNode *node, const char *origin, const xmlAttr *attribute,
               const IovXmlAttribute *row, gpointer record, GError **error)
{
    g_autofree char *text = iov_xml_attribute(node, row->name);
    g_autoptr(GError) cause = NULL;

    if (row->read(text != NULL ? text : "", (char *)record + row->offset, &cause))
        return TRUE;
    return iov_xml_error(node, origin, error, "attribute '%s' of <%s>: %s", NAME(attribute),
                         NAME(node), cause->message);
}

static const IovXmlAttribute *
find_attribute(const IovXmlAttribute *table, const xmlAttr *attribute)
{
    for (const IovXmlAttribute *row = table; attribute->ns == NULL && row->name != NULL; row++)
        if (strcmp(row->name, NAME(attribute)) == 0)
            return row;
    return NULL;
}

gboolean
iov_xml_read_attributes(const xmlNode *node, const char *origin, const IovXmlAttribute *table,
                        gpointer record, GError **error)
{
    for (const xmlAttr *attribute = node->properties; attribute != NULL;
         attribute = attribute->next) {
        const IovXmlAttribute *row = find_attribute(table, attribute);

        if (row == NULL)
            return iov_xml_error(node, origin, error, "unknown attribute '%.64s' of <%s>",
                                 NAME(attribute), NAME(node));
        if (!read_attribute(node, origin, attribute, row, record, error))
            return FALSE;
    }
    for (const IovXmlAttribute *row = table; row->name != NULL; row++)
        if (row->required && xmlHasNsProp((xmlNode *)node, BAD_CAST row->name, NULL) == NULL)
            return iov_xml_error(node, origin, error, "<%s> lacks the attribute '%s'", NAME(node),
                                 row->name);
    return TRUE;
}

static gboolean
same_namespace(const xmlNode *a, const xmlNode *b)
{
    return xmlStrEqual(a->ns != NULL ? a->ns->href : NULL, b->ns != NULL ? b->ns->href : NULL);
}

static const IovXmlElement *
find_element(const IovXmlElement *table, const xmlNode *node)
{
    for (const IovXmlElement *row = table; row->name != NULL; row++)
        if (strcmp(row->name, NAME(node)) == 0)
            return row;
    return NULL;
}

/* libxml2 keeps a prefix that nothing declares as part of the name. */
static gboolean
undeclared_prefix(const xmlNode *node, const char *origin, GError **error)
{
    return iov_xml_error(node, origin, error, "the namespace prefix of <%.64s> is not declared",
                         NAME(node));
}

static gboolean
unknown_element(const xmlNode *node, const char *origin, GError **error)
{
    if (strchr(NAME(node), ':') != NULL)
        return undeclared_prefix(node, origin, error);
    if (!same_namespace(node, node->parent))
        return iov_xml_error(node, origin, error, "<%.64s> in <%s> has a foreign namespace",
                             NAME(node), NAME(node->parent));
    return iov_xml_error(node, origin, error, "unknown element <%.64s> in <%s>", NAME(node),
                         NAME(node->parent));
}

/* Tables are far shorter than 64 rows: one bit a row in @seen. */
static gboolean
read_element(xmlNode *node, const char *origin, const IovXmlElement *table, guint64 *seen,
             gpointer record, GError **error)
{
    const IovXmlElement *row = find_element(table, node);

    if (row == NULL || !same_namespace(node, node->parent))
        return unknown_element(node, origin, error);
    guint64 bit = G_GUINT64_CONSTANT(1) << (row - table);
    if ((*seen & bit) != 0 && !row->many)
        return iov_xml_error(node, origin, error, "a second <%s> in <%s>", NAME(node),
                             NAME(node->parent));
    *seen |= bit;
    return row->read(node, origin, (char *)record + row->offset, error);
}

/* TRUE for a child that says nothing: white space, comments, processing instructions. */
static gboolean
is_silent(const xmlNode *child)
{
    return xmlIsBlankNode(child) || child->type == XML_COMMENT_NODE || child->type == XML_PI_NODE;
}

gboolean
iov_xml_read_elements(const xmlNode *node, const char *origin, const IovXmlElement *table,
                      gpointer record, GError **error)
{
    guint64 seen = 0;

    for (xmlNode *child = node->children; child != NULL; child = child->next) {
        if (is_silent(child))
            continue;
        if (child->type != XML_ELEMENT_NODE)
            return iov_xml_error(node, origin, error, "unexpected text in <%s>", NAME(node));
        if (!read_element(child, origin, table, &seen, record, error))
            return FALSE;
    }
    for (const IovXmlElement *row = table; row->name != NULL; row++)
        if (row->required && (seen & G_GUINT64_CONSTANT(1) << (row - table)) == 0)
            return iov_xml_error(node, origin, error, "<%s> lacks the element <%s>", NAME(node),
                                 row->name);
    return TRUE;
}

gboolean
iov_xml_read(const xmlNode *node, const char *origin, const IovXmlAttribute *attributes,
             const IovXmlElement *elements, gpointer record, GError **error)
{
    return iov_xml_read_attributes(node, origin, attributes != NULL ? attributes : no_attributes,
                                   record, error) &&
           iov_xml_read_elements(node, origin, elements != NULL ? elements : no_elements, record,
                                 error);
}

gboolean
iov_xml_read_text(const xmlNode *node, const char *origin,
                  gboolean (*read)(const char *text, gpointer field, GError **error),
                  gpointer field, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (!iov_xml_read_attributes(node, origin, no_attributes, NULL, error))
        return FALSE;
    for (const xmlNode *child = node->children; child != NULL; child = child->next)
        if (child->type == XML_ELEMENT_NODE)
            return unknown_element(child, origin, error);
    g_autofree char *text = iov_xml_text(node);
    if (read(text != NULL ? text : "", field, &cause))
        return TRUE;
    return iov_xml_error(node, origin, error, "<%s>: %s", NAME(node), cause->message);
}

gboolean
iov_xml_check_root(const xmlNode *root, const char *origin, const char *ns, const char *name,
                   GError **error)
{
    const char *href = root->ns != NULL ? (const char *)root->ns->href : NULL;

    if (strchr(NAME(root), ':') != NULL)
        return undeclared_prefix(root, origin, error);
    if (strcmp(NAME(root), name) != 0)
        return iov_xml_error(root, origin, error, "<%s> expected, not <%.64s>", name, NAME(root));
    if (g_strcmp0(href, ns) != 0)
        return iov_xml_error(root, origin, error, "<%s> has the namespace '%.80s', not '%s'", name,
                             href != NULL ? href : "", ns != NULL ? ns : "");
    return TRUE;
}

gboolean
iov_xml_take_number(const char *text, guint maximum, guint *value, GError **error)
{
    guint64 number;

    if (!g_ascii_string_to_unsigned(text, 10, 0, maximum, &number, NULL))
        return iov_error_set(error, IOV_ERROR_INVALID, "'%.32s' is not a number from 0 to %u", text,
                             maximum);
    *value = (guint)number;
    return TRUE;
}

gboolean
iov_xml_take_yes_no(const char *text, gpointer field, GError **error)
{
    gboolean *value = field;

    *value = strcmp(text, "yes") == 0;
    return *value || strcmp(text, "no") == 0 ||
           iov_error_set(error, IOV_ERROR_INVALID, "'%.32s' is neither yes nor no", text);
}
