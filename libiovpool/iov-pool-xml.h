/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-pool-private.h"
#include "iov-xml.h"

/* A pool's definition as a part of a document that is parsed already: as strict as
 * iov_pool_parse(), but without the schema. (transfer full) */
IovPool *iov_pool_from_node(const xmlNode *node, const char *origin, GError **error);

/* Fills @node, an empty <iovpool>, with the canonical definition. */
void iov_pool_to_node(xmlNode *node, const IovPool *pool);
