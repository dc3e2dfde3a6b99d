/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From libvirt's events to facts and tasks. Names come out of a guest's configuration: they are
 * checked before they are remembered, and events of devices that are not ours end here.
 */
#include "agent-events.h"

#include <iovpool.h>
#include <libvirt/libvirt.h>
#include <string.h>

#define ALIAS_PREFIX "ua-iov-"
#define ALIAS_SUFFIX "-vf"
#define DEVICE_KEY "\"device-id\""

static char *
checked(char *name)
{
    if (iov_pool_check_name(name, NULL))
        return name;
    g_free(name);
    return NULL;
}

char *
agent_events_request_of_function(const char *alias)
{
    if (!g_str_has_prefix(alias, ALIAS_PREFIX) || !g_str_has_suffix(alias, ALIAS_SUFFIX))
        return NULL;
    gsize length = strlen(alias), around = strlen(ALIAS_PREFIX) + strlen(ALIAS_SUFFIX);
    if (length <= around)
        return NULL;
    return checked(g_strndup(alias + strlen(ALIAS_PREFIX), length - around));
}

static const char *
skip_spaces(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

/* One string of one key of a flat object that QEMU has written; an alias needs no escapes, and
 * whatever is not plainly ours is not ours. So it takes no JSON parser. */
char *
agent_events_request_of_details(const char *details)
{
    const char *at = details != NULL ? strstr(details, DEVICE_KEY) : NULL;

    if (at == NULL)
        return NULL;
    at = skip_spaces(at + strlen(DEVICE_KEY));
    if (*at != ':')
        return NULL;
    at = skip_spaces(at + 1);
    if (!g_str_has_prefix(at, "\"" ALIAS_PREFIX))
        return NULL;
    at += strlen("\"" ALIAS_PREFIX);
    const char *end = strchr(at, '"');
    return end != NULL ? checked(g_strndup(at, (gsize)(end - at))) : NULL;
}

/* What is waited for in its guest is waited for anew. */
static void
look_at(const AgentEvents *events, const char *uuid)
{
    agent_memory_settled(events->memory, uuid, AGENT_STEERING);
    agent_work_add(events->work, AGENT_TASK_DOMAIN, uuid);
}

void
agent_events_lifecycle(const AgentEvents *events, const char *uuid, int event, int detail)
{
    switch ((virDomainEventType)event) {
    case VIR_DOMAIN_EVENT_DEFINED:
    case VIR_DOMAIN_EVENT_UNDEFINED:
        return;
    case VIR_DOMAIN_EVENT_STARTED:
        agent_memory_started(events->memory, uuid);
        break;
    case VIR_DOMAIN_EVENT_STOPPED:
        agent_memory_forget(events->memory, uuid);
        break;
    case VIR_DOMAIN_EVENT_RESUMED:
        if (detail == VIR_DOMAIN_EVENT_RESUMED_MIGRATED)
            agent_memory_set_arrived(events->memory, uuid, TRUE);
        break;
    case VIR_DOMAIN_EVENT_SUSPENDED:
    case VIR_DOMAIN_EVENT_SHUTDOWN:
    case VIR_DOMAIN_EVENT_PMSUSPENDED:
    case VIR_DOMAIN_EVENT_CRASHED:
#ifdef VIR_ENUM_SENTINELS
    case VIR_DOMAIN_EVENT_LAST:
#endif
        break;
    }
    look_at(events, uuid);
}

void
agent_events_reboot(const AgentEvents *events, const char *uuid)
{
    look_at(events, uuid);
}

void
agent_events_job(const AgentEvents *events, const char *uuid)
{
    look_at(events, uuid);
}

void
agent_events_device(const AgentEvents *events, const char *uuid, const char *alias,
                    gboolean refused)
{
    g_autofree char *request = agent_events_request_of_function(alias);

    if (request == NULL)
        return;
    if (refused)
        agent_memory_set_refused(events->memory, uuid, request);
    look_at(events, uuid);
}

void
agent_events_negotiated(const AgentEvents *events, const char *uuid, const char *details)
{
    g_autofree char *request = agent_events_request_of_details(details);

    if (request == NULL)
        return;
    agent_memory_set_negotiated(events->memory, uuid, request);
    look_at(events, uuid);
    /* it may have waited for this without a function */
    agent_work_add(events->work, AGENT_TASK_PASS, NULL);
}

/* What has happened is looked up: QEMU's word may be older than what it tells. */
void
agent_events_migration(const AgentEvents *events, const char *uuid)
{
    look_at(events, uuid);
}

void
agent_events_closed(const AgentEvents *events)
{
    agent_work_add(events->work, AGENT_TASK_CONNECT, NULL);
}
