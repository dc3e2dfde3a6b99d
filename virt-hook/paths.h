/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Where the hook finds its world. The installed program has these compiled in: it runs as root and
 * takes no path from its environment. */
typedef struct {
    const char *root;   /* "/", or a directory that stands for it: etc/iovpool, run/iovpool */
    const char *module; /* absolute: virt-hook.so */
    const char *agent;  /* absolute: iovpoold */
} IovHookPaths;

/* Writes "ROOT/RELATIVE" to @buffer; false where it does not fit. */
bool iov_hook_path_join(const IovHookPaths *paths, const char *relative, char *buffer, size_t size);
/* True where that path exists. */
bool iov_hook_path_exists(const IovHookPaths *paths, const char *relative);
