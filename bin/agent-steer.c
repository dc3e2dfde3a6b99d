/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When the host is made to send a request's frames elsewhere: whenever its domain is looked at, for
 * each move of a request is an event that leads there. How is the library's.
 */
#include "agent.h"

/* A domain that is on its way to or from another host stands there, until it has arrived. */
void
agent_steer(IovManager *manager, const AgentView *view)
{
    g_autoptr(GError) error = NULL;

    if (!view->in_transit && !iov_manager_steer(manager, view->record, &error))
        agent_log(LOG_WARNING,
                  &(AgentRecord){.event = "failed",
                                 .domain = iov_domain_get_name(view->record),
                                 .uuid = iov_domain_get_uuid(view->record)},
                  "not all frames for domain %s reach it: %s", iov_domain_get_name(view->record),
                  error->message);
}

void
agent_steer_back(IovManager *manager)
{
    g_autoptr(GError) error = NULL;

    if (!iov_manager_steer_back(manager, &error))
        agent_log(LOG_WARNING, &(AgentRecord){.event = "failed"},
                  "an adapter keeps taking frames for a domain that is gone: %s", error->message);
}
