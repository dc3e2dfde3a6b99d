/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The record of why a request is served as it is. It decides nothing: the verdicts come from
 * iov-candidate, the help from iov-help.
 */
#include "iov-explanation-private.h"

#include "iov-help.h"

G_DEFINE_BOXED_TYPE(IovExplanation, iov_explanation, iov_explanation_ref, iov_explanation_unref)

IovExplanation *
iov_explanation_new(IovStatus *status, gboolean active, GPtrArray *candidates)
{
    IovExplanation *explanation = g_new0(IovExplanation, 1);

    g_atomic_ref_count_init(&explanation->references);
    explanation->status = iov_status_ref(status);
    explanation->active = active;
    explanation->candidates = g_ptr_array_ref(candidates);
    explanation->help = iov_help_for(status, active, candidates);
    return explanation;
}

IovExplanation *
iov_explanation_ref(IovExplanation *explanation)
{
    g_atomic_ref_count_inc(&explanation->references);
    return explanation;
}

void
iov_explanation_unref(IovExplanation *explanation)
{
    if (!g_atomic_ref_count_dec(&explanation->references))
        return;
    iov_status_unref(explanation->status);
    g_free(explanation->help);
    g_ptr_array_unref(explanation->candidates);
    g_free(explanation);
}

IovStatus *
iov_explanation_get_status(const IovExplanation *explanation)
{
    return explanation->status;
}

gboolean
iov_explanation_get_active(const IovExplanation *explanation)
{
    return explanation->active;
}

const char *
iov_explanation_get_help(const IovExplanation *explanation)
{
    return explanation->help;
}

GPtrArray *
iov_explanation_get_candidates(const IovExplanation *explanation)
{
    return explanation->candidates;
}
