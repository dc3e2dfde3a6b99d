/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-config.h"
#include "iov-domain-private.h"
#include "iov-host.h"
#include "iov-ledger.h"
#include "iov-manager.h"
#include "iov-pool-private.h"

struct _IovManager {
    gatomicrefcount references;
    char *root, *pool_dir, *run_dir;
    IovHost *host;     /* opened when first needed */
    IovLedger *ledger; /* likewise */
    gboolean ledger_is_writable;
};

/* A manager over a host of the caller's; takes ownership of @host. For tests. */
IovManager *iov_manager_new_with_host(const char *root, IovHost *host);

/* How long a reservation stands without its domain running, in microseconds: a start that takes
 * longer loses nothing but its place. */
#define IOV_RESERVATION_TIME (120 * G_USEC_PER_SEC)

/* (transfer none) */
IovHost *iov_manager_host(IovManager *manager, GError **error);
/* The ledger for changes; @create makes it where missing, else that is IOV_ERROR_NOT_FOUND.
 * (transfer none) */
IovLedger *iov_manager_ledger(IovManager *manager, gboolean create, GError **error);
/* The ledger for reading; NULL without @error where there is none. (transfer none) (nullable) */
IovLedger *iov_manager_ledger_to_read(IovManager *manager, GError **error);

/* The time now by the host's clock, in microseconds since the epoch. */
gboolean iov_manager_now(IovManager *manager, gint64 *now, GError **error);

/* Locks that file of the run directory. Returns a descriptor that is closed to unlock, or -1. */
int iov_manager_lock(IovManager *manager, const char *name, GError **error);

/* Pool-wide changes exclude each other: start, destroy, define, undefine. Returns a descriptor that
 * is closed to unlock, or -1. */
int iov_manager_lock_pools(IovManager *manager, GError **error);

/* The definition that a started pool works by; IOV_ERROR_NOT_FOUND where it is not started. */
IovPool *iov_manager_live_pool(IovLedger *ledger, const char *name, GError **error);

/* The adapters of the host that @pool selects, by address; an entry that selects none is an error.
 * (element-type IovAdapter) */
GPtrArray *iov_manager_select_adapters(IovManager *manager, const IovPool *pool, GError **error);

/* TRUE in @entered where the ledger knows @name; in @started where it has functions, not the
 * journal entry of a start that was cut off alone. */
gboolean iov_manager_look_up_pool(IovLedger *ledger, const char *name, gboolean *entered,
                                  gboolean *started, GError **error);
/* Takes back a start that was cut off, and its journal entry. */
gboolean iov_manager_finish_interrupted(IovManager *manager, IovLedger *ledger, const char *name,
                                        GError **error);
/* Takes a pool out of the ledger, and away its record. */
gboolean iov_manager_forget_pool(IovManager *manager, IovLedger *ledger, const char *name,
                                 GError **error);

/* ---- inside a ledger change ---- */

/* A fresh status for @request of @domain, on its floor. @pool is NULL where it is not started.
 * (transfer full) */
IovStatus *iov_manager_make_status(const IovDomain *domain, const IovRequest *request,
                                   const IovPool *pool, gint64 now);

/* A status for a hostdev of the domain's own that names @function. (transfer full) */
IovStatus *iov_manager_make_static_status(const IovDomain *domain, const IovLease *function,
                                          const char *name, gint64 now);

/* The next free function by the pool's policy; @numa_node: the domain's, -1 where it has none.
 * Functions that turn out to be gone or taken are marked and passed over. IOV_ERROR_EXHAUSTED with
 * the reason. @function: (transfer full) */
gboolean iov_manager_find_free(IovManager *manager, IovLedger *ledger, const IovPool *pool,
                               int numa_node, gint64 now, IovLease **function, GError **error);

/* Takes it for (uuid, request): reserved. */
gboolean iov_manager_take_function(IovManager *manager, IovLedger *ledger, const IovPool *pool,
                                   const IovStatus *status, gint64 now, GError **error);

/* "vm1 (net0), vm2 (net0) and 12 more": who holds the pool's functions. (transfer full) */
char *iov_manager_name_holders(IovLedger *ledger, const char *pool);

/* Ends all that @uuid has: reserved functions are free, others go to scrubbing. */
gboolean iov_manager_release_domain(IovLedger *ledger, const char *uuid, gint64 now,
                                    GError **error);

/* TRUE where @domain has to do with a pool at all. @dirty: it names a function that waits to be
 * cleaned. */
gboolean iov_manager_concerns(IovLedger *ledger, const IovDomain *domain, gboolean *dirty);

/* Ends what an earlier life of @domain left: its leases but the reservations that its requests may
 * keep, and all statuses. */
gboolean iov_manager_end_former(IovLedger *ledger, const IovDomain *domain, gint64 now,
                                GError **error);

/* ---- effects on one function ---- */

/* What a request's function is to be like before its guest has it, with no MAC yet. */
gboolean iov_manager_policy_for(const IovPool *pool, const IovRequest *request, IovNetconf *policy,
                                GError **error);
/* What the function shows; FALSE in @told where its adapter has no network port to tell it. */
gboolean iov_manager_read_policy(IovManager *manager, const IovLease *lease, IovNetconf *actual,
                                 gboolean *told, GError **error);
/* Sets the policy of a function that is leased to a request, and reads it back. */
gboolean iov_manager_apply_policy(IovManager *manager, const IovLease *lease,
                                  const IovNetconf *netconf, GError **error);
/* Waits until nobody cleans a function, and lets nobody begin. To be taken before a change of the
 * ledger, never within one. Returns a descriptor that is closed to unlock, or -1. */
int iov_manager_lock_scrubbing(IovManager *manager, GError **error);
/* Who uses the function outside the pool, a process that holds it included; NULL without @error:
 * nobody, or it vanished. (transfer full) (nullable) */
char *iov_manager_find_user(IovHost *host, const char *function, int iommu_group, GError **error);
/* A group is vfio's as a whole, or no domain can have a function of it: which other member a driver
 * of the host has; NULL without @error: none. (transfer full) (nullable) */
char *iov_manager_find_obstacle(IovHost *host, const char *function, int iommu_group,
                                GError **error);
/* What is known of a function from domains that cannot be read. */
typedef struct {
    const char *domain;   /* nullable: its XML names the function */
    gboolean is_possible; /* what another one has is not known, and QEMU may have yet to open it */
} IovClaim;

/* Takes a foreign function that nobody uses any more: bound to vfio-pci, to be scrubbed. Else notes
 * who uses it. */
gboolean iov_manager_take_foreign(IovManager *manager, const IovLease *function,
                                  const IovClaim *claim, gboolean *taken, GError **error);
/* Cleans one function in state scrubbing: FREE, or QUARANTINED with the reason, or left in
 * scrubbing while a process still holds it. */
gboolean iov_manager_scrub(IovManager *manager, const IovLease *lease, gboolean *freed,
                           GError **error);
