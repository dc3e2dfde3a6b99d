/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one place that hands hostile text to libxml2: bounded, without entities, DTD or network, and
 * silent. Only handlers of one context are set, never libxml2's global ones, so that several
 * threads may parse at a time. What a document means is not known here.
 */
#include "iov-xml.h"

#include "iov-xml-scan.h"

#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <libxml/xmlschemastypes.h>
#include <stdarg.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlParserCtxt, xmlFreeParserCtxt)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlRelaxNG, xmlRelaxNGFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlRelaxNGParserCtxt, xmlRelaxNGFreeParserCtxt)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlRelaxNGValidCtxt, xmlRelaxNGFreeValidCtxt)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlBuffer, xmlBufferFree)

/* NOENT, DTDLOAD, DTDATTR, XINCLUDE and HUGE stay off. The text is UTF-8 by then, so what it says
 * of its encoding does not count. */
#define PARSE_OPTIONS (XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_BIG_LINES)

/* xmlStructuredErrorFunc got its const in 2.12. */
#if LIBXML_VERSION >= 21200
typedef const xmlError ReportedError;
#else
typedef xmlError ReportedError;
#endif

/* The first error of one operation: later ones are mostly its consequences. */
typedef struct {
    char *message;
    int line;
} FirstError;

static void
first_error_clear(FirstError *first)
{
    g_free(first->message);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FirstError, first_error_clear)

static void
note_error(void *data, ReportedError *reported)
{
    FirstError *first = data;

    if (first->message != NULL || reported->level < XML_ERR_ERROR || reported->message == NULL)
        return;
    first->message = g_strchomp(g_strndup(reported->message, 400));
    first->line = reported->line;
}

static void
note_parser_error(void *data, ReportedError *reported)
{
    const xmlParserCtxt *context = data;

    note_error(context->_private, reported);
}

static gboolean
report(const FirstError *first, const char *origin, const char *otherwise, GError **error)
{
    g_autofree char *cause =
        first->message != NULL ? g_strdelimit(g_strdup(first->message), "\n", ' ') : NULL;

    return iov_error_set(error, IOV_ERROR_INVALID, "%s:%d: %s", origin, MAX(first->line, 1),
                         cause != NULL ? cause : otherwise);
}

/* libxml2's own initializers of these modules are not thread-safe. */
static void
initialize(void)
{
    static gsize done;

    if (!g_once_init_enter(&done))
        return;
    xmlInitParser();
    xmlSchemaInitTypes();
    xmlRelaxNGInitTypes();
    g_once_init_leave(&done, 1);
}

xmlDoc *
iov_xml_parse(const char *data, gsize length, gsize limit, const char *origin, GError **error)
{
    g_auto(FirstError) first = {NULL, 0};

    if (length == 0) {
        iov_error_set(error, IOV_ERROR_INVALID, "%s:1: the document is empty", origin);
        return NULL;
    }
    if (length > MIN(limit, G_MAXINT)) {
        iov_error_set(error, IOV_ERROR_INVALID, "%s: larger than %" G_GSIZE_FORMAT " bytes", origin,
                      limit);
        return NULL;
    }
    if (!iov_xml_scan(data, length, origin, error))
        return NULL;
    initialize();
    g_autoptr(xmlParserCtxt) context = xmlNewParserCtxt();
    context->_private = &first;
    context->sax->serror = note_parser_error;
    g_autoptr(xmlDoc) doc =
        xmlCtxtReadMemory(context, data, (int)length, NULL, NULL, PARSE_OPTIONS);
    if (doc == NULL || xmlDocGetRootElement(doc) == NULL || doc->intSubset != NULL) {
        report(&first, origin, "not an XML document", error);
        return NULL;
    }
    return g_steal_pointer(&doc);
}

static xmlRelaxNG *
load_schema(IovSchema schema, FirstError *first)
{
    const char *text = iov_schema_text(schema);
    g_autoptr(xmlRelaxNGParserCtxt) context = xmlRelaxNGNewMemParserCtxt(text, (int)strlen(text));

    xmlRelaxNGSetParserStructuredErrors(context, note_error, first);
    return xmlRelaxNGParse(context);
}

gboolean
iov_xml_validate(xmlDoc *doc, IovSchema schema, const char *origin, GError **error)
{
    g_auto(FirstError) first = {NULL, 0};

    initialize();
    g_autoptr(xmlRelaxNG) rules = load_schema(schema, &first);
    if (rules == NULL)
        return report(&first, "schema", "cannot be read", error);
    g_autoptr(xmlRelaxNGValidCtxt) context = xmlRelaxNGNewValidCtxt(rules);
    xmlRelaxNGSetValidStructuredErrors(context, note_error, &first);
    if (xmlRelaxNGValidateDoc(context, doc) != 0)
        return report(&first, origin, "does not fit the schema", error);
    return TRUE;
}

gboolean
iov_xml_error(const xmlNode *node, const char *origin, GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *cause = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return iov_error_set(error, IOV_ERROR_INVALID, "%s:%ld: %s", origin, xmlGetLineNo(node), cause);
}

static gboolean
matches(const xmlNode *node, const char *ns, const char *name)
{
    const char *href = node->ns != NULL ? (const char *)node->ns->href : NULL;

    return node->type == XML_ELEMENT_NODE && g_strcmp0(href, ns) == 0 &&
           (name == NULL || strcmp((const char *)node->name, name) == 0);
}

static xmlNode *
find_from(xmlNode *node, const char *ns, const char *name)
{
    while (node != NULL && !matches(node, ns, name))
        node = node->next;
    return node;
}

xmlNode *
iov_xml_first(xmlNode *parent, const char *ns, const char *name)
{
    return find_from(parent->children, ns, name);
}

xmlNode *
iov_xml_next(xmlNode *node, const char *ns, const char *name)
{
    return find_from(node->next, ns, name);
}

xmlNode *
iov_xml_path(xmlNode *parent, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);
    xmlNode *node = parent;

    for (guint i = 0; names[i] != NULL && node != NULL; i++)
        node = iov_xml_first(node, NULL, names[i]);
    return node;
}

static char *
take_text(xmlChar *text)
{
    char *copy = g_strdup((const char *)text);

    xmlFree(text);
    return copy;
}

char *
iov_xml_attribute(const xmlNode *node, const char *name)
{
    return take_text(xmlGetNoNsProp((xmlNode *)node, BAD_CAST name));
}

char *
iov_xml_text(const xmlNode *node)
{
    char *text = take_text(xmlNodeGetContent((xmlNode *)node));

    return text != NULL ? g_strstrip(text) : NULL;
}

char *
iov_xml_format(xmlDoc *doc, xmlNode *node)
{
    g_autoptr(xmlBuffer) buffer = xmlBufferCreate();

    xmlNodeDump(buffer, doc, node, 0, 1);
    return g_strconcat((const char *)xmlBufferContent(buffer), "\n", NULL);
}

void
iov_xml_set(xmlNode *node, const char *name, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *value = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    xmlSetProp(node, BAD_CAST name, BAD_CAST value);
}
