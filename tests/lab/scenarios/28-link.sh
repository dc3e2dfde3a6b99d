# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Four booted guests ping all the while their adapter loses its cable or its link and gets it back; and
# the agent is killed in the middle of it.

needs_iovpool
# shellcheck source=/dev/null
. /lab/inside/four-guests.sh
peer_up

step "three VFs, four guests"
four_guests

step "the cable is pulled"
cable enp1s0 off
works "all drop to their floors" "wait_for 90 '[ \$(count_lifted) = 0 ] && all_clean'"
like "$(iovpool status vm1 --json | jq --raw-output '.[0].reason')" "enp1s0: no carrier|is down" "and say why"
works "and ping on over the other adapter" pings_go_on 15000
cable enp1s0 on
works "back up: lifted again" "wait_for 90 '[ \$(count_lifted) = 3 ]'"
works "all ping on" pings_go_on 15000

step "the cable is pulled, the agent killed in the middle"
cable enp1s0 off
works "a function is asked back" \
    "wait_for 60 'iovpool functions fast --json | jq --exit-status \"any(.state != \\\"active\\\")\"'"
kill_agent
works "the same end: all on their floors" "wait_for 120 '[ \$(count_lifted) = 0 ] && all_clean'"
works "all ping on" pings_go_on 60000
cable enp1s0 on
works "back up: lifted again" "wait_for 90 '[ \$(count_lifted) = 3 ]'"
works "all ping on" pings_go_on 15000

step "the adapter goes down, the agent killed in the middle"
run ip link set enp1s0 down
works "a function is asked back" \
    "wait_for 60 'iovpool functions fast --json | jq --exit-status \"any(.state != \\\"active\\\")\"'"
kill_agent
works "the same end: all on their floors" "wait_for 120 '[ \$(count_lifted) = 0 ] && all_clean'"
# no ping goes through the VF of an adapter that is down, and no one asks the guest for it until the
# agent is back; then the guest's VF driver waits for the adapter before it lets go
works "all ping on" pings_go_on 60000
run ip link set enp1s0 up
works "back up: lifted again" "wait_for 90 '[ \$(count_lifted) = 3 ]'"

step "all of it is in the event log"
run "iovpool events --json"
for word in stranded adapter dropped lifted; do
    works "$word" "iovpool events --json | jq --exit-status 'any(.event == \"$word\")'"
done

step "leave"
leave_four_guests
