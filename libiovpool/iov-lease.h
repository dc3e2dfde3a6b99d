/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-adapter.h"
#include "iov-pool.h"
#include "iov-reason.h"

G_BEGIN_DECLS

/**
 * IovLeaseState:
 * @IOV_LEASE_FREE: nobody's
 * @IOV_LEASE_RESERVED: promised to a request, with a deadline; nothing was done to the function yet
 * @IOV_LEASE_ATTACHING: handed to libvirt; QEMU does not hold it yet
 * @IOV_LEASE_ACTIVE: QEMU holds the device (its /dev/vfio descriptor is open)
 * @IOV_LEASE_DETACHING: the unplug was asked for; never free before QEMU let go
 * @IOV_LEASE_SCRUBBING: back from a domain, not clean yet
 * @IOV_LEASE_QUARANTINED: reset or scrub failed, or a read-back mismatched
 * @IOV_LEASE_FOREIGN: in use by someone outside the pool, or gone from the host
 *
 * The state of one function. A function has at most one lease, and each lease a generation of its
 * own: an effect for an older generation is refused with %IOV_ERROR_STALE.
 *
 * Since: 0.1
 */
typedef enum {
    IOV_LEASE_FREE,
    IOV_LEASE_RESERVED,
    IOV_LEASE_ATTACHING,
    IOV_LEASE_ACTIVE,
    IOV_LEASE_DETACHING,
    IOV_LEASE_SCRUBBING,
    IOV_LEASE_QUARANTINED,
    IOV_LEASE_FOREIGN,
} IovLeaseState;

/**
 * IovTier:
 *
 * How a request is served at the moment.
 *
 * Since: 0.1
 */
typedef enum {
    IOV_TIER_NONE, /* no device at all */
    IOV_TIER_EMULATED,
    IOV_TIER_BRIDGE,
    IOV_TIER_NETWORK,
    IOV_TIER_DIRECT,
    IOV_TIER_PASSTHROUGH,
} IovTier;

IOV_API const char *iov_lease_state_to_string(IovLeaseState state);
/**
 * iov_lease_state_from_string:
 * @state: (out): the state
 *
 * Returns: %FALSE where @text is no state's word
 * Since: 0.1
 */
IOV_API gboolean iov_lease_state_from_string(const char *text, IovLeaseState *state);
IOV_API const char *iov_tier_to_string(IovTier tier);
/**
 * iov_tier_from_string:
 * @tier: (out): the tier
 *
 * Returns: %FALSE where @text is no tier's word
 * Since: 0.1
 */
IOV_API gboolean iov_tier_from_string(const char *text, IovTier *tier);

#define IOV_TYPE_LEASE (iov_lease_get_type())
#define IOV_TYPE_STATUS (iov_status_get_type())

/**
 * IovLease:
 *
 * The ledger's record of one function of a started pool, free ones included: an immutable copy.
 *
 * Since: 0.1
 */
typedef struct _IovLease IovLease;

/**
 * IovStatus:
 *
 * How one request of an active domain is served, and why: an immutable copy.
 *
 * Since: 0.1
 */
typedef struct _IovStatus IovStatus;

IOV_API GType iov_lease_get_type(void);
IOV_API IovLease *iov_lease_ref(IovLease *lease);
IOV_API void iov_lease_unref(IovLease *lease);
IOV_API const char *iov_lease_get_function(const IovLease *lease); /* its PCI address */
IOV_API const char *iov_lease_get_adapter(const IovLease *lease);  /* the PF's PCI address */
IOV_API guint iov_lease_get_index(const IovLease *lease);          /* VF index, from 0 */
IOV_API const char *iov_lease_get_pool(const IovLease *lease);
IOV_API IovLeaseState iov_lease_get_state(const IovLease *lease);
IOV_API guint64 iov_lease_get_generation(const IovLease *lease);
/**
 * iov_lease_get_domain_uuid:
 *
 * Returns: (nullable): %NULL where nobody's
 * Since: 0.1
 */
IOV_API const char *iov_lease_get_domain_uuid(const IovLease *lease);
/**
 * iov_lease_get_domain_name:
 *
 * Returns: (nullable): %NULL where nobody's
 * Since: 0.1
 */
IOV_API const char *iov_lease_get_domain_name(const IovLease *lease);
/**
 * iov_lease_get_request:
 *
 * Returns: (nullable): %NULL where nobody's
 * Since: 0.1
 */
IOV_API const char *iov_lease_get_request(const IovLease *lease);
/**
 * iov_lease_get_reason:
 *
 * Returns: (nullable): why it is quarantined, foreign, or stays in its state
 * Since: 0.1
 */
IOV_API const char *iov_lease_get_reason(const IovLease *lease);
/* microseconds since the epoch; the deadline is 0 where there is none */
IOV_API gint64 iov_lease_get_since(const IovLease *lease);
IOV_API gint64 iov_lease_get_deadline(const IovLease *lease);

IOV_API GType iov_status_get_type(void);
IOV_API IovStatus *iov_status_ref(IovStatus *status);
IOV_API void iov_status_unref(IovStatus *status);
IOV_API const char *iov_status_get_domain_uuid(const IovStatus *status);
IOV_API const char *iov_status_get_domain_name(const IovStatus *status);
/* the request's name; for a static hostdev its alias, or its guest-visible source address */
IOV_API const char *iov_status_get_request(const IovStatus *status);
IOV_API const char *iov_status_get_pool(const IovStatus *status);
IOV_API IovTier iov_status_get_tier(const IovStatus *status);
/* the mode that is in force: never %IOV_MIGRATION_UNSET, and %IOV_MIGRATION_FAILOVER only where
 * floor and function can be a pair */
IOV_API IovMigration iov_status_get_migration(const IovStatus *status);
IOV_API int iov_status_get_priority(const IovStatus *status);
/* TRUE: a <hostdev> that the admin wrote, not a request */
IOV_API gboolean iov_status_get_is_static(const IovStatus *status);
/* TRUE: taken off its function by the admin; not lifted until asked or restarted */
IOV_API gboolean iov_status_get_parked(const IovStatus *status);
/* TRUE: the domain runs (the hook saw `started`, or reconcile found it) */
IOV_API gboolean iov_status_get_started(const IovStatus *status);
/* TRUE: its floor has no link while the function serves it (replug) */
IOV_API gboolean iov_status_get_lowered(const IovStatus *status);
/* why it is on this tier, for programs and for people; "" where there is nothing to say */
IOV_API IovReason iov_status_get_reason_code(const IovStatus *status);
IOV_API const char *iov_status_get_reason(const IovStatus *status);
/* microseconds since the epoch: on this tier since */
IOV_API gint64 iov_status_get_since(const IovStatus *status);
/**
 * iov_status_get_lease:
 *
 * Returns: (nullable) (transfer none): the lease that it holds
 * Since: 0.1
 */
IOV_API IovLease *iov_status_get_lease(const IovStatus *status);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovLease, iov_lease_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovStatus, iov_status_unref)

G_END_DECLS
