/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-manager-private.h"

/*
 * A manager over the fake host (two igb adapters, enp1s0 and enp2s0, and an NVMe drive) and a root
 * of its own in a temporary directory.
 */
typedef struct {
    char *root;
    IovHost *host; /* the test's own handle; each manager has one too */
    IovManager *manager;
} World;

void world_set_up(World *world);
void world_tear_down(World *world);
/* The manager is forgotten and opened again, as another process would. */
void world_reopen(World *world);

/* Pool "fast" over enp1s0 and enp2s0 with @vfs each, created and started. */
void world_start_pool(World *world, const char *vfs);
/* A domain with one request net0 in pool fast; @attributes are more of the request's attributes;
 * @devices is device XML of its own. The UUID ends in the name's last character. (transfer full) */
IovDomain *world_domain(const char *name, const char *attributes, const char *devices);
/* The same, as text. (transfer full) */
char *world_domain_xml(const char *name, const char *attributes, const char *devices);
/* A <hostdev> of that function with that alias, for @devices. (transfer full) */
char *world_hostdev(const char *function, const char *alias);

/* "STATE DOMAIN REQUEST" of a function, or "STATE". (transfer full) */
char *world_function(World *world, const char *function);
/* "TIER|REASON" of request net0 of @domain; "unknown" where the ledger has none. (transfer full) */
char *world_status(World *world, const IovDomain *domain);
/* The address of the function that net0 of @domain holds. (transfer full) (nullable) */
char *world_held_by(World *world, const IovDomain *domain);
/* How many functions are in @state. */
guint world_count(World *world, IovLeaseState state);
/* prepare, started, lift up to active, with QEMU holding the device. */
void world_run_lifted(World *world, const IovDomain *domain);
