/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-xml.h"

/*
 * Strict reading by tables: an attribute, element or text that no table names is an error, and so
 * is one that comes twice. Tables end with a row without name. A reader gets the address of the
 * field at @offset in the record that is filled.
 */
typedef struct {
    const char *name;
    gboolean (*read)(const char *text, gpointer field, GError **error);
    gsize offset;
    gboolean required;
} IovXmlAttribute;

typedef struct {
    const char *name;
    gboolean (*read)(xmlNode *node, const char *origin, gpointer field, GError **error);
    gsize offset;
    gboolean required;
    gboolean many;
} IovXmlElement;

/* Attributes of @node; none may have a namespace. */
gboolean iov_xml_read_attributes(const xmlNode *node, const char *origin,
                                 const IovXmlAttribute *table, gpointer record, GError **error);
/* Child elements of @node, in any order; they must have the namespace of @node. */
gboolean iov_xml_read_elements(const xmlNode *node, const char *origin, const IovXmlElement *table,
                               gpointer record, GError **error);
/* Both; @elements may be NULL: none is allowed. */
gboolean iov_xml_read(const xmlNode *node, const char *origin, const IovXmlAttribute *attributes,
                      const IovXmlElement *elements, gpointer record, GError **error);
/* An element of text alone: @read gets the trimmed text. */
gboolean iov_xml_read_text(const xmlNode *node, const char *origin,
                           gboolean (*read)(const char *text, gpointer field, GError **error),
                           gpointer field, GError **error);
/* The document's root must be <@name> in @ns (nullable). */
gboolean iov_xml_check_root(const xmlNode *root, const char *origin, const char *ns,
                            const char *name, GError **error);

/* Values, for tables. Numbers are decimal without sign; the field's type stands behind. */
gboolean iov_xml_take_number(const char *text, guint maximum, guint *value, GError **error);
gboolean iov_xml_take_yes_no(const char *text, gpointer field /* gboolean */, GError **error);
