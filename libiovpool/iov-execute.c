/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a plan through the host, and takes back what was done when a step fails. It decides nothing:
 * what a step's undoing is stands in the step.
 */
#include "iov-execute.h"

static gboolean
run_step(IovHost *host, const IovStep *step, GError **error)
{
    switch (step->kind) {
    case IOV_STEP_LINK_UP:
        return iov_host_set_link_up(host, step->target, TRUE, error);
    case IOV_STEP_LINK_DOWN:
        return iov_host_set_link_up(host, step->target, FALSE, error);
    case IOV_STEP_SET_AUTOPROBE:
        return iov_host_set_autoprobe(host, step->target, step->number != 0, error);
    case IOV_STEP_SET_NUM_VFS:
        return iov_host_set_num_vfs(host, step->target, step->number, error);
    case IOV_STEP_SET_OVERRIDE:
        return iov_host_set_driver_override(host, step->target, step->text, error);
    case IOV_STEP_UNBIND:
        return iov_host_unbind(host, step->target, error);
    case IOV_STEP_PROBE:
        return iov_host_probe(host, step->target, step->text, error);
    }
    g_assert_not_reached();
}

static gboolean
undo_step(IovHost *host, const IovStep *step, GError **error)
{
    switch (step->kind) {
    case IOV_STEP_LINK_UP:
        return iov_host_set_link_up(host, step->target, FALSE, error);
    case IOV_STEP_LINK_DOWN:
        return iov_host_set_link_up(host, step->target, TRUE, error);
    case IOV_STEP_SET_AUTOPROBE:
        return iov_host_set_autoprobe(host, step->target, step->was_number != 0, error);
    case IOV_STEP_SET_NUM_VFS:
        return iov_host_set_num_vfs(host, step->target, step->was_number, error);
    case IOV_STEP_SET_OVERRIDE:
        return iov_host_set_driver_override(host, step->target, step->was_text, error);
    case IOV_STEP_UNBIND:
        return iov_host_probe(host, step->target, step->was_text, error);
    case IOV_STEP_PROBE:
        return iov_host_unbind(host, step->target, error);
    }
    g_assert_not_reached();
}

char *
iov_execute_undo(IovHost *host, const IovPlan *plan, guint done)
{
    GString *failures = g_string_new(NULL);

    while (done > 0) {
        const IovStep *step = plan->steps->pdata[--done];
        g_autoptr(GError) error = NULL;

        if (undo_step(host, step, &error))
            continue;
        g_autofree char *text = iov_step_to_text(step);
        g_string_append_printf(failures, "%s'%s' could not be undone: %s",
                               failures->len > 0 ? "; " : "", text, error->message);
    }
    return g_string_free(failures, failures->len == 0);
}

gboolean
iov_execute(IovHost *host, const IovPlan *plan, GError **error)
{
    for (guint i = 0; i < plan->steps->len; i++) {
        const IovStep *step = plan->steps->pdata[i];
        g_autoptr(GError) cause = NULL;

        if (run_step(host, step, &cause))
            continue;
        /* A write of sriov_numvfs may have worked before the wait for the VFs failed. */
        guint done = step->kind == IOV_STEP_SET_NUM_VFS && step->number > 0 ? i + 1 : i;
        g_autofree char *failures = iov_execute_undo(host, plan, done);
        if (failures != NULL)
            return iov_error_set(error, (IovError)cause->code, "%s (%s)", cause->message, failures);
        return iov_error_pass(&cause, error);
    }
    return TRUE;
}
