/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-macros.h"

G_BEGIN_DECLS

#define IOV_ERROR (iov_error_quark())

/**
 * IovError:
 * @IOV_ERROR_INVALID: the input is malformed or outside its schema; correct it
 * @IOV_ERROR_NOT_FOUND: no adapter, function, pool, request or domain of that name
 * @IOV_ERROR_EXISTS: the name or the adapter is taken already
 * @IOV_ERROR_BUSY: leased, running or held by someone; the message names the holders
 * @IOV_ERROR_EXHAUSTED: no function of the pool is free
 * @IOV_ERROR_PERMISSION: the caller lacks the rights
 * @IOV_ERROR_UNSUPPORTED: the hardware, driver or kernel cannot do it
 * @IOV_ERROR_STALE: the lease generation that the caller acts for is over
 * @IOV_ERROR_TIMEOUT: the kernel or a lock did not answer in time
 * @IOV_ERROR_HOST: the kernel refused an access; the message carries its reason
 * @IOV_ERROR_LEDGER: the ledger cannot be read or written for now: no space, an I/O error
 * @IOV_ERROR_CORRUPT: the ledger cannot be understood: damaged, no database, of another program or
 *   version; iov_manager_reconcile() puts it aside and makes a new one
 *
 * One code for each thing that a caller would do differently.
 *
 * Since: 0.1
 */
typedef enum {
    IOV_ERROR_INVALID,
    IOV_ERROR_NOT_FOUND,
    IOV_ERROR_EXISTS,
    IOV_ERROR_BUSY,
    IOV_ERROR_EXHAUSTED,
    IOV_ERROR_PERMISSION,
    IOV_ERROR_UNSUPPORTED,
    IOV_ERROR_STALE,
    IOV_ERROR_TIMEOUT,
    IOV_ERROR_HOST,
    IOV_ERROR_LEDGER,
    IOV_ERROR_CORRUPT,
} IovError;

/**
 * iov_error_quark:
 *
 * Returns: the domain of every #GError that this library sets
 * Since: 0.1
 */
IOV_API GQuark iov_error_quark(void);

G_END_DECLS
