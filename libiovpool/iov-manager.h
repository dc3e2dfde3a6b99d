/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-constraint.h"
#include "iov-domain.h"
#include "iov-error.h"
#include "iov-explanation.h"
#include "iov-lease.h"
#include "iov-snippet.h"

G_BEGIN_DECLS

#define IOV_TYPE_MANAGER (iov_manager_get_type())

/**
 * IovManager:
 *
 * The façade that hook, CLI and agent share: pool definitions, the host, and the ledger. Not
 * thread-safe: one manager a thread; several processes and threads may work at the same time, the
 * ledger keeps them apart.
 *
 * Since: 0.1
 */
typedef struct _IovManager IovManager;

IOV_API GType iov_manager_get_type(void);

/**
 * iov_manager_open:
 * @root: "/", or a directory that stands for it: sys/, etc/iovpool/, run/iovpool/ are below it
 *
 * Opens nothing yet but @root: each part is opened when it is first needed.
 *
 * Returns: (transfer full): the manager, or %NULL with @error
 * Since: 0.1
 */
IOV_API IovManager *iov_manager_open(const char *root, GError **error);
IOV_API IovManager *iov_manager_ref(IovManager *manager);
IOV_API void iov_manager_unref(IovManager *manager);
/* where programs of the host meet: ROOT/run/iovpool */
IOV_API const char *iov_manager_get_run_dir(const IovManager *manager);

/* ---- the host ---- */

/**
 * iov_manager_list_adapters:
 *
 * Returns: (transfer container) (element-type IovAdapter): every SR-IOV capable device, by address
 * Since: 0.1
 */
IOV_API GPtrArray *iov_manager_list_adapters(IovManager *manager, GError **error);

/**
 * iov_manager_get_spare_memory:
 * @kib: (out): KiB that guests may pin without the host running short
 *
 * What the kernel calls available, less a reserve for the host itself (a thirty-second of its
 * memory, at least 64 MiB).
 *
 * Returns: %FALSE with @error where the host does not tell
 * Since: 0.1
 */
IOV_API gboolean iov_manager_get_spare_memory(IovManager *manager, guint64 *kib, GError **error);

/* ---- pools ---- */

/**
 * iov_manager_create_pool:
 * @name: the new pool's name
 * @adapters: (array zero-terminated=1): netdev names or PCI addresses
 * @vfs: VFs of each adapter, or "max"
 *
 * Checks each adapter against the host (it exists, has SR-IOV and enough VFs, is in no other pool)
 * and saves the definition. Every later definition goes through iov_manager_define_pool().
 *
 * Returns: (transfer full): the pool
 * Since: 0.1
 */
IOV_API IovPool *iov_manager_create_pool(IovManager *manager, const char *name,
                                         const char *const *adapters, const char *vfs,
                                         GError **error);

/**
 * iov_manager_define_pool:
 * @xml: (array length=length) (element-type guint8): a pool definition, hostile
 *
 * Checks a definition and saves it. A definition of that name is replaced if its UUID is the same
 * or missing, as libvirt does; a started pool keeps working by its old one until it is restarted.
 *
 * Returns: (transfer full): the pool as it was saved
 * Since: 0.1
 */
IOV_API IovPool *iov_manager_define_pool(IovManager *manager, const char *xml, gsize length,
                                         const char *origin, GError **error);
/* IOV_ERROR_BUSY where it is started */
IOV_API gboolean iov_manager_undefine_pool(IovManager *manager, const char *name, GError **error);
/**
 * iov_manager_list_pools:
 *
 * Returns: (transfer full) (array zero-terminated=1): the names of all defined pools, sorted
 * Since: 0.1
 */
IOV_API GStrv iov_manager_list_pools(IovManager *manager, GError **error);
/**
 * iov_manager_get_pool:
 * @live: that of the started pool, %IOV_ERROR_NOT_FOUND where it is not started
 *
 * Returns: (transfer full): the definition: what was saved, or where @live what is in force
 * Since: 0.1
 */
IOV_API IovPool *iov_manager_get_pool(IovManager *manager, const char *name, gboolean live,
                                      GError **error);
/**
 * iov_manager_pool_is_active:
 * @active: (out): %TRUE where the pool is started
 *
 * Returns: %FALSE with @error where that cannot be told
 * Since: 0.1
 */
IOV_API gboolean iov_manager_pool_is_active(IovManager *manager, const char *name, gboolean *active,
                                            GError **error);
IOV_API gboolean iov_manager_set_autostart(IovManager *manager, const char *name,
                                           gboolean autostart, GError **error);
