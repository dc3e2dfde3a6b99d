/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libvirt.h"

/*
 * The floor network of a pool: the libvirt network iovpool-POOL over the pool's own PFs, for pools
 * that name no other floor.
 */

/* FALSE: not a network pool, or its floor is another. */
gboolean floor_network_is_wanted(const IovPool *pool);

/**
 * floor_network_start:
 * @note: (out) (transfer full) (nullable): what was done, or why an old one was kept
 *
 * Defines, starts and autostarts it over the PFs of the started pool. One that has other PFs is
 * brought up to date where no guest uses it, and kept, with a note, where one does.
 */
gboolean floor_network_start(virConnectPtr connection, IovManager *manager, const IovPool *pool,
                             char **note, GError **error);

/**
 * floor_network_stop:
 * @saved: (out) (transfer full) (nullable): for floor_network_restore()
 * @note: (out) (transfer full) (nullable): why it was kept
 *
 * Stops and undefines it where no guest uses it.
 */
gboolean floor_network_stop(virConnectPtr connection, const IovPool *pool, char **saved,
                            char **note, GError **error);

/* Undoes floor_network_stop(). */
gboolean floor_network_restore(virConnectPtr connection, const char *saved, GError **error);
