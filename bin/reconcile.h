/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-manager.h"

#include <libvirt/libvirt.h>

/*
 * Makes the ledger true again from the domains that run, as iov_manager_reconcile() does. One that
 * ends after it was read, and is released before it is judged, would be entered as running: the
 * ledger is then made true once more.
 *
 * Stores when the domains were last listed (microseconds since 1970) in @listed_at and what
 * changed, a line each, in @changes (transfer full). Returns the domains. (transfer full)
 * (element-type IovDomain)
 */
GPtrArray *reconcile_running(virConnectPtr connection, IovManager *manager, gint64 *listed_at,
                             char ***changes, GError **error);