IOV_API gboolean iov_manager_get_autostart(IovManager *manager, const char *name);
/**
 * iov_manager_start_pool:
 * @notes: (out) (transfer full) (array zero-terminated=1) (optional): what was done beside the
 *   obvious, a line each ("enp1s0: brought up, its VFs need it")
 *
 * Creates the VFs, binds them to vfio-pci and enters them in the ledger. All or nothing.
 *
 * Since: 0.1
 */
IOV_API gboolean iov_manager_start_pool(IovManager *manager, const char *name, GStrv *notes,
                                        GError **error);
/* Gives back what was there before; IOV_ERROR_BUSY, naming the holders, while any is leased. */
IOV_API gboolean iov_manager_destroy_pool(IovManager *manager, const char *name, GError **error);
/**
 * iov_manager_list_netdevs:
 *
 * Returns: (transfer full) (array zero-terminated=1): the netdevs of a started pool's PFs, for its
 *   floor network
 * Since: 0.1
 */
IOV_API GStrv iov_manager_list_netdevs(IovManager *manager, const char *pool, GError **error);

/* ---- the ledger, read ---- */

/**
 * iov_manager_list_functions:
 * @pool: (nullable): one started pool, or all
 *
 * Returns: (transfer container) (element-type IovLease): empty where nothing is started
 * Since: 0.1
 */
IOV_API GPtrArray *iov_manager_list_functions(IovManager *manager, const char *pool,
                                              GError **error);
/**
 * iov_manager_list_status:
 * @uuid: (nullable): one domain, or all
 *
 * Returns: (transfer container) (element-type IovStatus): empty where there is no ledger
 * Since: 0.1
 */
IOV_API GPtrArray *iov_manager_list_status(IovManager *manager, const char *uuid, GError **error);

/**
 * iov_manager_list_constraints:
 * @xml: (array length=length) (element-type guint8): a domain's XML as libvirt prints it, hostile
 * @active: it is that of the running domain; else its requests are taken to be served, as they
 *   would be at best if it started now
 * @paused: the running domain is paused
 *
 * Tells which operations the domain's devices are in the way of, ours or not, why, and what would
 * lift it. It changes nothing.
 *
 * Returns: (transfer container) (element-type IovConstraint): by device; empty where nothing is in
 *   the way of anything
 * Since: 0.1
 */
IOV_API GPtrArray *iov_manager_list_constraints(IovManager *manager, const char *xml, gsize length,
                                                gboolean active, gboolean paused, GError **error);

/**
 * iov_manager_explain:
 * @uuid: the domain's
 * @request: (nullable): one request of it, or all
 * @domain: (nullable): the domain's XML: where the ledger knows none of its requests, these are
 *   explained as if it started now
 *
 * Tells of each request why it is served as it is, of each function of its pool the one reason why
 * it was not taken, and what would help. Where the host does not answer, the ledger alone has its
 * say. It changes nothing.
 *
 * Returns: (transfer container) (element-type IovExplanation): at least one, or %NULL with
 *   %IOV_ERROR_NOT_FOUND where there is no such request
 * Since: 0.1
 */
IOV_API GPtrArray *iov_manager_explain(IovManager *manager, const char *uuid, const char *request,
                                       const IovDomain *domain, GError **error);

/* ---- the hook ---- */

/**
 * iov_manager_prepare:
 *
 * Admission of a domain that is about to start: reserves a function for each request, keeping those
 * that it has, and leases its static hostdevs. Fails only where a required request has no function
 * (%IOV_ERROR_EXHAUSTED, with pool, domain and holders), or a static hostdev is leased by another
 * domain (%IOV_ERROR_BUSY, with both names); then nothing is changed. A domain without requests and
 * without a pooled hostdev touches nothing.
 *
 * Since: 0.1
 */
IOV_API gboolean iov_manager_prepare(IovManager *manager, const IovDomain *domain, GError **error);
/* The domain runs: its requests may be lifted from now on; static hostdevs become active. */
IOV_API gboolean iov_manager_started(IovManager *manager, const IovDomain *domain, GError **error);
/* The domain is gone and libvirt has its devices back. Idempotent. */
IOV_API gboolean iov_manager_release(IovManager *manager, const char *uuid, GError **error);
/* libvirtd came back to a running domain: its leases are taken up again. */
IOV_API gboolean iov_manager_reconnect(IovManager *manager, const IovDomain *domain,
                                       GError **error);

/**
 * IovIncoming:
 * @IOV_INCOMING_MIGRATION: from another host
 * @IOV_INCOMING_RESTORE: from a saved image
 *
 * How a domain comes that brings its devices along.
 *
 * Since: 0.1
 */
