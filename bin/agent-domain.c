/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One domain's requests, each brought a step forward: observe, decide, act, and look again until
 * nothing more can be done now. What to do is agent-decide.c's; how a device is attached is
 * lift.c's. Another process may have been faster: a lease that is over is no failure.
 */
#include "agent.h"

#include "agent-observe.h"
#include "agent-pinning.h"
#include "cli-error.h"
#include "floor-link.h"
#include "lift.h"

#include <string.h>

#define ROUNDS 4 /* lift, confirm, and two for what happened meanwhile */
/* The memory's name for the domain itself: no request has it. */
#define WHOLE_DOMAIN ""

typedef struct {
    Agent *agent;
    IovManager *manager;
    const AgentView *view;
    const IovStatus *status;
    const char *uuid, *request;
    const AgentDecision *decision;
} Step;

/* Another process was faster: the lease is over, or further along than the state table lets us go.
 */
static gboolean
over_is_fine(gboolean done, GError **cause, GError **error)
{
    if (done || g_error_matches(*cause, IOV_ERROR, IOV_ERROR_STALE) ||
        g_error_matches(*cause, IOV_ERROR, IOV_ERROR_INVALID)) {
        g_clear_error(cause);
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(cause));
    return FALSE;
}

/* The same words again are no news. */
static gboolean
is_known(const IovStatus *status, const char *reason)
{
    IovLease *lease = iov_status_get_lease(status);
    const char *noted = lease != NULL ? iov_lease_get_reason(lease) : NULL;

    return strcmp(iov_status_get_reason(status), reason) == 0 || g_strcmp0(noted, reason) == 0;
}

static gboolean
wait_for_it(const Step *step, GError **error)
{
    IovLease *lease = iov_status_get_lease(step->status);

    if (step->decision->look_again)
        agent_memory_look_again(step->agent->memory, step->uuid, step->request,
                                g_get_monotonic_time());
    if (is_known(step->status, step->decision->reason))
        return TRUE;
    agent_report(LOG_DEBUG, "waiting", step->status, "%s", step->decision->reason);
    if (lease != NULL && iov_lease_get_state(lease) == IOV_LEASE_DETACHING)
        return iov_manager_drop_delayed(step->manager, iov_lease_get_function(lease),
                                        iov_lease_get_generation(lease), step->decision->code,
                                        step->decision->reason, error);
    return iov_manager_note(step->manager, step->uuid, step->request, step->decision->code,
                            step->decision->reason, error);
}

static gboolean
is_active(const Step *step)
{
    g_autoptr(GPtrArray) statuses = iov_manager_list_status(step->manager, step->uuid, NULL);

    for (guint i = 0; statuses != NULL && i < statuses->len; i++) {
        const IovStatus *status = g_ptr_array_index(statuses, i);
        IovLease *lease = iov_status_get_lease(status);

        if (lease != NULL && strcmp(iov_status_get_request(status), step->request) == 0)
            return iov_lease_get_state(lease) == IOV_LEASE_ACTIVE;
    }
    return FALSE;
}

static gboolean
lift(const Step *step, GError **error)
{
    gint64 before = g_get_monotonic_time();

    if (!lift_request(step->view->domain, step->manager, step->request, error))
        return FALSE;
    gboolean active = is_active(step);
    agent_report(LOG_INFO, active ? "lifted" : "attached", step->status,
                 "%s in %" G_GINT64_FORMAT " ms", active ? "lifted" : "attached",
                 (g_get_monotonic_time() - before) / 1000);
    return TRUE;
}

static gboolean
confirm(const Step *step, GError **error)
{
    g_autoptr(GError) cause = NULL;
    IovLease *lease = iov_status_get_lease(step->status);
    gboolean done = iov_manager_lift_done(step->manager, iov_lease_get_function(lease),
                                          iov_lease_get_generation(lease), &cause);

    if (done)
        agent_report(LOG_INFO, "lifted", step->status, "QEMU holds the function");
    return over_is_fine(done, &cause, error);
}

