# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The words in which a scenario acts and checks. Checks go to descriptor 3 as unnumbered TAP (the
# outer lab numbers and counts them) and, with all that commands print, to the scenario's log.
# A check never ends a scenario; a command that fails does, unless it stands in a condition.

tap() {
    printf '%s\n' "$*" >&3
    printf '%s\n' "$*" >&2
}

# comment TEXT: every line of it, so that no text can pass for a check
comment() {
    tap "# ${*//$'\n'/$'\n'# }"
}

# step TEXT: what the admin does next
step() {
    comment "$SCENARIO: $*"
}

ok() {
    tap "ok - $SCENARIO: $*"
}

# not_ok TEXT [DIAGNOSTIC...]
not_ok() {
    tap "not ok - $SCENARIO: $1"
    shift
    [ $# -eq 0 ] || comment "$(printf '%s\n' "$@" | sed 's/^/    /')"
}

# skip TEXT REASON
skip() {
    tap "ok - $SCENARIO: $1 # SKIP $2"
}

# is GOT WANTED TEXT
is() {
    if [ "$1" = "$2" ]; then ok "$3"; else not_ok "$3" "got:    $1" "wanted: $2"; fi
}

# like GOT EXTENDED-REGEX TEXT
like() {
    if [[ $1 =~ $2 ]]; then ok "$3"; else not_ok "$3" "got:    $1" "wanted: a match of $2"; fi
}

# unlike GOT EXTENDED-REGEX TEXT
unlike() {
    if [[ $1 =~ $2 ]]; then not_ok "$3" "got:    $1" "wanted: no match of $2"; else ok "$3"; fi
}

# run COMMAND: what the admin types, a shell command line; its output is kept in $output
run() {
    local status=0
    printf '# %s\n' "$*"
    output=$(eval "$*" 2>&1) || status=$?
    [ -z "$output" ] || printf '%s\n' "$output"
    [ "$status" -eq 0 ] || printf '(exit status %d)\n' "$status"
    return "$status"
}

# works TEXT COMMAND: runs it; the check is that it succeeds
works() {
    local text=$1 status=0
    shift
    run "$*" || status=$?
    if [ "$status" -eq 0 ]; then ok "$text"; else not_ok "$text" "exit status $status: $output"; fi
}

# refuses TEXT COMMAND: runs it; the check is that it fails
refuses() {
    local text=$1
    shift
    if run "$*"; then not_ok "$text" "it succeeded: $output"; else ok "$text"; fi
}

# wait_for SECONDS COMMAND: until it succeeds, for facts that raise no event; 1 if they never came. Between two
# looks it waits for twice as long as a look took: what is waited for gets at least two thirds of a CPU.
wait_for() {
    local deadline=$((SECONDS + $1)) began took
    shift
    while began=$(now) && ! eval "$*" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        took=$((2 * ($(now) - began)))
        took=$((took < 200000 ? 200000 : took))
        sleep "$((took / 1000000)).$(printf '%06d' $((took % 1000000)))"
    done
}

# now: for milliseconds_since
now() {
    echo "${EPOCHREALTIME/./}"
}
milliseconds_since() {
    echo $((($(now) - $1) / 1000))
}

# needs_iovpool: the rest of the scenario is for hosts on which the project is installed
needs_iovpool() {
    if ! command -v iovpool >/dev/null; then
        skip "needs libiovpool" "not installed: run with --install"
        exit 0
    fi
}

REBOOT_STATUS=75

# reboot_host: reboots the host and runs the scenario again from its top. What must happen on one of
# the boots only goes with `rebooted`:  if ! rebooted; then ...; reboot_host; fi
reboot_host() {
    touch "/lab/rebooted-$SCENARIO"
    exit "$REBOOT_STATUS"
}

# rebooted: whether this is the boot after reboot_host
rebooted() {
    test -e "/lab/rebooted-$SCENARIO"
}
