/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VF policies over rtnetlink: RTM_SETLINK with IFLA_VFINFO_LIST, one property a request, so that a
 * refusal names its property; and what RTM_GETLINK reports of a VF (net/core/rtnetlink.c,
 * do_setvfinfo and rtnl_fill_vfinfo). Which policy is right is not decided here.
 */
#include "iov-host-netlink-private.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <string.h>

/* What the kernel says of a switch that the driver does not report. */
#define NOT_REPORTED G_MAXUINT32

/* One property: @pick copies it alone, @put adds its attribute. */
typedef struct {
    const char *name;
    gboolean (*pick)(const IovNetconf *from, IovNetconf *one);
    int (*put)(struct nl_msg *message, guint index, const IovNetconf *one);
} Property;

static gboolean
pick_mac(const IovNetconf *from, IovNetconf *one)
{
    memcpy(one->mac, from->mac, sizeof(one->mac));
    return from->mac[0] != '\0';
}

static int
put_mac(struct nl_msg *message, guint index, const IovNetconf *one)
{
    struct ifla_vf_mac value = {.vf = index};

    if (!iov_netlink_read_mac(one->mac, value.mac))
        return -EINVAL;
    return nla_put(message, IFLA_VF_MAC, sizeof(value), &value);
}

static gboolean
pick_vlan(const IovNetconf *from, IovNetconf *one)
{
    one->has_vlan = from->has_vlan;
    one->vlan = from->vlan;
    return from->has_vlan;
}

static int
put_vlan(struct nl_msg *message, guint index, const IovNetconf *one)
{
    const struct ifla_vf_vlan value = {.vf = index, .vlan = one->vlan};

    return nla_put(message, IFLA_VF_VLAN, sizeof(value), &value);
}

static gboolean
pick_rate(const IovNetconf *from, IovNetconf *one)
{
    one->has_rate = from->has_rate;
    one->min_rate = from->min_rate;
    one->max_rate = from->max_rate;
    return from->has_rate;
}

static int
put_rate(struct nl_msg *message, guint index, const IovNetconf *one)
{
    const struct ifla_vf_rate value = {
        .vf = index, .min_tx_rate = one->min_rate, .max_tx_rate = one->max_rate};

    return nla_put(message, IFLA_VF_RATE, sizeof(value), &value);
}

static gboolean
pick_spoofcheck(const IovNetconf *from, IovNetconf *one)
{
    one->spoofcheck = from->spoofcheck;
    return from->spoofcheck != IOV_SWITCH_UNSET;
}

static int
put_spoofcheck(struct nl_msg *message, guint index, const IovNetconf *one)
{
    const struct ifla_vf_spoofchk value = {.vf = index,
                                           .setting = one->spoofcheck == IOV_SWITCH_YES};

    return nla_put(message, IFLA_VF_SPOOFCHK, sizeof(value), &value);
}

static gboolean
pick_trust(const IovNetconf *from, IovNetconf *one)
{
    one->trust = from->trust;
    return from->trust != IOV_SWITCH_UNSET;
}

static int
put_trust(struct nl_msg *message, guint index, const IovNetconf *one)
{
    const struct ifla_vf_trust value = {.vf = index, .setting = one->trust == IOV_SWITCH_YES};

    return nla_put(message, IFLA_VF_TRUST, sizeof(value), &value);
}

static gboolean
pick_link_state(const IovNetconf *from, IovNetconf *one)
{
    one->link_state = from->link_state;
    return from->link_state != IOV_LINK_STATE_UNSET;
}

static const struct {
    IovLinkState ours;
    __u32 theirs;
} link_states[] = {
    {IOV_LINK_STATE_AUTO, IFLA_VF_LINK_STATE_AUTO},
    {IOV_LINK_STATE_ENABLE, IFLA_VF_LINK_STATE_ENABLE},
    {IOV_LINK_STATE_DISABLE, IFLA_VF_LINK_STATE_DISABLE},
};

static int
put_link_state(struct nl_msg *message, guint index, const IovNetconf *one)
{
    struct ifla_vf_link_state value = {.vf = index};

    for (gsize i = 0; i < G_N_ELEMENTS(link_states); i++)
        if (link_states[i].ours == one->link_state)
            value.link_state = link_states[i].theirs;
    return nla_put(message, IFLA_VF_LINK_STATE, sizeof(value), &value);
}

