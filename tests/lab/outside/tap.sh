# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Turns the unnumbered TAP lines that scenarios write into a numbered report with a plan and a count.
# The line "# end" tells that a host ran all its scenarios: without it the host died or ran out of time,
# which is a failure.

# count_check LINE: prints the check with its number
count_check() {
    TOTAL=$((TOTAL + 1))
    case $1 in
        not\ ok*) FAILED=$((FAILED + 1)) ;;
        *'# SKIP'*) SKIPPED=$((SKIPPED + 1)) ;;
    esac
    printf '%s\n' "${1/ok/ok $TOTAL}"
}

# report_tap ENDS: stdin: lines as written inside, with so many "# end"; stdout: TAP, then "N passed,
# N failed, N skipped" alone on a line. Each line is shown when it comes (awk would wait for a buffer
# full). Status 0 if nothing failed.
report_tap() {
    local line ends=$1 TOTAL=0 FAILED=0 SKIPPED=0
    while IFS= read -r line; do
        case $line in
            ok\ * | not\ ok\ *) count_check "$line" ;;
            '# end')
                ends=$((ends - 1))
                [ "$ends" -gt 0 ] || break
                ;;
            *) printf '%s\n' "$line" ;;
        esac
    done
    [ "$ends" -eq 0 ] || count_check "not ok - lab: the host runs all scenarios to their end"
    [ "$TOTAL" -gt 0 ] || count_check "not ok - lab: at least one check is made"
    echo "1..$TOTAL"
    echo "$((TOTAL - FAILED - SKIPPED)) passed, $FAILED failed, $SKIPPED skipped"
    [ "$FAILED" -eq 0 ]
}
