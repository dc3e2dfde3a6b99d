/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the actions of agent-decide-transit.c do. What is noted in the ledger comes before libvirt
 * is asked for anything: an agent that is started again reads there what was begun.
 */
#include "agent-effects-transit.h"

/* Where the adapter does not take the policy, the library has the function taken off its guest. */
gboolean
agent_effect_impose(const AgentStep *step, GError **error)
{
    g_autoptr(GError) cause = NULL;
    IovLease *lease = iov_status_get_lease(step->status);
    gboolean done =
        iov_manager_impose(step->manager, step->view->record, iov_lease_get_function(lease),
                           iov_lease_get_generation(lease), &cause);

    if (done || g_error_matches(cause, IOV_ERROR, IOV_ERROR_STALE))
        return agent_effect_over_is_fine(done, &cause, error);
    agent_effect_back_off(step);
    agent_report(LOG_WARNING, "failed", step->status,
                 "the function that came with the domain is taken off it: %s", cause->message);
    return TRUE;
}

typedef gboolean (*EnterSeen)(IovManager *manager, const char *function, guint64 generation,
                              const char *reason, GError **error);

/* What QEMU has done by itself is entered in the ledger. */
static gboolean
enter_seen(const AgentStep *step, EnterSeen enter, int priority, const char *event,
           const char *text, GError **error)
{
    g_autoptr(GError) cause = NULL;
    IovLease *lease = iov_status_get_lease(step->status);
    gboolean done = enter(step->manager, iov_lease_get_function(lease),
                          iov_lease_get_generation(lease), step->decision->reason, &cause);

    if (done)
        agent_report(priority, event, step->status, "%s", text);
    return agent_effect_over_is_fine(done, &cause, error);
}

gboolean
agent_effect_yield(const AgentStep *step, GError **error)
{
    return enter_seen(step, iov_manager_unplugged, LOG_INFO, "unplugged",
                      "QEMU took the function from the guest to copy it: it is on its floor",
                      error);
}

gboolean
agent_effect_regain(const AgentStep *step, GError **error)
{
    return enter_seen(step, iov_manager_plugged_again, LOG_NOTICE, "lifted",
                      "the domain stays here: QEMU has plugged the function in again", error);
}

gboolean
agent_effect_abort(const AgentStep *step, GError **error)
{
    if (!agent_effect_note(step, error))
        return FALSE;
    if (virDomainAbortJob(step->view->domain) != 0)
        return libvirt_error(error, "libvirt does not abort it");
    agent_report(LOG_WARNING, "aborted", step->status, "%s", step->decision->reason);
    /* the time that this job gets from here on is counted anew */
    agent_memory_enter(step->agent->memory, step->uuid, step->request, AGENT_PHASE_NONE,
                       g_get_monotonic_time());
    return TRUE;
}

gboolean
agent_effect_resume(const AgentStep *step, GError **error)
{
    if (virDomainResume(step->view->domain) != 0)
        return libvirt_error(error, "libvirt does not resume it");
    agent_report(LOG_NOTICE, "resumed", step->status,
                 "the guest runs again, as before the job that was aborted");
    return TRUE;
}

gboolean
agent_effect_settle(const AgentStep *step, GError **error)
{
    const IovLease *lease = iov_status_get_lease(step->status);

    if (step->view->state.came)
        agent_arrive(step->agent, step->view);
    /* who waits may have a function now; who has one may be asked for it */
    if (lease == NULL || iov_lease_get_state(lease) == IOV_LEASE_ACTIVE)
        agent_work_add(step->agent->work, AGENT_TASK_PASS, NULL);
    return iov_manager_note(step->manager, step->uuid, step->request, IOV_REASON_NONE, "", error);
}
