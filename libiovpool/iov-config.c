/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The directory of pool definitions and their autostart links. A name is checked before it becomes
 * part of a path; a definition whose file name and <name> differ is refused.
 */
#include "iov-config.h"

#include "iov-io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".xml"
#define AUTOSTART "autostart"
#define DIRECTORY_MODE 0755
#define FILE_MODE 0644

static char *
file_name(const char *name, GError **error)
{
    if (!iov_pool_check_name(name, error))
        return NULL;
    return g_strconcat(name, SUFFIX, NULL);
}

static int
open_or_make(const char *dir, GError **error)
{
    if (g_mkdir_with_parents(dir, DIRECTORY_MODE) < 0) {
        iov_error_set_errno(error, errno, "cannot create directory %s", dir);
        return -1;
    }
    return iov_io_open_dir(AT_FDCWD, dir, error);
}

gboolean
iov_config_save(const char *dir, const IovPool *pool, GError **error)
{
    g_autofree char *file = file_name(iov_pool_get_name(pool), error);
    g_autofree char *xml = NULL;

    if (file == NULL)
        return FALSE;
    IOV_IO_AUTO_CLOSE int dirfd = open_or_make(dir, error);
    if (dirfd < 0)
        return FALSE;
    xml = iov_pool_to_xml(pool);
    return iov_io_replace(dirfd, file, xml, strlen(xml), FILE_MODE, error);
}

IovPool *
iov_config_load(const char *dir, const char *name, GError **error)
{
    g_autofree char *file = file_name(name, error);
    g_autoptr(GError) local = NULL;
    gsize length = 0;

    if (file == NULL)
        return NULL;
    g_autofree char *path = g_build_filename(dir, file, NULL);
    g_autofree char *xml = iov_io_read(AT_FDCWD, path, IOV_POOL_XML_LIMIT, &length, &local);
    if (xml == NULL && g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND)) {
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "no pool is named '%s': see `iovpool list --all`",
                      name);
        return NULL;
    }
    if (xml == NULL) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    g_autoptr(IovPool) pool = iov_pool_parse(xml, length, path, error);
    if (pool != NULL && strcmp(iov_pool_get_name(pool), name) != 0) {
        iov_error_set(error, IOV_ERROR_INVALID, "%s defines pool '%s', not '%s'", path,
                      iov_pool_get_name(pool), name);
        return NULL;
    }
    return g_steal_pointer(&pool);
}

gboolean
iov_config_exists(const char *dir, const char *name, GError **error)
{
    g_autofree char *file = file_name(name, error);

    if (file == NULL)
        return FALSE;
    g_autofree char *path = g_build_filename(dir, file, NULL);
    return iov_io_exists(AT_FDCWD, path) ||
           iov_error_set(error, IOV_ERROR_NOT_FOUND,
                         "no pool is named '%s': see `iovpool list --all`", name);
}

gboolean
iov_config_remove(const char *dir, const char *name, GError **error)
{
    g_autofree char *file = file_name(name, error);

    if (file == NULL || !iov_config_set_autostart(dir, name, FALSE, error))
        return FALSE;
    g_autofree char *path = g_build_filename(dir, file, NULL);
    if (unlink(path) == 0)
        return TRUE;
    if (errno == ENOENT)
        return iov_error_set(error, IOV_ERROR_NOT_FOUND, "no pool is named '%s'", name);
    return iov_error_set_errno(error, errno, "cannot remove %s", path);
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The pool's name where @entry is a definition's file name. (nullable) */
static char *
name_of_entry(const char *entry)
{
    g_autofree char *name = NULL;

    if (!g_str_has_suffix(entry, SUFFIX))
        return NULL;
    name = g_strndup(entry, strlen(entry) - strlen(SUFFIX));
    return iov_pool_check_name(name, NULL) ? g_steal_pointer(&name) : NULL;
}

GStrv
iov_config_list(const char *dir, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    DIR *stream = opendir(dir);

    if (stream == NULL && errno != ENOENT) {
        iov_error_set_errno(error, errno, "cannot open directory %s", dir);
        return NULL;
    }
    if (stream != NULL) {
        for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
            char *name = name_of_entry(entry->d_name);

            if (name != NULL)
                g_ptr_array_add(names, name);
        }
        closedir(stream);
    }
    if (names->len > 0)
        qsort(names->pdata, names->len, sizeof(names->pdata[0]), compare_names);
    g_ptr_array_add(names, NULL);
    return (GStrv)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

static gboolean
add_link(const char *dir, const char *file, GError **error)
{
    g_autofree char *links = g_build_filename(dir, AUTOSTART, NULL);
    g_autofree char *target = g_build_filename("..", file, NULL);
    IOV_IO_AUTO_CLOSE int dirfd = open_or_make(links, error);

    if (dirfd < 0)
        return FALSE;
    if (symlinkat(target, dirfd, file) < 0 && errno != EEXIST)
        return iov_error_set_errno(error, errno, "cannot create %s/%s", links, file);
    return TRUE;
}

gboolean
iov_config_set_autostart(const char *dir, const char *name, gboolean autostart, GError **error)
{
    g_autofree char *file = file_name(name, error);

    if (file == NULL)
        return FALSE;
    g_autofree char *path = g_build_filename(dir, file, NULL);
    if (!iov_io_exists(AT_FDCWD, path))
        return iov_error_set(error, IOV_ERROR_NOT_FOUND, "no pool is named '%s'", name);
    if (autostart)
        return add_link(dir, file, error);
    g_autofree char *link = g_build_filename(dir, AUTOSTART, file, NULL);
    if (unlink(link) < 0 && errno != ENOENT && errno != ENOTDIR)
        return iov_error_set_errno(error, errno, "cannot remove %s", link);
    return TRUE;
}

gboolean
iov_config_get_autostart(const char *dir, const char *name)
{
    g_autofree char *file = file_name(name, NULL);
    g_autofree char *link = file != NULL ? g_build_filename(dir, AUTOSTART, file, NULL) : NULL;

    return link != NULL && iov_io_exists(AT_FDCWD, link);
}
