/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stage for the agent's tasks: the fake host below, libvirt's test driver above, and stand-ins
 * for what that driver cannot do. Tasks are recorded, not run: each test runs those that it means.
 */
#define _GNU_SOURCE /* dlsym(3), RTLD_NEXT */
#include "agent-support.h"

#include "fake-host.h"
#include "iov-address.h"
#include "test-support.h"

#include <dlfcn.h>
#include <string.h>

#define PID 4711

gboolean stand_in_refuses, stand_in_hides;
gboolean stand_in_loses_answers, stand_in_is_mute, stand_in_lacks_driver;
guint stand_in_attached, stand_in_asked;
guint64 stand_in_resident = G_MAXUINT64;
void (*stand_in_meanwhile)(void);
void (*stand_in_thereafter)(void);
const char *stand_in_device, *stand_in_config;
int stand_in_state = -1, stand_in_reason;
int stand_in_operation, stand_in_pages, stand_in_completed;
guint stand_in_aborted, stand_in_resumed;
gint64 stand_in_later;

void
stand_in_reset(void)
{
    stand_in_refuses = stand_in_hides = stand_in_loses_answers = stand_in_is_mute =
        stand_in_lacks_driver = FALSE;
    stand_in_attached = stand_in_asked = stand_in_aborted = stand_in_resumed = 0;
    stand_in_device = stand_in_config = NULL;
    stand_in_resident = G_MAXUINT64;
    stand_in_state = -1;
    stand_in_operation = stand_in_pages = stand_in_completed = 0;
    stand_in_later = 0;
}

/* UUID to the XML of what is plugged in. */
static GHashTable *plugged;
/* UUID to the XML of its floor. */
static GHashTable *floors;
static IovHost *kernel;

static void
hold_all(const char *xml, GPid pid)
{
    g_autoptr(GPtrArray) adapters = iov_host_list_adapters(kernel, NULL);

    for (guint i = 0; i < adapters->len; i++) {
        const IovAdapter *adapter = g_ptr_array_index(adapters, i);
        for (guint j = 0; j < adapter->functions->len; j++) {
            const IovFunction *function = g_ptr_array_index(adapter->functions, j);
            IovAddress at;
            g_autofree char *source = NULL;

            ck_assert(iov_address_parse(function->address, &at, NULL));
            source = g_strdup_printf("bus=\"0x%02x\" slot=\"0x%02x\" function=\"0x%x\"", at.bus,
                                     at.slot, at.function);
            if (strstr(xml, source) == NULL)
                continue;
            fake_host_set_holder(kernel, function->iommu_group, pid);
            fake_host_set_driven(kernel, function->address, pid != 0 && !stand_in_lacks_driver);
        }
    }
}

/* ---- stand-ins: the program's own functions come before those of the library ---- */

static const char *
uuid_of(virDomainPtr domain)
{
    static _Thread_local char uuid[VIR_UUID_STRING_BUFLEN];

    ck_assert_int_eq(virDomainGetUUIDString(domain, uuid), 0);
    return uuid;
}

/* libvirt's own way to an error that we can read back. */
static int
refuse(virDomainPtr domain)
{
    ck_assert_int_ne(virDomainDetachDeviceFlags(domain, "<nonsense/>", 0), 0);
    return -1;
}

int
virDomainAttachDeviceFlags(virDomainPtr domain, const char *xml, unsigned int flags)
{
    ck_assert_uint_eq(flags, VIR_DOMAIN_AFFECT_LIVE);
    stand_in_attached++;
    if (stand_in_refuses)
        return refuse(domain);
    g_hash_table_insert(plugged, g_strdup(uuid_of(domain)), g_strdup(xml));
    if (!stand_in_hides)
        hold_all(xml, PID);
    return stand_in_loses_answers ? refuse(domain) : 0;
}

gint64
g_get_monotonic_time(void)
{
    static gint64 (*real)(void);

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "g_get_monotonic_time");
    return real() + stand_in_later;
}

