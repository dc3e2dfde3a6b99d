/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-error.h"

#include <check.h>
#include <stdlib.h>

/* The call succeeds; @error is the GError variable that it was given. */
#define assert_done(call, error)                                                                   \
    do {                                                                                           \
        ck_assert_msg((call), "%s: %s", #call,                                                     \
                      (error) != NULL ? (error)->message : "no error set");                        \
        ck_assert_ptr_null(error);                                                                 \
    } while (0)

/* The call fails with @code and a message that holds @text; clears @error. */
#define assert_fails(call, error, code_, text)                                                     \
    do {                                                                                           \
        ck_assert_msg(!(call), "%s succeeded", #call);                                             \
        ck_assert_ptr_nonnull(error);                                                              \
        ck_assert_msg(g_error_matches(error, IOV_ERROR, (int)(code_)), "%s: code %d: %s", #call,   \
                      (error)->code, (error)->message);                                            \
        ck_assert_msg(strstr((error)->message, text) != NULL, "message was: %s",                   \
                      (error)->message);                                                           \
        ck_assert_msg(strchr((error)->message, '\n') == NULL, "more than one line: %s",            \
                      (error)->message);                                                           \
        g_clear_error(&(error));                                                                   \
    } while (0)

/* Runs one suite and returns the program's exit status. */
static inline int
run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
