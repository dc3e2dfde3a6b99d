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
    agent_memory_failed(step->agent->memory, step->uuid, step->request, g_get_monotonic_time());
    agent_report(LOG_WARNING, "failed", step->status,
                 "the function that came with the domain is taken off it: %s", cause->message);
    return TRUE;
}

gboolean
agent_effect_yield(const AgentStep *step, GError **error)
{
    g_autoptr(GError) cause = NULL;
    IovLease *lease = iov_status_get_lease(step->status);
    gboolean done =
        iov_manager_unplugged(step->manager, iov_lease_get_function(lease),
                              iov_lease_get_generation(lease), step->decision->reason, &cause);

    if (done)
        agent_report(LOG_INFO, "unplugged", step->status,
                     "QEMU took the function from the guest to copy it: it is on its floor");
    return agent_effect_over_is_fine(done, &cause, error);
}

gboolean
agent_effect_regain(const AgentStep *step, GError **error)
{
    g_autoptr(GError) cause = NULL;
    IovLease *lease = iov_status_get_lease(step->status);
    gboolean done =
        iov_manager_plugged_again(step->manager, iov_lease_get_function(lease),
                                  iov_lease_get_generation(lease), step->decision->reason, &cause);

    if (done)
        agent_report(LOG_NOTICE, "lifted", step->status,
                     "the domain stays here: QEMU has plugged the function in again");
    return agent_effect_over_is_fine(done, &cause, error);
}

/* One that is asked back keeps the reason for that. */
static gboolean
note_abort(const AgentStep *step, GError **error)
{
    IovLease *lease = iov_status_get_lease(step->status);

    if (iov_lease_get_state(lease) == IOV_LEASE_DETACHING)
        return iov_manager_drop_delayed(step->manager, iov_lease_get_function(lease),
                                        iov_lease_get_generation(lease), step->decision->code,
                                        step->decision->reason, error);
    return iov_manager_note(step->manager, step->uuid, step->request, step->decision->code,
                            step->decision->reason, error);
}

gboolean
agent_effect_abort(const AgentStep *step, GError **error)
{
    if (!note_abort(step, error))
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