/* The MAC comes last: once it is set, the guest's frames match, and the rest must stand. */
static const Property properties[] = {
    {"VLAN", pick_vlan, put_vlan},
    {"rate", pick_rate, put_rate},
    {"spoof check", pick_spoofcheck, put_spoofcheck},
    {"trust", pick_trust, put_trust},
    {"link state", pick_link_state, put_link_state},
    {"MAC address", pick_mac, put_mac},
};

static int
send_property(IovNetlink *netlink, const Property *property, const char *netdev, guint index,
              const IovNetconf *one, GError **error)
{
    struct nl_msg *message = iov_netlink_link_message(RTM_SETLINK, netdev, 0, 0, error);
    struct nlattr *list, *info;

    if (message == NULL)
        return ENODEV;
    list = nla_nest_start(message, IFLA_VFINFO_LIST);
    info = nla_nest_start(message, IFLA_VF_INFO);
    if (list == NULL || info == NULL || property->put(message, index, one) != 0) {
        nlmsg_free(message);
        return EINVAL;
    }
    nla_nest_end(message, info);
    nla_nest_end(message, list);
    return iov_netlink_run(netlink, message, NULL, NULL);
}

static gboolean
is_scrubbed(const IovNetconf *one)
{
    IovNetconf scrubbed = iov_netconf_scrubbed();
    g_autofree char *difference = iov_netconf_difference(one, &scrubbed);

    return difference == NULL;
}

/* EINVAL says little: the VF does not exist; or the driver takes no rate while the link is down
 * (igb), even where "no limit" is what stands. */
static gboolean
stands_already(IovNetlink *netlink, const char *netdev, guint index, const IovNetconf *one,
               GError **error)
{
    IovNetconf actual = {0};

    if (!iov_netlink_get_vf(netlink, netdev, index, &actual, error))
        return FALSE;
    g_autofree char *difference = iov_netconf_difference(one, &actual);
    return difference == NULL;
}

static gboolean
set_property(IovNetlink *netlink, const Property *property, const char *netdev, guint index,
             const IovNetconf *one, GError **error)
{
    g_autoptr(GError) cause = NULL;
    int number = send_property(netlink, property, netdev, index, one, &cause);

    if (number == 0 || (number == EOPNOTSUPP && is_scrubbed(one)))
        return TRUE;
    if (number == EINVAL && stands_already(netlink, netdev, index, one, &cause) && is_scrubbed(one))
        return TRUE;
    if (cause != NULL) {
        g_propagate_prefixed_error(error, g_steal_pointer(&cause),
                                   "cannot set %s: ", property->name);
        return FALSE;
    }
    if (number == EOPNOTSUPP)
        return iov_error_set(error, IOV_ERROR_UNSUPPORTED,
                             "cannot set %s of VF %u of %s: its driver does not support that",
                             property->name, index, netdev);
    if (number == EINVAL && one->min_rate > 0)
        return iov_error_set(error, IOV_ERROR_UNSUPPORTED,
                             "cannot set a minimum rate of %u Mbit/s for VF %u of %s: its driver "
                             "refuses it",
                             one->min_rate, index, netdev);
    if (number == EINVAL && one->has_rate)
        return iov_error_set(error, IOV_ERROR_HOST,
                             "cannot set a maximum rate of %u Mbit/s for VF %u of %s: its driver "
                             "refuses it; is the link up, and as fast as that?",
                             one->max_rate, index, netdev);
    return iov_netlink_fail(netdev, number, error, "set %s of VF %u of %s", property->name, index,
                            netdev);
}

