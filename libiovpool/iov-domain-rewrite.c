/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Replaces values of attributes in a domain's text, so that "nothing else changes" needs no proof:
 * libvirt compares what a hook gives back, and a domain's XML holds what this library does not
 * know. Which tags they are was decided by the parser, which numbered its elements; what is written
 * here is escaped. It knows nothing of leases.
 */
#include "iov-domain-rewrite.h"

#include "iov-address.h"
#include "iov-xml-scan.h"

#include <string.h>

#define ATTRIBUTES_LIMIT 4

/* One start tag. */
typedef struct {
    guint element;
    const char *tag;
    guint count;
    const char *names[ATTRIBUTES_LIMIT];
    char *values[ATTRIBUTES_LIMIT]; /* escaped */
} Edit;

struct _IovDomainRewrite {
    GArray *edits; /* Edit */
};

static void
edit_clear(gpointer data)
{
    Edit *edit = data;

    for (guint i = 0; i < edit->count; i++)
        g_free(edit->values[i]);
}

IovDomainRewrite *
iov_domain_rewrite_new(void)
{
    IovDomainRewrite *rewrite = g_new0(IovDomainRewrite, 1);

    rewrite->edits = g_array_new(FALSE, FALSE, sizeof(Edit));
    g_array_set_clear_func(rewrite->edits, edit_clear);
    return rewrite;
}

void
iov_domain_rewrite_free(IovDomainRewrite *rewrite)
{
    g_array_unref(rewrite->edits);
    g_free(rewrite);
}

gboolean
iov_domain_rewrite_is_empty(const IovDomainRewrite *rewrite)
{
    return rewrite->edits->len == 0;
}

/* As libvirt writes it. */
void
iov_domain_rewrite_function(IovDomainRewrite *rewrite, const IovDomainHostdev *hostdev,
                            const char *address)
{
    IovAddress parts = {0};

    if (!iov_address_parse(address, &parts, NULL))
        g_return_if_reached();

    Edit edit = {
        .element = hostdev->element,
        .tag = "address",
        .count = 4,
        .names = {"domain", "bus", "slot", "function"},
        .values = {g_strdup_printf("0x%04x", parts.domain), g_strdup_printf("0x%02x", parts.bus),
                   g_strdup_printf("0x%02x", parts.slot), g_strdup_printf("0x%x", parts.function)},
    };

    g_array_append_val(rewrite->edits, edit);
}

void
iov_domain_rewrite_netdev(IovDomainRewrite *rewrite, const IovDomainFloor *floor,
                          const char *netdev)
{
    Edit edit = {
        .element = floor->element,
        .tag = "source",
        .count = 1,
        .names = {"dev"},
        .values = {g_markup_escape_text(netdev, -1)},
    };

    g_array_append_val(rewrite->edits, edit);
}

/* ---- one start tag ---- */

typedef struct {
    const char *name, *name_end;
    const char *value, *value_end; /* without its quotes */
} Attribute;

static const char *
skip_space(const char *c, const char *end)
{
    while (c < end && strchr(" \t\r\n", *c) != NULL)
        c++;
    return c;
}

/* Moves @cursor behind the next attribute; FALSE where none follows. */
static gboolean
next_attribute(const char **cursor, const char *end, Attribute *attribute)
{
    const char *c = skip_space(*cursor, end);

    attribute->name = c;
    while (c < end && strchr(" \t\r\n=/>", *c) == NULL)
        c++;
    attribute->name_end = c;
    c = skip_space(c, end);
    if (c == end || *c != '=')
        return FALSE;
    c = skip_space(c + 1, end);
    if (c == end || (*c != '\'' && *c != '"'))
        return FALSE;
    attribute->value = c + 1;
    attribute->value_end = memchr(c + 1, *c, (gsize)(end - c - 1));
    if (attribute->value_end == NULL)
        return FALSE;
    *cursor = attribute->value_end + 1;
    return TRUE;
}

