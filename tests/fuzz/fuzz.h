/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A target reads one input; what must hold of it whatever it is, it says by fuzz_require(). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_require(condition)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            g_printerr("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                     \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Where @result failed there is an error of ours, in one line of valid UTF-8; else there is none.
 */
static inline void
fuzz_check_error(gboolean result, const GError *error)
{
    fuzz_require(result == (error == NULL));
    if (error == NULL)
        return;
    fuzz_require(error->domain == IOV_ERROR && error->message[0] != '\0');
    fuzz_require(g_utf8_validate(error->message, -1, NULL));
    fuzz_require(strpbrk(error->message, "\n\r\033") == NULL);
}
