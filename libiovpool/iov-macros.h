/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

/* The library is built with hidden visibility: what carries IOV_API is public and stands in
 * libiovpool.sym. */
#define IOV_API __attribute__((visibility("default")))
