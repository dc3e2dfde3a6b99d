/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When the host is made to send a request's frames elsewhere: whenever its domain is looked at, for
 * each move of a request is an event that leads there. How is the library's.
 */
#include "agent.h"

/* A domain that is on its way to or from another host stands there, until it has arrived; one that
 * is paused sends nothing, and libvirt has its macvtaps down: an event tells when it goes on. */
void
agent_steer(Agent *agent, IovManager *manager, const AgentView *view)
{
    const char *name = iov_domain_get_name(view->record);
    const char *uuid = iov_domain_get_uuid(view->record);
    g_autoptr(GError) error = NULL;
    gboolean settled = TRUE;

    if (view->state.in_transit || view->state.paused)
        return;
    if (!iov_manager_steer(manager, view->record, &settled, &error)) {
        gint64 delay =
            agent_memory_failed(agent->memory, uuid, AGENT_STEERING, g_get_monotonic_time());

        agent_log(LOG_WARNING, &(AgentRecord){.event = "failed", .domain = name, .uuid = uuid},
                  "not all frames for domain %s reach it: %s: trying again in %" G_GINT64_FORMAT
                  " s",
                  name, error->message, delay / G_USEC_PER_SEC);
    } else if (settled) {
        agent_memory_settled(agent->memory, uuid, AGENT_STEERING);
    } else {
        agent_memory_watch(agent->memory, uuid, AGENT_STEERING, g_get_monotonic_time());
    }
}

void
agent_steer_back(IovManager *manager)
{
    g_autoptr(GError) error = NULL;

    if (!iov_manager_steer_back(manager, &error))
        agent_log(LOG_WARNING, &(AgentRecord){.event = "failed"},
                  "an adapter keeps taking frames for a domain that is gone: %s", error->message);
}
