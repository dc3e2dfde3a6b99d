/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libvirt.h"

/*
 * Lift and drop of one request of a running domain: the ledger and libvirt in the right order. The
 * command line and the agent share this.
 */

#define LIFT_WAIT_SECONDS 20

/**
 * lift_request:
 *
 * Leases a function where the request has none, and attaches it. The lease is active afterwards
 * where QEMU holds the device; in failover mode it may stay attaching, with the reason noted, until
 * the guest has negotiated: lift_confirm() is for then. A failed attach leaves the request waiting
 * on its floor and the function scrubbed. No-op where the function is there already.
 */
gboolean lift_request(virDomainPtr domain, IovManager *manager, const char *request,
                      GError **error);

/* Attaching to active where QEMU holds the device by now; no-op otherwise. */
gboolean lift_confirm(IovManager *manager, const char *uuid, const char *request, GError **error);

/* TRUE where QEMU has the request's function, or may be about to have it. */
gboolean lift_has_device(const IovStatus *status);

/**
 * drop_ask:
 * @park: the admin wants it off its function: not lifted again until asked or restarted
 * @gone: (out): the device has left already and its lease is over, or there was none
 *
 * Asks the guest to give the function back; does not wait. drop_finish() is for the
 * device-removed event. Where the request has no function it is parked, or with @park FALSE
 * IOV_ERROR_NOT_FOUND.
 */
gboolean drop_ask(virDomainPtr domain, IovManager *manager, const char *request, gboolean park,
                  gboolean *gone, GError **error);

/* The device has left: its lease ends. No-op where another process did it before. */
gboolean drop_finish(IovManager *manager, const char *uuid, const char *request, GError **error);

/**
 * drop_request:
 *
 * drop_ask(), then waits up to LIFT_WAIT_SECONDS for the guest; needs libvirt's default event loop,
 * registered before the connection was opened, and runs it. Not gone: pending; the agent
 * finishes it.
 */
gboolean drop_request(virDomainPtr domain, IovManager *manager, const char *request, gboolean park,
                      gboolean *gone, GError **error);
