/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A domain's XML, as the hook reads it from stdin: what is read is what the readers of the record
 * rely on, the device XML that is written for its requests is read back as it was meant, and so is
 * the domain's own with other sources for its devices.
 */
#include "fuzz.h"
#include "iov-address.h"
#include "iov-domain-device.h"
#include "iov-domain-private.h"
#include "iov-domain-rewrite.h"
#include "iov-snippet.h"
#include "iov-xml.h"

#define FUNCTION "0000:01:10.7"
#define NETDEV "enp9s0"
#define SNIPPET_LIMIT 4096

static void
check_hostdev(const IovDomain *domain, const IovDomainHostdev *hostdev)
{
    g_autofree char *canonical = iov_address_normalize(hostdev->source, NULL);

    fuzz_require(g_strcmp0(canonical, hostdev->source) == 0);
    if (hostdev->request == NULL)
        return;
    g_autofree char *alias = iov_alias_of_function(hostdev->request);
    fuzz_require(iov_pool_check_name(hostdev->request, NULL));
    fuzz_require(g_strcmp0(alias, hostdev->alias) == 0);
    fuzz_require(iov_domain_has_alias(domain, alias));
    fuzz_require(iov_domain_find_source(domain, alias) != NULL);
}

static void
check_controllers(const IovDomain *domain)
{
    int last = iov_domain_last_pci_index(domain);

    for (guint i = 0; i < domain->controllers->len; i++) {
        const IovDomainController *controller = g_ptr_array_index(domain->controllers, i);

        fuzz_require(controller->index >= 0 && controller->index <= last);
    }
    fuzz_require(last <= 255);
    fuzz_require(iov_domain_count_free_ports(domain) <= domain->controllers->len);
}

/* The root of @xml is a @name whose alias is @alias. */
static void
check_snippet(const char *xml, const char *name, const char *alias)
{
    g_autoptr(xmlDoc) doc = iov_xml_parse(xml, strlen(xml), SNIPPET_LIMIT, "snippet", NULL);

    fuzz_require(doc != NULL);
    xmlNode *root = xmlDocGetRootElement(doc);
    xmlNode *node = iov_xml_first(root, NULL, "alias");
    fuzz_require(xmlStrEqual(root->name, BAD_CAST name) && node != NULL);
    g_autofree char *text = iov_xml_attribute(node, "name");
    fuzz_require(g_strcmp0(text, alias) == 0);
}

static void
check_request(const IovDomain *domain, const IovPool *pool, const IovRequest *request)
{
    gboolean teaming = iov_request_is_teaming(pool, request, domain);
    g_autofree char *floor_alias = iov_alias_of_floor(request->name);
    g_autofree char *function_alias = iov_alias_of_function(request->name);
    g_autoptr(GError) floor_error = NULL, function_error = NULL;
    g_autofree char *floor = iov_snippet_floor(pool, request, teaming, &floor_error);
    g_autofree char *function =
        iov_snippet_function(pool, request, FUNCTION, -1, teaming, &function_error);

    fuzz_check_error(floor != NULL, floor_error);
    fuzz_check_error(function != NULL, function_error);
    if (floor != NULL)
        check_snippet(floor, "interface", floor_alias);
    if (function != NULL)
        check_snippet(function, "interface", function_alias);
}

/* Whatever is in the domain, what is said of it is whole. */
static void
check_constraints(const IovDomain *domain, const char *xml, size_t size)
{
    const IovConstraintDomain record = {.name = domain->name, .uuid = domain->uuid};
    g_autoptr(GPtrArray) devices = iov_domain_read_devices(domain, xml, size, NULL);
    g_autoptr(GPtrArray) constraints = NULL;

    fuzz_require(devices != NULL && devices->len >= domain->hostdevs->len);
    constraints = iov_constraint_judge(&record, devices);
    fuzz_require(constraints->len >= devices->len);
    for (guint i = 0; i < constraints->len; i++) {
        const char *help = iov_constraint_get_help(g_ptr_array_index(constraints, i));

        fuzz_require(strpbrk(help, "{}\n") == NULL);
    }
}