int
virDomainGetState(virDomainPtr domain, int *state, int *reason, unsigned int flags)
{
    static int (*real)(virDomainPtr, int *, int *, unsigned int);

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "virDomainGetState");
    if (stand_in_state < 0)
        return real(domain, state, reason, flags);
    *state = stand_in_state;
    *reason = stand_in_reason;
    return 0;
}

int
virDomainGetJobInfo(virDomainPtr domain G_GNUC_UNUSED, virDomainJobInfoPtr information)
{
    *information = (virDomainJobInfo){.type = stand_in_operation != 0 ? VIR_DOMAIN_JOB_UNBOUNDED
                                                                      : VIR_DOMAIN_JOB_NONE};
    return 0;
}

int
virDomainGetJobStats(virDomainPtr domain G_GNUC_UNUSED, int *type, virTypedParameterPtr *parameters,
                     int *count, unsigned int flags)
{
    gboolean completed = (flags & VIR_DOMAIN_JOB_STATS_COMPLETED) != 0;
    int operation = completed ? stand_in_completed : stand_in_operation, room = 0;

    *type = operation == 0 ? VIR_DOMAIN_JOB_NONE
                           : (completed ? VIR_DOMAIN_JOB_COMPLETED : VIR_DOMAIN_JOB_UNBOUNDED);
    if (operation == 0)
        return 0;
    virTypedParamsAddInt(parameters, count, &room, VIR_DOMAIN_JOB_OPERATION, operation);
    virTypedParamsAddULLong(parameters, count, &room, VIR_DOMAIN_JOB_MEMORY_TOTAL,
                            stand_in_pages < 0 ? 0 : 65536);
    if (stand_in_pages >= 0)
        virTypedParamsAddULLong(parameters, count, &room, VIR_DOMAIN_JOB_MEMORY_NORMAL,
                                (unsigned long long)stand_in_pages);
    return 0;
}

int
virDomainAbortJob(virDomainPtr domain)
{
    if (stand_in_refuses)
        return refuse(domain);
    stand_in_aborted++;
    return 0;
}

int
virDomainResume(virDomainPtr domain)
{
    if (stand_in_refuses)
        return refuse(domain);
    stand_in_resumed++;
    return 0;
}

int
virDomainIsPersistent(virDomainPtr domain G_GNUC_UNUSED)
{
    return stand_in_config != NULL;
}

int
virDomainUpdateDeviceFlags(virDomainPtr domain, const char *xml, unsigned int flags)
{
    ck_assert_uint_eq(flags,
                      stand_in_config != NULL ? VIR_DOMAIN_AFFECT_CONFIG : VIR_DOMAIN_AFFECT_LIVE);
    if (stand_in_refuses)
        return refuse(domain);
    g_hash_table_insert(floors, g_strdup(uuid_of(domain)), g_strdup(xml));
    return 0;
}

int
virDomainDetachDeviceAlias(virDomainPtr domain, const char *alias, unsigned int flags)
{
    ck_assert_uint_eq(flags, VIR_DOMAIN_AFFECT_LIVE);
    ck_assert_str_eq(alias, "ua-iov-net0-vf");
    stand_in_asked++;
    return stand_in_refuses ? refuse(domain) : 0;
}

int
virDomainMemoryStats(virDomainPtr domain G_GNUC_UNUSED, virDomainMemoryStatPtr stats,
                     unsigned int count, unsigned int flags G_GNUC_UNUSED)
{
    ck_assert_uint_gt(count, 0);
    /* libvirt would wait for the end of the copy */
    ck_assert(stand_in_state != VIR_DOMAIN_PAUSED ||
              stand_in_reason != VIR_DOMAIN_PAUSED_MIGRATION);
    stats[0] =
        (virDomainMemoryStatStruct){.tag = VIR_DOMAIN_MEMORY_STAT_RSS, .val = stand_in_resident};
    return 1;
}

