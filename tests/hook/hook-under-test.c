/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hook for tests: the installed program's front, with its paths from the command line in front
 * of libvirt's arguments. The installed program has no such way in.
 */
#include "front.h"

int
main(int argc, char **argv)
{
    if (argc < 4)
        return 99;
    const IovHookPaths paths = {.root = argv[1], .module = argv[2], .agent = argv[3]};

    return iov_hook_main(argc - 3, argv + 3, &paths);
}
