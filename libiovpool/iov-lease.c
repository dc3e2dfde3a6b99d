/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The records of functions and of served requests, the names of their states and tiers, and the
 * state table. It stores nothing: the ledger fills these records and enforces the table.
 */
#include "iov-lease-private.h"

#include "iov-words.h"

#define STATES (IOV_LEASE_FOREIGN + 1)
#define TO(state) (1u << IOV_LEASE_##state)

static const char *const state_names[] = {
    [IOV_LEASE_FREE] = "free",
    [IOV_LEASE_RESERVED] = "reserved",
    [IOV_LEASE_ATTACHING] = "attaching",
    [IOV_LEASE_ACTIVE] = "active",
    [IOV_LEASE_DETACHING] = "detaching",
    [IOV_LEASE_SCRUBBING] = "scrubbing",
    [IOV_LEASE_QUARANTINED] = "quarantined",
    [IOV_LEASE_FOREIGN] = "foreign",
};

static const char *const tier_names[] = {
    [IOV_TIER_NONE] = "none",     [IOV_TIER_EMULATED] = "emulated",
    [IOV_TIER_BRIDGE] = "bridge", [IOV_TIER_NETWORK] = "network",
    [IOV_TIER_DIRECT] = "direct", [IOV_TIER_PASSTHROUGH] = "passthrough",
};

/* A held or foreign function never becomes free without being scrubbed, save where nothing was done
 * to it yet (reserved). A static hostdev goes from reserved to active, for libvirt attaches it
 * itself. */
static const guint successors[STATES] = {
    [IOV_LEASE_FREE] = TO(RESERVED) | TO(QUARANTINED) | TO(FOREIGN),
    [IOV_LEASE_RESERVED] = TO(ATTACHING) | TO(ACTIVE) | TO(SCRUBBING) | TO(FREE) | TO(FOREIGN),
    [IOV_LEASE_ATTACHING] = TO(ACTIVE) | TO(DETACHING) | TO(SCRUBBING),
    [IOV_LEASE_ACTIVE] = TO(DETACHING) | TO(SCRUBBING),
    [IOV_LEASE_DETACHING] = TO(SCRUBBING) | TO(ACTIVE),
    [IOV_LEASE_SCRUBBING] = TO(FREE) | TO(QUARANTINED) | TO(FOREIGN),
    [IOV_LEASE_QUARANTINED] = TO(SCRUBBING) | TO(FOREIGN),
    [IOV_LEASE_FOREIGN] = TO(SCRUBBING) | TO(ACTIVE),
};

const char *
iov_lease_state_to_string(IovLeaseState state)
{
    return iov_words_get(state_names, G_N_ELEMENTS(state_names), state, "unknown");
}

gboolean
iov_lease_state_from_string(const char *text, IovLeaseState *state)
{
    guint value;

    if (!iov_words_find(state_names, G_N_ELEMENTS(state_names), text, &value))
        return FALSE;
    *state = (IovLeaseState)value;
    return TRUE;
}

const char *
iov_tier_to_string(IovTier tier)
{
    return iov_words_get(tier_names, G_N_ELEMENTS(tier_names), tier, "unknown");
}

gboolean
iov_tier_from_string(const char *text, IovTier *tier)
{
    guint value;

    if (!iov_words_find(tier_names, G_N_ELEMENTS(tier_names), text, &value))
        return FALSE;
    *tier = (IovTier)value;
    return TRUE;
}

gboolean
iov_lease_may_go(IovLeaseState from, IovLeaseState to)
{
    return (guint)from < STATES && (guint)to < STATES && (successors[from] & 1u << to) != 0;
}

gboolean
iov_lease_state_is_held(IovLeaseState state)
{
    return state >= IOV_LEASE_RESERVED && state <= IOV_LEASE_SCRUBBING;
}

G_DEFINE_BOXED_TYPE(IovLease, iov_lease, iov_lease_ref, iov_lease_unref)

IovLease *
iov_lease_new(void)
{
    IovLease *lease = g_new0(IovLease, 1);

    g_atomic_ref_count_init(&lease->references);
    lease->iommu_group = -1;
    return lease;
}

IovLease *
iov_lease_ref(IovLease *lease)
{
    g_atomic_ref_count_inc(&lease->references);
    return lease;
}

void
iov_lease_unref(IovLease *lease)
{
    if (!g_atomic_ref_count_dec(&lease->references))
        return;
    g_free(lease->function);
    g_free(lease->adapter);
    g_free(lease->pool);
    g_free(lease->domain_uuid);
    g_free(lease->domain_name);
    g_free(lease->request);
    g_free(lease->reason);
    g_free(lease->had_driver);
    g_free(lease->had_mac);
    g_free(lease->mac);
    g_free(lease);
}

const char *
iov_lease_get_function(const IovLease *lease)
{
    return lease->function;
}

const char *
iov_lease_get_adapter(const IovLease *lease)
{
    return lease->adapter;
}

guint
iov_lease_get_index(const IovLease *lease)
{
    return lease->index;
}

const char *
iov_lease_get_pool(const IovLease *lease)
{
    return lease->pool;
}

IovLeaseState
iov_lease_get_state(const IovLease *lease)
{
    return lease->state;
}

guint64
iov_lease_get_generation(const IovLease *lease)
{
    return lease->generation;
}

const char *
iov_lease_get_domain_uuid(const IovLease *lease)
{
    return lease->domain_uuid;
}

const char *
iov_lease_get_domain_name(const IovLease *lease)
{
    return lease->domain_name;
}

const char *
iov_lease_get_request(const IovLease *lease)
{
    return lease->request;
}

const char *
iov_lease_get_reason(const IovLease *lease)
{
    return lease->reason;
}

gint64
iov_lease_get_since(const IovLease *lease)
{
    return lease->since;
}

gint64
iov_lease_get_deadline(const IovLease *lease)
{
    return lease->deadline;
}
