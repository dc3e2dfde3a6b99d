# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Runs scenarios: fills the share of a host, boots it, shows the checks while they are made, and keeps
# the logs. Those that need two hosts come last, on a pair (pair.sh). The options of the command line
# are its globals (see lab).

# Enough for boot and power-off on a machine with other things to do; scenarios have their own limit.
BOOT_LIMIT=600
# How often a run goes on with a fresh host after the emulated machine broke down: in all, and in the
# middle of the same scenario.
RESETS_MAX=10 RESETS_OF_ONE_MAX=3
# A host that is not heard of for so many seconds, a reboot included, stands still.
SILENCE_MAX=240

# scenario_files: the scenarios to run, one path a line. A name is one of ours, a path is anyone's.
scenario_files() {
    local name file
    if [ ${#SCENARIOS[@]} -eq 0 ]; then
        printf '%s\n' "$LAB_SOURCE"/scenarios/*.sh
        return
    fi
    for name in "${SCENARIOS[@]}"; do
        case $name in
            */*) file=$name ;;
            *) file=$LAB_SOURCE/scenarios/${name%.sh}.sh ;;
        esac
        [ -f "$file" ] || die "no such scenario: $name"
        echo "$file"
    done
}

# sort_scenarios FILE...: into those for one host and those for two, which say so at their top; only those
# of one kind where one was asked for
sort_scenarios() {
    local file
    ALONE=() PAIRED=()
    for file in "$@"; do
        if grep -qx '# hosts: 2' "$file"; then PAIRED+=("$file"); else ALONE+=("$file"); fi
    done
    [ "$HOSTS_ONLY" != 1 ] || PAIRED=()
    [ "$HOSTS_ONLY" != 2 ] || ALONE=()
    [ ${#ALONE[@]} -gt 0 ] || [ ${#PAIRED[@]} -gt 0 ] || die "no scenario is left to run"
}

# fill_share DIRECTORY PURPOSE HOSTS [SCENARIO-FILE...]: what the host finds in /lab. The checks of all
# hosts of a run go to one file.
fill_share() {
    local share=$1/share purpose=$2 hosts=$3 file
    shift 3
    mkdir -p "$share/results/libvirt" "$share/scenarios"
    cp -r "$LAB_SOURCE/inside" "$share/"
    [ -z "$STAGE" ] || cp -a "$STAGE" "$share/stage"
    for file in "$@"; do
        cp "$file" "$share/scenarios/"
        basename "$file" .sh
    done >"$share/scenario-list"
    printf 'PURPOSE=%s\nLIMIT=%s\nUNTIL=%s\nHOSTS=%s\nAGAIN=%s\n' \
        "$purpose" "$LIMIT" "$UNTIL" "$hosts" "$AGAIN" >"$share/settings"
    ln "$RUN/checks" "$share/results/tap"
}

make_run_directory() {
    if [ -n "$LOGS" ]; then
        mkdir -p "$LOGS"
        RUN=$LOGS
        [ -z "$(ls -A "$RUN")" ] || die "$RUN is not empty"
    else
        RUN=$(mktemp -d "${TMPDIR:-/tmp}/iovpool-lab.XXXXXX")
    fi
    : >"$RUN/checks"
}

# Only logs stay behind.
tidy_run_directory() {
    rm -rf "$RUN"/{monitor,console} "$RUN"/share/{inside,scenarios,stage,settings,scenario-list,alive,done,again,running,reset,resets}
    rm -f "$RUN"/share/rebooted-* "$RUN/checks"
}

stop_host() {
    if kill "$HOST_PID" 2>/dev/null; then wait "$HOST_PID" || true; fi
    tidy_run_directory
    [ ! -d "$RUN/pair" ] || tidy_pair
}

# is_silent FILE: which the host touches all the time
is_silent() {
    [ -e "$1" ] && [ $(($(date +%s) - $(stat --format=%Y "$1"))) -gt "$SILENCE_MAX" ]
}

# watch_host DIRECTORY PROCESS: ends a host that stands still, as if it had been reset
watch_host() {
    local share=$1/share
    touch "$share/alive" # its boot is watched too
    while kill -0 "$2" 2>/dev/null; do
        if is_silent "$share/alive"; then
            echo "# ${1##*/}: not heard of for $SILENCE_MAX s" >>"$share/results/tap"
            cat "$share/running" >"$share/reset" 2>/dev/null || echo lab >"$share/reset"
            kill "$2"
        fi
        sleep 10
    done
}

# await_host: until it has ended by itself, or this process is told to stop
await_host() {
    trap 'kill "$HOST_PID" 2>/dev/null; wait "$HOST_PID"; exit' TERM
    wait "$HOST_PID" || note "the emulator ended with status $?: see $RUN/emulator.log"
}

# was_reset COUNT: whether a kernel of the lab broke down in the middle of a scenario, as the host saw;
# says what its own kernel and its CPUs left. Nested virtualization under TCG now and then breaks a
# kernel's memory.
was_reset() {
    local file
    [ -e "$RUN/share/reset" ] || return 1
    {
        grep --after-context=1 'Kernel panic' "$RUN/console.log" || true
        grep --after-context=24 '^Triple fault' "$RUN/cpu.log" || true
    } | tr -d '\r' | sed 's/^/#     /' >>"$RUN/share/results/tap"
    cat "$RUN/share/reset" >>"$RUN/share/resets"
    for file in console emulator cpu; do
        mv "$RUN/$file.log" "$RUN/$file.$1.log"
    done
    rm -f "$RUN"/share/{alive,running,reset,rebooted-*}
}

# is_broken: whether the same scenario was interrupted too often to blame chance
is_broken() {
    sort "$RUN/share/resets" | uniq --count |
        awk -v most="$RESETS_OF_ONE_MAX" '$1 > most { broken = 1 } END { exit !broken }'
}

# run_hosts SECONDS: boots a host and, where it was reset, a fresh one for what is left to do
run_hosts() {
    local resets
    for ((resets = 0; resets <= RESETS_MAX; resets++)); do
        host_boot lab1 1 "$RELEASE" "$MEMORY" "$1" "$RUN"
        watch_host "$RUN" "$HOST_PID" &
        await_host
        was_reset "$resets" || return 0
        ! is_broken || return 0
        echo '# void' >>"$RUN/checks"
    done
}

# time_for SCENARIO-FILE...: how many seconds a host may take for them; people have all the time
time_for() {
    if [ "$KEEP" = yes ]; then echo 0; else echo $((BOOT_LIMIT + LIMIT * $#)); fi
}

# run_all PURPOSE: what needs one host, then what needs two
run_all() {
    if [ ${#ALONE[@]} -gt 0 ]; then
        fill_share "$RUN" "$1" 1 "${ALONE[@]}"
        run_hosts "$(time_for "${ALONE[@]}")"
    fi
    if [ ${#PAIRED[@]} -gt 0 ]; then
        fill_pair "$1" "${PAIRED[@]}"
        run_pairs "$(time_for "${PAIRED[@]}")"
    fi
}

need_terminal() {
    need_programs socat
    [ -t 0 ] || die "a shell needs a terminal; to run commands, write them in a file: lab run ./FILE"
}

# attach_console DIRECTORY: the terminal is the host's console, until the host powers off
attach_console() {
    note "a root shell on the host; exit it to power the host off"
    socat STDIO,raw,echo=0 "UNIX-CONNECT:$1/console,retry=50,interval=0.1"
}

# show_logs: prints what the scenarios' logs say while they grow; the checks stand in them too
show_logs() {
    local file logs=()
    for file in "${ALONE[@]}"; do
        logs+=("$RUN/share/results/$(basename "$file" .sh).log")
    done
    for file in "${PAIRED[@]}"; do
        logs+=("$(pair_host 1)/share/results/$(basename "$file" .sh).log")
    done
    tail --quiet --lines=+1 --follow=name --retry --sleep-interval=0.3 --pid="$HOST_PID" \
        "${logs[@]}" 2>/dev/null || true
}

# need_one_kind: the console that people get is that of one host, or of the first of a pair
need_one_kind() {
    need_terminal
    [ ${#ALONE[@]} -eq 0 ] || [ ${#PAIRED[@]} -eq 0 ] ||
        die "--keep is for scenarios that need one host, or for those that need two, not for both"
}

lab_run() {
    local list files purpose=run ends=0 console status=0
    list=$(scenario_files)
    mapfile -t files <<<"$list"
    sort_scenarios "${files[@]}"
    if [ "$KEEP" = yes ]; then need_one_kind && purpose=keep; fi
    make_run_directory
    UNTIL=$((WITHIN > 0 ? EPOCHSECONDS + WITHIN : 0))
    echo "# Debian $RELEASE, logs in $RUN"
    [ ${#ALONE[@]} -eq 0 ] || ends=1 console=$RUN
    [ ${#PAIRED[@]} -eq 0 ] || ends=$((ends + 1)) console=$(pair_host 1)
    run_all "$purpose" &
    HOST_PID=$!
    trap stop_host EXIT
    if [ "$SHOW" = yes ]; then
        show_logs &
        exec 4>"$RUN/tap"
    else
        exec 4>&1
    fi
    report_tap "$ends" < <(tail --lines=+1 --follow --pid="$HOST_PID" "$RUN/checks") >&4 || status=$?
    [ "$SHOW" = no ] || tail --lines=1 "$RUN/tap"
    [ "$KEEP" = no ] || attach_console "$console"
    wait "$HOST_PID" || true
    return "$status"
}

lab_shell() {
    need_terminal
    make_run_directory
    note "Debian $RELEASE, logs in $RUN"
    UNTIL=0
    fill_share "$RUN" shell 1
    host_boot lab1 1 "$RELEASE" "$MEMORY" 0 "$RUN"
    trap stop_host EXIT
    attach_console "$RUN"
    wait "$HOST_PID" || true
}
