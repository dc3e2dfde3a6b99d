# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Runs scenarios on one host: fills the share, boots, shows the checks while they are made, and
# keeps the logs. The options of the command line are its globals (see lab).

# Enough for boot and power-off on a machine with other things to do; scenarios have their own limit.
BOOT_LIMIT=600
# How often a run goes on with a fresh host after the emulated machine broke down: in all, and in the
# middle of the same scenario.
RESETS_MAX=6 RESETS_OF_ONE_MAX=2

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

# fill_share DIRECTORY PURPOSE [SCENARIO-FILE...]: what the host finds in /lab
fill_share() {
    local share=$1/share purpose=$2 file
    shift 2
    mkdir -p "$share/results/libvirt" "$share/scenarios"
    cp -r "$LAB_SOURCE/inside" "$share/"
    [ -z "$STAGE" ] || cp -a "$STAGE" "$share/stage"
    for file in "$@"; do
        cp "$file" "$share/scenarios/"
        basename "$file" .sh
    done >"$share/scenario-list"
    printf 'PURPOSE=%s\nLIMIT=%s\n' "$purpose" "$LIMIT" >"$share/settings"
    : >"$share/results/tap"
}

make_run_directory() {
    if [ -n "$LOGS" ]; then
        mkdir -p "$LOGS"
        RUN=$LOGS
        [ -z "$(ls -A "$RUN")" ] || die "$RUN is not empty"
    else
        RUN=$(mktemp -d "${TMPDIR:-/tmp}/iovpool-lab.XXXXXX")
    fi
}

# Only logs stay behind.
tidy_run_directory() {
    rm -rf "$RUN"/{monitor,console} "$RUN"/share/{inside,scenarios,stage,settings,scenario-list,done,running,reset,resets}
    rm -f "$RUN"/share/rebooted-*
}

stop_host() {
    if kill "$HOST_PID" 2>/dev/null; then wait "$HOST_PID" || true; fi
    tidy_run_directory
}

# await_host: until it has ended by itself, or this process is told to stop
await_host() {
    trap 'kill "$HOST_PID" 2>/dev/null; wait "$HOST_PID"; exit' TERM
    wait "$HOST_PID" || note "the emulator ended with status $?: see $RUN/emulator.log"
}

# was_reset COUNT: whether the machine was reset, as the host saw when it booted again; says what its
# kernel and its CPUs left. Nested virtualization under TCG now and then breaks a kernel's memory.
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
    rm -f "$RUN"/share/{reset,rebooted-*}
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
        await_host
        was_reset "$resets" || return 0
        ! is_broken || return 0
    done
}

need_terminal() {
    need_programs socat
    [ -t 0 ] || die "a shell needs a terminal; to run commands, write them in a file: lab run ./FILE"
}

# The terminal is the host's console, until the host powers off.
attach_console() {
    note "a root shell on the host; exit it to power the host off"
    socat STDIO,raw,echo=0 "UNIX-CONNECT:$RUN/console,retry=50,interval=0.1"
}

# show_logs SCENARIO-FILE...: prints what the scenarios' logs say while they grow; the checks stand in
# them too
show_logs() {
    local file logs=()
    for file in "$@"; do
        logs+=("$RUN/share/results/$(basename "$file" .sh).log")
    done
    tail --quiet --lines=+1 --follow=name --retry --sleep-interval=0.3 --pid="$HOST_PID" \
        "${logs[@]}" 2>/dev/null || true
}

lab_run() {
    local list files limit purpose=run status=0
    list=$(scenario_files)
    mapfile -t files <<<"$list"
    limit=$((BOOT_LIMIT + LIMIT * ${#files[@]}))
    if [ "$KEEP" = yes ]; then need_terminal && purpose=keep limit=0; fi
    make_run_directory
    echo "# Debian $RELEASE, logs in $RUN"
    fill_share "$RUN" "$purpose" "${files[@]}"
    run_hosts "$limit" &
    HOST_PID=$!
    trap stop_host EXIT
    if [ "$SHOW" = yes ]; then
        show_logs "${files[@]}" &
        exec 4>"$RUN/tap"
    else
        exec 4>&1
    fi
    report_tap < <(tail --lines=+1 --follow --pid="$HOST_PID" "$RUN/share/results/tap") >&4 || status=$?
    [ "$SHOW" = no ] || tail --lines=1 "$RUN/tap"
    [ "$KEEP" = no ] || attach_console
    wait "$HOST_PID" || true
    return "$status"
}

lab_shell() {
    need_terminal
    make_run_directory
    note "Debian $RELEASE, logs in $RUN"
    fill_share "$RUN" shell
    host_boot lab1 1 "$RELEASE" "$MEMORY" 0 "$RUN"
    trap stop_host EXIT
    attach_console
    wait "$HOST_PID" || true
}
