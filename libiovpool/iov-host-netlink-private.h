/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-host-netlink.h"

#include <linux/if_ether.h>
#include <netlink/msg.h>
#include <netlink/socket.h>

/* Called for each message of an answer. */
typedef void (*IovNetlinkReader)(struct nlmsghdr *header, gpointer data);

/* Starts a message about the link of that name; @flags and @change are those of ifinfomsg. The name
 * must be a possible one: NULL with IOV_ERROR_NOT_FOUND where it is not. */
struct nl_msg *iov_netlink_link_message(int type, const char *netdev, guint flags, guint change,
                                        GError **error);
/* Sends @message (taken) and reads the whole answer. Returns 0 or an errno value. */
int iov_netlink_run(IovNetlink *netlink, struct nl_msg *message, IovNetlinkReader reader,
                    gpointer data);
/* Sets @error for errno value @number of an operation on @netdev: "cannot WHAT: ...". */
gboolean iov_netlink_fail(const char *netdev, int number, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
/* The bytes of a canonical MAC address. */
gboolean iov_netlink_read_mac(const char *mac, guint8 bytes[static ETH_ALEN]);
