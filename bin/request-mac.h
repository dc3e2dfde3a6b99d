/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libvirt.h"

/* Gives @request the MAC @wanted, or where that is NULL a random one of QEMU's range. A MAC that a
 * request of any domain on this host has is IOV_ERROR_EXISTS. */
gboolean request_choose_mac(virConnectPtr connection, IovRequest *request, const char *wanted,
                            GError **error);
