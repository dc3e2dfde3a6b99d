/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libvirt.h"

/*
 * The device below a raw macvtap floor (<interface type='direct'>), which has another name on each
 * host. The live XML of a domain that came from another host has this host's, by the hook; the
 * persistent configuration, which libvirt sends beside it, has the other's.
 */

/**
 * floor_source_correct:
 * @corrected: (out): the persistent configuration was changed
 *
 * The floor of @request in the persistent configuration names the device that the running one
 * stands on. No-op where there is no such floor, or no persistent configuration.
 */
gboolean floor_source_correct(virDomainPtr domain, const char *request, gboolean *corrected,
                              GError **error);

/* The part of it without libvirt: the device with @alias of @config_xml, with the source that it
 * has in @live_xml; NULL where nothing is to be changed. (transfer full) (nullable) */
char *floor_source_write(const char *live_xml, const char *config_xml, const char *alias);
