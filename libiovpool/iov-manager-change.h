/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-manager-private.h"

/* One ledger change on the lease and the status of one request: begin, calls, end. All but begin
 * and end stand between those two. */
typedef struct {
    IovManager *manager;
    IovLedger *ledger;
    gint64 now;
} IovChange;

gboolean iov_change_begin(IovChange *change, IovManager *manager, GError **error);
/* Commits where @good, else rolls back; TRUE where it was committed. */
gboolean iov_change_end(IovChange *change, gboolean good, GError **error);

/* How the request is served from now on, and why. A request that is not known is passed over. */
gboolean iov_change_set_tier(IovChange *change, const char *uuid, const char *request, IovTier tier,
                             IovReason code, const char *reason, GError **error);
/* The same, on the floor that it has. A NULL @reason: it was taken off, and the reason for that is
 * kept, if any. */
gboolean iov_change_set_floor(IovChange *change, const char *uuid, const char *request,
                              IovReason code, const char *reason, GError **error);
/* Notes a reason alone, and that the admin parked it. */
gboolean iov_change_note(IovChange *change, const char *uuid, const char *request, gboolean park,
                         IovReason code, const char *reason, GError **error);

/* The function's record, IOV_ERROR_STALE where @generation is over. (transfer full) */
IovLease *iov_change_get_lease(IovLedger *ledger, const char *function, guint64 generation,
                               GError **error);
/* The lease of a request, IOV_ERROR_NOT_FOUND where it has none. (transfer full) */
IovLease *iov_change_find_lease(IovLedger *ledger, const char *uuid, const char *request,
                                GError **error);
/* Moves a leased function to @to, and its request to passthrough or to its floor. */
gboolean iov_change_go(IovChange *change, const char *function, guint64 generation,
                       IovLeaseState to, IovReason code, const char *reason, GError **error);
