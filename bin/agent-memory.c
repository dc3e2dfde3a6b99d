/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The agent's memory of domains and their requests: events seen, tries failed. It decides nothing,
 * reads no clock, and is small: a domain that stops is forgotten.
 */
#include "agent-memory.h"

#include "agent-backoff.h"
#include "agent-lock.h"

#define NEVER G_MAXINT64

typedef struct {
    gboolean negotiated, refused, asked;
    AgentBackoff failures, looks;
    gint64 not_before; /* no effect earlier */
    gint64 wake;       /* look at it then; NEVER: no need */
    gint64 watched;    /* since when; 0: it is not */
    AgentPhase phase;
    gint64 entered;
} Request;

typedef struct {
    gboolean unwatched, arrived;
    GHashTable *requests; /* name to Request */
} Domain;

struct _AgentMemory {
    GMutex lock;
    gboolean hearing;
    GHashTable *domains; /* UUID to Domain */
};

static void
free_domain(gpointer data)
{
    Domain *domain = data;

    g_hash_table_unref(domain->requests);
    g_free(domain);
}

AgentMemory *
agent_memory_new(void)
{
    AgentMemory *memory = g_new0(AgentMemory, 1);

    g_mutex_init(&memory->lock);
    memory->domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_domain);
    return memory;
}

void
agent_memory_free(AgentMemory *memory)
{
    if (memory == NULL)
        return;
    g_hash_table_unref(memory->domains);
    g_mutex_clear(&memory->lock);
    g_free(memory);
}

static Domain *
domain_of(AgentMemory *memory, const char *uuid)
{
    Domain *domain = g_hash_table_lookup(memory->domains, uuid);

    if (domain != NULL)
        return domain;
    domain = g_new0(Domain, 1);
    domain->requests = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_hash_table_insert(memory->domains, g_strdup(uuid), domain);
    return domain;
}

static Request *
request_of(AgentMemory *memory, const char *uuid, const char *name)
{
    Domain *domain = domain_of(memory, uuid);
    Request *request = g_hash_table_lookup(domain->requests, name);

    if (request != NULL)
        return request;
    request = g_new0(Request, 1);
    *request = (Request){
        .failures = {.first = 5 * G_USEC_PER_SEC, .limit = 300 * (gint64)G_USEC_PER_SEC},
        .looks = {.first = G_USEC_PER_SEC / 4, .limit = 300 * (gint64)G_USEC_PER_SEC},
        .wake = NEVER,
    };
    g_hash_table_insert(domain->requests, g_strdup(name), request);
    return request;
}

/* NULL where nothing is known: asking makes no entry. */
static const Request *
peek(AgentMemory *memory, const char *uuid, const char *name)
{
    Domain *domain = g_hash_table_lookup(memory->domains, uuid);

    return domain != NULL ? g_hash_table_lookup(domain->requests, name) : NULL;
}

static gboolean
is_elsewhere(gpointer uuid, gpointer domain G_GNUC_UNUSED, gpointer uuids)
{
    return !g_ptr_array_find_with_equal_func(uuids, uuid, g_str_equal, NULL);
}

void
agent_memory_set_census(AgentMemory *memory, GPtrArray *uuids, gboolean hearing)
{
    AGENT_LOCKED(&memory->lock);

    memory->hearing = hearing;
    g_hash_table_foreach_remove(memory->domains, is_elsewhere, uuids);
    for (guint i = 0; i < uuids->len; i++)
        domain_of(memory, g_ptr_array_index(uuids, i))->unwatched = TRUE;
}

void
agent_memory_started(AgentMemory *memory, const char *uuid)
{
    AGENT_LOCKED(&memory->lock);
    Domain *domain = g_hash_table_lookup(memory->domains, uuid);

    if (domain != NULL)
        domain->unwatched = FALSE;
}

void
agent_memory_forget(AgentMemory *memory, const char *uuid)
{
    AGENT_LOCKED(&memory->lock);

    g_hash_table_remove(memory->domains, uuid);
}

gboolean
agent_memory_is_watched(AgentMemory *memory, const char *uuid)
{
    AGENT_LOCKED(&memory->lock);
    const Domain *domain = g_hash_table_lookup(memory->domains, uuid);

    return memory->hearing && (domain == NULL || !domain->unwatched);
}

gboolean
agent_memory_is_hearing(AgentMemory *memory)
{
    AGENT_LOCKED(&memory->lock);

    return memory->hearing;
}

void
agent_memory_set_negotiated(AgentMemory *memory, const char *uuid, const char *request)
{
    AGENT_LOCKED(&memory->lock);

    request_of(memory, uuid, request)->negotiated = TRUE;
}

gboolean
agent_memory_has_negotiated(AgentMemory *memory, const char *uuid, const char *request)
{
    AGENT_LOCKED(&memory->lock);
    const Request *known = peek(memory, uuid, request);

    return known != NULL && known->negotiated;
}

void
agent_memory_set_refused(AgentMemory *memory, const char *uuid, const char *request)
{
    AGENT_LOCKED(&memory->lock);

    request_of(memory, uuid, request)->refused = TRUE;
}

