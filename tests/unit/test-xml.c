/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iov-xml-scan.h"
#include "iov-xml.h"
#include "test-golden.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

static xmlDoc *
parse(const char *xml, GError **error)
{
    return iov_xml_parse(xml, strlen(xml), IOV_XML_DOMAIN_LIMIT, "test", error);
}

static void
assert_parses(const char *xml)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(xmlDoc) doc = parse(xml, &error);

    assert_done(doc != NULL, error);
}

static void
assert_refused(const char *xml, const char *cause)
{
    g_autoptr(GError) error = NULL;

    assert_fails(parse(xml, &error) != NULL, error, IOV_ERROR_INVALID, cause);
}

/* @head, @count times @piece, @tail. (transfer full) */
static char *
repeat(const char *head, const char *piece, guint count, const char *tail)
{
    g_autoptr(GString) text = g_string_new(head);

    for (guint i = 0; i < count; i++)
        g_string_append(text, piece);
    g_string_append(text, tail);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

START_TEST(finds_elements)
{
    g_autoptr(xmlDoc) doc = parse("<a><!-- c --><b i='1'/>text<x:b xmlns:x='urn:x' i='2'/><c/>"
                                  "<b i='3'><d> &lt;deep&gt;\n</d></b></a>",
                                  NULL);
    xmlNode *root = xmlDocGetRootElement(doc);
    xmlNode *first = iov_xml_first(root, NULL, "b");
    xmlNode *second = iov_xml_next(first, NULL, "b");
    xmlNode *foreign = iov_xml_first(root, "urn:x", NULL);
    g_autofree char *one = iov_xml_attribute(first, "i");
    g_autofree char *two = iov_xml_attribute(foreign, "i");
    g_autofree char *three = iov_xml_attribute(second, "i");
    g_autofree char *text = iov_xml_text(iov_xml_first(second, NULL, NULL));

    ck_assert_str_eq(one, "1");
    ck_assert_str_eq(two, "2");
    ck_assert_str_eq(three, "3");
    ck_assert_str_eq(text, "<deep>");
    ck_assert_ptr_null(iov_xml_next(second, NULL, "b"));
    ck_assert_ptr_null(iov_xml_next(foreign, "urn:x", "b"));
    ck_assert_ptr_null(iov_xml_attribute(first, "j"));
    ck_assert_ptr_eq(iov_xml_next(first, NULL, NULL), iov_xml_first(root, NULL, "c"));
    ck_assert_ptr_eq(iov_xml_path(root, "c"), iov_xml_first(root, NULL, "c"));
    ck_assert_ptr_null(iov_xml_path(root, "c/d"));
    ck_assert_ptr_null(iov_xml_path(root, "b/d"));
}
END_TEST

START_TEST(writes_text_that_it_reads)
{
    g_autoptr(xmlDoc) doc = xmlNewDoc(BAD_CAST "1.0");
    xmlNode *root = xmlNewNode(NULL, BAD_CAST "a");

    xmlDocSetRootElement(doc, root);
    iov_xml_set(root, "value", "%s %d", "<'\"&", 7);
    xmlNewTextChild(root, NULL, BAD_CAST "b", BAD_CAST "1 < 2");
    g_autofree char *text = iov_xml_format(doc, root);
    ck_assert_str_eq(text, "<a value=\"&lt;'&quot;&amp; 7\">\n  <b>1 &lt; 2</b>\n</a>\n");
    g_autoptr(xmlDoc) again = parse(text, NULL);
    g_autofree char *value = iov_xml_attribute(xmlDocGetRootElement(again), "value");
    ck_assert_str_eq(value, "<'\"& 7");
}
END_TEST

START_TEST(errors_name_the_line)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(xmlDoc) doc = parse("<a>\n\n  <b/>\n</a>", NULL);
    const xmlNode *b = iov_xml_first(xmlDocGetRootElement(doc), NULL, "b");

    assert_fails(iov_xml_error(b, "file", &error, "no %s\n", "good"), error, IOV_ERROR_INVALID,
                 "file:3: no good?");
    assert_refused("<a>\n  <b>\n</a>", "test:3: ");
    assert_refused("<a>\n\n\n&undefined;</a>", "test:4: ");
    assert_refused("<a>\n<b c='1' c='2'/>\n</d>", "test:2: ");
}
END_TEST

