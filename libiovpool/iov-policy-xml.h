/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-pool-private.h"
#include "iov-xml-read.h"

#define IOV_RATE_MAXIMUM 10000000 /* Mbit/s */

/*
 * The XML that pools and requests have in common: <vlan>, <rate>, <trust>, <spoofcheck>, <link> of
 * a network function, <floor>, and their values.
 */

/* Rows of a table whose record holds an IovNetconf at @offset. */
#define IOV_NETCONF_ELEMENTS(offset)                                                               \
    {"vlan", iov_netconf_read_vlan, offset, FALSE, FALSE},                                         \
        {"rate", iov_netconf_read_rate, offset, FALSE, FALSE},                                     \
        {"trust", iov_netconf_read_trust, offset, FALSE, FALSE},                                   \
        {"spoofcheck", iov_netconf_read_spoofcheck, offset, FALSE, FALSE},                         \
    {                                                                                              \
        "link", iov_netconf_read_link, offset, FALSE, FALSE                                        \
    }

/* The field of these readers is the IovNetconf. */
gboolean iov_netconf_read_vlan(xmlNode *node, const char *origin, gpointer field, GError **error);
gboolean iov_netconf_read_rate(xmlNode *node, const char *origin, gpointer field, GError **error);
gboolean iov_netconf_read_trust(xmlNode *node, const char *origin, gpointer field, GError **error);
gboolean iov_netconf_read_spoofcheck(xmlNode *node, const char *origin, gpointer field,
                                     GError **error);
gboolean iov_netconf_read_link(xmlNode *node, const char *origin, gpointer field, GError **error);
/* The field is the IovFloor. */
gboolean iov_floor_read(xmlNode *node, const char *origin, gpointer field, GError **error);

/* What is set, as children of @parent. */
void iov_netconf_write(xmlNode *parent, const IovNetconf *netconf);
void iov_floor_write(xmlNode *parent, const IovFloor *floor);

/* Values of attributes and texts; the field's type stands behind. */
gboolean iov_take_name(const char *text, gpointer field /* char *, a name */, GError **error);
gboolean iov_take_address(const char *text, gpointer field /* char *, PCI */, GError **error);
gboolean iov_take_netdev(const char *text, gpointer field /* char * */, GError **error);
gboolean iov_take_word(const char *text, gpointer field /* char *, a short word */, GError **error);
gboolean iov_take_migration(const char *text, gpointer field /* IovMigration */, GError **error);
