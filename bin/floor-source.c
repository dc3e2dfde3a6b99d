/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pointing the floor in a domain's persistent configuration to the device of this host. Only that
 * attribute is changed, in the device as libvirt prints it. When is not decided here.
 */
#include "floor-source.h"

#include "cli-error.h"
#include "device-xml.h"

/* A floor by a network's name is right on each host: libvirt shows the device for a live one only.
 */
static xmlNode *
find_source(xmlDoc *doc, const char *alias, xmlNode **interface)
{
    *interface = device_xml_find_interface(doc, alias);
    xmlNode *source = device_xml_child(*interface, "source");

    return device_xml_is(*interface, "type", "direct") ? source : NULL;
}

char *
floor_source_write(const char *live_xml, const char *config_xml, const char *alias)
{
    g_autoptr(xmlDoc) live = device_xml_read(live_xml);
    g_autoptr(xmlDoc) config = device_xml_read(config_xml);
    xmlNode *running = NULL, *interface = NULL;
    xmlNode *wanted = find_source(live, alias, &running);
    xmlNode *source = find_source(config, alias, &interface);
    xmlChar *device =
        wanted != NULL && source != NULL ? xmlGetNoNsProp(wanted, BAD_CAST "dev") : NULL;
    char *text = NULL;

    if (device != NULL && !device_xml_is(source, "dev", (const char *)device)) {
        xmlSetProp(source, BAD_CAST "dev", device);
        text = device_xml_print(interface);
    }
    xmlFree(device);
    return text;
}

static char *
write_for(virDomainPtr domain, const char *request, GError **error)
{
    g_autofree char *alias = iov_alias_of_floor(request);
    char *live = virDomainGetXMLDesc(domain, 0);
    char *config = live != NULL ? virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE) : NULL;
    char *device = config != NULL ? floor_source_write(live, config, alias) : NULL;

    if (config == NULL)
        libvirt_error(error, "cannot read the XML of domain '%s'", virDomainGetName(domain));
    free(live);
    free(config);
    return device;
}

gboolean
floor_source_correct(virDomainPtr domain, const char *request, gboolean *corrected, GError **error)
{
    g_autoptr(GError) cause = NULL;

    *corrected = FALSE;
    if (virDomainIsPersistent(domain) != 1)
        return TRUE;
    g_autofree char *device = write_for(domain, request, &cause);
    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (device == NULL)
        return TRUE;
    *corrected = virDomainUpdateDeviceFlags(domain, device, VIR_DOMAIN_AFFECT_CONFIG) == 0;
    return *corrected || libvirt_error(error,
                                       "cannot change the floor of request '%s' in the persistent "
                                       "configuration",
                                       request);
}