typedef enum {
    IOV_INCOMING_MIGRATION,
    IOV_INCOMING_RESTORE,
} IovIncoming;

/**
 * iov_manager_incoming:
 * @host: what messages call this host: its name
 * @xml: (array length=length) (element-type guint8): the domain's XML as libvirt hands it to its
 *   hook, hostile
 * @changed: (out) (transfer full) (nullable): @xml with its devices pointed to functions of this
 *   host; %NULL where it may stay as it is
 * @leased: (out) (transfer container) (element-type IovLease): the leases that were made for it,
 * for iov_manager_give_back(); those that were there before are kept, and are not among them
 *
 * Reserves a function of this host for each request whose function stands in the XML, and for each
 * other hostdev that names a function of a started pool, unless that is free. The reservations have
 * a deadline, and iov_manager_prepare() keeps them. In a migration, floors of type direct that name
 * a netdev of no adapter of their pool are pointed to one, to that of the request's function first.
 * A request without its function in the XML gets none here.
 *
 * Fails with %IOV_ERROR_EXHAUSTED, naming pool, host and domain, where there is no function for a
 * device, or its pool is not started; with %IOV_ERROR_BUSY where the domain holds a function here
 * already. Then nothing is changed. An XML without such devices touches nothing.
 *
 * Since: 0.1
 */
IOV_API gboolean iov_manager_incoming(IovManager *manager, IovIncoming kind, const char *host,
                                      const char *xml, gsize length, char **changed,
                                      GPtrArray **leased, GError **error);
/**
 * iov_manager_give_back:
 * @leased: (element-type IovLease): what iov_manager_incoming() leased
 *
 * The domain does not come after all: what is reserved by these leases still is free, or to be
 * cleaned. Others are left alone.
 *
 * Since: 0.1
 */
IOV_API gboolean iov_manager_give_back(IovManager *manager, GPtrArray *leased, GError **error);

/* ---- lift and drop: the agent, and `iovpool attach` and `detach` ---- */

/* Makes a request of a running domain known to the ledger (`request --live`), as started. */
IOV_API gboolean iov_manager_adopt_request(IovManager *manager, const IovDomain *domain,
                                           const char *request, GError **error);
/* Leases a function for a request that stands on its floor; no-op where it has one.
 * IOV_ERROR_EXHAUSTED with the reason, which is also noted in the status; IOV_ERROR_BUSY where the
 * admin has parked it. */
IOV_API gboolean iov_manager_acquire(IovManager *manager, const char *uuid, const char *request,
                                     GError **error);
/* The admin wants it lifted again; no-op where it is not parked. */
IOV_API gboolean iov_manager_unpark(IovManager *manager, const char *uuid, const char *request,
                                    GError **error);
/**
 * iov_manager_lift_begin:
 * @domain: the running domain, from its live XML
 * @device_xml: (out) (transfer full): what to attach
 * @generation: (out): of the lease
 *
 * Reserved to attaching: sets the request's policy over a scrubbed function's, reads it back, and
 * writes the device XML. On failure the request waits with the reason, and the function is
 * scrubbed: free again, or quarantined where it does not come clean.
 *
 * Since: 0.1
 */
IOV_API gboolean iov_manager_lift_begin(IovManager *manager, const IovDomain *domain,
                                        const char *request, char **device_xml, guint64 *generation,
                                        GError **error);
/**
 * iov_manager_is_held:
 * @held: (out): %TRUE where a QEMU holds the function's /dev/vfio descriptor
 *
 * Returns: %FALSE with @error where that cannot be told
 * Since: 0.1
 */
IOV_API gboolean iov_manager_is_held(IovManager *manager, const IovLease *lease, gboolean *held,
                                     GError **error);
/**
 * iov_manager_is_present:
 * @present: (out): %TRUE where the function is on the host: its adapter still names it
 *
 * Returns: %FALSE with @error where that cannot be told
 * Since: 0.1
 */
IOV_API gboolean iov_manager_is_present(IovManager *manager, const IovLease *lease,
                                        gboolean *present, GError **error);
/* TRUE in @overdue where a reservation's time is over: its function may go to others. */
IOV_API gboolean iov_manager_is_overdue(IovManager *manager, const IovLease *lease,
                                        gboolean *overdue, GError **error);
/**
 * iov_manager_is_driven:
 * @driven: (out): %TRUE where the guest's driver has taken the function
 *
 * Before that the function serves nobody, whoever holds it: the guest has not booted, or has no
 * driver for it.
 *
 * Returns: %FALSE with @error where that cannot be told
 * Since: 0.1
 */
