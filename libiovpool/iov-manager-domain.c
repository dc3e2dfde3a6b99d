/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the hook does: admission of a domain that starts, noting that it runs, release when it is
 * gone. Everything here is ledger work plus a look at the function that was chosen; no effect on a
 * device, and nothing that waits.
 */
#include "iov-manager-private.h"

#include "iov-io.h"
#include "iov-request-private.h"

#include <string.h>

static IovTier
tier_of_floor(const IovFloor *floor)
{
    /* libvirt's virtio models: virtio, virtio-transitional, virtio-non-transitional */
    gboolean paravirtual = floor->model == NULL || g_str_has_prefix(floor->model, "virtio");

    switch (floor->type) {
    case IOV_FLOOR_NONE:
        return IOV_TIER_NONE;
    case IOV_FLOOR_UNSET:
        return paravirtual ? IOV_TIER_DIRECT : IOV_TIER_EMULATED;
    case IOV_FLOOR_NETWORK:
        return paravirtual ? IOV_TIER_NETWORK : IOV_TIER_EMULATED;
    case IOV_FLOOR_BRIDGE:
        return paravirtual ? IOV_TIER_BRIDGE : IOV_TIER_EMULATED;
    case IOV_FLOOR_DIRECT:
        return paravirtual ? IOV_TIER_DIRECT : IOV_TIER_EMULATED;
    }
    g_assert_not_reached();
}

static IovTier
floor_tier(const IovRequest *request, const IovPool *pool)
{
    static const IovFloor unset = {.type = IOV_FLOOR_UNSET};

    if (request->floor.type != IOV_FLOOR_UNSET)
        return tier_of_floor(&request->floor);
    return tier_of_floor(pool != NULL ? &pool->floor : &unset);
}

static char *
request_to_xml(const IovRequest *request)
{
    g_autoptr(GPtrArray) one = g_ptr_array_new();

    g_ptr_array_add(one, (gpointer)request);
    return iov_requests_to_xml(one);
}

/* Where no pair can be made of floor and function, they are swapped instead. */
static IovMigration
mode_of(const IovDomain *domain, const IovRequest *request, const IovPool *pool)
{
    IovMigration wish = request->migration;

    if (wish == IOV_MIGRATION_UNSET)
        wish = pool != NULL ? iov_pool_get_migration(pool) : IOV_MIGRATION_REPLUG;
    if (wish == IOV_MIGRATION_FAILOVER && pool != NULL &&
        !iov_request_is_teaming(pool, request, domain))
        return IOV_MIGRATION_REPLUG;
    return wish;
}

IovStatus *
iov_manager_make_status(const IovDomain *domain, const IovRequest *request, const IovPool *pool,
                        gint64 now)
{
    IovStatus *status = iov_status_new();

    status->domain_uuid = g_strdup(domain->uuid);
    status->domain_name = g_strdup(domain->name);
    status->request = g_strdup(request->name);
    status->pool = g_strdup(request->pool);
    status->request_xml = request_to_xml(request);
    status->priority = request->priority;
    status->required = request->required;
    status->floor_tier = floor_tier(request, pool);
    status->tier = status->floor_tier;
    status->migration = mode_of(domain, request, pool);
    status->numa_node = domain->numa_node;
    status->since = now;
    iov_status_set_reason(status, IOV_REASON_NONE, "");
    if (pool == NULL) {
        g_autofree char *reason = g_strdup_printf("pool %s is not started", request->pool);

        iov_status_set_reason(status, IOV_REASON_POOL_STOPPED, reason);
    }
    return status;
}

/* ---- prepare ---- */

typedef struct {
    IovManager *manager;
    IovLedger *ledger;
    const IovDomain *domain;
    gint64 now;
} Admission;

/* What was reserved for the request before its start stands for another while. */
static gboolean
keep_reserved(Admission *admission, const char *request, gboolean *kept, GError **error)
{
    g_autoptr(IovLease) lease = NULL;

    if (!iov_ledger_look_up_lease(admission->ledger, admission->domain->uuid, request, &lease,
                                  error))
        return FALSE;
    *kept = lease != NULL && lease->state == IOV_LEASE_RESERVED;
    return !*kept || iov_ledger_set_deadline(admission->ledger, lease->function, lease->generation,
                                             admission->now + IOV_RESERVATION_TIME, error);
}

static gboolean
refuse_without_pool(const IovDomain *domain, const IovRequest *request, GError **error)
{
    return iov_error_set(error, IOV_ERROR_EXHAUSTED,
                         "domain '%s' requires a function of pool '%s' (request %s), and the pool "
                         "is not started: `iovpool start %s`",
                         domain->name, request->pool, request->name, request->pool);
}

