# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Turns the unnumbered TAP lines that scenarios write into a numbered report with a plan and a count.
# A scenario's lines are held until "# over", and do not count after "# void": the machine under it
# broke down, and it begins again. The line "# end" tells that a host ran all its scenarios: without it
# the host died or ran out of time, which is a failure.

# count_check LINE: prints the check with its number
count_check() {
    TOTAL=$((TOTAL + 1))
    case $1 in
        not\ ok*) FAILED=$((FAILED + 1)) ;;
        *'# SKIP'*) SKIPPED=$((SKIPPED + 1)) ;;
    esac
    printf '%s\n' "${1/ok/ok $TOTAL}"
}

# count_held, void_held: what becomes of the lines of a scenario
count_held() {
    local line
    for line in "${HELD[@]}"; do
        case $line in
            ok\ * | not\ ok\ *) count_check "$line" ;;
            *) printf '%s\n' "$line" ;;
        esac
    done
    HELD=()
}

void_held() {
    [ ${#HELD[@]} -eq 0 ] || printf '# void: %s\n' "${HELD[@]#\# }"
    HELD=()
}

# report_tap ENDS: stdin: lines as written inside, with so many "# end"; stdout: TAP, then "N passed,
# N failed, N skipped" alone on a line. Lines are shown as soon as it is known what they count (awk
# would wait for a buffer full). Status 0 if nothing failed.
report_tap() {
    local line ends=$1 HELD=() TOTAL=0 FAILED=0 SKIPPED=0
    while IFS= read -r line; do
        case $line in
            '# over') count_held ;;
            '# void') void_held ;;
            '# end')
                ends=$((ends - 1))
                [ "$ends" -gt 0 ] || break
                ;;
            *) HELD+=("$line") ;;
        esac
    done
    count_held
    [ "$ends" -eq 0 ] || count_check "not ok - lab: the host runs all scenarios to their end"
    [ "$TOTAL" -gt 0 ] || count_check "not ok - lab: at least one check is made"
    echo "1..$TOTAL"
    echo "$((TOTAL - FAILED - SKIPPED)) passed, $FAILED failed, $SKIPPED skipped"
    [ "$FAILED" -eq 0 ]
}
