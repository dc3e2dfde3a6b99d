# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Words of the scenarios in which the migration of one booted guest fails. Each failure ends with the domain
# running where it was (or where it went), with I/O, on a known tier, with exact ledgers on both hosts, and a
# message that says what happened.

is_gone() {
    ! on "$1" virsh domstate "$2"
}
runs_on() {
    on "$1" virsh domstate "$2" | grep -x running
}
# pings HOST TEXT: they are answered, and the gap has an end
pings() {
    local gap answered sent
    works "$2: it hears the peer" "on $1 ping_heard vm1 $PEER_ADDRESS"
    read -r gap answered sent < <(on "$1" ping_gap vm1 "$PEER_ADDRESS")
    comment "$2: longest ping gap $gap ms, $answered of $sent answered"
    works "$2: the gap has an end" "[ $gap -lt 90000 ] && [ $answered -gt 0 ]"
}
# stays TEXT: after a migration that failed, all is as before
stays() {
    works "$1: it runs here" runs_on lab1 vm1
    works "$1: on passthrough" "wait_for 120 on lab1 is_lifted vm1"
    works "$1: its guest has the VF" "wait_for 120 vf_is_up vm1"
    pings lab1 "$1"
    works "$1: nothing of it is there" "wait_for 60 is_gone lab2 vm1"
    works "$1: it holds nothing there" "wait_for 180 on lab2 holds_nothing vm1"
    is "$(on lab1 iovpool functions fast --json | jq '[.[] | select(.domain == "vm1" and .state == "active")] | length')" 1 \
        "$1: and one function here"
}
# comes_back TEXT: from lab2, by a plain virsh migrate
comes_back() {
    works "$1: back" "on lab2 virsh migrate --live vm1 qemu+ssh://lab1/system"
    works "$1: on passthrough here" "wait_for 120 on lab1 is_lifted vm1"
    works "$1: its guest has the VF" "wait_for 120 vf_is_up vm1"
    pings lab1 "$1, back"
    works "$1: nothing stays there" "wait_for 60 on lab2 holds_nothing vm1"
}
# midway [OPTION...]: a migration that has come to its copy, and goes on slowly; $migration is its process
midway() {
    virsh migrate --live --bandwidth 1 "$@" vm1 qemu+ssh://lab2/system >"$SHARED/migration" 2>&1 &
    migration=$!
    works "the guest gives up its VF for the copy" "wait_for 120 '! has_vf vm1'"
}
# fails TEXT: the migration that is midway
fails() {
    local status=0
    wait "$migration" || status=$?
    output=$(cat "$SHARED/migration")
    comment "$1: $output"
    if [ "$status" -ne 0 ]; then ok "$1: virsh migrate fails"; else not_ok "$1: virsh migrate fails"; fi
}

# vm1_runs: three VFs here, two there; vm1 is on passthrough here, and pings
vm1_runs() {
    pools_fast 3 2
    peer_up
    define_guest vm1
    run iovpool request vm1 --pool fast --name net0
    run virsh start vm1
    works "it boots" guest_wait vm1
    works "it is lifted" "wait_for 120 on lab1 is_lifted vm1"
    mac=$(iovpool requests vm1 --json | jq --raw-output '.[0].mac')
    run guest_address vm1 "$mac" 192.0.2.11/24
    works "it reaches the peer" "guest vm1 'ping -c 2 -w 60 $PEER_ADDRESS'"
    ping_start vm1 "$PEER_ADDRESS"
}

# leave_vm1: it is gone, the VFs of both hosts are free, and so are their pools
leave_vm1() {
    run virsh destroy vm1
    run virsh undefine vm1
    leave_pools
}
