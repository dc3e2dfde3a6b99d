# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Two hosts, lab1 and lab2. Scenarios run on lab1; with these words they do on the other what they do
# here. Sourced on both.

MANAGEMENT=enp5s0
PEER_ADDRESS=192.0.2.${HOSTNAME#lab}
SHARED=/shared

# What a word says to lab2 goes through one connection, made once. Without it, it makes one of its own.
PAIR_SSH=(-o ControlPath=/run/lab-%h.ssh -o LogLevel=ERROR -o ConnectTimeout=10
    -o ServerAliveInterval=15 -o ServerAliveCountMax=4)

# enter_pair: this host's end of the wire between the two, and their names
enter_pair() {
    udevadm wait --settle --timeout=300 "/sys/class/net/$MANAGEMENT"
    grep -q lab2 /etc/hosts || printf '%s\n' '198.18.0.1 lab1' '198.18.0.2 lab2' >>/etc/hosts
    ip addr replace "198.18.0.${HOSTNAME#lab}/24" dev "$MANAGEMENT"
    ip link set "$MANAGEMENT" up
    mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 shared "$SHARED"
    systemctl start ssh
}

# connect_to HOST SECONDS: until it answers; what is typed there goes this way from then on
connect_to() {
    # an old one, of a host that is no more
    ssh "${PAIR_SSH[@]}" -O exit "$1" >/dev/null 2>&1
    wait_for "$2" ssh "${PAIR_SSH[@]}" -o ControlMaster=yes -o ControlPersist=yes -fN "$1"
}

# on HOST COMMAND...: runs it there; its output and status are ours. One word is a shell command line,
# more are a command and its words. It may use the words and functions that are known here.
on() {
    local host=$1 line=$2
    shift
    [ $# -eq 1 ] || printf -v line '%q ' "$@"
    printf -v line '%q ' bash /lab/inside/command.sh "$(declare -f)"$'\n'"$line"
    if [ "$host" = "$HOSTNAME" ]; then
        bash -c "$line" </dev/null
    else
        ssh -n "${PAIR_SSH[@]}" "$host" "$line"
    fi
}

# both COMMAND...: on lab1, then on lab2
both() {
    local host status=0
    for host in lab1 lab2; do
        on "$host" "$@" || status=$?
    done
    return "$status"
}

# reboot_lab2: and waits until it is back
reboot_lab2() {
    local boot
    boot=$(on lab2 cat /proc/sys/kernel/random/boot_id)
    on lab2 'rm /lab/running; systemctl --no-block reboot'
    wait_for 300 "connect_to lab2 10 && ! on lab2 grep -q $boot /proc/sys/kernel/random/boot_id"
    wait_for 300 on lab2 test -e /lab/running
}

# pools_fast VFS-HERE VFS-THERE: a pool of that name on both hosts, started
pools_fast() {
    works "a pool on lab1" "iovpool create fast --adapter enp1s0 --vfs $1 && iovpool start fast"
    works "a pool on lab2" "on lab2 'iovpool create fast --adapter enp1s0 --vfs $2 && iovpool start fast'"
}

# leave_pools: they are gone, as all their VFs are free
leave_pools() {
    local host
    for host in lab1 lab2; do
        works "every VF on $host is free" "wait_for 120 on $host all_free fast"
        works "the pool on $host" "on $host 'iovpool destroy fast && iovpool undefine fast'"
    done
}
