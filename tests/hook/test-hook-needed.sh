#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The hook's front links libc alone and reads no environment; neither front nor module loads libvirt
# or GIO, themselves or through what they link.
set -eu
build=${IOV_TEST_BUILDDIR:?run by make check}
front=$build/virt-hook/iovpool-virt-hook
module=$build/virt-hook/.libs/virt-hook.so
status=0

fail()
{
    echo "$0: $1" >&2
    status=1
}

needed()
{
    readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'
}

# libdl is libc's own before glibc 2.34, the sanitizers' libraries come with --enable-sanitizers
allowed='^(libc\.so\.6|ld-linux.*|libdl\.so\.2)$'
[ "${IOV_TEST_SANITIZERS:-no}" = no ] || allowed="$allowed|^lib(asan|ubsan|gcc_s|m|rt|pthread)\\."
list=$(needed "$front")
[ -n "$list" ] || fail "$front: no NEEDED entry found"
for library in $list; do
    echo "$library" | grep -Eq "$allowed" || fail "$front links $library"
done
if readelf -W --dyn-syms "$front" | grep -Eq ' (secure_)?getenv(@|$)'; then
    fail "$front reads its environment"
fi
exit $status
