# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Two hosts, lab1 and lab2, joined by two wires: one leads from hub to hub, so that guests on one host
# reach those on the other, one joins an adapter of its own on each (enp5s0), for migration and ssh.
# What runs, runs on lab1, which types on lab2 by ssh. The wires are sockets in the pair's directory,
# which nobody else has; a directory beside them is /shared on both hosts.

pair_host() {
    echo "$RUN/pair/lab$1"
}

# fill_pair PURPOSE SCENARIO-FILE...: what the two find in /lab
fill_pair() {
    mkdir -p "$RUN/pair/shared"
    fill_share "$(pair_host 1)" "$1" 2 "${@:2}"
    fill_share "$(pair_host 2)" second 2
}

# wire NAME HUB HOST-NUMBER: lab1 listens, lab2 connects
wire() {
    local name=$1 hub=$2 role='server=on'
    [ "$3" -eq 1 ] || role='server=off,reconnect-ms=500'
    printf '%s\n' \
        -netdev "stream,id=$name,$role,addr.type=unix,addr.path=/mnt/pair/$name" \
        -netdev "hubport,id=hub-$name,hubid=$hub,netdev=$name"
}

# pair_arguments HOST-NUMBER: what the emulator of one of two hosts is told besides, one a line
pair_arguments() {
    nic 5 virtio-net-pci "$1" 1
    wire wire 0 "$1"
    wire management 1 "$1"
    printf '%s\n' -virtfs \
        local,path=/mnt/pair/shared,mount_tag=shared,security_model=passthrough,multidevs=remap
}

# boot_pair SECONDS: leaves their processes in PAIR_PIDS
boot_pair() {
    local number arguments
    PAIR_PIDS=()
    for number in 1 2; do
        mapfile -t arguments < <(pair_arguments "$number")
        host_boot "lab$number" "$number" "$RELEASE" "$MEMORY" "$1" "$(pair_host "$number")" \
            "$RUN/pair" "${arguments[@]}"
        PAIR_PIDS+=("$HOST_PID")
        watch_host "$(pair_host "$number")" "$HOST_PID" &
    done
}

stop_pair() {
    kill "${PAIR_PIDS[@]}" 2>/dev/null || true
    wait "${PAIR_PIDS[@]}" || true
}

# await_pair: until one of the two has ended: lab1, when all is done, or one that was reset or failed
await_pair() {
    trap 'stop_pair; exit' TERM
    wait -n "${PAIR_PIDS[@]}" || note "an emulator ended with status $?: see $RUN/pair/lab*/emulator.log"
    stop_pair
}

# interrupted COUNT: whether one of the two was reset, and is not to blame for it. What it did is begun
# again, from the top, by both.
interrupted() {
    local number reset=no
    for number in 1 2; do
        RUN=$(pair_host "$number") was_reset "$1" || continue
        reset=yes
        ! RUN=$(pair_host "$number") is_broken || return 1
    done
    rm -rf "$RUN"/pair/lab?/share/{running,rebooted-*} "$RUN"/pair/shared/*
    [ "$reset" = yes ]
}

# run_pairs SECONDS: boots two hosts and, where one was reset, fresh ones for what is left to do
run_pairs() {
    local resets
    for ((resets = 0; resets <= RESETS_MAX; resets++)); do
        boot_pair "$1"
        await_pair
        interrupted "$resets" || return 0
        echo '# void' >>"$RUN/checks"
    done
}

tidy_pair() {
    local number
    for number in 1 2; do
        RUN=$(pair_host "$number") tidy_run_directory
    done
    rm -rf "$RUN"/pair/{wire,management,shared}
}
