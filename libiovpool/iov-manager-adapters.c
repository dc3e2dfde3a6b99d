/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the adapters of started pools can serve anyone: their links, and that they are there at
 * all. It notes it in the ledger, where placement and the hook find it; who is to be taken off an
 * adapter that is down is the caller's next question.
 */
#include "iov-manager-change.h"

/* NULL: it can serve. Else why not, static. */
static const char *
find_fault(IovHost *host, const IovLedgerAdapter *row, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(IovAdapter) adapter = iov_host_get_adapter(host, row->address, &local);

    if (adapter == NULL && (g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND) ||
                            g_error_matches(local, IOV_ERROR, IOV_ERROR_UNSUPPORTED)))
        return "it vanished from the host";
    if (adapter == NULL) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    switch (adapter->link) {
    case IOV_LINK_DOWN:
        return "link down";
    case IOV_LINK_NO_CARRIER:
        return "no carrier";
    case IOV_LINK_NONE: /* no network adapter */
    case IOV_LINK_UP:
        break;
    }
    return NULL;
}

static gboolean
note_fault(IovChange *change, const IovLedgerAdapter *row, const char *fault, GError **error)
{
    return iov_ledger_set_adapter_usable(change->ledger, row->address, fault == NULL, error) &&
           (fault == NULL || iov_ledger_note_adapter(change->ledger, row->address, fault, error));
}

static gboolean
check_adapter(IovChange *change, const IovLedgerAdapter *row, GStrvBuilder *changes, GError **error)
{
    g_autoptr(GError) local = NULL;
    const char *fault = find_fault(change->manager->host, row, &local);
    g_autofree char *line = NULL;

    if (!iov_error_pass(&local, error))
        return FALSE;
    if (row->usable == (fault == NULL) && g_strcmp0(row->reason, fault) == 0)
        return TRUE;
    line = g_strdup_printf("adapter %s of pool %s: %s",
                           row->netdev != NULL ? row->netdev : row->address, row->pool,
                           fault != NULL ? fault : "usable again");
    g_strv_builder_add(changes, line);
    return note_fault(change, row, fault, error);
}

static gboolean
check_all(IovChange *change, GPtrArray *adapters, GStrvBuilder *changes, GError **error)
{
    for (guint i = 0; i < adapters->len; i++)
        if (!check_adapter(change, adapters->pdata[i], changes, error))
            return FALSE;
    return TRUE;
}

gboolean
iov_manager_check_adapters(IovManager *manager, GStrv *changes, GError **error)
{
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    g_autoptr(GError) local = NULL;
    IovLedger *ledger = iov_manager_ledger_to_read(manager, &local);
    g_autoptr(GPtrArray) adapters =
        ledger != NULL ? iov_ledger_list_adapters(ledger, NULL, &local) : NULL;
    IovChange change;

    *changes = NULL;
    if (!iov_error_pass(&local, error))
        return FALSE;
    if (adapters != NULL && adapters->len > 0 &&
        (iov_manager_host(manager, error) == NULL || !iov_change_begin(&change, manager, error) ||
         !iov_change_end(&change, check_all(&change, adapters, lines, error), error)))
        return FALSE;
    *changes = g_strv_builder_end(lines);
    return TRUE;
}

/* ---- who stands on an adapter that is down ---- */

static gboolean
is_down(GPtrArray *adapters, const char *address)
{
    const IovLedgerAdapter *adapter = iov_ledger_adapter_find(adapters, address);

    return adapter != NULL && !adapter->usable;
}

/* Without a floor it would lose the device and gain nothing; of one that migrates nothing is to be
 * touched. */
static gboolean
is_stranded(const IovStatus *status, GPtrArray *adapters)
{
    const IovLease *lease = status->lease;

    if (lease == NULL || status->is_static || !status->started ||
        status->code == IOV_REASON_IN_TRANSIT || !is_down(adapters, lease->adapter))
        return FALSE;
    return lease->state == IOV_LEASE_RESERVED ||
           (lease->state == IOV_LEASE_ACTIVE && status->floor_tier != IOV_TIER_NONE);
}

GPtrArray *
iov_manager_list_stranded(IovManager *manager, GError **error)
{
    g_autoptr(GPtrArray) statuses = iov_manager_list_status(manager, NULL, error);
    IovLedger *ledger = statuses != NULL ? iov_manager_ledger_to_read(manager, error) : NULL;
    g_autoptr(GPtrArray) adapters =
        ledger != NULL ? iov_ledger_list_adapters(ledger, NULL, error) : NULL;

    if (statuses == NULL || (ledger != NULL && adapters == NULL))
        return NULL;
    for (guint i = statuses->len; i > 0; i--)
        if (adapters == NULL || !is_stranded(statuses->pdata[i - 1], adapters))
            g_ptr_array_remove_index(statuses, i - 1);
    return g_steal_pointer(&statuses);
}
