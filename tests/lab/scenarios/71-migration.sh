# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# hosts: 2
#
# A lifted guest goes to the other host and comes back, five times each way, by a plain virsh migrate:
# each time another VF is free there, each time it is on one afterwards, with its MAC and policy, and
# nobody else has it.

needs_iovpool

# the second release shows that it works there too
ROUNDS=5 RATE=500
! grep -qx 'VERSION_ID="12"' /etc/os-release || ROUNDS=1
# vf_line HOST FUNCTION: what the PF says of the VF
vf_line() {
    local index
    index=$(on "$1" iovpool functions fast --json | jq --arg function "$2" '.[] | select(.function == $function) | .index')
    on "$1" ip link show enp1s0 | grep "vf $index "
}

step "the same pool on both hosts"
pools_fast 7 7
peer_up
define_guest vm1
run iovpool request vm1 --pool fast --name net0 --rate-max "$RATE"
run virsh start vm1
works "it boots" guest_wait vm1
works "it is lifted" "wait_for 120 on lab1 is_lifted vm1"
mac=$(iovpool requests vm1 --json | jq --raw-output '.[0].mac')
run guest_address vm1 "$mac" 192.0.2.11/24
works "it reaches the peer" "guest vm1 'ping -c 2 -w 60 $PEER_ADDRESS'"
ping_start vm1 "$PEER_ADDRESS"

for host in lab1 lab2; do
    works "a domain on $host that takes a VF now and then" \
        "on $host 'define_guest other --noboot && iovpool request other --pool fast --name net0 --migration replug'"
done

# crossing FROM TO: with all checks of it
crossing() {
    local from=$1 to=$2 began function gap answered sent
    began=$(now)
    works "$from to $to: virsh migrate" "on $from virsh migrate --live vm1 qemu+ssh://$to/system"
    took=$(milliseconds_since "$began")
    works "it is on passthrough there" "wait_for 120 on $to is_lifted vm1"
    works "its guest has the VF, with a link" "wait_for 120 on $to vf_is_up vm1"
    function=$(on "$to" function_of vm1)
    like "$(vf_line "$to" "$function")" "$mac.*max_tx_rate ${RATE}Mbps" "the VF has its MAC and its rate"
    works "it holds nothing where it was" "wait_for 60 on $from holds_nothing vm1"
    unlike "$(on "$from" ip link show enp1s0)" "$mac" "nor has any VF its MAC there"
    is "$(on "$to" iovpool functions fast --json | jq '[.[] | select(.domain == "vm1")] | length')" 1 "one function is its"
    works "it hears the peer" "on $to ping_heard vm1 $PEER_ADDRESS"
    read -r gap answered sent < <(on "$to" ping_gap vm1 "$PEER_ADDRESS")
    comment "$from to $to: $function, virsh migrate took $took ms, longest ping gap $gap ms, $answered of $sent answered"
    works "the gap has an end" "[ $gap -lt 60000 ] && [ $answered -gt 0 ]"
}

total=0
used=()
for ((round = 1; round <= ROUNDS; round++)); do
    step "there and back: $round"
    verb=start
    ((round % 2)) || verb=destroy
    works "another VF is free on lab2" on lab2 virsh "$verb" other
    [ "$verb" = destroy ] || works "as it is taken" "wait_for 120 on lab2 is_lifted other"
    crossing lab1 lab2
    used+=("$(on lab2 function_of vm1)")
    total=$((total + took))
    works "another VF is free on lab1" virsh "$verb" other
    [ "$verb" = destroy ] || works "as it is taken" "wait_for 120 on lab1 is_lifted other"
    crossing lab2 lab1
    total=$((total + took))
done
comment "virsh migrate took $((total / ROUNDS / 2)) ms on average"
[ ! -e /lab/results/bare-gaps ] ||
    comment "longest ping gaps of the same pair under bare libvirt: $(grep ' to ' /lab/results/bare-gaps | tr '\n' ' ')"
[ ! -e /lab/results/bare-migration ] ||
    comment "$(awk -v ours=$((total / ROUNDS / 2)) '{ bare += $1 } END {
        printf "ratio to the same pair by bare libvirt (%d ms): %.2f", bare / NR, ours / (bare / NR) }' /lab/results/bare-migration)"
works "on different VFs" "[ $ROUNDS = 1 ] || [ $(printf '%s\n' "${used[@]}" | sort -u | wc -l) -gt 1 ]"

step "leave"
run virsh destroy vm1
run virsh undefine vm1
for host in lab1 lab2; do
    on "$host" "virsh destroy other; virsh undefine other" >/dev/null 2>&1 || true
done
leave_pools
