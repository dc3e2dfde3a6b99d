# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# hosts: 2
#
# A lifted guest goes to the other host and comes back, five times each way, by a plain virsh migrate:
# each time another VF is free there, each time it is on one afterwards, with its MAC and policy, and
# nobody else has it. Then a guest without failover, by iovpool migrate; and a domain without requests,
# for which all is as without us.

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
# follow_link NAME MAC ADDRESS: as an admin's own bonding would, a guest without failover uses that of its
# adapters with the MAC which has a link, a VF first
follow_link() {
    # shellcheck disable=SC2016 # the guest's
    local loop='while :; do
        best=
        for n in /sys/class/net/*; do
            [ "$(cat $n/address)" = "$MAC" ] || continue
            [ "$(cat $n/carrier 2>/dev/null)" ] || ip link set ${n##*/} up
            [ "$(cat $n/carrier 2>/dev/null)" = 1 ] || continue
            case $(readlink $n/device/driver) in
                */igbvf) best=${n##*/} ;;
                *) best=${best:-${n##*/}} ;;
            esac
        done
        if [ -n "$best" ] && [ "$best" != "$now" ]; then
            [ -z "$now" ] || ip addr flush dev $now 2>/dev/null
            ip addr replace $ADDRESS dev $best
            now=$best
        fi
        usleep 400000
    done'
    guest "$1" "MAC=$2 ADDRESS=$3 setsid sh -c '$loop' >/dev/null 2>&1 &"
}
now() {
    date +%s%N
}
milliseconds_since() {
    echo $((($(now) - $1) / 1000000))
}

step "the same pool on both hosts"
for host in lab1 lab2; do
    works "a pool on $host" "on $host 'iovpool create fast --adapter enp1s0 --vfs 7 && iovpool start fast'"
done
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
for host in lab1 lab2; do
    on "$host" "virsh destroy other; virsh undefine other" >/dev/null 2>&1 || true
done

step "without failover, by iovpool migrate"
ping_stop vm1 "$PEER_ADDRESS"
run virsh destroy vm1
run virsh undefine vm1
define_guest vm2
run iovpool request vm2 --pool fast --name net0 --migration replug
run virsh start vm2
works "it boots" guest_wait vm2
works "it is lifted" "wait_for 120 on lab1 is_lifted vm2"
mac=$(iovpool requests vm2 --json | jq --raw-output '.[0].mac')
run follow_link vm2 "$mac" 192.0.2.12/24
works "it reaches the peer" "wait_for 60 guest vm2 ping -c 1 -W 2 $PEER_ADDRESS"
ping_start vm2 "$PEER_ADDRESS"
refuses "virsh migrate refuses" virsh migrate --live vm2 qemu+ssh://lab2/system
works "constraints tells the way" "iovpool constraints vm2 --to qemu+ssh://lab2/system"
like "$output" "iovpool migrate" "iovpool migrate"
works "a dry run tells the steps" "iovpool migrate vm2 qemu+ssh://lab2/system --dry-run"
like "$output" "reserve a function there.*down to its floors.*migrate it.*lift it there" "in their order"
is "$(on lab1 status_of vm2)" "passthrough active" "and takes none"
began=$(now)
works "iovpool migrate" iovpool migrate vm2 qemu+ssh://lab2/system
comment "iovpool migrate took $(milliseconds_since "$began") ms"
works "it is on passthrough there" "wait_for 120 on lab2 is_lifted vm2"
works "its guest answers there" on lab2 guest vm2 true
works "it hears the peer" "on lab2 ping_heard vm2 $PEER_ADDRESS"
read -r gap answered sent < <(on lab2 ping_gap vm2 "$PEER_ADDRESS")
comment "without failover: longest ping gap $gap ms, $answered of $sent answered"
works "the gap has an end" "[ $gap -lt 60000 ] && [ $answered -gt 0 ]"
is "$(on lab2 "iovpool requests vm2 --json" | jq --raw-output '.[0].mac')" "$mac" "the same MAC"
works "and holds nothing here" "wait_for 60 on lab1 holds_nothing vm2"
works "iovpool migrate, back" "on lab2 iovpool migrate vm2 qemu+ssh://lab1/system"
works "it is on passthrough here" "wait_for 120 on lab1 is_lifted vm2"
run virsh destroy vm2
run virsh undefine vm2

step "a domain without requests"
define_guest plain --noboot
run virsh start plain
before=$(on lab2 sha256sum /run/iovpool/ledger.db)
works "virsh migrate, with the hook" virsh migrate --live plain qemu+ssh://lab2/system
is "$(on lab2 sha256sum /run/iovpool/ledger.db)" "$before" "the destination's ledger is as it was"
with=$(on lab2 virsh dumpxml plain | sed "s/<domain type='kvm' id='[0-9]*'/<domain/")
works "and back" "on lab2 virsh migrate --live plain qemu+ssh://lab1/system"
hook=$(on lab2 readlink -f /etc/libvirt/hooks/qemu.d/50-iovpool)
on lab2 'mv /etc/libvirt/hooks/qemu.d/50-iovpool /root/hook && systemctl reload libvirtd'
works "virsh migrate, without the hook" virsh migrate --live plain qemu+ssh://lab2/system
without=$(on lab2 virsh dumpxml plain | sed "s/<domain type='kvm' id='[0-9]*'/<domain/")
on lab2 'mv /root/hook /etc/libvirt/hooks/qemu.d/50-iovpool && systemctl reload libvirtd'
is "$(on lab2 readlink -f /etc/libvirt/hooks/qemu.d/50-iovpool)" "$hook" "the hook is back"
is "$with" "$without" "byte for byte the same"
run on lab2 virsh destroy plain
run "virsh undefine plain || on lab2 virsh undefine plain"

step "leave"
for host in lab1 lab2; do
    works "every VF on $host is free" "wait_for 60 on $host all_free fast"
    works "the pool on $host" "on $host 'iovpool destroy fast && iovpool undefine fast'"
done
