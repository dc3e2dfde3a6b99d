# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The host's adapters by name, and what a scenario does to them with plain kernel files, as an admin
# without libiovpool would. Also the cable: the emulator's monitor is on a port of this host.

PF1=enp1s0 PF2=enp2s0 PEER=enp4s0
PEER_ADDRESS=192.0.2.1
PCI=/sys/bus/pci/devices

# wait_for_hardware: until udev has named the adapters and loaded KVM
wait_for_hardware() {
    udevadm wait --settle --timeout=300 /dev/kvm \
        "/sys/class/net/$PF1" "/sys/class/net/$PF2" "/sys/class/net/$PEER"
}

# pci_address NETDEV
pci_address() {
    local device
    device=$(readlink -f "/sys/class/net/$1/device")
    basename "${device%/virtio*}"
}

# adapters: the PCI addresses of all that can have VFs
adapters() {
    local file
    for file in "$PCI"/*/sriov_totalvfs; do
        basename "${file%/*}"
    done
}

# vf ADDRESS-OF-PF INDEX: the PCI address of its VF
vf() {
    basename "$(readlink -f "$PCI/$1/virtfn$2")"
}

# make_vfs ADDRESS-OF-PF COUNT: VFs that no host driver takes
make_vfs() {
    echo 0 >"$PCI/$1/sriov_drivers_autoprobe"
    echo "$2" >"$PCI/$1/sriov_numvfs"
    udevadm settle
}

# bind_to_vfio ADDRESS
bind_to_vfio() {
    modprobe vfio-pci
    echo vfio-pci >"$PCI/$1/driver_override"
    echo "$1" >/sys/bus/pci/drivers/vfio-pci/bind
}

# driver ADDRESS: the driver that has the device, or nothing
driver() {
    [ ! -e "$PCI/$1/driver" ] || basename "$(readlink -f "$PCI/$1/driver")"
}

# peer_up: the adapter outside the pools answers pings at PEER_ADDRESS, from a namespace of its own
peer_up() {
    ip netns list | grep -w peer >/dev/null || ip netns add peer
    ! ip link show "$PEER" >/dev/null 2>&1 || ip link set "$PEER" netns peer
    ip -n peer addr replace "$PEER_ADDRESS/24" dev "$PEER"
    ip -n peer link set "$PEER" up
}

# monitor COMMAND-LINE: a command for the emulator's human monitor ("info network"), its answer on
# stdout. Events and the greeting come on the same port; the answer is known by its id.
monitor() {
    local id=$$.$RANDOM line port
    exec {port}<>/dev/virtio-ports/lab.monitor
    printf '%s\n' '{"execute": "qmp_capabilities"}' >&"$port"
    jq --null-input --compact-output --arg id "$id" --arg command "$*" \
        '{execute: "human-monitor-command", arguments: {"command-line": $command}, id: $id}' >&"$port"
    while read -r -t 10 -u "$port" line; do
        [[ $line == *"\"$id\""* ]] || continue
        exec {port}>&-
        jq --raw-output '.return // .error.desc' <<<"$line"
        return
    done
    exec {port}>&-
    return 1
}

# cable ADAPTER on|off: plugs in or pulls the cable of enp1s0, enp2s0 or enp4s0
cable() {
    monitor "set_link $1 $2"
}
