/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-manager-private.h"

/*
 * Pools of a lost ledger, and the records that they are rebuilt from. What they were is found
 * first, without a ledger: from the record that each start leaves, else, where there is none, from
 * definitions whose VFs stand on the host as a start leaves them. Then it is entered, in the change
 * that takes up what domains hold. All under iov_manager_lock_pools().
 */

/* @found: (out) (transfer full) (nullable) (element-type IovRecord): NULL where the ledger is
 * sound; one that cannot be understood is put aside. What was done and found is added to @changes,
 * a line each. */
gboolean iov_recover_find(IovManager *manager, GPtrArray **found, GStrvBuilder *changes,
                          GError **error);
/* Within a change. The functions are foreign, until a domain is seen to have them or they are
 * looked at; @since is their time. */
gboolean iov_recover_enter(IovLedger *ledger, GPtrArray *found, gint64 since, GError **error);

/* Each pool of a sound ledger has a record, and no other pool. What cannot be done is added to
 * @changes. */
void iov_recover_keep_records(IovManager *manager, IovLedger *ledger, GStrvBuilder *changes);

/* Refuses where the ledger is gone and the records of its pools are not: one that is made anew
 * would pass for the truth about pools that it does not know. */
gboolean iov_recover_check(IovManager *manager, GError **error);
