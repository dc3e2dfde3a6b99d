/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which adapter of a pool serves the next request, and in one clause why none does. A pure function
 * of the adapters' counts: it reads no ledger and no host, and takes nothing.
 */
#include "iov-placement.h"

#include "iov-address.h"

#define NAMES_LIMIT 4 /* adapters that a reason names */

typedef struct {
    const IovPool *pool;
    GPtrArray *adapters;
    int only_node; /* -1: adapters of every node */
} Scope;

static gboolean
in_scope(const Scope *scope, const IovLedgerAdapter *adapter)
{
    return scope->only_node < 0 || adapter->numa_node == scope->only_node;
}

static gboolean
precedes(const IovLedgerAdapter *a, const IovLedgerAdapter *b)
{
    IovAddress first, second;

    if (!iov_address_parse(a->address, &first, NULL) ||
        !iov_address_parse(b->address, &second, NULL))
        return g_strcmp0(a->address, b->address) < 0;
    return iov_address_compare(&first, &second) < 0;
}

/* Shares of different adapters are compared as fractions: without rounding, and without a float. */
static gboolean
is_better(IovPolicy policy, const IovLedgerAdapter *a, const IovLedgerAdapter *b)
{
    guint64 share = (guint64)a->held_functions * b->functions;
    guint64 other = (guint64)b->held_functions * a->functions;

    if (share == other)
        return precedes(a, b);
    switch (policy) {
    case IOV_POLICY_SPREAD:
        return share < other;
    case IOV_POLICY_PACK:
        return share > other;
    }
    g_return_val_if_reached(FALSE);
}

static const IovLedgerAdapter *
best_of(const Scope *scope)
{
    const IovLedgerAdapter *best = NULL;

    for (guint i = 0; i < scope->adapters->len; i++) {
        const IovLedgerAdapter *adapter = scope->adapters->pdata[i];

        if (!in_scope(scope, adapter) || !adapter->usable || adapter->free_functions == 0)
            continue;
        if (best == NULL || is_better(scope->pool->policy, adapter, best))
            best = adapter;
    }
    return best;
}

typedef struct {
    guint adapters, usable;  /* adapters */
    guint functions, leased; /* functions */
    guint free_but_unusable; /* functions that are free, on adapters out of use */
    GString *unusable;       /* "enp1s0: link down, 0000:02:00.0" */
} Count;

static void
name_unusable(Count *count, const IovLedgerAdapter *adapter)
{
    guint named = count->adapters - count->usable;

    if (named > NAMES_LIMIT)
        return;
    if (named > 1)
        g_string_append(count->unusable, ", ");
    if (named == NAMES_LIMIT) {
        g_string_append(count->unusable, "and more");
        return;
    }
    g_string_append(count->unusable, adapter->netdev != NULL ? adapter->netdev : adapter->address);
    if (adapter->reason != NULL)
        g_string_append_printf(count->unusable, ": %s", adapter->reason);
}

static Count
count_scope(const Scope *scope)
{
    Count count = {.unusable = g_string_new(NULL)};

    for (guint i = 0; i < scope->adapters->len; i++) {
        const IovLedgerAdapter *adapter = scope->adapters->pdata[i];

        if (!in_scope(scope, adapter))
            continue;
        count.adapters++;
        count.functions += adapter->functions;
        count.leased += adapter->held_functions;
        if (adapter->usable) {
            count.usable++;
            continue;
        }
        count.free_but_unusable += adapter->free_functions;
        name_unusable(&count, adapter);
    }
    return count;
}

/* Some are leased and some cannot be had: says how many of each. */
static char *
explain_mixture(const Count *count, const char *where)
{
    guint out = count->functions - count->leased - count->free_but_unusable;
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_append_printf(text, "no function of %s is free: %u leased", where, count->leased);
    if (out > 0)
        g_string_append_printf(text, ", %u quarantined or foreign", out);
    if (count->free_but_unusable > 0)
        g_string_append_printf(text, ", %u on an adapter that is not usable (%s)",
                               count->free_but_unusable, count->unusable->str);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *
explain_count(const Scope *scope, const Count *count)
{
    g_autofree char *where =
        scope->only_node < 0
            ? g_strdup_printf("pool %s", scope->pool->name)
            : g_strdup_printf("pool %s on NUMA node %d", scope->pool->name, scope->only_node);

    if (count->functions == 0 && scope->only_node >= 0)
        return g_strdup_printf("pool %s has no function on NUMA node %d", scope->pool->name,
                               scope->only_node);
    if (count->adapters == 0)
        return g_strdup_printf("%s has no adapter", where);
    if (count->usable == 0)
        return g_strdup_printf("no adapter of %s is usable (%s)", where, count->unusable->str);
    if (count->functions == 0)
        return g_strdup_printf("%s has no function", where);
    if (count->functions > count->leased)
        return explain_mixture(count, where);
    if (count->functions == 1)
        return g_strdup_printf("the only function of %s is leased", where);
    return g_strdup_printf("all %u functions of %s are leased", count->functions, where);
}

static char *
explain(const Scope *scope)
{
    Count count = count_scope(scope);
    char *reason = explain_count(scope, &count);

    g_string_free(count.unusable, TRUE);
    return reason;
}

const IovLedgerAdapter *
iov_placement_choose(const IovPool *pool, GPtrArray *adapters, int numa_node, char **reason)
{
    const Scope near = {pool, adapters, numa_node};
    const Scope everywhere = {pool, adapters, -1};
    const Scope *scope = pool->numa == IOV_NUMA_REQUIRE ? &near : &everywhere;
    const IovLedgerAdapter *chosen = NULL;

    *reason = NULL;
    if (pool->numa == IOV_NUMA_PREFER)
        chosen = best_of(&near);
    if (chosen == NULL)
        chosen = best_of(scope);
    if (chosen == NULL)
        *reason = explain(scope);
    return chosen;
}
