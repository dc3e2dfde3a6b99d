/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-host.h"
#include "iov-ledger.h"
#include "iov-pool-private.h"

/*
 * Desired against observed gives ordered steps: pure functions. The same plan that is printed is
 * the plan that runs.
 */
typedef enum {
    IOV_STEP_LINK_UP,       /* target: netdev */
    IOV_STEP_LINK_DOWN,     /* target: netdev */
    IOV_STEP_SET_AUTOPROBE, /* target: PF; number: 0 or 1 */
    IOV_STEP_SET_NUM_VFS,   /* target: PF; number */
    IOV_STEP_SET_OVERRIDE,  /* target: function; text: driver, or NULL */
    IOV_STEP_UNBIND,        /* target: function */
    IOV_STEP_PROBE,         /* target: function; text: driver expected, or NULL */
} IovStepKind;

typedef struct {
    IovStepKind kind;
    char *target;
    guint number;
    char *text;       /* nullable */
    guint was_number; /* what the step replaces, for its undoing */
    char *was_text;   /* nullable */
} IovStep;

typedef struct {
    GPtrArray *steps; /* IovStep */
} IovPlan;

IovPlan *iov_plan_new(void);
void iov_plan_free(IovPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovPlan, iov_plan_free)
/* Adds a step; the caller fills what it needs beyond kind and target. (transfer none) */
IovStep *iov_plan_add(IovPlan *plan, IovStepKind kind, const char *target);

/* "0000:01:00.0: set sriov_numvfs to 7", as a reviewer reads it; a plan has one line a step.
 * (transfer full) */
char *iov_step_to_text(const IovStep *step);
char *iov_plan_to_text(const IovPlan *plan);

/* Brings @adapter's VFs into being: @vfs is a number or IOV_VFS_MAX. Refuses more than the device
 * has, and a count that would destroy VFs that exist. VFs that exist in the right number stay. */
gboolean iov_plan_create_vfs(IovPlan *plan, const IovAdapter *adapter, guint vfs, GError **error);

/* Binds @function to vfio-pci, whatever it is bound to. */
void iov_plan_bind_function(IovPlan *plan, const IovFunction *function);

/* Gives back what was there before the pool started. @functions (IovLease) are the adapter's. */
void iov_plan_give_back(IovPlan *plan, const IovLedgerAdapter *before, GPtrArray *functions);
