/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libvirt.h"

/* What libvirt is about with a running domain, as far as it matters for its functions. */
typedef enum {
    DOMAIN_JOB_NONE,
    DOMAIN_JOB_OTHER, /* a backup, a revert: QEMU takes no function away for it */
    DOMAIN_JOB_MIGRATION,
    DOMAIN_JOB_SAVE,
    DOMAIN_JOB_SNAPSHOT,
    DOMAIN_JOB_DUMP,
} DomainJobKind;

typedef struct {
    DomainJobKind kind;
    /* QEMU sends the guest's memory: each failover pair's function is unplugged by now */
    gboolean copying;
    /* it sends nothing yet: it sets up, or waits for the guest to give its functions back */
    gboolean waiting;
} DomainJob;

typedef struct {
    gboolean in_transit; /* arriving, leaving, ending: not to be touched */
    gboolean paused;     /* its guest runs no code */
    gboolean stopped;    /* paused by a job of libvirt: it ran before */
    gboolean came;       /* at rest, and from another host, or that cannot be told */
    DomainJob job;
} DomainState;

/* FALSE with @error where libvirt does not say. */
gboolean domain_state_read(DomainState *state, virDomainPtr domain, GError **error);

/* TRUE where QEMU copies the domain, or is about to, to another host or into a file. */
gboolean domain_job_is_copy(const DomainJob *job);

/* TRUE: the last job that succeeded was a copy, and the domain goes on here all the same. */
gboolean domain_state_was_copied(virDomainPtr domain);

/* IOV_ERROR_BUSY with one clear line where devices of @domain are not to be touched now. */
gboolean domain_state_check_rest(virDomainPtr domain, GError **error);

/* ---- pure ---- */

/* What libvirt's state and its reason mean; the job is left alone. */
void domain_state_judge(DomainState *state, int number, int reason);
/* What the statistics of a job mean. */
DomainJob domain_job_judge(virTypedParameterPtr parameters, int count);
