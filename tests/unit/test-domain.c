/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iov-domain-private.h"

#include "test-golden.h"
#include "test-support.h"

#include <string.h>

#define UUID "2f3e1d0c-0000-4000-8000-000000000001"
#define HEAD "<domain><name>vm1</name><uuid>" UUID "</uuid>"

static const char *
or_none(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : "(none)";
}

static void
dump_requests(const IovDomain *domain, GString *text)
{
    for (guint i = 0; i < domain->requests->len; i++) {
        const IovRequest *request = g_ptr_array_index(domain->requests, i);

        g_string_append_printf(text, "request %s of pool %s, mac %s\n", request->name,
                               request->pool, or_none(iov_request_get_mac(request)));
    }
}

static void
dump_devices(const IovDomain *domain, GString *text)
{
    for (guint i = 0; i < domain->hostdevs->len; i++) {
        const IovDomainHostdev *hostdev = g_ptr_array_index(domain->hostdevs, i);

        g_string_append_printf(text, "hostdev %s, alias %s, request %s%s\n", hostdev->source,
                               or_none(hostdev->alias), or_none(hostdev->request),
                               hostdev->is_teaming ? ", teaming" : "");
    }
    for (guint i = 0; i < domain->floors->len; i++) {
        const IovDomainFloor *floor = g_ptr_array_index(domain->floors, i);

        g_string_append_printf(text, "floor of %s, bridge %s, device %s, lower %s%s%s\n",
                               floor->request, or_none(floor->bridge), or_none(floor->device),
                               or_none(floor->lower), floor->is_macvtap ? ", macvtap" : "",
                               floor->is_teaming ? ", teaming" : "");
    }
    for (guint i = 0; i < domain->controllers->len; i++) {
        const IovDomainController *controller = g_ptr_array_index(domain->controllers, i);

        g_string_append_printf(
            text, "controller %d, alias %s%s%s\n", controller->index, or_none(controller->alias),
            controller->is_root_port ? ", root port" : "", controller->in_use ? ", in use" : "");
    }
}

static void
dump_aliases(const IovDomain *domain, GString *text)
{
    g_autoptr(GList) aliases =
        g_list_sort(g_hash_table_get_keys(domain->aliases), (GCompareFunc)(void (*)(void))strcmp);

    for (const GList *entry = aliases; entry != NULL; entry = entry->next)
        g_string_append_printf(text, "alias %s\n", (const char *)entry->data);
}

static char *
dump(const IovDomain *domain)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "name %s\nuuid %s\nmachine %s\n", domain->name, domain->uuid,
                           or_none(domain->machine));
    g_string_append_printf(text, "pcie %s\nNUMA node %d\n",
                           iov_domain_has_pcie(domain) ? "yes" : "no",
                           iov_domain_get_numa_node(domain));
    g_string_append_printf(text, "last PCI index %d\nfree ports %u\n",
                           iov_domain_last_pci_index(domain), iov_domain_count_free_ports(domain));
    dump_requests(domain, text);
    dump_devices(domain, text);
    dump_aliases(domain, text);
    return g_string_free(text, FALSE);
}

static char *
describe(const char *xml, gsize length, const char *origin, GError **error)
{
    g_autoptr(IovDomain) domain = iov_domain_parse(xml, length, error);

    (void)origin;
    return domain != NULL ? dump(domain) : NULL;
}

START_TEST(reads_each_golden_domain)
{
    golden_run_all("domain", 24, describe);
}
END_TEST

static IovDomain *
parse_golden(const char *name)
{
    g_autofree char *path = golden_path("domain", name, ".xml");
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    g_autofree char *xml = golden_read(path, &length);

    ck_assert_msg(xml != NULL, "cannot read %s", path);
    IovDomain *domain = iov_domain_parse(xml, length, &error);
    assert_done(domain != NULL, error);
    return domain;
}

START_TEST(answers_by_alias_and_name)
{
    g_autoptr(IovDomain) domain = parse_golden("q35-live");

    ck_assert_str_eq(iov_domain_get_name(domain), "web-01");
    ck_assert_str_eq(iov_domain_get_uuid(domain), "6f1f5c7e-0d3a-4c8b-9e57-2b8b6c1d9a10");
    ck_assert_uint_eq(iov_domain_get_requests(domain)->len, 2);
    ck_assert_str_eq(iov_request_get_pool(iov_domain_find_request(domain, "crypto")), "qat");
    ck_assert_ptr_null(iov_domain_find_request(domain, "net1"));
    ck_assert(iov_domain_has_alias(domain, "ua-iov-net0"));
    ck_assert(!iov_domain_has_alias(domain, "ua-iov-net1"));
    ck_assert_int_eq(iov_domain_find_port(domain, "ua-iov-net0-port"), 5);
    ck_assert_int_eq(iov_domain_find_port(domain, "ua-iov-net1-port"), -1);
    /* a PCI controller of that alias, but no root port */
    ck_assert_int_eq(iov_domain_find_port(domain, "pci.7"), -1);
    ck_assert_str_eq(iov_domain_find_source(domain, "ua-iov-net0-vf"), "0000:3b:02.3");
    ck_assert_ptr_null(iov_domain_find_source(domain, "ua-iov-crypto-vf"));
    /* an alias of a device that is no hostdev */
    ck_assert_ptr_null(iov_domain_find_source(domain, "ua-iov-net0"));
}
END_TEST

START_TEST(is_reference_counted)
{
    IovDomain *domain = parse_golden("plain");
    IovDomain *second = g_boxed_copy(IOV_TYPE_DOMAIN, domain);

    ck_assert_ptr_eq(domain, second);
    iov_domain_unref(domain);
    ck_assert_str_eq(iov_domain_get_name(second), "plain");
    g_boxed_free(IOV_TYPE_DOMAIN, second);
}
END_TEST

