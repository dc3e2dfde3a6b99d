/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-macros.h"

G_BEGIN_DECLS

/**
 * IovReason:
 * @IOV_REASON_NONE: nothing to say: it is on its function
 * @IOV_REASON_ADAPTER_DOWN: its adapter has no link, or is gone; the function was taken back
 * @IOV_REASON_ATTACHING: the attach is under way
 * @IOV_REASON_BUSY: libvirt is at work on the domain
 * @IOV_REASON_EXHAUSTED: no function of the pool may be taken
 * @IOV_REASON_GUEST_KEEPS: the guest was asked for its function and has not given it back
 * @IOV_REASON_IN_TRANSIT: the domain migrates, is being saved or restored, starts or ends
 * @IOV_REASON_MEMORY: the host cannot spare the memory that the function would pin
 * @IOV_REASON_NEGOTIATION: the guest has not negotiated failover
 * @IOV_REASON_NO_PORT: the domain has no free pcie-root-port
 * @IOV_REASON_PARKED: taken off its function by the admin
 * @IOV_REASON_POOL_STOPPED: the pool is not started
 * @IOV_REASON_RECLAIMED: its function went to a request of higher priority
 * @IOV_REASON_REFUSED: libvirt, the adapter or the pool's limits refused the function
 * @IOV_REASON_STATIC: a hostdev that the admin wrote, not a request
 * @IOV_REASON_UNPLUG: the unplug was asked for
 *
 * Why a request is served as it is, for programs; the text beside it is for people. Words that were
 * given out stay.
 *
 * Since: 0.1
 */
typedef enum {
    IOV_REASON_NONE,
    IOV_REASON_ADAPTER_DOWN,
    IOV_REASON_ATTACHING,
    IOV_REASON_BUSY,
    IOV_REASON_EXHAUSTED,
    IOV_REASON_GUEST_KEEPS,
    IOV_REASON_IN_TRANSIT,
    IOV_REASON_MEMORY,
    IOV_REASON_NEGOTIATION,
    IOV_REASON_NO_PORT,
    IOV_REASON_PARKED,
    IOV_REASON_POOL_STOPPED,
    IOV_REASON_RECLAIMED,
    IOV_REASON_REFUSED,
    IOV_REASON_STATIC,
    IOV_REASON_UNPLUG,
} IovReason;

IOV_API const char *iov_reason_to_string(IovReason reason);
/**
 * iov_reason_from_string:
 * @reason: (out): what @text names
 *
 * Returns: %FALSE where @text is no reason's word
 * Since: 0.1
 */
IOV_API gboolean iov_reason_from_string(const char *text, IovReason *reason);
/**
 * iov_reason_takes_back:
 *
 * Such a reason tells of a function that is detaching that no admin asked for it
 * (iov_manager_take_back()), and is kept when the function is back.
 *
 * Returns: %TRUE for %IOV_REASON_ADAPTER_DOWN, %IOV_REASON_RECLAIMED and %IOV_REASON_REFUSED
 * Since: 0.1
 */
IOV_API gboolean iov_reason_takes_back(IovReason reason);

G_END_DECLS
