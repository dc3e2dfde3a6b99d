/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every golden snippet, wrapped into a minimal domain, against libvirt's own RELAX NG schemas, and
 * the golden domains too: what is tested is what libvirt prints. Exit status 77 (skipped) where the
 * schemas are not installed (Debian: libvirt0, Fedora: libvirt-libs).
 */
#include "iov-xml.h"

#include "test-golden.h"
#include "test-support.h"

#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <string.h>

#define SCHEMAS "/usr/share/libvirt/schemas/"
#define DOMAIN_SCHEMA SCHEMAS "domain.rng"
#define NETWORK_SCHEMA SCHEMAS "network.rng"
#define EXIT_SKIPPED 77

#define HEAD                                                                                       \
    "<domain type='kvm'><name>vm1</name><memory>1048576</memory>"                                  \
    "<os><type arch='x86_64' machine='q35'>hvm</type></os><devices>"
#define TAIL "</devices></domain>"

static const char *const domains[] = {"q35-live", "i440fx", "aarch64-virt", "plain"};
static const char *const devices[] = {"function", "function-pair", "floor", "floor-pair", "port"};

static xmlRelaxNG *domain_schema, *network_schema;

static xmlRelaxNG *
load_schema(const char *file)
{
    xmlRelaxNGParserCtxt *context = xmlRelaxNGNewParserCtxt(file);
    xmlRelaxNG *schema = xmlRelaxNGParse(context);

    xmlRelaxNGFreeParserCtxt(context);
    ck_assert_msg(schema != NULL, "cannot read %s", file);
    return schema;
}

static void
load_schemas(void)
{
    domain_schema = load_schema(DOMAIN_SCHEMA);
    network_schema = load_schema(NETWORK_SCHEMA);
}

static void
free_schemas(void)
{
    xmlRelaxNGFree(domain_schema);
    xmlRelaxNGFree(network_schema);
}

/* libxml2's complaints go to stderr. */
static gboolean
is_valid(xmlRelaxNG *schema, const char *xml)
{
    g_autoptr(xmlDoc) doc =
        xmlReadMemory(xml, (int)strlen(xml), NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOBLANKS);
    xmlRelaxNGValidCtxt *context = xmlRelaxNGNewValidCtxt(schema);
    gboolean valid = doc != NULL && xmlRelaxNGValidateDoc(context, doc) == 0;

    xmlRelaxNGFreeValidCtxt(context);
    return valid;
}

/* The directories of tests/golden/snippet. */
static GPtrArray *
list_cases(void)
{
    g_autofree char *path = golden_path("snippet", "", "");
    g_autoptr(GDir) entries = g_dir_open(path, 0, NULL);
    GPtrArray *cases = g_ptr_array_new_with_free_func(g_free);

    ck_assert_msg(entries != NULL, "cannot open %s", path);
    for (const char *name = g_dir_read_name(entries); name != NULL; name = g_dir_read_name(entries))
        g_ptr_array_add(cases, g_build_filename("snippet", name, NULL));
    return cases;
}

static guint
check_devices(const char *directory)
{
    guint checked = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(devices); i++) {
        g_autofree char *path = golden_path(directory, devices[i], ".xml");
        g_autofree char *snippet = golden_read(path, NULL);

        /* a case that ends in an error has no XML */
        if (snippet == NULL)
            continue;

        g_autofree char *xml = g_strconcat(HEAD, snippet, TAIL, NULL);

        ck_assert_msg(is_valid(domain_schema, xml), "libvirt would refuse %s", path);
        checked++;
    }
    return checked;
}

START_TEST(libvirt_takes_each_device)
{
    g_autoptr(GPtrArray) cases = list_cases();
    guint checked = 0;

    for (guint i = 0; i < cases->len; i++)
        checked += check_devices(g_ptr_array_index(cases, i));
    ck_assert_uint_ge(checked, 30);
}
END_TEST

START_TEST(libvirt_takes_the_network)
{
    g_autofree char *path = golden_path("snippet/net", "network", ".xml");
    g_autofree char *xml = golden_read(path, NULL);

    ck_assert_msg(xml != NULL && is_valid(network_schema, xml), "libvirt would refuse %s", path);
}
END_TEST

START_TEST(golden_domains_are_libvirts)
{
    for (gsize i = 0; i < G_N_ELEMENTS(domains); i++) {
        g_autofree char *path = golden_path("domain", domains[i], ".xml");
        g_autofree char *xml = golden_read(path, NULL);

        ck_assert_msg(xml != NULL && is_valid(domain_schema, xml), "libvirt would refuse %s", path);
    }
}
END_TEST

START_TEST(the_schema_refuses_what_is_wrong)
{
    ck_assert(!is_valid(domain_schema, HEAD "<interface type='hostdev'/>" TAIL));
    ck_assert(!is_valid(network_schema, "<network><forward mode='sideways'/></network>"));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("snippet-libvirt");
    TCase *tests = tcase_create("snippet-libvirt");

    if (!g_file_test(DOMAIN_SCHEMA, G_FILE_TEST_EXISTS)) {
        g_print("SKIP: libvirt's schemas are not installed in " SCHEMAS "\n");
        return EXIT_SKIPPED;
    }
    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, load_schemas, free_schemas);
    tcase_add_test(tests, libvirt_takes_each_device);
    tcase_add_test(tests, libvirt_takes_the_network);
    tcase_add_test(tests, golden_domains_are_libvirts);
    tcase_add_test(tests, the_schema_refuses_what_is_wrong);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
