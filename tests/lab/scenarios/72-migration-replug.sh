# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# hosts: 2
#
# A guest without failover goes to the other host by iovpool migrate, and back; and a domain without
# requests by virsh migrate, for which all is as without us.

needs_iovpool

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

# copies_for NAME MILLISECONDS: its migration has taken so long, and goes on
copies_for() {
    local elapsed
    elapsed=$(virsh domjobinfo "$1" | sed -nE 's/^Time elapsed: +([0-9]+) +ms$/\1/p')
    [ "${elapsed:-0}" -gt "$2" ]
}

step "the same pool on both hosts"
pools_fast 7 7
peer_up

step "without failover, by iovpool migrate"
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
# libvirtd closes a connection whose other end has said nothing for half a minute. So slow a copy might have no
# end, as the guest may change its memory faster.
run on lab2 virsh migrate-setspeed vm2 1
began=$(now)
{ on lab2 iovpool migrate vm2 qemu+ssh://lab1/system >"$SHARED/migration" 2>&1 || exit; } &
migration=$!
works "back, slowly: its copy takes longer than libvirtd waits for a client" "wait_for 180 on lab2 copies_for vm2 40000"
run on lab2 virsh migrate-setspeed vm2 1000
status=0
wait "$migration" || status=$?
is "$status" 0 "iovpool migrate, back"
comment "iovpool migrate, back, took $(milliseconds_since "$began") ms: $(cat "$SHARED/migration")"
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
leave_pools
