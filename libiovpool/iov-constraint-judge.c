/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a domain's devices are in the way of: a table of rules, and which of them hold for a PCI
 * device of the host. The rules are what libvirt 9 to 12 (qemuMigrationSrcIsAllowed(), which save
 * and snapshots ask too) and QEMU's migration blockers refuse; what they take is no rule. Texts are
 * for people and may change.
 */
#include "iov-constraint-private.h"

#include "iov-help.h"

#include <string.h>

#define BIT(operation) (1u << (operation))
#define MIGRATE BIT(IOV_OPERATION_MIGRATE)
#define PAUSED BIT(IOV_OPERATION_MIGRATE_PAUSED)
#define SAVE BIT(IOV_OPERATION_SAVE)
#define MANAGED BIT(IOV_OPERATION_MANAGED_SAVE)
#define SNAPSHOT BIT(IOV_OPERATION_MEMORY_SNAPSHOT)
#define MEMORY BIT(IOV_OPERATION_MEMORY_OVERCOMMIT)
#define STATE (MIGRATE | SAVE | MANAGED | SNAPSHOT) /* all that takes the guest's state */
#define ALL (BIT(IOV_OPERATIONS) - 1)

#define WAITS                                                                                      \
    "the guest is paused first, and then cannot acknowledge the unplug that QEMU waits for"
#define HOST_DEVICE "QEMU cannot take the state of a passthrough device"
#define BEFORE_AND_AFTER                                                                           \
    "`iovpool detach {domain} {request}` before, `iovpool attach {domain} {request}` after it"

/* {domain} and {request} are names; {remove} is a command that takes the device out, {replace} what
 * to have in its place. */
