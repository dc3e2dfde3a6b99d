# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The main job: a pool of two adapters, a domain that asks by name, and a VF in the running guest
# through which it reaches another adapter; then everything back as it was.

needs_iovpool
peer_up

# place_of DOMAIN: "tier function state" of its first request
place_of() {
    iovpool status "$1" --json |
        jq --raw-output '.[0] | "\(.tier) \(.function // "-") \(.state // "-")"'
}

# policy ADAPTER: what the kernel shows of all its VFs, without their random parts
policy() {
    ip -details link show "$1" | grep -E '^ +vf '
}

step "what this host has"
run iovpool adapters
like "$output" "0000:01:00.0 +enp1s0 +net +igb" "the first adapter is listed with class and driver"
like "$output" "0000:03:00.0 +- +nvme" "and the NVMe controller"
is "$(iovpool adapters --json | jq length)" 3 "three adapters can have VFs"

step "a pool"
works "it is created" "iovpool create fast --adapter enp1s0 --adapter enp2s0 --vfs 7"
works "it starts" "iovpool start fast"
like "$output" "enp1s0: link brought up" "start says that it brought the PF's link up"
works "it starts at every boot" "iovpool autostart fast"
run iovpool list
like "$output" "fast +active +yes" "it is active, with autostart"
is "$(iovpool functions fast --json | jq 'map(select(.state == "free")) | length')" 14 "14 VFs are free"
is "$(driver 0000:01:10.0)" vfio-pci "a VF is bound to vfio-pci"
like "$(virsh net-list)" "iovpool-fast +active" "its floor network is active"
fresh=$(policy enp1s0)

step "a domain asks"
define_guest vm1
works "the request is made" "iovpool request vm1 --pool fast --name net0"
run iovpool requests vm1
like "$output" "net0 +fast" "the domain's XML holds it"
like "$(virsh dumpxml vm1 --inactive)" "ua-iov-net0-port" "with a root port of its own"
mac=$(iovpool requests vm1 --json | jq --raw-output '.[0].mac')
works "libvirt finds the XML valid" \
    "virsh dumpxml vm1 --inactive >/tmp/vm1.xml && virt-xml-validate /tmp/vm1.xml domain"

step "it starts"
works "virsh start" virsh start vm1
works "it boots" guest_wait vm1
works "it is lifted to a VF" "wait_for 120 'place_of vm1 | grep \"^passthrough .* active$\"'"
run iovpool status
like "$output" "vm1 +net0 +fast +passthrough +0000:0[12]:1[0-9]\.[0-7] +active" \
    "status tells tier, function and state"
vf=$(place_of vm1 | cut -d' ' -f2)
qemu=$(cat /run/libvirt/qemu/vm1.pid)
works "QEMU holds the device" \
    "find /proc/$qemu/fd -lname '/dev/vfio/$(basename "$(readlink "$PCI/$vf/iommu_group")")' | grep ."
works "the guest has its driver" \
    "guest vm1 'until ls -d /sys/bus/pci/drivers/igbvf/0000:* >/dev/null 2>&1; do sleep 1; done'"

step "it has I/O through its VF"
run "guest vm1 'for n in /sys/class/net/*; do echo \$(basename \$n) \$(cat \$n/address) \$(readlink \$n/device/driver); done'"
like "$output" "$mac .*igbvf" "the VF has the request's MAC"
bond=$(guest vm1 'for n in /sys/class/net/*; do ! ls -d $n/lower_* >/dev/null 2>&1 || basename $n; done')
is "$(wc -w <<<"$bond")" 1 "the guest bonded floor and VF (net_failover)"
run "guest vm1 'ip link set $bond up; ip addr add 192.0.2.11/24 dev $bond'"
works "it reaches the peer" "guest vm1 'ping -c 3 -w 30 $PEER_ADDRESS'"
works "over the VF" \
    "guest vm1 'v=\$(ls /sys/bus/pci/drivers/igbvf/*/net | tail -n 1); [ \$(cat /sys/class/net/\$v/statistics/tx_packets) -gt 0 ]'"

step "the pool is not taken away below it"
refuses "destroy is refused" "iovpool destroy fast"
like "$output" "$vf to vm1 \(net0\)" "and names the holder"

step "it shuts down"
run virsh shutdown vm1
works "it is off" "wait_for 120 'virsh domstate vm1 | grep \"shut off\"'"
works "the VF is free again" \
    "wait_for 90 '[ \$(iovpool functions fast --json | jq \"map(select(.state == \\\"free\\\")) | length\") = 14 ]'"
is "$(policy enp1s0)" "$fresh" "and as clean as it was fresh"
is "$(iovpool status --json)" "[]" "nothing is left in status"

step "everything goes"
works "unrequest takes out what request put in" "iovpool unrequest vm1 net0"
unlike "$(virsh dumpxml vm1)" "iov" "the domain's XML holds nothing of it"
works "destroy" "iovpool destroy fast"
is "$(cat "$PCI/0000:01:00.0/sriov_numvfs") $(cat "$PCI/0000:02:00.0/sriov_numvfs")" "0 0" "the VFs are gone"
is "$(cat "$PCI/0000:01:00.0/sriov_drivers_autoprobe")" 1 "autoprobe is as it was"
unlike "$(virsh net-list --all)" "iovpool-fast" "the floor network is gone"
works "undefine" "iovpool undefine fast"
run virsh undefine vm1