static gboolean
give_up(const Step *step, GError **error)
{
    static const char reason[] = "the attach was cut short: trying again";
    g_autoptr(GError) cause = NULL;
    IovLease *lease = iov_status_get_lease(step->status);
    gboolean done = iov_manager_lift_failed(step->manager, iov_lease_get_function(lease),
                                            iov_lease_get_generation(lease), IOV_REASON_REFUSED,
                                            reason, &cause);

    if (done)
        agent_report(LOG_WARNING, "failed", step->status, "%s", reason);
    return over_is_fine(done, &cause, error);
}

static gboolean
delay_drop(const Step *step, const char *reason, GError **error)
{
    g_autoptr(GError) cause = NULL;
    IovLease *lease = iov_status_get_lease(step->status);
    gboolean done = iov_manager_drop_delayed(step->manager, iov_lease_get_function(lease),
                                             iov_lease_get_generation(lease),
                                             IOV_REASON_GUEST_KEEPS, reason, &cause);

    agent_report(LOG_NOTICE, "delayed", step->status, "%s", reason);
    agent_memory_failed(step->agent->memory, step->uuid, step->request, g_get_monotonic_time());
    return over_is_fine(done, &cause, error);
}

/* Not an admin's doing: the request is not parked. */
static gboolean
take_back_as(const Step *step, int priority, const char *event, GError **error)
{
    g_autoptr(GError) cause = NULL;
    IovLease *lease = iov_status_get_lease(step->status);
    gboolean done = iov_manager_take_back(step->manager, iov_lease_get_function(lease),
                                          iov_lease_get_generation(lease), step->decision->code,
                                          step->decision->reason, &cause);

    if (done)
        agent_report(priority, event, step->status, "%s", step->decision->reason);
    return over_is_fine(done, &cause, error);
}

/* A reservation that serves nobody now goes to those whom it would. */
static gboolean
give_back(const Step *step, GError **error)
{
    agent_memory_failed(step->agent->memory, step->uuid, step->request, g_get_monotonic_time());
    return take_back_as(step, LOG_INFO, "waiting", error);
}

static gboolean
take_back(const Step *step, GError **error)
{
    return take_back_as(step, LOG_WARNING, "lost", error);
}

/* The first time: why it was asked for stands in the status, and stays. What comes of it, an event
 * tells; where none comes, it is asked for again. */
static gboolean
ask(const Step *step, GError **error)
{
    g_autofree char *alias = iov_alias_of_function(step->request);

    agent_memory_set_asked(step->agent->memory, step->uuid, step->request);
    agent_memory_failed(step->agent->memory, step->uuid, step->request, g_get_monotonic_time());
    return virDomainDetachDeviceAlias(step->view->domain, alias, VIR_DOMAIN_AFFECT_LIVE) == 0 ||
           libvirt_error(error, "libvirt cannot detach it yet");
}

static gboolean
lower(const Step *step, GError **error)
{
    return floor_link_lower(step->view->domain, step->manager, step->request, error) &&
           iov_manager_note(step->manager, step->uuid, step->request, IOV_REASON_NONE, "", error);
}

static gboolean
raise_floor(const Step *step, GError **error)
{
    return floor_link_raise(step->view->domain, step->manager, step->request, error);
}

/* libvirt returns after 5 s though the guest has not answered: an event tells when it has. */
static gboolean
detach(const Step *step, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *alias = iov_alias_of_function(step->request);

    if (virDomainDetachDeviceAlias(step->view->domain, alias, VIR_DOMAIN_AFFECT_LIVE) != 0)
        libvirt_error(&cause, "libvirt cannot detach it yet");
    return delay_drop(step, cause != NULL ? cause->message : "the guest was asked for it again",
                      error);
}

static gboolean
finish_drop(const Step *step, GError **error)
{
    g_autoptr(GError) cause = NULL;
    IovLease *lease = iov_status_get_lease(step->status);
    gboolean done = iov_manager_drop_done(step->manager, iov_lease_get_function(lease),
                                          iov_lease_get_generation(lease), &cause);

    if (done)
        agent_report(LOG_INFO, "dropped", step->status, "the guest gave the function back");
    return over_is_fine(done, &cause, error);
}

