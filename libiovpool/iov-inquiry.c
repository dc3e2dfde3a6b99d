/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Gathers what ledger and host know of pools. Where the host does not answer, that is no error: the
 * thing is not known, and the ledger alone has its say. Nothing is decided here.
 */
#include "iov-inquiry.h"

static void
free_pool(gpointer data)
{
    IovInquiryPool *pool = data;

    g_clear_pointer(&pool->pool, iov_pool_unref);
    g_clear_pointer(&pool->rows, g_ptr_array_unref);
    g_clear_pointer(&pool->functions, g_ptr_array_unref);
    g_hash_table_unref(pool->adapters);
    g_hash_table_unref(pool->groups);
    g_free(pool);
}

static void
free_member(gpointer data)
{
    IovCandidateMember *member = data;

    g_free(member->address);
    g_free(member->driver);
    g_free(member->domain_uuid);
    g_free(member->domain_name);
    g_free(member);
}

void
iov_inquiry_clear(IovInquiry *inquiry)
{
    g_clear_pointer(&inquiry->pools, g_hash_table_unref);
    g_clear_pointer(&inquiry->holders, g_hash_table_unref);
    g_clear_pointer(&inquiry->statuses, g_ptr_array_unref);
}

gboolean
iov_inquiry_open(IovInquiry *inquiry, IovManager *manager, GError **error)
{
    g_autoptr(GError) local = NULL;

    inquiry->ledger = iov_manager_ledger_to_read(manager, &local);
    if (!iov_error_pass(&local, error))
        return FALSE;
    inquiry->host = iov_manager_host(manager, error);
    inquiry->statuses = iov_manager_list_status(manager, NULL, error);
    if (inquiry->host == NULL || inquiry->statuses == NULL)
        return FALSE;
    inquiry->holders = g_hash_table_new(g_str_hash, g_str_equal);
    inquiry->pools = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_pool);
    for (guint i = 0; i < inquiry->statuses->len; i++) {
        IovStatus *status = inquiry->statuses->pdata[i];

        if (status->lease != NULL)
            g_hash_table_insert(inquiry->holders, status->lease->function, status);
    }
    return TRUE;
}

static void
add_adapters(const IovInquiry *inquiry, IovInquiryPool *pool)
{
    for (guint i = 0; i < pool->rows->len; i++) {
        const IovLedgerAdapter *row = pool->rows->pdata[i];
        IovInquiryAdapter *adapter = g_new0(IovInquiryAdapter, 1);

        adapter->row = row;
        if (row->netdev == NULL ||
            !iov_host_get_link(inquiry->host, row->netdev, &adapter->link, NULL))
            adapter->link = IOV_LINK_NONE;
        g_hash_table_insert(pool->adapters, row->address, adapter);
    }
}

static gboolean
read_pool(const IovInquiry *inquiry, IovInquiryPool *pool, const char *name, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (inquiry->ledger == NULL)
        return TRUE;
    pool->pool = iov_manager_live_pool(inquiry->ledger, name, &local);
    if (pool->pool == NULL && g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND))
        return TRUE;
    if (pool->pool == NULL)
        return iov_error_pass(&local, error);
    g_ptr_array_unref(pool->functions);
    pool->functions = iov_ledger_list_functions(inquiry->ledger, name, error);
    if (pool->functions == NULL)
        return FALSE;
    g_ptr_array_unref(pool->rows);
    pool->rows = iov_ledger_list_adapters(inquiry->ledger, name, error);
    if (pool->rows == NULL)
        return FALSE;
    add_adapters(inquiry, pool);
    return TRUE;
}

IovInquiryPool *
iov_inquiry_get_pool(IovInquiry *inquiry, const char *name, GError **error)
{
    IovInquiryPool *pool = g_hash_table_lookup(inquiry->pools, name);

    if (pool != NULL)
        return pool;
    pool = g_new0(IovInquiryPool, 1);
    pool->rows = g_ptr_array_new();
    pool->functions = g_ptr_array_new();
    pool->adapters = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    pool->groups = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
    if (read_pool(inquiry, pool, name, error)) {
        g_hash_table_insert(inquiry->pools, g_strdup(name), pool);
        return pool;
    }
    free_pool(pool);
    return NULL;
}

guint
iov_inquiry_get_speed(const IovInquiry *inquiry, IovInquiryAdapter *adapter)
{
    g_autoptr(IovAdapter) found = NULL;

    if (adapter->speed_is_read)
        return adapter->speed;
    /* the host looks at all functions of an adapter that it is asked for */
    adapter->speed_is_read = TRUE;
    found = iov_host_get_adapter(inquiry->host, adapter->row->address, NULL);
    adapter->speed = found != NULL ? found->speed : 0;
    return adapter->speed;
}

static IovCandidateMember *
look_at_member(const IovInquiry *inquiry, const char *address)
{
    IovCandidateMember *member = g_new0(IovCandidateMember, 1);
    g_autoptr(IovLease) lease = iov_ledger_get_function(inquiry->ledger, address, NULL);

    member->address = g_strdup(address);
    member->driver = iov_host_get_driver(inquiry->host, address, NULL);
    if (member->driver == NULL)
        member->driver = g_strdup("");
    if (lease != NULL && iov_lease_state_is_held(lease->state)) {
        member->domain_uuid = g_strdup(lease->domain_uuid);
        member->domain_name = g_strdup(lease->domain_name);
    }
    return member;
}

const GPtrArray *
iov_inquiry_get_members(const IovInquiry *inquiry, IovInquiryPool *pool, const IovLease *function)
{
    gpointer number = GINT_TO_POINTER(function->iommu_group);
    GPtrArray *members = g_hash_table_lookup(pool->groups, number);
    g_auto(GStrv) addresses = NULL;

    if (members != NULL)
        return members;
    members = g_ptr_array_new_with_free_func(free_member);
    g_hash_table_insert(pool->groups, number, members);
    addresses = iov_host_list_group(inquiry->host, function->iommu_group, NULL);
    if (addresses == NULL || g_strv_length(addresses) < 2)
        return members;
    for (char **address = addresses; *address != NULL; address++)
        g_ptr_array_add(members, look_at_member(inquiry, *address));
    return members;
}
