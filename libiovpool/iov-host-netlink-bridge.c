/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who gets the frames for a MAC: entries in an adapter's own filter, in a bridge's table, and the
 * mode of a macvtap. Which of these is right at what moment is not decided here.
 */
#include "iov-host-netlink-private.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <sys/socket.h>

/* ERRNO where there is no such netdev. */
static int
send_entry(IovNetlink *netlink, int type, const char *netdev, const char *mac, guint8 table)
{
    const struct ndmsg header = {.ndm_family = AF_BRIDGE,
                                 .ndm_ifindex = (int)if_nametoindex(netdev),
                                 .ndm_state = NUD_PERMANENT,
                                 .ndm_flags = table};
    guint8 bytes[ETH_ALEN];

    if (header.ndm_ifindex == 0)
        return ENODEV;
    if (!iov_netlink_read_mac(mac, bytes))
        return EINVAL;
    struct nl_msg *message = nlmsg_alloc_simple(type, NLM_F_REQUEST);
    if (message == NULL || nlmsg_append(message, (void *)&header, sizeof(header), NLMSG_ALIGNTO) ||
        nla_put(message, NDA_LLADDR, sizeof(bytes), bytes))
        g_error("out of memory");
    return iov_netlink_run(netlink, message, NULL, NULL);
}

gboolean
iov_netlink_set_filter(IovNetlink *netlink, const char *netdev, const char *mac, gboolean present,
                       GError **error)
{
    int number = send_entry(netlink, present ? RTM_NEWNEIGH : RTM_DELNEIGH, netdev, mac, NTF_SELF);

    if (number == 0 || number == (present ? EEXIST : ENOENT))
        return TRUE;
    return iov_netlink_fail(netdev, number, error,
                            present ? "let %s take frames for %s" : "let %s take no frames for %s",
                            netdev, mac);
}

gboolean
iov_netlink_unlearn(IovNetlink *netlink, const char *port, const char *mac, GError **error)
{
    int number = send_entry(netlink, RTM_DELNEIGH, port, mac, NTF_MASTER);

    if (number == 0 || number == ENOENT)
        return TRUE;
    return iov_netlink_fail(port, number, error, "let the bridge of %s forget %s", port, mac);
}

gboolean
iov_netlink_set_learning(IovNetlink *netlink, const char *port, gboolean learning, GError **error)
{
    const struct ifinfomsg header = {.ifi_family = AF_BRIDGE,
                                     .ifi_index = (int)if_nametoindex(port)};
    int number = ENODEV;

    if (header.ifi_index != 0) {
        struct nl_msg *message = nlmsg_alloc_simple(RTM_SETLINK, NLM_F_REQUEST);
        struct nlattr *info = NULL;

        if (message == NULL ||
            nlmsg_append(message, (void *)&header, sizeof(header), NLMSG_ALIGNTO) ||
            (info = nla_nest_start(message, IFLA_PROTINFO | NLA_F_NESTED)) == NULL ||
            nla_put_u8(message, IFLA_BRPORT_LEARNING, learning ? 1 : 0))
            g_error("out of memory");
        nla_nest_end(message, info);
        number = iov_netlink_run(netlink, message, NULL, NULL);
    }
    if (number == 0)
        return TRUE;
    return iov_netlink_fail(port, number, error, "let the bridge of %s learn %s", port,
                            learning ? "from it" : "nothing from it");
}

gboolean
iov_netlink_set_macvtap(IovNetlink *netlink, const char *netdev, gboolean up, guint32 mode,
                        GError **error)
{
    struct nl_msg *message =
        iov_netlink_link_message(RTM_NEWLINK, netdev, up ? IFF_UP : 0, IFF_UP, error);
    struct nlattr *info, *data;
    int number;

    if (message == NULL)
        return FALSE;
    /* no NLM_F_CREATE: changes what is there, and only where it is a macvtap */
    info = nla_nest_start(message, IFLA_LINKINFO);
    nla_put_string(message, IFLA_INFO_KIND, "macvtap");
    data = nla_nest_start(message, IFLA_INFO_DATA);
    nla_put_u32(message, IFLA_MACVLAN_MODE, mode);
    if (info == NULL || data == NULL)
        g_error("out of memory");
    nla_nest_end(message, data);
    nla_nest_end(message, info);
    number = iov_netlink_run(netlink, message, NULL, NULL);
    if (number != 0)
        return iov_netlink_fail(netdev, number, error, "change the mode of %s", netdev);
    return TRUE;
}
