/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libvirt.h"

/*
 * What a request is in a domain's XML: its metadata, its floor and, in the persistent configuration
 * of a PCIe machine, a root port for its function. @affect is VIR_DOMAIN_AFFECT_LIVE or _CONFIG.
 */

/* --live, --config and --current, as virsh has them. */
typedef struct {
    gboolean live, config, current;
} RequestScope;

/* The VIR_DOMAIN_AFFECT_* bits, never 0; where no option is given: the current state. */
gboolean request_scope_resolve(const RequestScope *scope, virDomainPtr domain, guint *affect,
                               GError **error);

/* Holds off other processes that change requests: a domain's requests are one element, read and
 * written as a whole. Best effort: somebody without rights on @run_dir changes them unguarded. */
typedef struct _RequestLock RequestLock;
RequestLock *request_lock(const char *run_dir);
void request_unlock(RequestLock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RequestLock, request_unlock)

/* The index that a request's root port would get; 0: the machine has no PCIe, or takes no more. */
guint request_port_index(const IovDomain *record);

/* All or nothing: what was put in is taken out again where a later step fails. */
gboolean request_put_in(virDomainPtr domain, const IovPool *pool, IovRequest *request, guint affect,
                        GError **error);

/* Takes out exactly what request_put_in() put in. What is gone already is no failure, so that a run
 * that was interrupted can be repeated. The function itself must have left before. */
gboolean request_take_out(virDomainPtr domain, const char *request, guint affect, GError **error);
