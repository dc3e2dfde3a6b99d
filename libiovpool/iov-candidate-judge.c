/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one reason why a request was not given a function: a pure function of what is known of
 * request, adapter and function. It chooses none (iov-placement does) and takes none.
 */
#include "iov-candidate-private.h"

#include "iov-adapter-private.h"

#include <string.h>

typedef IovCandidateFacts Facts;

static const char *
name_of_adapter(const Facts *facts)
{
    return facts->adapter->netdev != NULL ? facts->adapter->netdev : facts->adapter->address;
}

static gboolean
is_own(const Facts *facts, char **text)
{
    const IovLease *function = facts->function;

    if (!iov_lease_state_is_held(function->state) || function->state == IOV_LEASE_SCRUBBING ||
        g_strcmp0(function->domain_uuid, facts->request->domain_uuid) != 0 ||
        g_strcmp0(function->request, facts->request->request) != 0)
        return FALSE;
    *text = g_strdup_printf("the request has it: %s", iov_lease_state_to_string(function->state));
    return TRUE;
}

/* TRUE where the pool refuses @wish. */
static gboolean
is_refused(const Facts *facts, const IovNetconf *wish, IovNetconf *merged, char **text)
{
    g_autoptr(GError) error = NULL;

    if (iov_netconf_merge(&facts->pool->defaults, wish, merged, &error))
        return FALSE;
    *text = g_strdup(error->message);
    return TRUE;
}

static gboolean
breaks_policy(const Facts *facts, char **text)
{
    IovNetconf wish = *facts->wish, merged;

    wish.has_rate = FALSE;
    return is_refused(facts, &wish, &merged, text);
}

/* A PF's driver refuses a rate above the link's speed (igb_ndo_set_vf_bw() and others). */
static gboolean
exceeds_rate(const Facts *facts, char **text)
{
    const IovNetconf wish = {.has_rate = facts->wish->has_rate,
                             .min_rate = facts->wish->min_rate,
                             .max_rate = facts->wish->max_rate};
    IovNetconf merged;
    guint rate;

    if (is_refused(facts, &wish, &merged, text))
        return TRUE;
    rate = merged.has_rate ? MAX(merged.min_rate, merged.max_rate) : 0;
    if (facts->speed == 0 || rate <= facts->speed)
        return FALSE;
    *text = g_strdup_printf("adapter %s runs at %u Mbit/s, less than the %u Mbit/s to be set",
                            name_of_adapter(facts), facts->speed, rate);
    return TRUE;
}

static gboolean
is_on_wrong_node(const Facts *facts, char **text)
{
    int node = facts->adapter->numa_node;

    if (facts->pool->numa != IOV_NUMA_REQUIRE || facts->numa_node < 0 || node == facts->numa_node)
        return FALSE;
    *text = node < 0 ? g_strdup_printf("adapter %s is on no NUMA node, the domain on node %d",
                                       name_of_adapter(facts), facts->numa_node)
                     : g_strdup_printf("adapter %s is on NUMA node %d, the domain on node %d",
                                       name_of_adapter(facts), node, facts->numa_node);
    return TRUE;
}

static const char *
trouble_of_adapter(const Facts *facts)
{
    if (!facts->adapter->usable)
        return facts->adapter->reason != NULL ? facts->adapter->reason : "not usable";
    switch (facts->link) {
    case IOV_LINK_DOWN:
        return "link down";
    case IOV_LINK_NO_CARRIER:
        return "no carrier";
    case IOV_LINK_NONE:
    case IOV_LINK_UP:
        return NULL;
    }
    g_return_val_if_reached(NULL);
}

static gboolean
is_adapter_down(const Facts *facts, char **text)
{
    const char *trouble = trouble_of_adapter(facts);

    if (trouble == NULL)
        return FALSE;
    *text = g_strdup_printf("adapter %s: %s", name_of_adapter(facts), trouble);
    return TRUE;
}

static gboolean
is_foreign(const Facts *facts, char **text)
{
    const char *reason = facts->function->reason;

    if (facts->function->state != IOV_LEASE_FOREIGN)
        return FALSE;
    *text = g_strdup(reason != NULL ? reason : "in use outside the pool");
    return TRUE;
}

static gboolean
is_quarantined(const Facts *facts, char **text)
{
    const char *reason = facts->function->reason;

    if (facts->function->state != IOV_LEASE_QUARANTINED)
        return FALSE;
    *text = g_strdup(reason != NULL ? reason : "it did not come clean");
    return TRUE;
}

