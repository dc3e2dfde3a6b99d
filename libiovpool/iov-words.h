/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Enumerations as words: @words is indexed by the enumeration's values; NULL where a value has no
 * word that may be read. */

/* TRUE and the index in @value where @text is one of @words. */
static inline gboolean
iov_words_find(const char *const *words, guint count, const char *text, guint *value)
{
    for (guint i = 0; i < count; i++) {
        if (words[i] != NULL && g_strcmp0(words[i], text) == 0) {
            *value = i;
            return TRUE;
        }
    }
    return FALSE;
}

/* The word of @value, @fallback where it has none. */
static inline const char *
iov_words_get(const char *const *words, guint count, guint value, const char *fallback)
{
    return value < count && words[value] != NULL ? words[value] : fallback;
}
