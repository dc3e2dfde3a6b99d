/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The record of how one request of an active domain is served. It decides nothing: who fills it
 * knows the tier and the reason.
 */
#include "iov-lease-private.h"

G_DEFINE_BOXED_TYPE(IovStatus, iov_status, iov_status_ref, iov_status_unref)

IovStatus *
iov_status_new(void)
{
    IovStatus *status = g_new0(IovStatus, 1);

    g_atomic_ref_count_init(&status->references);
    status->numa_node = -1;
    return status;
}

IovStatus *
iov_status_ref(IovStatus *status)
{
    g_atomic_ref_count_inc(&status->references);
    return status;
}

void
iov_status_unref(IovStatus *status)
{
    if (!g_atomic_ref_count_dec(&status->references))
        return;
    g_free(status->domain_uuid);
    g_free(status->domain_name);
    g_free(status->request);
    g_free(status->pool);
    g_free(status->reason);
    g_free(status->request_xml);
    g_clear_pointer(&status->lease, iov_lease_unref);
    g_free(status);
}

void
iov_status_set_reason(IovStatus *status, IovReason code, const char *reason)
{
    char *copy = g_strdup(reason);

    g_free(status->reason);
    status->reason = copy;
    status->code = code;
}

const char *
iov_status_get_domain_uuid(const IovStatus *status)
{
    return status->domain_uuid;
}

const char *
iov_status_get_domain_name(const IovStatus *status)
{
    return status->domain_name;
}

const char *
iov_status_get_request(const IovStatus *status)
{
    return status->request;
}

const char *
iov_status_get_pool(const IovStatus *status)
{
    return status->pool;
}

IovTier
iov_status_get_tier(const IovStatus *status)
{
    return status->tier;
}

IovMigration
iov_status_get_migration(const IovStatus *status)
{
    return status->migration;
}

int
iov_status_get_priority(const IovStatus *status)
{
    return status->priority;
}

gboolean
iov_status_get_is_static(const IovStatus *status)
{
    return status->is_static;
}

gboolean
iov_status_get_parked(const IovStatus *status)
{
    return status->parked;
}

gboolean
iov_status_get_started(const IovStatus *status)
{
    return status->started;
}

gboolean
iov_status_get_lowered(const IovStatus *status)
{
    return status->lowered;
}

const char *
iov_status_get_reason(const IovStatus *status)
{
    return status->reason != NULL ? status->reason : "";
}

IovReason
iov_status_get_reason_code(const IovStatus *status)
{
    return status->code;
}

gint64
iov_status_get_since(const IovStatus *status)
{
    return status->since;
}

IovLease *
iov_status_get_lease(const IovStatus *status)
{
    return status->lease;
}
