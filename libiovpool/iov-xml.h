/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-error-private.h"
#include "iov-schema.h"

#include <libxml/tree.h>

/*
 * Safe XML: no entities, no DTD, no network, no huge documents; any DOCTYPE is refused. Bytes,
 * depth and attributes are capped. Messages are "ORIGIN:LINE: cause", one line.
 */
#define IOV_XML_DOMAIN_LIMIT (4 * 1024 * 1024) /* bytes of a domain XML */

/* (transfer full): free with xmlFreeDoc, or g_autoptr(xmlDoc) */
xmlDoc *iov_xml_parse(const char *data, gsize length, gsize limit, const char *origin,
                      GError **error);

/* Validates against one of the RELAX NG schemas, which are compiled into the library. */
gboolean iov_xml_validate(xmlDoc *doc, IovSchema schema, const char *origin, GError **error);

/* Sets IOV_ERROR_INVALID with origin and @node's line in front; returns FALSE. */
gboolean iov_xml_error(const xmlNode *node, const char *origin, GError **error, const char *format,
                       ...) G_GNUC_PRINTF(4, 5);

/* First child element, next sibling element of that name (any where NULL) and namespace (no
 * namespace where NULL). (nullable) */
xmlNode *iov_xml_first(xmlNode *parent, const char *ns, const char *name);
xmlNode *iov_xml_next(xmlNode *node, const char *ns, const char *name);
/* The element at "a/b/c" below @parent, without namespaces. (nullable) */
xmlNode *iov_xml_path(xmlNode *parent, const char *path);

/* An attribute without namespace; the trimmed text content. (transfer full) (nullable) */
char *iov_xml_attribute(const xmlNode *node, const char *name);
char *iov_xml_text(const xmlNode *node);

/* @node and its subtree as text, indented by two spaces, no XML declaration, a newline at the end.
 * (transfer full) */
char *iov_xml_format(xmlDoc *doc, xmlNode *node);

/* Sets an attribute from a format. */
void iov_xml_set(xmlNode *node, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
