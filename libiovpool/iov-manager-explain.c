/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why requests are served as they are: each function of a request's pool is judged for it, and a
 * reason that nobody has noted is found. What ledger and host know comes from iov-inquiry, the
 * verdicts from iov-candidate, the help from iov-help. It changes nothing.
 */
#include "iov-manager-private.h"

#include "iov-explanation-private.h"
#include "iov-inquiry.h"
#include "iov-placement.h"
#include "iov-request-private.h"

#include <string.h>

#define BIT(verdict) (1u << (verdict))

typedef struct {
    IovInquiry inquiry;
    GPtrArray *explanations; /* IovExplanation */
} Explaining;

static void
explaining_clear(Explaining *explaining)
{
    iov_inquiry_clear(&explaining->inquiry);
    g_clear_pointer(&explaining->explanations, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Explaining, explaining_clear)

/* What a request sets itself. The ledger has it from one that was checked; what cannot be read
 * again sets nothing. */
static IovNetconf
wish_of(const IovStatus *status)
{
    g_autoptr(GPtrArray) requests = NULL;

    if (status->request_xml != NULL)
        requests = iov_requests_parse(status->request_xml, strlen(status->request_xml),
                                      "the ledger", NULL);
    if (requests == NULL || requests->len == 0)
        return (IovNetconf){0};
    return ((const IovRequest *)requests->pdata[0])->netconf;
}

static gboolean
sets_rate(const IovNetconf *netconf)
{
    return netconf->has_rate && (netconf->min_rate > 0 || netconf->max_rate > 0);
}

/* NULL where its adapter went out of the ledger meanwhile. (transfer full) */
static IovCandidate *
judge(Explaining *explaining, IovInquiryPool *pool, IovCandidateFacts *facts, IovLease *function)
{
    IovInquiryAdapter *adapter = g_hash_table_lookup(pool->adapters, function->adapter);
    IovStatus *holder = g_hash_table_lookup(explaining->inquiry.holders, function->function);
    g_autofree char *text = NULL;
    IovVerdict verdict;

    if (adapter == NULL)
        return NULL;
    facts->adapter = adapter->row;
    facts->link = adapter->link;
    if (sets_rate(facts->wish) || sets_rate(&pool->pool->defaults))
        facts->speed = iov_inquiry_get_speed(&explaining->inquiry, adapter);
    facts->function = function;
    facts->holder = holder;
    facts->members = NULL;
    verdict = iov_candidate_judge(facts, &text);
    if (verdict == IOV_VERDICT_FREE) {
        g_clear_pointer(&text, g_free);
        facts->members = iov_inquiry_get_members(&explaining->inquiry, pool, function);
        verdict = iov_candidate_judge(facts, &text);
    }
    return iov_candidate_new(function, holder, verdict, g_steal_pointer(&text));
}

/* A hostdev of the domain's own names its function: no other is a candidate. */
static gboolean
is_candidate(const Explaining *explaining, const IovStatus *status, const IovLease *function)
{
    return !status->is_static ||
           g_hash_table_lookup(explaining->inquiry.holders, function->function) == status;
}

static GPtrArray *
judge_all(Explaining *explaining, IovInquiryPool *pool, const IovStatus *status)
{
    GPtrArray *candidates = g_ptr_array_new_with_free_func((GDestroyNotify)iov_candidate_unref);
    const IovNetconf wish = wish_of(status);
    IovCandidateFacts facts = {
        .pool = pool->pool, .request = status, .wish = &wish, .numa_node = status->numa_node};

    for (guint i = 0; i < pool->functions->len; i++) {
        IovCandidate *candidate = NULL;

        if (is_candidate(explaining, status, pool->functions->pdata[i]))
            candidate = judge(explaining, pool, &facts, pool->functions->pdata[i]);
        if (candidate != NULL)
            g_ptr_array_add(candidates, candidate);
    }
    return candidates;
}

static const IovCandidate *
find_verdict(GPtrArray *candidates, guint verdicts)
{
    for (guint i = 0; i < candidates->len; i++) {
        const IovCandidate *candidate = candidates->pdata[i];

        if ((BIT(candidate->verdict) & verdicts) != 0)
            return candidate;
    }
    return NULL;
}

/* Why a request has no function: what it would hear if it asked for one now. */
static void
find_reason(const IovInquiryPool *pool, IovStatus *status, GPtrArray *candidates)
{
    const IovCandidate *free = find_verdict(candidates, BIT(IOV_VERDICT_FREE));
    const IovCandidate *refused =
        find_verdict(candidates, BIT(IOV_VERDICT_RATE) | BIT(IOV_VERDICT_POLICY));
    g_autofree char *reason = NULL;

    if (free != NULL) {
        reason = g_strdup_printf("function %s is free", free->lease->function);
        iov_status_set_reason(status, IOV_REASON_NONE, reason);
        return;
    }
    if (refused != NULL) {
        iov_status_set_reason(status, IOV_REASON_REFUSED, refused->text);
        return;
    }
    /* Placement knows less of adapters and groups than the verdicts do. */
    if (iov_placement_choose(pool->pool, pool->rows, status->numa_node, &reason) != NULL)
        reason = g_strdup_printf("no function of pool %s may be taken", status->pool);
    iov_status_set_reason(status, IOV_REASON_EXHAUSTED, reason);
}

/* Nobody has noted a reason, or the pool was started since. */
static void
complete_reason(const IovInquiryPool *pool, IovStatus *status, GPtrArray *candidates)
{
    gboolean is_missing =
        status->code == IOV_REASON_NONE && iov_status_get_reason(status)[0] == '\0';
    g_autofree char *reason = NULL;

    if (pool->pool == NULL || status->tier == IOV_TIER_PASSTHROUGH ||
        (!is_missing && status->code != IOV_REASON_POOL_STOPPED))
        return;
    if (status->lease == NULL) {
        find_reason(pool, status, candidates);
        return;
    }
    reason = g_strdup_printf("function %s is %s", status->lease->function,
                             iov_lease_state_to_string(status->lease->state));
    iov_status_set_reason(status, IOV_REASON_NONE, reason);
}

static gboolean
explain(Explaining *explaining, IovStatus *status, gboolean active, GError **error)
{
    IovInquiryPool *pool = iov_inquiry_get_pool(&explaining->inquiry, status->pool, error);
    g_autoptr(GPtrArray) candidates = NULL;

    if (pool == NULL)
        return FALSE;
    candidates = judge_all(explaining, pool, status);
    complete_reason(pool, status, candidates);
    g_ptr_array_add(explaining->explanations, iov_explanation_new(status, active, candidates));
    return TRUE;
}

static gboolean
is_asked_for(const char *name, const char *request)
{
    return request == NULL || strcmp(name, request) == 0;
}

/* @known: the ledger knows requests of the domain, be they asked for or not. */
static gboolean
explain_active(Explaining *explaining, const char *uuid, const char *request, gboolean *known,
               GError **error)
{
    GPtrArray *statuses = explaining->inquiry.statuses;

    for (guint i = 0; i < statuses->len; i++) {
        IovStatus *status = statuses->pdata[i];

        if (strcmp(status->domain_uuid, uuid) != 0)
            continue;
        *known = TRUE;
        if (is_asked_for(status->request, request) && !explain(explaining, status, TRUE, error))
            return FALSE;
    }
    return TRUE;
}

/* What the requests of a domain would meet if it started now. */
static gboolean
explain_inactive(Explaining *explaining, const IovDomain *domain, const char *request,
                 GError **error)
{
    for (guint i = 0; i < domain->requests->len; i++) {
        const IovRequest *wanted = domain->requests->pdata[i];
        g_autoptr(IovStatus) status = NULL;
        const IovInquiryPool *pool = NULL;

        if (!is_asked_for(wanted->name, request))
            continue;
        pool = iov_inquiry_get_pool(&explaining->inquiry, wanted->pool, error);
        if (pool == NULL)
            return FALSE;
        status = iov_manager_make_status(domain, wanted, pool->pool, 0);
        status->tier = IOV_TIER_NONE;
        if (!explain(explaining, status, FALSE, error))
            return FALSE;
    }
    return TRUE;
}

GPtrArray *
iov_manager_explain(IovManager *manager, const char *uuid, const char *request,
                    const IovDomain *domain, GError **error)
{
    g_auto(Explaining) explaining = {
        .explanations = g_ptr_array_new_with_free_func((GDestroyNotify)iov_explanation_unref)};
    gboolean known = FALSE;

    if (!iov_inquiry_open(&explaining.inquiry, manager, error) ||
        !explain_active(&explaining, uuid, request, &known, error))
        return NULL;
    if (!known && domain != NULL && !explain_inactive(&explaining, domain, request, error))
        return NULL;
    if (explaining.explanations->len > 0)
        return g_steal_pointer(&explaining.explanations);
    if (request != NULL)
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "the domain has no request '%.64s'", request);
    else
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "the domain has no request that is known");
    return NULL;
}
