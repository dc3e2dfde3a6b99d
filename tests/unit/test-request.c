/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iov-request-private.h"
#include "test-golden.h"

#define WRAP(body) "<iov:requests xmlns:iov='" IOV_REQUEST_NAMESPACE "'>" body "</iov:requests>"

static GPtrArray *
parse(const char *xml, GError **error)
{
    return iov_requests_parse(xml, strlen(xml), "test", error);
}

/* Reads as the hook does: without the schema. */
static GPtrArray *
parse_as_hook(const char *xml, gsize length, const char *origin, GError **error)
{
    g_autoptr(xmlDoc) doc = iov_xml_parse(xml, length, IOV_XML_DOMAIN_LIMIT, origin, error);

    return doc != NULL ? iov_requests_from_node(xmlDocGetRootElement(doc), origin, error) : NULL;
}

/* Both ways must say the same of every golden case: the schema adds nothing that the reader lacks.
 * But the hook never sees a root without namespace. */
static char *
canonical(const char *xml, gsize length, const char *origin, GError **error)
{
    g_autoptr(GError) hook_error = NULL;
    g_autoptr(GPtrArray) by_hook = parse_as_hook(xml, length, origin, &hook_error);
    g_autoptr(GPtrArray) requests = iov_requests_parse(xml, length, origin, error);

    if (g_strstr_len(xml, (gssize)length, "<requests>") == NULL &&
        g_strstr_len(xml, (gssize)length, "<requests xmlns:") == NULL) {
        ck_assert_msg((by_hook != NULL) == (requests != NULL), "%s: %s", origin,
                      hook_error != NULL ? hook_error->message : (*error)->message);
        if (by_hook == NULL)
            ck_assert_str_eq(hook_error->message, (*error)->message);
    }
    return requests != NULL ? iov_requests_to_xml(requests) : NULL;
}

START_TEST(golden)
{
    golden_run_all("request", 30, canonical);
}
END_TEST

START_TEST(reads_every_field)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) requests =
        parse(WRAP("<iov:request name='net0' pool='fast' mac='52:54:00:AA:bb:cc' required='yes' "
                   "priority='-10' migration='replug'><iov:floor type='bridge' source='br0' "
                   "model='e1000e'/><iov:rate max='2' unit='Gbit' min='1'/><iov:vlan id='42'/>"
                   "<iov:link state='enable'/><iov:trust> no </iov:trust>"
                   "<iov:spoofcheck>yes</iov:spoofcheck></iov:request>"),
              &error);

    assert_done(requests != NULL, error);
    ck_assert_uint_eq(requests->len, 1);
    const IovRequest *request = g_ptr_array_index(requests, 0);
    ck_assert_str_eq(iov_request_get_name(request), "net0");
    ck_assert_str_eq(iov_request_get_pool(request), "fast");
    ck_assert_str_eq(iov_request_get_mac(request), "52:54:00:aa:bb:cc");
    ck_assert(iov_request_get_required(request));
    ck_assert_int_eq(iov_request_get_priority(request), -10);
    ck_assert_int_eq(iov_request_get_migration(request), IOV_MIGRATION_REPLUG);
    ck_assert(request->netconf.has_vlan && request->netconf.vlan == 42);
    ck_assert(request->netconf.has_rate && request->netconf.min_rate == 1000 &&
              request->netconf.max_rate == 2000);
    ck_assert_int_eq(request->netconf.trust, IOV_SWITCH_NO);
    ck_assert_int_eq(request->netconf.spoofcheck, IOV_SWITCH_YES);
    ck_assert_int_eq(request->netconf.link_state, IOV_LINK_STATE_ENABLE);
    ck_assert_int_eq(request->floor.type, IOV_FLOOR_BRIDGE);
    ck_assert_str_eq(request->floor.source, "br0");
    ck_assert_str_eq(request->floor.model, "e1000e");
}
END_TEST