gboolean
iov_netlink_set_vf(IovNetlink *netlink, const char *netdev, guint index, const IovNetconf *netconf,
                   GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(properties); i++) {
        IovNetconf one = {0};

        if (properties[i].pick(netconf, &one) &&
            !set_property(netlink, &properties[i], netdev, index, &one, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- reading ---- */

typedef struct {
    guint index;
    gboolean found;
    IovNetconf *netconf;
} VfSearch;

/* The attribute's value, or NULL where it is missing or shorter than it must be. */
static const void *
value_of(struct nlattr *const *attributes, int type, gsize size)
{
    const struct nlattr *attribute = attributes[type];

    return attribute != NULL && nla_len(attribute) >= (int)size ? nla_data(attribute) : NULL;
}

static IovSwitch
to_switch(guint32 setting)
{
    if (setting == NOT_REPORTED)
        return IOV_SWITCH_UNSET;
    return setting != 0 ? IOV_SWITCH_YES : IOV_SWITCH_NO;
}

static void
read_switches(struct nlattr *const *attributes, IovNetconf *netconf)
{
    const struct ifla_vf_spoofchk *spoofcheck =
        value_of(attributes, IFLA_VF_SPOOFCHK, sizeof(*spoofcheck));
    const struct ifla_vf_trust *trust = value_of(attributes, IFLA_VF_TRUST, sizeof(*trust));
    const struct ifla_vf_link_state *link = value_of(attributes, IFLA_VF_LINK_STATE, sizeof(*link));

    if (spoofcheck != NULL)
        netconf->spoofcheck = to_switch(spoofcheck->setting);
    if (trust != NULL)
        netconf->trust = to_switch(trust->setting);
    for (gsize i = 0; link != NULL && i < G_N_ELEMENTS(link_states); i++)
        if (link_states[i].theirs == link->link_state)
            netconf->link_state = link_states[i].ours;
}

static void
read_netconf(struct nlattr *const *attributes, gboolean is_ethernet, IovNetconf *netconf)
{
    const struct ifla_vf_mac *mac = value_of(attributes, IFLA_VF_MAC, sizeof(*mac));
    const struct ifla_vf_vlan *vlan = value_of(attributes, IFLA_VF_VLAN, sizeof(*vlan));
    const struct ifla_vf_rate *rate = value_of(attributes, IFLA_VF_RATE, sizeof(*rate));

    *netconf = (IovNetconf){0};
    if (mac != NULL && is_ethernet)
        g_snprintf(netconf->mac, sizeof(netconf->mac), "%02x:%02x:%02x:%02x:%02x:%02x", mac->mac[0],
                   mac->mac[1], mac->mac[2], mac->mac[3], mac->mac[4], mac->mac[5]);
    if (vlan != NULL) {
        netconf->has_vlan = TRUE;
        netconf->vlan = vlan->vlan;
    }
    if (rate != NULL) {
        netconf->has_rate = TRUE;
        netconf->min_rate = rate->min_tx_rate;
        netconf->max_rate = rate->max_tx_rate;
    }
    read_switches(attributes, netconf);
}

static void
look_for_vf(struct nlmsghdr *header, gpointer data)
{
    struct nlattr *attributes[IFLA_MAX + 1] = {NULL};
    struct nlattr *info;
    VfSearch *search = data;
    int rest;

    if (header->nlmsg_type != RTM_NEWLINK ||
        nlmsg_parse(header, sizeof(struct ifinfomsg), attributes, IFLA_MAX, NULL) < 0 ||
        attributes[IFLA_VFINFO_LIST] == NULL)
        return;
    const struct ifinfomsg *link = nlmsg_data(header);
    nla_for_each_nested(info, attributes[IFLA_VFINFO_LIST], rest)
    {
        struct nlattr *vf[IFLA_VF_MAX + 1] = {NULL};
        const struct ifla_vf_mac *mac;

        if (nla_type(info) != IFLA_VF_INFO || nla_parse_nested(vf, IFLA_VF_MAX, info, NULL) < 0)
            continue;
        mac = value_of(vf, IFLA_VF_MAC, sizeof(*mac));
        if (mac == NULL || mac->vf != search->index)
            continue;
        search->found = TRUE;
        read_netconf(vf, link->ifi_type == ARPHRD_ETHER, search->netconf);
        return;
    }
}

gboolean
iov_netlink_get_vf(IovNetlink *netlink, const char *netdev, guint index, IovNetconf *netconf,
                   GError **error)
{
    VfSearch search = {.index = index, .netconf = netconf};
    struct nl_msg *message = iov_netlink_link_message(RTM_GETLINK, netdev, 0, 0, error);
    int number;

    if (message == NULL)
        return FALSE;
    /* Without statistics: with them the list of 256 VFs does not fit one attribute of 64 KiB. */
    nla_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS);
    number = iov_netlink_run(netlink, message, look_for_vf, &search);
    if (number != 0)
        return iov_netlink_fail(netdev, number, error, "read the policy of VF %u of %s", index,
                                netdev);
    if (!search.found)
        return iov_error_set(error, IOV_ERROR_NOT_FOUND, "netdev %s has no VF %u", netdev, index);
    return TRUE;
}