/* The pool is not started: the request waits for it. */
static gboolean
wait_for_pool(Admission *admission, const IovRequest *request, GError **error)
{
    g_autoptr(IovStatus) status =
        iov_manager_make_status(admission->domain, request, NULL, admission->now);

    if (request->required)
        return refuse_without_pool(admission->domain, request, error);
    return iov_ledger_put_status(admission->ledger, status, error);
}

/* No function is free: refused where required, else the request waits on its floor. */
static gboolean
wait_for_function(Admission *admission, const IovRequest *request, IovStatus *status,
                  const char *reason, GError **error)
{
    if (request->required) {
        g_autofree char *holders = iov_manager_name_holders(admission->ledger, request->pool);

        return iov_error_set(error, IOV_ERROR_EXHAUSTED,
                             "domain '%s' requires a function of pool '%s' (request %s): %s; "
                             "held by %s",
                             admission->domain->name, request->pool, request->name, reason,
                             holders);
    }
    iov_status_set_reason(status, IOV_REASON_EXHAUSTED, reason);
    return iov_ledger_put_status(admission->ledger, status, error);
}

static gboolean
admit_request(Admission *admission, const IovRequest *request, GError **error)
{
    g_autoptr(IovPool) pool = NULL;
    g_autoptr(IovStatus) status = NULL;
    g_autoptr(GError) local = NULL;
    gboolean kept = FALSE;

    if (!keep_reserved(admission, request->name, &kept, error))
        return FALSE;
    pool = iov_manager_live_pool(admission->ledger, request->pool, &local);
    if (pool == NULL && g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND))
        return wait_for_pool(admission, request, error);
    if (pool == NULL)
        return iov_error_pass(&local, error);
    status = iov_manager_make_status(admission->domain, request, pool, admission->now);
    if (kept || iov_manager_take_function(admission->manager, admission->ledger, pool, status,
                                          admission->now, &local))
        return iov_ledger_put_status(admission->ledger, status, error);
    if (g_error_matches(local, IOV_ERROR, IOV_ERROR_EXHAUSTED))
        return wait_for_function(admission, request, status, local->message, error);
    return iov_error_pass(&local, error);
}

IovStatus *
iov_manager_make_static_status(const IovDomain *domain, const IovLease *function, const char *name,
                               gint64 now)
{
    IovStatus *status = iov_status_new();

    status->domain_uuid = g_strdup(domain->uuid);
    status->domain_name = g_strdup(domain->name);
    status->request = g_strdup(name);
    status->pool = g_strdup(function->pool);
    iov_status_set_reason(status, IOV_REASON_STATIC, "a hostdev of the domain's own");
    status->tier = IOV_TIER_PASSTHROUGH;
    status->floor_tier = IOV_TIER_NONE;
    status->migration = IOV_MIGRATION_BLOCK;
    status->is_static = TRUE;
    status->since = now;
    return status;
}

static gboolean
lease_static(Admission *admission, const IovDomainHostdev *hostdev, const IovLease *function,
             GError **error)
{
    const char *name = iov_domain_hostdev_get_name(hostdev);
    g_autoptr(IovStatus) status = NULL;
    guint64 generation = 0;

    if (!iov_ledger_lease(admission->ledger, function->function, admission->domain->uuid,
                          admission->domain->name, name, admission->now,
                          admission->now + IOV_RESERVATION_TIME, &generation, error))
        return FALSE;
    if (hostdev->request != NULL && iov_domain_find_request(admission->domain, name) != NULL)
        return TRUE;
    status = iov_manager_make_static_status(admission->domain, function, name, admission->now);
    return iov_ledger_put_status(admission->ledger, status, error);
}

/* The domain's from its last run, not cleaned since, or reserved for another device of its own. */
static gboolean
lease_own(Admission *admission, const IovDomainHostdev *hostdev, const IovLease *function,
          GError **error)
{
    if (function->state == IOV_LEASE_RESERVED &&
        strcmp(function->request, iov_domain_hostdev_get_name(hostdev)) == 0)
        return TRUE;
    return iov_ledger_move(admission->ledger, function->function, function->generation,
                           IOV_LEASE_FREE, NULL, admission->now, error) &&
           lease_static(admission, hostdev, function, error);
}

/* What is in use outside the pool is libvirt's to judge, as it was without us; but nobody is to
 * take it up, as idle, below the domain that starts. */
