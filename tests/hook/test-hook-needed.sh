#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The hook's front links libc alone and reads no environment; neither front nor module loads libvirt
# or GIO, themselves or through what they link.
set -eu
build=${IOV_TEST_BUILDDIR:?run by make check}
front=$build/virt-hook/iovpool-virt-hook
module=$build/virt-hook/.libs/virt-hook.so
status=0
list_file=$(mktemp)
trap 'rm -f "$list_file"' EXIT

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
    echo "$library" | grep -E "$allowed" >/dev/null || fail "$front links $library"
done
if readelf -W --dyn-syms "$front" | grep -E ' (secure_)?getenv(@|$)' >/dev/null; then
    fail "$front reads its environment"
fi

# The module may load much, but never libvirt: libvirtd waits for this very process.
[ -f "$module" ] || fail "$module: missing"
LD_LIBRARY_PATH=$build/libiovpool/.libs ldd "$module" >"$list_file"
grep -q 'libiovpool\.so' "$list_file" || fail "$module does not link libiovpool"
for library in libvirt libgio; do
    ! grep -q "$library" "$list_file" || fail "$module loads $library"
done
# A symbol that is missing must be found when the front loads the module, not when it is called.
for object in "$module" "$build/libiovpool/.libs/libiovpool.so"; do
    readelf -dW "$object" | grep -E '\((FLAGS|FLAGS_1)\).*NOW' >/dev/null || fail "$object is bound lazily"
done
symbols=$(readelf -W --dyn-syms "$module" | awk '$5 == "GLOBAL" && $7 != "UND" { print $8 }')
[ "$symbols" = iov_virt_hook_run ] || fail "$module exports: $symbols"
exit $status
