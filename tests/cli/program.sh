# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Sourced by scripts that run iovpool often: $iovpool is the program itself. What stands at its place before it is
# installed is libtool's script, which takes three times as long to find the library as the program to run.

build=${IOV_TEST_BUILDDIR:?run by make check}
# shellcheck disable=SC2016 # the inner shell's
{
    read -r iovpool
    read -r LD_LIBRARY_PATH
} < <("$build/libtool" --silent --mode=execute -dlopen "$build/libiovpool/libiovpool.la" \
    sh -c 'printf "%s\n" "$1" "$LD_LIBRARY_PATH"' - "$build/iovpool")
[ -x "${iovpool:-}" ] || { echo "libtool does not tell where iovpool is" && exit 1; }
export LD_LIBRARY_PATH
