/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-candidate-private.h"
#include "iov-manager-private.h"

/*
 * What ledger and host know of pools, gathered for questions about their requests: each thing once,
 * and what costs much only when it is asked for. It changes nothing.
 */

/* An adapter. */
typedef struct {
    const IovLedgerAdapter *row; /* the pool's */
    IovLink link;                /* IOV_LINK_NONE: not known */
    guint speed;
    gboolean speed_is_read;
} IovInquiryAdapter;

/* A pool. */
typedef struct {
    IovPool *pool;        /* nullable: it is not started */
    GPtrArray *rows;      /* IovLedgerAdapter, by address */
    GPtrArray *functions; /* IovLease, by address */
    GHashTable *adapters; /* address to IovInquiryAdapter */
    GHashTable *groups;   /* number of an IOMMU group to its members */
} IovInquiryPool;

typedef struct {
    IovLedger *ledger; /* nullable: no pool was started since the boot */
    IovHost *host;
    GPtrArray *statuses; /* IovStatus, of all domains */
    GHashTable *holders; /* a function's address to the IovStatus that has it */
    GHashTable *pools;   /* a pool's name to IovInquiryPool */
} IovInquiry;

gboolean iov_inquiry_open(IovInquiry *inquiry, IovManager *manager, GError **error);
void iov_inquiry_clear(IovInquiry *inquiry);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(IovInquiry, iov_inquiry_clear)

/* (transfer none) */
IovInquiryPool *iov_inquiry_get_pool(IovInquiry *inquiry, const char *name, GError **error);
/* In Mbit/s; 0 where the host does not say. */
guint iov_inquiry_get_speed(const IovInquiry *inquiry, IovInquiryAdapter *adapter);
/* The devices of a function's IOMMU group, itself included; none where it is alone in it, or the
 * host does not say. (transfer none) (element-type IovCandidateMember) */
const GPtrArray *iov_inquiry_get_members(const IovInquiry *inquiry, IovInquiryPool *pool,
                                         const IovLease *function);
