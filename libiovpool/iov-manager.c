/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening the façade and reading through it. The parts that change something are in files of their
 * own: pools, start, domain (the hook), lift (the agent), scrub, reconcile.
 */
#include "iov-manager-private.h"

#include "iov-io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define RESERVE_LEAST (64 * 1024) /* KiB that the host keeps for itself */

G_DEFINE_BOXED_TYPE(IovManager, iov_manager, iov_manager_ref, iov_manager_unref)

static IovManager *
manager_new(const char *root)
{
    IovManager *manager = g_new0(IovManager, 1);

    g_atomic_ref_count_init(&manager->references);
    manager->root = g_strdup(root);
    manager->pool_dir = g_build_filename(root, "etc/iovpool/pools", NULL);
    manager->run_dir = g_build_filename(root, "run/iovpool", NULL);
    return manager;
}

IovManager *
iov_manager_open(const char *root, GError **error)
{
    IOV_IO_AUTO_CLOSE int fd = iov_io_open_dir(AT_FDCWD, root, error);

    return fd < 0 ? NULL : manager_new(root);
}

IovManager *
iov_manager_new_with_host(const char *root, IovHost *host)
{
    IovManager *manager = manager_new(root);

    manager->host = host;
    return manager;
}

IovManager *
iov_manager_ref(IovManager *manager)
{
    g_atomic_ref_count_inc(&manager->references);
    return manager;
}

void
iov_manager_unref(IovManager *manager)
{
    if (!g_atomic_ref_count_dec(&manager->references))
        return;
    g_clear_pointer(&manager->ledger, iov_ledger_close);
    g_clear_pointer(&manager->host, iov_host_free);
    g_free(manager->root);
    g_free(manager->pool_dir);
    g_free(manager->run_dir);
    g_free(manager);
}

const char *
iov_manager_get_run_dir(const IovManager *manager)
{
    return manager->run_dir;
}

IovHost *
iov_manager_host(IovManager *manager, GError **error)
{
    if (manager->host == NULL)
        manager->host = iov_host_linux_new(manager->root, error);
    return manager->host;
}

gboolean
iov_manager_get_spare_memory(IovManager *manager, guint64 *kib, GError **error)
{
    IovHost *host = iov_manager_host(manager, error);
    guint64 total = 0, available = 0, reserve;

    if (host == NULL || !iov_host_get_memory(host, &total, &available, error))
        return FALSE;
    reserve = MAX(total / 32, RESERVE_LEAST);
    *kib = available > reserve ? available - reserve : 0;
    return TRUE;
}

gboolean
iov_manager_now(IovManager *manager, gint64 *now, GError **error)
{
    IovHost *host = iov_manager_host(manager, error);

    if (host == NULL)
        return FALSE;
    *now = iov_host_get_time(host);
    return TRUE;
}

static gboolean
open_ledger(IovManager *manager, IovLedgerMode mode, GError **error)
{
    IovHost *host = iov_manager_host(manager, error);
    g_autofree char *boot_id = host != NULL ? iov_host_get_boot_id(host, error) : NULL;

    if (boot_id == NULL)
        return FALSE;
    g_clear_pointer(&manager->ledger, iov_ledger_close);
    manager->ledger = iov_ledger_open(manager->run_dir, boot_id, mode, error);
    manager->ledger_is_writable = mode != IOV_LEDGER_READ;
    return manager->ledger != NULL;
}

IovLedger *
iov_manager_ledger(IovManager *manager, gboolean create, GError **error)
{
    if (manager->ledger != NULL && manager->ledger_is_writable)
        return manager->ledger;
    return open_ledger(manager, create ? IOV_LEDGER_CREATE : IOV_LEDGER_WRITE, error)
               ? manager->ledger
               : NULL;
}

IovLedger *
iov_manager_ledger_to_read(IovManager *manager, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (manager->ledger != NULL || open_ledger(manager, IOV_LEDGER_READ, &local))
        return manager->ledger;
    if (!g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND))
        g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
}

int
iov_manager_lock(IovManager *manager, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(manager->run_dir, name, NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0) {
        iov_error_set_errno(error, errno, "cannot open %s", path);
        return -1;
    }
    while (flock(fd, LOCK_EX) < 0) {
        if (errno == EINTR)
            continue;
        iov_error_set_errno(error, errno, "cannot lock %s", path);
        close(fd);
        return -1;
    }
    return fd;
}

int
iov_manager_lock_pools(IovManager *manager, GError **error)
{
    if (g_mkdir_with_parents(manager->run_dir, 0700) < 0) {
        iov_error_set_errno(error, errno, "cannot create directory %s", manager->run_dir);
        return -1;
    }
    return iov_manager_lock(manager, "pools.lock", error);
}

IovPool *
iov_manager_live_pool(IovLedger *ledger, const char *name, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *definition = iov_ledger_get_pool(ledger, name, &local);

    if (definition != NULL)
        return iov_pool_parse_live(definition, error);
    if (local != NULL)
        g_propagate_error(error, g_steal_pointer(&local));
    else
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "pool '%s' is not started", name);
    return NULL;
}

GPtrArray *
iov_manager_list_adapters(IovManager *manager, GError **error)
{
    IovHost *host = iov_manager_host(manager, error);

    return host != NULL ? iov_host_list_adapters(host, error) : NULL;
}

typedef GPtrArray *(*Query)(IovLedger *ledger, const char *argument, GError **error);

/* Without a ledger a listing is empty: no pool was started since the host booted. */
static GPtrArray *
list(IovManager *manager, Query query, const char *argument, GDestroyNotify free_element,
     GError **error)
{
    g_autoptr(GError) local = NULL;
    IovLedger *ledger = iov_manager_ledger_to_read(manager, &local);

    if (ledger != NULL)
        return query(ledger, argument, error);
    if (local == NULL)
        return g_ptr_array_new_with_free_func(free_element);
    g_propagate_error(error, g_steal_pointer(&local));
    return NULL;
}

GPtrArray *
iov_manager_list_functions(IovManager *manager, const char *pool, GError **error)
{
    return list(manager, iov_ledger_list_functions, pool, (GDestroyNotify)iov_lease_unref, error);
}

GPtrArray *
iov_manager_list_status(IovManager *manager, const char *uuid, GError **error)
{
    return list(manager, iov_ledger_list_status, uuid, (GDestroyNotify)iov_status_unref, error);
}

GPtrArray *
iov_manager_list_waiting(IovManager *manager, GError **error)
{
    return list(manager, iov_ledger_list_waiting, NULL, (GDestroyNotify)iov_status_unref, error);
}
