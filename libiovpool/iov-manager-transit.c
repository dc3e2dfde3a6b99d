/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Functions of domains that come or go: the policy of one that stood in the XML of a domain from
 * another host, which libvirt gave its MAC and VLAN alone; and the MAC of one that QEMU took from
 * its guest for a migration. When is not decided here. The domain is not touched: all effects are
 * on the adapter.
 */
#include "iov-manager-change.h"

#include "iov-io.h"

#include <string.h>

/* One function, kept from being cleaned meanwhile: it could be the next guest's by then. */
typedef struct {
    int lock;
    IovLease *lease;
} Hold;

static void
hold_clear(Hold *hold)
{
    iov_io_close(&hold->lock);
    g_clear_pointer(&hold->lease, iov_lease_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Hold, hold_clear)

static gboolean
is_a_guests(IovLeaseState state)
{
    return state == IOV_LEASE_ATTACHING || state == IOV_LEASE_ACTIVE ||
           state == IOV_LEASE_DETACHING;
}

static gboolean
take_hold(Hold *hold, IovManager *manager, const char *function, guint64 generation, GError **error)
{
    IovLedger *ledger;

    hold->lock = iov_manager_lock_scrubbing(manager, error);
    ledger = hold->lock >= 0 ? iov_manager_ledger(manager, FALSE, error) : NULL;
    hold->lease = ledger != NULL ? iov_change_get_lease(ledger, function, generation, error) : NULL;
    if (hold->lease == NULL)
        return FALSE;
    return is_a_guests(hold->lease->state) ||
           iov_error_set(error, IOV_ERROR_STALE, "function %s is %s", function,
                         iov_lease_state_to_string(hold->lease->state));
}

/* ---- policy ---- */

static gboolean
policy_of(IovManager *manager, const IovDomain *domain, const IovLease *lease, IovNetconf *policy,
          GError **error)
{
    const IovRequest *request = iov_domain_find_request(domain, lease->request);
    IovLedger *ledger = iov_manager_ledger(manager, FALSE, error);
    g_autoptr(IovPool) pool =
        ledger != NULL ? iov_manager_live_pool(ledger, lease->pool, error) : NULL;

    if (pool == NULL)
        return FALSE;
    if (request == NULL)
        return iov_error_set(error, IOV_ERROR_NOT_FOUND, "domain '%s' has no request '%s'",
                             domain->name, lease->request);
    if (!iov_manager_policy_for(pool, request, policy, error))
        return FALSE;
    /* that one is libvirt's to set */
    policy->mac[0] = '\0';
    return TRUE;
}

gboolean
iov_manager_shows_policy(IovManager *manager, const IovDomain *domain, const IovLease *lease,
                         gboolean *shows, GError **error)
{
    IovNetconf wanted, actual = {.mac = ""};
    gboolean told = FALSE;

    *shows = FALSE;
    if (!policy_of(manager, domain, lease, &wanted, error) ||
        !iov_manager_read_policy(manager, lease, &actual, &told, error))
        return FALSE;
    g_autofree char *difference = told ? iov_netconf_difference(&wanted, &actual) : NULL;
    *shows = difference == NULL;
    return TRUE;
}

/* What the adapter does not take, or does not show, the guest is not to have. */
static gboolean
refuse(IovManager *manager, const IovLease *lease, const char *reason, GError **error)
{
    IovChange change;

    return iov_change_begin(&change, manager, error) &&
           iov_change_end(&change,
                          iov_change_go(&change, lease->function, lease->generation,
                                        IOV_LEASE_DETACHING, IOV_REASON_REFUSED, reason, error),
                          error);
}

gboolean
iov_manager_impose(IovManager *manager, const IovDomain *domain, const char *function,
                   guint64 generation, GError **error)
{
    g_auto(Hold) hold = {.lock = -1};
    g_autoptr(GError) cause = NULL;
    IovNetconf policy;

    if (!take_hold(&hold, manager, function, generation, error))
        return FALSE;
    if (hold.lease->state != IOV_LEASE_ATTACHING)
        return iov_error_set(error, IOV_ERROR_STALE, "function %s is %s", function,
                             iov_lease_state_to_string(hold.lease->state));
    if (policy_of(manager, domain, hold.lease, &policy, &cause) &&
        iov_manager_apply_policy(manager, hold.lease, &policy, &cause))
        return TRUE;
    if (!refuse(manager, hold.lease, cause->message, error))
        return FALSE;
    return iov_error_pass(&cause, error);
}

/* ---- MAC ---- */

gboolean
iov_manager_shows_mac(IovManager *manager, const IovLease *lease, gboolean *its_own,
                      gboolean *other, GError **error)
{
    IovNetconf actual = {.mac = ""};
    gboolean told = FALSE;

    *its_own = *other = FALSE;
    if (lease->mac == NULL)
        return TRUE;
    if (!iov_manager_read_policy(manager, lease, &actual, &told, error))
        return FALSE;
    *its_own = told && strcmp(actual.mac, lease->mac) == 0;
    *other = told && actual.mac[0] != '\0' && !*its_own;
    return TRUE;
}

static gboolean
set_mac(IovManager *manager, const IovLease *lease, const char *mac, GError **error)
{
    IovNetconf netconf = {.mac = ""};

    if (lease->mac == NULL)
        return TRUE;
    g_strlcpy(netconf.mac, mac, sizeof(netconf.mac));
    return iov_manager_apply_policy(manager, lease, &netconf, error);
}

static gboolean
check_mac_gone(IovManager *manager, const IovLease *lease, GError **error)
{
    gboolean its_own = FALSE, other = FALSE;

    if (!iov_manager_shows_mac(manager, lease, &its_own, &other, error))
        return FALSE;
    return !its_own || iov_error_set(error, IOV_ERROR_HOST, "function %s keeps MAC %s",
                                     lease->function, lease->mac);
}

/* One that is asked back has its own reason, and its tier when it is back. */
static gboolean
enter_tier(IovManager *manager, const IovLease *lease, gboolean unplugged, const char *reason,
           GError **error)
{
    IovChange change;

    if (lease->state != IOV_LEASE_ACTIVE)
        return TRUE;
    if (!iov_change_begin(&change, manager, error))
        return FALSE;
    gboolean good =
        unplugged ? iov_change_set_floor(&change, lease->domain_uuid, lease->request,
                                         IOV_REASON_IN_TRANSIT, reason, error)
                  : iov_change_set_tier(&change, lease->domain_uuid, lease->request,
                                        IOV_TIER_PASSTHROUGH, IOV_REASON_IN_TRANSIT, reason, error);
    return iov_change_end(&change, good, error);
}

gboolean
iov_manager_unplugged(IovManager *manager, const char *function, guint64 generation,
                      const char *reason, GError **error)
{
    g_auto(Hold) hold = {.lock = -1};

    return take_hold(&hold, manager, function, generation, error) &&
           enter_tier(manager, hold.lease, TRUE, reason, error) &&
           set_mac(manager, hold.lease, IOV_NO_MAC, error) &&
           check_mac_gone(manager, hold.lease, error);
}

/* QEMU has it, and the ledger does not know yet that the guest has it again. */
static gboolean
is_yielded(IovManager *manager, const IovLease *lease, gboolean *yielded, GError **error)
{
    IovLedger *ledger = iov_manager_ledger(manager, FALSE, error);
    g_autoptr(IovStatus) status = NULL;

    if (ledger == NULL ||
        !iov_ledger_look_up_status(ledger, lease->domain_uuid, lease->request, &status, error))
        return FALSE;
    *yielded =
        status != NULL && lease->state == IOV_LEASE_ACTIVE && status->tier != IOV_TIER_PASSTHROUGH;
    return TRUE;
}

/* A driver that came between the caller's look and now may have found none. */
static gboolean
give_mac_again(IovManager *manager, const IovLease *lease, GError **error)
{
    gboolean yielded = FALSE, its_own = FALSE, other = FALSE, driven = FALSE;

    if (!is_yielded(manager, lease, &yielded, error) ||
        !iov_manager_shows_mac(manager, lease, &its_own, &other, error) ||
        !set_mac(manager, lease, lease->mac, error) ||
        (yielded && other && !iov_manager_is_driven(manager, lease, &driven, error)))
        return FALSE;
    if (!driven)
        return TRUE;
    return set_mac(manager, lease, IOV_NO_MAC, error) &&
           iov_error_set(error, IOV_ERROR_STALE,
                         "function %s had the guest's driver before its MAC", lease->function);
}

gboolean
iov_manager_plugged_again(IovManager *manager, const char *function, guint64 generation,
                          const char *reason, GError **error)
{
    g_auto(Hold) hold = {.lock = -1};

    return take_hold(&hold, manager, function, generation, error) &&
           give_mac_again(manager, hold.lease, error) &&
           enter_tier(manager, hold.lease, FALSE, reason, error);
}
