/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The record of a domain and the questions that others ask of it. It knows neither XML (that is
 * iov-domain-parse.c) nor the host: what it says is what the domain's definition said.
 */
#include "iov-domain-private.h"

#include "iov-alias.h"

#include <string.h>

G_DEFINE_BOXED_TYPE(IovDomain, iov_domain, iov_domain_ref, iov_domain_unref)

static void
hostdev_free(IovDomainHostdev *hostdev)
{
    g_free(hostdev->source);
    g_free(hostdev->alias);
    g_free(hostdev->request);
    g_free(hostdev);
}

const char *
iov_domain_hostdev_get_name(const IovDomainHostdev *hostdev)
{
    if (hostdev->request != NULL)
        return hostdev->request;
    return hostdev->alias != NULL ? hostdev->alias : hostdev->source;
}

static void
controller_free(IovDomainController *controller)
{
    g_free(controller->alias);
    g_free(controller);
}

void
iov_domain_floor_free(IovDomainFloor *floor)
{
    g_free(floor->request);
    g_free(floor->network);
    g_free(floor->bridge);
    g_free(floor->device);
    g_free(floor->lower);
    g_free(floor);
}

IovDomain *
iov_domain_new(void)
{
    IovDomain *domain = g_new0(IovDomain, 1);

    g_atomic_ref_count_init(&domain->references);
    domain->numa_node = -1;
    domain->requests = g_ptr_array_new_with_free_func((GDestroyNotify)iov_request_unref);
    domain->hostdevs = g_ptr_array_new_with_free_func((GDestroyNotify)hostdev_free);
    domain->floors = g_ptr_array_new_with_free_func((GDestroyNotify)iov_domain_floor_free);
    domain->controllers = g_ptr_array_new_with_free_func((GDestroyNotify)controller_free);
    domain->aliases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return domain;
}

IovDomain *
iov_domain_new_unreadable(const char *name, const char *uuid, const char *xml, const char *cause)
{
    IovDomain *domain = iov_domain_new();

    domain->name = g_strdup(name);
    g_strlcpy(domain->uuid, uuid, sizeof(domain->uuid));
    domain->fault = g_strdup(cause);
    domain->machine = g_strdup("");
    domain->has_unknown_devices = xml == NULL || !iov_domain_read_hostdevs(domain, xml);
    return domain;
}

IovDomain *
iov_domain_ref(IovDomain *domain)
{
    g_atomic_ref_count_inc(&domain->references);
    return domain;
}

void
iov_domain_unref(IovDomain *domain)
{
    if (!g_atomic_ref_count_dec(&domain->references))
        return;
    g_free(domain->name);
    g_free(domain->fault);
    g_free(domain->machine);
    g_ptr_array_unref(domain->requests);
    g_ptr_array_unref(domain->hostdevs);
    g_ptr_array_unref(domain->floors);
    g_ptr_array_unref(domain->controllers);
    g_hash_table_unref(domain->aliases);
    g_free(domain);
}

const char *
iov_domain_get_name(const IovDomain *domain)
{
    return domain->name;
}

const char *
iov_domain_get_uuid(const IovDomain *domain)
{
    return domain->uuid;
}

const char *
iov_domain_get_fault(const IovDomain *domain)
{
    return domain->fault;
}

GPtrArray *
iov_domain_get_requests(const IovDomain *domain)
{
    return domain->requests;
}

IovRequest *
iov_domain_find_request(const IovDomain *domain, const char *name)
{
    for (guint i = 0; i < domain->requests->len; i++) {
        IovRequest *request = g_ptr_array_index(domain->requests, i);

        if (strcmp(request->name, name) == 0)
            return request;
    }
    return NULL;
}

const char *
iov_domain_find_mac(const IovDomain *domain, const char *name)
{
    const IovRequest *request = iov_domain_find_request(domain, name);

    return request != NULL ? iov_request_get_mac(request) : NULL;
}

/* As libvirt's capabilities name them: "q35", "pc-q35-9.2", "pc-q35-rhel9.4.0"; "virt", "virt-9.2".
 */
gboolean
iov_domain_has_pcie(const IovDomain *domain)
{
    const char *machine = domain->machine;

    return strcmp(machine, "q35") == 0 || strstr(machine, "-q35-") != NULL ||
           strcmp(machine, "virt") == 0 || g_str_has_prefix(machine, "virt-");
}

gboolean
iov_domain_has_alias(const IovDomain *domain, const char *alias)
{
    return g_hash_table_contains(domain->aliases, alias);
}

int
iov_domain_find_port(const IovDomain *domain, const char *alias)
{
    for (guint i = 0; i < domain->controllers->len; i++) {
        const IovDomainController *controller = g_ptr_array_index(domain->controllers, i);

        if (controller->is_root_port && g_strcmp0(controller->alias, alias) == 0)
            return controller->index;
    }
    return -1;
}

int
iov_domain_last_pci_index(const IovDomain *domain)
{
    int last = -1;

    for (guint i = 0; i < domain->controllers->len; i++) {
        const IovDomainController *controller = g_ptr_array_index(domain->controllers, i);

        last = MAX(last, controller->index);
    }
    return last;
}

static gboolean
is_free_port(const IovDomainController *controller)
{
    gboolean is_ours =
        controller->alias != NULL && g_str_has_prefix(controller->alias, IOV_ALIAS_PREFIX);

    return controller->is_root_port && !controller->in_use && !is_ours;
}

guint
iov_domain_count_free_ports(const IovDomain *domain)
{
    guint count = 0;

    for (guint i = 0; i < domain->controllers->len; i++)
        count += is_free_port(g_ptr_array_index(domain->controllers, i)) ? 1 : 0;
    return count;
}

gboolean
iov_domain_has_hostdev(const IovDomain *domain)
{
    return domain->hostdevs->len > 0;
}

gboolean
iov_domain_has_memory_set_aside(const IovDomain *domain)
{
    return domain->memory_set_aside;
}

int
iov_domain_get_numa_node(const IovDomain *domain)
{
    return domain->numa_node;
}

const char *
iov_domain_find_source(const IovDomain *domain, const char *alias)
{
    for (guint i = 0; i < domain->hostdevs->len; i++) {
        const IovDomainHostdev *hostdev = g_ptr_array_index(domain->hostdevs, i);

        if (g_strcmp0(hostdev->alias, alias) == 0)
            return hostdev->source;
    }
    return NULL;
}

const char *
iov_domain_get_floor_network(const IovDomain *domain, const char *request)
{
    const IovDomainFloor *floor = iov_domain_find_floor(domain, request);

    return floor != NULL ? floor->network : NULL;
}

const IovDomainFloor *
iov_domain_find_floor(const IovDomain *domain, const char *request)
{
    for (guint i = 0; i < domain->floors->len; i++) {
        const IovDomainFloor *floor = g_ptr_array_index(domain->floors, i);

        if (strcmp(floor->request, request) == 0)
            return floor;
    }
    return NULL;
}
