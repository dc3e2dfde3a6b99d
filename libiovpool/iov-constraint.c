/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The record of what a device is in the way of, and its words. The words are read by programs: none
 * is ever changed or taken away. The decision stands in iov-constraint-judge.c.
 */
#include "iov-constraint-private.h"

#include "iov-words.h"

static const char *const operations[] = {
    [IOV_OPERATION_MIGRATE] = "migrate",
    [IOV_OPERATION_MIGRATE_PAUSED] = "migrate-paused",
    [IOV_OPERATION_SAVE] = "save",
    [IOV_OPERATION_MANAGED_SAVE] = "managed-save",
    [IOV_OPERATION_MEMORY_SNAPSHOT] = "memory-snapshot",
    [IOV_OPERATION_MEMORY_OVERCOMMIT] = "memory-overcommit",
};

static const char *const rulings[] = {
    [IOV_RULING_FORBIDDEN] = "forbidden",
    [IOV_RULING_HANGS] = "hangs",
    [IOV_RULING_BY_IOVPOOL] = "by-iovpool",
    [IOV_RULING_DEPENDS] = "depends",
};

static const char *const obstacles[] = {
    [IOV_OBSTACLE_FAILOVER] = "failover",
    [IOV_OBSTACLE_REPLUG] = "replug",
    [IOV_OBSTACLE_BLOCK] = "block",
    [IOV_OBSTACLE_STATIC] = "static",
    [IOV_OBSTACLE_STATIC_FAILOVER] = "static-failover",
    [IOV_OBSTACLE_PINNED_MEMORY] = "pinned-memory",
    [IOV_OBSTACLE_LOCKED_MEMORY] = "locked-memory",
    [IOV_OBSTACLE_HUGEPAGES] = "hugepages",
    [IOV_OBSTACLE_MDEV] = "mdev",
    [IOV_OBSTACLE_SCSI_HOST] = "scsi-host",
    [IOV_OBSTACLE_VDPA] = "vdpa",
    [IOV_OBSTACLE_9P] = "9p",
    [IOV_OBSTACLE_VIRTIOFS] = "virtiofs",
    [IOV_OBSTACLE_SHMEM] = "shmem",
    [IOV_OBSTACLE_TRANSIENT_DISK] = "transient-disk",
    [IOV_OBSTACLE_INVTSC] = "invtsc",
    [IOV_OBSTACLE_CPU] = "cpu",
    [IOV_OBSTACLE_LAUNCH_SECURITY] = "launch-security",
    [IOV_OBSTACLE_DESTINATION_POOL] = "destination-pool",
    [IOV_OBSTACLE_DESTINATION_FULL] = "destination-full",
    [IOV_OBSTACLE_DESTINATION_FLOOR] = "destination-floor",
};

G_STATIC_ASSERT(G_N_ELEMENTS(operations) == IOV_OPERATIONS);
G_STATIC_ASSERT(G_N_ELEMENTS(obstacles) == IOV_OBSTACLES);

const char *
iov_operation_to_string(IovOperation operation)
{
    return iov_words_get(operations, G_N_ELEMENTS(operations), operation, "unknown");
}

gboolean
iov_operation_from_string(const char *text, IovOperation *operation)
{
    guint value;

    if (!iov_words_find(operations, G_N_ELEMENTS(operations), text, &value))
        return FALSE;
    *operation = (IovOperation)value;
    return TRUE;
}

const char *
iov_ruling_to_string(IovRuling ruling)
{
    return iov_words_get(rulings, G_N_ELEMENTS(rulings), ruling, "unknown");
}

gboolean
iov_ruling_from_string(const char *text, IovRuling *ruling)
{
    guint value;

    if (!iov_words_find(rulings, G_N_ELEMENTS(rulings), text, &value))
        return FALSE;
    *ruling = (IovRuling)value;
    return TRUE;
}

const char *
iov_obstacle_to_string(IovObstacle obstacle)
{
    return iov_words_get(obstacles, G_N_ELEMENTS(obstacles), obstacle, "unknown");
}

