# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Sixteen domains on fourteen VFs, started all at once: fourteen are lifted, none shares, and the
# other two run on their floor and say why. Four more come and wait; when three are stopped, three
# that wait are lifted, by priority. Guests need not boot: replug lifts at once.

needs_iovpool

# count TIER STATE: how many requests stand so
count() {
    iovpool status --json | jq --arg tier "$1" --arg state "$2" \
        'map(select(.tier == $tier and (.state // "-") == $state)) | length'
}

step "a pool of 14 VFs and 16 domains"
run iovpool create fast --adapter enp1s0 --adapter enp2s0 --vfs 7
run iovpool start fast
for i in {1..16}; do
    define_guest "vm$i" --noboot
    run iovpool request "vm$i" --pool fast --name net0 --migration replug
done

step "all at once"
pids=()
for i in {1..16}; do
    virsh start "vm$i" >"/tmp/start-vm$i" 2>&1 &
    pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do
    wait "$pid" || failed=$((failed + 1))
done
is "$failed" 0 "every domain started"
is "$(virsh list --name | grep -c vm)" 16 "16 run"
works "14 are on passthrough" "wait_for 480 '[ \$(count passthrough active) = 14 ]'"
is "$(count direct waiting)" 2 "2 are on their floor"
reasons=$(iovpool status --json | jq --raw-output 'map(select(.tier == "direct") | .reason) | unique | .[]')
is "$reasons" "all 14 functions of pool fast are leased" "and say why"
functions=$(iovpool status --json | jq --raw-output '.[] | .function // empty')
is "$(sort <<<"$functions" | uniq --repeated)" "" "none is leased twice"
# processes that end meanwhile are no failure of find
held=$({ find /proc/[0-9]*/fd -lname '/dev/vfio/[0-9]*' -printf '%l\n' 2>/dev/null || true; } | sort)
is "$(wc -l <<<"$held")" 14 "QEMU processes hold 14 groups"
is "$(uniq --repeated <<<"$held")" "" "each held once"

step "four more, of other priorities, wait"
priorities=([17]=-5 [18]=20 [19]=10 [20]=5)
for i in {17..20}; do
    define_guest "vm$i" --noboot
    run iovpool request "vm$i" --pool fast --name net0 --migration replug --priority "${priorities[i]}"
    works "vm$i starts" virsh start "vm$i"
done
is "$(virsh list --name | grep -c vm)" 20 "20 run"
is "$(count passthrough active) $(count direct waiting)" "14 6" "14 on passthrough, 6 on their floor"

step "three that are lifted stop"
lifted=$(iovpool status --json | jq --raw-output 'map(select(.state == "active") | .domain) | .[0:3] | .[]')
started=$(date +%s)
for name in $lifted; do
    virsh destroy "$name" >/dev/null
done
works "three are lifted in their place" "wait_for 300 '[ \$(count passthrough active) = 14 ]'"
comment "14 on passthrough again $(($(date +%s) - started)) s after the first was stopped"
is "$(iovpool status --json | jq --raw-output 'map(select((.domain | test("^vm(17|18|19|20)$")) and .state == "active") | .domain) | sort | join(" ")')" \
    "vm18 vm19 vm20" "those of the highest priority"
is "$(count direct waiting)" 3 "the others wait on"
functions=$(iovpool status --json | jq --raw-output '.[] | .function // empty')
is "$(sort <<<"$functions" | uniq --repeated)" "" "none is leased twice"

step "a required request finds no function"
define_guest vip --noboot
run iovpool request vip --pool fast --name net0 --required
refuses "virsh start fails" virsh start vip
like "$output" "vip" "the message names the domain"
like "$output" "pool 'fast'" "the pool"
like "$output" "held by vm[0-9]+ \(net0\)" "and holders"
is "$(virsh domstate vip)" "shut off" "it does not run"

step "a static hostdev that is leased"
taken=$(head -n 1 <<<"$functions")
owner=$(iovpool status --json | jq --raw-output --arg f "$taken" '.[] | select(.function == $f) | .domain')
IFS=:. read -r _ bus slot number <<<"$taken"
device="<hostdev mode='subsystem' type='pci' managed='no'><source><address domain='0x0000' bus='0x$bus' slot='0x$slot' function='0x$number'/></source></hostdev>"
define_guest thief --noboot --device "$device"
refuses "virsh start fails" virsh start thief
like "$output" "thief" "the message names the one"
like "$output" "'$owner'" "and the other"
is "$(virsh domstate "$owner")" "running" "the owner runs on"

step "all stop"
for name in $(virsh list --name); do
    virsh destroy "$name" >/dev/null
done
works "every VF is free and clean" \
    "wait_for 480 '[ \$(iovpool functions fast --json | jq \"map(select(.state == \\\"free\\\")) | length\") = 14 ]'"
is "$(iovpool status --json)" "[]" "nothing is left in status"

step "a static hostdev that is free"
works "virsh start" virsh start thief
like "$(iovpool status thief --json | jq --raw-output '.[0] | "\(.static) \(.function) \(.state)"')" \
    "true $taken active" "it is leased, and shown as static"
run virsh destroy thief
works "and free again" \
    "wait_for 60 all_free fast"

step "leave"
for domain in $(virsh list --all --name); do
    virsh undefine "$domain" >/dev/null
done
run iovpool destroy fast
run iovpool undefine fast
