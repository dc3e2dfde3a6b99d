/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hook's look at raw XML: in bounds, and what it makes of a whole it makes of no less. */
#include "fuzz.h"
#include "scan.h"

static void
check_uuid(const char *uuid)
{
    size_t length = strlen(uuid);

    fuzz_require(length == 0 || (length == 36 && g_uuid_string_is_valid(uuid)));
    fuzz_require(strpbrk(uuid, "ABCDEF") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    IovHookScan scan, doubled;
    g_autofree char *twice = g_malloc(2 * size + 1);

    iov_hook_scan((const char *)data, size, &scan);
    check_uuid(scan.uuid);
    fuzz_require(scan.has_request || !scan.has_required);
    memcpy(twice, data, size);
    memcpy(twice + size, data, size);
    iov_hook_scan(twice, 2 * size, &doubled);
    fuzz_require(doubled.has_request || !scan.has_request);
    fuzz_require(doubled.has_hostdev || !scan.has_hostdev);
    fuzz_require(doubled.has_required || !scan.has_required);
    return 0;
}
