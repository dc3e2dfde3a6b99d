/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-request.h"

G_BEGIN_DECLS

#define IOV_TYPE_DOMAIN (iov_domain_get_type())

/**
 * IovDomain:
 *
 * What this library reads from a domain's XML: an immutable record.
 *
 * Since: 0.1
 */
typedef struct _IovDomain IovDomain;

IOV_API GType iov_domain_get_type(void);

/**
 * iov_domain_parse:
 * @xml: (array length=length) (element-type guint8): a domain's XML as libvirt prints it, hostile
 *
 * Returns: (transfer full): the domain, or %NULL with %IOV_ERROR_INVALID
 * Since: 0.1
 */
IOV_API IovDomain *iov_domain_parse(const char *xml, gsize length, GError **error);

/**
 * iov_domain_new_unreadable:
 * @xml: (nullable): what there is of it, hostile
 * @cause: why it cannot be read, one line
 *
 * A domain that runs, but whose XML cannot be had or understood: it has no request that anyone
 * knows of, and no device but those that can be found in @xml. iov_manager_reconcile() leaves alone
 * whatever such a domain has.
 *
 * Returns: (transfer full): the domain
 * Since: 0.1
 */
IOV_API IovDomain *iov_domain_new_unreadable(const char *name, const char *uuid, const char *xml,
                                             const char *cause);

IOV_API IovDomain *iov_domain_ref(IovDomain *domain);
IOV_API void iov_domain_unref(IovDomain *domain);
IOV_API const char *iov_domain_get_name(const IovDomain *domain);
IOV_API const char *iov_domain_get_uuid(const IovDomain *domain);
/**
 * iov_domain_get_fault:
 *
 * Returns: (nullable): why the domain is unreadable; %NULL where it was read
 * Since: 0.1
 */
IOV_API const char *iov_domain_get_fault(const IovDomain *domain);
/**
 * iov_domain_get_requests:
 *
 * Returns: (transfer none) (element-type IovRequest): may be empty
 * Since: 0.1
 */
IOV_API GPtrArray *iov_domain_get_requests(const IovDomain *domain);
/**
 * iov_domain_find_request:
 *
 * Returns: (nullable) (transfer none): the request of that name
 * Since: 0.1
 */
IOV_API IovRequest *iov_domain_find_request(const IovDomain *domain, const char *name);
/* TRUE: machine type with PCIe root ports (q35, virt) */
IOV_API gboolean iov_domain_has_pcie(const IovDomain *domain);
/* TRUE: a device of this alias stands in the XML */
IOV_API gboolean iov_domain_has_alias(const IovDomain *domain, const char *alias);
/* the PCI bus (controller index) of the pcie-root-port with that alias, -1 where none */
IOV_API int iov_domain_find_port(const IovDomain *domain, const char *alias);
/* the highest index of a PCI controller, -1 where none */
IOV_API int iov_domain_last_pci_index(const IovDomain *domain);
/* pcie-root-ports without a device behind them, those of requests (ua-iov-*) not counted */
IOV_API guint iov_domain_count_free_ports(const IovDomain *domain);
/* TRUE: a PCI device of the host is in it, ours or not: its memory is pinned already */
IOV_API gboolean iov_domain_has_hostdev(const IovDomain *domain);
/* TRUE: its memory is hugepages or locked, and set aside whatever devices it has */
IOV_API gboolean iov_domain_has_memory_set_aside(const IovDomain *domain);
/* NUMA node of <numatune>, -1 where none or several */
IOV_API int iov_domain_get_numa_node(const IovDomain *domain);
/**
 * iov_domain_find_source:
 *
 * Returns: (nullable): host address of the function behind the hostdev device with that alias
 * Since: 0.1
 */
IOV_API const char *iov_domain_find_source(const IovDomain *domain, const char *alias);
/**
 * iov_domain_get_floor_network:
 *
 * Returns: (nullable): name of libvirt's network by which the floor of @request comes; hostile
 * Since: 0.1
 */
IOV_API const char *iov_domain_get_floor_network(const IovDomain *domain, const char *request);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovDomain, iov_domain_unref)

G_END_DECLS
