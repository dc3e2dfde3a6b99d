# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Words of the scenarios in which four booted failover guests on three VFs ping all the while. Their
# floor stands on the second adapter, so that it has another way when the first one is down.

count_lifted() {
    iovpool status --json | jq 'map(select(.state == "active")) | length'
}
all_clean() {
    iovpool functions fast --json | jq --exit-status 'all(.state == "free" or .state == "active")'
}
# pings_go_on MS: every guest's pings were answered since the last call, with no gap that long; prints
# the longest
pings_go_on() {
    local name gap answered sent status=0
    for name in "${guests[@]}"; do
        read -r gap answered sent < <(ping_gap "$name" "$PEER_ADDRESS")
        comment "$name: longest gap $gap ms, $answered of $sent answered"
        [ "$gap" -lt "$1" ] || status=1
    done
    return "$status"
}

# four_guests: they run and ping; three are on passthrough, the name of the fourth is in $waiting
four_guests() {
    local i name mac
    ip link set enp2s0 up
    cat >/tmp/fast.xml <<XML
<iovpool>
  <name>fast</name>
  <adapters><adapter netdev='enp1s0' vfs='3'/></adapters>
  <floor type='direct' source='enp2s0'/>
  <reclaim>yes</reclaim>
</iovpool>
XML
    run iovpool define /tmp/fast.xml
    run iovpool start fast
    guests=(vm1 vm2 vm3 vm4)
    for i in 1 2 3 4; do
        define_guest "vm$i"
        run iovpool request "vm$i" --pool fast --name net0
        # one after the other: the ticks of several that boot at once leave little time for the booting
        run virsh start "vm$i"
        works "vm$i boots" guest_wait "vm$i"
        mac=$(iovpool requests "vm$i" --json | jq --raw-output '.[0].mac')
        run guest_address "vm$i" "$mac" "192.0.2.1$i/24"
    done
    works "three are on passthrough" "wait_for 120 '[ \$(count_lifted) = 3 ]'"
    for name in "${guests[@]}"; do
        is_lifted "$name" || waiting=$name
    done
    is "$(iovpool status "$waiting" --json | jq --raw-output '.[0] | "\(.tier) \(.reason_code)"')" "direct exhausted" \
        "the fourth is on its floor and says why"
    for name in "${guests[@]}"; do
        works "$name reaches the peer" "guest $name 'ping -c 2 -w 30 $PEER_ADDRESS'"
        ping_start "$name" "$PEER_ADDRESS" 0.5
    done
}

# leave_four_guests [NAME...]: they are undefined, with NAMEs, and their pool
leave_four_guests() {
    local name
    for name in "${guests[@]}" "$@"; do
        run "virsh destroy $name || true"
        run virsh undefine "$name"
    done
    works "every VF is free" "wait_for 120 all_free fast"
    run iovpool destroy fast
    run iovpool undefine fast
}
