/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pass through the ledger: hand out what is pending, clean what came back, take functions off
 * adapters that are down, give what is free to those that wait. Devices are attached and detached
 * elsewhere, in the domains' own tasks.
 */
#include "agent-pass.h"

#include "agent.h"

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

/* The links have changed, or may have. */
static gboolean
check_adapters(Agent *agent, IovManager *manager, GError **error)
{
    g_auto(GStrv) changes = NULL;

    if (!g_atomic_int_exchange(&agent->adapters_changed, FALSE))
        return TRUE;
    if (!iov_manager_check_adapters(manager, &changes, error)) {
        g_atomic_int_set(&agent->adapters_changed, TRUE);
        return FALSE;
    }
    for (guint i = 0; changes[i] != NULL; i++)
        agent_log(LOG_WARNING, &(AgentRecord){.event = "adapter"}, "%s", changes[i]);
    return TRUE;
}

/* What stands on an adapter that is down goes to its floor, or to another adapter. */
static gboolean
rescue(Agent *agent, IovManager *manager, GError **error)
{
    g_autoptr(GPtrArray) stranded = iov_manager_list_stranded(manager, error);

    for (guint i = 0; stranded != NULL && i < stranded->len; i++) {
        const IovStatus *status = g_ptr_array_index(stranded, i);
        IovLease *lease = iov_status_get_lease(status);
        g_autofree char *reason =
            g_strdup_printf("its adapter %s is down", iov_lease_get_adapter(lease));

        if (iov_manager_take_back(manager, iov_lease_get_function(lease),
                                  iov_lease_get_generation(lease), IOV_REASON_ADAPTER_DOWN, reason,
                                  NULL))
            agent_want_back(agent, status, "stranded", reason);
    }
    return stranded != NULL;
}

/* What is pending goes first: a guest that waits for its function does not wait for a scrub. */
static gboolean
pass(Agent *agent, IovManager *manager, gboolean *left, GError **error)
{
    g_autoptr(virConnect) connection = agent_libvirt_get(agent->libvirt);

    agent_steer_back(manager);
    if (!hand_out(agent, manager, error) || !check_adapters(agent, manager, error) ||
        !rescue(agent, manager, error) || !scrub(agent, manager, left, error))
        return FALSE;
    return connection == NULL || agent_promote(agent, manager, error);
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
