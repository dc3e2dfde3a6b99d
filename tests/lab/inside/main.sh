# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Runs the scenarios that the outer lab listed, one after the other, each in a process of its own
# with a time limit, and checks after each that it left the host clean. Then powers off, or gives
# people a shell first. On the second of two hosts it sees to it that the first can reach it, and waits.

set -u
. /lab/inside/tap.sh
. /lab/inside/hardware.sh
. /lab/inside/clean.sh
. /lab/inside/guest.sh
. /lab/settings
[ "$HOSTS" -eq 1 ] || . /lab/inside/pair.sh

exec 3>>/lab/results/tap

# A scenario that asks for a reboot is run again from its top, on the same disk.
boot_again() {
    comment "$SCENARIO: reboot"
    rm /lab/running
    systemctl --no-block reboot
    exit
}

power_off() {
    journalctl --sync
    [ "$HOSTS" -eq 1 ] || on lab2 journalctl --sync
    sync
    # The disk is a snapshot that nobody will read again.
    systemctl poweroff --force --force
    exit
}

# The emulated machine was reset by itself while a scenario ran: what is left of it proves nothing.
# The outer lab boots a fresh host, which runs that scenario again.
give_up_after_reset() {
    comment "$(cat /lab/running): the host was reset in the middle of it"
    mv /lab/running /lab/reset
    power_off
}

# watch_guests: writes down each guest that was reset, until this host ends
watch_guests() {
    while :; do
        virsh event --event reboot --loop >>/run/lab-resets 2>/dev/null || sleep 1
    done
}

forget_resets() {
    truncate --size=0 /run/lab-resets
}

# kernel_broke_down SINCE: whether this host's or a guest's did after that time, unasked; its last words, or
# libvirt's of a guest that was reset. So says a program that crashed, where it is none that has to do with us.
kernel_broke_down() {
    local words='Kernel panic|Oops|BUG: |general protection fault|soft lockup|double fault'
    local crashed='(bash|socat|jq|ssh|sshd|awk|mawk|sed|grep|sort|cut|head|tail|cat|sleep|timeout|journalctl|udevadm)\[[0-9]+\]'
    {
        {
            journalctl --dmesg --since="@$1" --output=cat | grep --extended-regexp "$words"
            find /var/log/libvirt/qemu -name '*.console' -newermt "@$1" -exec grep --extended-regexp "$words" {} +
            grep "'reboot'" /run/lab-resets
        } | grep --invert-match --extended-regexp 'sysrq triggered|traps: '
        journalctl --dmesg --since="@$1" --output=cat |
            grep --extended-regexp "^(traps: $crashed|$crashed: segfault)"
    }
}

# Each running guest with a kernel answers on its console, whatever became of its adapters; one that was
# told to panic does not. hung_guests: those that do not answer, and what their vCPU does meanwhile.
hung_guests() {
    local name
    for name in $(timeout 20 virsh list --state-running --name); do
        timeout 20 virsh dumpxml "$name" | grep '<kernel>' >/dev/null || continue
        ! grep -q 'sysrq triggered' "/var/log/libvirt/qemu/$name.console" || continue
        ! GUEST_PATIENCE=60 guest "$name" true >/dev/null || continue
        echo "$name answers nothing"
        for _ in 1 2; do
            timeout 20 virsh domstats "$name" --vcpu || true
            timeout 20 virsh qemu-monitor-command "$name" --hmp 'info registers' || true
            sleep 3
        done | grep --extended-regexp 'vcpu.0.(time|exits.sum|halt_exits.sum)=|^RIP=' || true
    done
}

what_broke_down() {
    kernel_broke_down "$1" || true
    hung_guests
}

# time_is_left: for another scenario
time_is_left() {
    [ "$UNTIL" -eq 0 ] || [ "$EPOCHSECONDS" -lt "$UNTIL" ]
}

# failed_before: whether the scenario has done so on a host before, without a cause that shows
failed_before() {
    grep --quiet --line-regexp --fixed-strings "$SCENARIO" /lab/again
}

# give_up_after_kernel SINCE FIRST-LINE: a scenario that failed over a kernel which broke down is run again as
# well. One that failed by itself did not: no guest was reset, no kernel says so, and all guests answer; with
# --again it has a second try, as the emulator does not always show what it did.
give_up_after_kernel() {
    local words
    tail --lines="+$2" /lab/results/tap | grep '^not ok' >/dev/null || return 0
    words=$(what_broke_down "$1")
    [ "$HOSTS" -eq 1 ] || words+=$(on lab2 what_broke_down "$1")
    if [ -n "$words" ]; then
        comment "$SCENARIO: a kernel broke down in the middle of it" "$words"
    elif [ "$AGAIN" = yes ] && time_is_left && ! failed_before; then
        comment "$SCENARIO: failed without a cause that shows: a second try"
        echo "$SCENARIO" >>/lab/again
    else
        return 0
    fi
    mv /lab/running /lab/reset
    power_off
}

