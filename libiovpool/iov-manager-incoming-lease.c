/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the parts of an incoming domain have in common: finding, keeping and making leases for it.
 */
#include "iov-manager-incoming.h"

#include <string.h>

const IovRequest *
iov_arrival_request_of(const IovArrival *arrival, const IovDomainHostdev *hostdev)
{
    return hostdev->request != NULL ? iov_domain_find_request(arrival->domain, hostdev->request)
                                    : NULL;
}

char *
iov_arrival_with_holders(const IovArrival *arrival, const char *pool, const char *cause)
{
    g_autofree char *holders = iov_manager_name_holders(arrival->ledger, pool);

    return g_strdup_printf("%s; held by %s", cause, holders);
}

gboolean
iov_arrival_is_own(const IovArrival *arrival, const IovLease *function, IovLeaseState state)
{
    return function->state == state && g_strcmp0(function->domain_uuid, arrival->domain->uuid) == 0;
}

/* It was reserved before: by `iovpool migrate`, or at another try. */
gboolean
iov_arrival_keep(IovArrival *arrival, const IovLease *function, GError **error)
{
    g_hash_table_add(arrival->used, g_strdup(function->function));
    return iov_ledger_set_deadline(arrival->ledger, function->function, function->generation,
                                   arrival->now + IOV_RESERVATION_TIME, error);
}

gboolean
iov_arrival_lease(IovArrival *arrival, const char *function, const char *name, GError **error)
{
    g_autoptr(GError) local = NULL;
    IovLease *made = NULL;
    guint64 generation = 0;

    if (!iov_ledger_lease(arrival->ledger, function, arrival->domain->uuid, arrival->domain->name,
                          name, arrival->now, arrival->now + IOV_RESERVATION_TIME, &generation,
                          &local)) {
        if (g_error_matches(local, IOV_ERROR, IOV_ERROR_BUSY))
            g_prefix_error(&local, "domain '%s' cannot come to host '%s', is it there already? ",
                           arrival->domain->name, arrival->host);
        return iov_error_pass(&local, error);
    }
    if (!iov_ledger_look_up_function(arrival->ledger, function, &made, error))
        return FALSE;
    g_hash_table_add(arrival->used, g_strdup(function));
    g_ptr_array_add(arrival->leased, made);
    return TRUE;
}

void
iov_arrival_repoint(IovArrival *arrival, const IovDomainHostdev *hostdev, const char *function)
{
    if (strcmp(hostdev->source, function) != 0)
        iov_domain_rewrite_function(arrival->rewrite, hostdev, function);
}
