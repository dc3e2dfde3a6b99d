# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Save and restore: a domain goes down to its floors, is saved, and is lifted again when it is restored;
# one that cannot be saved is as it was.

needs_iovpool
peer_up

# boot_of NAME: the id of the guest's boot
boot_of() {
    guest "$1" 'cat /proc/sys/kernel/random/boot_id'
}

step "a failover guest on its function, and one with replug"
run iovpool create fast --adapter enp1s0 --vfs 3
run iovpool start fast
define_guest vm1
define_guest vm2
run iovpool request vm1 --pool fast --name net0
run iovpool request vm2 --pool fast --name net0 --migration replug
for name in vm1 vm2; do
    run virsh start "$name"
    works "$name boots" guest_wait "$name"
done
works "both are lifted" "wait_for 120 is_lifted vm1 && wait_for 120 is_lifted vm2"
mac=$(iovpool requests vm1 --json | jq --raw-output '.[0].mac')
run guest_address vm1 "$mac" 192.0.2.11/24
works "it reaches the peer" "guest vm1 'ping -c 2 -w 30 $PEER_ADDRESS'"
boot=$(boot_of vm1)

step "saved to a file, and restored"
works "iovpool save" iovpool save vm1 /var/tmp/vm1.save
like "$output" "vm1 net0: on its floor" "it says what it took off"
is "$(virsh domstate vm1)" "shut off" "the domain is saved"
is "$(iovpool status --json | jq 'map(select(.domain == "vm1")) | length')" 0 "and holds nothing"
works "its function is free" \
    "wait_for 60 'iovpool functions fast --json | jq --exit-status \"map(select(.state == \\\"free\\\")) | length == 2\"'"
works "virsh restore" virsh restore /var/tmp/vm1.save
works "it is lifted again" "wait_for 120 is_lifted vm1"
is "$(boot_of vm1)" "$boot" "the same boot of the same guest"
works "it reaches the peer" "guest vm1 'ping -c 2 -w 60 $PEER_ADDRESS'"

step "managed save"
works "iovpool managedsave, failover" iovpool managedsave vm1
works "iovpool managedsave, replug" iovpool managedsave vm2
works "every function is free" "wait_for 60 all_free"
works "virsh start" virsh start vm1
works "virsh start" virsh start vm2
works "both are lifted again" "wait_for 120 is_lifted vm1 && wait_for 120 is_lifted vm2"
is "$(boot_of vm1)" "$boot" "the same boot of the same guest"
works "it reaches the peer" "guest vm1 'ping -c 2 -w 60 $PEER_ADDRESS'"

step "a save that fails"
refuses "no such directory" iovpool save vm1 /nowhere/vm1.save
like "$output" "iovpool: cannot save domain 'vm1' to /nowhere/vm1.save: .*/nowhere" "one line says why"
is "$(virsh domstate vm1)" running "the domain runs on"
works "and is lifted again" "wait_for 120 is_lifted vm1"
works "it reaches the peer" "guest vm1 'ping -c 2 -w 60 $PEER_ADDRESS'"
run virsh suspend vm1
refuses "a paused guest" iovpool save vm1 /var/tmp/vm1.save
like "$output" "paused guest cannot give back .*: resume it first" "the next step is named"
is "$(status_of vm1)" "passthrough active" "it keeps its function"
run virsh resume vm1
refuses "a domain that does not run" "virsh define <(virsh dumpxml vm1 --inactive | sed '/<uuid>/d; s/vm1/vm3/') && iovpool save vm3 /var/tmp/vm3.save"
like "$output" "cannot save domain 'vm3' to /var/tmp/vm3.save: it is not running" "is named"
run virsh undefine vm3

step "all of them at once"
works "iovpool detach --all" iovpool detach --all
is "$(iovpool status --json | jq --raw-output 'map(.state) | unique | join(" ")')" parked "every request is parked"
works "every function is free" "wait_for 60 all_free"

step "leave"
for name in vm1 vm2; do
    run virsh destroy "$name"
    run virsh undefine "$name"
done
run rm /var/tmp/vm1.save
run iovpool destroy fast
run iovpool undefine fast
