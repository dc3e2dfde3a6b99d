/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lift and drop: the ledger says who may, libvirt does it, the ledger hears how it went. Several
 * processes may do this at the same time (the agent, an admin): each effect carries the lease's
 * generation, and "over already" (IOV_ERROR_STALE) means that another was faster. When to lift or
 * drop is not decided here.
 */
#include "lift.h"

#include "cli-error.h"
#include "floor-link.h"

#include <string.h>

/* The lease of a request, NULL without @error where it has none. (transfer full) */
static IovLease *
find_lease(IovManager *manager, const char *uuid, const char *request, GError **error)
{
    g_autoptr(GPtrArray) statuses = iov_manager_list_status(manager, uuid, error);

    for (guint i = 0; statuses != NULL && i < statuses->len; i++) {
        IovStatus *status = g_ptr_array_index(statuses, i);
        IovLease *lease = iov_status_get_lease(status);
        if (lease != NULL && strcmp(iov_status_get_request(status), request) == 0)
            return iov_lease_ref(lease);
    }
    return NULL;
}

static gboolean
ignore_stale(gboolean done, GError **cause, GError **error)
{
    if (done || g_error_matches(*cause, IOV_ERROR, IOV_ERROR_STALE)) {
        g_clear_error(cause);
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(cause));
    return FALSE;
}

/* @reason: (nullable): noted where QEMU does not hold the device yet */
static gboolean
confirm(IovManager *manager, const char *uuid, const char *request, IovReason code,
        const char *reason, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(IovLease) lease = find_lease(manager, uuid, request, &cause);
    gboolean held = FALSE;

    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (lease == NULL || iov_lease_get_state(lease) != IOV_LEASE_ATTACHING)
        return TRUE;
    if (!iov_manager_is_held(manager, lease, &held, error))
        return FALSE;
    if (!held)
        return reason == NULL || iov_manager_note(manager, uuid, request, code, reason, error);
    gboolean done = iov_manager_lift_done(manager, iov_lease_get_function(lease),
                                          iov_lease_get_generation(lease), &cause);
    return ignore_stale(done, &cause, error);
}

gboolean
lift_confirm(IovManager *manager, const char *uuid, const char *request, GError **error)
{
    return confirm(manager, uuid, request, IOV_REASON_NONE, NULL, error);
}

/* Back to the floor, and @error says both what failed and, should that fail too, that the function
 * could not be given back. */
static gboolean
give_back(IovManager *manager, const IovLease *lease, guint64 generation, const GError *cause,
          GError **error)
{
    g_autoptr(GError) second = NULL;
    gboolean done = iov_manager_lift_failed(manager, iov_lease_get_function(lease), generation,
                                            IOV_REASON_REFUSED, cause->message, &second);
    if (!done && !g_error_matches(second, IOV_ERROR, IOV_ERROR_STALE))
        return cli_error_set(error, IOV_ERROR_HOST, "%s; and it cannot be given back: %s",
                             cause->message, second->message);
    g_propagate_error(error, g_error_copy(cause));
    return FALSE;
}

/* The attach failed, or its answer was lost: a libvirtd that restarts may have done it. TRUE where
 * the device is there. Where nobody can tell, the lease stays attaching, for the agent to look at:
 * a function that a guest is about to have must not be cleaned and given away. */