static IovDomain *
parse_machine(const char *machine)
{
    g_autofree char *xml =
        g_strdup_printf(HEAD "<os><type machine='%s'>hvm</type></os></domain>", machine);
    g_autoptr(GError) error = NULL;
    IovDomain *domain = iov_domain_parse(xml, strlen(xml), &error);

    assert_done(domain != NULL, error);
    return domain;
}

START_TEST(knows_machines_with_pcie)
{
    static const struct {
        const char *machine;
        gboolean has_pcie;
    } cases[] = {
        {"q35", TRUE},      {"pc-q35-9.2", TRUE},         {"pc-q35-rhel9.4.0", TRUE},
        {"virt", TRUE},     {"virt-9.2", TRUE},           {"virt-rhel9.4.0", TRUE},
        {"pc", FALSE},      {"pc-i440fx-9.2", FALSE},     {"s390-ccw-virtio-9.2", FALSE},
        {"pseries", FALSE}, {"microvm", FALSE},           {"virtex-ml507", FALSE},
        {"", FALSE},        {"xilinx-zynq-virt2", FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(IovDomain) domain = parse_machine(cases[i].machine);

        ck_assert_msg(iov_domain_has_pcie(domain) == cases[i].has_pcie, "%s", cases[i].machine);
    }
}
END_TEST

/* A domain of @count hostdevs, each behind a root port of its own as far as there are buses. */
static char *
make_large(guint count, gsize *length)
{
    GString *xml = g_string_new(HEAD "<os><type machine='q35'>hvm</type></os><devices>");

    for (guint i = 1; i <= MIN(count, 255); i++)
        g_string_append_printf(xml,
                               "<controller type='pci' index='%u' model='pcie-root-port'>"
                               "<alias name='pci.%u'/></controller>",
                               i, i);
    for (guint i = 0; i < count; i++)
        g_string_append_printf(xml,
                               "<hostdev mode='subsystem' type='pci' managed='no'><source>"
                               "<address domain='0x%04x' bus='0x%02x' slot='0x00' function='0x0'/>"
                               "</source><alias name='ua-iov-r%u-vf'/>"
                               "<address type='pci' domain='0x0000' bus='0x%02x' slot='0x00' "
                               "function='0x0'/></hostdev>",
                               i / 256, i % 256, i, i % 200);
    g_string_append(xml, "</devices></domain>");
    *length = xml->len;
    return g_string_free(xml, FALSE);
}

START_TEST(reads_300_devices)
{
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    g_autofree char *xml = make_large(300, &length);
    g_autoptr(IovDomain) domain = iov_domain_parse(xml, length, &error);

    assert_done(domain != NULL, error);
    ck_assert_uint_eq(domain->hostdevs->len, 300);
    ck_assert_uint_eq(domain->controllers->len, 255);
    ck_assert_int_eq(iov_domain_last_pci_index(domain), 255);
    /* ports 1 to 199 are in use, 200 to 255 are not */
    ck_assert_uint_eq(iov_domain_count_free_ports(domain), 56);
    ck_assert_str_eq(iov_domain_find_source(domain, "ua-iov-r299-vf"), "0001:2b:00.0");
    for (guint i = 0; i < domain->hostdevs->len; i++) {
        const IovDomainHostdev *hostdev = g_ptr_array_index(domain->hostdevs, i);
        g_autofree char *request = g_strdup_printf("r%u", i);

        ck_assert_str_eq(hostdev->request, request);
    }
}
END_TEST

/* What libxml2 says of these differs between its versions. */
START_TEST(refuses_what_is_no_document)
{
    static const char *const texts[] = {"", " ", "domain", HEAD, HEAD "</domain><domain/>"};

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        assert_fails(iov_domain_parse(texts[i], strlen(texts[i]), &error) != NULL, error,
                     IOV_ERROR_INVALID, "domain XML:1: ");
    }
}
END_TEST

START_TEST(bounds_the_document)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *padding = g_strnfill(IOV_XML_DOMAIN_LIMIT, ' ');
    g_autofree char *xml = g_strconcat(HEAD, padding, "</domain>", NULL);

    assert_fails(iov_domain_parse(xml, strlen(xml), &error) != NULL, error, IOV_ERROR_INVALID,
                 "domain XML");
}
END_TEST

START_TEST(bounds_the_name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strnfill(256, 'x');
    g_autofree char *longer =
        g_strdup_printf("<domain><name>%s</name><uuid>" UUID "</uuid></domain>", name);
    g_autofree char *longest =
        g_strdup_printf("<domain><name>%s</name><uuid>" UUID "</uuid></domain>", name + 1);
    g_autoptr(IovDomain) domain = iov_domain_parse(longest, strlen(longest), &error);

    assert_done(domain != NULL, error);
    ck_assert_str_eq(iov_domain_get_name(domain), name + 1);
    assert_fails(iov_domain_parse(longer, strlen(longer), &error) != NULL, error, IOV_ERROR_INVALID,
                 "1 to 255 bytes");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("domain");
    TCase *tests = tcase_create("domain");

    tcase_add_test(tests, reads_each_golden_domain);
    tcase_add_test(tests, answers_by_alias_and_name);
    tcase_add_test(tests, is_reference_counted);
    tcase_add_test(tests, knows_machines_with_pcie);
    tcase_add_test(tests, reads_300_devices);
    tcase_add_test(tests, refuses_what_is_no_document);
    tcase_add_test(tests, bounds_the_document);
    tcase_add_test(tests, bounds_the_name);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
