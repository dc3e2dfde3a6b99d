# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Traffic follows the guest, whatever its floor: two guests, the host and a machine outside reach each
# other while one guest is on its VFs, on its floors, and on VFs again. Each floor has a network of
# its own on the one wire.

needs_iovpool

# network: of what floor; hosts .1 the peer, .2 the host, .11 guest a, .12 guest b
DEFAULT=192.0.2 BRIDGE=198.51.100 DIRECT=203.0.113 APART=10.0.1 REPLUG=10.0.0
NETWORKS=("$DEFAULT" "$BRIDGE" "$DIRECT" "$APART")
floor_of() {
    case $1 in
        "$DEFAULT") echo "default floor" ;;
        "$BRIDGE") echo "floor in a bridge" ;;
        "$DIRECT") echo "direct floor" ;;
        "$APART") echo "floor on another adapter than the function" ;;
    esac
}

mac_of() {
    iovpool requests "$1" --json | jq --raw-output ".[] | select(.request == \"$2\").mac"
}
# on DOMAIN TIER COUNT: so many requests of the domain are served so
on() {
    [ "$(iovpool status "$1" --json | jq "map(select(.tier == \"$2\" and .state != \"detaching\")) | length")" = "$3" ]
}
# tap_of REQUEST: the end of a's floor on the host
tap_of() {
    virsh dumpxml a |
        xmllint --xpath "string(//interface[alias/@name='ua-iov-$1']/target/@dev)" -
}
# link_of REQUEST: what the kernel says of it
link_of() {
    ip -details link show "$(tap_of "$1")"
}
# in_filter ADAPTER MAC: the adapter gives its PF what its VFs send there
in_filter() {
    grep -q "^$2 self" <<<"$(bridge fdb show dev "$1")"
}
forget_neighbours() {
    # what pings at the moment fills it again
    guest a "ip neigh flush all; true" >/dev/null
    guest b "ip neigh flush all; true" >/dev/null
    ip neigh flush all
    ip -n peer neigh flush all
}

# silent SOURCE TARGET...: those that do not answer it
silent() {
    local source=$1 target
    shift
    case $source in
        a | b) guest "$source" "pings try $*" && return ;;
    esac
    for target; do
        if [ "$source" = peer ]; then
            ip netns exec peer ping -q -c 1 -w 4 "$target" >/dev/null || echo "$target" &
        else
            ping -q -c 1 -w 4 "$target" >/dev/null || echo "$target" &
        fi
    done
    wait
}

# all_reach_all WHERE: checks it, in each network, from each of the four
all_reach_all() {
    local source hosts network host targets missing
    forget_neighbours
    for source in "b 1 2 11" "a 1 2 12" "host 11 12" "peer 11 12"; do
        hosts=${source#* } source=${source%% *} targets=()
        for network in "${NETWORKS[@]}"; do
            for host in $hosts; do
                targets+=("$network.$host")
            done
        done
        missing=$(silent "$source" "${targets[@]}")
        for network in "${NETWORKS[@]}"; do
            is "$(sed -n "/^$network\./p" <<<"$missing" | paste -sd' ')" "" \
                "$1, $(floor_of "$network"): $source reaches everyone"
        done
    done
}

# gap_of WHAT GUEST TARGET: the longest silence, told, and checked to have an end. How short it is
# depends on what else this machine does: a second where it does nothing else.
gap_of() {
    local gap answered sent
    read -r gap answered sent < <(ping_gap "$2" "$3")
    comment "$1, $2 to $3: longest gap: $gap ms, $answered of $sent answered"
    works "$1: $2 hears $3 again within seconds" "[ $gap -lt 15000 ] && [ $answered -gt 0 ]"
}
PINGS=()
for network in "${NETWORKS[@]}"; do
    PINGS+=("a $network.1" "a $network.12")
done
# links_up GUEST: of all functions below a failover bond
links_up() {
    # shellcheck disable=SC2016 # the guest's
    guest "$1" 'for n in /sys/class/net/*; do
        [ ! -e $n/master ] || ! readlink $n/device/driver | grep -q igbvf || [ $(cat $n/carrier) = 1 ] || exit 1
    done'
}
# heard_all: what was lost before is known then
heard_all() {
    works "a hears all of them" ping_heard a "${PINGS[@]#a }"
}
gaps_of() {
    local ping
    for ping in "${PINGS[@]}"; do
        # shellcheck disable=SC2086 # two words
        gap_of "$1" $ping
    done
}

step "a wire with three networks"
peer_up
for network in "$BRIDGE" "$DIRECT" "$APART" "$REPLUG"; do
    run ip -n peer addr add "$network.1/24" dev "$PEER"
done
arp_ignore=$(sysctl -n net.ipv4.conf.all.arp_ignore)
run sysctl -w net.ipv4.conf.all.arp_ignore=1
run iovpool create fast --adapter "$PF1" --vfs 5
run iovpool start fast
run iovpool create wide --adapter "$PF2" --vfs 4
run iovpool start wide
run ip link add br0 type bridge
run ip link set "$PF2" master br0
# The emulated adapter gives a function its own broadcasts back, and the bridge would take its guests
# to be out there. Hardware does not (82576, DTXSWC.LLE).
run bridge link set dev "$PF2" learning off
run ip link set br0 up
run ip addr add "$BRIDGE.2/24" dev br0
run ip link add link "$PF1" name host0 type macvlan mode bridge
run ip link set host0 up
for network in "$DEFAULT" "$DIRECT" "$APART" "$REPLUG"; do
    run ip addr add "$network.2/24" dev host0
done

step "two guests with a request for each kind of floor"
for guest in a b; do
    define_guest "$guest" --ports 8
    run iovpool request "$guest" --pool fast --name net0
    run iovpool request "$guest" --pool wide --name net1 --floor bridge:br0
    run iovpool request "$guest" --pool fast --name net2 --floor "direct:$PF1"
    run iovpool request "$guest" --pool wide --name net3 --floor "direct:$PF1"
done
works "a floor that is not virtio" \
    "iovpool request a --pool fast --name net4 --model e1000e"
for guest in a b; do
    run virsh start "$guest"
    works "$guest boots" guest_wait "$guest"
done
for guest in a b; do
    run "guest $guest 'echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore; echo 2 >/proc/sys/net/ipv4/conf/all/arp_announce'"
done
for network in "$DEFAULT net0" "$BRIDGE net1" "$DIRECT net2" "$APART net3"; do
    run guest_address a "$(mac_of a "${network#* }")" "${network% *}.11/24"
    run guest_address b "$(mac_of b "${network#* }")" "${network% *}.12/24"
done
works "a is on its VFs" "wait_for 180 on a passthrough 5"
works "b is on its VFs" "wait_for 180 on b passthrough 4"
works "b goes to its floors" iovpool detach b
a=$(mac_of a net1) b=$(mac_of b net1)
# The guest's drivers take their time: frames follow them.
on_functions() {
    grep -q "mode vepa" <<<"$(link_of net0)" && ! in_filter "$PF2" "$a" &&
        grep -q "mode vepa" <<<"$(link_of net2)" && ! grep -q "[<,]UP[,>]" <<<"$(link_of net3)"
}
on_floors() {
    grep -q "mode bridge" <<<"$(link_of net0)" && in_filter "$PF2" "$a" &&
        grep -q "mode bridge" <<<"$(link_of net2)" && grep -q "[<,]UP[,>]" <<<"$(link_of net3)"
}

step "a on its VFs, b on its floors"
works "$PF2 takes frames for b" "wait_for 20 in_filter $PF2 $b"
works "and for br0" "in_filter $PF2 $(cat /sys/class/net/br0/address)"
works "a's frames go to its VFs" "wait_for 60 on_functions"
all_reach_all "on VFs"

step "a drops to its floors"
for ping in "${PINGS[@]}"; do
    # shellcheck disable=SC2086 # two words
    run ping_start $ping 0.5
done
for request in net0 net1 net2 net3; do
    works "$request drops" iovpool detach a "$request"
done
works "a's frames go to its floors" "wait_for 60 on_floors"
heard_all
gaps_of drop
all_reach_all "on floors"

step "a is lifted again"
for ping in "${PINGS[@]}"; do
    # shellcheck disable=SC2086 # two words
    run ping_gap $ping
done
for request in net0 net1 net2 net3; do
    works "$request is lifted" iovpool attach a "$request"
done
works "a's frames go to its VFs" "wait_for 60 on_functions"
works "their links are up" "wait_for 60 links_up a"
heard_all
gaps_of lift
all_reach_all "on VFs again"

step "a guest that only answers"
for ping in "${PINGS[@]}"; do
    # shellcheck disable=SC2086 # two words
    run ping_stop $ping
done
for network in "$DEFAULT" "$BRIDGE"; do
    run ping_start b "$network.11"
done
for change in "detach on_floors" "attach on_functions"; do
    where=${change#* } change=${change% *}
    works "$change" iovpool "$change" a
    works "a's frames follow" "wait_for 60 $where"
    works "their links are up" "wait_for 60 links_up a"
    for network in "$DEFAULT" "$BRIDGE"; do
        works "b hears a at $network.11" ping_heard b "$network.11"
        gap_of "$change" b "$network.11"
    done
done

step "an emulated floor, without failover"
is "$(iovpool status a --json | jq --raw-output '.[] | select(.request == "net4") | "\(.tier) \(.state)"')" \
    "passthrough active" "it has its function"
adapters="guest a 'for n in /sys/class/net/*; do [ \$(cat \$n/address) != $(mac_of a net4) ] || echo \${n##*/} \$(basename \$(readlink \$n/device/driver)); done'"
run "$adapters"
vf=$(awk '$2 == "igbvf" { print $1 }' <<<"$output") floor=$(awk '$2 == "e1000e" { print $1 }' <<<"$output")
run "guest a 'ip link set $vf up && ip addr add $REPLUG.11/24 dev $vf'"
is "$(silent a "$REPLUG.1" "$REPLUG.2")" "" "over the VF it reaches the peer and the host"
works "it drops" iovpool detach a net4
run "guest a 'ip link set $floor up && ip addr add $REPLUG.11/24 dev $floor'"
is "$(silent a "$REPLUG.1" "$REPLUG.2")" "" "over the floor it reaches the peer and the host"

step "the agent is killed, and a domain goes"
works "$PF2 takes frames for b" "in_filter $PF2 $b"
run systemctl stop iovpoold.socket
run systemctl kill --signal=KILL iovpoold.service
run systemctl stop iovpoold.service # it would be started again
run virsh destroy b
works "its entry is left" "in_filter $PF2 $b"
run systemctl start iovpoold.socket iovpoold.service
works "the next agent takes it back" "wait_for 60 '! in_filter $PF2 $b'"
run virsh destroy a
works "nothing is left in the adapter" \
    "wait_for 60 '! in_filter $PF2 $(cat /sys/class/net/br0/address)'"

for guest in a b; do
    run virsh undefine "$guest"
done
run ip link del br0
run ip link del host0
for network in "$BRIDGE" "$DIRECT" "$APART" "$REPLUG"; do
    run ip -n peer addr del "$network.1/24" dev "$PEER"
done
run sysctl -w "net.ipv4.conf.all.arp_ignore=$arp_ignore"
for pool in fast wide; do
    works "all of $pool is free" \
        "wait_for 90 all_free $pool"
    run iovpool destroy "$pool"
    run iovpool undefine "$pool"
done
