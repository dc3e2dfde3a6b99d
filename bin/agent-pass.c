/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pass through the ledger: hand out what is pending, clean what came back, give it to those that
 * wait. Devices are attached elsewhere, in the domains' own tasks.
 */
#include "agent-pass.h"

#include "agent.h"

#include <string.h>

/* So many refusals in a row end a pool's turn: the others would hear the same. */
#define REFUSALS_LIMIT 8

gboolean
agent_pass_is_pending(const IovStatus *status)
{
    IovLease *lease = iov_status_get_lease(status);

    if (lease == NULL || iov_status_get_is_static(status))
        return FALSE;
    switch (iov_lease_get_state(lease)) {
    case IOV_LEASE_RESERVED:
        return iov_status_get_started(status);
    case IOV_LEASE_ATTACHING:
    case IOV_LEASE_DETACHING:
        return TRUE;
    case IOV_LEASE_ACTIVE: /* an event tells when it leaves */
    case IOV_LEASE_FREE:
    case IOV_LEASE_SCRUBBING:
    case IOV_LEASE_QUARANTINED:
    case IOV_LEASE_FOREIGN:
        break;
    }
    return FALSE;
}

gint64
agent_pass_next_deadline(GPtrArray *functions, gint64 reconciled_at)
{
    gint64 next = 0;

    for (guint i = 0; i < functions->len; i++) {
        const IovLease *lease = g_ptr_array_index(functions, i);
        gint64 deadline = iov_lease_get_deadline(lease);

        if (iov_lease_get_state(lease) == IOV_LEASE_RESERVED && deadline > reconciled_at &&
            (next == 0 || deadline < next))
            next = deadline;
    }
    return next;
}

static gboolean
hand_out(Agent *agent, IovManager *manager, GError **error)
{
    g_autoptr(GPtrArray) statuses = iov_manager_list_status(manager, NULL, error);

    if (statuses == NULL)
        return FALSE;
    for (guint i = 0; i < statuses->len; i++) {
        const IovStatus *status = g_ptr_array_index(statuses, i);
        if (agent_pass_is_pending(status))
            agent_work_add(agent->work, AGENT_TASK_DOMAIN, iov_status_get_domain_uuid(status));
    }
    return TRUE;
}

static void
arm_deadline(Agent *agent, GPtrArray *functions)
{
    gint64 deadline = agent_pass_next_deadline(functions, agent->reconciled_at);

    if (deadline != 0)
        agent_timer_set(agent->deadline,
                        g_get_monotonic_time() + MAX(0, deadline - g_get_real_time()));
}

/* The addresses of those that wait to be cleaned. */
static GHashTable *
find_dirty(GPtrArray *functions)
{
    GHashTable *dirty = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < functions->len; i++) {
        const IovLease *lease = g_ptr_array_index(functions, i);
        if (iov_lease_get_state(lease) == IOV_LEASE_SCRUBBING)
            g_hash_table_add(dirty, g_strdup(iov_lease_get_function(lease)));
    }
    return dirty;
}

/* What could not be cleaned is unusable: the admin must know. */
static void
report_quarantined(const IovLease *lease)
{
    const char *reason = iov_lease_get_reason(lease);
    AgentRecord record = {.event = "quarantined", .function = iov_lease_get_function(lease)};

    agent_log(LOG_ERR, &record, "function %s of pool %s is quarantined: %s", record.function,
              iov_lease_get_pool(lease), reason != NULL ? reason : "it cannot be cleaned");
}

/* What became of those that were @dirty. @left: some are so still, as a process holds them. */
static gboolean
report_scrubbed(IovManager *manager, GHashTable *dirty, gboolean *left, GError **error)
{
    g_autoptr(GPtrArray) functions = iov_manager_list_functions(manager, NULL, error);

    if (functions == NULL)
        return FALSE;
    for (guint i = 0; i < functions->len; i++) {
        const IovLease *lease = g_ptr_array_index(functions, i);

        if (!g_hash_table_contains(dirty, iov_lease_get_function(lease)))
            continue;
        if (iov_lease_get_state(lease) == IOV_LEASE_QUARANTINED)
            report_quarantined(lease);
        if (iov_lease_get_state(lease) == IOV_LEASE_SCRUBBING)
            *left = TRUE;
    }
    return TRUE;
}

static gboolean
scrub(Agent *agent, IovManager *manager, gboolean *left, GError **error)
{
    guint freed = 0;
    g_autoptr(GPtrArray) functions = iov_manager_list_functions(manager, NULL, error);

    if (functions == NULL)
        return FALSE;
    arm_deadline(agent, functions);
    g_autoptr(GHashTable) dirty = find_dirty(functions);
    if (g_hash_table_size(dirty) == 0)
        return TRUE;
    if (!iov_manager_scrub_pending(manager, &freed, error))
        return FALSE;
    agent_log(freed > 0 ? LOG_INFO : LOG_DEBUG, &(AgentRecord){.event = "freed"},
              "%u of %u functions cleaned and free again", freed, g_hash_table_size(dirty));
    return report_scrubbed(manager, dirty, left, error);
}

/* TRUE: the request was refused because its pool has nothing for it. */
static gboolean
promote_one(Agent *agent, IovManager *manager, const IovStatus *status)
{
    const char *uuid = iov_status_get_domain_uuid(status);
    const char *request = iov_status_get_request(status);
    gint64 now = g_get_monotonic_time();
    g_autoptr(GError) cause = NULL;

    if (!agent_memory_is_due(agent->memory, uuid, request, now))
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
    if (strcmp(cause->message, iov_status_get_reason(status)) != 0)
        agent_report(LOG_INFO, "waiting", status, "%s", cause->message);
    return TRUE;
}

static gboolean
promote(Agent *agent, IovManager *manager, GError **error)
{
    g_autoptr(GHashTable) refusals = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) waiting = iov_manager_list_waiting(manager, error);

    if (waiting == NULL)
        return FALSE;
    for (guint i = 0; i < waiting->len; i++) {
        const IovStatus *status = g_ptr_array_index(waiting, i);
        gpointer pool = (gpointer)iov_status_get_pool(status);
        guint refused = GPOINTER_TO_UINT(g_hash_table_lookup(refusals, pool));

        if (refused < REFUSALS_LIMIT && promote_one(agent, manager, status))
            g_hash_table_insert(refusals, pool, GUINT_TO_POINTER(refused + 1));
    }
    return TRUE;
}

/* What is pending goes first: a guest that waits for its function does not wait for a scrub. */
static gboolean
pass(Agent *agent, IovManager *manager, gboolean *left, GError **error)
{
    g_autoptr(virConnect) connection = agent_libvirt_get(agent->libvirt);

    if (!hand_out(agent, manager, error) || !scrub(agent, manager, left, error))
        return FALSE;
    return connection == NULL || promote(agent, manager, error);
}

void
agent_pass_run(Agent *agent, IovManager *manager)
{
    g_autoptr(GError) error = NULL;
    gboolean left = FALSE;
    gboolean done = pass(agent, manager, &left, &error);

    if (done && !left) {
        agent_backoff_reset(&agent->passes);
        return;
    }
    gint64 delay = agent_backoff_next(&agent->passes);
    if (!done)
        agent_log(LOG_WARNING, NULL, "%s: trying again in %" G_GINT64_FORMAT " s", error->message,
                  delay / G_USEC_PER_SEC);
    agent_timer_set(agent->repass, g_get_monotonic_time() + delay);
}
