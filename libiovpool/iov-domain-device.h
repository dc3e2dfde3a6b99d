/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-constraint-private.h"
#include "iov-domain.h"

/* What of @domain's XML, from which @domain was read, may be in the way of an operation: its PCI
 * devices of the host, as far as the XML tells, first. (transfer full) (element-type
 * IovConstraintDevice) */
GPtrArray *iov_domain_read_devices(const IovDomain *domain, const char *xml, gsize length,
                                   GError **error);