static const struct {
    IovObstacle obstacle;
    IovRuling ruling;
    guint operations;
    const char *reason, *help;
} rules[] = {
    {IOV_OBSTACLE_BLOCK, IOV_RULING_FORBIDDEN, MIGRATE,
     "the request's migration mode is block: its domain is not to be migrated",
     "`iovpool detach {domain} {request}` first"},
    /* libvirt pauses the guest before QEMU waits for the unplug; only a live migration does not. */
    {IOV_OBSTACLE_FAILOVER, IOV_RULING_HANGS, PAUSED,
     "a paused guest cannot acknowledge the unplug that QEMU waits for",
     "`virsh resume {domain}` first"},
    {IOV_OBSTACLE_FAILOVER, IOV_RULING_HANGS, SAVE, WAITS, "`iovpool save {domain} FILE`"},
    {IOV_OBSTACLE_FAILOVER, IOV_RULING_HANGS, MANAGED, WAITS, "`iovpool managedsave {domain}`"},
    {IOV_OBSTACLE_FAILOVER, IOV_RULING_HANGS, SNAPSHOT, WAITS, BEFORE_AND_AFTER},
    {IOV_OBSTACLE_REPLUG, IOV_RULING_BY_IOVPOOL, MIGRATE, HOST_DEVICE,
     "`iovpool migrate {domain} URI`"},
    {IOV_OBSTACLE_REPLUG, IOV_RULING_BY_IOVPOOL, SAVE, HOST_DEVICE, "`iovpool save {domain} FILE`"},
    {IOV_OBSTACLE_REPLUG, IOV_RULING_BY_IOVPOOL, MANAGED, HOST_DEVICE,
     "`iovpool managedsave {domain}`"},
    {IOV_OBSTACLE_REPLUG, IOV_RULING_FORBIDDEN, SNAPSHOT, HOST_DEVICE, BEFORE_AND_AFTER},
    {IOV_OBSTACLE_STATIC, IOV_RULING_FORBIDDEN, STATE, HOST_DEVICE, "{remove}{replace}"},
    {IOV_OBSTACLE_STATIC_FAILOVER, IOV_RULING_HANGS, PAUSED,
     "a paused guest cannot acknowledge the unplug that QEMU waits for",
     "`virsh resume {domain}` first"},
    {IOV_OBSTACLE_STATIC_FAILOVER, IOV_RULING_HANGS, SAVE | MANAGED | SNAPSHOT, WAITS,
     "{remove}{replace}"},
    {IOV_OBSTACLE_MDEV, IOV_RULING_DEPENDS, STATE,
     "QEMU takes its state only where the driver of its parent can give it", "{remove}"},
    {IOV_OBSTACLE_SCSI_HOST, IOV_RULING_FORBIDDEN, STATE,
     "vhost-scsi has state in the host's kernel that QEMU cannot take", "{remove}"},
    {IOV_OBSTACLE_VDPA, IOV_RULING_DEPENDS, STATE,
     "QEMU takes its state only where the device offers what shadow virtqueues need", "{remove}"},
    {IOV_OBSTACLE_9P, IOV_RULING_FORBIDDEN, STATE,
     "QEMU refuses from when the guest has mounted it until it has unmounted it",
     "unmount it in the guest"},
    {IOV_OBSTACLE_VIRTIOFS, IOV_RULING_DEPENDS, STATE,
     "older libvirt always refuses, newer where its virtiofsd does not tell \"migrate-precopy\"",
     "`virsh edit {domain}`: a newer libvirt and virtiofsd, or a network file system"},
    {IOV_OBSTACLE_SHMEM, IOV_RULING_FORBIDDEN, STATE,
     "libvirt migrates shared memory only where the domain is its master",
     "`virsh edit {domain}`: role='master', or without it"},
    {IOV_OBSTACLE_TRANSIENT_DISK, IOV_RULING_FORBIDDEN, STATE, "libvirt migrates no transient disk",
     "`virsh edit {domain}`: without <transient/>"},
    {IOV_OBSTACLE_INVTSC, IOV_RULING_FORBIDDEN, STATE,
     "CPU feature invtsc needs a TSC that has the same frequency everywhere",
     "`virsh edit {domain}`: <timer name='tsc' frequency='...'/> in <clock>, or without invtsc"},
    {IOV_OBSTACLE_CPU, IOV_RULING_DEPENDS, STATE,
     "with migratable='off' the guest has all features of the host's CPU; with invtsc among them "
     "QEMU refuses",
     "`virsh edit {domain}`: migratable='on'"},
    {IOV_OBSTACLE_LAUNCH_SECURITY, IOV_RULING_FORBIDDEN, STATE,
     "QEMU cannot take memory that is encrypted with SEV",
     "`virsh edit {domain}`: without <launchSecurity>"},
    {IOV_OBSTACLE_PINNED_MEMORY, IOV_RULING_FORBIDDEN, MEMORY,
     "the device may reach any of the guest's memory, so that all of it is pinned", "{remove}"},
    {IOV_OBSTACLE_LOCKED_MEMORY, IOV_RULING_FORBIDDEN, MEMORY,
     "all of the guest's memory is locked in the host's",
     "`virsh edit {domain}`: without <locked/> in <memoryBacking>"},
    {IOV_OBSTACLE_HUGEPAGES, IOV_RULING_FORBIDDEN, MEMORY,
     "the guest's memory is of hugepages, which are not swapped and which a balloon does not give "
     "back",
     "`virsh edit {domain}`: without <hugepages> in <memoryBacking>"},
};

typedef struct {
    const IovConstraintDomain *domain;
    const IovConstraintDevice *device;
    GPtrArray *constraints; /* IovConstraint */
} Judging;

/* Commands are there to be pasted: a name that is not plain stands in none. */
static char *
describe_removal(const Judging *judging, const char *name)
{
    const IovConstraintDevice *device = judging->device;

    if (device->request != NULL && iov_help_is_plain(device->request))
        return g_strdup_printf("`iovpool detach %s %s`", name, device->request);
    if (device->alias == NULL || !iov_help_is_plain(device->alias))
        return g_strdup_printf("`virsh edit %s`: without it", name);
    return g_strdup_printf("`virsh detach-device-alias %s %s%s`", name, device->alias,
                           judging->domain->is_active ? "" : " --config");
}

/* A function of a pool need not be the admin's to place. */
static char *
describe_replacement(const Judging *judging, const char *name)
{
    const char *pool = judging->device->pool;

    if (pool == NULL || !iov_help_is_plain(pool))
        return g_strdup("");
    return g_strdup_printf(", and `iovpool request %s --pool %s --name NAME` in its place", name,
                           pool);
}

