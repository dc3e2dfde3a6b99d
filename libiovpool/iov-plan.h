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
    char *text; /* nullable */
} IovStep;

typedef struct {
    GPtrArray *steps; /* IovStep */
} IovPlan;

IovPlan *iov_plan_new(void);
void iov_plan_free(IovPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovPlan, iov_plan_free)
void iov_plan_add(IovPlan *plan, IovStepKind kind, const char *target, guint number,
                  const char *text);
/* One line a step, as a reviewer reads it: "0000:01:00.0: set sriov_numvfs to 7". (transfer full)
 */
char *iov_plan_to_text(const IovPlan *plan);
char *iov_step_to_text(const IovStep *step);

/* Brings @adapter's VFs into being: @vfs is a number or IOV_VFS_MAX. Refuses more than the device
 * has, and a count that would destroy VFs that exist. @functions_only: the VFs exist; bind them. */
gboolean iov_plan_create_vfs(IovPlan *plan, const IovAdapter *adapter, guint vfs, GError **error);
gboolean iov_plan_bind_functions(IovPlan *plan, const IovAdapter *adapter, GError **error);
/* Gives back what was there before. */
void iov_plan_give_back(IovPlan *plan, const IovAdapter *adapter, const IovLedgerAdapter *before,
                        GPtrArray *functions);
