/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The record of a function that a request might be given, and the words for why it was not. The
 * words are read by programs: none is ever changed or taken away. The decision stands in
 * iov-candidate-judge.c.
 */
#include "iov-candidate-private.h"

#include "iov-words.h"

static const char *const words[] = {
    [IOV_VERDICT_FREE] = "free",
    [IOV_VERDICT_OWN] = "own",
    [IOV_VERDICT_LEASED] = "leased",
    [IOV_VERDICT_RECLAIMABLE] = "reclaimable",
    [IOV_VERDICT_SCRUBBING] = "scrubbing",
    [IOV_VERDICT_FOREIGN] = "foreign",
    [IOV_VERDICT_QUARANTINED] = "quarantined",
    [IOV_VERDICT_ADAPTER_DOWN] = "adapter-down",
    [IOV_VERDICT_WRONG_NODE] = "wrong-node",
    [IOV_VERDICT_GROUP_SHARED] = "group-shared",
    [IOV_VERDICT_RATE] = "rate",
    [IOV_VERDICT_POLICY] = "policy",
};

G_STATIC_ASSERT(G_N_ELEMENTS(words) == IOV_VERDICTS);

const char *
iov_verdict_to_string(IovVerdict verdict)
{
    return iov_words_get(words, G_N_ELEMENTS(words), verdict, "unknown");
}

gboolean
iov_verdict_from_string(const char *text, IovVerdict *verdict)
{
    guint value;

    if (!iov_words_find(words, G_N_ELEMENTS(words), text, &value))
        return FALSE;
    *verdict = (IovVerdict)value;
    return TRUE;
}

G_DEFINE_BOXED_TYPE(IovCandidate, iov_candidate, iov_candidate_ref, iov_candidate_unref)

IovCandidate *
iov_candidate_new(IovLease *lease, IovStatus *holder, IovVerdict verdict, char *text)
{
    IovCandidate *candidate = g_new0(IovCandidate, 1);

    g_atomic_ref_count_init(&candidate->references);
    candidate->lease = iov_lease_ref(lease);
    candidate->holder = holder != NULL ? iov_status_ref(holder) : NULL;
    candidate->verdict = verdict;
    candidate->text = text;
    return candidate;
}

IovCandidate *
iov_candidate_ref(IovCandidate *candidate)
{
    g_atomic_ref_count_inc(&candidate->references);
    return candidate;
}

void
iov_candidate_unref(IovCandidate *candidate)
{
    if (!g_atomic_ref_count_dec(&candidate->references))
        return;
    iov_lease_unref(candidate->lease);
    g_clear_pointer(&candidate->holder, iov_status_unref);
    g_free(candidate->text);
    g_free(candidate);
}

IovLease *
iov_candidate_get_lease(const IovCandidate *candidate)
{
    return candidate->lease;
}

IovStatus *
iov_candidate_get_holder(const IovCandidate *candidate)
{
    return candidate->holder;
}

IovVerdict
iov_candidate_get_verdict(const IovCandidate *candidate)
{
    return candidate->verdict;
}

const char *
iov_candidate_get_text(const IovCandidate *candidate)
{
    return candidate->text;
}
