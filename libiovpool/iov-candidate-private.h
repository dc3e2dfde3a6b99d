/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-candidate.h"
#include "iov-lease-private.h"
#include "iov-ledger.h"
#include "iov-pool-private.h"

#define IOV_VERDICTS (IOV_VERDICT_POLICY + 1)

struct _IovCandidate {
    gatomicrefcount references;
    IovLease *lease;
    IovStatus *holder; /* nullable */
    IovVerdict verdict;
    char *text;
};

/* Takes references of @lease and @holder (nullable), and @text itself. */
IovCandidate *iov_candidate_new(IovLease *lease, IovStatus *holder, IovVerdict verdict, char *text);

/* A device of a function's IOMMU group. */
typedef struct {
    char *address;
    char *driver;                    /* "": bound to none */
    char *domain_uuid, *domain_name; /* nullable: who has leased it */
} IovCandidateMember;

/* All that a verdict depends on. */
typedef struct {
    /* the request */
    const IovPool *pool;
    const IovStatus *request; /* whose it is, and its priority */
    const IovNetconf *wish;   /* what it sets itself */
    int numa_node;            /* the domain's; -1: it has none, or that is not known */
    /* the adapter */
    const IovLedgerAdapter *adapter;
    IovLink link; /* IOV_LINK_NONE: not known */
    guint speed;  /* Mbit/s; 0: not known */
    /* the function */
    const IovLease *function;
    const IovStatus *holder;  /* nullable: the request that has it */
    const GPtrArray *members; /* nullable; IovCandidateMember: its IOMMU group, itself included */
} IovCandidateFacts;

/* The one reason why the request was not given the function: a pure function. The order of the
 * reasons stands in a table in iov-candidate-judge.c. The IOMMU group has its say last, so that its
 * members are needed only where the verdict without them is IOV_VERDICT_FREE. @text: (transfer
 * full) */
IovVerdict iov_candidate_judge(const IovCandidateFacts *facts, char **text);
