/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libvirt.h"

/*
 * A function that is passed through pins all memory of its guest: what was lazily allocated, shared
 * or swapped out until then is wanted from the host at once.
 */

/* NULL: the host can spare what a first function of the domain would pin, or nobody can tell. Else
 * why not, in one clause. (transfer full) (nullable) */
char *agent_pinning_find_fault(virDomainPtr domain, const IovDomain *record, IovManager *manager);

/* The same from the figures, all in KiB: the guest's memory, what of it is resident, and what the
 * host can spare. */
char *agent_pinning_judge(guint64 memory, guint64 resident, guint64 spare);
