/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What each action of agent-decide.h does. How a device is attached is lift.c's. Another process
 * may have been faster: a lease that is over is no failure.
 */
#include "agent-effects.h"

#include "agent-effects-transit.h"
#include "cli-error.h"
#include "floor-link.h"
#include "lift.h"

#include <string.h>

gboolean
agent_effect_over_is_fine(gboolean done, GError **cause, GError **error)
{
    if (done || g_error_matches(*cause, IOV_ERROR, IOV_ERROR_STALE) ||
        g_error_matches(*cause, IOV_ERROR, IOV_ERROR_INVALID)) {
        g_clear_error(cause);
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(cause));
    return FALSE;
}

gint64
agent_effect_back_off(const AgentStep *step)
{
    return agent_memory_failed(step->agent->memory, step->uuid, step->request,
                               g_get_monotonic_time());
}

gboolean
agent_effect_note(const AgentStep *step, GError **error)
{
    IovLease *lease = iov_status_get_lease(step->status);

    if (lease != NULL && iov_lease_get_state(lease) == IOV_LEASE_DETACHING)
        return iov_manager_drop_delayed(step->manager, iov_lease_get_function(lease),
                                        iov_lease_get_generation(lease), step->decision->code,
                                        step->decision->reason, error);
    return iov_manager_note(step->manager, step->uuid, step->request, step->decision->code,
                            step->decision->reason, error);
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
wait_for_it(const AgentStep *step, GError **error)
{
    gint64 now = g_get_monotonic_time();

    if (step->decision->look_again)
        agent_memory_look_again(step->agent->memory, step->uuid, step->request, now);
    if (step->decision->look_in != 0)
        agent_memory_look_at(step->agent->memory, step->uuid, step->request,
                             now + step->decision->look_in);
    if (is_known(step->status, step->decision->reason))
        return TRUE;
    agent_report(LOG_DEBUG, "waiting", step->status, "%s", step->decision->reason);
    return agent_effect_note(step, error);
}

static gboolean
is_active(const AgentStep *step)
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
lift(const AgentStep *step, GError **error)
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

typedef gboolean (*EnterDone)(IovManager *manager, const char *function, guint64 generation,
                              GError **error);

/* What libvirt has done already is entered in the ledger. */
static gboolean
enter_done(const AgentStep *step, EnterDone enter, const char *event, const char *text,
           GError **error)
{
    g_autoptr(GError) cause = NULL;
    IovLease *lease = iov_status_get_lease(step->status);
    gboolean done = enter(step->manager, iov_lease_get_function(lease),
                          iov_lease_get_generation(lease), &cause);

    if (done)
        agent_report(LOG_INFO, event, step->status, "%s", text);
    return agent_effect_over_is_fine(done, &cause, error);
}

static gboolean
confirm(const AgentStep *step, GError **error)
{
    return enter_done(step, iov_manager_lift_done, "lifted", "QEMU holds the function", error);
}

static gboolean
finish_drop(const AgentStep *step, GError **error)
{
    return enter_done(step, iov_manager_drop_done, "dropped", "the guest gave the function back",
                      error);
}

static gboolean
give_up(const AgentStep *step, GError **error)
{
    static const char reason[] = "the attach was cut short: trying again";
    g_autoptr(GError) cause = NULL;
    IovLease *lease = iov_status_get_lease(step->status);
    gboolean done = iov_manager_lift_failed(step->manager, iov_lease_get_function(lease),
                                            iov_lease_get_generation(lease), IOV_REASON_REFUSED,
                                            reason, &cause);

    if (done)
        agent_report(LOG_WARNING, "failed", step->status, "%s", reason);
    return agent_effect_over_is_fine(done, &cause, error);
}

gboolean
agent_effect_delay_drop(const AgentStep *step, const char *reason, GError **error)
{
    g_autoptr(GError) cause = NULL;
    IovLease *lease = iov_status_get_lease(step->status);
    gboolean done = iov_manager_drop_delayed(step->manager, iov_lease_get_function(lease),
                                             iov_lease_get_generation(lease),
                                             IOV_REASON_GUEST_KEEPS, reason, &cause);

    agent_report(LOG_NOTICE, "delayed", step->status, "%s", reason);
    agent_effect_back_off(step);
    return agent_effect_over_is_fine(done, &cause, error);
}

/* Not an admin's doing: the request is not parked. */
static gboolean
take_back_as(const AgentStep *step, int priority, const char *event, GError **error)
{
    g_autoptr(GError) cause = NULL;
    IovLease *lease = iov_status_get_lease(step->status);
    gboolean done = iov_manager_take_back(step->manager, iov_lease_get_function(lease),
                                          iov_lease_get_generation(lease), step->decision->code,
                                          step->decision->reason, &cause);

    if (done)
        agent_report(priority, event, step->status, "%s", step->decision->reason);
    return agent_effect_over_is_fine(done, &cause, error);
}

/* A reservation that serves nobody now goes to those whom it would. */
static gboolean
give_back(const AgentStep *step, GError **error)
{
    agent_effect_back_off(step);
    return take_back_as(step, LOG_INFO, "waiting", error);
}

static gboolean
take_back(const AgentStep *step, GError **error)
{
    return take_back_as(step, LOG_WARNING, "lost", error);
}

static gboolean
detach_device(const AgentStep *step, GError **error)
{
    g_autofree char *alias = iov_alias_of_function(step->request);

    return virDomainDetachDeviceAlias(step->view->domain, alias, VIR_DOMAIN_AFFECT_LIVE) == 0 ||
           libvirt_error(error, "libvirt cannot detach it yet");
}

/* The first time: why it was asked for stands in the status, and stays. What comes of it, an event
 * tells; where none comes, it is asked for again. */
static gboolean
ask(const AgentStep *step, GError **error)
{
    agent_memory_set_asked(step->agent->memory, step->uuid, step->request);
    agent_effect_back_off(step);
    return detach_device(step, error);
}

static gboolean
lower(const AgentStep *step, GError **error)
{
    return floor_link_lower(step->view->domain, step->manager, step->request, error) &&
           iov_manager_note(step->manager, step->uuid, step->request, IOV_REASON_NONE, "", error);
}

static gboolean
raise_floor(const AgentStep *step, GError **error)
{
    return floor_link_raise(step->view->domain, step->manager, step->request, error);
}

/* libvirt returns after 5 s though the guest has not answered: an event tells when it has. */
static gboolean
detach(const AgentStep *step, GError **error)
{
    g_autoptr(GError) cause = NULL;

    detach_device(step, &cause);
    return agent_effect_delay_drop(
        step, cause != NULL ? cause->message : "the guest was asked for it again", error);
}

static gboolean
park(const AgentStep *step, GError **error)
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
    return agent_effect_over_is_fine(done, &cause, error);
}

static gboolean
mistrust(const AgentStep *step, GError **error G_GNUC_UNUSED)
{
    agent_effect_back_off(step);
    agent_work_add(step->agent->work, AGENT_TASK_RECONCILE, NULL);
    return TRUE;
}

static gboolean
do_nothing(const AgentStep *step G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return TRUE;
}

static const AgentEffect effects[] = {
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
    [AGENT_IMPOSE] = {agent_effect_impose, TRUE, FALSE, FALSE},
    [AGENT_YIELD] = {agent_effect_yield, TRUE, FALSE, FALSE},
    [AGENT_REGAIN] = {agent_effect_regain, TRUE, FALSE, FALSE},
    [AGENT_ABORT] = {agent_effect_abort, TRUE, FALSE, FALSE},
    [AGENT_RESUME] = {agent_effect_resume, TRUE, FALSE, FALSE},
    [AGENT_SETTLE] = {agent_effect_settle, TRUE, TRUE, FALSE},
};

AgentEffect
agent_effect(AgentAction action)
{
    return effects[action];
}
