/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program iovpool. Everything it does is in the convenience library, where tests reach it.
 */
#include "cli-command.h"

#include <locale.h>

int
main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    return cli_run(argc, argv);
}