START_TEST(what_is_not_said_is_unset)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) requests = parse(WRAP("<iov:request name='a' pool='p'/>"), &error);

    assert_done(requests != NULL, error);
    const IovRequest *request = g_ptr_array_index(requests, 0);
    ck_assert_ptr_null(iov_request_get_mac(request));
    ck_assert(!iov_request_get_required(request));
    ck_assert_int_eq(iov_request_get_priority(request), 0);
    ck_assert_int_eq(iov_request_get_migration(request), IOV_MIGRATION_UNSET);
    ck_assert(!request->netconf.has_vlan && !request->netconf.has_rate);
    ck_assert_int_eq(request->netconf.trust, IOV_SWITCH_UNSET);
    ck_assert_int_eq(request->floor.type, IOV_FLOOR_UNSET);
}
END_TEST

/* @count requests, each with a name of its own. */
static char *
many_requests(guint count)
{
    g_autoptr(GString) xml = g_string_new("<requests>");

    for (guint i = 0; i < count; i++)
        g_string_append_printf(xml, "<request name='n%u' pool='p'/>", i);
    g_string_append(xml, "</requests>");
    return g_string_free(g_steal_pointer(&xml), FALSE);
}

START_TEST(counts_are_capped)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *most = many_requests(IOV_REQUESTS_LIMIT);
    g_autofree char *more = many_requests(IOV_REQUESTS_LIMIT + 1);
    g_autoptr(GPtrArray) requests = parse(most, &error);

    assert_done(requests != NULL, error);
    ck_assert_uint_eq(requests->len, IOV_REQUESTS_LIMIT);
    assert_fails(parse(more, &error) != NULL, error, IOV_ERROR_INVALID, "more than 64 requests");
}
END_TEST

START_TEST(bytes_are_capped)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *blank = g_strnfill(256 * 1024, ' ');
    g_autofree char *xml = g_strconcat("<requests>", blank, "</requests>", NULL);

    assert_fails(parse(xml, &error) != NULL, error, IOV_ERROR_INVALID,
                 "test: larger than 262144 bytes");
}
END_TEST

/* Metadata stands inside a domain; its siblings must not count, nor its namespace be presumed. */
START_TEST(a_node_of_a_domain)
{
    g_autoptr(GError) error = NULL;
    static const char xml[] =
        "<domain><metadata><other xmlns='urn:x'><request name='no' pool='no'/></other>\n" WRAP(
            "<iov:request name='net0' pool='fast'/>") "<requests/></metadata></domain>";
    g_autoptr(xmlDoc) doc = iov_xml_parse(xml, strlen(xml), IOV_XML_DOMAIN_LIMIT, "domain", &error);

    assert_done(doc != NULL, error);
    xmlNode *metadata = iov_xml_path(xmlDocGetRootElement(doc), "metadata");
    g_autoptr(GPtrArray) requests = iov_requests_from_node(
        iov_xml_first(metadata, IOV_REQUEST_NAMESPACE, NULL), "domain", &error);
    assert_done(requests != NULL, error);
    ck_assert_uint_eq(requests->len, 1);
    assert_fails(
        iov_requests_from_node(iov_xml_first(metadata, NULL, "requests"), "domain", &error) != NULL,
        error, IOV_ERROR_INVALID, "domain:2: <requests> has the namespace ''");
}
END_TEST

START_TEST(references_are_counted)
{
    IovRequest *request = iov_request_new("net0", "fast");
    IovRequest *copy = g_boxed_copy(IOV_TYPE_REQUEST, request);

    ck_assert_ptr_eq(copy, request);
    iov_request_unref(request);
    ck_assert_str_eq(iov_request_get_name(copy), "net0");
    g_boxed_free(IOV_TYPE_REQUEST, copy);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("request");
    TCase *tests = tcase_create("request");

    tcase_add_test(tests, golden);
    tcase_add_test(tests, reads_every_field);
    tcase_add_test(tests, what_is_not_said_is_unset);
    tcase_add_test(tests, counts_are_capped);
    tcase_add_test(tests, bytes_are_capped);
    tcase_add_test(tests, a_node_of_a_domain);
    tcase_add_test(tests, references_are_counted);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
