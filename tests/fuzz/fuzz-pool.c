/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pool definition: one that is accepted survives being written and read again. */
#include "fuzz.h"
#include "iov-pool.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) pool = iov_pool_parse((const char *)data, size, "input", &error);

    fuzz_check_error(pool != NULL, error);
    if (pool == NULL)
        return 0;
    g_autofree char *xml = iov_pool_to_xml(pool);
    g_autoptr(IovPool) again = iov_pool_parse(xml, strlen(xml), "canonical", &error);
    fuzz_require(again != NULL);
    g_autofree char *xml_again = iov_pool_to_xml(again);
    fuzz_require(strcmp(xml, xml_again) == 0);
    return 0;
}
