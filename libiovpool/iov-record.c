/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records of started pools and their files. Which record counts, and what is made of it, is
 * iov-recover.c's.
 */
#include "iov-record.h"

#include "iov-config.h"
#include "iov-io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define DIRECTORY "pools"
#define SUFFIX ".xml"

static void
free_adapter(gpointer adapter)
{
    iov_ledger_adapter_free(adapter);
}

static void
free_function(gpointer function)
{
    iov_lease_unref(function);
}

IovRecord *
iov_record_new(IovPool *pool)
{
    IovRecord *record = g_new0(IovRecord, 1);

    record->pool = pool != NULL ? iov_pool_ref(pool) : NULL;
    record->adapters = g_ptr_array_new_with_free_func(free_adapter);
    record->functions = g_ptr_array_new_with_free_func(free_function);
    return record;
}

void
iov_record_free(IovRecord *record)
{
    g_clear_pointer(&record->pool, iov_pool_unref);
    g_ptr_array_unref(record->adapters);
    g_ptr_array_unref(record->functions);
    g_free(record);
}

void
iov_record_add_adapter(IovRecord *record, const IovLedgerAdapter *adapter)
{
    IovLedgerAdapter *copy = g_new0(IovLedgerAdapter, 1);

    copy->address = g_strdup(adapter->address);
    copy->netdev = g_strdup(adapter->netdev);
    copy->numa_node = adapter->numa_node;
    copy->had_num_vfs = adapter->had_num_vfs;
    copy->had_autoprobe = adapter->had_autoprobe;
    copy->had_link_up = adapter->had_link_up;
    g_ptr_array_add(record->adapters, copy);
}

void
iov_record_add_function(IovRecord *record, const IovLease *function)
{
    IovLease *copy = iov_lease_new();

    copy->function = g_strdup(function->function);
    copy->adapter = g_strdup(function->adapter);
    copy->index = function->index;
    copy->iommu_group = function->iommu_group;
    copy->had_driver = g_strdup(function->had_driver);
    copy->had_mac = g_strdup(function->had_mac);
    g_ptr_array_add(record->functions, copy);
}

IovRecord *
iov_record_from_ledger(IovLedger *ledger, const char *name, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *definition = iov_ledger_get_pool(ledger, name, &local);
    g_autoptr(IovPool) pool = definition != NULL ? iov_pool_parse_live(definition, error) : NULL;
    g_autoptr(GPtrArray) adapters = NULL;
    g_autoptr(GPtrArray) functions = NULL;
    g_autoptr(IovRecord) record = NULL;

    if (local != NULL)
        g_propagate_error(error, g_steal_pointer(&local));
    else if (definition == NULL)
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "pool '%s' is not started", name);
    if (pool == NULL)
        return NULL;
    adapters = iov_ledger_list_adapters(ledger, name, error);
    functions = adapters != NULL ? iov_ledger_list_functions(ledger, name, error) : NULL;
    if (functions == NULL)
        return NULL;
    record = iov_record_new(pool);
    record->is_complete = functions->len > 0;
    for (guint i = 0; i < adapters->len; i++)
        iov_record_add_adapter(record, g_ptr_array_index(adapters, i));
    for (guint i = 0; i < functions->len; i++)
        iov_record_add_function(record, g_ptr_array_index(functions, i));
    return g_steal_pointer(&record);
}

/* ---- files ---- */

static char *
directory_of(const char *run_dir)
{
    return g_build_filename(run_dir, DIRECTORY, NULL);
}

static int
take(int *descriptor)
{
    int taken = *descriptor;

    *descriptor = -1;
    return taken;
}

/* -1 with IOV_ERROR_NOT_FOUND where there is none. */
static int
open_directory(const char *run_dir, gboolean create, GError **error)
{
    g_autofree char *path = directory_of(run_dir);
    struct stat status;

    if (create && g_mkdir_with_parents(path, 0700) != 0) {
        iov_error_set_errno(error, errno, "cannot make directory %s", path);
        return -1;
    }
    IOV_IO_AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        iov_error_set_errno(error, errno, "cannot open directory %s", path);
        return -1;
    }
    return iov_io_check_owner(path, &status, S_IFDIR, error) ? take(&fd) : -1;
}

static char *
file_name(const char *name, GError **error)
{
    return iov_pool_check_name(name, error) ? g_strconcat(name, SUFFIX, NULL) : NULL;
}

gboolean
iov_record_save(const IovRecord *record, const char *run_dir, const char *boot_id, GError **error)
{
    g_autofree char *file = file_name(iov_pool_get_name(record->pool), error);
    g_autofree char *xml = NULL;
    IOV_IO_AUTO_CLOSE int dirfd = file != NULL ? open_directory(run_dir, TRUE, error) : -1;

    if (dirfd < 0)
        return FALSE;
    xml = iov_record_to_xml(record, boot_id);
    if (iov_io_replace(dirfd, file, xml, strlen(xml), 0600, error))
        return TRUE;
    g_prefix_error(error, "cannot record what pool '%s' found: ", iov_pool_get_name(record->pool));
    return FALSE;
}

/* The file's text; NULL without @error where there is none. */
static char *
read_file(int dirfd, const char *file, const char *path, gsize *length, GError **error)
{
    struct stat status;

    if (fstatat(dirfd, file, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT)
            iov_error_set_errno(error, errno, "cannot read %s", path);
        return NULL;
    }
    /* nobody else can put another there: the directory is ours alone */
    return iov_io_check_owner(path, &status, S_IFREG, error)
               ? iov_io_read(dirfd, file, IOV_RECORD_XML_LIMIT, length, error)
               : NULL;
}

static IovRecord *
parse_file(const char *xml, gsize length, const char *path, const char *name, const char *boot_id,
           GError **error)
{
    g_autofree char *of_boot = NULL;
    g_autoptr(IovRecord) record = iov_record_parse(xml, length, path, &of_boot, error);

    if (record == NULL || strcmp(of_boot, boot_id) != 0)
        return NULL;
    if (strcmp(iov_pool_get_name(record->pool), name) == 0)
        return g_steal_pointer(&record);
    iov_error_set(error, IOV_ERROR_INVALID, "%s is of pool '%s'", path,
                  iov_pool_get_name(record->pool));
    return NULL;
}

IovRecord *
iov_record_load(const char *run_dir, const char *boot_id, const char *name, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *file = file_name(name, error);
    g_autofree char *path = file != NULL ? g_build_filename(run_dir, DIRECTORY, file, NULL) : NULL;
    IOV_IO_AUTO_CLOSE int dirfd = file != NULL ? open_directory(run_dir, FALSE, &local) : -1;
    g_autofree char *xml = NULL;
    gsize length = 0;

    if (dirfd < 0) {
        if (local != NULL && !g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND))
            g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    xml = read_file(dirfd, file, path, &length, error);
    return xml != NULL ? parse_file(xml, length, path, name, boot_id, error) : NULL;
}

gboolean
iov_record_remove(const char *run_dir, const char *name, GError **error)
{
    g_autofree char *file = file_name(name, error);
    g_autofree char *path = file != NULL ? g_build_filename(run_dir, DIRECTORY, file, NULL) : NULL;

    if (path == NULL)
        return FALSE;
    return unlink(path) == 0 || errno == ENOENT ||
           iov_error_set_errno(error, errno, "cannot remove %s", path);
}

GStrv
iov_record_list(const char *run_dir, GError **error)
{
    g_autofree char *path = directory_of(run_dir);

    return iov_config_list(path, error);
}
