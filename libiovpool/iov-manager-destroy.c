/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Destroying a started pool: refused while any function is held, else everything that its start
 * changed is given back.
 */
#include "iov-manager-private.h"

#include "iov-execute.h"
#include "iov-io.h"

#include <string.h>

/* The ledger knows who used a function when it was last looked at, and knows nothing of one that
 * was attached by hand since. */
static gboolean
refuse_used(IovManager *manager, GPtrArray *functions, GError **error)
{
    IovHost *host = iov_manager_host(manager, error);

    if (host == NULL)
        return FALSE;
    for (guint i = 0; i < functions->len; i++) {
        const IovLease *function = functions->pdata[i];
        g_autoptr(GError) local = NULL;
        g_autofree char *user = NULL;

        if (iov_lease_state_is_held(function->state))
            continue;
        user = iov_manager_find_user(host, function->function, function->iommu_group, &local);
        if (user != NULL)
            return iov_error_set(error, IOV_ERROR_BUSY, "%s is in use outside the pool: %s",
                                 function->function, user);
        if (!iov_error_pass(&local, error))
            return FALSE;
    }
    return TRUE;
}

/* In one change: nobody holds a function, and from now on nobody can take one. */
static gboolean
close_for_leases(IovLedger *ledger, const char *name, GPtrArray *adapters, GError **error)
{
    guint held = 0;

    for (guint i = 0; i < adapters->len; i++)
        held += ((const IovLedgerAdapter *)adapters->pdata[i])->held_functions;
    if (held > 0) {
        g_autofree char *holders = iov_manager_name_holders(ledger, name);

        return iov_error_set(error, IOV_ERROR_BUSY, "%u of its functions are leased: %s", held,
                             holders);
    }
    for (guint i = 0; i < adapters->len; i++)
        if (!iov_ledger_set_adapter_usable(
                ledger, ((const IovLedgerAdapter *)adapters->pdata[i])->address, FALSE, error))
            return FALSE;
    return TRUE;
}

static GPtrArray *
close_pool(IovLedger *ledger, const char *name, GError **error)
{
    g_autoptr(GPtrArray) adapters = NULL;

    if (!iov_ledger_begin(ledger, error))
        return NULL;
    adapters = iov_ledger_list_adapters(ledger, name, error);
    if (adapters != NULL && close_for_leases(ledger, name, adapters, error) &&
        iov_ledger_commit(ledger, error))
        return g_steal_pointer(&adapters);
    iov_ledger_rollback(ledger);
    return NULL;
}

static void
open_pool_again(IovLedger *ledger, GPtrArray *adapters)
{
    if (!iov_ledger_begin(ledger, NULL))
        return;
    for (guint i = 0; i < adapters->len; i++) {
        const IovLedgerAdapter *adapter = adapters->pdata[i];

        iov_ledger_set_adapter_usable(ledger, adapter->address, adapter->usable, NULL);
    }
    if (!iov_ledger_commit(ledger, NULL))
        iov_ledger_rollback(ledger);
}

static GPtrArray *
functions_of(GPtrArray *functions, const char *adapter)
{
    GPtrArray *own = g_ptr_array_new();

    for (guint i = 0; i < functions->len; i++)
        if (strcmp(((IovLease *)functions->pdata[i])->adapter, adapter) == 0)
            g_ptr_array_add(own, functions->pdata[i]);
    return own;
}

static gboolean
give_back(IovManager *manager, GPtrArray *adapters, GPtrArray *functions, GError **error)
{
    g_autoptr(IovPlan) plan = iov_plan_new();
    IovHost *host = iov_manager_host(manager, error);

    if (host == NULL)
        return FALSE;
    for (guint i = 0; i < adapters->len; i++) {
        const IovLedgerAdapter *adapter = adapters->pdata[i];
        g_autoptr(GPtrArray) own = functions_of(functions, adapter->address);
        g_autoptr(IovAdapter) present = iov_host_get_adapter(host, adapter->address, NULL);

        /* An adapter that was pulled out has nothing to be given back. */
        if (present != NULL)
            iov_plan_give_back(plan, adapter, own);
    }
    return iov_execute(host, plan, error);
}

static gboolean
destroy_locked(IovManager *manager, IovLedger *ledger, const char *name, GError **error)
{
    gboolean entered = FALSE, started = FALSE;

    if (!iov_manager_look_up_pool(ledger, name, &entered, &started, error))
        return FALSE;
    if (!entered)
        return iov_error_set(error, IOV_ERROR_NOT_FOUND, "it is not started");
    if (!started)
        return iov_manager_finish_interrupted(manager, ledger, name, error);
    if (!iov_manager_scrub_pending(manager, NULL, error))
        return FALSE;
    g_autoptr(GPtrArray) functions = iov_ledger_list_functions(ledger, name, error);
    if (functions == NULL || !refuse_used(manager, functions, error))
        return FALSE;
    g_autoptr(GPtrArray) adapters = close_pool(ledger, name, error);
    if (adapters == NULL)
        return FALSE;
    if (!give_back(manager, adapters, functions, error)) {
        open_pool_again(ledger, adapters);
        return FALSE;
    }
    return iov_manager_forget_pool(manager, ledger, name, error);
}

gboolean
iov_manager_destroy_pool(IovManager *manager, const char *name, GError **error)
{
    IOV_IO_AUTO_CLOSE int lock = -1;
    IovLedger *ledger = NULL;
    gboolean active = FALSE;

    if (!iov_manager_pool_is_active(manager, name, &active, error))
        return FALSE;
    if (!active)
        return iov_error_set(error, IOV_ERROR_NOT_FOUND,
                             "cannot destroy pool '%s': it is not started", name);
    lock = iov_manager_lock_pools(manager, error);
    ledger = lock >= 0 ? iov_manager_ledger(manager, FALSE, error) : NULL;
    if (ledger != NULL && destroy_locked(manager, ledger, name, error))
        return TRUE;
    g_prefix_error(error, "cannot destroy pool '%s': ", name);
    return FALSE;
}

GStrv
iov_manager_list_netdevs(IovManager *manager, const char *pool, GError **error)
{
    g_autoptr(IovPool) live = iov_manager_get_pool(manager, pool, TRUE, error);
    g_autoptr(GPtrArray) adapters =
        live != NULL ? iov_ledger_list_adapters(manager->ledger, pool, error) : NULL;
    g_autoptr(GStrvBuilder) netdevs = g_strv_builder_new();

    if (adapters == NULL)
        return NULL;
    for (guint i = 0; i < adapters->len; i++) {
        const IovLedgerAdapter *adapter = adapters->pdata[i];

        if (adapter->netdev != NULL)
            g_strv_builder_add(netdevs, adapter->netdev);
    }
    return g_strv_builder_end(netdevs);
}
