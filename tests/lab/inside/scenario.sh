# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Runs one scenario with all helpers at hand. A command that fails unguarded ends the scenario, and
# that is a failed check: an admin's session would have ended there too.

set -euE -o pipefail
SCENARIO=$1
exec 3>>/lab/results/tap

. /lab/settings
. /lab/inside/tap.sh
. /lab/inside/hardware.sh
. /lab/inside/guest.sh
. /lab/inside/iovpool.sh
[ "$HOSTS" -eq 1 ] || . /lab/inside/pair.sh

# Shows the scenario's own line, however deep in a helper the command failed, and what was printed last.
stopped() {
    local frame=1 line
    while [[ ${BASH_SOURCE[frame]} != /lab/scenarios/* && frame -lt ${#BASH_SOURCE[@]}-1 ]]; do
        frame=$((frame + 1))
    done
    line=${BASH_LINENO[frame - 1]}
    not_ok "goes on after line $line" "$(sed -n "${line}p" "/lab/scenarios/$SCENARIO.sh")" \
        "$(tail --lines=15 "/lab/results/$SCENARIO.log")"
}

trap stopped ERR
# shellcheck source=/dev/null
. "/lab/scenarios/$SCENARIO.sh"
