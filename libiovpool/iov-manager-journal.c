/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The entry of a pool in the ledger: whether there is one, how an entry that a start left
 * unfinished is taken back, and how it ends.
 */
#include "iov-manager-private.h"

#include "iov-execute.h"

gboolean
iov_manager_forget_pool(IovLedger *ledger, const char *name, GError **error)
{
    if (!iov_ledger_begin(ledger, error))
        return FALSE;
    if (iov_ledger_remove_pool(ledger, name, error) && iov_ledger_commit(ledger, error))
        return TRUE;
    iov_ledger_rollback(ledger);
    return FALSE;
}

/* A start that was cut off left its journal entry: what it did is given back first, so that this
 * start finds the host as that one found it. */
gboolean
iov_manager_finish_interrupted(IovManager *manager, IovLedger *ledger, const char *name,
                               GError **error)
{
    g_autoptr(GPtrArray) before = iov_ledger_list_adapters(ledger, name, error);
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(IovPlan) plan = iov_plan_new();
    IovHost *host = iov_manager_host(manager, error);

    if (before == NULL || host == NULL)
        return FALSE;
    for (guint i = 0; i < before->len; i++) {
        const IovLedgerAdapter *adapter = before->pdata[i];
        g_autoptr(IovAdapter) present = iov_host_get_adapter(host, adapter->address, NULL);

        /* An adapter that was pulled out since has nothing to be given back. */
        if (present != NULL && adapter->had_num_vfs == 0)
            iov_plan_give_back(plan, adapter, none);
    }
    return iov_execute(host, plan, error) && iov_manager_forget_pool(ledger, name, error);
}

/* TRUE in @started where the pool has functions in the ledger, not a journal entry alone. */
gboolean
iov_manager_look_up_pool(IovLedger *ledger, const char *name, gboolean *entered, gboolean *started,
                         GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *definition = iov_ledger_get_pool(ledger, name, &local);
    g_autoptr(GPtrArray) functions = NULL;

    *entered = definition != NULL;
    *started = FALSE;
    if (local != NULL) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (definition == NULL)
        return TRUE;
    functions = iov_ledger_list_functions(ledger, name, error);
    if (functions == NULL)
        return FALSE;
    *started = functions->len > 0;
    return TRUE;
}
