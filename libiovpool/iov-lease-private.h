/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-lease.h"
#include "iov-pool.h"
#include "iov-reason.h"

struct _IovLease {
    gatomicrefcount references;
    char *function, *adapter, *pool;
    guint index;
    int iommu_group;
    IovLeaseState state;
    guint64 generation;
    char *domain_uuid, *domain_name, *request, *reason; /* nullable */
    char *had_driver; /* nullable: the driver to give back when the pool is destroyed */
    char *had_mac;    /* nullable: the MAC that it showed when the pool started, "" where none */
    char *mac;        /* nullable: the MAC that its last owner's request set */
    gint64 since, deadline;
};

struct _IovStatus {
    gatomicrefcount references;
    char *domain_uuid, *domain_name, *request, *pool, *reason;
    IovReason code;    /* of the reason */
    char *request_xml; /* nullable: one <iov:requests> with this request alone */
    int priority;
    IovTier tier;
    IovTier floor_tier; /* what it falls back to */
    gboolean is_static, parked, started, required;
    gboolean lowered;       /* we took its floor's link away */
    IovMigration migration; /* resolved: never UNSET, FAILOVER only for a pair that can be made */
    int numa_node;          /* the domain's, -1 where it has none */
    gint64 since;
    IovLease *lease; /* nullable */
};

/* The reason of a foreign function that is no longer on the host. */
#define IOV_LEASE_VANISHED "it vanished from the host"

IovLease *iov_lease_new(void);
IovStatus *iov_status_new(void);
/* @reason is copied. */
void iov_status_set_reason(IovStatus *status, IovReason code, const char *reason);

/* The state table: TRUE where a function may go from @from to @to. */
gboolean iov_lease_may_go(IovLeaseState from, IovLeaseState to);
/* TRUE where the function belongs to a (domain, request): reserved to scrubbing. */
gboolean iov_lease_state_is_held(IovLeaseState state);
