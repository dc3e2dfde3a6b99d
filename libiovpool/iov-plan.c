/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From what a pool wants and what the host has to an ordered list of kernel writes. Nothing is read
 * or written here; the executor runs what stands in the list.
 */
#include "iov-plan.h"

#define VFIO_DRIVER "vfio-pci"

static void
step_free(gpointer data)
{
    IovStep *step = data;

    g_free(step->target);
    g_free(step->text);
    g_free(step->was_text);
    g_free(step);
}

IovPlan *
iov_plan_new(void)
{
    IovPlan *plan = g_new0(IovPlan, 1);

    plan->steps = g_ptr_array_new_with_free_func(step_free);
    return plan;
}

void
iov_plan_free(IovPlan *plan)
{
    g_ptr_array_unref(plan->steps);
    g_free(plan);
}

IovStep *
iov_plan_add(IovPlan *plan, IovStepKind kind, const char *target)
{
    IovStep *step = g_new0(IovStep, 1);

    step->kind = kind;
    step->target = g_strdup(target);
    g_ptr_array_add(plan->steps, step);
    return step;
}

char *
iov_step_to_text(const IovStep *step)
{
    switch (step->kind) {
    case IOV_STEP_LINK_UP:
        return g_strdup_printf("%s: bring the link up", step->target);
    case IOV_STEP_LINK_DOWN:
        return g_strdup_printf("%s: take the link down", step->target);
    case IOV_STEP_SET_AUTOPROBE:
        return g_strdup_printf("%s: set sriov_drivers_autoprobe to %u", step->target, step->number);
    case IOV_STEP_SET_NUM_VFS:
        return g_strdup_printf("%s: set sriov_numvfs to %u", step->target, step->number);
    case IOV_STEP_SET_OVERRIDE:
        return step->text != NULL
                   ? g_strdup_printf("%s: set driver_override to %s", step->target, step->text)
                   : g_strdup_printf("%s: clear driver_override", step->target);
    case IOV_STEP_UNBIND:
        return g_strdup_printf("%s: unbind from %s", step->target, step->was_text);
    case IOV_STEP_PROBE:
        return step->text != NULL ? g_strdup_printf("%s: bind to %s", step->target, step->text)
                                  : g_strdup_printf("%s: probe drivers", step->target);
    }
    g_assert_not_reached();
}

char *
iov_plan_to_text(const IovPlan *plan)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < plan->steps->len; i++) {
        g_autofree char *line = iov_step_to_text(plan->steps->pdata[i]);

        g_string_append_printf(text, "%s\n", line);
    }
    return g_string_free(text, FALSE);
}

static gboolean
check_count(const IovAdapter *adapter, guint wanted, GError **error)
{
    const char *name = adapter->netdev != NULL ? adapter->netdev : adapter->address;

    if (adapter->total_vfs == 0)
        return iov_error_set(error, IOV_ERROR_UNSUPPORTED, "%s has no SR-IOV", name);
    if (wanted > adapter->total_vfs)
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "cannot create %u VFs on %s: it has at most %u (sriov_totalvfs)",
                             wanted, name, adapter->total_vfs);
    if (adapter->num_vfs != 0 && adapter->num_vfs != wanted)
        return iov_error_set(error, IOV_ERROR_BUSY,
                             "cannot create %u VFs on %s: it has %u already, and changing the "
                             "number would destroy them: remove them first, or set vfs='%u'",
                             wanted, name, adapter->num_vfs, adapter->num_vfs);
    return TRUE;
}

gboolean
iov_plan_create_vfs(IovPlan *plan, const IovAdapter *adapter, guint vfs, GError **error)
{
    guint wanted = vfs == IOV_VFS_MAX ? adapter->total_vfs : vfs;

    if (!check_count(adapter, wanted, error))
        return FALSE;
    /* Many PF drivers (igb among them) give their VFs no traffic, some (bnxt) not even VFs, while
     * the PF is down. */
    if (adapter->netdev != NULL && adapter->link == IOV_LINK_DOWN)
        iov_plan_add(plan, IOV_STEP_LINK_UP, adapter->netdev);
    if (adapter->num_vfs == wanted)
        return TRUE;
    if (adapter->autoprobe) {
        /* No VF driver is to see the VFs: no netdev appears for a network manager to take. */
        IovStep *step = iov_plan_add(plan, IOV_STEP_SET_AUTOPROBE, adapter->address);

        step->number = 0;
        step->was_number = 1;
    }
    iov_plan_add(plan, IOV_STEP_SET_NUM_VFS, adapter->address)->number = wanted;
    return TRUE;
}

/* The override changes between unbind and probe, so that each step's undoing works in reverse. */
void
iov_plan_bind_function(IovPlan *plan, const IovFunction *function)
{
    if (g_strcmp0(function->driver, VFIO_DRIVER) == 0)
        return;
    if (function->driver != NULL)
        iov_plan_add(plan, IOV_STEP_UNBIND, function->address)->was_text =
            g_strdup(function->driver);
    iov_plan_add(plan, IOV_STEP_SET_OVERRIDE, function->address)->text = g_strdup(VFIO_DRIVER);
    iov_plan_add(plan, IOV_STEP_PROBE, function->address)->text = g_strdup(VFIO_DRIVER);
}

static void
give_back_function(IovPlan *plan, const IovLease *function)
{
    iov_plan_add(plan, IOV_STEP_UNBIND, function->function)->was_text = g_strdup(VFIO_DRIVER);
    iov_plan_add(plan, IOV_STEP_SET_OVERRIDE, function->function)->was_text = g_strdup(VFIO_DRIVER);
    if (function->had_driver != NULL)
        iov_plan_add(plan, IOV_STEP_PROBE, function->function)->text =
            g_strdup(function->had_driver);
}

void
iov_plan_give_back(IovPlan *plan, const IovLedgerAdapter *before, GPtrArray *functions)
{
    if (before->had_num_vfs == 0) {
        IovStep *step = iov_plan_add(plan, IOV_STEP_SET_NUM_VFS, before->address);

        step->was_number = functions->len;
    } else {
        for (guint i = 0; i < functions->len; i++) {
            const IovLease *function = functions->pdata[i];

            if (g_strcmp0(function->had_driver, VFIO_DRIVER) != 0)
                give_back_function(plan, function);
        }
    }
    if (before->had_autoprobe && before->had_num_vfs == 0)
        iov_plan_add(plan, IOV_STEP_SET_AUTOPROBE, before->address)->number = 1;
    if (before->netdev != NULL && !before->had_link_up)
        iov_plan_add(plan, IOV_STEP_LINK_DOWN, before->netdev);
}
