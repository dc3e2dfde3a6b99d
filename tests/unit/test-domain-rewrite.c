/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iov-domain-rewrite.h"

#include "test-golden.h"
#include "test-support.h"

#include <string.h>

#define HEAD "<domain><name>vm1</name><uuid>2f3e1d0c-0000-4000-8000-000000000001</uuid><devices>"
#define TAIL "</devices></domain>"
#define DIRECT "<interface type='direct'><source dev='%s'/><alias name='ua-iov-net0'/></interface>"

static IovDomain *
parse(const char *xml)
{
    g_autoptr(GError) error = NULL;
    IovDomain *domain = iov_domain_parse(xml, strlen(xml), &error);

    assert_done(domain != NULL, error);
    return domain;
}

/* Hostdev @i is to have function 0x12345:af:1f.i, each direct floor is to stand on enp9s0. */
static IovDomainRewrite *
change_all(const IovDomain *domain)
{
    IovDomainRewrite *rewrite = iov_domain_rewrite_new();

    /* floors before hostdevs: the order of the calls is not that of the text */
    for (guint i = 0; i < domain->floors->len; i++) {
        const IovDomainFloor *floor = domain->floors->pdata[i];

        if (floor->is_direct)
            iov_domain_rewrite_netdev(rewrite, floor, "enp9s0");
    }
    for (guint i = domain->hostdevs->len; i > 0; i--) {
        g_autofree char *address = g_strdup_printf("12345:af:1f.%x", (i - 1) % 8);

        iov_domain_rewrite_function(rewrite, domain->hostdevs->pdata[i - 1], address);
    }
    return rewrite;
}

static char *
rewrite_all(const char *xml, gsize length, const char *origin, GError **error)
{
    g_autoptr(IovDomain) domain = iov_domain_parse(xml, length, error);
    g_autoptr(IovDomainRewrite) rewrite = domain != NULL ? change_all(domain) : NULL;

    (void)origin;
    return rewrite != NULL ? iov_domain_rewrite_apply(rewrite, xml, length, error) : NULL;
}

START_TEST(writes_each_golden_domain)
{
    golden_run_all("rewrite", 2, rewrite_all);
}
END_TEST

/* Of every domain that the parser's own cases have. */
START_TEST(is_read_back_as_written)
{
    static const char *const names[] = {"q35-live", "floors", "comments-and-cdata", "odd-pieces"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = golden_path("domain", names[i], ".xml");
        g_autofree char *xml = golden_read(path, NULL);

        ck_assert_msg(xml != NULL, "cannot read %s", path);
        g_autoptr(GError) error = NULL;
        g_autofree char *changed = rewrite_all(xml, strlen(xml), path, &error);

        assert_done(changed != NULL, error);
        g_autoptr(IovDomain) before = parse(xml);
        g_autoptr(IovDomain) after = parse(changed);
        ck_assert_uint_gt(after->hostdevs->len, 0);
        ck_assert_uint_eq(after->hostdevs->len, before->hostdevs->len);
        for (guint j = 0; j < after->hostdevs->len; j++) {
            g_autofree char *address = g_strdup_printf("12345:af:1f.%x", j % 8);

            ck_assert_str_eq(((IovDomainHostdev *)after->hostdevs->pdata[j])->source, address);
        }
    }
}
END_TEST

START_TEST(nothing_to_do_changes_nothing)
{
    g_autoptr(IovDomainRewrite) rewrite = iov_domain_rewrite_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    ck_assert(iov_domain_rewrite_is_empty(rewrite));
    text = iov_domain_rewrite_apply(rewrite, HEAD TAIL, strlen(HEAD TAIL), &error);
    assert_done(text != NULL, error);
    ck_assert_str_eq(text, HEAD TAIL);
}
END_TEST

/* The kernel lets a netdev have any name without '/' and blanks. */
START_TEST(a_netdev_cannot_break_out)
{
    static const char hostile[] = "a'/><b c=\"&";
    g_autofree char *xml = g_strdup_printf(HEAD DIRECT TAIL, "enp1s0");
    g_autofree char *expected =
        g_strdup_printf(HEAD DIRECT TAIL, "a&apos;/&gt;&lt;b c=&quot;&amp;");
    g_autoptr(IovDomain) domain = parse(xml);
    g_autoptr(IovDomainRewrite) rewrite = iov_domain_rewrite_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    iov_domain_rewrite_netdev(rewrite, domain->floors->pdata[0], hostile);
    text = iov_domain_rewrite_apply(rewrite, xml, strlen(xml), &error);
    assert_done(text != NULL, error);
    ck_assert_str_eq(text, expected);
}
END_TEST

START_TEST(another_text_is_refused)
{
    static const char *const others[] = {
        "", HEAD, HEAD TAIL, HEAD "<a/><b/><c/>" TAIL, HEAD "<a/><sources dev='enp1s0'/>" TAIL,
    };
    g_autofree char *xml = g_strdup_printf(HEAD DIRECT TAIL, "enp1s0");
    g_autoptr(IovDomain) domain = parse(xml);
    g_autoptr(IovDomainRewrite) rewrite = change_all(domain);

    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text =
            iov_domain_rewrite_apply(rewrite, others[i], strlen(others[i]), &error);

        assert_fails(text != NULL, error, IOV_ERROR_INVALID, "cannot rewrite");
    }
}
END_TEST

/* What was read of a domain that cannot be read as a whole has no place in a text. */
START_TEST(an_unreadable_domain_is_not_rewritten)
{
    static const char xml[] = "<domain><devices><hostdev type='pci'><source><address bus='1'/>"
                              "</source></hostdev></devices></domain>";
    g_autoptr(IovDomain) domain = iov_domain_new_unreadable("vm1", "uuid", xml, "no name");
    g_autoptr(IovDomainRewrite) rewrite = change_all(domain);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = iov_domain_rewrite_apply(rewrite, xml, strlen(xml), &error);

    ck_assert_uint_eq(domain->hostdevs->len, 1);
    assert_fails(text != NULL, error, IOV_ERROR_INVALID, "cannot rewrite");
}
END_TEST

/* One pass over the text, however many devices: the time is the test's own limit. */
START_TEST(many_devices)
{
    GString *xml = g_string_new(HEAD);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    for (guint i = 0; i < 10000; i++)
        g_string_append(xml, "<hostdev type='pci'><source><address bus='0x01' slot='0x10'/>"
                             "</source></hostdev>");
    g_string_append(xml, TAIL);
    text = rewrite_all(xml->str, xml->len, "", &error);
    assert_done(text != NULL, error);
    g_autoptr(IovDomain) domain = parse(text);
    ck_assert_str_eq(((IovDomainHostdev *)domain->hostdevs->pdata[9999])->source, "12345:af:1f.7");
    g_string_free(xml, TRUE);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("domain-rewrite");
    TCase *tests = tcase_create("rewrite");

    tcase_add_test(tests, writes_each_golden_domain);
    tcase_add_test(tests, is_read_back_as_written);
    tcase_add_test(tests, nothing_to_do_changes_nothing);
    tcase_add_test(tests, a_netdev_cannot_break_out);
    tcase_add_test(tests, another_text_is_refused);
    tcase_add_test(tests, an_unreadable_domain_is_not_rewritten);
    tcase_add_test(tests, many_devices);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
