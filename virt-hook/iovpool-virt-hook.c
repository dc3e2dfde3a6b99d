/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The libvirt qemu hook, as installed: the front with its compiled-in paths. libvirt runs it
 * through /etc/libvirt/hooks/qemu.d/50-iovpool.
 */
#include "front.h"

int
main(int argc, char **argv)
{
    static const IovHookPaths paths = {
        .root = "/",
        .module = IOV_HOOK_MODULE,
        .agent = IOV_HOOK_AGENT,
    };

    return iov_hook_main(argc, argv, &paths);
}
