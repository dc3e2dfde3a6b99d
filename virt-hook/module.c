/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hook's working half, loaded only for a domain that is our business: parses the domain and
 * hands it to the manager. It knows nothing of exit statuses, deadlines and the agent; the front
 * does.
 */
#include "virt-hook.h"

#include <iovpool.h>
#include <string.h>

/* By this process, for a domain that comes in. */
static GPtrArray *leased;

typedef gboolean (*Duty)(IovManager *manager, const IovDomain *domain, GError **error);

static const Duty duties[] = {
    [IOV_HOOK_PREPARE] = iov_manager_prepare,
    [IOV_HOOK_STARTED] = iov_manager_started,
    [IOV_HOOK_RECONNECT] = iov_manager_reconnect,
};

static gboolean
is_required(const IovDomain *domain)
{
    GPtrArray *requests = iov_domain_get_requests(domain);

    for (guint i = 0; i < requests->len; i++)
        if (iov_request_get_required(g_ptr_array_index(requests, i)))
            return TRUE;
    return FALSE;
}

/* By the UUID alone: metadata that somebody broke while the domain ran must not keep its functions
 * leased. */
static gboolean
release(IovManager *manager, const IovHookCall *call, GError **error)
{
    if (call->uuid == NULL) {
        g_set_error_literal(error, IOV_ERROR, IOV_ERROR_INVALID,
                            "cannot release a domain's functions: its XML has no UUID");
        return FALSE;
    }
    return iov_manager_release(manager, call->uuid, error);
}

static gboolean
is_incoming(const IovHookCall *call)
{
    return call->operation == IOV_HOOK_MIGRATE || call->operation == IOV_HOOK_RESTORE;
}

static gboolean
come_in(IovManager *manager, const IovHookCall *call, GError **error)
{
    static char *changed;
    IovIncoming kind =
        call->operation == IOV_HOOK_MIGRATE ? IOV_INCOMING_MIGRATION : IOV_INCOMING_RESTORE;

    if (!iov_manager_incoming(manager, kind, g_get_host_name(), call->xml, call->length, &changed,
                              &leased, error))
        return FALSE;
    *call->output = changed;
    *call->output_length = changed != NULL ? strlen(changed) : 0;
    return TRUE;
}

static gboolean
run(const IovHookCall *call, GError **error)
{
    g_autoptr(IovManager) manager = iov_manager_open(call->root, error);
    g_autoptr(IovDomain) domain = NULL;

    if (manager == NULL)
        return FALSE;
    if (call->operation == IOV_HOOK_RELEASE)
        return release(manager, call, error);
    if (is_incoming(call))
        return come_in(manager, call, error);
    if (call->operation == IOV_HOOK_GIVE_BACK)
        return leased == NULL || iov_manager_give_back(manager, leased, error);
    domain = iov_domain_parse(call->xml, call->length, error);
    if (domain == NULL)
        return FALSE;
    *call->required = is_required(domain);
    return duties[call->operation](manager, domain, error);
}

/* What iov_manager_prepare() and iov_manager_incoming() call a refusal; everything else is a
 * failure of ours. */
static gboolean
is_refusal(const IovHookCall *call, const GError *error)
{
    return (call->operation == IOV_HOOK_PREPARE || is_incoming(call)) &&
           (g_error_matches(error, IOV_ERROR, IOV_ERROR_EXHAUSTED) ||
            g_error_matches(error, IOV_ERROR, IOV_ERROR_BUSY));
}

IOV_API IovHookResult
iov_virt_hook_run(const IovHookCall *call)
{
    g_autoptr(GError) error = NULL;

    if (call->abi != IOV_HOOK_ABI) {
        g_strlcpy(call->message, "hook and module are of different versions: reinstall iovpool",
                  IOV_HOOK_MESSAGE_SIZE);
        return IOV_HOOK_FAILED;
    }
    if (run(call, &error))
        return IOV_HOOK_DONE;
    g_strlcpy(call->message, error->message, IOV_HOOK_MESSAGE_SIZE);
    return is_refusal(call, error) ? IOV_HOOK_REFUSED : IOV_HOOK_FAILED;
}
