/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-domain.h"

G_BEGIN_DECLS

/*
 * Device XML, as virDomainAttachDeviceFlags() and `virsh attach-device` take it. Aliases tie it to
 * its request: floor ua-iov-NAME, function ua-iov-NAME-vf, root port ua-iov-NAME-port.
 */

/* The alias of a request's device. (transfer full) */
IOV_API char *iov_alias_of_floor(const char *request);
IOV_API char *iov_alias_of_function(const char *request);
IOV_API char *iov_alias_of_port(const char *request);

/**
 * iov_snippet_function:
 * @pool: the request's pool
 * @request: the request
 * @address: the function's PCI address on the host
 * @guest_bus: the index of its root port, or -1: libvirt chooses
 * @teaming: the function is the transient half of a failover pair
 *
 * For class net an `<interface type='hostdev' managed='no'>` with MAC and VLAN; else a `<hostdev>`.
 *
 * Returns: (transfer full): the device; %IOV_ERROR_INVALID where the request of a network pool has
 *   no MAC or passes its pool's limits, %IOV_ERROR_UNSUPPORTED where its floor cannot be the other
 *   half of a pair
 * Since: 0.1
 */
IOV_API char *iov_snippet_function(const IovPool *pool, const IovRequest *request,
                                   const char *address, int guest_bus, gboolean teaming,
                                   GError **error);

/**
 * iov_snippet_floor:
 * @teaming: the floor is the persistent half of a failover pair
 *
 * It never carries a VLAN, which libvirt takes on few kinds of interface: what is below it (the
 * bridge, or a VLAN netdev as the source of a direct floor) must put the guest into the same VLAN
 * as its function.
 *
 * Returns: (transfer full): an `<interface>`; %IOV_ERROR_UNSUPPORTED where the request has no floor
 *   (a pool of another class than net has one only where it says so) or a pair cannot be made of
 *   it, %IOV_ERROR_INVALID where the request of a network pool has no MAC
 * Since: 0.1
 */
IOV_API char *iov_snippet_floor(const IovPool *pool, const IovRequest *request, gboolean teaming,
                                GError **error);

/**
 * iov_snippet_port:
 * @index: the controller's index, 1 to 255
 *
 * Returns: (transfer full): a `<controller type='pci' model='pcie-root-port'>`
 * Since: 0.1
 */
IOV_API char *iov_snippet_port(const IovRequest *request, guint index);

/**
 * iov_snippet_network:
 * @netdevs: (array zero-terminated=1): the PFs' netdevs
 *
 * Returns: (transfer full): the definition of the pool's own libvirt network, iovpool-NAME
 * Since: 0.1
 */
IOV_API char *iov_snippet_network(const IovPool *pool, const char *const *netdevs);

/* "iovpool-NAME" (transfer full) */
IOV_API char *iov_network_name(const IovPool *pool);

/* How the request's floor and function go together: TRUE for a failover pair (mode failover, a
 * virtio floor, a PCIe machine). */
IOV_API gboolean iov_request_is_teaming(const IovPool *pool, const IovRequest *request,
                                        const IovDomain *domain);

G_END_DECLS
