/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-ledger.h"
#include "iov-pool-private.h"

/*
 * Which adapter serves the next request: a pure function of the adapters' counts. Its cost depends
 * on the number of adapters, never on that of functions.
 */

/* The adapter of @adapters (IovLedgerAdapter) to take a function from, or NULL where none may be
 * taken; then @reason tells why, in one clause ("all 14 functions of pool fast are leased").
 * spread: the adapter with the smallest held share; pack: the fullest that has one free; ties go to
 * the lower address. @numa_node: the domain's, -1 where it has none. @reason: (transfer full) */
const IovLedgerAdapter *iov_placement_choose(const IovPool *pool, GPtrArray *adapters,
                                             int numa_node, char **reason);
