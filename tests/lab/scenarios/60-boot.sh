# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# A reboot: an autostarted pool has its VFs before libvirtd runs, so that an autostarted domain finds
# them. Nothing of the boot before is believed.

needs_iovpool

if ! rebooted; then
    step "a pool and a domain that start with the host"
    run iovpool create fast --adapter enp1s0 --vfs 3
    run iovpool start fast
    run iovpool autostart fast
    define_guest vm1 --noboot
    run iovpool request vm1 --pool fast --name net0 --migration replug
    run virsh autostart vm1
    reboot_host
fi

step "after the reboot"
is "$(cat "$PCI/0000:01:00.0/sriov_numvfs")" 3 "the VFs are there"
is "$(systemctl show --property=Result --value iovpool-pools.service)" success "the pools' unit succeeded"
pools=$(systemctl show --property=ExecMainExitTimestampMonotonic --value iovpool-pools.service)
libvirtd=$(systemctl show --property=ExecMainStartTimestampMonotonic --value libvirtd.service)
works "before libvirtd started" "[ $pools -gt 0 ] && [ $pools -lt $libvirtd ]"
works "the domain started with the host" "wait_for 120 'virsh list --name | grep -qx vm1'"
works "and is lifted" \
    "wait_for 120 'iovpool status vm1 --json | jq --exit-status \".[0].state == \\\"active\\\"\"'"

step "leave"
run virsh destroy vm1
run virsh undefine vm1
works "free again" "wait_for 120 'iovpool functions fast --json | jq --exit-status \"all(.state == \\\"free\\\")\"'"
run iovpool destroy fast
run iovpool undefine fast