static char *
fill_in(const Judging *judging, const char *text)
{
    const char *request = judging->device->request;
    const char *name = iov_help_shell_name(judging->domain->name, judging->domain->uuid);
    g_autofree char *removal = describe_removal(judging, name);
    g_autofree char *replacement = describe_replacement(judging, name);
    const char *const words[][2] = {
        {"{remove}", removal},
        {"{replace}", replacement},
        {"{domain}", name},
        {"{request}", request != NULL && iov_help_is_plain(request) ? request : "REQUEST"},
    };
    GString *line = g_string_new(text);

    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        g_string_replace(line, words[i][0], words[i][1], 0);
    return g_string_free(line, FALSE);
}

/* A paused guest cannot acknowledge an unplug: none of our commands gets its function back, and of
 * the ways to migrate it there is the one that hangs. */
static void
adapt_to_pause(const Judging *judging, IovConstraint *constraint)
{
    g_autofree char *then = NULL;

    if (constraint->operation == IOV_OPERATION_MIGRATE_PAUSED) {
        constraint->operation = IOV_OPERATION_MIGRATE;
        return;
    }
    if (constraint->ruling == IOV_RULING_BY_IOVPOOL)
        constraint->ruling = IOV_RULING_FORBIDDEN;
    then = g_steal_pointer(&constraint->help);
    constraint->help =
        g_strdup_printf("`virsh resume %s` first, then %s",
                        iov_help_shell_name(judging->domain->name, judging->domain->uuid), then);
}

static void
apply(Judging *judging, IovObstacle obstacle, guint operations)
{
    for (guint i = 0; i < G_N_ELEMENTS(rules); i++)
        for (guint j = 0; rules[i].obstacle == obstacle && j < IOV_OPERATIONS; j++) {
            IovConstraint *constraint;

            if ((rules[i].operations & operations & BIT(j)) == 0)
                continue;
            constraint = iov_constraint_new(judging->device);
            constraint->obstacle = obstacle;
            constraint->operation = (IovOperation)j;
            constraint->ruling = rules[i].ruling;
            constraint->reason = g_strdup(rules[i].reason);
            constraint->help = fill_in(judging, rules[i].help);
            if (judging->domain->is_paused && judging->device->is_function)
                adapt_to_pause(judging, constraint);
            g_ptr_array_add(judging->constraints, constraint);
        }
}

/* A pair is made or not when the device is plugged in: what it is now counts, not the mode. */
static void
judge_function(Judging *judging)
{
    const IovConstraintDevice *device = judging->device;
    gboolean is_ours = device->request != NULL;
    gboolean is_blocked = is_ours && device->migration == IOV_MIGRATION_BLOCK;
    guint others = is_blocked ? ALL & ~(MIGRATE | PAUSED) : ALL;

    if (is_blocked)
        apply(judging, IOV_OBSTACLE_BLOCK, ALL);
    if (device->is_teaming)
        apply(judging, is_ours ? IOV_OBSTACLE_FAILOVER : IOV_OBSTACLE_STATIC_FAILOVER, others);
    else if (!device->is_migratable)
        apply(judging, is_ours ? IOV_OBSTACLE_REPLUG : IOV_OBSTACLE_STATIC, others);
    apply(judging, IOV_OBSTACLE_PINNED_MEMORY, ALL);
}

GPtrArray *
iov_constraint_judge(const IovConstraintDomain *domain, GPtrArray *devices)
{
    Judging judging = {.domain = domain,
                       .constraints =
                           g_ptr_array_new_with_free_func((GDestroyNotify)iov_constraint_unref)};

    for (guint i = 0; i < devices->len; i++) {
        judging.device = devices->pdata[i];
        if (judging.device->is_function) {
            judge_function(&judging);
            continue;
        }
        apply(&judging, judging.device->obstacle, ALL);
        if (judging.device->pins_memory && judging.device->obstacle != IOV_OBSTACLE_PINNED_MEMORY)
            apply(&judging, IOV_OBSTACLE_PINNED_MEMORY, ALL);
    }
    return judging.constraints;
}