START_TEST(limits_are_exact)
{
    g_autofree char *deep = repeat("", "<a>", IOV_XML_DEPTH_LIMIT, "");
    g_autofree char *fits = repeat(deep, "</a>", IOV_XML_DEPTH_LIMIT, "");
    g_autofree char *too_deep = repeat("<a>", fits, 1, "</a>");
    g_autofree char *elements = repeat("<a>", "<b/>", IOV_XML_ELEMENTS_LIMIT - 1, "</a>");
    g_autofree char *too_many = repeat("<a>", "<b/>", IOV_XML_ELEMENTS_LIMIT, "</a>");
    g_autofree char *spaces = repeat("<a>", "<b xmlns='u'/>", IOV_XML_NAMESPACES_LIMIT, "</a>");
    g_autofree char *too_many_spaces =
        repeat("<a>", "<b xmlns:x='u'/>", IOV_XML_NAMESPACES_LIMIT + 1, "</a>");
    g_autoptr(GError) error = NULL;

    assert_parses(fits);
    assert_refused(too_deep, "deeper than 64");
    assert_parses(elements);
    assert_refused(too_many, "more than 65536 elements");
    assert_parses(spaces);
    assert_refused(too_many_spaces, "more than 256 namespaces");
    assert_fails(iov_xml_parse("<abc/>", 6, 5, "test", &error) != NULL, error, IOV_ERROR_INVALID,
                 "test: larger than 5 bytes");
    g_autoptr(xmlDoc) doc = iov_xml_parse("<abc/>", 6, 6, "test", &error);
    assert_done(doc != NULL, error);
}
END_TEST

/* Depth is that of open elements: siblings, comments and empty elements add nothing. */
START_TEST(only_elements_count)
{
    g_autofree char *comments = repeat("<a>", "<!-- <b><b -- ><b = = > -->", 100, "</a>");
    g_autofree char *no_hyphens = repeat("<a>", "<!-- <b><b ><b = = > -->", 100, "</a>");
    g_autofree char *sections = repeat("<a>", "<![CDATA[<b><b x='<' ]] > ]]>", 100, "</a>");
    g_autofree char *siblings = repeat("<a>", "<b><c/></b>", 100, "</a>");
    g_autofree char *values = repeat("<a b='>", " x=\"1\" ", 100, "' c=\"'>/\"/>");

    assert_refused(comments, "test:1: ");
    assert_parses(no_hyphens);
    assert_parses(sections);
    assert_parses(siblings);
    assert_parses(values);
    assert_parses("<?xml version='1.0'?><?x y?><a/><?x y?><!-- z -->");
}
END_TEST

/* Each costs libxml2 minutes or gigabytes where it is not refused beforehand; the test's time limit
 * would tell. */
START_TEST(bombs_are_cheap)
{
    guint many = 200000;
    g_autoptr(GString) tag = g_string_new("<a ");
    g_autoptr(GString) spaces = g_string_new("<a ");
    g_autofree char *deep = repeat("", "<a>", many, "");
    g_autofree char *comment = repeat("<!-- \x01 -->", "<a>", many, "");

    for (guint i = 0; i < many; i++) {
        g_string_append_printf(tag, "a%x='' ", i);
        g_string_append_printf(spaces, "xmlns:a%x='u' ", i);
    }
    assert_refused(tag->str, "test:1: ");
    g_string_append(tag, "/>");
    g_string_append(spaces, "/>");
    assert_refused(tag->str, "more than 64 attributes");
    assert_refused(spaces->str, "more than 64 attributes");
    assert_refused(deep, "deeper than 64");
    assert_refused(comment, "control character");
}
END_TEST