static gboolean
pass_foreign(Admission *admission, const IovLease *function, GError **error)
{
    g_autofree char *reason =
        g_strdup_printf("domain %s is about to use it", admission->domain->name);

    return iov_ledger_note_foreign(admission->ledger, function->function, function->generation,
                                   reason, admission->now, error);
}

static gboolean
admit_hostdev(Admission *admission, const IovDomainHostdev *hostdev, GError **error)
{
    g_autoptr(IovLease) function = NULL;

    if (!iov_ledger_look_up_function(admission->ledger, hostdev->source, &function, error))
        return FALSE;
    if (function == NULL)
        return TRUE;
    if (function->state == IOV_LEASE_FOREIGN)
        return pass_foreign(admission, function, error);
    if (function->state == IOV_LEASE_QUARANTINED)
        return iov_error_set(error, IOV_ERROR_BUSY,
                             "domain '%s' names function %s, which pool '%s' has quarantined: %s",
                             admission->domain->name, hostdev->source, function->pool,
                             function->reason != NULL ? function->reason : "");
    if (function->state == IOV_LEASE_FREE)
        return lease_static(admission, hostdev, function, error);
    if (g_strcmp0(function->domain_uuid, admission->domain->uuid) == 0)
        return lease_own(admission, hostdev, function, error);
    if (function->domain_uuid == NULL)
        return iov_error_set(error, IOV_ERROR_BUSY,
                             "domain '%s' names function %s of pool '%s', which is being cleaned: "
                             "try again",
                             admission->domain->name, hostdev->source, function->pool);
    return iov_error_set(error, IOV_ERROR_BUSY,
                         "domain '%s' names function %s, which domain '%s' has leased from pool "
                         "'%s' (request %s)",
                         admission->domain->name, hostdev->source, function->domain_name,
                         function->pool, function->request);
}

/* Hostdevs first: what the domain's own XML names must not be given to one of its requests. */
static gboolean
admit(Admission *admission, GError **error)
{
    GPtrArray *hostdevs = admission->domain->hostdevs;
    GPtrArray *requests = admission->domain->requests;

    if (!iov_manager_end_former(admission->ledger, admission->domain, admission->now, error))
        return FALSE;
    for (guint i = 0; i < hostdevs->len; i++)
        if (!admit_hostdev(admission, hostdevs->pdata[i], error))
            return FALSE;
    for (guint i = 0; i < requests->len; i++)
        if (!admit_request(admission, requests->pdata[i], error))
            return FALSE;
    return TRUE;
}

gboolean
iov_manager_concerns(IovLedger *ledger, const IovDomain *domain, gboolean *dirty)
{
    gboolean concerns = domain->requests->len > 0;

    for (guint i = 0; i < domain->hostdevs->len; i++) {
        const IovDomainHostdev *hostdev = domain->hostdevs->pdata[i];
        g_autoptr(IovLease) function = iov_ledger_get_function(ledger, hostdev->source, NULL);

        concerns = concerns || function != NULL;
        *dirty = *dirty || (function != NULL && function->state == IOV_LEASE_SCRUBBING);
    }
    return concerns;
}

/* Without a ledger no pool was started since the host booted. */
static gboolean
prepare_without_ledger(const IovDomain *domain, GError **error)
{
    for (guint i = 0; i < domain->requests->len; i++) {
        const IovRequest *request = domain->requests->pdata[i];

        if (request->required)
            return refuse_without_pool(domain, request, error);
    }
    return TRUE;
}

gboolean
iov_manager_prepare(IovManager *manager, const IovDomain *domain, GError **error)
{
    g_autoptr(GError) local = NULL;
    Admission admission = {.manager = manager, .domain = domain};
    IOV_IO_AUTO_CLOSE int lock = -1;
    gboolean dirty = FALSE;

    if (domain->requests->len == 0 && domain->hostdevs->len == 0)
        return TRUE;
    admission.ledger = iov_manager_ledger(manager, FALSE, &local);
    if (admission.ledger == NULL && g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND))
        return prepare_without_ledger(domain, error);
    if (admission.ledger == NULL)
        return iov_error_pass(&local, error);
    if (!iov_manager_concerns(admission.ledger, domain, &dirty))
        return TRUE;
    /* A cleaning that goes on would go on below the starting domain. */
    if (dirty && (lock = iov_manager_lock_scrubbing(manager, error)) < 0)
        return FALSE;
    if (!iov_manager_now(manager, &admission.now, error) ||
        !iov_ledger_begin(admission.ledger, error))
        return FALSE;
    if (admit(&admission, error) && iov_ledger_commit(admission.ledger, error))
        return TRUE;
    iov_ledger_rollback(admission.ledger);
    return FALSE;
}
