# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# hosts: 2
#
# A raw direct floor names a netdev, and the other host's pool has another one: the domain's XML names that
# when it has arrived, the running one and the persistent one.

needs_iovpool

# floor_on HOST [OPTION]: the netdev below the floor
floor_on() {
    on "$1" "virsh dumpxml vm1 ${2-}" | tr -d '\n' | grep -o "<source dev='enp[0-9]*s0' mode='bridge'" | cut -d"'" -f2
}
# arrives HOST NETDEV
arrives() {
    works "it is on passthrough on $1" "wait_for 120 on $1 is_lifted vm1"
    is "$(floor_on "$1")" "$2" "its floor stands on $2"
    works "and will after a start" "wait_for 60 '[ \$(floor_on $1 --inactive) = $2 ]'"
    works "it hears the peer" "on $1 ping_heard vm1 $PEER_ADDRESS"
}

step "pools of different adapters"
run "iovpool create fast --adapter enp1s0 --vfs 2 && iovpool start fast"
works "there" "on lab2 'iovpool create fast --adapter enp2s0 --vfs 2 && iovpool start fast'"
peer_up
define_guest vm1
run iovpool request vm1 --pool fast --name net0 --floor direct:enp1s0
run virsh start vm1
works "it boots" guest_wait vm1
mac=$(iovpool requests vm1 --json | jq --raw-output '.[0].mac')
run guest_address vm1 "$mac" 192.0.2.11/24
ping_start vm1 "$PEER_ADDRESS"
arrives lab1 enp1s0

step "there"
works "virsh migrate" virsh migrate --live --persistent --undefinesource vm1 qemu+ssh://lab2/system
arrives lab2 enp2s0

step "and back"
works "virsh migrate" "on lab2 virsh migrate --live --persistent --undefinesource vm1 qemu+ssh://lab1/system"
arrives lab1 enp1s0

step "leave"
run virsh destroy vm1
run virsh undefine vm1
for host in lab1 lab2; do
    works "every VF on $host is free" "wait_for 60 on $host all_free fast"
    works "the pool on $host" "on $host 'iovpool destroy fast && iovpool undefine fast'"
done