# cpu_times: "CGROUP SECONDS", of each service and of all guests, since boot
cpu_times() {
    local file
    for file in /sys/fs/cgroup/system.slice/*.service/cpu.stat /sys/fs/cgroup/machine.slice/cpu.stat; do
        sed -n "s|^usage_usec \\(.*\\)|$(basename "$(dirname "$file")") \\1|p" "$file"
    done 2>/dev/null | awk '{ print $1, int($2 / 1000000) }' | sort
}

# cpu_used BEFORE: what took the host's CPU since: libvirtd, the scenario's own looking (lab), guests (machine)
cpu_used() {
    join -a 2 <(echo "$1") <(cpu_times) |
        awk '{ used = $NF - (NF > 2 ? $2 : 0) } used > 1 { sub(/[.].*/, "", $1); printf ", %s %d s", $1, used }'
}

run_scenario() {
    local leftovers status=0 started=$SECONDS since lines cpu
    SCENARIO=$1
    cpu=$(cpu_times)
    echo "$SCENARIO" >/lab/running
    since=$(date +%s)
    forget_resets
    [ "$HOSTS" -eq 1 ] || on lab2 forget_resets
    lines=$(wc -l </lab/results/tap)
    timeout --kill-after=10 "$LIMIT" bash /lab/inside/scenario.sh "$SCENARIO" \
        </dev/null >>"/lab/results/$SCENARIO.log" 2>&1 || status=$?
    [ "$status" -ne "$REBOOT_STATUS" ] || boot_again
    [ "$status" -ne 124 ] || not_ok "ends within its limit of $LIMIT s"
    give_up_after_kernel "$since" $((lines + 1))
    leftovers=$(clean_hosts 2>&1)
    is "$leftovers" "" "leaves the host as it found it"
    comment "$SCENARIO: $((SECONDS - started)) s$(cpu_used "$cpu")"
    echo '# over' >&3
    echo "$SCENARIO" >>/lab/done
    rm /lab/running
}

# clean_hosts: names what is left behind on this host, or on any of two
clean_hosts() {
    clean_host
    [ "$HOSTS" -eq 1 ] || clean_second_host
}

# meet: the first of two hosts waits for the second, which waits for commands
meet() {
    enter_pair
    if [ "$PURPOSE" = second ]; then
        echo "the second host" >/lab/running
        # Its heart beats as long as its unit does something; a reboot stops that, in good order.
        trap 'exit 0' TERM
        wait
        exit
    fi
    SCENARIO=lab
    if ! connect_to lab2 600; then
        not_ok "the second host answers"
        power_off
    fi
    comment "lab1 and lab2: reach each other after $(cut -d. -f1 /proc/uptime) s"
}

run_scenarios() {
    local name names
    touch /lab/done
    mapfile -t names < <(
        grep --invert-match --line-regexp --fixed-strings --file=/lab/done /lab/scenario-list)
    for name in "${names[@]}"; do
        if time_is_left; then
            run_scenario "$name"
        else
            SCENARIO=$name
            skip "all of it" "no time is left for it"
            echo '# over' >&3
        fi
    done
    echo '# end' >&3
}

open_shell() {
    systemd-run --quiet --wait --setenv=TERM="${TERM:-linux}" --working-directory=/root \
        --property=StandardInput=tty --property=StandardOutput=tty --property=StandardError=tty \
        --property=TTYPath=/dev/hvc0 /bin/bash -l
}

# beat: the outer lab hears that this host has not stood still, and neither has its disk
beat() {
    while :; do
        dd if=/dev/zero of=/var/lib/lab-beat bs=4096 count=1 oflag=direct conv=notrunc status=none && touch /lab/alive
        sleep 5
    done
}

wait_for_hardware
touch /lab/again
beat &
watch_guests &
comment "$(hostname): up after $(cut -d. -f1 /proc/uptime) s"
[ ! -e /lab/running ] || give_up_after_reset
[ "$HOSTS" -eq 1 ] || meet
[ "$PURPOSE" = shell ] || run_scenarios
[ "$PURPOSE" = run ] || open_shell
power_off
