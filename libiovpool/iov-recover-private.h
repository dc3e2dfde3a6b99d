/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-manager-private.h"
#include "iov-record.h"

/* NULL where the pool does not look started. */
IovRecord *iov_recover_guess(IovManager *manager, const char *name);
