/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-host.h"
#include "iov-ledger.h"

/*
 * Where the host should send a request's frames: to its function, or to its floor. The function is
 * served by the adapter itself, by the MAC that libvirt gives it; the floor by a macvtap, or by a
 * bridge of which adapters know nothing.
 */
typedef struct {
    const char *uuid, *request, *mac;
    gboolean on_function;   /* its guest's driver has it; else it is on its floor */
    gboolean is_elsewhere;  /* that is not of the adapter below the floor's macvtap */
    gboolean is_teaming;    /* the guest listens to its floor only where it has no function */
    const char *tap;        /* nullable: the floor's end on the host */
    gboolean is_macvtap;    /* in mode bridge */
    const char *bridge_mac; /* nullable: the own MAC of the floor's bridge */
    GPtrArray *uplinks;     /* IovUplink: the bridge's ways to PFs of started pools */
} IovSteering;

/* What PFs' filters should hold for it. (transfer full) (element-type IovLedgerFilter) */
GPtrArray *iov_steer_filters(const IovSteering *steering);
/* The bridge's ports behind which the MAC is not: what it learned there is old.
 * (transfer container) (element-type utf8) */
GPtrArray *iov_steer_wrong_ports(const IovSteering *steering);
/* The tap at which the bridge is to learn, or not to, as @learning says; NULL: none. */
const char *iov_steer_learning(const IovSteering *steering, gboolean *learning);
IovMacvtapMode iov_steer_macvtap(const IovSteering *steering);