static gboolean
look_after_failure(virDomainPtr domain, IovManager *manager, const char *request,
                   const IovLease *lease, guint64 generation, GError **error)
{
    g_autofree char *alias = iov_alias_of_function(request);
    g_autoptr(GError) cause = NULL;

    libvirt_error(&cause, "libvirt refused function %s", iov_lease_get_function(lease));
    g_autoptr(IovDomain) record = libvirt_read_domain(domain, 0, NULL);
    if (record == NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    return g_strcmp0(iov_domain_find_source(record, alias), iov_lease_get_function(lease)) == 0 ||
           give_back(manager, lease, generation, cause, error);
}

static gboolean
attach(virDomainPtr domain, IovManager *manager, const char *request, const IovLease *lease,
       GError **error)
{
    g_autofree char *xml = NULL;
    guint64 generation = 0;
    g_autoptr(IovDomain) record = libvirt_read_domain(domain, 0, error);

    if (record == NULL ||
        !iov_manager_lift_begin(manager, record, request, &xml, &generation, error))
        return FALSE;
    if (virDomainAttachDeviceFlags(domain, xml, VIR_DOMAIN_AFFECT_LIVE) != 0 &&
        !look_after_failure(domain, manager, request, lease, generation, error))
        return FALSE;
    /* in a failover pair QEMU keeps the device for itself until the guest's driver is ready */
    if (strstr(xml, "<teaming") != NULL)
        return confirm(manager, iov_domain_get_uuid(record), request, IOV_REASON_NEGOTIATION,
                       "guest has not negotiated failover yet", error);
    return confirm(manager, iov_domain_get_uuid(record), request, IOV_REASON_ATTACHING,
                   "QEMU does not hold the function yet", error);
}

gboolean
lift_request(virDomainPtr domain, IovManager *manager, const char *request, GError **error)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (virDomainGetUUIDString(domain, uuid) != 0)
        return libvirt_error(error, "cannot read the domain's UUID");
    if (!iov_manager_acquire(manager, uuid, request, error))
        return FALSE;

    g_autoptr(GError) cause = NULL;
    g_autoptr(IovLease) lease = find_lease(manager, uuid, request, &cause);
    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (lease == NULL)
        return cli_error_set(error, IOV_ERROR_STALE, "its lease was ended by another process");
    switch (iov_lease_get_state(lease)) {
    case IOV_LEASE_RESERVED:
        return attach(domain, manager, request, lease, error);
    case IOV_LEASE_ATTACHING:
        return lift_confirm(manager, uuid, request, error);
    case IOV_LEASE_ACTIVE:
        return TRUE;
    case IOV_LEASE_DETACHING:
    case IOV_LEASE_SCRUBBING:
    case IOV_LEASE_FREE:
    case IOV_LEASE_QUARANTINED:
    case IOV_LEASE_FOREIGN:
        break;
    }
    return cli_error_set(
        error, IOV_ERROR_BUSY, "function %s is still %s: try again when it is free",
        iov_lease_get_function(lease), iov_lease_state_to_string(iov_lease_get_state(lease)));
}

gboolean
lift_has_device(const IovStatus *status)
{
    IovLease *lease = iov_status_get_lease(status);

    if (lease == NULL)
        return FALSE;
    switch (iov_lease_get_state(lease)) {
    case IOV_LEASE_ATTACHING:
    case IOV_LEASE_ACTIVE:
    case IOV_LEASE_DETACHING:
        return TRUE;
    case IOV_LEASE_FREE:
    case IOV_LEASE_RESERVED:
    case IOV_LEASE_SCRUBBING:
    case IOV_LEASE_QUARANTINED:
    case IOV_LEASE_FOREIGN:
        break;
    }
    return FALSE;
}

gboolean
drop_finish(IovManager *manager, const char *uuid, const char *request, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(IovLease) lease = find_lease(manager, uuid, request, &cause);

    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (lease == NULL || iov_lease_get_state(lease) != IOV_LEASE_DETACHING)
        return TRUE;
    gboolean done = iov_manager_drop_done(manager, iov_lease_get_function(lease),
                                          iov_lease_get_generation(lease), &cause);
    return ignore_stale(done, &cause, error);
}

/* Whether the device still stands in the live XML. */
static gboolean
check_gone(virDomainPtr domain, IovManager *manager, const char *request, gboolean *gone,
           GError **error)
{
    g_autofree char *alias = iov_alias_of_function(request);
    g_autoptr(IovDomain) record = libvirt_read_domain(domain, 0, error);

    if (record == NULL)
        return FALSE;
    *gone = !iov_domain_has_alias(record, alias);
    return !*gone || drop_finish(manager, iov_domain_get_uuid(record), request, error);
}

/* The floor serves the guest before its function goes. */
static gboolean
raise_floor(virDomainPtr domain, IovManager *manager, const char *uuid, const char *request,
            GError **error)
{
    g_autoptr(GPtrArray) statuses = iov_manager_list_status(manager, uuid, error);

    if (statuses == NULL)
        return FALSE;
    for (guint i = 0; i < statuses->len; i++) {
        const IovStatus *status = g_ptr_array_index(statuses, i);

        if (iov_status_get_lowered(status) && strcmp(iov_status_get_request(status), request) == 0)
            return floor_link_raise(domain, manager, request, error);
    }
    return TRUE;
}

