/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fake host's network side: links, and VF policies through the PF as igb takes them
 * (drivers/net/ethernet/intel/igb/igb_main.c, igb_ndo_set_vf_*).
 */
#include "fake-host-private.h"

#include <errno.h>
#include <string.h>

char *
fake_find_netdev(IovHost *host, const char *netdev, GError **error)
{
    FakeState *state = fake_state(host);
    FakePf *pf = fake_find_pf_of_netdev(state, netdev);
    FakeVf *vf = fake_find_vf_of_netdev(state, netdev);

    if (pf != NULL || vf != NULL)
        return g_strdup(pf != NULL ? pf->address : vf->address);
    iov_error_set(error, IOV_ERROR_NOT_FOUND, "no netdev %s", netdev);
    return NULL;
}

gboolean
fake_set_link_up(IovHost *host, const char *netdev, gboolean up, GError **error)
{
    FakeState *state = fake_state(host);
    int number;

    if (fake_find_pf_of_netdev(state, netdev) == NULL &&
        fake_find_vf_of_netdev(state, netdev) == NULL)
        return iov_error_set(error, IOV_ERROR_NOT_FOUND, "no netdev %s", netdev);
    if (!fake_begin(state, &number, "%s: link %s", netdev, up ? "up" : "down"))
        return fake_refuse(state, number, error, "set %s %s", netdev, up ? "up" : "down");
    fake_host_set_netdev_up(host, netdev, up);
    return fake_end(state);
}

gboolean
fake_get_link(IovHost *host, const char *netdev, IovLink *link, GError **error)
{
    FakeState *state = fake_state(host);
    FakePf *pf = fake_find_pf_of_netdev(state, netdev);
    FakeVf *vf = fake_find_vf_of_netdev(state, netdev);

    if (pf == NULL && vf == NULL)
        return iov_error_set(error, IOV_ERROR_NOT_FOUND, "no netdev %s", netdev);
    if (pf != NULL)
        *link = fake_link_of(pf);
    else
        *link = vf->netdev_up ? IOV_LINK_UP : IOV_LINK_DOWN;
    return TRUE;
}

static FakeVf *
need_policy(FakeState *state, const char *netdev, guint index, FakePf **owner, GError **error)
{
    FakePf *pf = fake_find_pf_of_netdev(state, netdev);

    *owner = pf;
    if (pf == NULL)
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "no netdev %s", netdev);
    else if (index >= pf->num_vfs || !fake_vf_is_visible(state, &pf->vfs[index]))
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "netdev %s has no VF %u", netdev, index);
    else
        return &pf->vfs[index];
    return NULL;
}

/* What is set in @netconf, as ip-link(8) writes it. (transfer full) */
static char *
describe(const IovNetconf *netconf)
{
    static const char *const links[] = {"", " link auto", " link enable", " link disable"};
    GString *text = g_string_new(NULL);

    if (netconf->mac[0] != '\0')
        g_string_append_printf(text, " mac %s", netconf->mac);
    if (netconf->has_vlan)
        g_string_append_printf(text, " vlan %u", netconf->vlan);
    if (netconf->has_rate)
        g_string_append_printf(text, " rate %u-%u", netconf->min_rate, netconf->max_rate);
    if (netconf->spoofcheck != IOV_SWITCH_UNSET)
        g_string_append(text, netconf->spoofcheck == IOV_SWITCH_YES ? " spoofcheck yes"
                                                                    : " spoofcheck no");
    if (netconf->trust != IOV_SWITCH_UNSET)
        g_string_append(text, netconf->trust == IOV_SWITCH_YES ? " trust yes" : " trust no");
    g_string_append(text, links[netconf->link_state]);
    return g_string_free(text, FALSE);
}

static void
apply(FakeVf *vf, const IovNetconf *netconf)
{
    IovNetconf *now = &vf->netconf;

    if (vf->sticky)
        return;
    if (netconf->mac[0] != '\0') {
        memcpy(now->mac, netconf->mac, sizeof(now->mac));
        vf->driven = vf->driven || vf->hurried;
    }
    if (netconf->has_vlan)
        now->vlan = netconf->vlan;
    if (netconf->has_rate)
        now->max_rate = netconf->max_rate;
    if (netconf->trust != IOV_SWITCH_UNSET)
        now->trust = netconf->trust;
    if (netconf->spoofcheck != IOV_SWITCH_UNSET)
        now->spoofcheck = netconf->spoofcheck;
}

/* What igb cannot do. */
static gboolean
check_policy(const FakePf *pf, guint index, const IovNetconf *netconf, GError **error)
{
    if (netconf->link_state == IOV_LINK_STATE_ENABLE ||
        netconf->link_state == IOV_LINK_STATE_DISABLE)
        return iov_error_set(error, IOV_ERROR_UNSUPPORTED,
                             "cannot set link state of VF %u of %s: driver %s does not support it",
                             index, pf->netdev, pf->driver);
    if (netconf->has_rate && netconf->min_rate > 0)
        return iov_error_set(error, IOV_ERROR_UNSUPPORTED,
                             "cannot set a minimum rate of VF %u of %s: driver %s does not "
                             "support it",
                             index, pf->netdev, pf->driver);
    return TRUE;
}

gboolean
fake_set_vf_netconf(IovHost *host, const char *pf_netdev, guint index, const IovNetconf *netconf,
                    GError **error)
{
    FakeState *state = fake_state(host);
    FakePf *pf;
    FakeVf *vf = need_policy(state, pf_netdev, index, &pf, error);
    g_autofree char *text = describe(netconf);
    int number;

    if (vf == NULL || !check_policy(pf, index, netconf, error))
        return FALSE;
    if (fake_begin(state, &number, "%s vf %u:%s", pf_netdev, index, text) && netconf->has_rate &&
        netconf->max_rate > 0 && fake_link_of(pf) != IOV_LINK_UP)
        number = EINVAL;
    if (number != 0)
        return fake_refuse(state, number, error, "set policy of VF %u of %s", index, pf_netdev);
    apply(vf, netconf);
    return fake_end(state);
}

gboolean
fake_get_vf_netconf(IovHost *host, const char *pf_netdev, guint index, IovNetconf *netconf,
                    GError **error)
{
    FakePf *pf;
    FakeVf *vf = need_policy(fake_state(host), pf_netdev, index, &pf, error);

    if (vf == NULL)
        return FALSE;
    *netconf = vf->netconf;
    if (vf->factory_mac[0] != '\0' && iov_mac_is_zero(netconf->mac))
        memcpy(netconf->mac, vf->factory_mac, sizeof(netconf->mac));
    return TRUE;
}
