/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-pool-private.h"

/*
 * The directory of pool definitions: NAME.xml, and autostart/NAME.xml links beside them, as libvirt
 * keeps its networks. @dir is e.g. /etc/iovpool/pools. Names are checked before any path is made.
 */
gboolean iov_config_save(const char *dir, const IovPool *pool, GError **error);
IovPool *iov_config_load(const char *dir, const char *name, GError **error);
/* FALSE with IOV_ERROR_NOT_FOUND where there is no definition of that name. */
gboolean iov_config_exists(const char *dir, const char *name, GError **error);
gboolean iov_config_remove(const char *dir, const char *name, GError **error);
/* Names, sorted; a missing directory is an empty list. */
GStrv iov_config_list(const char *dir, GError **error);
gboolean iov_config_set_autostart(const char *dir, const char *name, gboolean autostart,
                                  GError **error);
gboolean iov_config_get_autostart(const char *dir, const char *name);
