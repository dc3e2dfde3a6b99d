# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# A reboot: an autostarted pool has its VFs before libvirtd runs, so that an autostarted domain finds
# them. Nothing of the boot before is believed. A guest that was lifted goes down to its floor, is
# suspended with the host, resumed with it, and lifted again.

needs_iovpool

if ! rebooted; then
    step "a pool and a domain that start with the host"
    run iovpool create fast --adapter enp1s0 --vfs 3
    run iovpool start fast
    run iovpool autostart fast
    define_guest vm1 --noboot
    run iovpool request vm1 --pool fast --name net0 --migration replug
    run virsh autostart vm1

    step "a lifted guest that is suspended with the host"
    run "sed -i '/^#*ON_SHUTDOWN=/d' /etc/default/libvirt-guests"
    run "sed -i '/^#*ON_BOOT=/d' /etc/default/libvirt-guests"
    run "printf 'ON_BOOT=start\\nON_SHUTDOWN=suspend\\n' >>/etc/default/libvirt-guests"
    define_guest vm2
    run iovpool request vm2 --pool fast --name net0
    run virsh start vm2
    works "it boots" guest_wait vm2
    works "it is lifted" "wait_for 120 'iovpool status vm2 --json | jq --exit-status \".[0].state == \\\"active\\\"\"'"
    guest vm2 'cat /proc/sys/kernel/random/boot_id' >/root/boot-of-vm2
    reboot_host
fi

step "after the reboot"
is "$(cat "$PCI/0000:01:00.0/sriov_numvfs")" 3 "the VFs are there"
is "$(systemctl show --property=Result --value iovpool-pools.service)" success "the pools' unit succeeded"
pools=$(systemctl show --property=ExecMainExitTimestampMonotonic --value iovpool-pools.service)
libvirtd=$(systemctl show --property=ExecMainStartTimestampMonotonic --value libvirtd.service)
works "before libvirtd started" "[ $pools -gt 0 ] && [ $pools -lt $libvirtd ]"
works "the domain started with the host" "wait_for 120 'virsh list --name | grep -x vm1'"
works "and is lifted" \
    "wait_for 120 'iovpool status vm1 --json | jq --exit-status \".[0].state == \\\"active\\\"\"'"

works "the suspended guest runs again" "wait_for 120 'virsh list --name | grep -x vm2'"
works "and is lifted" \
    "wait_for 120 'iovpool status vm2 --json | jq --exit-status \".[0].state == \\\"active\\\"\"'"
is "$(guest vm2 'cat /proc/sys/kernel/random/boot_id')" "$(cat /root/boot-of-vm2)" "it has not booted again"

step "leave"
for name in vm1 vm2; do
    run virsh destroy "$name"
    run virsh undefine "$name"
done
run rm /root/boot-of-vm2
works "free again" "wait_for 120 all_free fast"
run iovpool destroy fast
run iovpool undefine fast
