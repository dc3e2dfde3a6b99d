/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lift, step by step, as the agent and the CLI drive it: the ledger entry first, its effect after
 * it. libvirt is not spoken to here; the caller attaches between begin and done.
 */
#include "iov-manager-change.h"

#include "iov-request-private.h"

/* What the function is to be like before the guest has it. Its MAC is libvirt's to set, in the
 * moment of the attach: set earlier, it would take the floor's traffic to a function without
 * guest. */
gboolean
iov_manager_policy_for(const IovPool *pool, const IovRequest *request, IovNetconf *policy,
                       GError **error)
{
    IovNetconf wanted;

    *policy = iov_netconf_scrubbed();
    if (!iov_netconf_merge(&pool->defaults, &request->netconf, &wanted, error))
        return FALSE;
    if (wanted.has_vlan)
        policy->vlan = wanted.vlan;
    if (wanted.has_rate) {
        policy->min_rate = wanted.min_rate;
        policy->max_rate = wanted.max_rate;
    }
    if (wanted.trust != IOV_SWITCH_UNSET)
        policy->trust = wanted.trust;
    if (wanted.spoofcheck != IOV_SWITCH_UNSET)
        policy->spoofcheck = wanted.spoofcheck;
    if (wanted.link_state != IOV_LINK_STATE_UNSET)
        policy->link_state = wanted.link_state;
    g_strlcpy(policy->mac, IOV_NO_MAC, sizeof(policy->mac));
    return TRUE;
}

static gboolean
find_bus(const IovDomain *domain, const char *request, int *bus, GError **error)
{
    g_autofree char *port = iov_alias_of_port(request);

    *bus = iov_domain_find_port(domain, port);
    if (*bus >= 0 || !iov_domain_has_pcie(domain) || iov_domain_count_free_ports(domain) > 0)
        return TRUE;
    return iov_error_set(error, IOV_ERROR_EXHAUSTED,
                         "domain '%s' has no free pcie-root-port; `iovpool request` adds one to "
                         "the persistent config",
                         domain->name);
}

/* All that can be refused before anything is done. */
typedef struct {
    IovLease *lease;
    IovPool *pool;
    const IovRequest *request;
    IovNetconf policy;
    int bus;
} Lift;

