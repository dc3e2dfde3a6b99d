# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Four booted guests on three VFs ping all the while: promotion when a function frees, the agent killed
# in the middle of it, and a guest that does not answer.

needs_iovpool
# shellcheck source=/dev/null
. /lab/inside/four-guests.sh
peer_up

step "three VFs, four guests"
four_guests

step "a function frees: promotion"
holder=vm1
[ "$waiting" != vm1 ] || holder=vm2
start=$(now)
run iovpool detach "$holder" net0
works "who waited is lifted" "wait_for 60 is_lifted $waiting"
comment "promoted $(milliseconds_since "$start") ms after the detach"
is "$(status_of "$holder")" "direct parked" "who was detached is parked"
works "all ping on, dropped and lifted" pings_go_on 15000
run "iovpool attach $holder net0 || true"
is "$(iovpool status "$holder" --json | jq --raw-output '.[0] | "\(.tier) \(.reason_code)"')" "direct exhausted" \
    "attach ends the parking: it waits"

step "promotion, the agent killed in the middle"
waiting=$holder
holder=vm3
[ "$waiting" != vm3 ] || holder=vm4
run "iovpool detach $holder net0 &"
works "a function is on its way" \
    "wait_for 60 'iovpool functions fast --json | jq --exit-status \"any(.state != \\\"active\\\")\"'"
kill_agent
works "the same end: who waited is lifted" "wait_for 120 is_lifted $waiting"
works "who was detached is parked" "wait_for 60 '[ \"\$(status_of $holder)\" = \"direct parked\" ]'"
works "all ping on" pings_go_on 15000
run "iovpool attach $holder net0 || true"

step "a guest that cannot answer"
silent=vm1
for name in "${guests[@]}"; do
    if is_lifted "$name"; then silent=$name; fi
done
run virsh suspend "$silent"
start=$(now)
run "iovpool detach $silent net0"
like "$output" "pending" "detach says that it waits"
comment "detach returned after $(milliseconds_since "$start") ms"
is "$(status_of "$silent")" "passthrough detaching" "the function stays the guest's"
works "status says why" \
    "wait_for 60 'iovpool status $silent --json | jq --exit-status \".[0].reason | test(\\\"paused|acknowledge\\\")\"'"
run virsh resume "$silent"
works "it answers when it runs again" "wait_for 90 is_on_floor $silent"

step "all of it is in the event log"
run "iovpool events --json"
for word in lifted promoted dropped; do
    works "$word" "iovpool events --json | jq --exit-status 'any(.event == \"$word\")'"
done
run "iovpool explain vm1"
like "$output" "vm1 net0" "explain tells of the request"

step "leave"
leave_four_guests