/* What could hide tags from the scanner but not from libxml2, which reads on after an error. */
START_TEST(tags_cannot_hide)
{
    assert_refused("<a b='<c d=\"1\"/>'/>", "'<' inside a tag");
    assert_refused("<a b=c' <d e='1'/>", "'<' inside a tag");
    assert_refused("<a ' <d/> '/>", "'<' inside a tag");
    assert_refused("<?xml version='1.0' > <a b='1'/> ?><a/>", "instruction holds '<'");
    assert_refused("<a><? > <b/> ?></a>", "instruction holds '<'");
    assert_refused("<!-- \x08 <a b='1'/> --><a/>", "control character");
    assert_refused("<!-- \xef\xbf\xbf <a b='1'/> --><a/>", "control character");
    assert_refused("<a><![CDATA[ \x7f\xc3 ]]></a>", "not UTF-8");
    assert_refused("<a><!DOCTYPE b></a>", "a DOCTYPE is not allowed");
    assert_refused("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "a DOCTYPE is not allowed");
    assert_refused("<!doctype a><a/>", "a declaration is not allowed");
}
END_TEST

START_TEST(ends_of_text_are_safe)
{
    static const char *const stubs[] = {
        "",    "<",    "<a",    "<a b",  "<a b=",     "<a b='",      "<!",
        "<!-", "<!--", "<!---", "<!-->", "<![CDATA[", "<![CDATA[]]", "<?",
        "<?x", "</",   "</a",   "<a/",   "<a></",     "\xef\xbb\xbf"};

    for (gsize i = 0; i < G_N_ELEMENTS(stubs); i++) {
        g_autoptr(GError) error = NULL;
        /* exactly as long as the text, so that tools see a read behind it */
        gsize length = strlen(stubs[i]);
        g_autofree char *exact = g_memdup2(stubs[i], length);

        ck_assert_msg(iov_xml_parse(exact, length, 100, "test", &error) == NULL, "stub %zu", i);
        ck_assert(g_error_matches(error, IOV_ERROR, IOV_ERROR_INVALID));
        ck_assert_msg(g_str_has_prefix(error->message, "test:1: "), "%s", error->message);
    }
}
END_TEST

/* Whatever a document says of itself: its bytes are UTF-8. */
START_TEST(a_declared_encoding_does_not_count)
{
    static const char *const encodings[] = {"ISO-8859-1", "UTF-16", "US-ASCII", "x-nonsense"};

    for (gsize i = 0; i < G_N_ELEMENTS(encodings); i++) {
        g_autofree char *xml =
            g_strdup_printf("<?xml version='1.0' encoding='%s'?><a b='\xc3\xa4'/>", encodings[i]);
        g_autoptr(GError) error = NULL;
        g_autoptr(xmlDoc) doc = parse(xml, &error);

        assert_done(doc != NULL, error);
        g_autofree char *value = iov_xml_attribute(xmlDocGetRootElement(doc), "b");
        ck_assert_str_eq(value, "\xc3\xa4");
    }
}
END_TEST

/* Other people's metadata is none of our business. */
START_TEST(an_undeclared_prefix_is_a_name)
{
    g_autoptr(xmlDoc) doc = parse("<domain><metadata><x:y/></metadata></domain>", NULL);

    ck_assert_ptr_nonnull(iov_xml_path(xmlDocGetRootElement(doc), "metadata/x:y"));
}
END_TEST

/* Names of golden cases that the schema lets pass: rules that RELAX NG cannot say, or that the
 * schema's reader sees otherwise. */
static const char *const beyond_the_schema[] = {
    "defaults-of-nvme", "duplicate-mac",       "duplicate-name",
    "failover-of-nvme", "floor-model-of-nvme", "floor-of-nvme",
    "mac-zero",         "match-vendor-zero",   "name-blank-around",
    "rate-overflow",    "rate-min-above-max",  "same-address",
    "same-match",       "same-netdev",         NULL,
};

static char *
check_schema(const char *directory, const char *name, IovSchema schema)
{
    g_autofree char *input = golden_path(directory, name, ".xml");
    g_autofree char *good = golden_path(directory, name, ".out");
    gboolean expected =
        g_file_test(good, G_FILE_TEST_EXISTS) || g_strv_contains(beyond_the_schema, name);
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    g_autofree char *xml = golden_read(input, &length);
    g_autoptr(xmlDoc) doc = iov_xml_parse(xml, length, IOV_XML_DOMAIN_LIMIT, name, NULL);

    if (doc == NULL || g_str_has_prefix(name, "without-namespace") ||
        iov_xml_validate(doc, schema, name, &error) == expected)
        return NULL;
    return g_strdup(error != NULL ? error->message : "passed");
}

/* The schemas serve editors and other tools too: alone, they must say what the readers say. */
static void
check_schema_of(const char *directory, IovSchema schema)
{
    g_autofree char *path =
        g_build_filename(g_getenv("IOV_TEST_SRCDIR"), "tests", "golden", directory, NULL);
    g_autoptr(GDir) entries = g_dir_open(path, 0, NULL);
    guint count = 0;

    ck_assert_ptr_nonnull(entries);
    for (const char *file = g_dir_read_name(entries); file != NULL;
         file = g_dir_read_name(entries)) {
        if (!g_str_has_suffix(file, ".xml"))
            continue;
        g_autofree char *name = g_strndup(file, strlen(file) - strlen(".xml"));
        g_autofree char *surprise = check_schema(directory, name, schema);

        ck_assert_msg(surprise == NULL, "%s/%s: %s", directory, name, surprise);
        count++;
    }
    ck_assert_uint_ge(count, 50);
}

START_TEST(schemas_agree_with_readers)
{
    check_schema_of("pool", IOV_SCHEMA_POOL);
    check_schema_of("request", IOV_SCHEMA_DOMAIN_METADATA);
}
END_TEST

START_TEST(schema_errors_name_the_line)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(xmlDoc) doc = parse("<iovpool>\n  <name>a</name>\n  <adapters>\n"
                                  "    <adapter netdev='eth0' vfs='0'/>\n  </adapters>\n</iovpool>",
                                  NULL);

    assert_fails(iov_xml_validate(doc, IOV_SCHEMA_POOL, "file", &error), error, IOV_ERROR_INVALID,
                 "file:4: ");
}
END_TEST

