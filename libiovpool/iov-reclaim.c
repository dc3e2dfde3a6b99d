/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which request of lower priority gives its function up. It takes nothing and asks nobody: the
 * façade enters the choice in the ledger, the agent asks the guest.
 */
#include "iov-reclaim.h"

#include <string.h>

/* What the claimant could not use is not taken away from anybody. */
static gboolean
is_of_use(const IovPool *pool, const IovStatus *claimant, const IovLease *lease,
          GPtrArray *adapters)
{
    const IovLedgerAdapter *adapter = iov_ledger_adapter_find(adapters, lease->adapter);

    if (adapter == NULL || !adapter->usable)
        return FALSE;
    return pool->numa != IOV_NUMA_REQUIRE || claimant->numa_node < 0 ||
           adapter->numa_node == claimant->numa_node;
}

static gboolean
may_be_asked(const IovPool *pool, const IovStatus *claimant, const IovStatus *holder,
             GPtrArray *adapters)
{
    if (holder->lease == NULL || holder->lease->state != IOV_LEASE_ACTIVE ||
        strcmp(holder->pool, pool->name) != 0)
        return FALSE;
    /* on its way to another host it gives its function up anyway, and cannot be asked */
    if (holder->code == IOV_REASON_IN_TRANSIT)
        return FALSE;
    return holder->priority < claimant->priority && holder->floor_tier != IOV_TIER_NONE &&
           !holder->is_static && !holder->required &&
           is_of_use(pool, claimant, holder->lease, adapters);
}

static gboolean
is_better(const IovStatus *a, const IovStatus *b)
{
    if (a->priority != b->priority)
        return a->priority < b->priority;
    return a->since > b->since;
}

const IovStatus *
iov_reclaim_choose(const IovPool *pool, const IovStatus *claimant, GPtrArray *holders,
                   GPtrArray *adapters)
{
    const IovStatus *chosen = NULL;

    if (!pool->reclaim)
        return NULL;
    for (guint i = 0; i < holders->len; i++) {
        const IovStatus *holder = holders->pdata[i];

        if (may_be_asked(pool, claimant, holder, adapters) &&
            (chosen == NULL || is_better(holder, chosen)))
            chosen = holder;
    }
    return chosen;
}

guint
iov_reclaim_count_coming(const IovPool *pool, GPtrArray *functions, gint64 now)
{
    guint count = 0;

    for (guint i = 0; i < functions->len; i++) {
        const IovLease *lease = functions->pdata[i];
        gboolean asked =
            lease->state == IOV_LEASE_DETACHING && lease->since + IOV_RECLAIM_PATIENCE > now;

        if ((asked || lease->state == IOV_LEASE_SCRUBBING) && strcmp(lease->pool, pool->name) == 0)
            count++;
    }
    return count;
}
