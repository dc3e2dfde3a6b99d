/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libvirt.h"

/*
 * A running domain brought down to its floors, for what no passed-through function survives: a
 * save, a migration, the end of the host. Every request is parked meanwhile, so that nobody lifts
 * it; those that an admin parked before are left alone.
 */

/* What was done, to be taken back. */
typedef struct {
    GPtrArray *parked;  /* names of the requests that wait for ground_lift_again() */
    GPtrArray *dropped; /* those of them that had a function */
} Ground;

/**
 * ground_domain:
 *
 * Parks the domain's requests and waits until its guest has given back what it had, as
 * drop_request() does. On failure what was done is taken back. A paused guest cannot give back
 * anything: IOV_ERROR_INVALID, where it has a function.
 */
gboolean ground_domain(virDomainPtr domain, IovManager *manager, Ground *ground, GError **error);

/* The requests are no longer parked, and those that had a function are lifted: by this call where
 * it can, else by the agent. Clears @ground. */
void ground_lift_again(virDomainPtr domain, IovManager *manager, Ground *ground);

void ground_clear(Ground *ground);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ground, ground_clear)
