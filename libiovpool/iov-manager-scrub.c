/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The effects on one function: its policy before a guest has it, and cleaning after a guest had it.
 * Both read back what they wrote; a function that does not show it is never given to anyone.
 */
#include "iov-manager-change.h"

#include "iov-io.h"

#include <string.h>

#define VFIO_DRIVER "vfio-pci"

/* The PF's netdev, "" where the adapter has none. (transfer full) */
static char *
find_netdev(IovManager *manager, const IovLease *lease, GError **error)
{
    IovHost *host = iov_manager_host(manager, error);
    g_autoptr(IovAdapter) adapter =
        host != NULL ? iov_host_get_adapter(host, lease->adapter, error) : NULL;

    if (adapter == NULL)
        return NULL;
    return g_strdup(adapter->netdev != NULL ? adapter->netdev : "");
}

gboolean
iov_manager_read_policy(IovManager *manager, const IovLease *lease, IovNetconf *actual,
                        gboolean *told, GError **error)
{
    g_autofree char *netdev = find_netdev(manager, lease, error);

    *told = netdev != NULL && netdev[0] != '\0';
    return netdev != NULL &&
           (!*told || iov_host_get_vf_netconf(manager->host, netdev, lease->index, actual, error));
}

gboolean
iov_manager_apply_policy(IovManager *manager, const IovLease *lease, const IovNetconf *netconf,
                         GError **error)
{
    g_autofree char *netdev = find_netdev(manager, lease, error);
    g_autofree char *difference = NULL;
    IovNetconf actual = {.mac = ""};

    if (netdev == NULL)
        return FALSE;
    /* Adapters without a network port (NVMe, accelerators) have no policy to set. */
    if (netdev[0] == '\0')
        return TRUE;
    if (!iov_host_set_vf_netconf(manager->host, netdev, lease->index, netconf, error) ||
        !iov_host_get_vf_netconf(manager->host, netdev, lease->index, &actual, error)) {
        g_prefix_error(error, "function %s: ", lease->function);
        return FALSE;
    }
    difference = iov_netconf_difference(netconf, &actual);
    return difference == NULL ||
           iov_error_set(error, IOV_ERROR_HOST, "function %s does not show its policy: %s",
                         lease->function, difference);
}

/* libvirt gives a function that it managed itself (managed='yes') to the host's own driver. */
static gboolean
take_back_driver(IovHost *host, const char *function, GError **error)
{
    g_autofree char *driver = iov_host_get_driver(host, function, error);

    if (driver == NULL)
        return FALSE;
    if (strcmp(driver, VFIO_DRIVER) == 0)
        return TRUE;
    return iov_host_set_driver_override(host, function, VFIO_DRIVER, error) &&
           iov_host_unbind(host, function, error) &&
           iov_host_probe(host, function, VFIO_DRIVER, error);
}

/* The MAC that the PF shows for the function, "" where there is none. */
static gboolean
read_mac(IovManager *manager, const IovLease *lease, char mac[static IOV_MAC_SIZE], GError **error)
{
    IovNetconf actual = {.mac = ""};
    gboolean told = FALSE;

    if (!iov_manager_read_policy(manager, lease, &actual, &told, error))
        return FALSE;
    g_strlcpy(mac, iov_mac_is_zero(actual.mac) ? "" : actual.mac, IOV_MAC_SIZE);
    return TRUE;
}

/* TRUE where @after is the last guest's, which stayed. Not so one that the driver chose since, or
 * that was there before any guest, as drivers show a factory's. Of a guest whose MAC we did not set
 * (a hostdev of the domain's own), it is whatever came since the pool's start. */
static gboolean
is_guests_mac(const IovLease *lease, const char *before, const char *after)
{
    if (after[0] == '\0')
        return FALSE;
    if (lease->mac != NULL && strcmp(after, lease->mac) == 0)
        return TRUE;
    if (strcmp(before, after) != 0)
        return FALSE;
    return lease->had_mac != NULL ? strcmp(after, lease->had_mac) != 0 : lease->mac == NULL;
}