static gboolean
park(const Step *step, GError **error)
{
    g_autoptr(GError) cause = NULL;
    IovLease *lease = iov_status_get_lease(step->status);
    guint64 generation = 0;

    if (!iov_manager_drop_begin(step->manager, step->uuid, step->request, TRUE, &generation, error))
        return FALSE;
    gboolean done =
        iov_manager_drop_done(step->manager, iov_lease_get_function(lease), generation, &cause);
    if (done)
        agent_report(
            LOG_NOTICE, "parked", step->status,
            "taken off its function by hand: it stays on its floor until `iovpool attach`");
    return over_is_fine(done, &cause, error);
}

static gboolean
mistrust(const Step *step, GError **error G_GNUC_UNUSED)
{
    agent_memory_failed(step->agent->memory, step->uuid, step->request, g_get_monotonic_time());
    agent_work_add(step->agent->work, AGENT_TASK_RECONCILE, NULL);
    return TRUE;
}

static gboolean
do_nothing(const Step *step G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return TRUE;
}

static const struct {
    gboolean (*run)(const Step *step, GError **error);
    gboolean advances; /* there may be more to do at once */
    gboolean settles;  /* earlier failures are over */
    gboolean frees;    /* the function may serve another domain */
} effects[] = {
    [AGENT_NOTHING] = {do_nothing, FALSE, FALSE, FALSE},
    [AGENT_WAIT] = {wait_for_it, FALSE, FALSE, FALSE},
    [AGENT_LIFT] = {lift, TRUE, TRUE, FALSE},
    [AGENT_CONFIRM] = {confirm, TRUE, TRUE, FALSE},
    [AGENT_GIVE_UP] = {give_up, FALSE, FALSE, TRUE},
    [AGENT_GIVE_BACK] = {give_back, FALSE, FALSE, TRUE},
    [AGENT_TAKE_BACK] = {take_back, TRUE, FALSE, FALSE},
    [AGENT_LOWER] = {lower, FALSE, TRUE, FALSE},
    [AGENT_RAISE] = {raise_floor, TRUE, FALSE, FALSE},
    [AGENT_ASK] = {ask, TRUE, FALSE, FALSE},
    [AGENT_DETACH] = {detach, FALSE, FALSE, FALSE},
    [AGENT_FINISH_DROP] = {finish_drop, FALSE, TRUE, TRUE},
    [AGENT_PARK] = {park, FALSE, TRUE, TRUE},
    [AGENT_MISTRUST] = {mistrust, FALSE, FALSE, FALSE},
};

static void
report_failure(const Step *step, const GError *cause)
{
    gint64 delay =
        agent_memory_failed(step->agent->memory, step->uuid, step->request, g_get_monotonic_time());

    agent_report(LOG_WARNING, "failed", step->status,
                 "cannot %s: %s: trying again in %" G_GINT64_FORMAT " s",
                 agent_action_to_string(step->decision->action), cause->message,
                 delay / G_USEC_PER_SEC);
}

/* TRUE: it has advanced, look again. */
static gboolean
act(const Step *step)
{
    g_autoptr(GError) cause = NULL;
    AgentAction action = step->decision->action;
    gboolean done = effects[action].run(step, &cause);

    if (!done)
        report_failure(step, cause);
    else if (effects[action].settles)
        agent_memory_settled(step->agent->memory, step->uuid, step->request);
    if (effects[action].frees || !done)
        agent_work_add(step->agent->work, AGENT_TASK_PASS, NULL);
    return done && effects[action].advances;
}

