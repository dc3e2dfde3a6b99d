/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Puts a request into a domain and takes it out, through libvirt's calls for single devices and for
 * metadata: the domain is never redefined. The ledger and the choice of what to ask for are the
 * commands' business.
 */
#include "request-edit.h"

#include "cli-error.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define PCI_INDEX_MAXIMUM 255

gboolean
request_scope_resolve(const RequestScope *scope, virDomainPtr domain, guint *affect, GError **error)
{
    const char *name = virDomainGetName(domain);
    int active = virDomainIsActive(domain), persistent = virDomainIsPersistent(domain);

    if (active < 0 || persistent < 0)
        return libvirt_error(error, "cannot read the state of domain '%s'", name);
    if (scope->current && (scope->live || scope->config))
        return cli_error_usage(error, "--current excludes --live and --config");
    if (scope->live && !active)
        return cli_error_set(error, IOV_ERROR_INVALID, "domain '%s' is not running: use --config",
                             name);
    if (scope->config && !persistent)
        return cli_error_set(error, IOV_ERROR_INVALID,
                             "domain '%s' is transient, it has no persistent configuration: use "
                             "--live",
                             name);
    *affect =
        (scope->live ? VIR_DOMAIN_AFFECT_LIVE : 0) | (scope->config ? VIR_DOMAIN_AFFECT_CONFIG : 0);
    if (*affect == 0)
        *affect = active ? VIR_DOMAIN_AFFECT_LIVE : VIR_DOMAIN_AFFECT_CONFIG;
    return TRUE;
}

struct _RequestLock {
    int descriptor; /* of the directory; -1: not locked */
};

RequestLock *
request_lock(const char *run_dir)
{
    RequestLock *lock = g_new0(RequestLock, 1);

    lock->descriptor = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock->descriptor >= 0)
        while (flock(lock->descriptor, LOCK_EX) != 0 && errno == EINTR)
            continue;
    return lock;
}

void
request_unlock(RequestLock *lock)
{
    if (lock->descriptor >= 0)
        close(lock->descriptor);
    g_free(lock);
}

static gboolean
set_metadata(virDomainPtr domain, GPtrArray *requests, guint affect, GError **error)
{
    g_autofree char *xml = requests->len > 0 ? iov_requests_to_xml(requests) : NULL;

    /* libvirt puts prefix and namespace on the elements itself; NULL removes ours */
    if (virDomainSetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, xml, IOV_REQUEST_PREFIX,
                             IOV_REQUEST_NAMESPACE, affect) != 0)
        return libvirt_error(error, "cannot write the metadata of domain '%s'",
                             virDomainGetName(domain));
    return TRUE;
}

/* The requests of @record but @left_out (nullable), and @added (nullable). (transfer full) */
static GPtrArray *
list_requests(const IovDomain *record, const char *left_out, IovRequest *added)
{
    GPtrArray *all = iov_domain_get_requests(record);
    GPtrArray *result =
        g_ptr_array_new_with_free_func((GDestroyNotify)(void (*)(void))iov_request_unref);

    for (guint i = 0; i < all->len; i++) {
        IovRequest *request = g_ptr_array_index(all, i);
        if (g_strcmp0(iov_request_get_name(request), left_out) != 0)
            g_ptr_array_add(result, iov_request_ref(request));
    }
    if (added != NULL)
        g_ptr_array_add(result, iov_request_ref(added));
    return result;
}

static gboolean
attach(virDomainPtr domain, const char *xml, const char *what, guint affect, GError **error)
{
    if (virDomainAttachDeviceFlags(domain, xml, affect) != 0)
        return libvirt_error(error, "cannot attach the %s", what);
    return TRUE;
}

static gboolean
detach(virDomainPtr domain, const IovDomain *record, const char *alias, guint affect,
       GError **error)
{
    if (!iov_domain_has_alias(record, alias))
        return TRUE;
    if (virDomainDetachDeviceAlias(domain, alias, affect) != 0 &&
        virGetLastErrorCode() != VIR_ERR_DEVICE_MISSING)
        return libvirt_error(error, "cannot detach device '%s'", alias);
    return TRUE;
}

guint
request_port_index(const IovDomain *record)
{
    int last = iov_domain_last_pci_index(record);

    if (!iov_domain_has_pcie(record) || last >= PCI_INDEX_MAXIMUM)
        return 0;
    return (guint)MAX(last, 0) + 1; /* 0 is pcie-root, whether it stands in the XML or not */
}

/* A floor is hot-plugged into a root port; on a machine without them libvirt finds a slot. */
static gboolean
check_ports(const IovDomain *record, gboolean has_floor, guint affect, GError **error)
{
    if (affect == VIR_DOMAIN_AFFECT_CONFIG) {
        if (iov_domain_has_pcie(record) && request_port_index(record) == 0)
            return cli_error_set(error, IOV_ERROR_EXHAUSTED,
                                 "it has no PCI controller index left for a root port");
        return TRUE;
    }
    if (has_floor && iov_domain_has_pcie(record) && iov_domain_count_free_ports(record) == 0)
        return cli_error_set(error, IOV_ERROR_EXHAUSTED,
                             "it has no free pcie-root-port for the floor, and root ports cannot "
                             "be hot-plugged: use --config and restart it");
    return TRUE;
}

