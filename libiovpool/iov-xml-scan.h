/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-error-private.h"

/*
 * A pass over the bytes of a document before any parser sees it. It refuses what is not text
 * (UTF-8, the characters of XML), any DOCTYPE, and a document that breaks these limits.
 */
#define IOV_XML_DEPTH_LIMIT 64       /* elements within elements */
#define IOV_XML_ATTRIBUTES_LIMIT 64  /* of one element, namespace declarations counted */
#define IOV_XML_ELEMENTS_LIMIT 65536 /* of one document */
#define IOV_XML_NAMESPACES_LIMIT 256 /* declarations in one document */

gboolean iov_xml_scan(const char *data, gsize length, const char *origin, GError **error);

/* Where the start tag of one element stands in the text. */
typedef struct {
    guint number;            /* of the element, in the order of the document, from 1 */
    const char *start, *end; /* its '<', and what follows its '>' */
} IovXmlTag;

/* Finds @tags, which ascend by number, in a document that a parser took. FALSE where it has fewer
 * elements. */
gboolean iov_xml_find_tags(const char *data, gsize length, IovXmlTag *tags, guint count);
