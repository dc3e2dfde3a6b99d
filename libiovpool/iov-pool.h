/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-adapter.h"

G_BEGIN_DECLS

typedef enum { IOV_POLICY_SPREAD, IOV_POLICY_PACK } IovPolicy;
typedef enum { IOV_NUMA_PREFER, IOV_NUMA_REQUIRE, IOV_NUMA_IGNORE } IovNuma;

/**
 * IovMigration:
 * @IOV_MIGRATION_UNSET: as the pool says
 * @IOV_MIGRATION_FAILOVER: a teaming pair; the function leaves by itself when the domain migrates
 * @IOV_MIGRATION_REPLUG: floor and function are swapped by `iovpool migrate`
 * @IOV_MIGRATION_BLOCK: the domain is not to be migrated
 *
 * Since: 0.1
 */
typedef enum {
    IOV_MIGRATION_UNSET,
    IOV_MIGRATION_FAILOVER,
    IOV_MIGRATION_REPLUG,
    IOV_MIGRATION_BLOCK,
} IovMigration;

/**
 * IovFloorType:
 *
 * What stands below a function: libvirt's `<interface type=…>`.
 *
 * Since: 0.1
 */
typedef enum {
    IOV_FLOOR_UNSET, /* a request: as the pool says; a pool: its own network, iovpool-NAME */
    IOV_FLOOR_NONE,  /* no floor: the request waits for a function without I/O */
    IOV_FLOOR_NETWORK,
    IOV_FLOOR_BRIDGE,
    IOV_FLOOR_DIRECT,
} IovFloorType;

#define IOV_TYPE_POOL (iov_pool_get_type())

/**
 * IovPool:
 *
 * A pool's definition: immutable once parsed.
 *
 * Since: 0.1
 */
typedef struct _IovPool IovPool;

IOV_API GType iov_pool_get_type(void);

/**
 * iov_pool_parse:
 * @xml: (array length=length) (element-type guint8): a pool definition, hostile
 * @length: its bytes
 * @origin: what to call it in messages, usually the file's name
 *
 * Checks @xml against the schema and its rules against each other. A UUID that is missing is made.
 *
 * Returns: (transfer full): the pool, or %NULL with %IOV_ERROR_INVALID naming origin, line, cause
 * Since: 0.1
 */
IOV_API IovPool *iov_pool_parse(const char *xml, gsize length, const char *origin, GError **error);

/**
 * iov_pool_to_xml:
 *
 * Returns: (transfer full): the canonical definition; parsing it gives an equal pool
 * Since: 0.1
 */
IOV_API char *iov_pool_to_xml(const IovPool *pool);

IOV_API IovPool *iov_pool_ref(IovPool *pool);
IOV_API void iov_pool_unref(IovPool *pool);
IOV_API const char *iov_pool_get_name(const IovPool *pool);
IOV_API const char *iov_pool_get_uuid(const IovPool *pool);
IOV_API IovClass iov_pool_get_class(const IovPool *pool);
IOV_API IovPolicy iov_pool_get_policy(const IovPool *pool);
IOV_API IovNuma iov_pool_get_numa(const IovPool *pool);
/* never IOV_MIGRATION_UNSET: the default is failover for class net, replug for every other */
IOV_API IovMigration iov_pool_get_migration(const IovPool *pool);
IOV_API gboolean iov_pool_get_reclaim(const IovPool *pool);
/* IOV_FLOOR_UNSET: the pool's own network, iovpool-NAME */
IOV_API IovFloorType iov_pool_get_floor(const IovPool *pool);
/* TRUE where an <adapter> or <match> of the pool selects @adapter */
IOV_API gboolean iov_pool_selects(const IovPool *pool, const IovAdapter *adapter);

/**
 * iov_pool_check_name:
 *
 * A pool's or request's name: 1 to 60 bytes of [A-Za-z0-9_-], not starting with '-'.
 *
 * Since: 0.1
 */
IOV_API gboolean iov_pool_check_name(const char *name, GError **error);

IOV_API const char *iov_migration_to_string(IovMigration migration);
/**
 * iov_migration_from_string:
 * @migration: (out): what @text names
 *
 * Returns: %FALSE where @text is no mode's word
 * Since: 0.1
 */
IOV_API gboolean iov_migration_from_string(const char *text, IovMigration *migration);
IOV_API const char *iov_policy_to_string(IovPolicy policy);
/**
 * iov_policy_from_string:
 * @policy: (out): what @text names
 *
 * Returns: %FALSE where @text is no policy's word
 * Since: 0.1
 */
IOV_API gboolean iov_policy_from_string(const char *text, IovPolicy *policy);
IOV_API const char *iov_floor_type_to_string(IovFloorType type);
/**
 * iov_floor_type_from_string:
 * @type: (out): what @text names
 *
 * Returns: %FALSE where @text is no type's word
 * Since: 0.1
 */
IOV_API gboolean iov_floor_type_from_string(const char *text, IovFloorType *type);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovPool, iov_pool_unref)

G_END_DECLS
