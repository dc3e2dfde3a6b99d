/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-pool-private.h"
#include "iov-request.h"
#include "iov-xml.h"

#define IOV_REQUESTS_LIMIT 64 /* requests of one domain */
#define IOV_PRIORITY_LIMIT 1000

struct _IovRequest {
    gatomicrefcount references;
    char *name;
    char *pool;
    gboolean required;
    int priority;
    IovMigration migration;
    IovNetconf netconf; /* what the request sets itself; netconf.mac is its MAC */
    IovFloor floor;     /* what the request chose; IOV_FLOOR_UNSET: as the pool says */
};

IovRequest *iov_request_new(const char *name, const char *pool);

/* Parses an <iov:requests> element of a document that is parsed already. It checks everything
 * itself, without the schema: the hook's path. (transfer full) (element-type IovRequest) */
GPtrArray *iov_requests_from_node(xmlNode *node, const char *origin, GError **error);
