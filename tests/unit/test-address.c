/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iov-address.h"
#include "test-support.h"

#include <string.h>

START_TEST(normalizes)
{
    static const char *const pairs[][2] = {
        {"0000:01:10.7", "0000:01:10.7"},         {"01:10.7", "0000:01:10.7"},
        {"0000:AB:1f.0", "0000:ab:1f.0"},         {"10000:00:02.1", "10000:00:02.1"},
        {"ffffffff:ff:1f.7", "ffffffff:ff:1f.7"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = iov_address_normalize(pairs[i][0], &error);

        assert_done(text != NULL, error);
        ck_assert_str_eq(text, pairs[i][1]);
    }
}
END_TEST

START_TEST(refuses)
{
    static const char *const texts[] = {
        "",
        "0000:01:10",
        "0000:01:10.8",
        "0000:01:20.0",
        "000:01:10.0",
        "01:10.0 ",
        " 01:10.0",
        "0000:1:10.0",
        "0000:01:1.0",
        "0000:01:10.0\n",
        "g000:01:10.0",
        "0000:01:10.00",
        "123456789:01:10.0",
        "enp1s0",
        "0000::10.0",
        ":01:10.0",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        assert_fails(iov_address_normalize(texts[i], &error) != NULL, error, IOV_ERROR_INVALID,
                     "is not a PCI address");
    }
}
END_TEST

START_TEST(orders_as_the_kernel_does)
{
    static const char *const sorted[] = {"0000:01:10.0", "0000:01:10.1", "0000:01:11.0",
                                         "0000:02:00.0", "0001:00:00.0"};

    for (gsize i = 0; i + 1 < G_N_ELEMENTS(sorted); i++) {
        IovAddress a, b;

        ck_assert(iov_address_parse(sorted[i], &a, NULL) &&
                  iov_address_parse(sorted[i + 1], &b, NULL));
        ck_assert_int_lt(iov_address_compare(&a, &b), 0);
        ck_assert_int_gt(iov_address_compare(&b, &a), 0);
        ck_assert_int_eq(iov_address_compare(&a, &a), 0);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("address");
    TCase *tests = tcase_create("address");

    tcase_add_test(tests, normalizes);
    tcase_add_test(tests, refuses);
    tcase_add_test(tests, orders_as_the_kernel_does);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
