/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One domain's requests, each brought a step forward: observe, decide, act, and look again until
 * nothing more can be done now. What to do is agent-decide.c's, how it is done agent-effects.c's.
 */
#include "agent-effects.h"

#include "agent-pinning.h"

#define ROUNDS 4 /* lift, confirm, and two for what happened meanwhile */
/* The memory's name for the domain itself: no request has it. */
#define WHOLE_DOMAIN ""

static void
report_failure(const AgentStep *step, const GError *cause)
{
    gint64 delay = agent_effect_back_off(step);

    agent_report(LOG_WARNING, "failed", step->status,
                 "cannot %s: %s: trying again in %" G_GINT64_FORMAT " s",
                 agent_action_to_string(step->decision->action), cause->message,
                 delay / G_USEC_PER_SEC);
}

/* TRUE: it has advanced, look again. */
static gboolean
act(const AgentStep *step)
{
    g_autoptr(GError) cause = NULL;
    AgentEffect effect = agent_effect(step->decision->action);
    gboolean done = effect.run(step, &cause);

    if (!done)
        report_failure(step, cause);
    else if (effect.settles)
        agent_memory_settled(step->agent->memory, step->uuid, step->request);
    if (effect.frees || !done)
        agent_work_add(step->agent->work, AGENT_TASK_PASS, NULL);
    return done && effect.advances;
}

static gboolean
bring_forward(Agent *agent, IovManager *manager, const AgentView *view, const IovStatus *status)
{
    g_autoptr(GError) cause = NULL;
    AgentObservation seen;
    AgentDecision decision = {.action = AGENT_NOTHING};
    AgentStep step = {
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
        if (!agent_effect_delay_drop(&step, "the guest refused the unplug: it will be asked again",
                                     &cause))
            report_failure(&step, cause);
        return FALSE;
    }
    decision = agent_decide(&seen);
    return act(&step);
}

/* Where something is about to be attached, whether the host has the memory for it. libvirt answers
 * nothing of that for a domain that arrives: the question would wait for half a minute. */
static void
look_at_memory(AgentView *view, IovManager *manager, GPtrArray *statuses)
{
    for (guint i = 0; i < statuses->len && view->memory == NULL && !view->state.in_transit; i++) {
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
    agent_arrive_if_due(agent, &view);
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
