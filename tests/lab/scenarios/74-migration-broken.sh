# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# hosts: 2
#
# Migrations that end in the middle of their copy: cancelled, or cut off from the other host; and those
# whose agent is killed meanwhile.

needs_iovpool
# shellcheck source=/dev/null
. /lab/inside/one-migrates.sh

step "three VFs here, two there"
vm1_runs

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

step "leave"
leave_vm1