static void
lift_clear(Lift *lift)
{
    g_clear_pointer(&lift->lease, iov_lease_unref);
    g_clear_pointer(&lift->pool, iov_pool_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Lift, lift_clear)

static gboolean
check_lift(Lift *lift, const IovDomain *domain, const char *request, GError **error)
{
    lift->request = iov_domain_find_request(domain, request);
    if (lift->request == NULL)
        return iov_error_set(error, IOV_ERROR_NOT_FOUND, "domain '%s' has no request '%s'",
                             domain->name, request);
    return iov_manager_policy_for(lift->pool, lift->request, &lift->policy, error) &&
           find_bus(domain, request, &lift->bus, error);
}

static gboolean
enter_attaching(IovChange *change, Lift *lift, const IovDomain *domain, const char *request,
                char **refusal, GError **error)
{
    g_autoptr(GError) local = NULL;
    IovReason code;

    lift->lease = iov_change_find_lease(change->ledger, domain->uuid, request, error);
    if (lift->lease == NULL)
        return FALSE;
    if (lift->lease->state != IOV_LEASE_RESERVED)
        return iov_error_set(error, IOV_ERROR_BUSY, "function %s is %s already",
                             lift->lease->function, iov_lease_state_to_string(lift->lease->state));
    lift->pool = iov_manager_live_pool(change->ledger, lift->lease->pool, error);
    if (lift->pool == NULL)
        return FALSE;
    if (check_lift(lift, domain, request, &local))
        return iov_ledger_move(change->ledger, lift->lease->function, lift->lease->generation,
                               IOV_LEASE_ATTACHING, NULL, change->now, error) &&
               iov_ledger_set_mac(change->ledger, lift->lease->function, lift->lease->generation,
                                  iov_request_get_mac(lift->request), error);
    code = g_error_matches(local, IOV_ERROR, IOV_ERROR_EXHAUSTED) ? IOV_REASON_NO_PORT
                                                                  : IOV_REASON_REFUSED;
    *refusal = g_strdup(local->message);
    return iov_ledger_move(change->ledger, lift->lease->function, lift->lease->generation,
                           IOV_LEASE_FREE, NULL, change->now, error) &&
           iov_change_set_floor(change, domain->uuid, request, code, local->message, error);
}

gboolean
iov_manager_lift_begin(IovManager *manager, const IovDomain *domain, const char *request,
                       char **device_xml, guint64 *generation, GError **error)
{
    g_auto(Lift) lift = {.bus = -1};
    g_autofree char *refusal = NULL;
    g_autoptr(GError) local = NULL;
    IovChange change;

    if (!iov_change_begin(&change, manager, error) ||
        !iov_change_end(&change, enter_attaching(&change, &lift, domain, request, &refusal, error),
                        error))
        return FALSE;
    if (refusal != NULL)
        return iov_error_set(error, IOV_ERROR_EXHAUSTED, "%s", refusal);
    *generation = lift.lease->generation;
    /* A policy that the device or its driver does not know is the request's fault: each function of
     * the pool would refuse it. Whether this one is sound, its scrub tells. */
    if (!iov_manager_apply_policy(manager, lift.lease, &lift.policy, &local)) {
        iov_manager_lift_failed(manager, lift.lease->function, *generation, IOV_REASON_REFUSED,
                                local->message, NULL);
        return iov_error_pass(&local, error);
    }
    *device_xml =
        iov_snippet_function(lift.pool, lift.request, lift.lease->function, lift.bus,
                             iov_request_is_teaming(lift.pool, lift.request, domain), &local);
    if (*device_xml != NULL)
        return TRUE;
    iov_manager_lift_failed(manager, lift.lease->function, *generation, IOV_REASON_REFUSED,
                            local->message, NULL);
    return iov_error_pass(&local, error);
}

gboolean
iov_manager_is_held(IovManager *manager, const IovLease *lease, gboolean *held, GError **error)
{
    IovHost *host = iov_manager_host(manager, error);
    GPid holder = 0;

    *held = FALSE;
    if (host == NULL || !iov_host_find_vfio_holder(host, lease->iommu_group, &holder, error))
        return FALSE;
    *held = holder != 0;
    return TRUE;
}

gboolean
iov_manager_is_present(IovManager *manager, const IovLease *lease, gboolean *present,
                       GError **error)
{
    g_autoptr(GError) local = NULL;
    IovHost *host = iov_manager_host(manager, error);
    g_autoptr(IovAdapter) adapter =
        host != NULL ? iov_host_get_adapter(host, lease->adapter, &local) : NULL;

    *present = FALSE;
    if (adapter == NULL)
        return g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND) ||
               (g_propagate_error(error, g_steal_pointer(&local)), FALSE);
    *present = iov_adapter_find_function(adapter, lease->function) != NULL;
    return TRUE;
}

gboolean
iov_manager_is_driven(IovManager *manager, const IovLease *lease, gboolean *driven, GError **error)
{
    IovHost *host = iov_manager_host(manager, error);

    *driven = FALSE;
    return host != NULL && iov_host_is_driven(host, lease->function, driven, error);
}

gboolean
iov_manager_is_overdue(IovManager *manager, const IovLease *lease, gboolean *overdue,
                       GError **error)
{
    gint64 now = 0;

    if (!iov_manager_now(manager, &now, error))
        return FALSE;
    *overdue = lease->state == IOV_LEASE_RESERVED && lease->deadline <= now;
    return TRUE;
}

/* The agent and a command may both see that QEMU holds it: the second has nothing to do. */
static gboolean
confirm(IovChange *change, const char *function, guint64 generation, GError **error)
{
    g_autoptr(IovLease) lease = iov_change_get_lease(change->ledger, function, generation, error);

    if (lease == NULL)
        return FALSE;
    return lease->state == IOV_LEASE_ACTIVE ||
           iov_change_go(change, function, generation, IOV_LEASE_ACTIVE, IOV_REASON_NONE, "",
                         error);
}

gboolean
iov_manager_lift_done(IovManager *manager, const char *function, guint64 generation, GError **error)
{
    IovChange change;

    return iov_change_begin(&change, manager, error) &&
           iov_change_end(&change, confirm(&change, function, generation, error), error);
}
