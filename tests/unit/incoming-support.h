/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manager-support.h"

/* A domain that comes in: what it brings, and what becomes of it. */
#define ELSEWHERE "0000:81:00.3" /* a function of another host */

/* An <interface type='hostdev'> of net0 with that function. (transfer full) */
char *incoming_interface(const char *function);
/* A raw direct floor of net0. (transfer full) */
char *incoming_floor(const char *netdev);

/* The domain comes in. Its XML afterwards, @leases leases were made; what it needs no change of is
 * @xml itself. (transfer full) */
char *incoming_arrive(World *world, IovIncoming kind, const char *xml, guint leases);
/* It is refused with @code and a message that holds @text, and nothing is changed. */
void incoming_refused(World *world, IovIncoming kind, const char *xml, IovError code,
                      const char *text);
/* The host address in the XML of the device with that alias; of its first hostdev where NULL.
 * (transfer full) (nullable) */
char *incoming_source(const char *xml, const char *alias);
/* prepare and started, with that XML. */
void incoming_start(World *world, const char *xml);
/* A reservation's time, and an agent that sees no domain. */
void incoming_let_pass(World *world);
/* Leases @function to another domain. */
void incoming_take(World *world, const char *function);
