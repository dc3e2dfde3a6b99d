# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Turns the unnumbered TAP lines that scenarios write into a numbered report with a plan and a count.
# The line "# end" closes a report: without it the host died or ran out of time, which is a failure.

# stdin: lines as written inside; stdout: TAP, then "N passed, N failed, N skipped" alone on a line.
# Status 0 if nothing failed.
report_tap() {
    awk '
        function check(line) {
            total++
            if (line ~ /^not ok/) failed++
            else if (line ~ /# SKIP/) skipped++
            else passed++
            sub(/ok/, "ok " total, line)
            print line
        }
        /^(not )?ok / { check($0); fflush(); next }
        /^# end$/ { ended = 1; exit }
        { print; fflush() }
        END {
            if (!ended) check("not ok - lab: the host runs all scenarios to their end")
            if (total == 0) check("not ok - lab: at least one check is made")
            print "1.." total
            printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
            exit failed > 0
        }'
}