char *
virDomainGetXMLDesc(virDomainPtr domain, unsigned int flags)
{
    static char *(*real)(virDomainPtr, unsigned int);
    const char *devices = g_hash_table_lookup(plugged, uuid_of(domain));

    if (stand_in_meanwhile != NULL) {
        void (*meanwhile)(void) = g_steal_pointer(&stand_in_meanwhile);
        meanwhile();
    }
    if (stand_in_is_mute)
        return refuse(domain), NULL;
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "virDomainGetXMLDesc");
    if ((flags & VIR_DOMAIN_XML_INACTIVE) != 0)
        return g_strdup_printf("<domain><devices>%s</devices></domain>", stand_in_config);
    char *xml = real(domain, flags);
    char *end = xml != NULL ? strstr(xml, "</devices>") : NULL;
    if (end == NULL)
        return xml;
    g_autofree char *joined = g_strdup_printf(
        "%.*s%s%s%s%s", (int)(end - xml), xml, scene_floor(domain),
        stand_in_device != NULL ? stand_in_device : "", devices != NULL ? devices : "", end);
    free(xml);
    if (stand_in_thereafter != NULL) {
        void (*thereafter)(void) = g_steal_pointer(&stand_in_thereafter);
        thereafter();
    }
    return strdup(joined);
}

int
virDomainIsActive(virDomainPtr domain)
{
    static int (*real)(virDomainPtr);

    if (stand_in_is_mute)
        return refuse(domain);
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "virDomainIsActive");
    return real(domain);
}

/* ---- the scene ---- */

static GMutex lock;
static GCond recorded;
static GPtrArray *tasks;

static void
record(const AgentTask *task, gpointer data G_GNUC_UNUSED)
{
    static const char *const names[] = {
        [AGENT_TASK_CONNECT] = "connect",
        [AGENT_TASK_RECONCILE] = "reconcile",
        [AGENT_TASK_PASS] = "pass",
    };
    const char *last = task->uuid + VIR_UUID_STRING_BUFLEN - 3;
    char name[] = {(char)g_ascii_strtoull(last, NULL, 16), '\0'};

    g_mutex_lock(&lock);
    g_ptr_array_add(tasks, g_strdup(task->kind == AGENT_TASK_DOMAIN ? name : names[task->kind]));
    g_cond_broadcast(&recorded);
    g_mutex_unlock(&lock);
}

static void
do_nothing(gpointer data G_GNUC_UNUSED)
{
}

static void
make_agent(Scene *scene)
{
    Agent *agent = &scene->agent;
    g_autoptr(GPtrArray) nobody = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    gboolean fresh = FALSE;

    *agent = (Agent){.root = scene->world.root, .uri = "test:///default"};
    agent->passes = (AgentBackoff){.first = G_USEC_PER_SEC, .limit = 300 * (gint64)G_USEC_PER_SEC};
    agent->reconciles = agent->passes;
    agent->memory = agent_memory_new();
    agent->work = agent_work_new(record, NULL);
    agent->events = (AgentEvents){.memory = agent->memory, .work = agent->work};
    agent->repass = agent_timer_new(NULL, do_nothing, NULL);
    agent->deadline = agent_timer_new(NULL, do_nothing, NULL);
    agent->libvirt = agent_libvirt_new(agent->uri, &agent->events, &error);
    assert_done(agent->libvirt != NULL, error);
    assert_done(agent_libvirt_connect(agent->libvirt, &fresh, &error), error);
    /* as if QEMU's events could be heard */
    agent_memory_set_census(agent->memory, nobody, TRUE);
}

void
scene_set_up(Scene *scene)
{
    tasks = g_ptr_array_new_with_free_func(g_free);
    plugged = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    floors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    world_set_up(&scene->world);
    kernel = scene->world.host;
    world_start_pool(&scene->world, "1");
    make_agent(scene);
    scene->connection = agent_libvirt_get(scene->agent.libvirt);
    ck_assert_ptr_nonnull(scene->connection);
}

