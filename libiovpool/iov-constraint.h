/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-macros.h"

G_BEGIN_DECLS

/**
 * IovOperation:
 * @IOV_OPERATION_MIGRATE: live migration, `virsh migrate --live`
 * @IOV_OPERATION_MIGRATE_PAUSED: migration while the guest is paused
 * @IOV_OPERATION_SAVE: `virsh save`
 * @IOV_OPERATION_MANAGED_SAVE: `virsh managedsave`, and a host's shutdown that suspends guests
 * @IOV_OPERATION_MEMORY_SNAPSHOT: a snapshot with the guest's memory
 * @IOV_OPERATION_MEMORY_OVERCOMMIT: ballooning, swapping, and giving guests more memory than there
 *   is
 *
 * What a device may forbid. Words that were given out stay.
 *
 * Since: 0.1
 */
typedef enum {
    IOV_OPERATION_MIGRATE,
    IOV_OPERATION_MIGRATE_PAUSED,
    IOV_OPERATION_SAVE,
    IOV_OPERATION_MANAGED_SAVE,
    IOV_OPERATION_MEMORY_SNAPSHOT,
    IOV_OPERATION_MEMORY_OVERCOMMIT,
} IovOperation;

/**
 * IovRuling:
 * @IOV_RULING_FORBIDDEN: it is refused as long as the device is as it is
 * @IOV_RULING_HANGS: it begins, and does not end
 * @IOV_RULING_BY_IOVPOOL: virsh is refused, a command of iovpool does it
 * @IOV_RULING_DEPENDS: on what the domain's XML does not tell
 *
 * Since: 0.1
 */
typedef enum {
    IOV_RULING_FORBIDDEN,
    IOV_RULING_HANGS,
    IOV_RULING_BY_IOVPOOL,
    IOV_RULING_DEPENDS,
} IovRuling;

/**
 * IovObstacle:
 * @IOV_OBSTACLE_FAILOVER: a request's function, one half of a failover pair
 * @IOV_OBSTACLE_REPLUG: a request's function that is no half of a pair
 * @IOV_OBSTACLE_BLOCK: the request's policy is not to migrate its domain
 * @IOV_OBSTACLE_STATIC: a PCI device of the host that the admin wrote into the domain
 * @IOV_OBSTACLE_STATIC_FAILOVER: such a one that is one half of a failover pair
 * @IOV_OBSTACLE_PINNED_MEMORY: a device that reaches all of the guest's memory
 * @IOV_OBSTACLE_LOCKED_MEMORY: memory that is locked
 * @IOV_OBSTACLE_HUGEPAGES: memory of hugepages
 * @IOV_OBSTACLE_MDEV: a mediated device
 * @IOV_OBSTACLE_SCSI_HOST: a vhost-scsi host adapter
 * @IOV_OBSTACLE_VDPA: a vDPA interface
 * @IOV_OBSTACLE_9P: a directory of the host, by 9p
 * @IOV_OBSTACLE_VIRTIOFS: a directory of the host, by virtiofs
 * @IOV_OBSTACLE_SHMEM: memory that is shared with another guest, whose master it is not
 * @IOV_OBSTACLE_TRANSIENT_DISK: a disk whose changes are not kept
 * @IOV_OBSTACLE_INVTSC: a CPU whose clock must not change its rate
 * @IOV_OBSTACLE_CPU: a CPU that is not held to what can be migrated
 * @IOV_OBSTACLE_LAUNCH_SECURITY: memory that is encrypted (SEV)
 * @IOV_OBSTACLE_DESTINATION_POOL: the destination's pool is not started, or refuses the request
 * @IOV_OBSTACLE_DESTINATION_FULL: the destination's pool has no free function
 * @IOV_OBSTACLE_DESTINATION_FLOOR: the destination lacks what a floor stands on
 *
 * What a constraint comes from. Words that were given out stay.
 *
 * Since: 0.1
 */
