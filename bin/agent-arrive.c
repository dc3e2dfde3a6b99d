/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is to be done once when a domain has come from another host, beside the lift of what waits:
 * its persistent configuration is made to fit this one. Of a domain that stayed here it changes
 * nothing.
 */
#include "agent.h"

#include "floor-source.h"

static gboolean
correct(const AgentView *view, const char *request)
{
    g_autoptr(GError) error = NULL;
    gboolean corrected = FALSE;
    AgentRecord record = {.domain = iov_domain_get_name(view->record),
                          .uuid = iov_domain_get_uuid(view->record),
                          .request = request};

    if (!floor_source_correct(view->domain, request, &corrected, &error)) {
        record.event = "failed";
        agent_log(LOG_WARNING, &record, "%s: trying again", error->message);
        return FALSE;
    }
    record.event = "corrected";
    if (corrected)
        agent_log(LOG_NOTICE, &record,
                  "the floor in the persistent configuration names this host's device");
    return TRUE;
}

void
agent_arrive(Agent *agent, const AgentView *view)
{
    const char *uuid = iov_domain_get_uuid(view->record);
    GPtrArray *requests = iov_domain_get_requests(view->record);
    gboolean done = TRUE;

    for (guint i = 0; i < requests->len; i++)
        done = correct(view, iov_request_get_name(g_ptr_array_index(requests, i))) && done;
    agent_memory_set_arrived(agent->memory, uuid, !done);
    if (done)
        agent_memory_settled(agent->memory, uuid, AGENT_ARRIVAL);
    else
        agent_memory_failed(agent->memory, uuid, AGENT_ARRIVAL, g_get_monotonic_time());
}

void
agent_arrive_if_due(Agent *agent, const AgentView *view)
{
    const char *uuid = iov_domain_get_uuid(view->record);

    if (agent_memory_has_arrived(agent->memory, uuid) && !view->state.in_transit &&
        !domain_job_is_copy(&view->state.job) &&
        agent_memory_is_due(agent->memory, uuid, AGENT_ARRIVAL, g_get_monotonic_time()))
        agent_arrive(agent, view);
}