void
scene_tear_down(Scene *scene)
{
    virConnectClose(scene->connection);
    agent_work_stop(scene->agent.work);
    agent_libvirt_free(scene->agent.libvirt);
    agent_work_free(scene->agent.work);
    agent_memory_free(scene->agent.memory);
    agent_timer_free(scene->agent.repass);
    agent_timer_free(scene->agent.deadline);
    world_tear_down(&scene->world);
    g_hash_table_unref(plugged);
    g_hash_table_unref(floors);
    g_ptr_array_unref(tasks);
}

static int
by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In alphabetical order: several workers take them. */
char *
scene_take_tasks(Scene *scene)
{
    agent_work_wait(scene->agent.work);
    g_mutex_lock(&lock);
    g_ptr_array_sort(tasks, by_text);
    g_ptr_array_add(tasks, NULL);
    char *joined = g_strjoinv(" ", (char **)tasks->pdata);
    g_ptr_array_set_size(tasks, 0);
    g_mutex_unlock(&lock);
    return joined;
}

/* libvirt tells of what was just done to the one domain: the task of that event is done away with.
 */
static void
wait_event(Scene *scene, virDomainPtr domain)
{
    const char *name = virDomainGetName(domain);
    const char *task = name + strlen(name) - 1;

    g_mutex_lock(&lock);
    while (!g_ptr_array_find_with_equal_func(tasks, task, g_str_equal, NULL))
        g_cond_wait(&recorded, &lock);
    g_mutex_unlock(&lock);
    g_free(scene_take_tasks(scene));
}

static IovDomain *
read_record(virDomainPtr domain)
{
    g_autoptr(GError) error = NULL;
    IovDomain *record = libvirt_read_domain(domain, 0, &error);

    assert_done(record != NULL, error);
    return record;
}

static virDomainPtr
create(Scene *scene, const char *name, const char *migration)
{
    guint last = (guchar)name[strlen(name) - 1];
    g_autofree char *xml = g_strdup_printf(
        "<domain type='test'><name>%s</name><memory>65536</memory>"
        "<uuid>00000000-0000-4000-8000-0000000000%02x</uuid>"
        "<metadata><iov:requests xmlns:iov='" IOV_REQUEST_NAMESPACE "'>"
        "<iov:request name='net0' pool='fast' mac='52:54:00:00:00:%02x' migration='%s'/>"
        "</iov:requests></metadata><os><type machine='pc-q35-9.2'>hvm</type></os><devices>"
        "<controller type='pci' index='0' model='pcie-root'/>"
        "<controller type='pci' index='7' model='pcie-root-port'>"
        "<alias name='ua-iov-net0-port'/></controller></devices></domain>",
        name, last, last, migration);
    virDomainPtr domain = virDomainCreateXML(scene->connection, xml, 0);
    ck_assert_ptr_nonnull(domain);
    wait_event(scene, domain);
    return domain;
}

virDomainPtr
scene_start(Scene *scene, const char *name, const char *migration)
{
    g_autoptr(GError) error = NULL;
    virDomainPtr domain = create(scene, name, migration);
    g_autoptr(IovDomain) record = read_record(domain);

    assert_done(iov_manager_prepare(scene->world.manager, record, &error), error);
    assert_done(iov_manager_started(scene->world.manager, record, &error), error);
    return domain;
}

virDomainPtr
scene_arrive(Scene *scene, const char *name)
{
    g_autoptr(GError) error = NULL;
    virDomainPtr domain = create(scene, name, "failover");
    g_autoptr(IovDomain) before = read_record(domain);
    IovAddress at;

    assert_done(iov_manager_prepare(scene->world.manager, before, &error), error);
    g_autofree char *function = scene_function(scene, domain);
    ck_assert(iov_address_parse(function, &at, NULL));
    g_hash_table_insert(
        plugged, g_strdup(uuid_of(domain)),
        g_strdup_printf("<hostdev mode=\"subsystem\" type=\"pci\" managed=\"no\"><source>"
                        "<address domain=\"0x%04x\" bus=\"0x%02x\" slot=\"0x%02x\" "
                        "function=\"0x%x\"/></source><alias name=\"ua-iov-net0-vf\"/></hostdev>",
                        at.domain, at.bus, at.slot, at.function));
    g_autoptr(IovDomain) record = read_record(domain);
    assert_done(iov_manager_started(scene->world.manager, record, &error), error);
    stand_in_state = VIR_DOMAIN_PAUSED;
    stand_in_reason = VIR_DOMAIN_PAUSED_MIGRATION;
    return domain;
}

