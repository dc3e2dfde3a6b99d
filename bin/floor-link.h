/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libvirt.h"

/*
 * The link of a request's floor, as the guest sees it. In replug mode floor and function are
 * swapped by it: while the function serves the guest its floor has no link, so that a bond, a
 * teaming driver or a network manager in the guest goes to the function, and back before the
 * function is unplugged.
 */

/* Takes the floor's link away and notes so in the ledger, before it is done. Where the request has
 * no floor, or an admin has taken its link away, nothing is done and nothing noted. */
gboolean floor_link_lower(virDomainPtr domain, IovManager *manager, const char *request,
                          GError **error);
/* Gives the floor its link back; the note goes when that is done, or when there is no floor. */
gboolean floor_link_raise(virDomainPtr domain, IovManager *manager, const char *request,
                          GError **error);

/* The <interface> with @alias in a domain's XML, with its link up or down; NULL where there is
 * none, or where its link is so already. (transfer full) (nullable) */
char *floor_link_write(const char *domain_xml, const char *alias, gboolean up);
