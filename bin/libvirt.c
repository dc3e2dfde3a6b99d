/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The programs' door to libvirt: connection, look-up, domains as records, errors as GError. Changes
 * no domain; lift.c and request-edit.c do.
 */
#include "libvirt.h"

#include "cli-error.h"

#include <signal.h>
#include <stdarg.h>
#include <string.h>

/* libvirt prints every error to stderr unless it is told not to. */
static void
keep_quiet(void *data G_GNUC_UNUSED, virErrorPtr error G_GNUC_UNUSED)
{
}

static IovError
code_of_libvirt(int number)
{
    switch (number) {
    case VIR_ERR_NO_DOMAIN:
    case VIR_ERR_NO_NETWORK:
    case VIR_ERR_DEVICE_MISSING:
        return IOV_ERROR_NOT_FOUND;
    case VIR_ERR_AUTH_FAILED:
    case VIR_ERR_AUTH_CANCELLED:
    case VIR_ERR_AUTH_UNAVAILABLE:
    case VIR_ERR_ACCESS_DENIED:
    case VIR_ERR_OPERATION_DENIED:
        return IOV_ERROR_PERMISSION;
    case VIR_ERR_NO_SUPPORT:
    case VIR_ERR_OPERATION_UNSUPPORTED:
    case VIR_ERR_CONFIG_UNSUPPORTED:
        return IOV_ERROR_UNSUPPORTED;
    case VIR_ERR_OPERATION_TIMEOUT:
        return IOV_ERROR_TIMEOUT;
    default:
        return IOV_ERROR_HOST;
    }
}

gboolean
libvirt_error(GError **error, const char *format, ...)
{
    const virError *last = virGetLastError();
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return cli_error_set(error, code_of_libvirt(last != NULL ? last->code : 0), "%s: %s", what,
                         last != NULL && last->message != NULL ? last->message : "unknown cause");
}

virConnectPtr
libvirt_open(const char *uri, GError **error)
{
    virSetErrorFunc(NULL, keep_quiet);
    /* A connection that breaks is an error to be told, and what was begun is to be undone. */
    signal(SIGPIPE, SIG_IGN);
    virConnectPtr connection = virConnectOpen(uri);
    if (connection == NULL)
        libvirt_error(error, "cannot connect to libvirt%s%s", uri != NULL ? " at " : "",
                      uri != NULL ? uri : "");
    return connection;
}

virDomainPtr
libvirt_find_domain(virConnectPtr connection, const char *name, GError **error)
{
    virDomainPtr domain =
        g_uuid_string_is_valid(name) ? virDomainLookupByUUIDString(connection, name) : NULL;

    if (domain == NULL)
        domain = virDomainLookupByName(connection, name);
    if (domain != NULL)
        return domain;
    if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
        cli_error_set(error, IOV_ERROR_NOT_FOUND, "no domain '%s'", name);
    else
        libvirt_error(error, "cannot look up domain '%s'", name);
    return NULL;
}

guint
libvirt_xml_flags(guint affect)
{
    return affect == VIR_DOMAIN_AFFECT_CONFIG ? VIR_DOMAIN_XML_INACTIVE : 0;
}

char *
libvirt_read_xml(virDomainPtr domain, guint flags, GError **error)
{
    char *xml = virDomainGetXMLDesc(domain, flags);

    if (xml == NULL)
        libvirt_error(error, "cannot read the XML of domain '%s'", virDomainGetName(domain));
    return xml;
}

static IovDomain *
parse_xml(virDomainPtr domain, const char *xml, GError **error)
{
    IovDomain *record = iov_domain_parse(xml, strlen(xml), error);

    /* the library names the domain where it got as far as its name */
    if (record == NULL && error != NULL && !g_str_has_prefix((*error)->message, "domain '"))
        g_prefix_error(error, "domain '%s': ", virDomainGetName(domain));
    return record;
}

IovDomain *
libvirt_read_domain(virDomainPtr domain, guint flags, GError **error)
{
    char *xml = libvirt_read_xml(domain, flags, error);
    IovDomain *record = xml != NULL ? parse_xml(domain, xml, error) : NULL;

    free(xml);
    return record;
}

/* TRUE only where libvirt says so: no answer at all (a broken connection) is none. */
static gboolean
has_ended(virDomainPtr domain)
{
    int active = virDomainIsActive(domain);

    return active == 0 || (active < 0 && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN);
}

/* One that cannot be read runs all the same: left out, it would lose all that it has. */
static IovDomain *
make_unreadable(virDomainPtr domain, const char *xml, const char *cause, GError **error)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (virDomainGetUUIDString(domain, uuid) == 0)
        return iov_domain_new_unreadable(virDomainGetName(domain), uuid, xml, cause);
    libvirt_error(error, "cannot read the UUID of domain '%s'", virDomainGetName(domain));
    return NULL;
}

static gboolean
add_running(GPtrArray *records, virDomainPtr domain, GError **error)
{
    g_autoptr(GError) cause = NULL;
    char *xml = libvirt_read_xml(domain, 0, &cause);
    IovDomain *record = xml != NULL ? parse_xml(domain, xml, &cause) : NULL;
    gboolean ended = record == NULL && has_ended(domain);

    if (record == NULL && !ended)
        record = make_unreadable(domain, xml, cause->message, error);
    free(xml);
    if (record != NULL)
        g_ptr_array_add(records, record);
    return record != NULL || ended;
}

GPtrArray *
libvirt_list_running(virConnectPtr connection, GError **error)
{
    g_autoptr(GPtrArray) records =
        g_ptr_array_new_with_free_func((GDestroyNotify)(void (*)(void))iov_domain_unref);
    virDomainPtr *domains = NULL;
    gboolean done = TRUE;
    int count = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);

    if (count < 0) {
        libvirt_error(error, "cannot list the running domains");
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        done = done && add_running(records, domains[i], error);
        virDomainFree(domains[i]);
    }
    free(domains);
    return done ? g_steal_pointer(&records) : NULL;
}

gboolean
libvirt_is_paused(virDomainPtr domain)
{
    int state = VIR_DOMAIN_NOSTATE;

    return virDomainGetState(domain, &state, NULL, 0) == 0 && state == VIR_DOMAIN_PAUSED;
}