IOV_API gboolean iov_manager_is_driven(IovManager *manager, const IovLease *lease, gboolean *driven,
                                       GError **error);
/**
 * iov_manager_shows_policy:
 * @domain: the running domain, from its live XML
 * @shows: (out): %TRUE where the function shows the request's policy, but for its MAC, or its
 *   adapter has none to show
 *
 * Returns: %FALSE with @error where that cannot be told
 * Since: 0.1
 */
IOV_API gboolean iov_manager_shows_policy(IovManager *manager, const IovDomain *domain,
                                          const IovLease *lease, gboolean *shows, GError **error);
/**
 * iov_manager_impose:
 * @domain: a domain that came with the function in its XML, from its live XML
 *
 * Sets the request's policy, but for the MAC, which is libvirt's to set, on a function in state
 * attaching, and reads it back. A function that does not take it is detaching afterwards, with
 * %IOV_REASON_REFUSED: to be taken off its guest.
 *
 * Since: 0.1
 */
IOV_API gboolean iov_manager_impose(IovManager *manager, const IovDomain *domain,
                                    const char *function, guint64 generation, GError **error);
/**
 * iov_manager_shows_mac:
 * @its_own: (out): the function shows the MAC of the request that it serves
 * @other: (out): it shows another, or that it has none: a driver that finds none makes one up; neither
 *   where its adapter does not tell
 *
 * Returns: %FALSE with @error where that cannot be told
 * Since: 0.1
 */
IOV_API gboolean iov_manager_shows_mac(IovManager *manager, const IovLease *lease,
                                       gboolean *its_own, gboolean *other, GError **error);
/**
 * iov_manager_unplugged:
 * @reason: why it is on its floor now, one line
 *
 * QEMU took an active function from its guest, for a migration, and keeps it: the request is served
 * by its floor, with %IOV_REASON_IN_TRANSIT, and the function has no MAC that would draw the
 * guest's frames. Idempotent.
 *
 * Since: 0.1
 */
IOV_API gboolean iov_manager_unplugged(IovManager *manager, const char *function,
                                       guint64 generation, const char *reason, GError **error);
/**
 * iov_manager_plugged_again:
 * @reason: what is to be known of it now, one line; beside %IOV_REASON_IN_TRANSIT
 *
 * The opposite: the migration came to nothing. Idempotent. %IOV_ERROR_STALE where the guest's driver had the
 * function before its MAC: it is to be taken off the guest, and given to it anew.
 *
 * Since: 0.1
 */
IOV_API gboolean iov_manager_plugged_again(IovManager *manager, const char *function,
                                           guint64 generation, const char *reason, GError **error);
/* Attaching to active; no-op where another process has seen it first. */
IOV_API gboolean iov_manager_lift_done(IovManager *manager, const char *function,
                                       guint64 generation, GError **error);
/* The attach failed: the function is scrubbed and free again, the request waits with @reason. */
IOV_API gboolean iov_manager_lift_failed(IovManager *manager, const char *function,
                                         guint64 generation, IovReason code, const char *reason,
                                         GError **error);
/**
 * iov_manager_drop_begin:
 * @park: the admin wants it off its function
 * @generation: (out): of the lease; 0 where no device is to be taken off: the request was only
 *   promised a function, or waits for one and is parked now
 *
 * Active (or attaching) to detaching. %IOV_ERROR_NOT_FOUND where the request has no function and is
 * not to be parked.
 *
 * Since: 0.1
 */
IOV_API gboolean iov_manager_drop_begin(IovManager *manager, const char *uuid, const char *request,
                                        gboolean park, guint64 *generation, GError **error);
/**
 * iov_manager_take_back:
 * @code: why; see iov_reason_takes_back() for which are kept when the function is back
 *
 * A function is to leave its request without an admin's asking: active to detaching, reserved to
 * free. The request is not parked. %IOV_ERROR_BUSY in every other state.
 *
 * Since: 0.1
 */
IOV_API gboolean iov_manager_take_back(IovManager *manager, const char *function,
                                       guint64 generation, IovReason code, const char *reason,
                                       GError **error);
/**
 * iov_manager_reclaim:
 * @claimants: (element-type IovStatus): requests that found no function, most deserving first
 * @victims: (out) (transfer container) (element-type IovStatus): whose function is detaching now,
 *   as they were before
 *
 * In pools with `<reclaim>yes</reclaim>`, takes functions back from requests of lower priority that
 * stand on a floor: one for each claimant that is not served by what comes back anyway.
 *
 * Since: 0.1
 */
