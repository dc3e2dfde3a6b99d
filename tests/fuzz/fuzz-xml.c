/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any document: one that is accepted keeps to the limits, as libxml2 itself sees it. */
#include "fuzz.h"
#include "iov-xml-scan.h"
#include "iov-xml.h"

static guint
count_attributes(const xmlNode *node)
{
    guint count = 0;

    for (const xmlAttr *attribute = node->properties; attribute != NULL;
         attribute = attribute->next)
        count++;
    for (const xmlNs *ns = node->nsDef; ns != NULL; ns = ns->next)
        count++;
    return count;
}

/* As deep as the limit: recursion is bounded by what it checks. */
static guint
check_element(const xmlNode *node, guint depth)
{
    guint elements = 1;

    fuzz_require(depth <= IOV_XML_DEPTH_LIMIT);
    fuzz_require(count_attributes(node) <= IOV_XML_ATTRIBUTES_LIMIT);
    for (const xmlNode *child = node->children; child != NULL; child = child->next) {
        fuzz_require(child->type != XML_ENTITY_REF_NODE && child->type != XML_DTD_NODE);
        if (child->type == XML_ELEMENT_NODE)
            elements += check_element(child, depth + 1);
    }
    return elements;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(xmlDoc) doc =
        iov_xml_parse((const char *)data, size, IOV_XML_DOMAIN_LIMIT, "input", &error);

    fuzz_check_error(doc != NULL, error);
    if (doc == NULL)
        return 0;
    fuzz_require(doc->intSubset == NULL && doc->extSubset == NULL);
    fuzz_require(check_element(xmlDocGetRootElement(doc), 1) <= IOV_XML_ELEMENTS_LIMIT);
    g_autofree char *text = iov_xml_format(doc, xmlDocGetRootElement(doc));
    fuzz_require(g_utf8_validate(text, -1, NULL));
    return 0;
}
