/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The record of a started pool: one that is accepted survives being written and read again. */
#include "fuzz.h"
#include "iov-record.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *boot = NULL;
    g_autofree char *boot_again = NULL;
    g_autoptr(IovRecord) record =
        iov_record_parse((const char *)data, size, "input", &boot, &error);

    fuzz_check_error(record != NULL, error);
    if (record == NULL)
        return 0;
    g_autofree char *xml = iov_record_to_xml(record, boot);
    g_autoptr(IovRecord) again =
        iov_record_parse(xml, strlen(xml), "canonical", &boot_again, &error);
    fuzz_require(again != NULL && strcmp(boot, boot_again) == 0);
    g_autofree char *xml_again = iov_record_to_xml(again, boot_again);
    fuzz_require(strcmp(xml, xml_again) == 0);
    return 0;
}
