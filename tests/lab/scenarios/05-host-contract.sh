# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The host contract over this kernel: the suite that `make check` runs over the fake host, here over
# real adapters. Only what both show may be built on.

program=
for directory in /usr/libexec /usr/local/libexec; do
    [ ! -x "$directory/iovpool/iov-contract-host" ] || program=$directory/iovpool/iov-contract-host
done
if [ -z "$program" ]; then
    skip "the host contract" "not staged: make install-contract DESTDIR=STAGE"
    exit 0
fi

step "the drivers of the VFs"
run modprobe igbvf
run modprobe vfio-pci

step "a network adapter"
run ip link set "$PF2" up
works "the contract holds for $PF1" "$program 0000:01:00.0"

step "a drive"
works "the contract holds for the NVMe controller" "$program 0000:03:00.0"
