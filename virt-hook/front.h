/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "paths.h"

/* The whole hook: DOMAIN OPERATION SUBOPERATION EXTRA, the domain's XML on stdin. Returns the exit
 * status. */
int iov_hook_main(int argc, char **argv, const IovHookPaths *paths);
