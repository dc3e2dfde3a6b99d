/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fake-libvirt.h"
#include "manager-support.h"

/*
 * The domain of fake-libvirt.h as a guest of a started pool: vm1 runs, and its request net0 waits
 * for a function. QEMU opens a function as soon as it is attached, and lets go when it leaves; a
 * test that wants it otherwise sets other hooks.
 */

typedef struct {
    World world;
    virDomainPtr domain;
    IovDomain *record;
} FakeGuest;

extern FakeGuest guest;

void guest_set_up(void);
void guest_tear_down(void);
/* The status of net0, its only request. (transfer full) */
IovStatus *guest_status(void);
/* QEMU has the function of net0 open. */
void guest_hold(gboolean held);