void
scene_restart(Scene *scene)
{
    g_autoptr(GPtrArray) uuids = g_ptr_array_new_with_free_func(g_free);
    virDomainPtr *domains = NULL;
    int count = virConnectListAllDomains(scene->connection, &domains, 0);

    for (int i = 0; i < count; i++) {
        g_ptr_array_add(uuids, g_strdup(uuid_of(domains[i])));
        virDomainFree(domains[i]);
    }
    free(domains);
    agent_memory_free(scene->agent.memory);
    scene->agent.memory = scene->agent.events.memory = agent_memory_new();
    agent_memory_set_census(scene->agent.memory, uuids, TRUE);
    world_reopen(&scene->world);
}

void
scene_add_floor(Scene *scene G_GNUC_UNUSED, virDomainPtr domain)
{
    g_hash_table_insert(floors, g_strdup(uuid_of(domain)),
                        g_strdup("<interface type='network'><source network='iovpool-fast'/>"
                                 "<model type='e1000e'/><alias name='ua-iov-net0'/></interface>"));
}

const char *
scene_floor(virDomainPtr domain)
{
    const char *xml = g_hash_table_lookup(floors, uuid_of(domain));

    return xml != NULL ? xml : "";
}

void
scene_destroy(Scene *scene, virDomainPtr domain)
{
    ck_assert_int_eq(virDomainDestroy(domain), 0);
    wait_event(scene, domain);
}

void
scene_stop(Scene *scene, virDomainPtr domain)
{
    g_autoptr(GError) error = NULL;

    scene_unplug(scene, domain);
    scene_destroy(scene, domain);
    assert_done(iov_manager_release(scene->world.manager, uuid_of(domain), &error), error);
}

void
scene_look(Scene *scene, virDomainPtr domain)
{
    agent_domain_run(&scene->agent, scene->world.manager, uuid_of(domain));
}

static IovStatus *
find_status(Scene *scene, virDomainPtr domain)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list =
        iov_manager_list_status(scene->world.manager, uuid_of(domain), &error);

    assert_done(list != NULL, error);
    ck_assert_uint_eq(list->len, 1);
    return iov_status_ref(g_ptr_array_index(list, 0));
}

char *
scene_function(Scene *scene, virDomainPtr domain)
{
    g_autoptr(IovStatus) status = find_status(scene, domain);

    ck_assert_ptr_nonnull(status->lease);
    return g_strdup(status->lease->function);
}

char *
scene_status(Scene *scene, virDomainPtr domain)
{
    g_autoptr(IovStatus) status = find_status(scene, domain);

    return g_strdup_printf("%s|%s|%s",
                           status->lease != NULL ? iov_lease_state_to_string(status->lease->state)
                                                 : "floor",
                           iov_tier_to_string(status->tier), status->reason);
}

gboolean
scene_is_parked(Scene *scene, virDomainPtr domain)
{
    g_autoptr(IovStatus) status = find_status(scene, domain);

    return status->parked;
}

void
scene_hold(Scene *scene G_GNUC_UNUSED, virDomainPtr domain, gboolean held)
{
    const char *xml = g_hash_table_lookup(plugged, uuid_of(domain));

    ck_assert_ptr_nonnull(xml);
    hold_all(xml, held ? PID : 0);
}

void
scene_unplug(Scene *scene, virDomainPtr domain)
{
    if (!g_hash_table_contains(plugged, uuid_of(domain)))
        return;
    scene_hold(scene, domain, FALSE);
    g_hash_table_remove(plugged, uuid_of(domain));
}