static gboolean
check_absent(const IovDomain *record, const char *name, GError **error)
{
    g_autofree char *floor = iov_alias_of_floor(name);
    g_autofree char *function = iov_alias_of_function(name);
    g_autofree char *port = iov_alias_of_port(name);
    const char *aliases[] = {floor, function, port};

    if (iov_domain_find_request(record, name) != NULL)
        return cli_error_set(error, IOV_ERROR_EXISTS, "it has a request '%s' already", name);
    for (guint i = 0; i < G_N_ELEMENTS(aliases); i++)
        if (iov_domain_has_alias(record, aliases[i]))
            return cli_error_set(error, IOV_ERROR_EXISTS,
                                 "it has a device '%s' already: 'iovpool unrequest' takes it out",
                                 aliases[i]);
    return TRUE;
}

/* The floor's XML, NULL without @error where the request has none. */
static char *
write_floor(const IovPool *pool, const IovRequest *request, const IovDomain *record, GError **error)
{
    g_autoptr(GError) cause = NULL;
    char *xml =
        iov_snippet_floor(pool, request, iov_request_is_teaming(pool, request, record), &cause);

    if (xml == NULL && !g_error_matches(cause, IOV_ERROR, IOV_ERROR_UNSUPPORTED))
        g_propagate_error(error, g_steal_pointer(&cause));
    return xml;
}

/* After the floor, whose own port libvirt may have added meanwhile: the index is read again. */
static gboolean
attach_port(virDomainPtr domain, const IovRequest *request, guint affect, GError **error)
{
    if (affect != VIR_DOMAIN_AFFECT_CONFIG)
        return TRUE;
    g_autoptr(IovDomain) record = libvirt_read_domain(domain, libvirt_xml_flags(affect), error);
    if (record == NULL)
        return FALSE;
    if (!iov_domain_has_pcie(record))
        return TRUE;
    if (!check_ports(record, FALSE, affect, error))
        return FALSE;
    g_autofree char *xml = iov_snippet_port(request, request_port_index(record));
    return attach(domain, xml, "root port", affect, error);
}

static gboolean
attach_devices(virDomainPtr domain, const IovRequest *request, const char *floor, guint affect,
               GError **error)
{
    return (floor == NULL || attach(domain, floor, "floor", affect, error)) &&
           attach_port(domain, request, affect, error);
}

/* Undoes the steps that were done; what cannot be undone is said beside the first cause. */
static gboolean
undo(virDomainPtr domain, const IovRequest *request, guint affect, GError **error)
{
    g_autoptr(GError) second = NULL;

    if (!request_take_out(domain, iov_request_get_name(request), affect, &second)) {
        g_autofree char *first = g_strdup((*error)->message);
        g_clear_error(error);
        cli_error_set(error, IOV_ERROR_HOST,
                      "%s; and it cannot be undone (%s): use 'iovpool "
                      "unrequest'",
                      first, second->message);
    }
    return FALSE;
}

gboolean
request_put_in(virDomainPtr domain, const IovPool *pool, IovRequest *request, guint affect,
               GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(IovDomain) record = libvirt_read_domain(domain, libvirt_xml_flags(affect), error);
    if (record == NULL || !check_absent(record, iov_request_get_name(request), error))
        return FALSE;

    g_autofree char *floor = write_floor(pool, request, record, &cause);
    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    g_autoptr(GPtrArray) requests = list_requests(record, NULL, request);
    if (!check_ports(record, floor != NULL, affect, error) ||
        !set_metadata(domain, requests, affect, error))
        return FALSE;
    if (attach_devices(domain, request, floor, affect, &cause))
        return TRUE;
    undo(domain, request, affect, &cause);
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

gboolean
request_take_out(virDomainPtr domain, const char *request, guint affect, GError **error)
{
    g_autofree char *floor = iov_alias_of_floor(request);
    g_autofree char *function = iov_alias_of_function(request);
    g_autofree char *port = iov_alias_of_port(request);
    g_autoptr(IovDomain) record = libvirt_read_domain(domain, libvirt_xml_flags(affect), error);

    if (record == NULL)
        return FALSE;
    if (affect == VIR_DOMAIN_AFFECT_CONFIG && (!detach(domain, record, function, affect, error) ||
                                               !detach(domain, record, port, affect, error)))
        return FALSE;
    if (!detach(domain, record, floor, affect, error))
        return FALSE;
    if (iov_domain_find_request(record, request) == NULL)
        return TRUE;
    /* last: as long as it stands there, the whole can be repeated */
    g_autoptr(GPtrArray) left = list_requests(record, request, NULL);
    return set_metadata(domain, left, affect, error);
}