/* The attribute's place in the edit, or its count. */
static guint
find_name(const Edit *edit, const Attribute *attribute)
{
    gsize length = (gsize)(attribute->name_end - attribute->name);
    guint i = 0;

    while (i < edit->count && (strlen(edit->names[i]) != length ||
                               memcmp(edit->names[i], attribute->name, length) != 0))
        i++;
    return i;
}

/* libvirt reads a part of an address that is missing as 0: it is added behind the last one. */
static void
append_edited(GString *text, const IovXmlTag *tag, const Edit *edit)
{
    const char *copied = tag->start, *cursor = tag->start + 1 + strlen(edit->tag);
    gboolean written[ATTRIBUTES_LIMIT] = {FALSE};
    Attribute attribute;

    while (next_attribute(&cursor, tag->end, &attribute)) {
        guint i = find_name(edit, &attribute);

        if (i == edit->count)
            continue;
        g_string_append_len(text, copied, attribute.value - copied);
        g_string_append(text, edit->values[i]);
        copied = attribute.value_end;
        written[i] = TRUE;
    }
    g_string_append_len(text, copied, cursor - copied);
    for (guint i = 0; i < edit->count; i++)
        if (!written[i])
            g_string_append_printf(text, " %s='%s'", edit->names[i], edit->values[i]);
    g_string_append_len(text, cursor, tag->end - cursor);
}

/* ---- all of them ---- */

static int
compare_edits(const void *a, const void *b)
{
    const Edit *first = a, *second = b;

    return (first->element > second->element) - (first->element < second->element);
}

static gboolean
is_tag_of(const IovXmlTag *tag, const Edit *edit)
{
    gsize length = strlen(edit->tag);

    return (gsize)(tag->end - tag->start) > length + 1 &&
           memcmp(tag->start + 1, edit->tag, length) == 0 &&
           strchr(" \t\r\n/>", tag->start[1 + length]) != NULL;
}

/* Where each edit's tag stands, in the order of the edits. (nullable) */
static GArray *
find_tags(const IovDomainRewrite *rewrite, const char *xml, gsize length)
{
    g_autoptr(GArray) tags = g_array_new(FALSE, TRUE, sizeof(IovXmlTag));

    for (guint i = 0; i < rewrite->edits->len; i++) {
        IovXmlTag tag = {.number = g_array_index(rewrite->edits, Edit, i).element};

        g_array_append_val(tags, tag);
    }
    if (!iov_xml_find_tags(xml, length, (IovXmlTag *)(void *)tags->data, tags->len))
        return NULL;
    for (guint i = 0; i < tags->len; i++)
        if (!is_tag_of(&g_array_index(tags, IovXmlTag, i), &g_array_index(rewrite->edits, Edit, i)))
            return NULL;
    return g_steal_pointer(&tags);
}

char *
iov_domain_rewrite_apply(const IovDomainRewrite *rewrite, const char *xml, gsize length,
                         GError **error)
{
    g_autoptr(GArray) tags = NULL;
    GString *text = NULL;
    const char *copied = xml;

    g_array_sort(rewrite->edits, compare_edits);
    tags = find_tags(rewrite, xml, length);
    if (tags == NULL) {
        iov_error_set(error, IOV_ERROR_INVALID,
                      "cannot rewrite a domain's XML: its devices are not where they were read");
        return NULL;
    }
    text = g_string_sized_new(length + 64 * (gsize)tags->len);
    for (guint i = 0; i < tags->len; i++) {
        const IovXmlTag *tag = &g_array_index(tags, IovXmlTag, i);

        g_string_append_len(text, copied, tag->start - copied);
        append_edited(text, tag, &g_array_index(rewrite->edits, Edit, i));
        copied = tag->end;
    }
    g_string_append_len(text, copied, xml + length - copied);
    return g_string_free(text, FALSE);
}