gboolean
iov_obstacle_from_string(const char *text, IovObstacle *obstacle)
{
    guint value;

    if (!iov_words_find(obstacles, G_N_ELEMENTS(obstacles), text, &value))
        return FALSE;
    *obstacle = (IovObstacle)value;
    return TRUE;
}

IovConstraintDevice *
iov_constraint_device_new(char *name, const char *alias, IovObstacle obstacle)
{
    IovConstraintDevice *device = g_new0(IovConstraintDevice, 1);

    device->name = name;
    device->alias = g_strdup(alias);
    device->obstacle = obstacle;
    return device;
}

void
iov_constraint_device_free(IovConstraintDevice *device)
{
    g_free(device->name);
    g_free(device->alias);
    g_free(device->address);
    g_free(device->request);
    g_free(device->pool);
    g_free(device);
}

G_DEFINE_BOXED_TYPE(IovConstraint, iov_constraint, iov_constraint_ref, iov_constraint_unref)

IovConstraint *
iov_constraint_new(const IovConstraintDevice *device)
{
    IovConstraint *constraint = g_new0(IovConstraint, 1);

    g_atomic_ref_count_init(&constraint->references);
    constraint->device = g_strdup(device->name);
    constraint->alias = g_strdup(device->alias);
    constraint->address = g_strdup(device->address);
    constraint->request = g_strdup(device->request);
    return constraint;
}

IovConstraint *
iov_constraint_new_destination(IovObstacle obstacle, const char *host, const char *request,
                               const char *reason, const char *help)
{
    g_autofree char *name = g_strdup_printf("%s on %s", request, host);
    IovConstraint *constraint =
        iov_constraint_new(&(IovConstraintDevice){.name = name, .request = (char *)request});

    constraint->operation = IOV_OPERATION_MIGRATE;
    constraint->obstacle = obstacle;
    constraint->ruling =
        obstacle == IOV_OBSTACLE_DESTINATION_FLOOR ? IOV_RULING_FORBIDDEN : IOV_RULING_BY_IOVPOOL;
    constraint->reason = g_strdup(reason);
    constraint->help = g_strdup(help);
    return constraint;
}

IovConstraint *
iov_constraint_ref(IovConstraint *constraint)
{
    g_atomic_ref_count_inc(&constraint->references);
    return constraint;
}

void
iov_constraint_unref(IovConstraint *constraint)
{
    if (!g_atomic_ref_count_dec(&constraint->references))
        return;
    g_free(constraint->device);
    g_free(constraint->reason);
    g_free(constraint->help);
    g_free(constraint->alias);
    g_free(constraint->address);
    g_free(constraint->request);
    g_free(constraint);
}

const char *
iov_constraint_get_device(const IovConstraint *constraint)
{
    return constraint->device;
}

const char *
iov_constraint_get_alias(const IovConstraint *constraint)
{
    return constraint->alias;
}

const char *
iov_constraint_get_address(const IovConstraint *constraint)
{
    return constraint->address;
}

const char *
iov_constraint_get_request(const IovConstraint *constraint)
{
    return constraint->request;
}

IovOperation
iov_constraint_get_operation(const IovConstraint *constraint)
{
    return constraint->operation;
}

IovRuling
iov_constraint_get_ruling(const IovConstraint *constraint)
{
    return constraint->ruling;
}

IovObstacle
iov_constraint_get_obstacle(const IovConstraint *constraint)
{
    return constraint->obstacle;
}

const char *
iov_constraint_get_reason(const IovConstraint *constraint)
{
    return constraint->reason;
}

const char *
iov_constraint_get_help(const IovConstraint *constraint)
{
    return constraint->help;
}

gboolean
iov_constraint_forbids_migration(const IovConstraint *constraint)
{
    return constraint->operation == IOV_OPERATION_MIGRATE &&
           (constraint->ruling == IOV_RULING_FORBIDDEN || constraint->ruling == IOV_RULING_HANGS);
}
