/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reaching libvirt and hearing it: connect, subscribe, notice that it went away. What an event
 * means is agent-events.c's; the callbacks here only unpack their arguments. libvirt's own event
 * loop has a thread of its own, so that no work of ours delays it.
 */
#include "agent-libvirt.h"

#include "agent-lock.h"
#include "agent-log.h"
#include "cli-error.h"
#include "event-loop.h"

#include <libvirt/libvirt-qemu.h>

/* libvirtd is taken for dead when it answers none of these. */
#define KEEPALIVE_SECONDS 5
#define KEEPALIVE_COUNT 3

#define EVENTS 6
#define MONITOR_EVENTS 3

struct _AgentLibvirt {
    GMutex lock;
    char *uri;
    const AgentEvents *events;
    virConnectPtr connection;              /* nullable */
    int callbacks[EVENTS];                 /* libvirt's ids, -1 where there is none */
    int monitor_callbacks[MONITOR_EVENTS]; /* likewise */
    EventLoop *loop;
};

static gboolean
read_uuid(virDomainPtr domain, char uuid[static VIR_UUID_STRING_BUFLEN])
{
    return virDomainGetUUIDString(domain, uuid) == 0;
}

static int
on_lifecycle(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain, int event, int detail,
             void *data)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (read_uuid(domain, uuid))
        agent_events_lifecycle(data, uuid, event, detail);
    return 0;
}

static void
on_job(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain,
       virTypedParameterPtr parameters G_GNUC_UNUSED, int count G_GNUC_UNUSED, void *data)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (read_uuid(domain, uuid))
        agent_events_job(data, uuid);
}

/* Its drivers have let go of their devices. */
static void
on_reboot(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain, void *data)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (read_uuid(domain, uuid))
        agent_events_reboot(data, uuid);
}

/* DEVICE_ADDED and DEVICE_REMOVED */
static void
on_device(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain, const char *alias,
          void *data)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (read_uuid(domain, uuid))
        agent_events_device(data, uuid, alias, FALSE);
}

static void
on_removal_failed(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain, const char *alias,
                  void *data)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (read_uuid(domain, uuid))
        agent_events_device(data, uuid, alias, TRUE);
}

static void
on_negotiated(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain,
              const char *event G_GNUC_UNUSED, long long seconds G_GNUC_UNUSED,
              unsigned int micros G_GNUC_UNUSED, const char *details, void *data)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (read_uuid(domain, uuid))
        agent_events_negotiated(data, uuid, details);
}

static void
on_migration(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain,
             const char *event G_GNUC_UNUSED, long long seconds G_GNUC_UNUSED,
             unsigned int micros G_GNUC_UNUSED, const char *details G_GNUC_UNUSED, void *data)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (read_uuid(domain, uuid))
        agent_events_migration(data, uuid);
}

static void
on_close(virConnectPtr connection G_GNUC_UNUSED, int reason, void *data)
{
    if (reason != VIR_CONNECT_CLOSE_REASON_CLIENT)
        agent_events_closed(data);
}

static const struct {
    int id;
    virConnectDomainEventGenericCallback callback;
} subscriptions[EVENTS] = {
    {VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle)},
    {VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(on_reboot)},
    {VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, VIR_DOMAIN_EVENT_CALLBACK(on_job)},
    {VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK(on_device)},
    {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_device)},
    {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED, VIR_DOMAIN_EVENT_CALLBACK(on_removal_failed)},
};

/* QEMU's own, which libvirt hands on (QEMU, qapi/net.json and qapi/migration.json). */
static const struct {
    const char *name;
    virConnectDomainQemuMonitorEventCallback callback;
} monitor_subscriptions[MONITOR_EVENTS] = {
    {"FAILOVER_NEGOTIATED", on_negotiated},
    {"UNPLUG_PRIMARY", on_migration},
    {"MIGRATION", on_migration},
};

AgentLibvirt *
agent_libvirt_new(const char *uri, const AgentEvents *events, GError **error)
{
    if (!event_loop_register(error))
        return NULL;
    AgentLibvirt *libvirt = g_new0(AgentLibvirt, 1);
    g_mutex_init(&libvirt->lock);
    libvirt->uri = g_strdup(uri);
    libvirt->events = events;
    libvirt->loop = event_loop_start();
    return libvirt;
}

/* All of them come, or none: they are one feature of the driver. */
static gboolean
is_hearing(const AgentLibvirt *libvirt)
{
    return libvirt->monitor_callbacks[0] >= 0;
}

