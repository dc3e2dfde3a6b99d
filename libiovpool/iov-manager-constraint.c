/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a domain's devices are in the way of: gathers what the XML does not tell of its PCI devices
 * (the requests' modes, whose functions they are, whether their drivers can save them), and for a
 * domain that does not run the functions that it would have. The XML is read by iov-domain-device,
 * the rules stand in iov-constraint. It changes nothing.
 */
#include "iov-manager-private.h"

#include "iov-domain-device.h"
#include "iov-snippet.h"

#include <string.h>

/* As it is started, else as it is defined; NULL without @error where there is none. (transfer full)
 * (nullable) */
static IovPool *
find_pool(IovManager *manager, const char *name, GError **error)
{
    g_autoptr(GError) local = NULL;
    IovPool *pool = iov_manager_get_pool(manager, name, TRUE, &local);

    if (pool == NULL && g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND)) {
        g_clear_error(&local);
        pool = iov_manager_get_pool(manager, name, FALSE, &local);
    }
    if (pool == NULL && !g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND))
        g_propagate_error(error, g_steal_pointer(&local));
    return pool;
}

/* Of a pool that is gone only the request's own word is known. */
static gboolean
find_mode(IovManager *manager, const IovDomain *domain, IovConstraintDevice *device, GError **error)
{
    const IovRequest *request = iov_domain_find_request(domain, device->request);
    g_autoptr(GError) local = NULL;
    g_autoptr(IovPool) pool = find_pool(manager, request->pool, &local);
    g_autoptr(IovStatus) status = NULL;

    if (!iov_error_pass(&local, error))
        return FALSE;
    status = iov_manager_make_status(domain, request, pool, 0);
    device->migration = status->migration;
    return TRUE;
}

/* The functions that the domain would have if all its requests were served. */
static void
add_wishes(const IovDomain *domain, GPtrArray *devices)
{
    guint place = 0;

    for (guint i = 0; i < domain->requests->len; i++) {
        const IovRequest *request = domain->requests->pdata[i];
        g_autofree char *alias = iov_alias_of_function(request->name);
        IovConstraintDevice *device = NULL;

        if (iov_domain_find_source(domain, alias) != NULL)
            continue;
        device = iov_constraint_device_new(g_strdup_printf("%s's function", request->name), alias,
                                           IOV_OBSTACLE_REPLUG);
        device->is_function = TRUE;
        device->request = g_strdup(request->name);
        g_ptr_array_insert(devices, (int)place++, device);
    }
}

/* Whose function it is; of no pool where the ledger does not know it. */
static gboolean
find_owner(IovManager *manager, IovConstraintDevice *device, GError **error)
{
    g_autoptr(GPtrArray) functions = iov_manager_list_functions(manager, NULL, error);

    if (functions == NULL)
        return FALSE;
    for (guint i = 0; i < functions->len; i++) {
        const IovLease *lease = functions->pdata[i];

        if (device->pool == NULL && strcmp(lease->function, device->address) == 0)
            device->pool = g_strdup(lease->pool);
    }
    return TRUE;
}

static gboolean
adapter_saves(const IovAdapter *adapter, const char *address)
{
    const IovFunction *function = iov_adapter_find_function(adapter, address);

    return function != NULL && function->migratable;
}

static gboolean
find_driver(IovManager *manager, IovConstraintDevice *device, GError **error)
{
    g_autoptr(GPtrArray) adapters = iov_manager_list_adapters(manager, error);

    if (adapters == NULL)
        return FALSE;
    for (guint i = 0; i < adapters->len && !device->is_migratable; i++)
        device->is_migratable = adapter_saves(adapters->pdata[i], device->address);
    return TRUE;
}

/* What is asked of the host and of the whole ledger is asked only where it decides something. */
static gboolean
complete(IovManager *manager, const IovDomain *domain, IovConstraintDevice *device, GError **error)
{
    if (!device->is_function)
        return TRUE;
    if (device->request != NULL && !find_mode(manager, domain, device, error))
        return FALSE;
    if (device->address == NULL) {
        device->is_teaming = device->migration == IOV_MIGRATION_FAILOVER;
        return TRUE;
    }
    if (device->request == NULL && !find_owner(manager, device, error))
        return FALSE;
    return device->is_teaming || find_driver(manager, device, error);
}

GPtrArray *
iov_manager_list_constraints(IovManager *manager, const char *xml, gsize length, gboolean active,
                             gboolean paused, GError **error)
{
    g_autoptr(IovDomain) domain = iov_domain_parse(xml, length, error);
    g_autoptr(GPtrArray) devices =
        domain != NULL ? iov_domain_read_devices(domain, xml, length, error) : NULL;

    if (devices == NULL)
        return NULL;
    if (!active)
        add_wishes(domain, devices);
    for (guint i = 0; i < devices->len; i++)
        if (!complete(manager, domain, devices->pdata[i], error))
            return NULL;
    return iov_constraint_judge(&(IovConstraintDomain){.name = domain->name,
                                                       .uuid = domain->uuid,
                                                       .is_active = active,
                                                       .is_paused = active && paused},
                                devices);
}
