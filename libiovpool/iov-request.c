/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a domain wants from a pool, as a record. Its XML is in iov-request-xml.c; whether it gets
 * what it asks for is decided elsewhere.
 */
#include "iov-request-private.h"

G_DEFINE_BOXED_TYPE(IovRequest, iov_request, iov_request_ref, iov_request_unref)

IovRequest *
iov_request_new(const char *name, const char *pool)
{
    IovRequest *request = g_new0(IovRequest, 1);

    g_atomic_ref_count_init(&request->references);
    request->name = g_strdup(name);
    request->pool = g_strdup(pool);
    return request;
}

IovRequest *
iov_request_ref(IovRequest *request)
{
    g_atomic_ref_count_inc(&request->references);
    return request;
}

void
iov_request_unref(IovRequest *request)
{
    if (request == NULL || !g_atomic_ref_count_dec(&request->references))
        return;
    g_free(request->name);
    g_free(request->pool);
    iov_floor_clear(&request->floor);
    g_free(request);
}

const char *
iov_request_get_name(const IovRequest *request)
{
    return request->name;
}

const char *
iov_request_get_pool(const IovRequest *request)
{
    return request->pool;
}

const char *
iov_request_get_mac(const IovRequest *request)
{
    return request->netconf.mac[0] != '\0' ? request->netconf.mac : NULL;
}

gboolean
iov_request_get_required(const IovRequest *request)
{
    return request->required;
}

int
iov_request_get_priority(const IovRequest *request)
{
    return request->priority;
}

IovMigration
iov_request_get_migration(const IovRequest *request)
{
    return request->migration;
}
