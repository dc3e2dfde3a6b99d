/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-error-private.h"
#include "iov-lease-private.h"

/*
 * The boot-scoped SQLite database of started pools, their adapters and functions, and of the
 * requests of active domains. One row a function: its state and its lease are one record, so no
 * function can be leased twice. An outer flock(2) on ledger.lock makes writers queue fairly.
 *
 * Every change stands between begin and commit. Rows are returned as copies.
 */
typedef struct _IovLedger IovLedger;

typedef enum {
    IOV_LEDGER_READ,   /* a missing ledger is IOV_ERROR_NOT_FOUND */
    IOV_LEDGER_WRITE,  /* likewise, but for changes */
    IOV_LEDGER_CREATE, /* makes the directory (0700) and the database where missing */
} IovLedgerMode;

/* @run_dir is e.g. /run/iovpool. A ledger of another boot id is emptied (READ: reads as empty). A
 * corrupt or alien one is IOV_ERROR_CORRUPT naming `iovpool reconcile`; what may pass (no space, an
 * I/O error) is IOV_ERROR_LEDGER. */
IovLedger *iov_ledger_open(const char *run_dir, const char *boot_id, IovLedgerMode mode,
                           GError **error);
void iov_ledger_close(IovLedger *ledger);
/* Looks at all of an open ledger, where opening looks at its head: IOV_ERROR_CORRUPT where it is
 * not whole. */
gboolean iov_ledger_check(IovLedger *ledger, GError **error);
/* Renames a ledger that cannot be understood to ledger.db.unreadable, over the one before it; no
 * error where there is none. Open handles notice and connect to the next one; generations go on
 * from where they were. */
gboolean iov_ledger_put_aside(const char *run_dir, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovLedger, iov_ledger_close)

gboolean iov_ledger_begin(IovLedger *ledger, GError **error); /* flock, BEGIN IMMEDIATE */
gboolean iov_ledger_commit(IovLedger *ledger, GError **error);
void iov_ledger_rollback(IovLedger *ledger); /* no-op where no change is open */

/* Pools that are started. @definition is the canonical pool XML at start. */
gboolean iov_ledger_add_pool(IovLedger *ledger, const char *name, const char *definition,
                             gint64 now, GError **error);
/* With its adapters and functions; IOV_ERROR_BUSY, naming a holder, while one is leased. */
gboolean iov_ledger_remove_pool(IovLedger *ledger, const char *name, GError **error);
/* The definition, or NULL: without @error where the pool is not started. (transfer full) */
char *iov_ledger_get_pool(IovLedger *ledger, const char *name, GError **error);
GStrv iov_ledger_list_pools(IovLedger *ledger, GError **error);

/* One adapter of a started pool, and what to give back when the pool is destroyed. The counts are
 * kept by the ledger, not written by callers. */
typedef struct {
    char *address, *pool;
    char *netdev; /* nullable */
    int numa_node;
    gboolean usable;   /* FALSE: no new lease here (link down, vanished) */
    char *reason;      /* nullable: why it is not usable, e.g. "link down" */
    guint had_num_vfs; /* sriov_numvfs before */
    gboolean had_autoprobe, had_link_up;
    guint functions, free_functions, held_functions;
} IovLedgerAdapter;
void iov_ledger_adapter_free(IovLedgerAdapter *adapter);
/* The one at @address among @adapters (IovLedgerAdapter). (transfer none) (nullable) */
const IovLedgerAdapter *iov_ledger_adapter_find(GPtrArray *adapters, const char *address);
gboolean iov_ledger_add_adapter(IovLedger *ledger, const IovLedgerAdapter *adapter, GError **error);
gboolean iov_ledger_set_adapter_usable(IovLedger *ledger, const char *address, gboolean usable,
                                       GError **error);
/* Why the adapter is not usable; cleared when it is made usable again. */
gboolean iov_ledger_note_adapter(IovLedger *ledger, const char *address, const char *reason,
                                 GError **error);
/* Of one pool, or of all where @pool is NULL, by address. (element-type IovLedgerAdapter) */
GPtrArray *iov_ledger_list_adapters(IovLedger *ledger, const char *pool, GError **error);

/* Adds a function: state FREE, FOREIGN or QUARANTINED as @function says; its generation is new. */
gboolean iov_ledger_add_function(IovLedger *ledger, const IovLease *function, GError **error);
/* NULL without @error where the address is in no started pool. */
IovLease *iov_ledger_get_function(IovLedger *ledger, const char *address, GError **error);
/* The same, for callers to whom its absence is an error. */
IovLease *iov_ledger_require_function(IovLedger *ledger, const char *address, GError **error);
/* The same, for callers to whom its absence is an answer: FALSE only with @error; *function may be
 * NULL. */
gboolean iov_ledger_look_up_function(IovLedger *ledger, const char *address, IovLease **function,
                                     GError **error);
/* The first free function of @adapter by VF index; NULL without @error where none. Flat in the
 * number of functions. */
IovLease *iov_ledger_first_free(IovLedger *ledger, const char *adapter, GError **error);
/* By pool (NULL: all), and by address. (element-type IovLease) */
GPtrArray *iov_ledger_list_functions(IovLedger *ledger, const char *pool, GError **error);
/* Functions in one state, oldest first. */
GPtrArray *iov_ledger_list_functions_in_state(IovLedger *ledger, IovLeaseState state,
                                              GError **error);

