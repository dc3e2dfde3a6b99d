/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-domain-rewrite.h"
#include "iov-manager-private.h"

/* A domain that comes with its devices, on its way into the ledger: one change, in which each
 * device gets its function. */
typedef struct {
    IovManager *manager;
    IovLedger *ledger;
    IovIncoming kind;
    const char *host; /* what messages call this host */
    IovDomain *domain;
    gint64 now;
    gboolean nobody_cleans; /* the domain's own function may be had before it is cleaned */
    IovDomainRewrite *rewrite;
    GHashTable *used;  /* set of addresses: functions that its devices have by now */
    GPtrArray *leased; /* IovLease: what was not reserved before */
} IovArrival;

/* The request that @hostdev serves; NULL: the device is the domain's own. (nullable) (transfer
 * none) */
const IovRequest *iov_arrival_request_of(const IovArrival *arrival,
                                         const IovDomainHostdev *hostdev);

/* TRUE where @function is in @state and the domain's own. */
gboolean iov_arrival_is_own(const IovArrival *arrival, const IovLease *function,
                            IovLeaseState state);
/* @function stays reserved for another while. */
gboolean iov_arrival_keep(IovArrival *arrival, const IovLease *function, GError **error);
/* Reserves a free function for the device or request of that name. */
gboolean iov_arrival_lease(IovArrival *arrival, const char *function, const char *name,
                           GError **error);
/* @cause and who holds the pool's functions. (transfer full) */
char *iov_arrival_with_holders(const IovArrival *arrival, const char *pool, const char *cause);
void iov_arrival_repoint(IovArrival *arrival, const IovDomainHostdev *hostdev,
                         const char *function);

/* A function for each hostdev of the domain's own that names one of a started pool. */
gboolean iov_arrival_settle_own(IovArrival *arrival, GError **error);

gboolean iov_arrival_has_floors(const IovArrival *arrival);
/* Points direct floors to adapters of their pools, where they name none of these. */
gboolean iov_arrival_settle_floors(IovArrival *arrival, GError **error);
