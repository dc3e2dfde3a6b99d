/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-manager-private.h"

/* One reconcile on its way; within a change of the ledger, but for its begin and end. */
typedef struct {
    IovManager *manager;
    IovLedger *ledger;
    GHashTable *running; /* uuid to IovDomain */
    GStrvBuilder *changes;
    GPtrArray *found; /* nullable: records of a lost ledger's pools */
    gint64 now;
    gint64 listed_at; /* later entries are of domains that started, or were lifted, since then */
} IovReconciliation;

/* Adds a line to what was corrected. */
void iov_reconciliation_say(IovReconciliation *run, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Takes up the domain's requests and the functions that it holds. */
gboolean iov_reconciliation_know_domain(IovReconciliation *run, const IovDomain *domain,
                                        GError **error);