/* The next guest would have the last one's MAC, which may run elsewhere by now. */
static gboolean
clean(IovManager *manager, const IovLease *lease, GError **error)
{
    IovNetconf scrubbed = iov_netconf_scrubbed();
    char before[IOV_MAC_SIZE], after[IOV_MAC_SIZE];

    if (!take_back_driver(manager->host, lease->function, error) ||
        !read_mac(manager, lease, before, error) ||
        !iov_host_reset(manager->host, lease->function, error) ||
        !iov_manager_apply_policy(manager, lease, &scrubbed, error) ||
        !read_mac(manager, lease, after, error))
        return FALSE;
    return !is_guests_mac(lease, before, after) ||
           iov_error_set(error, IOV_ERROR_HOST, "function %s keeps MAC %s", lease->function, after);
}

static gboolean
finish(IovManager *manager, const IovLease *lease, IovLeaseState to, const char *reason,
       GError **error)
{
    IovChange change;

    return iov_change_begin(&change, manager, error) &&
           iov_change_end(&change,
                          iov_ledger_move(change.ledger, lease->function, lease->generation, to,
                                          reason, change.now, error),
                          error);
}

static gboolean
stay(IovManager *manager, const IovLease *lease, GPid holder, GError **error)
{
    g_autofree char *reason = g_strdup_printf("process %d still holds it", (int)holder);
    IovChange change;

    return iov_change_begin(&change, manager, error) &&
           iov_change_end(&change,
                          iov_ledger_note_function(change.ledger, lease->function,
                                                   lease->generation, reason, error),
                          error);
}

/* Cleaning is done by one process at a time: a second one that came late would clean away what the
 * next owner's policy has set by then. */
int
iov_manager_lock_scrubbing(IovManager *manager, GError **error)
{
    return iov_manager_lock(manager, "scrub.lock", error);
}

/* There is nothing to clean; should it come back, reconcile takes it up. */
static gboolean
is_gone(IovHost *host, const IovLease *lease)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *driver = iov_host_get_driver(host, lease->function, &local);

    return driver == NULL && g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND);
}

gboolean
iov_manager_scrub(IovManager *manager, const IovLease *lease, gboolean *freed, GError **error)
{
    IOV_IO_AUTO_CLOSE int lock = iov_manager_lock_scrubbing(manager, error);
    IovHost *host = lock >= 0 ? iov_manager_host(manager, error) : NULL;
    IovLedger *ledger = host != NULL ? iov_manager_ledger(manager, FALSE, error) : NULL;
    g_autoptr(IovLease) now = NULL;
    g_autoptr(GError) failure = NULL;
    GPid holder = 0;

    *freed = FALSE;
    if (ledger == NULL || !iov_ledger_look_up_function(ledger, lease->function, &now, error))
        return FALSE;
    if (now == NULL || now->state != IOV_LEASE_SCRUBBING || now->generation != lease->generation)
        return TRUE;
    if (!iov_host_find_vfio_holder(host, lease->iommu_group, &holder, error))
        return FALSE;
    if (holder != 0)
        return stay(manager, lease, holder, error);
    if (is_gone(host, lease))
        return finish(manager, lease, IOV_LEASE_FOREIGN, IOV_LEASE_VANISHED, error);
    *freed = clean(manager, now, &failure);
    return finish(manager, lease, *freed ? IOV_LEASE_FREE : IOV_LEASE_QUARANTINED,
                  *freed ? NULL : failure->message, error);
}

gboolean
iov_manager_scrub_pending(IovManager *manager, guint *freed, GError **error)
{
    IovLedger *ledger = iov_manager_ledger(manager, FALSE, error);
    g_autoptr(GPtrArray) pending =
        ledger != NULL ? iov_ledger_list_functions_in_state(ledger, IOV_LEASE_SCRUBBING, error)
                       : NULL;
    guint count = 0;

    if (pending == NULL)
        return FALSE;
    for (guint i = 0; i < pending->len; i++) {
        gboolean one = FALSE;

        if (!iov_manager_scrub(manager, pending->pdata[i], &one, error))
            return FALSE;
        count += one ? 1 : 0;
    }
    if (freed != NULL)
        *freed = count;
    return TRUE;
}
