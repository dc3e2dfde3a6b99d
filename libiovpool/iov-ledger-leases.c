/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who gets a function and how its state changes: the one place that writes states, generations and
 * owners. It enforces the state table; what a state asks of the hardware is the caller's.
 *
 * A function has a generation at any time, and a new one whenever a lease begins or ends: what was
 * read before that is stale, whoever has the function now.
 */
#include "iov-ledger-private.h"

IovLease *
iov_ledger_require_function(IovLedger *ledger, const char *address, GError **error)
{
    IovLease *function = NULL;

    if (iov_ledger_look_up_function(ledger, address, &function, error) && function == NULL)
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "function %s is in no started pool", address);
    return function;
}

static gboolean
refuse_taken(const IovLease *function, GError **error)
{
    const char *state = iov_lease_state_to_string(function->state);

    if (function->domain_uuid != NULL)
        return iov_error_set(error, IOV_ERROR_BUSY,
                             "function %s is leased to request %s of domain %s (%s)",
                             function->function, function->request, function->domain_name, state);
    return iov_error_set(error, IOV_ERROR_BUSY, "function %s is %s%s%s", function->function, state,
                         function->reason != NULL ? ": " : "",
                         function->reason != NULL ? function->reason : "");
}

/* It keeps its state and generation: whoever scrubs it goes on. */
static gboolean
disown(IovLedger *ledger, const IovLease *function, GError **error)
{
    return iov_ledger_change(ledger,
                             "UPDATE functions SET uuid = NULL, domain_name = NULL, request = NULL"
                             " WHERE address = ?1",
                             IOV_VALUES(IOV_TEXT(function->function)), error);
}

/* One request, one function. One that only waits to be scrubbed serves nobody any more: a domain
 * that starts again at once must not wait for it. */
static gboolean
ensure_request_is_unserved(IovLedger *ledger, const char *uuid, const char *domain_name,
                           const char *request, GError **error)
{
    g_autoptr(IovLease) held = NULL;

    if (!iov_ledger_look_up_lease(ledger, uuid, request, &held, error))
        return FALSE;
    if (held == NULL)
        return TRUE;
    if (held->state == IOV_LEASE_SCRUBBING)
        return disown(ledger, held, error);
    return iov_error_set(error, IOV_ERROR_BUSY, "request %s of domain %s holds function %s (%s)",
                         request, domain_name, held->function,
                         iov_lease_state_to_string(held->state));
}

static gboolean
give(IovLedger *ledger, const char *function, const char *uuid, const char *domain_name,
     const char *request, IovLeaseState state, gint64 now, gint64 deadline, guint64 *generation,
     GError **error)
{
    if (!iov_ledger_change(ledger,
                           "UPDATE functions SET state = ?2, generation = ?3, since = ?4,"
                           " deadline = ?5, uuid = ?6, domain_name = ?7, request = ?8,"
                           " reason = NULL, mac = NULL WHERE address = ?1",
                           IOV_VALUES(IOV_TEXT(function), IOV_NUMBER(state),
                                      IOV_NUMBER(ledger->generation + 1), IOV_NUMBER(now),
                                      IOV_NUMBER(deadline), IOV_TEXT(uuid), IOV_TEXT(domain_name),
                                      IOV_TEXT(request)),
                           error))
        return FALSE;
    *generation = ++ledger->generation;
    return TRUE;
}

gboolean
iov_ledger_lease(IovLedger *ledger, const char *function, const char *uuid, const char *domain_name,
                 const char *request, gint64 now, gint64 deadline, guint64 *generation,
                 GError **error)
{
    g_autoptr(IovLease) present = iov_ledger_require_function(ledger, function, error);

    if (present == NULL)
        return FALSE;
    if (present->state != IOV_LEASE_FREE)
        return refuse_taken(present, error);
    return ensure_request_is_unserved(ledger, uuid, domain_name, request, error) &&
           give(ledger, function, uuid, domain_name, request, IOV_LEASE_RESERVED, now, deadline,
                generation, error);
}

gboolean
iov_ledger_adopt(IovLedger *ledger, const char *function, const char *uuid, const char *domain_name,
                 const char *request, IovLeaseState state, gint64 now, guint64 *generation,
                 GError **error)
{
    g_autoptr(IovLease) present = iov_ledger_require_function(ledger, function, error);

    if (present == NULL)
        return FALSE;
    if (!iov_lease_state_is_held(state) || state == IOV_LEASE_RESERVED)
        return iov_error_set(error, IOV_ERROR_INVALID, "function %s cannot be adopted as %s",
                             function, iov_lease_state_to_string(state));
    if (present->state != IOV_LEASE_FREE && present->state != IOV_LEASE_FOREIGN)
        return refuse_taken(present, error);
    return ensure_request_is_unserved(ledger, uuid, domain_name, request, error) &&
           give(ledger, function, uuid, domain_name, request, state, now, 0, generation, error);
}

