/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finding an interface in libvirt's XML of a domain, and printing it alone. What is changed in it
 * is others'.
 */
#include "device-xml.h"

#include <string.h>

#define PARSE_OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)

xmlDoc *
device_xml_read(const char *domain_xml)
{
    return xmlReadMemory(domain_xml, (int)strlen(domain_xml), NULL, NULL, PARSE_OPTIONS);
}

gboolean
device_xml_is(xmlNode *node, const char *attribute, const char *value)
{
    xmlChar *found = node != NULL ? xmlGetNoNsProp(node, BAD_CAST attribute) : NULL;
    gboolean is = found != NULL && strcmp((const char *)found, value) == 0;

    xmlFree(found);
    return is;
}

xmlNode *
device_xml_child(xmlNode *parent, const char *name)
{
    xmlNode *node = parent != NULL ? xmlFirstElementChild(parent) : NULL;

    while (node != NULL && strcmp((const char *)node->name, name) != 0)
        node = xmlNextElementSibling(node);
    return node;
}

xmlNode *
device_xml_find_interface(xmlDoc *doc, const char *alias)
{
    xmlNode *root = doc != NULL ? xmlDocGetRootElement(doc) : NULL;
    xmlNode *devices = device_xml_child(root, "devices");
    xmlNode *node = devices != NULL ? xmlFirstElementChild(devices) : NULL;

    while (node != NULL && !(strcmp((const char *)node->name, "interface") == 0 &&
                             device_xml_is(device_xml_child(node, "alias"), "name", alias)))
        node = xmlNextElementSibling(node);
    return node;
}

char *
device_xml_print(xmlNode *node)
{
    xmlBuffer *buffer = xmlBufferCreate();
    int length = xmlNodeDump(buffer, node->doc, node, 0, 0);
    char *text = length > 0 ? g_strdup((const char *)xmlBufferContent(buffer)) : NULL;

    xmlBufferFree(buffer);
    return text;
}
