# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Four booted guests on three VFs ping all the while: reclaim for a higher priority, the agent killed in
# the middle of it, and a victim that does not let go.

needs_iovpool
# shellcheck source=/dev/null
. /lab/inside/four-guests.sh
peer_up

step "three VFs, four guests"
four_guests

step "a high priority on a full pool: reclaim"
define_guest vip --noboot
run iovpool request vip --pool fast --name net0 --priority 10 --migration replug
start=$(now)
run virsh start vip
works "it is on passthrough" "wait_for 90 is_lifted vip"
comment "on passthrough $(milliseconds_since "$start") ms after virsh start (aim 15)"
victim=$(iovpool status --json | jq --raw-output '.[] | select(.reason_code == "reclaimed") | .domain')
like "$victim" "^vm[1-4]$" "one guest gave its function"
like "$(iovpool status "$victim" --json | jq --raw-output '.[0].reason')" "goes to vip" "and says to whom"
is "$(iovpool functions fast --json | jq 'map(select(.domain != null)) | length')" 3 "each function has one holder"
works "all ping on, the victim on its floor" pings_go_on 15000
refuses "who has no function left to give is not asked: nothing detaches" \
    "iovpool functions fast --json | jq --exit-status 'any(.state == \"detaching\")'"
run virsh destroy vip
works "it goes: three guests are lifted again" "wait_for 90 '[ \$(count_lifted) = 3 ]'"
works "all ping on" pings_go_on 15000

step "reclaim, the agent killed in the middle"
run virsh start vip
works "a function is asked for" \
    "wait_for 30 'iovpool functions fast --json | jq --exit-status \"any(.state == \\\"detaching\\\" or .state == \\\"scrubbing\\\") or (map(select(.domain == \\\"vip\\\")) | length == 1)\"'"
kill_agent
works "the same end: vip is on passthrough" "wait_for 120 is_lifted vip"
works "two guests are" "[ \$(count_lifted) = 3 ]"
works "all ping on" pings_go_on 15000
run virsh destroy vip
works "three guests are lifted again" "wait_for 90 '[ \$(count_lifted) = 3 ]'"

step "a victim without a hot-plug driver"
cat >/tmp/lone.xml <<XML
<iovpool>
  <name>lone</name>
  <adapters><adapter netdev='enp2s0' vfs='1'/></adapters>
  <reclaim>yes</reclaim>
</iovpool>
XML
run iovpool define /tmp/lone.xml
run iovpool start lone
for name in deaf chief; do
    define_guest "$name" --noboot
done
run iovpool request deaf --pool lone --name net0 --migration replug
run iovpool request chief --pool lone --name net0 --migration replug --priority 10
run virsh start deaf
works "it has the only function" "wait_for 60 is_lifted deaf"
start=$(now)
works "the other starts" virsh start chief
comment "started after $(milliseconds_since "$start") ms"
works "the function is asked for" "wait_for 60 '[ \"\$(status_of deaf)\" = \"passthrough detaching\" ]'"
works "and again, later and later" \
    "wait_for 120 'iovpool events --json | jq --exit-status \"map(select(.event == \\\"delayed\\\" and .domain == \\\"deaf\\\")) | length >= 2\"'"
is "$(status_of deaf)" "passthrough detaching" "it stays the guest's meanwhile"
like "$(iovpool status deaf --json | jq --raw-output '.[0].reason')" "goes to chief" "and says to whom it goes"
is "$(status_of chief)" "direct waiting" "the other waits on its floor"
works "nobody else waits for them: all ping on" pings_go_on 15000
# QEMU 10.0 may not survive it: a function that leaves during the reset is one less in its list of what is to
# be reset, which an assertion forbids. The function is let go all the same.
run "virsh reset deaf || true"
works "a reset lets go: the other has it" "wait_for 120 is_lifted chief"
if virsh list --name | grep -x deaf; then
    works "and it stands on its floor" is_on_floor deaf
else
    like "$(cat /var/log/libvirt/qemu/deaf.log)" "resettable_container_child_foreach: Assertion" "it was QEMU's own end"
fi
for name in deaf chief; do
    run "virsh destroy $name || true"
    run virsh undefine "$name"
done
works "free again" "wait_for 60 all_free lone"
run iovpool destroy lone
run iovpool undefine lone
run ip link set enp2s0 up

step "all of it is in the event log"
run "iovpool events --json"
for word in reclaimed delayed; do
    works "$word" "iovpool events --json | jq --exit-status 'any(.event == \"$word\")'"
done

step "leave"
leave_four_guests vip