static void
subscribe(AgentLibvirt *libvirt, virConnectPtr connection)
{
    void *events = (void *)libvirt->events;

    for (int i = 0; i < EVENTS; i++) {
        libvirt->callbacks[i] = virConnectDomainEventRegisterAny(
            connection, NULL, subscriptions[i].id, subscriptions[i].callback, events, NULL);
        if (libvirt->callbacks[i] < 0)
            agent_log(LOG_WARNING, NULL, "libvirt does not tell of event %d: %s",
                      subscriptions[i].id, virGetLastErrorMessage());
    }
    for (int i = 0; i < MONITOR_EVENTS; i++)
        libvirt->monitor_callbacks[i] = virConnectDomainQemuMonitorEventRegister(
            connection, NULL, monitor_subscriptions[i].name, monitor_subscriptions[i].callback,
            events, NULL, 0);
    if (!is_hearing(libvirt))
        agent_log(LOG_NOTICE, NULL,
                  "libvirt does not tell of QEMU's failover events (%s): functions are attached "
                  "without waiting for the guest",
                  virGetLastErrorMessage());
}

static void
unsubscribe(AgentLibvirt *libvirt, virConnectPtr connection)
{
    for (int i = 0; i < EVENTS; i++)
        if (libvirt->callbacks[i] >= 0)
            virConnectDomainEventDeregisterAny(connection, libvirt->callbacks[i]);
    for (int i = 0; i < MONITOR_EVENTS; i++)
        if (libvirt->monitor_callbacks[i] >= 0)
            virConnectDomainQemuMonitorEventDeregister(connection, libvirt->monitor_callbacks[i]);
    virConnectUnregisterCloseCallback(connection, on_close);
}

/* Workers that use it at this moment hold references of their own. */
static void
disconnect(AgentLibvirt *libvirt)
{
    g_mutex_lock(&libvirt->lock);
    virConnectPtr connection = g_steal_pointer(&libvirt->connection);
    g_mutex_unlock(&libvirt->lock);
    if (connection == NULL)
        return;
    unsubscribe(libvirt, connection);
    virConnectClose(connection);
}

static GPtrArray *
list_uuids(virConnectPtr connection, GError **error)
{
    virDomainPtr *domains = NULL;
    int count = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);

    if (count < 0) {
        libvirt_error(error, "cannot list the running domains");
        return NULL;
    }
    GPtrArray *uuids = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < count; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN];

        if (read_uuid(domains[i], uuid))
            g_ptr_array_add(uuids, g_strdup(uuid));
        virDomainFree(domains[i]);
    }
    free(domains);
    return uuids;
}

/* First the ears, then the eyes: a domain that starts in between is in both. */
static gboolean
set_up(AgentLibvirt *libvirt, virConnectPtr connection, GError **error)
{
    (void)virConnectSetKeepAlive(connection, KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
    if (virConnectRegisterCloseCallback(connection, on_close, (void *)libvirt->events, NULL) < 0)
        agent_log(LOG_DEBUG, NULL, "libvirt does not tell when it goes away: %s",
                  virGetLastErrorMessage());
    subscribe(libvirt, connection);

    g_autoptr(GPtrArray) uuids = list_uuids(connection, error);
    if (uuids == NULL)
        return FALSE;
    agent_memory_set_census(libvirt->events->memory, uuids, is_hearing(libvirt));
    return TRUE;
}

gboolean
agent_libvirt_connect(AgentLibvirt *libvirt, gboolean *fresh, GError **error)
{
    g_autoptr(virConnect) current = agent_libvirt_get(libvirt);

    *fresh = FALSE;
    if (current != NULL && virConnectIsAlive(current) == 1)
        return TRUE;
    disconnect(libvirt);

    virConnectPtr connection = libvirt_open(libvirt->uri, error);
    if (connection == NULL)
        return FALSE;
    if (!set_up(libvirt, connection, error)) {
        unsubscribe(libvirt, connection);
        virConnectClose(connection);
        return FALSE;
    }
    g_mutex_lock(&libvirt->lock);
    libvirt->connection = connection;
    g_mutex_unlock(&libvirt->lock);
    *fresh = TRUE;
    return TRUE;
}

virConnectPtr
agent_libvirt_get(AgentLibvirt *libvirt)
{
    AGENT_LOCKED(&libvirt->lock);

    if (libvirt->connection != NULL && virConnectRef(libvirt->connection) == 0)
        return libvirt->connection;
    return NULL;
}

void
agent_libvirt_free(AgentLibvirt *libvirt)
{
    if (libvirt == NULL)
        return;
    disconnect(libvirt);
    event_loop_stop(libvirt->loop);
    g_mutex_clear(&libvirt->lock);
    g_free(libvirt->uri);
    g_free(libvirt);
}
