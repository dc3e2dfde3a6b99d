/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking at a running domain: libvirt's state and XML, QEMU's hold on the function, what the
 * memory knows. It changes nothing. The order matters: the ledger's status first, then whether
 * libvirt is at work, then the XML; so "nobody is at work and the device is not there" is true.
 */
#include "agent-observe.h"

/* An attach that another process began is over after this long, if libvirt is not at work on the
 * domain: between the ledger's entry and libvirt's call lies a scrub. */
#define QUIET_AFTER (10 * (gint64)G_USEC_PER_SEC)

gboolean
agent_view_read(AgentView *view, virDomainPtr domain, GError **error)
{
    virDomainControlInfo control = {0};

    *view = (AgentView){.domain = domain};
    if (!domain_state_read(&view->state, domain, error))
        return FALSE;
    view->in_a_call =
        virDomainGetControlInfo(domain, &control, 0) == 0 && control.state != VIR_DOMAIN_CONTROL_OK;
    view->record = libvirt_read_domain(domain, 0, error);
    return view->record != NULL;
}

void
agent_view_clear(AgentView *view)
{
    g_clear_pointer(&view->record, iov_domain_unref);
    g_clear_pointer(&view->memory, g_free);
}

static gboolean
is_teaming(const AgentView *view, IovManager *manager, const IovStatus *status, gboolean *teaming,
           GError **error)
{
    IovRequest *request = iov_domain_find_request(view->record, iov_status_get_request(status));

    *teaming = FALSE;
    if (request == NULL)
        return TRUE;
    g_autoptr(IovPool) pool =
        iov_manager_get_pool(manager, iov_status_get_pool(status), TRUE, error);
    if (pool == NULL)
        return FALSE;
    *teaming = iov_request_is_teaming(pool, request, view->record);
    return TRUE;
}

static void
recall(AgentMemory *memory, const IovStatus *status, AgentObservation *seen)
{
    const char *uuid = iov_status_get_domain_uuid(status);
    const char *request = iov_status_get_request(status);

    seen->negotiated = agent_memory_has_negotiated(memory, uuid, request);
    seen->watched = agent_memory_is_watched(memory, uuid);
    seen->hearing = agent_memory_is_hearing(memory);
    /* nobody but the agent takes functions back for such reasons, and nobody else will ask the
     * guest */
    seen->wanted = seen->state == IOV_LEASE_DETACHING &&
                   iov_reason_takes_back(iov_status_get_reason_code(status)) &&
                   !agent_memory_was_asked(memory, uuid, request);
    seen->due = agent_memory_is_due(memory, uuid, request, g_get_monotonic_time());
}

/* What left the domain by itself may have left the host. */
static gboolean
look_at_host(IovManager *manager, const IovLease *lease, AgentObservation *seen, GError **error)
{
    gboolean present = TRUE;

    if (!iov_manager_is_present(manager, lease, &present, error))
        return FALSE;
    seen->vanished = !present;
    return TRUE;
}

/* What costs a walk through /proc is not asked where the answer decides nothing. */
static gboolean
look_at_hold(IovManager *manager, const IovLease *lease, AgentObservation *seen, GError **error)
{
    gboolean matters = seen->state == IOV_LEASE_ATTACHING || seen->state == IOV_LEASE_DETACHING ||
                       (seen->state == IOV_LEASE_ACTIVE && !seen->in_xml) ||
                       (seen->state == IOV_LEASE_RESERVED && seen->in_xml);

    if (matters && !iov_manager_is_held(manager, lease, &seen->held, error))
        return FALSE;
    if (seen->state == IOV_LEASE_ACTIVE && seen->in_xml &&
        ((!seen->teaming && !seen->no_floor) || seen->yielded))
        return iov_manager_is_driven(manager, lease, &seen->driven, error);
    return seen->state != IOV_LEASE_ACTIVE || seen->in_xml ||
           look_at_host(manager, lease, seen, error);
}

/* What the adapter shows of a function that a guest has or is about to have. */
static gboolean
look_at_adapter(const AgentView *view, IovManager *manager, const IovLease *lease,
                AgentObservation *seen, GError **error)
{
    gboolean shows = TRUE;

    if (!seen->in_xml)
        return TRUE;
    if (seen->state == IOV_LEASE_ATTACHING &&
        iov_domain_find_request(view->record, iov_lease_get_request(lease)) != NULL &&
        !iov_manager_shows_policy(manager, view->record, lease, &shows, error))
        return FALSE;
    seen->unfit = !shows;
    return !seen->teaming ||
           (seen->state != IOV_LEASE_ACTIVE && seen->state != IOV_LEASE_DETACHING) ||
           iov_manager_shows_mac(manager, lease, &seen->mac_on, &seen->mac_off, error);
}

static gboolean
look_at_lease(const AgentView *view, IovManager *manager, const IovStatus *status,
              const IovLease *lease, AgentObservation *seen, GError **error)
{
    g_autofree char *alias = iov_alias_of_function(iov_status_get_request(status));
    const char *source = iov_domain_find_source(view->record, alias);

    seen->in_xml = g_strcmp0(source, iov_lease_get_function(lease)) == 0;
    seen->displaced = source != NULL && !seen->in_xml;
    seen->memory = view->memory;
    seen->quiet = !view->in_a_call && g_get_real_time() - iov_lease_get_since(lease) > QUIET_AFTER;
    seen->yielded =
        seen->state == IOV_LEASE_ACTIVE && iov_status_get_tier(status) != IOV_TIER_PASSTHROUGH;
    seen->copied = seen->yielded && !seen->busy && domain_state_was_copied(view->domain);
    return is_teaming(view, manager, status, &seen->teaming, error) &&
           iov_manager_is_overdue(manager, lease, &seen->overdue, error) &&
           look_at_hold(manager, lease, seen, error) &&
           look_at_adapter(view, manager, lease, seen, error);
}

gboolean
agent_observe(const AgentView *view, IovManager *manager, AgentMemory *memory,
              const IovStatus *status, AgentObservation *seen, GError **error)
{
    IovLease *lease = iov_status_get_lease(status);
    g_autofree char *floor = iov_alias_of_floor(iov_status_get_request(status));

    *seen = (AgentObservation){
        .is_static = iov_status_get_is_static(status),
        .started = iov_status_get_started(status),
        .state = lease != NULL ? iov_lease_get_state(lease) : IOV_LEASE_FREE,
        .in_transit = view->state.in_transit,
        .paused = view->state.paused,
        .stopped = view->state.stopped,
        .job = view->state.job,
        .busy = view->state.job.kind != DOMAIN_JOB_NONE,
        .lowered = iov_status_get_lowered(status),
        .parked = iov_status_get_parked(status),
        .code = iov_status_get_reason_code(status),
        .reason = iov_status_get_reason(status),
        .no_floor = !iov_domain_has_alias(view->record, floor),
    };
    recall(memory, status, seen);
    if (lease != NULL && !seen->is_static &&
        !look_at_lease(view, manager, status, lease, seen, error))
        return FALSE;
    seen->elapsed = agent_memory_enter(memory, iov_status_get_domain_uuid(status),
                                       iov_status_get_request(status), agent_decide_phase(seen),
                                       g_get_monotonic_time());
    return TRUE;
}