static gboolean
is_scrubbing(const Facts *facts, char **text)
{
    const IovLease *function = facts->function;

    if (function->state != IOV_LEASE_SCRUBBING)
        return FALSE;
    g_autoptr(GString) clause = g_string_new("being cleaned");
    if (function->domain_name != NULL)
        g_string_append_printf(clause, " after %s (%s)", function->domain_name, function->request);
    if (function->reason != NULL)
        g_string_append_printf(clause, ": %s", function->reason);
    *text = g_string_free(g_steal_pointer(&clause), FALSE);
    return TRUE;
}

/* "vm2 (net0), priority 0, attaching"; that it is active goes without saying. */
static char *
describe_holder(const Facts *facts)
{
    const IovLease *function = facts->function;
    g_autoptr(GString) clause = g_string_new(NULL);

    g_string_append_printf(clause, "%s (%s)", function->domain_name, function->request);
    if (facts->holder != NULL && facts->holder->is_static)
        g_string_append(clause, ", a hostdev of its own");
    else if (facts->holder != NULL)
        g_string_append_printf(clause, ", priority %d", facts->holder->priority);
    if (function->state != IOV_LEASE_ACTIVE)
        g_string_append_printf(clause, ", %s", iov_lease_state_to_string(function->state));
    return g_string_free(g_steal_pointer(&clause), FALSE);
}

/* Only from who uses it, and has a floor to stand on and may stand there. */
static gboolean
is_reclaimable(const Facts *facts, char **text)
{
    const IovStatus *holder = facts->holder;

    if (!facts->pool->reclaim || facts->request->is_static || holder == NULL || holder->is_static ||
        holder->required || holder->floor_tier == IOV_TIER_NONE ||
        holder->priority >= facts->request->priority || facts->function->state != IOV_LEASE_ACTIVE)
        return FALSE;
    *text = describe_holder(facts);
    return TRUE;
}

static gboolean
is_leased(const Facts *facts, char **text)
{
    if (!iov_lease_state_is_held(facts->function->state))
        return FALSE;
    *text = describe_holder(facts);
    return TRUE;
}

/* A group is opened by one process at a time: all of it is one domain's. */
static char *
describe_obstacle(const Facts *facts, const IovCandidateMember *member)
{
    if (strcmp(member->address, facts->function->function) == 0)
        return NULL;
    if (!iov_driver_leaves_group(member->driver))
        return g_strdup_printf("%s of its IOMMU group is bound to driver %s", member->address,
                               member->driver);
    if (member->domain_uuid != NULL &&
        g_strcmp0(member->domain_uuid, facts->request->domain_uuid) != 0)
        return g_strdup_printf("%s of its IOMMU group is leased to %s", member->address,
                               member->domain_name);
    return NULL;
}

static gboolean
is_group_shared(const Facts *facts, char **text)
{
    for (guint i = 0; facts->members != NULL && i < facts->members->len; i++) {
        *text = describe_obstacle(facts, facts->members->pdata[i]);
        if (*text != NULL)
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_free(const Facts *facts, char **text)
{
    (void)facts;
    *text = g_strdup("may be taken now");
    return TRUE;
}

/*
 * The first that holds is the verdict. Wide causes come before narrow ones: what is true of the
 * whole pool, then of the adapter, of the function, of its group; so that what is said is what
 * would still be in the way if all after it were out of the way. A group needs no look while its
 * function is held: who holds it has opened the group.
 */
static const struct {
    IovVerdict verdict;
    gboolean (*holds)(const Facts *facts, char **text);
} precedence[] = {
    {IOV_VERDICT_OWN, is_own},
    {IOV_VERDICT_POLICY, breaks_policy},
    {IOV_VERDICT_RATE, exceeds_rate},
    {IOV_VERDICT_WRONG_NODE, is_on_wrong_node},
    {IOV_VERDICT_ADAPTER_DOWN, is_adapter_down},
    {IOV_VERDICT_FOREIGN, is_foreign},
    {IOV_VERDICT_QUARANTINED, is_quarantined},
    {IOV_VERDICT_SCRUBBING, is_scrubbing},
    {IOV_VERDICT_RECLAIMABLE, is_reclaimable},
    {IOV_VERDICT_LEASED, is_leased},
    {IOV_VERDICT_GROUP_SHARED, is_group_shared},
    {IOV_VERDICT_FREE, is_free},
};

G_STATIC_ASSERT(G_N_ELEMENTS(precedence) == IOV_VERDICTS);

IovVerdict
iov_candidate_judge(const IovCandidateFacts *facts, char **text)
{
    guint i = 0;

    while (!precedence[i].holds(facts, text))
        i++;
    return precedence[i].verdict;
}
