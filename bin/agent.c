/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The agent put together: memory, queue, connection and timers, and which task a timer or a worker
 * runs. It owns no rule about requests.
 */
#include "agent.h"

#include "agent-lock.h"
#include "agent-notify.h"

#include <malloc.h>
#include <stdarg.h>

#define SECOND ((gint64)G_USEC_PER_SEC)

void
agent_report(int priority, const char *event, const IovStatus *status, const char *format, ...)
{
    IovLease *lease = status != NULL ? iov_status_get_lease(status) : NULL;
    AgentRecord record = {.event = event};
    va_list arguments;

    if (status != NULL) {
        record.domain = iov_status_get_domain_name(status);
        record.uuid = iov_status_get_domain_uuid(status);
        record.request = iov_status_get_request(status);
    }
    if (lease != NULL)
        record.function = iov_lease_get_function(lease);
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    agent_log(priority, &record, "%s", message);
}

static void
on_retry(gpointer data)
{
    Agent *agent = data;
    g_autoptr(GPtrArray) uuids = agent_memory_take_due(agent->memory, g_get_monotonic_time());

    for (guint i = 0; i < uuids->len; i++)
        agent_work_add(agent->work, AGENT_TASK_DOMAIN, g_ptr_array_index(uuids, i));
    /* a request that failed and lost its function gets the next one there */
    agent_work_add(agent->work, AGENT_TASK_PASS, NULL);
}

static void
on_repass(gpointer data)
{
    Agent *agent = data;

    agent_work_add(agent->work, AGENT_TASK_PASS, NULL);
}

static void
on_deadline(gpointer data)
{
    Agent *agent = data;

    agent_work_add(agent->work, AGENT_TASK_RECONCILE, NULL);
}

static void
on_reconnect(gpointer data)
{
    Agent *agent = data;

    agent_work_add(agent->work, AGENT_TASK_CONNECT, NULL);
}

static void
connect_again(Agent *agent, const GError *cause)
{
    gboolean first = agent->connects.delay == 0;
    gint64 delay = agent_backoff_next(&agent->connects);

    agent_log(first ? LOG_WARNING : LOG_DEBUG, NULL, "%s: trying again until it answers",
              cause->message);
    agent_timer_set(agent->reconnect, g_get_monotonic_time() + delay);
    agent_notify("STATUS=Waiting for libvirt");
}

/* First the domains, then the ledger: what an admin took off while nobody watched is parked, before
 * reconcile takes it for lost. */
static void
catch_up(Agent *agent, IovManager *manager)
{
    g_autoptr(GError) error = NULL;

    if (!agent_look_at_all(agent, manager, &error))
        agent_log(LOG_WARNING, NULL, "%s", error->message);
    agent_work_add(agent->work, AGENT_TASK_RECONCILE, NULL);
}

static void
run_connect(Agent *agent, IovManager *manager)
{
    g_autoptr(GError) error = NULL;
    gboolean fresh = FALSE;

    if (!agent_libvirt_connect(agent->libvirt, &fresh, &error)) {
        connect_again(agent, error);
        return;
    }
    agent_backoff_reset(&agent->connects);
    if (!fresh)
        return;
    agent_log(LOG_INFO, NULL, "connected to libvirt at %s", agent->uri);
    agent_notify("STATUS=Connected to libvirt");
    catch_up(agent, manager);
}

/* Under a lock, so that of two workers the one that looked first cannot set its answer last. */
static void
arm_retry(Agent *agent)
{
    AGENT_LOCKED(&agent->arming);

    agent_timer_set(agent->retry, agent_memory_get_next(agent->memory));
}

/* Each task opens a manager of its own: that is cheap, none is shared by threads, and a ledger that
 * was removed and made again is not missed. */
static void
run_task(const AgentTask *task, gpointer data)
{
    Agent *agent = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(IovManager) manager = iov_manager_open(agent->root, &error);

    if (manager == NULL) {
        agent_log(LOG_ERR, NULL, "%s", error->message);
        return;
    }
    switch (task->kind) {
    case AGENT_TASK_CONNECT:
        run_connect(agent, manager);
        break;
    case AGENT_TASK_RECONCILE:
        agent_reconcile_run(agent, manager);
        break;
    case AGENT_TASK_PASS:
        agent_pass_run(agent, manager);
        break;
    case AGENT_TASK_DOMAIN:
        agent_domain_run(agent, manager, task->uuid);
        break;
    }
    /* what the XML of many domains took is not needed until the next time */
    if (task->kind == AGENT_TASK_RECONCILE || task->kind == AGENT_TASK_PASS)
        malloc_trim(0);
    arm_retry(agent);
}

Agent *
agent_new(const char *root, const char *uri, GMainContext *context, GError **error)
{
    Agent *agent = g_new0(Agent, 1);

    agent->root = root;
    agent->uri = uri;
    agent->connects = (AgentBackoff){.first = SECOND / 2, .limit = 30 * SECOND};
    agent->passes = (AgentBackoff){.first = SECOND, .limit = 300 * SECOND};
    agent->reconciles = (AgentBackoff){.first = 5 * SECOND, .limit = 300 * SECOND};
    g_mutex_init(&agent->arming);
    agent->retry = agent_timer_new(context, on_retry, agent);
    agent->repass = agent_timer_new(context, on_repass, agent);
    agent->deadline = agent_timer_new(context, on_deadline, agent);
    agent->reconnect = agent_timer_new(context, on_reconnect, agent);
    agent->memory = agent_memory_new();
    agent->work = agent_work_new(run_task, agent);
    agent->events = (AgentEvents){.memory = agent->memory, .work = agent->work};
    agent->libvirt = agent_libvirt_new(uri, &agent->events, error);
    if (agent->libvirt != NULL)
        return agent;
    agent_free(agent);
    return NULL;
}

/* Workers end before what they use. */
void
agent_free(Agent *agent)
{
    agent_work_stop(agent->work);
    agent_libvirt_free(agent->libvirt);
    agent_work_free(agent->work);
    agent_memory_free(agent->memory);
    agent_timer_free(agent->retry);
    agent_timer_free(agent->repass);
    agent_timer_free(agent->deadline);
    agent_timer_free(agent->reconnect);
    g_mutex_clear(&agent->arming);
    g_free(agent);
}
