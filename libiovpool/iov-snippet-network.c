/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The libvirt network that is a pool's default floor: macvtap over the pool's own PFs, so that a
 * domain names the network and each host has its own netdevs below it. It does not talk to libvirt.
 */
#include "iov-snippet.h"

#include "iov-pool-private.h"
#include "iov-xml.h"

char *
iov_network_name(const IovPool *pool)
{
    return g_strconcat(IOV_NETWORK_PREFIX, pool->name, NULL);
}

char *
iov_snippet_network(const IovPool *pool, const char *const *netdevs)
{
    g_autoptr(xmlDoc) doc = xmlNewDoc(BAD_CAST "1.0");
    g_autofree char *name = iov_network_name(pool);
    xmlNode *root = xmlNewDocNode(doc, NULL, BAD_CAST "network", NULL);
    xmlNode *forward;

    xmlDocSetRootElement(doc, root);
    xmlNewTextChild(root, NULL, BAD_CAST "name", BAD_CAST name);
    forward = xmlNewChild(root, NULL, BAD_CAST "forward", NULL);
    iov_xml_set(forward, "mode", "bridge");
    for (; *netdevs != NULL; netdevs++) {
        /* The kernel takes any bytes as a netdev's name; XML does not. */
        g_autofree char *netdev = g_utf8_make_valid(*netdevs, -1);

        iov_xml_set(xmlNewChild(forward, NULL, BAD_CAST "interface", NULL), "dev", "%s", netdev);
    }
    return iov_xml_format(doc, root);
}
