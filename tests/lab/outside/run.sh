# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Runs scenarios on one host: fills the share, boots, shows the checks while they are made, and
# keeps the logs. The options of the command line are its globals (see lab).

# Enough for the slowest boot and the power-off; scenarios have their own limit.
BOOT_LIMIT=300

# scenario_names: the scenarios to run, one a line
scenario_names() {
    local name file
    if [ ${#SCENARIOS[@]} -eq 0 ]; then
        for file in "$LAB_SOURCE"/scenarios/*.sh; do
            basename "$file" .sh
        done
        return
    fi
    for name in "${SCENARIOS[@]}"; do
        name=$(basename "$name" .sh)
        [ -f "$LAB_SOURCE/scenarios/$name.sh" ] || die "no such scenario: $name"
        echo "$name"
    done
}

# fill_share DIRECTORY PURPOSE [SCENARIO...]: what the host finds in /lab
fill_share() {
    local share=$1/share purpose=$2
    shift 2
    mkdir -p "$share/results/libvirt"
    cp -r "$LAB_SOURCE/inside" "$LAB_SOURCE/scenarios" "$share/"
    [ -z "$STAGE" ] || cp -a "$STAGE" "$share/stage"
    printf '%s\n' "$@" >"$share/scenario-list"
    printf 'PURPOSE=%s\nLIMIT=%s\n' "$purpose" "$LIMIT" >"$share/settings"
    : >"$share/results/tap"
}

make_run_directory() {
    need_programs mmdebstrap mke2fs cpio unshare
    if [ -n "$LOGS" ]; then
        mkdir -p "$LOGS"
        RUN=$(cd "$LOGS" && pwd)
        [ -z "$(ls -A "$RUN")" ] || die "$RUN is not empty"
    else
        RUN=$(mktemp -d "${TMPDIR:-/tmp}/iovpool-lab.XXXXXX")
    fi
}

# Only logs stay behind.
tidy_run_directory() {
    rm -rf "$RUN/monitor" "$RUN/console" "$RUN"/share/{inside,scenarios,stage,settings}
}

stop_host() {
    if kill "$HOST_PID" 2>/dev/null; then wait "$HOST_PID" || true; fi
    tidy_run_directory
}

# A terminal on the host's console, until the host powers off.
attach_console() {
    need_programs socat
    note "a root shell on the host; exit it to power the host off"
    if [ -t 0 ]; then
        socat "STDIO,raw,echo=0" "UNIX-CONNECT:$RUN/console,retry=50,interval=0.1"
    else
        socat -t "$BOOT_LIMIT" STDIO "UNIX-CONNECT:$RUN/console,retry=50,interval=0.1"
    fi
}

lab_run() {
    local scenarios names limit purpose=run status=0
    scenarios=$(scenario_names)
    mapfile -t names <<<"$scenarios"
    limit=$((BOOT_LIMIT + LIMIT * ${#names[@]}))
    if [ "$KEEP" = yes ]; then purpose=keep limit=0; fi
    make_run_directory
    echo "# Debian $RELEASE, logs in $RUN"
    fill_share "$RUN" "$purpose" "${names[@]}"
    host_boot lab1 1 "$RELEASE" "$MEMORY" "$limit" "$RUN"
    trap stop_host EXIT
    report_tap < <(tail --lines=+1 --follow --pid="$HOST_PID" "$RUN/share/results/tap") || status=$?
    [ "$KEEP" = no ] || attach_console
    wait "$HOST_PID" || true
    return "$status"
}

lab_shell() {
    make_run_directory
    note "Debian $RELEASE, logs in $RUN"
    fill_share "$RUN" shell
    host_boot lab1 1 "$RELEASE" "$MEMORY" 0 "$RUN"
    trap stop_host EXIT
    attach_console
    wait "$HOST_PID" || true
}
