/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-pool.h"

G_BEGIN_DECLS

#define IOV_REQUEST_NAMESPACE "https://libiovpool.org/xmlns/domain/1"
#define IOV_REQUEST_PREFIX "iov"

#define IOV_TYPE_REQUEST (iov_request_get_type())

/**
 * IovRequest:
 *
 * What a domain wants from a pool, from the domain's own metadata. Immutable once parsed.
 *
 * Since: 0.1
 */
typedef struct _IovRequest IovRequest;

IOV_API GType iov_request_get_type(void);
IOV_API IovRequest *iov_request_ref(IovRequest *request);
IOV_API void iov_request_unref(IovRequest *request);
IOV_API const char *iov_request_get_name(const IovRequest *request);
IOV_API const char *iov_request_get_pool(const IovRequest *request);
/**
 * iov_request_get_mac:
 *
 * Returns: (nullable): a network request's one MAC for all tiers, lower case
 * Since: 0.1
 */
IOV_API const char *iov_request_get_mac(const IovRequest *request);
IOV_API gboolean iov_request_get_required(const IovRequest *request);
/* -1000 to 1000, higher first, 0 by default */
IOV_API int iov_request_get_priority(const IovRequest *request);
IOV_API IovMigration iov_request_get_migration(const IovRequest *request);

/**
 * iov_requests_parse:
 * @xml: (array length=length) (element-type guint8): an `<iov:requests>` element, hostile
 *
 * A root without namespace is taken as one with %IOV_REQUEST_NAMESPACE, as virDomainGetMetadata()
 * returns it.
 *
 * Returns: (transfer container) (element-type IovRequest): the requests in their order
 * Since: 0.1
 */
IOV_API GPtrArray *iov_requests_parse(const char *xml, gsize length, const char *origin,
                                      GError **error);

/**
 * iov_requests_to_xml:
 * @requests: (element-type IovRequest): at least one
 *
 * The namespace is not in it: virDomainSetMetadata() puts it on, with %IOV_REQUEST_PREFIX as its
 * key, and refuses an element that declares that prefix itself.
 *
 * Returns: (transfer full): the `<requests>` element, as virDomainSetMetadata() takes it
 * Since: 0.1
 */
IOV_API char *iov_requests_to_xml(GPtrArray *requests);

/**
 * iov_request_create:
 * @name: the request's name in its domain
 * @pool: the pool's name
 *
 * A new request with all defaults. The setters below are for a request that nobody else has seen
 * yet; iov_request_check() comes after them.
 *
 * Returns: (transfer full): the request, or %NULL with %IOV_ERROR_INVALID
 * Since: 0.1
 */
IOV_API IovRequest *iov_request_create(const char *name, const char *pool, GError **error);
IOV_API gboolean iov_request_set_mac(IovRequest *request, const char *mac, GError **error);
/* 0: untagged */
IOV_API void iov_request_set_vlan(IovRequest *request, guint vlan);
/* Mbit/s; 0: no guarantee, no limit */
IOV_API void iov_request_set_rate(IovRequest *request, guint minimum, guint maximum);
IOV_API void iov_request_set_required(IovRequest *request, gboolean required);
IOV_API void iov_request_set_priority(IovRequest *request, int priority);
IOV_API void iov_request_set_migration(IovRequest *request, IovMigration migration);
/**
 * iov_request_set_floor:
 * @source: (nullable): the network, bridge or netdev
 * @model: (nullable): virtio by default
 *
 * What stands below the function in place of the pool's floor.
 *
 * Since: 0.1
 */
IOV_API void iov_request_set_floor(IovRequest *request, IovFloorType type, const char *source,
                                   const char *model);

/**
 * iov_request_check:
 * @pool: (nullable): the request's pool
 *
 * Checks what was set by the rules for a request in a domain's metadata, and against the limits of
 * @pool. A request in a VLAN needs a floor in that VLAN: the pool's own network is in none, and is
 * refused with %IOV_ERROR_INVALID.
 *
 * Since: 0.1
 */
IOV_API gboolean iov_request_check(IovRequest *request, const IovPool *pool, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovRequest, iov_request_unref)

G_END_DECLS