static gboolean
bring_forward(Agent *agent, IovManager *manager, const AgentView *view, const IovStatus *status)
{
    g_autoptr(GError) cause = NULL;
    AgentObservation seen;
    AgentDecision decision = {.action = AGENT_NOTHING};
    Step step = {
        .agent = agent,
        .manager = manager,
        .view = view,
        .status = status,
        .uuid = iov_status_get_domain_uuid(status),
        .request = iov_status_get_request(status),
        .decision = &decision,
    };

    if (!agent_observe(view, manager, agent->memory, status, &seen, &cause)) {
        report_failure(&step, cause);
        return FALSE;
    }
    if (agent_memory_take_refused(agent->memory, step.uuid, step.request) &&
        seen.state == IOV_LEASE_DETACHING && seen.in_xml) {
        if (!delay_drop(&step, "the guest refused the unplug: it will be asked again", &cause))
            report_failure(&step, cause);
        return FALSE;
    }
    decision = agent_decide(&seen);
    return act(&step);
}

/* Where something is about to be attached, whether the host has the memory for it. */
static void
look_at_memory(AgentView *view, IovManager *manager, GPtrArray *statuses)
{
    for (guint i = 0; i < statuses->len && view->memory == NULL; i++) {
        const IovStatus *status = g_ptr_array_index(statuses, i);
        IovLease *lease = iov_status_get_lease(status);

        if (lease != NULL && iov_lease_get_state(lease) == IOV_LEASE_RESERVED &&
            iov_status_get_started(status))
            view->memory = agent_pinning_find_fault(view->domain, view->record, manager);
    }
}

static gboolean
look(Agent *agent, IovManager *manager, virDomainPtr domain, GPtrArray *statuses)
{
    g_autoptr(GError) cause = NULL;
    AgentView view;
    gboolean advanced = FALSE;

    if (!agent_view_read(&view, domain, &cause)) {
        agent_report(LOG_WARNING, "failed", g_ptr_array_index(statuses, 0), "%s", cause->message);
        agent_memory_failed(agent->memory,
                            iov_status_get_domain_uuid(g_ptr_array_index(statuses, 0)),
                            WHOLE_DOMAIN, g_get_monotonic_time());
        return FALSE;
    }
    agent_steer(agent, manager, &view);
    look_at_memory(&view, manager, statuses);
    for (guint i = 0; i < statuses->len; i++)
        if (bring_forward(agent, manager, &view, g_ptr_array_index(statuses, i)))
            advanced = TRUE;
    agent_view_clear(&view);
    return advanced;
}

/* The ledger knows a domain that libvirt does not: its hook did not run, or runs just now. */
static void
mistrust_domain(Agent *agent, const char *uuid)
{
    gint64 now = g_get_monotonic_time();

    if (!agent_memory_is_due(agent->memory, uuid, WHOLE_DOMAIN, now))
        return;
    agent_memory_failed(agent->memory, uuid, WHOLE_DOMAIN, now);
    agent_work_add(agent->work, AGENT_TASK_RECONCILE, NULL);
}

static gboolean
run_round(Agent *agent, IovManager *manager, virConnectPtr connection, const char *uuid)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) statuses = iov_manager_list_status(manager, uuid, &error);

    if (error != NULL) {
        agent_log(LOG_WARNING, NULL, "%s", error->message);
        agent_memory_failed(agent->memory, uuid, WHOLE_DOMAIN, g_get_monotonic_time());
        return FALSE;
    }
    if (statuses->len == 0) {
        agent_memory_settled(agent->memory, uuid, WHOLE_DOMAIN);
        return FALSE;
    }
    g_autoptr(virDomain) domain = virDomainLookupByUUIDString(connection, uuid);
    if (domain != NULL && virDomainIsActive(domain) == 1)
        return look(agent, manager, domain, statuses);
    /* a broken connection says nothing of the domain: a new one is made, and looks again */
    if (domain != NULL || virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
        mistrust_domain(agent, uuid);
    return FALSE;
}

void
agent_domain_run(Agent *agent, IovManager *manager, const char *uuid)
{
    g_autoptr(virConnect) connection = agent_libvirt_get(agent->libvirt);

    if (connection == NULL)
        return;
    for (guint round = 0; round < ROUNDS; round++)
        if (!run_round(agent, manager, connection, uuid))
            return;
}
