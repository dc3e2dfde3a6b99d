# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The agent is away, killed, late: a domain always starts, and what is pending is done as soon as
# there is an agent again. libvirtd's own restart leaves guests and leases alone.

needs_iovpool

step "no agent at virsh start"
run iovpool create fast --adapter enp1s0 --vfs 2
run iovpool start fast
define_guest vm1 --noboot
run iovpool request vm1 --pool fast --name net0 --migration replug
run systemctl stop iovpoold.socket iovpoold.service
works "the domain starts" virsh start vm1
is "$(status_of vm1)" "direct reserved" "its function is reserved, it stands on its floor"
run systemctl start iovpoold.socket iovpoold.service
works "as soon as the agent is up, the VF is plugged" "wait_for 120 is_lifted vm1"
run virsh destroy vm1
works "free again" "wait_for 120 all_free fast"

step "a poke starts the agent"
run systemctl stop iovpoold.service
works "the domain starts" virsh start vm1
works "and is lifted, the socket started the agent" "wait_for 120 is_lifted vm1"

step "the agent is killed"
run systemctl kill --signal=KILL iovpoold.service
run virsh destroy vm1
works "its function comes back" "wait_for 120 all_free fast"

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
    "wait_for 120 all_free fast"

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
works "free again" "wait_for 120 all_free fast"

step "one domain cannot be read, and the ledger is deleted under a pool that took up VFs"
run modprobe igbvf
run "echo 2 >/sys/bus/pci/devices/0000:02:00.0/sriov_numvfs"
taken=$(vf 0000:02:00.0 0)
works "the host's driver has the VFs" \
    "wait_for 30 '[ \"\$(driver $taken)\" = igbvf ] && [ \"\$(driver $(vf 0000:02:00.0 1))\" = igbvf ]'"
run iovpool create taken --adapter 0000:02:00.0 --vfs 2
run iovpool start taken
define_guest vm3 --noboot
run iovpool request vm3 --pool taken --name net0 --migration replug
run virsh start vm1
run virsh start vm3
works "both are lifted" "wait_for 120 is_lifted vm1 && wait_for 120 is_lifted vm3"
function1=$(iovpool status vm1 --json | jq --raw-output '.[0].function')
function3=$(iovpool status vm3 --json | jq --raw-output '.[0].function')
requests=$(virsh metadata vm1 --live --uri https://libiovpool.org/xmlns/domain/1)
run "virsh metadata vm1 --live --uri https://libiovpool.org/xmlns/domain/1 --key iov \
    --set \"<requests><request name='../etc'/></requests>\""
works "reconcile goes on" "iovpool reconcile 2>/tmp/unreadable"
like "$(cat /tmp/unreadable)" "domain 'vm1'.*what it has is left as it is" "it names the domain"
works "which keeps its function" "is_lifted vm1"
run rm /run/iovpool/ledger.db
refuses "nothing is started before reconcile" iovpool start fast
works "reconcile" iovpool reconcile
is "$(iovpool status vm3 --json | jq --raw-output '.[0] | "\(.tier) \(.function) \(.state)"')" \
    "passthrough $function3 active" "no lease is lost on VFs that were taken up"
like "$(iovpool functions fast --json |
    jq --raw-output ".[] | select(.function == \"$function1\") | \"\(.state) \(.reason)\"")" \
    "^foreign domain vm1 has it" "nobody gets the function of the other"
works "all others are cleaned and free" \
    "wait_for 120 'iovpool functions --json | jq -e \"map(select(.state == \\\"free\\\")) | length == 2\"'"
run "virsh metadata vm1 --live --uri https://libiovpool.org/xmlns/domain/1 --key iov --set \"\$requests\""
works "its requests can be read again" iovpool reconcile
is "$(iovpool status vm1 --json | jq --raw-output '.[0] | "\(.tier) \(.function) \(.state)"')" \
    "passthrough $function1 active" "its lease is its own again"
works "a second reconcile changes nothing" "[ -z \"\$(iovpool reconcile -q)\" ]"
run virsh destroy vm1
run virsh destroy vm3
run virsh undefine vm3
works "free again" "wait_for 120 all_free"
works "the pool gives back" iovpool destroy taken
is "$(driver "$taken")" "igbvf" "the driver that its VFs had"
run iovpool undefine taken
run "echo 0 >/sys/bus/pci/devices/0000:02:00.0/sriov_numvfs"

step "by hand"
run virsh start vm1
works "lifted" "wait_for 120 is_lifted vm1"
works "reset lets a firmware without hot-plug answer" virsh reset vm1
run "iovpool detach vm1 net0 || true"
like "$(status_of vm1)" "detaching|direct parked" "detach took it off, or waits for the guest"
run virsh destroy vm1
run virsh undefine vm1
works "free again" "wait_for 120 all_free fast"

step "a failover guest that has not negotiated"
define_guest vm2 --noboot
run iovpool request vm2 --pool fast --name net0
works "it starts" virsh start vm2
works "status says what it waits for" \
    "wait_for 120 'iovpool status vm2 --json | jq --raw-output .[0].reason | grep negotiated'"
unlike "$(status_of vm2)" "active" "and does not call it active"
run virsh destroy vm2
run virsh undefine vm2
works "free again" "wait_for 120 all_free fast"

step "memory"
works "the agent answers" "systemctl is-active iovpoold.service || systemctl start iovpoold.service"
rss=$(awk '/^VmRSS/ {print $2}' "/proc/$(systemctl show --property=MainPID --value iovpoold.service)/status")
comment "agent resident: $rss KiB"
works "at most 20 MiB are resident" "[ $rss -le 20480 ]"
run iovpool destroy fast
run iovpool undefine fast
