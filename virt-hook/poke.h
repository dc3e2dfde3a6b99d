/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "paths.h"

/* Tells the agent that the ledger holds work. Never fails: the poke is a hint, the ledger is what
 * counts. Where no agent listens and systemd does not run, the agent is started, detached. */
void iov_hook_poke(const IovHookPaths *paths);
