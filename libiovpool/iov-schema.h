/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

typedef enum { IOV_SCHEMA_POOL, IOV_SCHEMA_DOMAIN_METADATA } IovSchema;

/* The text of a schema. The .c file is made from the files of schemas/ when the library is built.
 */
const char *iov_schema_text(IovSchema schema);
