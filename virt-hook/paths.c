/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Paths below the hook's root directory. It opens nothing.
 */
#include "paths.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool
iov_hook_path_join(const IovHookPaths *paths, const char *relative, char *buffer, size_t size)
{
    const char *root = strcmp(paths->root, "/") == 0 ? "" : paths->root;
    int length = snprintf(buffer, size, "%s/%s", root, relative);

    return length >= 0 && (size_t)length < size;
}

bool
iov_hook_path_exists(const IovHookPaths *paths, const char *relative)
{
    char path[PATH_MAX];

    return iov_hook_path_join(paths, relative, path, sizeof(path)) && access(path, F_OK) == 0;
}
