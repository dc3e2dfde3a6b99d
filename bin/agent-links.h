/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A descriptor that is readable when a link of this host has changed (rtnetlink(7), RTMGRP_LINK);
 * -1 with @error. What has changed is the caller's to look up. */
int agent_links_open(GError **error);
/* Reads what waits. */
void agent_links_drain(int descriptor);
