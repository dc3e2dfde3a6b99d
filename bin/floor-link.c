/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Swapping floor and function by the floor's link: the device is taken from the live XML as libvirt
 * prints it, and only its <link> is changed, as `virsh domif-setlink` does. When to swap is not
 * decided here.
 */
#include "floor-link.h"

#include "cli-error.h"
#include "device-xml.h"

char *
floor_link_write(const char *domain_xml, const char *alias, gboolean up)
{
    g_autoptr(xmlDoc) doc = device_xml_read(domain_xml);
    xmlNode *interface = device_xml_find_interface(doc, alias);
    xmlNode *link = device_xml_child(interface, "link");

    if (interface == NULL || device_xml_is(link, "state", "down") == !up)
        return NULL;
    if (link == NULL)
        link = xmlNewChild(interface, NULL, BAD_CAST "link", NULL);
    xmlSetProp(link, BAD_CAST "state", BAD_CAST(up ? "up" : "down"));
    return device_xml_print(interface);
}

/* (transfer full) NULL with @error, or without where nothing is to be done */
static char *
write_for(virDomainPtr domain, const char *request, gboolean up, GError **error)
{
    g_autofree char *alias = iov_alias_of_floor(request);
    char *xml = virDomainGetXMLDesc(domain, 0);

    if (xml == NULL) {
        libvirt_error(error, "cannot read the XML of domain '%s'", virDomainGetName(domain));
        return NULL;
    }
    char *device = floor_link_write(xml, alias, up);
    free(xml);
    return device;
}

static gboolean
note(virDomainPtr domain, IovManager *manager, const char *request, gboolean lowered,
     GError **error)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    if (virDomainGetUUIDString(domain, uuid) != 0)
        return libvirt_error(error, "cannot read the domain's UUID");
    return iov_manager_set_lowered(manager, uuid, request, lowered, error);
}

static gboolean
update(virDomainPtr domain, const char *device, const char *request, GError **error)
{
    return virDomainUpdateDeviceFlags(domain, device, VIR_DOMAIN_AFFECT_LIVE) == 0 ||
           libvirt_error(error, "cannot change the link of the floor of request '%s'", request);
}

gboolean
floor_link_lower(virDomainPtr domain, IovManager *manager, const char *request, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *device = write_for(domain, request, FALSE, &cause);

    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (device == NULL)
        return TRUE;
    if (!note(domain, manager, request, TRUE, error))
        return FALSE;
    if (update(domain, device, request, error))
        return TRUE;
    note(domain, manager, request, FALSE, NULL);
    return FALSE;
}

gboolean
floor_link_raise(virDomainPtr domain, IovManager *manager, const char *request, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *device = write_for(domain, request, TRUE, &cause);

    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    return (device == NULL || update(domain, device, request, error)) &&
           note(domain, manager, request, FALSE, error);
}
