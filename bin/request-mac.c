/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A request's MAC: one for all its tiers, and no other request's on this host.
 */
#include "request-mac.h"

#include "cli-error.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static char *
make_mac(GError **error)
{
    guint8 random[3];

    if (getrandom(random, sizeof random, 0) != sizeof random) {
        cli_error_set(error, IOV_ERROR_HOST, "cannot make a MAC: %s", g_strerror(errno));
        return NULL;
    }
    return g_strdup_printf("52:54:00:%02x:%02x:%02x", random[0], random[1], random[2]);
}

static gboolean
record_has_mac(const IovDomain *record, const char *mac)
{
    GPtrArray *requests = iov_domain_get_requests(record);

    for (guint i = 0; i < requests->len; i++)
        if (g_strcmp0(iov_request_get_mac(g_ptr_array_index(requests, i)), mac) == 0)
            return TRUE;
    return FALSE;
}

/* In the running or in the persistent XML. A domain whose metadata cannot be read gets no function
 * either, so it is in nobody's way. */
static gboolean
domain_has_mac(virDomainPtr domain, const char *mac)
{
    const guint flags[] = {0, VIR_DOMAIN_XML_INACTIVE};

    for (guint i = 0; i < G_N_ELEMENTS(flags); i++) {
        g_autoptr(IovDomain) record = libvirt_read_domain(domain, flags[i], NULL);
        if (record != NULL && record_has_mac(record, mac))
            return TRUE;
    }
    return FALSE;
}

/* The name of the domain that has @mac, NULL without @error where none has. (transfer full) */
static char *
find_owner(virConnectPtr connection, const char *mac, GError **error)
{
    virDomainPtr *domains = NULL;
    char *owner = NULL;
    int count = virConnectListAllDomains(connection, &domains, 0);

    if (count < 0) {
        libvirt_error(error, "cannot list the domains");
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        if (owner == NULL && domain_has_mac(domains[i], mac))
            owner = g_strdup(virDomainGetName(domains[i]));
        virDomainFree(domains[i]);
    }
    free(domains);
    return owner;
}

gboolean
request_choose_mac(virConnectPtr connection, IovRequest *request, const char *wanted,
                   GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *mac = wanted != NULL ? g_strdup(wanted) : make_mac(error);

    if (mac == NULL || !iov_request_set_mac(request, mac, error))
        return FALSE;
    g_autofree char *owner = find_owner(connection, iov_request_get_mac(request), &cause);
    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    return owner == NULL ||
           cli_error_set(error, IOV_ERROR_EXISTS, "MAC %s is that of a request of domain '%s'",
                         iov_request_get_mac(request), owner);
}
