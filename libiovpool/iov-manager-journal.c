/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The entry of a pool in the ledger, beside which a record stands in a file: whether there is one,
 * how an entry that a start left unfinished is taken back, and how it ends.
 */
#include "iov-manager-private.h"

#include "iov-execute.h"
#include "iov-record.h"

#include <string.h>

/* The record goes first: alone, it would bring back a pool of which nothing is left. */
gboolean
iov_manager_forget_pool(IovManager *manager, IovLedger *ledger, const char *name, GError **error)
{
    if (!iov_record_remove(manager->run_dir, name, error) || !iov_ledger_begin(ledger, error))
        return FALSE;
    if (iov_ledger_remove_pool(ledger, name, error) && iov_ledger_commit(ledger, error))
        return TRUE;
    iov_ledger_rollback(ledger);
    return FALSE;
}

/* Functions that were there before the start, and do not have the driver that they had. @record:
 * (nullable). (element-type IovLease) */
static GPtrArray *
find_touched(IovHost *host, const IovRecord *record, const char *adapter)
{
    GPtrArray *touched = g_ptr_array_new();

    for (guint i = 0; record != NULL && i < record->functions->len; i++) {
        IovLease *function = record->functions->pdata[i];
        g_autofree char *driver = NULL;

        if (strcmp(function->adapter, adapter) != 0)
            continue;
        driver = iov_host_get_driver(host, function->function, NULL);
        if (driver != NULL &&
            strcmp(driver, function->had_driver != NULL ? function->had_driver : "") != 0)
            g_ptr_array_add(touched, function);
    }
    return touched;
}

/* A start that was cut off left its journal entry: what it did is given back first, so that this
 * start finds the host as that one found it. */
gboolean
iov_manager_finish_interrupted(IovManager *manager, IovLedger *ledger, const char *name,
                               GError **error)
{
    g_autoptr(GPtrArray) before = iov_ledger_list_adapters(ledger, name, error);
    g_autoptr(IovPlan) plan = iov_plan_new();
    IovHost *host = iov_manager_host(manager, error);
    g_autofree char *boot_id = host != NULL ? iov_host_get_boot_id(host, error) : NULL;
    g_autoptr(IovRecord) record =
        boot_id != NULL ? iov_record_load(manager->run_dir, boot_id, name, NULL) : NULL;

    if (before == NULL || boot_id == NULL)
        return FALSE;
    for (guint i = 0; i < before->len; i++) {
        const IovLedgerAdapter *adapter = before->pdata[i];
        g_autoptr(GPtrArray) touched = find_touched(host, record, adapter->address);
        g_autoptr(IovAdapter) present = iov_host_get_adapter(host, adapter->address, NULL);

        /* An adapter that was pulled out since has nothing to be given back. */
        if (present != NULL)
            iov_plan_give_back(plan, adapter, touched);
    }
    return iov_execute(host, plan, error) && iov_manager_forget_pool(manager, ledger, name, error);
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
    if (!iov_error_pass(&local, error))
        return FALSE;
    if (definition == NULL)
        return TRUE;
    functions = iov_ledger_list_functions(ledger, name, error);
    if (functions == NULL)
        return FALSE;
    *started = functions->len > 0;
    return TRUE;
}
