/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-ledger.h"
#include "iov-pool-private.h"

/*
 * Who gives its function to a request of higher priority: a pure function of the ledger's records.
 */

/* How long a function that was asked back counts as on its way, in microseconds; a guest that keeps
 * it longer does not hold up the claim on another's. */
#define IOV_RECLAIM_PATIENCE (20 * G_USEC_PER_SEC)

/* Of @holders (IovStatus with their leases) the one to give its function to @claimant, NULL where
 * none may be asked: lower priority, on its function now, with a floor to stand on, not required,
 * not the admin's own hostdev; on a usable adapter of @adapters (IovLedgerAdapter), of the
 * claimant's node where the pool requires that. Of several the lowest priority, then the last to be
 * lifted. */
const IovStatus *iov_reclaim_choose(const IovPool *pool, const IovStatus *claimant,
                                    GPtrArray *holders, GPtrArray *adapters);

/* How many of @functions (IovLease) are on their way back to @pool. */
guint iov_reclaim_count_coming(const IovPool *pool, GPtrArray *functions, gint64 now);
