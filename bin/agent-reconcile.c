/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making the ledger true again from the domains that run: at the start, after each connect, when a
 * reservation ends, when hardware comes or goes. It runs alone, so that no lift of ours happens
 * between reading the domains and judging them.
 */
#include "agent.h"
#include "reconcile.h"

static void
report_unreadable(GPtrArray *domains)
{
    for (guint i = 0; i < domains->len; i++) {
        const IovDomain *domain = g_ptr_array_index(domains, i);
        const char *fault = iov_domain_get_fault(domain);
        AgentRecord record = {.event = "unreadable",
                              .domain = iov_domain_get_name(domain),
                              .uuid = iov_domain_get_uuid(domain)};

        if (fault != NULL)
            agent_log(LOG_WARNING, &record, "%s: what it has is left as it is", fault);
    }
}

/* An empty list of domains would free every lease: where they cannot be listed, nothing is judged.
 */
static gboolean
reconcile(Agent *agent, IovManager *manager, virConnectPtr connection, GError **error)
{
    g_auto(GStrv) changes = NULL;
    gint64 listed_at = 0;
    g_autoptr(GPtrArray) domains =
        reconcile_running(connection, manager, &listed_at, &changes, error);

    if (domains == NULL)
        return FALSE;
    agent->reconciled_at = listed_at;
    report_unreadable(domains);
    for (guint i = 0; changes[i] != NULL; i++)
        agent_log(LOG_NOTICE, &(AgentRecord){.event = "reconciled"}, "%s", changes[i]);
    return TRUE;
}

gboolean
agent_look_at_all(Agent *agent, IovManager *manager, GError **error)
{
    g_autoptr(GPtrArray) statuses = iov_manager_list_status(manager, NULL, error);

    if (statuses == NULL)
        return FALSE;
    for (guint i = 0; i < statuses->len; i++)
        agent_work_add(agent->work, AGENT_TASK_DOMAIN,
                       iov_status_get_domain_uuid(g_ptr_array_index(statuses, i)));
    agent_work_add(agent->work, AGENT_TASK_PASS, NULL);
    return TRUE;
}

void
agent_reconcile_run(Agent *agent, IovManager *manager)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(virConnect) connection = agent_libvirt_get(agent->libvirt);

    /* a connect is followed by a reconcile */
    if (connection == NULL)
        return;
    if (reconcile(agent, manager, connection, &error) &&
        agent_look_at_all(agent, manager, &error)) {
        agent_backoff_reset(&agent->reconciles);
        return;
    }
    gint64 delay = agent_backoff_next(&agent->reconciles);
    agent_log(LOG_WARNING, NULL, "cannot reconcile: %s: trying again in %" G_GINT64_FORMAT " s",
              error->message, delay / G_USEC_PER_SEC);
    agent_timer_set(agent->deadline, g_get_monotonic_time() + delay);
}