/* libxml2 prints to standard error by default; the hook's standard error is libvirt's. */
START_TEST(nothing_is_printed)
{
    static const char *const texts[] = {"<a",     "<a>&b;</a>",
                                        "<x:a/>", "<a b='1' b='2'/>",
                                        "<a/>",   "<iovpool><name>&#x;</name></iovpool>"};
    g_autofree char *path = NULL;
    g_autofree char *printed = NULL;
    int file = g_file_open_tmp("iov-xml-XXXXXX", &path, NULL);
    int saved = dup(STDERR_FILENO);

    ck_assert(file >= 0 && saved >= 0 && dup2(file, STDERR_FILENO) >= 0);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(xmlDoc) doc = parse(texts[i], NULL);

        if (doc != NULL)
            iov_xml_validate(doc, IOV_SCHEMA_POOL, "test", NULL);
    }
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(file);
    ck_assert(g_file_get_contents(path, &printed, NULL, NULL));
    g_unlink(path);
    ck_assert_str_eq(printed, "");
}
END_TEST

/* Reads one bad and one good document again and again; NULL where both were told apart. */
static gpointer
parse_for_a_while(gpointer data)
{
    g_autofree char *origin = g_strdup_printf("thread-%d", GPOINTER_TO_INT(data));
    g_autofree char *expected = g_strconcat(origin, ":2: ", NULL);
    static const char bad[] = "<iovpool>\n<name>a</nam></iovpool>";
    static const char good[] =
        "<iovpool><name>a</name><adapters><adapter netdev='e'/></adapters></iovpool>";

    for (guint i = 0; i < 50; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(xmlDoc) none = iov_xml_parse(bad, strlen(bad), 1000, origin, &error);

        if (none != NULL || !g_str_has_prefix(error->message, expected))
            return (gpointer) "the bad one passed";
        g_autoptr(xmlDoc) doc = iov_xml_parse(good, strlen(good), 1000, origin, NULL);
        if (doc == NULL || !iov_xml_validate(doc, IOV_SCHEMA_POOL, origin, NULL))
            return (gpointer) "the good one failed";
    }
    return NULL;
}

START_TEST(threads_do_not_meet)
{
    GThread *threads[8];

    for (int i = 0; i < (int)G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new(NULL, parse_for_a_while, GINT_TO_POINTER(i));
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++) {
        const char *surprise = g_thread_join(threads[i]);

        ck_assert_msg(surprise == NULL, "%s", surprise);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("xml");
    TCase *tests = tcase_create("xml");
    TCase *large = tcase_create("large");

    tcase_add_test(tests, finds_elements);
    tcase_add_test(tests, writes_text_that_it_reads);
    tcase_add_test(tests, errors_name_the_line);
    tcase_add_test(tests, only_elements_count);
    tcase_add_test(tests, tags_cannot_hide);
    tcase_add_test(tests, ends_of_text_are_safe);
    tcase_add_test(tests, a_declared_encoding_does_not_count);
    tcase_add_test(tests, an_undeclared_prefix_is_a_name);
    tcase_add_test(tests, schema_errors_name_the_line);
    tcase_add_test(tests, nothing_is_printed);
    tcase_set_timeout(large, 30);
    tcase_add_test(large, limits_are_exact);
    tcase_add_test(large, bombs_are_cheap);
    tcase_add_test(large, schemas_agree_with_readers);
    tcase_add_test(large, threads_do_not_meet);
    suite_add_tcase(suite, tests);
    suite_add_tcase(suite, large);
    return run_suite(suite);
}