IOV_API gboolean iov_manager_reclaim(IovManager *manager, GPtrArray *claimants, GPtrArray **victims,
                                     GError **error);
/**
 * iov_manager_check_adapters:
 * @changes: (out) (transfer full) (array zero-terminated=1): what has changed, a line each
 *
 * Looks at the adapters of started pools: one that is gone, or whose link is down or without
 * carrier, serves nobody from now on; one that came back does.
 *
 * Since: 0.1
 */
IOV_API gboolean iov_manager_check_adapters(IovManager *manager, GStrv *changes, GError **error);
/**
 * iov_manager_list_stranded:
 *
 * Returns: (transfer container) (element-type IovStatus): started requests whose function's adapter
 *   serves nobody, and that have a floor or only a reservation to lose
 * Since: 0.1
 */
IOV_API GPtrArray *iov_manager_list_stranded(IovManager *manager, GError **error);
/* The device left the guest: scrubbed, then free or quarantined. */
IOV_API gboolean iov_manager_drop_done(IovManager *manager, const char *function,
                                       guint64 generation, GError **error);
/* The guest keeps it: @reason is noted, the state stays detaching. */
IOV_API gboolean iov_manager_drop_delayed(IovManager *manager, const char *function,
                                          guint64 generation, IovReason code, const char *reason,
                                          GError **error);
/**
 * iov_manager_steer:
 * @domain: a running domain, from its live XML
 * @settled: (out): %FALSE where its guest has a function that its driver has not taken yet, which
 * no event tells: its frames go to its floor as long, and this is to be called again
 *
 * Makes the host send the frames for its requests to where each stands, its function or its floor:
 * entries in the filters of PFs below a floor's bridge, what that bridge has learned, and the mode
 * of a floor's macvtap. Idempotent, and to be called again whenever a request has moved. All is
 * tried;
 * @error is the first failure.
 *
 * Since: 0.1
 */
IOV_API gboolean iov_manager_steer(IovManager *manager, const IovDomain *domain, gboolean *settled,
                                   GError **error);
/* Takes back what iov_manager_steer() did for requests that are gone, and on adapters that no
 * started pool has any more. Cheap where there is nothing to do. */
IOV_API gboolean iov_manager_steer_back(IovManager *manager, GError **error);
/* Notes why a request stands where it stands. */
IOV_API gboolean iov_manager_note(IovManager *manager, const char *uuid, const char *request,
                                  IovReason code, const char *reason, GError **error);
/* Notes that a request's floor has no link, or has it again; no-op where the request is not known.
 */
IOV_API gboolean iov_manager_set_lowered(IovManager *manager, const char *uuid, const char *request,
                                         gboolean lowered, GError **error);
/* Takes a request out of the ledger (`unrequest` on a running domain); BUSY while it is leased. */
IOV_API gboolean iov_manager_forget_request(IovManager *manager, const char *uuid,
                                            const char *request, GError **error);
/**
 * iov_manager_scrub_pending:
 * @freed: (out) (optional): how many became free
 *
 * Scrubs what waits in state scrubbing.
 *
 * Since: 0.1
 */
IOV_API gboolean iov_manager_scrub_pending(IovManager *manager, guint *freed, GError **error);
/**
 * iov_manager_list_waiting:
 *
 * Returns: (transfer container) (element-type IovStatus): requests that wait for a function, most
 *   deserving first
 * Since: 0.1
 */
IOV_API GPtrArray *iov_manager_list_waiting(IovManager *manager, GError **error);

/**
 * iov_manager_reconcile:
 * @domains: (element-type IovDomain): every running domain, from its live XML; one that cannot be
 *   read as iov_domain_new_unreadable(): what it has is kept as it is, and not judged
 * @listed_at: microseconds since the epoch, taken before @domains were listed: what came into the
 *   ledger since then is of domains that the list cannot know, and is left alone
 * @changes: (out) (transfer full) (array zero-terminated=1): what was corrected, a line each
 *
 * Makes the ledger true again from the running domains and from sysfs: takes up functions that a
 * domain holds, frees leases of domains that are gone (reserved ones of a domain that has yet to
 * start after their deadline), notes vanished functions, and takes those that were in use outside
 * the pool and are not any more, to be scrubbed. Idempotent: a second run changes nothing.
 *
 * Since: 0.1
 */
IOV_API gboolean iov_manager_reconcile(IovManager *manager, GPtrArray *domains, gint64 listed_at,
                                       GStrv *changes, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovManager, iov_manager_unref)

G_END_DECLS
