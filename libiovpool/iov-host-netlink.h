/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-netconf.h"

/*
 * What sysfs does not offer of network adapters: link up and down, VF policies (ip-link(8),
 * "vf NUM"), addresses. It speaks rtnetlink to the kernel of this host. A netdev that does not
 * exist is IOV_ERROR_NOT_FOUND.
 */
typedef struct _IovNetlink IovNetlink;

IovNetlink *iov_netlink_new(GError **error);
void iov_netlink_free(IovNetlink *netlink);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovNetlink, iov_netlink_free)

gboolean iov_netlink_set_up(IovNetlink *netlink, const char *netdev, gboolean up, GError **error);
gboolean iov_netlink_has_address(IovNetlink *netlink, const char *netdev, gboolean *has_address,
                                 GError **error);

/* As the operations of iov-host.h of these names. */
gboolean iov_netlink_set_filter(IovNetlink *netlink, const char *netdev, const char *mac,
                                gboolean present, GError **error);
gboolean iov_netlink_unlearn(IovNetlink *netlink, const char *port, const char *mac,
                             GError **error);
gboolean iov_netlink_set_learning(IovNetlink *netlink, const char *port, gboolean learning,
                                  GError **error);
/* @mode is the kernel's, MACVLAN_MODE_*. */
gboolean iov_netlink_set_macvtap(IovNetlink *netlink, const char *netdev, gboolean up, guint32 mode,
                                 GError **error);

/* Sets what is set in @netconf, property by property. A property that the driver does not have is
 * no error where it is to have the value of a scrubbed function anyway. */
gboolean iov_netlink_set_vf(IovNetlink *netlink, const char *netdev, guint index,
                            const IovNetconf *netconf, GError **error);
/* What the driver reports; IOV_ERROR_NOT_FOUND where the adapter has no VF @index. */
gboolean iov_netlink_get_vf(IovNetlink *netlink, const char *netdev, guint index,
                            IovNetconf *netconf, GError **error);
