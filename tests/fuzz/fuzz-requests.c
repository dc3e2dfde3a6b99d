/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A domain's requests, as the hook reads them and with the schema: what the hook accepts, the
 * schema accepts, and it survives being written and read again.
 */
#include "fuzz.h"
#include "iov-request-private.h"

static void
check_round_trip(GPtrArray *requests)
{
    g_autofree char *xml = iov_requests_to_xml(requests);
    g_autoptr(GPtrArray) again = iov_requests_parse(xml, strlen(xml), "canonical", NULL);

    fuzz_require(again != NULL && again->len == requests->len);
    g_autofree char *xml_again = iov_requests_to_xml(again);
    fuzz_require(strcmp(xml, xml_again) == 0);
}

static void
check_as_hook(const char *xml, gsize length)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(xmlDoc) doc = iov_xml_parse(xml, length, IOV_XML_DOMAIN_LIMIT, "input", &error);

    fuzz_check_error(doc != NULL, error);
    if (doc == NULL)
        return;
    g_autoptr(GPtrArray) requests =
        iov_requests_from_node(xmlDocGetRootElement(doc), "input", &error);
    fuzz_check_error(requests != NULL, error);
    if (requests == NULL)
        return;
    fuzz_require(requests->len > 0 && requests->len <= IOV_REQUESTS_LIMIT);
    fuzz_require(iov_xml_validate(doc, IOV_SCHEMA_DOMAIN_METADATA, "input", NULL));
    check_round_trip(requests);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) requests = iov_requests_parse((const char *)data, size, "input", &error);

    fuzz_check_error(requests != NULL, error);
    if (requests != NULL)
        check_round_trip(requests);
    check_as_hook((const char *)data, size);
    return 0;
}
