/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Functions for those that wait: a free one by priority and waiting time, else one that a request
 * of lower priority gives up. Called within a pass; devices are attached and detached in the
 * domains' own tasks.
 */
#include "agent.h"

#include <string.h>

/* So many refusals in a row end a pool's turn: the others would hear the same. */
#define REFUSALS_LIMIT 8

void
agent_want_back(Agent *agent, const IovStatus *status, const char *event, const char *reason)
{
    agent_report(LOG_NOTICE, event, status, "%s", reason);
    agent_work_add(agent->work, AGENT_TASK_DOMAIN, iov_status_get_domain_uuid(status));
}

/* A guest that has not negotiated failover could not use a function: it would only keep it from
 * others. Where nobody would tell when it negotiates, it is tried. */
static gboolean
is_of_no_use(Agent *agent, const IovStatus *status)
{
    const char *uuid = iov_status_get_domain_uuid(status);

    return iov_status_get_migration(status) == IOV_MIGRATION_FAILOVER &&
           agent_memory_is_watched(agent->memory, uuid) &&
           !agent_memory_has_negotiated(agent->memory, uuid, iov_status_get_request(status));
}

/* TRUE: the request was refused because its pool has nothing for it. */
static gboolean
promote_one(Agent *agent, IovManager *manager, const IovStatus *status)
{
    const char *uuid = iov_status_get_domain_uuid(status);
    const char *request = iov_status_get_request(status);
    gint64 now = g_get_monotonic_time();
    g_autoptr(GError) cause = NULL;

    /* one that migrates is not touched, and may end here: its time comes when that is over */
    if (iov_status_get_reason_code(status) == IOV_REASON_IN_TRANSIT ||
        !agent_memory_is_due(agent->memory, uuid, request, now) || is_of_no_use(agent, status))
        return FALSE;
    if (iov_manager_acquire(manager, uuid, request, &cause)) {
        agent_report(LOG_INFO, "promoted", status, "a function is free: to be lifted");
        agent_work_add(agent->work, AGENT_TASK_DOMAIN, uuid);
        return FALSE;
    }
    if (!g_error_matches(cause, IOV_ERROR, IOV_ERROR_EXHAUSTED)) {
        agent_report(LOG_WARNING, "failed", status, "cannot lease a function: %s", cause->message);
        agent_memory_failed(agent->memory, uuid, request, now);
        return FALSE;
    }
    if (iov_status_get_reason_code(status) != IOV_REASON_RECLAIMED &&
        strcmp(cause->message, iov_status_get_reason(status)) != 0)
        agent_report(LOG_INFO, "waiting", status, "%s", cause->message);
    return TRUE;
}

static gboolean
reclaim(Agent *agent, IovManager *manager, GPtrArray *claimants, GError **error)
{
    g_autoptr(GPtrArray) victims = NULL;

    if (claimants->len == 0)
        return TRUE;
    if (!iov_manager_reclaim(manager, claimants, &victims, error))
        return FALSE;
    for (guint i = 0; i < victims->len; i++)
        agent_want_back(agent, g_ptr_array_index(victims, i), "reclaimed",
                        "its function goes to a request of higher priority");
    return TRUE;
}

gboolean
agent_promote(Agent *agent, IovManager *manager, GError **error)
{
    g_autoptr(GHashTable) refusals = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) claimants = g_ptr_array_new();
    g_autoptr(GPtrArray) waiting = iov_manager_list_waiting(manager, error);

    if (waiting == NULL)
        return FALSE;
    for (guint i = 0; i < waiting->len; i++) {
        IovStatus *status = g_ptr_array_index(waiting, i);
        gpointer pool = (gpointer)iov_status_get_pool(status);
        guint refused = GPOINTER_TO_UINT(g_hash_table_lookup(refusals, pool));

        if (refused >= REFUSALS_LIMIT || !promote_one(agent, manager, status))
            continue;
        g_hash_table_insert(refusals, pool, GUINT_TO_POINTER(refused + 1));
        g_ptr_array_add(claimants, status);
    }
    return reclaim(agent, manager, claimants, error);
}
