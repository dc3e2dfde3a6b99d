/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-adapter.h"
#include "iov-candidate.h"
#include "iov-constraint.h"
#include "iov-domain.h"
#include "iov-error.h"
#include "iov-explanation.h"
#include "iov-lease.h"
#include "iov-reason.h"
#include "iov-manager.h"
#include "iov-pool.h"
#include "iov-request.h"
#include "iov-snippet.h"
