# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The agent is away, killed, late: a domain always starts, and what is pending is done as soon as
# there is an agent again. libvirtd's own restart leaves guests and leases alone.

needs_iovpool

state_of() {
    iovpool status "$1" --json | jq --raw-output '.[0] | "\(.tier) \(.state // "-")"'
}
is_lifted() {
    [ "$(state_of "$1")" = "passthrough active" ]
}

step "no agent at virsh start"
run iovpool create fast --adapter enp1s0 --vfs 2
run iovpool start fast
define_guest vm1 --noboot
run iovpool request vm1 --pool fast --name net0 --migration replug
run systemctl stop iovpoold.socket iovpoold.service
works "the domain starts" virsh start vm1
is "$(state_of vm1)" "direct reserved" "its function is reserved, it stands on its floor"
run systemctl start iovpoold.socket iovpoold.service
works "as soon as the agent is up, the VF is plugged" "wait_for 120 is_lifted vm1"
run virsh destroy vm1
works "free again" "wait_for 120 'iovpool functions fast --json | jq -e \"map(select(.state != \\\"free\\\")) | length == 0\"'"

step "a poke starts the agent"
run systemctl stop iovpoold.service
works "the domain starts" virsh start vm1
works "and is lifted, the socket started the agent" "wait_for 120 is_lifted vm1"

step "the agent is killed"
run systemctl kill --signal=KILL iovpoold.service
run virsh destroy vm1
works "its function comes back" "wait_for 120 'iovpool functions fast --json | jq -e \"map(select(.state != \\\"free\\\")) | length == 0\"'"

step "libvirtd restarts under a lifted domain"
run virsh start vm1
works "lifted" "wait_for 120 is_lifted vm1"
pid=$(cat /run/libvirt/qemu/vm1.pid)
run systemctl restart libvirtd
works "libvirtd is back" "wait_for 120 'virsh list >/dev/null 2>&1'"
is "$(virsh domstate vm1)" "running" "the domain runs on"
is "$(cat /run/libvirt/qemu/vm1.pid)" "$pid" "in the same QEMU"
works "still lifted" "is_lifted vm1"
run virsh destroy vm1
works "and released to the agent that found libvirtd again" \
    "wait_for 120 'iovpool functions fast --json | jq -e \"map(select(.state != \\\"free\\\")) | length == 0\"'"

step "the ledger is deleted while a domain is lifted"
run virsh start vm1
works "lifted" "wait_for 120 is_lifted vm1"
function=$(iovpool status vm1 --json | jq --raw-output '.[0].function')
run rm /run/iovpool/ledger.db
works "reconcile" iovpool reconcile
is "$(iovpool status vm1 --json | jq --raw-output '.[0] | "\(.tier) \(.function) \(.state)"')" \
    "passthrough $function active" "no lease is lost"
works "a second reconcile changes nothing" "[ -z \"\$(iovpool reconcile -q)\" ]"
run virsh destroy vm1
works "free again" "wait_for 120 'iovpool functions fast --json | jq -e \"map(select(.state != \\\"free\\\")) | length == 0\"'"

step "by hand"
run virsh start vm1
works "lifted" "wait_for 120 is_lifted vm1"
works "reset lets a firmware without hot-plug answer" virsh reset vm1
run "iovpool detach vm1 net0 || true"
like "$(state_of vm1)" "detaching|direct parked" "detach took it off, or waits for the guest"
run virsh destroy vm1
run virsh undefine vm1
works "free again" "wait_for 120 'iovpool functions fast --json | jq -e \"map(select(.state != \\\"free\\\")) | length == 0\"'"

step "a failover guest that has not negotiated"
define_guest vm2 --noboot
run iovpool request vm2 --pool fast --name net0
works "it starts" virsh start vm2
works "status says what it waits for" \
    "wait_for 120 'iovpool status vm2 --json | jq --raw-output .[0].reason | grep -q negotiated'"
unlike "$(state_of vm2)" "active" "and does not call it active"
run virsh destroy vm2
run virsh undefine vm2
works "free again" "wait_for 120 'iovpool functions fast --json | jq -e \"map(select(.state != \\\"free\\\")) | length == 0\"'"

step "memory"
works "the agent answers" "systemctl is-active iovpoold.service || systemctl start iovpoold.service"
rss=$(awk '/^VmRSS/ {print $2}' "/proc/$(systemctl show --property=MainPID --value iovpoold.service)/status")
comment "agent resident: $rss KiB"
works "at most 20 MiB are resident" "[ $rss -le 20480 ]"
run iovpool destroy fast
run iovpool undefine fast