gboolean
agent_memory_take_refused(AgentMemory *memory, const char *uuid, const char *request)
{
    AGENT_LOCKED(&memory->lock);

    if (peek(memory, uuid, request) == NULL)
        return FALSE;
    Request *known = request_of(memory, uuid, request);
    gboolean refused = known->refused;
    known->refused = FALSE;
    return refused;
}

void
agent_memory_set_asked(AgentMemory *memory, const char *uuid, const char *request)
{
    AGENT_LOCKED(&memory->lock);

    request_of(memory, uuid, request)->asked = TRUE;
}

gboolean
agent_memory_was_asked(AgentMemory *memory, const char *uuid, const char *request)
{
    AGENT_LOCKED(&memory->lock);
    const Request *known = peek(memory, uuid, request);

    return known != NULL && known->asked;
}

gint64
agent_memory_enter(AgentMemory *memory, const char *uuid, const char *request, AgentPhase phase,
                   gint64 now)
{
    AGENT_LOCKED(&memory->lock);

    if (phase == AGENT_PHASE_NONE && peek(memory, uuid, request) == NULL)
        return 0;
    Request *known = request_of(memory, uuid, request);
    if (known->phase != phase)
        known->entered = now;
    known->phase = phase;
    return now - known->entered;
}

void
agent_memory_set_arrived(AgentMemory *memory, const char *uuid, gboolean arrived)
{
    AGENT_LOCKED(&memory->lock);

    domain_of(memory, uuid)->arrived = arrived;
}

gboolean
agent_memory_has_arrived(AgentMemory *memory, const char *uuid)
{
    AGENT_LOCKED(&memory->lock);
    const Domain *domain = g_hash_table_lookup(memory->domains, uuid);

    return domain != NULL && domain->arrived;
}

gint64
agent_memory_failed(AgentMemory *memory, const char *uuid, const char *request, gint64 now)
{
    AGENT_LOCKED(&memory->lock);
    Request *known = request_of(memory, uuid, request);
    gint64 delay = agent_backoff_next(&known->failures);

    agent_backoff_reset(&known->looks);
    known->not_before = known->wake = now + delay;
    return delay;
}

void
agent_memory_look_again(AgentMemory *memory, const char *uuid, const char *request, gint64 now)
{
    AGENT_LOCKED(&memory->lock);
    Request *known = request_of(memory, uuid, request);

    known->wake = now + agent_backoff_next(&known->looks);
}

void
agent_memory_look_at(AgentMemory *memory, const char *uuid, const char *request, gint64 when)
{
    AGENT_LOCKED(&memory->lock);
    Request *known = request_of(memory, uuid, request);

    known->wake = MIN(known->wake, when);
}

void
agent_memory_watch(AgentMemory *memory, const char *uuid, const char *request, gint64 now)
{
    AGENT_LOCKED(&memory->lock);
    Request *known = request_of(memory, uuid, request);

    if (known->watched == 0)
        known->watched = now;
    known->wake = now + CLAMP((now - known->watched) / 8, known->looks.first, known->looks.limit);
}

void
agent_memory_settled(AgentMemory *memory, const char *uuid, const char *request)
{
    AGENT_LOCKED(&memory->lock);

    if (peek(memory, uuid, request) == NULL)
        return;
    Request *known = request_of(memory, uuid, request);
    agent_backoff_reset(&known->failures);
    agent_backoff_reset(&known->looks);
    known->asked = FALSE;
    known->not_before = known->watched = 0;
    known->wake = NEVER;
}

gboolean
agent_memory_is_due(AgentMemory *memory, const char *uuid, const char *request, gint64 now)
{
    AGENT_LOCKED(&memory->lock);
    const Request *known = peek(memory, uuid, request);

    return known == NULL || now >= known->not_before;
}

gint64
agent_memory_get_next(AgentMemory *memory)
{
    AGENT_LOCKED(&memory->lock);
    GHashTableIter domains, requests;
    gpointer domain, request;
    gint64 next = NEVER;

    g_hash_table_iter_init(&domains, memory->domains);
    while (g_hash_table_iter_next(&domains, NULL, &domain)) {
        g_hash_table_iter_init(&requests, ((Domain *)domain)->requests);
        while (g_hash_table_iter_next(&requests, NULL, &request))
            next = MIN(next, ((Request *)request)->wake);
    }
    return next == NEVER ? -1 : next;
}

static gboolean
take_due_of(Domain *domain, gint64 now)
{
    GHashTableIter requests;
    gpointer value;
    gboolean due = FALSE;

    g_hash_table_iter_init(&requests, domain->requests);
    while (g_hash_table_iter_next(&requests, NULL, &value)) {
        Request *request = value;

        if (request->wake > now)
            continue;
        request->wake = NEVER;
        due = TRUE;
    }
    return due;
}

GPtrArray *
agent_memory_take_due(AgentMemory *memory, gint64 now)
{
    AGENT_LOCKED(&memory->lock);
    GPtrArray *uuids = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter domains;
    gpointer uuid, domain;

    g_hash_table_iter_init(&domains, memory->domains);
    while (g_hash_table_iter_next(&domains, &uuid, &domain))
        if (take_due_of(domain, now))
            g_ptr_array_add(uuids, g_strdup(uuid));
    return uuids;
}
