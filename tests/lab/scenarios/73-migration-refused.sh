# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# hosts: 2
#
# Migrations that the other host cannot serve, and says so before anything is copied; and one that goes
# through without an agent there.

needs_iovpool
# shellcheck source=/dev/null
. /lab/inside/one-migrates.sh

step "three VFs here, two there"
vm1_runs

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

step "no agent there"
run "on lab2 systemctl stop iovpoold.socket iovpoold.service"
works "virsh migrate" virsh migrate --live vm1 qemu+ssh://lab2/system
works "it runs there" runs_on lab2 vm1
pings lab2 "no agent"
run "on lab2 systemctl start iovpoold.socket iovpoold.service"
works "with the agent it is on passthrough" "wait_for 120 on lab2 is_lifted vm1"
works "its guest has the VF" "wait_for 120 on lab2 vf_is_up vm1"
comes_back "no agent"

step "leave"
leave_vm1
