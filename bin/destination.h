/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libvirt.h"

/*
 * The other side of a migration, before there is one: its libvirt for what libvirt knows, its
 * iovpool for its pools. Nothing is changed there but by destination_reserve() and
 * destination_cancel().
 */
typedef struct _Destination Destination;

/* What one request would get there. */
typedef struct {
    char *request, *pool;
    guint free;    /* functions of the pool that are free */
    char *refusal; /* why it could have none of them, or NULL */
} DestinationAnswer;

/**
 * destination_open:
 * @ssh: (nullable): how ssh gets there, where @uri does not say
 */
Destination *destination_open(const char *uri, const char *ssh, GError **error);
void destination_free(Destination *destination);
const char *destination_get_name(const Destination *destination);
virConnectPtr destination_get_connection(const Destination *destination);

/* For each request of the domain with that XML. (transfer full) (element-type DestinationAnswer) */
GPtrArray *destination_ask(const Destination *destination, const char *xml, GError **error);

/**
 * destination_judge:
 * @constraints: (element-type IovConstraint): what is in the way there is added
 * @has_functions: whether every request counts as if it had its function; else what @record shows
 */
void destination_judge(const Destination *destination, const IovDomain *record, GPtrArray *answers,
                       gboolean has_functions, GPtrArray *constraints);

/* Keeps a function there for each that the domain has; all or none. IOV_ERROR_HOST where it cannot.
 */
gboolean destination_reserve(const Destination *destination, const char *xml, GError **error);
/* What was kept and not used is given back. */
gboolean destination_cancel(const Destination *destination, const char *xml, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Destination, destination_free)
