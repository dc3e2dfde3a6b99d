/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-error-private.h"

/* A PCI address. Records carry the canonical text, e.g. "0000:01:10.7"; this is its parsed form. */
typedef struct {
    guint32 domain;
    guint8 bus;
    guint8 slot;
    guint8 function;
} IovAddress;

#define IOV_ADDRESS_SIZE 20 /* bytes of the longest canonical text, its NUL included */

/* Parses "DDDD:BB:SS.F" or "BB:SS.F" (domain 0), hexadecimal, the whole of @text. */
gboolean iov_address_parse(const char *text, IovAddress *address, GError **error);

/* Writes the canonical text into @buffer and returns it. */
const char *iov_address_format(const IovAddress *address, char buffer[static IOV_ADDRESS_SIZE]);

/* The canonical form of @text, or NULL with @error. (transfer full) */
char *iov_address_normalize(const char *text, GError **error);

/* Orders as the kernel enumerates: domain, bus, slot, function. */
int iov_address_compare(const IovAddress *a, const IovAddress *b);
