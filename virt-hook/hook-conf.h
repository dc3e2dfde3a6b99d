/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "paths.h"

#define IOV_HOOK_DEADLINE 5 /* seconds, where hook.conf does not say otherwise */

/* The deadline in seconds from ROOT/etc/iovpool/hook.conf. A missing file is no problem; with any
 * other problem, told in @problem ("" where none), it is the default. */
unsigned iov_hook_conf_read(const IovHookPaths *paths, char *problem, size_t size);

/* The same from the file's text. */
unsigned iov_hook_conf_parse(const char *text, char *problem, size_t size);
