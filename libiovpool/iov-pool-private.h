/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-netconf.h"
#include "iov-pool.h"

#define IOV_POOL_XML_LIMIT (256 * 1024) /* bytes */
#define IOV_POOL_ENTRIES_LIMIT 256
#define IOV_VFS_MAX G_MAXUINT /* vfs='max' */
#define IOV_NETWORK_PREFIX "iovpool-" /* and the pool's name: the libvirt network that is its floor */

/* One <adapter> or <match>. Exactly one of netdev, address, and the match fields is in use. */
typedef struct {
    char *netdev;
    char *address;
    gboolean is_match;
    guint match_vendor, match_device; /* 0: any */
    char *match_driver;               /* nullable: any */
    guint vfs;                        /* or IOV_VFS_MAX */
} IovPoolEntry;

typedef struct {
    IovFloorType type;
    char *source; /* nullable */
    char *model;  /* nullable: virtio */
} IovFloor;

struct _IovPool {
    gatomicrefcount references;
    char *name;
    char uuid[37];
    IovClass class_;
    GPtrArray *entries; /* IovPoolEntry */
    IovPolicy policy;
    IovNuma numa;
    IovNetconf defaults;
    IovFloor floor;
    IovMigration migration;
    gboolean reclaim;
};

/* A pool with all defaults and no entry; for `create`. */
IovPool *iov_pool_new(const char *name);
/* Parses the definition of a started pool, which the ledger holds: as strict as iov_pool_parse(), but
 * without the schema, which the definition has passed. The hook's path. */
IovPool *iov_pool_parse_live(const char *xml, GError **error);
IovPoolEntry *iov_pool_entry_new(void);
void iov_pool_entry_free(IovPoolEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IovPoolEntry, iov_pool_entry_free)

/* TRUE where @entry selects @adapter. */
gboolean iov_pool_entry_selects(const IovPoolEntry *entry, const IovAdapter *adapter);
/* The first entry that selects @adapter; a match takes adapters of the pool's class only.
 * (nullable) (transfer none) */
const IovPoolEntry *iov_pool_find_entry(const IovPool *pool, const IovAdapter *adapter);

const char *iov_numa_to_string(IovNuma numa);
gboolean iov_numa_from_string(const char *text, IovNuma *numa);

/* @to is overwritten, not cleared. */
void iov_floor_copy(IovFloor *to, const IovFloor *from);
void iov_floor_clear(IovFloor *floor);
