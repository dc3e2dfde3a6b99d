/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-candidate.h"

G_BEGIN_DECLS

#define IOV_TYPE_EXPLANATION (iov_explanation_get_type())

/**
 * IovExplanation:
 *
 * Why one request is served as it is: its status, each function of its pool with the one reason why
 * it was not taken, and what would help. An immutable copy.
 *
 * Since: 0.1
 */
typedef struct _IovExplanation IovExplanation;

IOV_API GType iov_explanation_get_type(void);
IOV_API IovExplanation *iov_explanation_ref(IovExplanation *explanation);
IOV_API void iov_explanation_unref(IovExplanation *explanation);
/**
 * iov_explanation_get_status:
 *
 * Where the ledger gives no reason, the one that was found while explaining stands in it. Of a
 * request that is not known to the ledger it tells what a start would meet now: on no tier, since
 * never.
 *
 * Returns: (transfer none): how it is served
 * Since: 0.1
 */
IOV_API IovStatus *iov_explanation_get_status(const IovExplanation *explanation);
/* FALSE: the ledger does not know the request, for its domain does not run */
IOV_API gboolean iov_explanation_get_active(const IovExplanation *explanation);
/**
 * iov_explanation_get_help:
 *
 * Returns: (nullable): what would help, in one line, commands in backquotes
 * Since: 0.1
 */
IOV_API const char *iov_explanation_get_help(const IovExplanation *explanation);
/**
 * iov_explanation_get_candidates:
 *
 * Returns: (transfer none) (element-type IovCandidate): every function of its pool, by address;
 *   none where the pool is not started; for a hostdev that the admin wrote, its own alone
 * Since: 0.1
 */
IOV_API GPtrArray *iov_explanation_get_candidates(const IovExplanation *explanation);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovExplanation, iov_explanation_unref)

G_END_DECLS