gboolean
drop_ask(virDomainPtr domain, IovManager *manager, const char *request, gboolean park,
         gboolean *gone, GError **error)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    guint64 generation = 0;
    g_autofree char *alias = iov_alias_of_function(request);

    *gone = FALSE;
    if (virDomainGetUUIDString(domain, uuid) != 0)
        return libvirt_error(error, "cannot read the domain's UUID");
    if (!iov_manager_drop_begin(manager, uuid, request, park, &generation, error))
        return FALSE;
    *gone = generation == 0; /* it was only reserved, or waits */
    if (!*gone && !check_gone(domain, manager, request, gone, error))
        return FALSE;
    if (*gone)
        return TRUE;
    if (!raise_floor(domain, manager, uuid, request, error))
        return FALSE;
    if (virDomainDetachDeviceAlias(domain, alias, VIR_DOMAIN_AFFECT_LIVE) == 0)
        return check_gone(domain, manager, request, gone, error);

    g_autoptr(GError) cause = NULL;
    libvirt_error(&cause, "libvirt cannot detach device '%s'", alias);
    /* it may have left between the look and the request */
    if (check_gone(domain, manager, request, gone, NULL) && *gone)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

/* The event loop's thread and the caller's share it, and libvirt may still be calling back when it
 * is told that nobody listens any more. */
typedef struct {
    GMutex lock;
    GCond changed;
    char *alias;
    gboolean answered; /* the device has left, or the guest has refused */
} Wait;

static Wait *
wait_new(const char *request)
{
    Wait *wait = g_atomic_rc_box_new0(Wait);

    g_mutex_init(&wait->lock);
    g_cond_init(&wait->changed);
    wait->alias = iov_alias_of_function(request);
    return wait;
}

static void
wait_clear(void *data)
{
    Wait *wait = data;

    g_mutex_clear(&wait->lock);
    g_cond_clear(&wait->changed);
    g_free(wait->alias);
}

static void
wait_release(void *data)
{
    g_atomic_rc_box_release_full(data, wait_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Wait, wait_release)

static void
on_answer(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain G_GNUC_UNUSED,
          const char *alias, void *data)
{
    Wait *wait = data;

    if (strcmp(alias, wait->alias) != 0)
        return;
    g_mutex_lock(&wait->lock);
    wait->answered = TRUE;
    g_cond_signal(&wait->changed);
    g_mutex_unlock(&wait->lock);
}

static void
wait_for_answer(Wait *wait)
{
    gint64 end = g_get_monotonic_time() + LIFT_WAIT_SECONDS * G_TIME_SPAN_SECOND;

    g_mutex_lock(&wait->lock);
    while (!wait->answered && g_cond_wait_until(&wait->changed, &wait->lock, end))
        ;
    g_mutex_unlock(&wait->lock);
}

/* Negative where libvirt does not tell. */
static int
subscribe(virDomainPtr domain, int event, Wait *wait)
{
    int callback = virConnectDomainEventRegisterAny(virDomainGetConnect(domain), domain, event,
                                                    VIR_DOMAIN_EVENT_CALLBACK(on_answer),
                                                    g_atomic_rc_box_acquire(wait), wait_release);

    if (callback < 0)
        wait_release(wait);
    return callback;
}

static gboolean
ask_and_wait(virDomainPtr domain, IovManager *manager, const char *request, gboolean park,
             Wait *wait, gboolean *gone, GError **error)
{
    if (!drop_ask(domain, manager, request, park, gone, error))
        return FALSE;
    if (*gone)
        return TRUE;
    wait_for_answer(wait);
    return check_gone(domain, manager, request, gone, error);
}

gboolean
drop_request(virDomainPtr domain, IovManager *manager, const char *request, gboolean park,
             gboolean *gone, GError **error)
{
    virConnectPtr connection = virDomainGetConnect(domain);
    g_autoptr(Wait) wait = wait_new(request);

    *gone = FALSE;
    int removed = subscribe(domain, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, wait);
    int refused = subscribe(domain, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED, wait);
    gboolean done = removed >= 0 && refused >= 0
                        ? ask_and_wait(domain, manager, request, park, wait, gone, error)
                        : libvirt_error(error, "cannot listen to libvirt's events");
    if (removed >= 0)
        virConnectDomainEventDeregisterAny(connection, removed);
    if (refused >= 0)
        virConnectDomainEventDeregisterAny(connection, refused);
    return done;
}