/* The function was gone and is on the host again, in that IOMMU group. */
gboolean iov_ledger_set_group(IovLedger *ledger, const char *function, int group, GError **error);

/* Gives a FREE function to (uuid, request): state RESERVED, a new generation, which is returned in
 * @generation. IOV_ERROR_BUSY where it is not free or the request holds another; one that only
 * waits to be scrubbed loses its owner instead. */
gboolean iov_ledger_lease(IovLedger *ledger, const char *function, const char *uuid,
                          const char *domain_name, const char *request, gint64 now, gint64 deadline,
                          guint64 *generation, GError **error);
/* Gives a FREE or FOREIGN function that a domain is seen to hold to it: straight to a held @state
 * other than RESERVED, with a new generation. Errors as iov_ledger_lease(). */
gboolean iov_ledger_adopt(IovLedger *ledger, const char *function, const char *uuid,
                          const char *domain_name, const char *request, IovLeaseState state,
                          gint64 now, guint64 *generation, GError **error);
/* Moves a function along the state table. IOV_ERROR_STALE where @generation is over;
 * IOV_ERROR_INVALID where the table forbids it, or where the state needs an owner that the function
 * does not have. Going to FREE, QUARANTINED or FOREIGN ends the lease: the function gets a new
 * generation, so the old one is stale from then on. @reason may be NULL. The deadline is cleared
 * when it leaves RESERVED. */
gboolean iov_ledger_move(IovLedger *ledger, const char *function, guint64 generation,
                         IovLeaseState to, const char *reason, gint64 now, GError **error);
/* All leave the state as it is. The deadline is for RESERVED only. IOV_ERROR_STALE as above. */
gboolean iov_ledger_note_function(IovLedger *ledger, const char *function, guint64 generation,
                                  const char *reason, GError **error);
/* The MAC that its owner's request sets on it; it stays known until the next lease. */
gboolean iov_ledger_set_mac(IovLedger *ledger, const char *function, guint64 generation,
                            const char *mac, GError **error);
/* Who uses a FOREIGN function, seen at @now. */
gboolean iov_ledger_note_foreign(IovLedger *ledger, const char *function, guint64 generation,
                                 const char *reason, gint64 now, GError **error);
gboolean iov_ledger_set_deadline(IovLedger *ledger, const char *function, guint64 generation,
                                 gint64 deadline, GError **error);
/* The lease of (uuid, request), or NULL without @error. */
IovLease *iov_ledger_find_lease(IovLedger *ledger, const char *uuid, const char *request,
                                GError **error);
/* The same, for callers to whom its absence is an answer: FALSE only with @error; *lease may be
 * NULL. */
gboolean iov_ledger_look_up_lease(IovLedger *ledger, const char *uuid, const char *request,
                                  IovLease **lease, GError **error);
/* All leases of one domain, those without a status too; by request. (element-type IovLease) */
GPtrArray *iov_ledger_list_leases(IovLedger *ledger, const char *uuid, GError **error);

/* The requests of active domains: who wants what, and how it is served. Writes all fields of
 * @status but its lease. */
gboolean iov_ledger_put_status(IovLedger *ledger, const IovStatus *status, GError **error);
IovStatus *iov_ledger_get_status(IovLedger *ledger, const char *uuid, const char *request,
                                 GError **error);
/* The same, for callers to whom its absence is an answer: FALSE only with @error; *status may be
 * NULL. */
gboolean iov_ledger_look_up_status(IovLedger *ledger, const char *uuid, const char *request,
                                   IovStatus **status, GError **error);
/* Of one domain, or of all where @uuid is NULL; by domain name and request. Leases are joined in.
 * (element-type IovStatus) */
GPtrArray *iov_ledger_list_status(IovLedger *ledger, const char *uuid, GError **error);
/* Requests of @pool (NULL: of all) that are started, not parked, not static and without a lease:
 * higher priority first, then the longer wait. */
GPtrArray *iov_ledger_list_waiting(IovLedger *ledger, const char *pool, GError **error);
gboolean iov_ledger_remove_status(IovLedger *ledger, const char *uuid, const char *request,
                                  GError **error);

/* MACs that an adapter's filter holds for a request (iov_host_set_filter()): written down before
 * the filter is changed, and until it is changed back. */
typedef struct {
    char *netdev, *mac, *uuid, *request;
} IovLedgerFilter;
IovLedgerFilter *iov_ledger_filter_new(const char *netdev, const char *mac, const char *uuid,
                                       const char *request);
void iov_ledger_filter_free(IovLedgerFilter *filter);
/* By request and netdev. No-op where it stands there. */
gboolean iov_ledger_add_filter(IovLedger *ledger, const IovLedgerFilter *filter, GError **error);
gboolean iov_ledger_remove_filter(IovLedger *ledger, const IovLedgerFilter *filter, GError **error);
/* Of one domain, or of all where @uuid is NULL. (element-type IovLedgerFilter) */
GPtrArray *iov_ledger_list_filters(IovLedger *ledger, const char *uuid, GError **error);
/* How many requests have that MAC in that filter. */
gboolean iov_ledger_count_filters(IovLedger *ledger, const char *netdev, const char *mac,
                                  guint *count, GError **error);