static IovLease *
require_generation(IovLedger *ledger, const char *address, guint64 generation, GError **error)
{
    g_autoptr(IovLease) function = iov_ledger_require_function(ledger, address, error);

    if (function == NULL || function->generation == generation)
        return g_steal_pointer(&function);
    iov_error_set(error, IOV_ERROR_STALE,
                  "generation %" G_GUINT64_FORMAT
                  " of function %s is over: it is at %" G_GUINT64_FORMAT " (%s)",
                  generation, address, function->generation,
                  iov_lease_state_to_string(function->state));
    return NULL;
}

static gboolean
check_may_go(const IovLease *function, IovLeaseState to, GError **error)
{
    const char *from_name = iov_lease_state_to_string(function->state);
    const char *to_name = iov_lease_state_to_string(to);

    if (!iov_lease_may_go(function->state, to))
        return iov_error_set(error, IOV_ERROR_INVALID, "function %s cannot go from %s to %s",
                             function->function, from_name, to_name);
    /* A function that was quarantined or foreign is scrubbed without an owner. */
    if (function->domain_uuid == NULL && iov_lease_state_is_held(to) && to != IOV_LEASE_SCRUBBING)
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "function %s cannot go from %s to %s: no domain owns it",
                             function->function, from_name, to_name);
    return TRUE;
}

static gboolean
end_lease(IovLedger *ledger, const char *function, IovLeaseState to, const char *reason, gint64 now,
          GError **error)
{
    return iov_ledger_change(ledger,
                             "UPDATE functions SET state = ?2, generation = ?3, since = ?4,"
                             " reason = ?5, deadline = 0, uuid = NULL, domain_name = NULL,"
                             " request = NULL WHERE address = ?1",
                             IOV_VALUES(IOV_TEXT(function), IOV_NUMBER(to),
                                        IOV_NUMBER(++ledger->generation), IOV_NUMBER(now),
                                        IOV_TEXT(reason)),
                             error);
}

gboolean
iov_ledger_move(IovLedger *ledger, const char *function, guint64 generation, IovLeaseState to,
                const char *reason, gint64 now, GError **error)
{
    g_autoptr(IovLease) present = require_generation(ledger, function, generation, error);

    if (present == NULL || !check_may_go(present, to, error))
        return FALSE;
    if (!iov_lease_state_is_held(to))
        return end_lease(ledger, function, to, reason, now, error);
    return iov_ledger_change(
        ledger,
        "UPDATE functions SET state = ?2, since = ?3, reason = ?4, deadline = 0 WHERE address = ?1",
        IOV_VALUES(IOV_TEXT(function), IOV_NUMBER(to), IOV_NUMBER(now), IOV_TEXT(reason)), error);
}

gboolean
iov_ledger_note_function(IovLedger *ledger, const char *function, guint64 generation,
                         const char *reason, GError **error)
{
    g_autoptr(IovLease) present = require_generation(ledger, function, generation, error);

    return present != NULL &&
           iov_ledger_change(ledger, "UPDATE functions SET reason = ?2 WHERE address = ?1",
                             IOV_VALUES(IOV_TEXT(function), IOV_TEXT(reason)), error);
}

gboolean
iov_ledger_set_mac(IovLedger *ledger, const char *function, guint64 generation, const char *mac,
                   GError **error)
{
    g_autoptr(IovLease) present = require_generation(ledger, function, generation, error);

    return present != NULL &&
           iov_ledger_change(ledger, "UPDATE functions SET mac = ?2 WHERE address = ?1",
                             IOV_VALUES(IOV_TEXT(function), IOV_TEXT(mac)), error);
}

gboolean
iov_ledger_note_foreign(IovLedger *ledger, const char *function, guint64 generation,
                        const char *reason, gint64 now, GError **error)
{
    g_autoptr(IovLease) present = require_generation(ledger, function, generation, error);

    if (present == NULL)
        return FALSE;
    if (present->state != IOV_LEASE_FOREIGN)
        return iov_error_set(error, IOV_ERROR_INVALID, "function %s is %s, not foreign", function,
                             iov_lease_state_to_string(present->state));
    return iov_ledger_change(
        ledger, "UPDATE functions SET reason = ?2, since = ?3 WHERE address = ?1",
        IOV_VALUES(IOV_TEXT(function), IOV_TEXT(reason), IOV_NUMBER(now)), error);
}

gboolean
iov_ledger_set_deadline(IovLedger *ledger, const char *function, guint64 generation,
                        gint64 deadline, GError **error)
{
    g_autoptr(IovLease) present = require_generation(ledger, function, generation, error);

    if (present == NULL)
        return FALSE;
    if (present->state != IOV_LEASE_RESERVED)
        return iov_error_set(error, IOV_ERROR_INVALID,
                             "function %s is %s: only a reserved one has a deadline", function,
                             iov_lease_state_to_string(present->state));
    return iov_ledger_change(ledger, "UPDATE functions SET deadline = ?2 WHERE address = ?1",
                             IOV_VALUES(IOV_TEXT(function), IOV_NUMBER(deadline)), error);
}

gboolean
iov_ledger_set_group(IovLedger *ledger, const char *function, int group, GError **error)
{
    return iov_ledger_change(ledger, "UPDATE functions SET iommu_group = ?2 WHERE address = ?1",
                             IOV_VALUES(IOV_TEXT(function), IOV_NUMBER(group)), error);
}
