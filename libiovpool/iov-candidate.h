/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-lease.h"

G_BEGIN_DECLS

/**
 * IovVerdict:
 * @IOV_VERDICT_FREE: it may be taken now
 * @IOV_VERDICT_OWN: the request has it
 * @IOV_VERDICT_LEASED: another request has it
 * @IOV_VERDICT_RECLAIMABLE: a request of lower priority has it, and the pool takes it back
 * @IOV_VERDICT_SCRUBBING: it came back from a guest and is being cleaned
 * @IOV_VERDICT_FOREIGN: it is in use outside the pool
 * @IOV_VERDICT_QUARANTINED: it did not come clean, or is gone
 * @IOV_VERDICT_ADAPTER_DOWN: its adapter has no link, or is gone
 * @IOV_VERDICT_WRONG_NODE: its adapter is not on the domain's NUMA node, which the pool requires
 * @IOV_VERDICT_GROUP_SHARED: a device of its IOMMU group is in other hands
 * @IOV_VERDICT_RATE: the request's rate is above what the pool allows, or the adapter has
 * @IOV_VERDICT_POLICY: the request asks for a VLAN, trust or no spoof check that the pool refuses
 *
 * The one reason why a request was not given a function. Words that were given out stay.
 *
 * Since: 0.1
 */
typedef enum {
    IOV_VERDICT_FREE,
    IOV_VERDICT_OWN,
    IOV_VERDICT_LEASED,
    IOV_VERDICT_RECLAIMABLE,
    IOV_VERDICT_SCRUBBING,
    IOV_VERDICT_FOREIGN,
    IOV_VERDICT_QUARANTINED,
    IOV_VERDICT_ADAPTER_DOWN,
    IOV_VERDICT_WRONG_NODE,
    IOV_VERDICT_GROUP_SHARED,
    IOV_VERDICT_RATE,
    IOV_VERDICT_POLICY,
} IovVerdict;

IOV_API const char *iov_verdict_to_string(IovVerdict verdict);
/**
 * iov_verdict_from_string:
 * @verdict: (out): what @text names
 *
 * Returns: %FALSE where @text is no verdict's word
 * Since: 0.1
 */
IOV_API gboolean iov_verdict_from_string(const char *text, IovVerdict *verdict);

#define IOV_TYPE_CANDIDATE (iov_candidate_get_type())

/**
 * IovCandidate:
 *
 * One function of a request's pool, and why the request was not given it: an immutable copy.
 *
 * Since: 0.1
 */
typedef struct _IovCandidate IovCandidate;

IOV_API GType iov_candidate_get_type(void);
IOV_API IovCandidate *iov_candidate_ref(IovCandidate *candidate);
IOV_API void iov_candidate_unref(IovCandidate *candidate);
/**
 * iov_candidate_get_lease:
 *
 * Returns: (transfer none): the function, its state, and who has it
 * Since: 0.1
 */
IOV_API IovLease *iov_candidate_get_lease(const IovCandidate *candidate);
/**
 * iov_candidate_get_holder:
 *
 * Returns: (nullable) (transfer none): how the request that has it is served
 * Since: 0.1
 */
IOV_API IovStatus *iov_candidate_get_holder(const IovCandidate *candidate);
IOV_API IovVerdict iov_candidate_get_verdict(const IovCandidate *candidate);
/* the verdict in one clause, for people: "vm2 (net0), priority 0" */
IOV_API const char *iov_candidate_get_text(const IovCandidate *candidate);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovCandidate, iov_candidate_unref)

G_END_DECLS
