/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Taking a free function of a pool, within a change of the ledger: placement chooses the adapter,
 * a look at the function's driver finds what vanished or was taken. No effect on any device.
 */
#include "iov-manager-private.h"

#include "iov-placement.h"

#include <string.h>

#define HOLDERS_NAMED 4

char *
iov_manager_name_holders(IovLedger *ledger, const char *pool)
{
    g_autoptr(GPtrArray) functions = iov_ledger_list_functions(ledger, pool, NULL);
    GString *text = g_string_new(NULL);
    guint named = 0, more = 0;

    for (guint i = 0; functions != NULL && i < functions->len; i++) {
        const IovLease *lease = functions->pdata[i];

        if (!iov_lease_state_is_held(lease->state) || lease->domain_name == NULL)
            continue;
        if (named == HOLDERS_NAMED) {
            more++;
            continue;
        }
        g_string_append_printf(text, "%s%s (%s)", named++ > 0 ? ", " : "", lease->domain_name,
                               lease->request);
    }
    if (more > 0)
        g_string_append_printf(text, " and %u more", more);
    if (named == 0)
        g_string_append(text, "nobody");
    return g_string_free(text, FALSE);
}

/* What the chosen function turned out to be; the ledger is corrected where it was wrong. */
typedef enum { CHOICE_GOOD, CHOICE_MARKED, CHOICE_FAILED } Choice;

static Choice
verify_choice(IovManager *manager, IovLedger *ledger, const IovLease *function, gint64 now,
              GError **error)
{
    g_autoptr(GError) local = NULL;
    IovHost *host = iov_manager_host(manager, error);
    g_autofree char *driver = NULL;
    g_autofree char *reason = NULL;

    if (host == NULL)
        return CHOICE_FAILED;
    driver = iov_host_get_driver(host, function->function, &local);
    if (driver != NULL && strcmp(driver, "vfio-pci") == 0)
        return CHOICE_GOOD;
    if (driver == NULL) {
        reason = g_strdup(IOV_LEASE_VANISHED);
    } else {
        reason = driver[0] != '\0' ? g_strdup_printf("bound to driver %s", driver)
                                   : g_strdup("bound to no driver");
    }
    return iov_ledger_move(ledger, function->function, function->generation, IOV_LEASE_FOREIGN,
                           reason, now, error)
               ? CHOICE_MARKED
               : CHOICE_FAILED;
}

/* One try: the next free function by the pool's policy. *@function is NULL where none is left, then
 * *@reason says why. */
static gboolean
choose(IovLedger *ledger, const IovPool *pool, int numa_node, IovLease **function, char **reason,
       GError **error)
{
    g_autoptr(GPtrArray) adapters = iov_ledger_list_adapters(ledger, pool->name, error);
    const IovLedgerAdapter *adapter = NULL;
    g_autoptr(GError) local = NULL;

    if (adapters == NULL)
        return FALSE;
    *function = NULL;
    adapter = iov_placement_choose(pool, adapters, numa_node, reason);
    if (adapter == NULL)
        return TRUE;
    *function = iov_ledger_first_free(ledger, adapter->address, &local);
    if (*function != NULL)
        return TRUE;
    if (local == NULL)
        return iov_error_set(error, IOV_ERROR_CORRUPT,
                             "adapter %s counts a free function and has none: run `iovpool "
                             "reconcile`",
                             adapter->address);
    return iov_error_pass(&local, error);
}

gboolean
iov_manager_find_free(IovManager *manager, IovLedger *ledger, const IovPool *pool, int numa_node,
                      gint64 now, IovLease **function, GError **error)
{
    for (;;) {
        g_autoptr(IovLease) chosen = NULL;
        g_autofree char *reason = NULL;

        if (!choose(ledger, pool, numa_node, &chosen, &reason, error))
            return FALSE;
        if (chosen == NULL)
            return iov_error_set(error, IOV_ERROR_EXHAUSTED, "%s", reason);
        switch (verify_choice(manager, ledger, chosen, now, error)) {
        case CHOICE_GOOD:
            *function = g_steal_pointer(&chosen);
            return TRUE;
        case CHOICE_MARKED:
            break;
        case CHOICE_FAILED:
            return FALSE;
        }
    }
}

gboolean
iov_manager_take_function(IovManager *manager, IovLedger *ledger, const IovPool *pool,
                          const IovStatus *status, gint64 now, GError **error)
{
    g_autoptr(IovLease) function = NULL;
    guint64 generation = 0;

    return iov_manager_find_free(manager, ledger, pool, status->numa_node, now, &function, error) &&
           iov_ledger_lease(ledger, function->function, status->domain_uuid, status->domain_name,
                            status->request, now, now + IOV_RESERVATION_TIME, &generation, error);
}