static IovDomainRewrite *
change_sources(const IovDomain *domain)
{
    IovDomainRewrite *rewrite = iov_domain_rewrite_new();

    for (guint i = 0; i < domain->hostdevs->len; i++)
        iov_domain_rewrite_function(rewrite, g_ptr_array_index(domain->hostdevs, i), FUNCTION);
    for (guint i = 0; i < domain->floors->len; i++) {
        const IovDomainFloor *floor = g_ptr_array_index(domain->floors, i);

        if (floor->is_direct)
            iov_domain_rewrite_netdev(rewrite, floor, NETDEV);
    }
    return rewrite;
}

static void
check_same_but_sources(const IovDomain *before, const IovDomain *after)
{
    fuzz_require(strcmp(before->name, after->name) == 0 && strcmp(before->uuid, after->uuid) == 0);
    fuzz_require(before->requests->len == after->requests->len);
    fuzz_require(before->controllers->len == after->controllers->len);
    fuzz_require(before->hostdevs->len == after->hostdevs->len);
    fuzz_require(before->floors->len == after->floors->len);
    for (guint i = 0; i < before->hostdevs->len; i++) {
        const IovDomainHostdev *old = g_ptr_array_index(before->hostdevs, i);
        const IovDomainHostdev *new = g_ptr_array_index(after->hostdevs, i);

        fuzz_require(strcmp(new->source, FUNCTION) == 0);
        fuzz_require(g_strcmp0(old->alias, new->alias) == 0 && old->element == new->element);
    }
    for (guint i = 0; i < before->floors->len; i++) {
        const IovDomainFloor *old = g_ptr_array_index(before->floors, i);
        const IovDomainFloor *new = g_ptr_array_index(after->floors, i);

        fuzz_require(g_strcmp0(new->lower, old->is_direct ? NETDEV : old->lower) == 0);
        fuzz_require(g_strcmp0(old->bridge, new->bridge) == 0 && old->element == new->element);
    }
}

static void
check_rewrite(const IovDomain *domain, const char *xml, size_t size)
{
    g_autoptr(IovDomainRewrite) rewrite = change_sources(domain);
    g_autofree char *text = iov_domain_rewrite_apply(rewrite, xml, size, NULL);

    fuzz_require(text != NULL);
    g_autoptr(IovDomain) after = iov_domain_parse(text, strlen(text), NULL);
    fuzz_require(after != NULL);
    check_same_but_sources(domain, after);
}

/* Of one that cannot be read as a whole, what devices can be told. */
static void
check_unreadable(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(IovDomain) domain = iov_domain_new_unreadable("vm1", "uuid", text, "refused");

    fuzz_require(iov_domain_get_fault(domain) != NULL && domain->requests->len == 0);
    for (guint i = 0; i < domain->hostdevs->len; i++)
        check_hostdev(domain, g_ptr_array_index(domain->hostdevs, i));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) domain = iov_domain_parse((const char *)data, size, &error);
    g_autoptr(IovPool) pool = iov_pool_new("fast");

    fuzz_check_error(domain != NULL, error);
    if (domain == NULL) {
        check_unreadable(data, size);
        return 0;
    }
    fuzz_require(g_uuid_string_is_valid(iov_domain_get_uuid(domain)));
    fuzz_require(strlen(iov_domain_get_name(domain)) <= 255);
    check_rewrite(domain, (const char *)data, size);
    check_controllers(domain);
    check_constraints(domain, (const char *)data, size);
    for (guint i = 0; i < domain->hostdevs->len; i++)
        check_hostdev(domain, g_ptr_array_index(domain->hostdevs, i));
    pool->class_ = IOV_CLASS_NET;
    for (guint i = 0; i < domain->requests->len; i++)
        check_request(domain, pool, g_ptr_array_index(domain->requests, i));
    return 0;
}
