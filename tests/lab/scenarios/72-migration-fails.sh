# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# hosts: 2
#
# Ways in which a migration fails. Each ends with the domain running where it was (or where it went), with
# I/O, on a known tier, with exact ledgers on both hosts, and a message that says what happened.

needs_iovpool

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

step "three VFs here, two there"
run "iovpool create fast --adapter enp1s0 --vfs 3 && iovpool start fast"
works "there" "on lab2 'iovpool create fast --adapter enp1s0 --vfs 2 && iovpool start fast'"
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

step "the destination is full"
for name in one two; do
    works "$name takes a VF there" "on lab2 'define_guest $name --noboot && iovpool request $name --pool fast --name net0 --migration replug && virsh start $name'"
    works "$name has it" "wait_for 120 on lab2 is_lifted $name"
done
refuses "virsh migrate" virsh migrate --live vm1 qemu+ssh://lab2/system
like "$output" "pool 'fast'.*iovpool migrate vm1 URI" "the message names the pool, and the way out"
like "$output" "host 'lab2'" "and the host"
stays "full"
run "iovpool constraints vm1 --to qemu+ssh://lab2/system"
like "$output" "destination-full" "constraints had told"
works "iovpool migrate, by the floor" iovpool migrate vm1 qemu+ssh://lab2/system
works "it holds nothing here" "wait_for 60 on lab1 holds_nothing vm1"
works "it is on its floor there" "wait_for 60 on lab2 is_on_floor vm1"
pings lab2 "full, by iovpool"
run on lab2 virsh destroy one
works "a function is free: it is lifted" "wait_for 120 on lab2 is_lifted vm1"
works "its guest has the VF" "wait_for 120 on lab2 vf_is_up vm1"
comes_back "full"
run "on lab2 'virsh destroy two; virsh undefine one; virsh undefine two'"

step "no pool there"
works "the pool is stopped" "wait_for 60 on lab2 iovpool destroy fast"
refuses "virsh migrate" virsh migrate --live vm1 qemu+ssh://lab2/system
like "$output" "pool 'fast'.*not started" "says so"
refuses "iovpool migrate" iovpool migrate vm1 qemu+ssh://lab2/system
like "$output" "network 'iovpool-fast' of its floor is not active there" "tells what lacks"
works "it runs here" runs_on lab1 vm1
works "on passthrough" on lab1 is_lifted vm1
works "the pool is started" on lab2 iovpool start fast
stays "no pool"

step "the hook's deadline"
run "on lab2 'mkdir -p /etc/iovpool && echo deadline=1 >/etc/iovpool/hook.conf'"
on lab2 "systemd-run --quiet --unit=hold-ledger flock /run/iovpool/ledger.lock sleep infinity"
refuses "virsh migrate" virsh migrate --live vm1 qemu+ssh://lab2/system
like "$output" "not done within 1 s" "says so"
run "on lab2 'systemctl stop hold-ledger; rm /etc/iovpool/hook.conf'"
stays "deadline"

step "cancelled by the admin"
midway
works "virsh domjobabort" virsh domjobabort vm1
fails "cancelled"
stays "cancelled"

step "cancelled, the agent here killed in the middle"
midway
on lab1 kill_agent
works "virsh domjobabort" virsh domjobabort vm1
fails "cancelled without agent"
stays "cancelled without agent"

step "cancelled, the agent here back only when the guest has its VF again"
midway
works "the agent gives its frames to the floor" "wait_for 60 '[ \"\$(status_of vm1)\" = \"direct active\" ]'"
run systemctl kill --signal=STOP iovpoold.service
works "virsh domjobabort" virsh domjobabort vm1
fails "cancelled, agent late"
works "QEMU plugs the function in again" "wait_for 60 has_vf vm1"
on lab1 kill_agent
stays "cancelled, agent late"

step "the other libvirtd is killed"
midway
run on lab2 systemctl kill --signal=KILL libvirtd.service
fails "libvirtd killed"
works "libvirtd is back there" "wait_for 120 on lab2 virsh list"
stays "libvirtd killed"

