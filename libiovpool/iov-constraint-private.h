/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-constraint.h"
#include "iov-pool.h"

#define IOV_OPERATIONS (IOV_OPERATION_MEMORY_OVERCOMMIT + 1)
#define IOV_OBSTACLES (IOV_OBSTACLE_DESTINATION_FLOOR + 1)

/* A device or a setting of a domain that may be in the way of something. */
typedef struct {
    char *name;  /* for people */
    char *alias; /* nullable */
    /* a PCI device of the host; what is in the way is decided from these alone */
    gboolean is_function;
    char *address;          /* nullable: which one it will be is not known yet */
    char *request;          /* nullable: the admin wrote it */
    char *pool;             /* nullable: whose function it is */
    IovMigration migration; /* the request's mode that is in force */
    gboolean is_teaming;    /* the transient half of a failover pair */
    gboolean is_migratable; /* its driver saves its state */
    /* anything else */
    IovObstacle obstacle;
    gboolean pins_memory;
} IovConstraintDevice;

/* The domain. */
typedef struct {
    const char *name, *uuid;
    gboolean is_active; /* its devices are those that it has now, not those of its next start */
    gboolean is_paused;
} IovConstraintDomain;

struct _IovConstraint {
    gatomicrefcount references;
    char *device, *reason, *help;
    char *alias, *address, *request; /* nullable */
    IovOperation operation;
    IovRuling ruling;
    IovObstacle obstacle;
};

/* @name is taken. */
IovConstraintDevice *iov_constraint_device_new(char *name, const char *alias, IovObstacle obstacle);
void iov_constraint_device_free(IovConstraintDevice *device);
/* A record of @device; its texts are copied. */
IovConstraint *iov_constraint_new(const IovConstraintDevice *device);

/* What the devices (IovConstraintDevice) of a domain are in the way of: a pure function. The rules
 * are a table in iov-constraint-judge.c. (transfer full) (element-type IovConstraint) */
GPtrArray *iov_constraint_judge(const IovConstraintDomain *domain, GPtrArray *devices);
