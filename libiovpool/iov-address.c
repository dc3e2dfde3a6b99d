/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PCI addresses as text and as numbers. Widths follow the kernel's pci_name(): domain 16 bits and
 * more (VMD controllers exceed ffff), bus 8, slot 5, function 3.
 */
#include "iov-address.h"

#include <stdio.h>
#include <string.h>

#define SLOT_MAXIMUM 0x1f
#define FUNCTION_MAXIMUM 7

/* Takes up to @width hexadecimal digits; returns how many it took. */
static guint
take_hex(const char *text, guint width, guint32 *value)
{
    guint taken = 0;

    *value = 0;
    while (taken < width && g_ascii_isxdigit(text[taken]))
        *value = *value << 4 | (guint32)g_ascii_xdigit_value(text[taken++]);
    return taken;
}

static gboolean
take_field(const char **cursor, guint minimum, guint width, char terminator, guint32 *value)
{
    guint taken = take_hex(*cursor, width, value);

    if (taken < minimum || (*cursor)[taken] != terminator)
        return FALSE;
    *cursor += taken + (terminator != '\0');
    return TRUE;
}

gboolean
iov_address_parse(const char *text, IovAddress *address, GError **error)
{
    const char *cursor = text;
    guint32 domain = 0, bus, slot, function;
    const char *first = strchr(text, ':');
    gboolean has_domain = first != NULL && strchr(first + 1, ':') != NULL;

    if ((has_domain && !take_field(&cursor, 4, 8, ':', &domain)) ||
        !take_field(&cursor, 2, 2, ':', &bus) || !take_field(&cursor, 2, 2, '.', &slot) ||
        !take_field(&cursor, 1, 1, '\0', &function) || slot > SLOT_MAXIMUM ||
        function > FUNCTION_MAXIMUM)
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "'%.64s' is not a PCI address such as 0000:01:10.0", text);
    *address = (IovAddress){domain, (guint8)bus, (guint8)slot, (guint8)function};
    return TRUE;
}

const char *
iov_address_format(const IovAddress *address, char buffer[static IOV_ADDRESS_SIZE])
{
    g_snprintf(buffer, IOV_ADDRESS_SIZE, "%04x:%02x:%02x.%x", address->domain, address->bus,
               address->slot, address->function);
    return buffer;
}

char *
iov_address_normalize(const char *text, GError **error)
{
    IovAddress address;
    char buffer[IOV_ADDRESS_SIZE];

    if (!iov_address_parse(text, &address, error))
        return NULL;
    return g_strdup(iov_address_format(&address, buffer));
}

int
iov_address_compare(const IovAddress *a, const IovAddress *b)
{
    if (a->domain != b->domain)
        return a->domain < b->domain ? -1 : 1;
    if (a->bus != b->bus)
        return (int)a->bus - (int)b->bus;
    if (a->slot != b->slot)
        return (int)a->slot - (int)b->slot;
    return (int)a->function - (int)b->function;
}
