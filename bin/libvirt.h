/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <iovpool.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

/* What the programs share of libvirt: it speaks through GError, and never prints by itself. */

/* @uri NULL: libvirt's default, as virsh chooses it. The process ignores SIGPIPE from here on. */
virConnectPtr libvirt_open(const char *uri, GError **error);

/* Sets @error to "FORMAT: libvirt's last message" with a fitting code; returns FALSE. */
gboolean libvirt_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A domain by name or UUID, as virsh takes it; free with virDomainFree or g_autoptr(virDomain). */
virDomainPtr libvirt_find_domain(virConnectPtr connection, const char *name, GError **error);

/* A domain's XML, by VIR_DOMAIN_XML_*. (transfer full): free with free(3) */
char *libvirt_read_xml(virDomainPtr domain, guint flags, GError **error);

/* What the library reads from the domain's XML: the running one, or with
 * VIR_DOMAIN_XML_INACTIVE in @flags its persistent configuration. (transfer full) */
IovDomain *libvirt_read_domain(virDomainPtr domain, guint flags, GError **error);

/* FALSE too where libvirt does not tell. */
gboolean libvirt_is_paused(virDomainPtr domain);

/* VIR_DOMAIN_AFFECT_CONFIG or _LIVE as flags for libvirt_read_domain(). */
guint libvirt_xml_flags(guint affect);

/* Every running domain, from its live XML; those that went away meanwhile are left out, those that
 * cannot be read have an iov_domain_get_fault(), which names them. (transfer full) (element-type
 * IovDomain) */
GPtrArray *libvirt_list_running(virConnectPtr connection, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virNetwork, virNetworkFree)
