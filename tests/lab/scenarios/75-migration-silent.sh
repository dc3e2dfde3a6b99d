# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# hosts: 2
#
# Migrations of a guest that does not let go of its VF, and one after which the other host cannot attach
# any.

needs_iovpool
# shellcheck source=/dev/null
. /lab/inside/one-migrates.sh

step "three VFs here, two there"
vm1_runs

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
# a kernel that has panicked spins
run virsh schedinfo vm1 --live vcpu_quota=10000
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
leave_pools
