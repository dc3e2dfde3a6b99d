/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The number of an adapter's VFs: the write of sriov_numvfs, the kernel's refusals in words
 * (drivers/pci/iov.c, sriov_numvfs_store), and the wait until the VFs are there, or gone.
 */
#include "iov-address.h"
#include "iov-host-linux-private.h"
#include "iov-io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    IovHostWaiter *waiter;
    int device_fd, devices_fd;
    guint count, ready; /* the first @ready VFs have been seen */
    gboolean want_udev;
} Progress;

static gboolean
vf_is_ready(const Progress *progress, guint index)
{
    char link[32], target[IOV_HOST_NAME_SIZE];
    IovAddress address;

    g_snprintf(link, sizeof(link), "virtfn%u", index);
    return iov_host_linux_read_name(progress->device_fd, link, target) &&
           iov_address_parse(target, &address, NULL) &&
           iov_io_exists(progress->devices_fd, target) &&
           (!progress->want_udev || iov_host_waiter_is_initialized(progress->waiter, target));
}

static gboolean
vfs_are_ready(gpointer data)
{
    Progress *progress = data;

    while (progress->ready < progress->count && vf_is_ready(progress, progress->ready))
        progress->ready++;
    return progress->ready == progress->count;
}

static gboolean
note_virtfn(int dirfd, const char *name, gpointer data)
{
    gboolean *found = data;

    (void)dirfd;
    *found = g_str_has_prefix(name, "virtfn");
    return !*found;
}

static gboolean
vfs_are_gone(gpointer data)
{
    const Progress *progress = data;
    gboolean found = FALSE;

    iov_host_linux_visit(progress->device_fd, ".", note_virtfn, &found);
    return !found;
}

static gboolean
refused(int number, const char *pf, guint count, guint limit_ms, GError **error)
{
    switch (number) {
    case EBUSY:
        return iov_error_set_errno(error, number,
                                   "cannot set sriov_numvfs to %u on %s: it has another number of "
                                   "VFs, which the kernel changes only by removing them all first",
                                   count, pf);
    case ENOENT:
    case ENOSYS:
    case EOPNOTSUPP:
        return iov_error_set(error, IOV_ERROR_UNSUPPORTED,
                             "cannot set sriov_numvfs to %u on %s: it has no driver that can make "
                             "VFs",
                             count, pf);
    case ETIMEDOUT:
        return iov_error_set(error, IOV_ERROR_TIMEOUT,
                             "cannot set sriov_numvfs to %u on %s: the kernel is still at it after "
                             "%u s; look for a process that uses one of its VFs",
                             count, pf, limit_ms / 1000);
    default:
        return iov_error_set_errno(error, number, "cannot set sriov_numvfs to %u on %s", count, pf);
    }
}

static gboolean
wait_for_vfs(Progress *progress, const char *pf, const IovHostLimits *limits, GError **error)
{
    guint limit = limits->num_vfs + progress->count * limits->each_vf;

    if (progress->count == 0)
        return iov_host_waiter_wait(progress->waiter, vfs_are_gone, progress, limit) ||
               iov_error_set(error, IOV_ERROR_TIMEOUT,
                             "cannot set sriov_numvfs to 0 on %s: its VFs are not gone after %u s",
                             pf, limit / 1000);
    if (!iov_host_waiter_wait(progress->waiter, vfs_are_ready, progress, limit))
        return iov_error_set(error, IOV_ERROR_TIMEOUT,
                             "cannot set sriov_numvfs to %u on %s: %u of its VFs appeared within "
                             "%u s; some drivers make none while the link is down",
                             progress->count, pf, progress->ready, limit / 1000);
    /* The VFs are there and usable; udev's rules for them may still run. That is worth a moment,
     * but no failure: udev keeps no record of a device for which it has no rule. */
    progress->ready = 0;
    progress->want_udev = TRUE;
    iov_host_waiter_wait(progress->waiter, vfs_are_ready, progress, limits->settle);
    return TRUE;
}

gboolean
iov_host_linux_set_num_vfs(IovHost *host, const char *pf, guint count, GError **error)
{
    IovHostLinux *linux_host = (IovHostLinux *)host;
    const IovHostLimits *limits = &linux_host->limits;
    guint limit = limits->num_vfs + count * limits->each_vf;
    IOV_IO_AUTO_CLOSE int fd = iov_host_linux_open_device(linux_host, pf, error);
    char text[16];
    guint total;

    if (fd < 0 || !iov_host_linux_read_total(fd, pf, &total, error))
        return FALSE;
    if (count > total)
        return iov_error_set(error, IOV_ERROR_UNSUPPORTED,
                             "cannot set sriov_numvfs to %u on %s: it has at most %u VFs", count,
                             pf, total);
    g_autoptr(IovHostWaiter) waiter = iov_host_waiter_new(linux_host, fd, error);
    if (waiter == NULL)
        return FALSE;
    g_snprintf(text, sizeof(text), "%u", count);
    int number = iov_host_linux_write(fd, "sriov_numvfs", text, limit);
    if (number != 0)
        return refused(number, pf, count, limit, error);
    IOV_IO_AUTO_CLOSE int devices_fd = iov_host_linux_open_dir(linux_host, "sys/bus/pci/devices");
    Progress progress = {
        .waiter = waiter, .device_fd = fd, .devices_fd = devices_fd, .count = count};
    return wait_for_vfs(&progress, pf, limits, error);
}
