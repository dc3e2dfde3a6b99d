/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Counts a document's tags, attributes and depth before libxml2 sees it, because libxml2 up to 2.11
 * compares the attributes of an element, and its namespaces, each with each: a tag of megabytes
 * costs minutes. What is malformed otherwise is left to libxml2, whose messages are better; but
 * after a syntax error libxml2 reads on, so what could make both disagree about where the next
 * tag starts is refused here.
 */
#include "iov-xml-scan.h"

#include <string.h>

typedef struct {
    const char *start, *cursor, *end;
    const char *origin;
    guint depth, elements, namespaces;
} Scanner;

/* Says @cause at @where and returns FALSE. */
static gboolean
refuse(const Scanner *scanner, const char *where, GError **error, const char *cause)
{
    guint line = 1;

    for (const char *c = scanner->start; c < where; c++)
        line += *c == '\n';
    return iov_error_set(error, IOV_ERROR_INVALID, "%s:%u: %s", scanner->origin, line, cause);
}

/* Char of XML 1.0, section 2.2; the input is UTF-8 already, so surrogates need no look. */
static gboolean
check_characters(const Scanner *scanner, GError **error)
{
    const char *bad = scanner->start;

    if (!g_utf8_validate_len(scanner->start, (gsize)(scanner->end - scanner->start), &bad))
        return refuse(scanner, bad, error,
                      *bad == '\0' ? "a NUL byte is not allowed" : "the text is not UTF-8");
    for (const char *c = scanner->start; c < scanner->end; c++) {
        gboolean control = (guchar)*c < 0x20 && *c != '\t' && *c != '\n' && *c != '\r';

        if (control || (scanner->end - c >= 3 &&
                        (memcmp(c, "\xef\xbf\xbe", 3) == 0 || memcmp(c, "\xef\xbf\xbf", 3) == 0)))
            return refuse(scanner, c, error, "a control character is not allowed");
    }
    return TRUE;
}

static gboolean
looking_at(const Scanner *scanner, const char *text)
{
    gsize length = strlen(text);

    return (gsize)(scanner->end - scanner->cursor) >= length &&
           memcmp(scanner->cursor, text, length) == 0;
}

/* Moves behind the next @terminator, or to the end where there is none. */
static void
skip_past(Scanner *scanner, const char *terminator)
{
    gsize left = (gsize)(scanner->end - scanner->cursor);
    const char *found = g_strstr_len(scanner->cursor, (gssize)left, terminator);

    scanner->cursor = found != NULL ? found + strlen(terminator) : scanner->end;
}

static gboolean
scan_instruction(Scanner *scanner, GError **error)
{
    const char *start = scanner->cursor;

    skip_past(scanner, "?>");
    if (memchr(start + 1, '<', (gsize)(scanner->cursor - start - 1)) != NULL)
        return refuse(scanner, start, error, "a processing instruction holds '<'");
    return TRUE;
}

static gboolean
is_namespace(const Scanner *scanner, const char *where)
{
    return g_ascii_isspace(where[-1]) && scanner->end - where > 5 &&
           memcmp(where, "xmlns", 5) == 0 && (where[5] == ':' || where[5] == '=');
}

static gboolean
count_element(Scanner *scanner, const char *tag, guint attributes, gboolean is_empty,
              GError **error)
{
    if (attributes > IOV_XML_ATTRIBUTES_LIMIT)
        return refuse(
            scanner, tag, error,
            "an element has more than " G_STRINGIFY(IOV_XML_ATTRIBUTES_LIMIT) " attributes");
    if (scanner->namespaces > IOV_XML_NAMESPACES_LIMIT)
        return refuse(
            scanner, tag, error,
            "more than " G_STRINGIFY(IOV_XML_NAMESPACES_LIMIT) " namespaces are declared");
    if (++scanner->elements > IOV_XML_ELEMENTS_LIMIT)
        return refuse(scanner, tag, error,
                      "more than " G_STRINGIFY(IOV_XML_ELEMENTS_LIMIT) " elements");
    if (scanner->depth >= IOV_XML_DEPTH_LIMIT)
        return refuse(scanner, tag, error,
                      "elements are nested deeper than " G_STRINGIFY(IOV_XML_DEPTH_LIMIT));
    scanner->depth += !is_empty;
    return TRUE;
}

static gboolean
scan_start_tag(Scanner *scanner, GError **error)
{
    const char *tag = scanner->cursor;
    guint attributes = 0;
    char quote = '\0';
    const char *c;

    for (c = tag + 1; c < scanner->end && (quote != '\0' || *c != '>'); c++) {
        if (*c == '<')
            return refuse(scanner, c, error, "'<' inside a tag; the tag before it is not closed");
        if (quote != '\0') {
            quote = *c == quote ? '\0' : quote;
            continue;
        }
        quote = *c == '"' || *c == '\'' ? *c : '\0';
        attributes += *c == '=';
        scanner->namespaces += is_namespace(scanner, c);
    }
    scanner->cursor = c;
    return count_element(scanner, tag, attributes, c[-1] == '/', error);
}

static gboolean
scan_markup(Scanner *scanner, GError **error)
{
    if (looking_at(scanner, "<!--")) {
        scanner->cursor += strlen("<!--");
        skip_past(scanner, "-->");
        return TRUE;
    }
    if (looking_at(scanner, "<![CDATA[")) {
        skip_past(scanner, "]]>");
        return TRUE;
    }
    if (looking_at(scanner, "<?"))
        return scan_instruction(scanner, error);
    if (looking_at(scanner, "<!"))
        return refuse(scanner, scanner->cursor, error,
                      looking_at(scanner, "<!DOCTYPE") ? "a DOCTYPE is not allowed"
                                                       : "a declaration is not allowed");
    if (looking_at(scanner, "</")) {
        scanner->depth -= scanner->depth > 0;
        scanner->cursor += strlen("</");
        return TRUE;
    }
    return scan_start_tag(scanner, error);
}

gboolean
iov_xml_scan(const char *data, gsize length, const char *origin, GError **error)
{
    Scanner scanner = {.start = data, .cursor = data, .end = data + length, .origin = origin};

    if (!check_characters(&scanner, error))
        return FALSE;
    while (scanner.cursor < scanner.end) {
        scanner.cursor = memchr(scanner.cursor, '<', (gsize)(scanner.end - scanner.cursor));
        if (scanner.cursor == NULL)
            return TRUE;
        if (!scan_markup(&scanner, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
iov_xml_find_tags(const char *data, gsize length, IovXmlTag *tags, guint count)
{
    Scanner scanner = {.start = data, .cursor = data, .end = data + length, .origin = ""};
    guint found = 0;

    while (found < count) {
        guint before = scanner.elements;
        const char *start = memchr(scanner.cursor, '<', (gsize)(scanner.end - scanner.cursor));

        scanner.cursor = start;
        if (start == NULL || !scan_markup(&scanner, NULL) || scanner.cursor == scanner.end)
            return FALSE;
        if (scanner.elements == before || scanner.elements != tags[found].number)
            continue;
        tags[found].start = start;
        tags[found].end = scanner.cursor + 1;
        found++;
    }
    return TRUE;
}
