/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A PCI address and a MAC address: the canonical text of one that is accepted is its own. */
#include "fuzz.h"
#include "iov-address.h"
#include "iov-netconf.h"

static void
check_address(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *canonical = iov_address_normalize(text, &error);

    fuzz_check_error(canonical != NULL, error);
    if (canonical == NULL)
        return;
    g_autofree char *again = iov_address_normalize(canonical, NULL);
    fuzz_require(g_strcmp0(canonical, again) == 0 && strlen(canonical) < IOV_ADDRESS_SIZE);
}

static void
check_mac(const char *text)
{
    g_autoptr(GError) error = NULL;
    char mac[IOV_MAC_SIZE], again[IOV_MAC_SIZE];
    gboolean good = iov_mac_parse(text, mac, &error);

    fuzz_check_error(good, error);
    if (good)
        fuzz_require(iov_mac_parse(mac, again, NULL) && strcmp(mac, again) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);

    check_address(text);
    check_mac(text);
    return 0;
}