typedef enum {
    IOV_OBSTACLE_FAILOVER,
    IOV_OBSTACLE_REPLUG,
    IOV_OBSTACLE_BLOCK,
    IOV_OBSTACLE_STATIC,
    IOV_OBSTACLE_STATIC_FAILOVER,
    IOV_OBSTACLE_PINNED_MEMORY,
    IOV_OBSTACLE_LOCKED_MEMORY,
    IOV_OBSTACLE_HUGEPAGES,
    IOV_OBSTACLE_MDEV,
    IOV_OBSTACLE_SCSI_HOST,
    IOV_OBSTACLE_VDPA,
    IOV_OBSTACLE_9P,
    IOV_OBSTACLE_VIRTIOFS,
    IOV_OBSTACLE_SHMEM,
    IOV_OBSTACLE_TRANSIENT_DISK,
    IOV_OBSTACLE_INVTSC,
    IOV_OBSTACLE_CPU,
    IOV_OBSTACLE_LAUNCH_SECURITY,
    IOV_OBSTACLE_DESTINATION_POOL,
    IOV_OBSTACLE_DESTINATION_FULL,
    IOV_OBSTACLE_DESTINATION_FLOOR,
} IovObstacle;

IOV_API const char *iov_operation_to_string(IovOperation operation);
/**
 * iov_operation_from_string:
 * @operation: (out): what @text names
 *
 * Returns: %FALSE where @text is no operation's word
 * Since: 0.1
 */
IOV_API gboolean iov_operation_from_string(const char *text, IovOperation *operation);
IOV_API const char *iov_ruling_to_string(IovRuling ruling);
/**
 * iov_ruling_from_string:
 * @ruling: (out): what @text names
 *
 * Returns: %FALSE where @text is no ruling's word
 * Since: 0.1
 */
IOV_API gboolean iov_ruling_from_string(const char *text, IovRuling *ruling);
IOV_API const char *iov_obstacle_to_string(IovObstacle obstacle);
/**
 * iov_obstacle_from_string:
 * @obstacle: (out): what @text names
 *
 * Returns: %FALSE where @text is no obstacle's word
 * Since: 0.1
 */
IOV_API gboolean iov_obstacle_from_string(const char *text, IovObstacle *obstacle);

#define IOV_TYPE_CONSTRAINT (iov_constraint_get_type())

/**
 * IovConstraint:
 *
 * One operation on a domain that one of its devices is in the way of, why, and what would lift it:
 * an immutable copy.
 *
 * Since: 0.1
 */
typedef struct _IovConstraint IovConstraint;

IOV_API GType iov_constraint_get_type(void);
/**
 * iov_constraint_new_destination:
 * @obstacle: one of %IOV_OBSTACLE_DESTINATION_POOL and those after it
 * @host: the destination, for people
 * @request: whom it concerns
 * @reason: in one line
 * @help: what would lift it, in one line
 *
 * What the destination of a migration is in the way of, for who has asked it: live migration. A
 * floor that is missing there forbids it; a function that is missing only virsh's.
 *
 * Since: 0.1
 */
IOV_API IovConstraint *iov_constraint_new_destination(IovObstacle obstacle, const char *host,
                                                      const char *request, const char *reason,
                                                      const char *help);
IOV_API IovConstraint *iov_constraint_ref(IovConstraint *constraint);
IOV_API void iov_constraint_unref(IovConstraint *constraint);
/* the device, for people: "net0's function 0000:01:10.0"; names in it are the domain's */
IOV_API const char *iov_constraint_get_device(const IovConstraint *constraint);
/**
 * iov_constraint_get_alias:
 *
 * Returns: (nullable): the device's alias in the domain's XML
 * Since: 0.1
 */
IOV_API const char *iov_constraint_get_alias(const IovConstraint *constraint);
/**
 * iov_constraint_get_address:
 *
 * Returns: (nullable): the PCI address on the host of a device that is the host's
 * Since: 0.1
 */
IOV_API const char *iov_constraint_get_address(const IovConstraint *constraint);
/**
 * iov_constraint_get_request:
 *
 * Returns: (nullable): the request that the device serves
 * Since: 0.1
 */
IOV_API const char *iov_constraint_get_request(const IovConstraint *constraint);
IOV_API IovOperation iov_constraint_get_operation(const IovConstraint *constraint);
IOV_API IovRuling iov_constraint_get_ruling(const IovConstraint *constraint);
IOV_API IovObstacle iov_constraint_get_obstacle(const IovConstraint *constraint);
/* in one line */
IOV_API const char *iov_constraint_get_reason(const IovConstraint *constraint);
/* what would lift it, in one line, commands in backquotes */
IOV_API const char *iov_constraint_get_help(const IovConstraint *constraint);
/* TRUE: neither `virsh migrate` nor `iovpool migrate` moves the running domain */
IOV_API gboolean iov_constraint_forbids_migration(const IovConstraint *constraint);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovConstraint, iov_constraint_unref)

G_END_DECLS
