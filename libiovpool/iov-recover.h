/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-manager-private.h"

/* A ledger that is gone or unreadable is made anew: an unreadable one is put aside, and each
 * defined pool whose VFs stand on the host as its start leaves them is entered as started. What was
 * done is added to @changes, a line each. No-op where the ledger is sound. */
gboolean iov_recover_pools(IovManager *manager, GStrvBuilder *changes, GError **error);
