/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What the raw bytes of a domain's XML tell without a parser. May err towards true. */
typedef struct {
    bool has_request;  /* the namespace of the requests occurs */
    bool has_hostdev;  /* a passed-through device may be there */
    bool has_direct;   /* an interface may name the netdev below it */
    bool has_required; /* a request may be required='yes' */
    char uuid[37];     /* lower case; "" where none was found */
} IovHookScan;

void iov_hook_scan(const char *xml, size_t length, IovHookScan *scan);