step "the network is cut"
midway --p2p
cable "$MANAGEMENT" off
fails "cut"
cable "$MANAGEMENT" on
works "the other host answers" "wait_for 120 connect_to lab2 10"
stays "cut"

step "no agent there"
run "on lab2 systemctl stop iovpoold.socket iovpoold.service"
works "virsh migrate" virsh migrate --live vm1 qemu+ssh://lab2/system
works "it runs there" runs_on lab2 vm1
pings lab2 "no agent"
run "on lab2 systemctl start iovpoold.socket iovpoold.service"
works "with the agent it is on passthrough" "wait_for 120 on lab2 is_lifted vm1"
works "its guest has the VF" "wait_for 120 on lab2 vf_is_up vm1"
comes_back "no agent"

step "the agent here is killed before, and in the middle"
on lab1 kill_agent
midway
on lab1 kill_agent
run "virsh migrate-setspeed vm1 1000"
if wait "$migration"; then ok "it migrates all the same"; else not_ok "it migrates all the same" "$(cat "$SHARED/migration")"; fi
works "it is on passthrough there" "wait_for 120 on lab2 is_lifted vm1"
works "its guest has the VF" "wait_for 120 on lab2 vf_is_up vm1"
works "it holds nothing here" "wait_for 60 on lab1 holds_nothing vm1"
pings lab2 "agent killed"
comes_back "agent killed"

step "a paused guest, and a save"
run virsh suspend vm1
run "virsh migrate --live vm1 qemu+ssh://lab2/system || true"
like "$output" "abort|cancel" "the agent gives the migration up"
is "$(virsh domstate vm1)" paused "the guest is paused as before"
run virsh resume vm1
stays "paused"
refuses "virsh save" "timeout 180 virsh save vm1 /var/tmp/vm1.save"
like "$(iovpool events vm1 --json | jq --raw-output '.[].message')" "iovpool save" "the log names iovpool save"
stays "virsh save"

step "a guest that answers nothing"
run "guest vm1 'echo 0 >/proc/sys/kernel/panic; echo c >/proc/sysrq-trigger' || true"
refuses "virsh migrate" "timeout 300 virsh migrate --live vm1 qemu+ssh://lab2/system"
works "it runs here" runs_on lab1 vm1
works "and has its function" on lab1 is_lifted vm1
works "nothing of it is there" "wait_for 60 is_gone lab2 vm1"
works "nor a function that is its" "wait_for 180 on lab2 holds_nothing vm1"

step "the attach there fails"
run virsh destroy vm1
run virsh undefine vm1
define_guest vm2
run iovpool request vm2 --pool fast --name net0 --migration replug
run virsh start vm2
works "it boots" guest_wait vm2
works "it is lifted" "wait_for 120 on lab1 is_lifted vm2"
on lab2 "systemd-run --quiet --unit=hold-groups bash -c 'for group in /dev/vfio/[0-9]*; do exec {fd}<>\$group; done; sleep infinity'"
works "iovpool migrate" iovpool migrate vm2 qemu+ssh://lab2/system
works "it runs there" runs_on lab2 vm2
works "on its floor, which says why" "wait_for 60 'on lab2 iovpool status vm2 --json | jq --exit-status \".[0].tier == \\\"direct\\\" and .[0].reason != \\\"\\\"\"'"
works "it holds nothing here" "wait_for 60 on lab1 holds_nothing vm2"
run "on lab2 systemctl stop hold-groups"
works "it is lifted when it can be" "wait_for 180 on lab2 is_lifted vm2"
run on lab2 virsh destroy vm2
run "virsh undefine vm2 || on lab2 virsh undefine vm2"

step "leave"
for host in lab1 lab2; do
    works "every VF on $host is free" "wait_for 120 on $host all_free fast"
    works "the pool on $host" "on $host 'iovpool destroy fast && iovpool undefine fast'"
done
