/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A request made by a program instead of read from XML. The rules for requests stand in one place,
 * the reader of their XML: what was set here is checked by writing and reading it.
 */
#include "iov-request-private.h"

#include <string.h>

IovRequest *
iov_request_create(const char *name, const char *pool, GError **error)
{
    if (iov_pool_check_name(name, error) && iov_pool_check_name(pool, error))
        return iov_request_new(name, pool);
    return NULL;
}

gboolean
iov_request_set_mac(IovRequest *request, const char *mac, GError **error)
{
    return iov_mac_parse(mac, request->netconf.mac, error);
}

void
iov_request_set_vlan(IovRequest *request, guint vlan)
{
    request->netconf.has_vlan = TRUE;
    request->netconf.vlan = vlan;
}

void
iov_request_set_rate(IovRequest *request, guint minimum, guint maximum)
{
    request->netconf.has_rate = TRUE;
    request->netconf.min_rate = minimum;
    request->netconf.max_rate = maximum;
}

void
iov_request_set_required(IovRequest *request, gboolean required)
{
    request->required = required;
}

void
iov_request_set_priority(IovRequest *request, int priority)
{
    request->priority = priority;
}

void
iov_request_set_migration(IovRequest *request, IovMigration migration)
{
    request->migration = migration;
}

void
iov_request_set_floor(IovRequest *request, IovFloorType type, const char *source, const char *model)
{
    const IovFloor floor = {type, (char *)source, (char *)model};

    iov_floor_clear(&request->floor);
    iov_floor_copy(&request->floor, &floor);
}

static gboolean
stands_on_own_network(const IovRequest *request, const IovPool *pool)
{
    const IovFloor *floor = request->floor.type != IOV_FLOOR_UNSET ? &request->floor : &pool->floor;
    g_autofree char *own = g_strconcat(IOV_NETWORK_PREFIX, pool->name, NULL);

    if (pool->class_ != IOV_CLASS_NET)
        return FALSE;
    return floor->type == IOV_FLOOR_UNSET ||
           (floor->type == IOV_FLOOR_NETWORK &&
            (floor->source == NULL || strcmp(floor->source, own) == 0));
}

/* The pool's own network is macvtap on the bare PFs, and libvirt takes no VLAN on macvtap: the
 * guest would stand in its VLAN on the function, and in none on the floor. */
static gboolean
check_vlan(const IovRequest *request, const IovPool *pool, const IovNetconf *merged, GError **error)
{
    if (!merged->has_vlan || merged->vlan == 0 || !stands_on_own_network(request, pool))
        return TRUE;
    return iov_error_set(error, IOV_ERROR_INVALID,
                         "request '%s' is in VLAN %u and its floor, network " IOV_NETWORK_PREFIX
                         "%s, in none: a fallback would move the guest to another network; name a "
                         "floor in that VLAN (--floor bridge:NAME, network:NAME or "
                         "direct:NETDEV.%u), or --floor none",
                         request->name, merged->vlan, pool->name, merged->vlan);
}

static gboolean
check_against_pool(const IovRequest *request, const IovPool *pool, GError **error)
{
    IovNetconf merged;

    if (iov_netconf_merge(&pool->defaults, &request->netconf, &merged, error))
        return check_vlan(request, pool, &merged, error);
    g_prefix_error(error, "request '%s': ", request->name);
    return FALSE;
}

/* A request that was not read from a file has no line: "request:3: CAUSE" is its cause alone. */
static void
replace_origin(GError **error, const IovRequest *request)
{
    const char *cause = strstr((*error)->message, ": ");
    g_autofree char *message = g_strdup_printf("request '%s': %s", request->name,
                                               cause != NULL ? cause + 2 : (*error)->message);

    g_free((*error)->message);
    (*error)->message = g_steal_pointer(&message);
}

gboolean
iov_request_check(IovRequest *request, const IovPool *pool, GError **error)
{
    g_autoptr(GPtrArray) written = g_ptr_array_new();
    g_autoptr(GError) cause = NULL;

    g_ptr_array_add(written, request);
    g_autofree char *xml = iov_requests_to_xml(written);
    g_autoptr(GPtrArray) read = iov_requests_parse(xml, strlen(xml), "request", &cause);
    if (read == NULL) {
        replace_origin(&cause, request);
        return iov_error_pass(&cause, error);
    }
    return pool == NULL || check_against_pool(request, pool, error);
}
