/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <libxml/parser.h>

/* One interface of a domain, from the XML as libvirt prints it to the XML that libvirt takes for an
 * update of it. */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

/* NULL where it cannot be read. (transfer full) (nullable) */
xmlDoc *device_xml_read(const char *domain_xml);
/* The interface with @alias; @doc is nullable. (transfer none) (nullable) */
xmlNode *device_xml_find_interface(xmlDoc *doc, const char *alias);
/* The first child of that name; @parent is nullable. (transfer none) (nullable) */
xmlNode *device_xml_child(xmlNode *parent, const char *name);
/* TRUE where @node (nullable) has that attribute with that value. */
gboolean device_xml_is(xmlNode *node, const char *attribute, const char *value);
/* (transfer full) (nullable) */
char *device_xml_print(xmlNode *node);
