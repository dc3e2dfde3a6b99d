/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How a device's alias names its request: the floor ua-iov-NAME, the function ua-iov-NAME-vf, its
 * root port ua-iov-NAME-port. libvirt keeps an alias of the user's only where it starts with "ua-"
 * and holds nothing but [A-Za-z0-9_-] (formatdomain, "Device aliases").
 */
#define IOV_ALIAS_PREFIX "ua-iov-"
#define IOV_ALIAS_FUNCTION_SUFFIX "-vf"
#define IOV_ALIAS_PORT_SUFFIX "-port"
