# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Four booted guests ping all the while the VFs of their adapter vanish and come back; and the agent is
# killed in the middle of it.

needs_iovpool
# shellcheck source=/dev/null
. /lab/inside/four-guests.sh
peer_up

step "three VFs, four guests"
four_guests

step "the VFs vanish"
timeout 120 tee "$PCI/0000:01:00.0/sriov_numvfs" <<<0 >/dev/null &
writer=$!
works "all drop to their floors" "wait_for 120 '[ \$(count_lifted) = 0 ]'"
wait "$writer" || true
is "$(cat "$PCI/0000:01:00.0/sriov_numvfs")" 0 "the kernel has them back"
unlike "$(iovpool status --json | jq --raw-output '.[].state')" "parked" "nobody is parked"
works "all ping on" pings_go_on 15000
run "echo 3 >$PCI/0000:01:00.0/sriov_numvfs"
works "back: lifted again" "wait_for 120 '[ \$(count_lifted) = 3 ]'"
works "all ping on" pings_go_on 15000

step "the VFs vanish, the agent killed in the middle"
timeout 120 tee "$PCI/0000:01:00.0/sriov_numvfs" <<<0 >/dev/null &
writer=$!
works "a function is asked back" "wait_for 60 '[ \$(count_lifted) -lt 3 ]'"
kill_agent
works "the same end: all on their floors" "wait_for 120 '[ \$(count_lifted) = 0 ]'"
wait "$writer" || true
unlike "$(iovpool status --json | jq --raw-output '.[].state')" "parked" "nobody is parked"
works "all ping on" pings_go_on 60000
run "echo 3 >$PCI/0000:01:00.0/sriov_numvfs"
works "back: lifted again" "wait_for 120 '[ \$(count_lifted) = 3 ]'"
works "all ping on" pings_go_on 15000

step "all of it is in the event log"
run "iovpool events --json"
for word in lost dropped lifted; do
    works "$word" "iovpool events --json | jq --exit-status 'any(.event == \"$word\")'"
done

step "leave"
leave_four_guests
