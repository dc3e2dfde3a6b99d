# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The few words that every part of the outer lab shares: messages and where things are kept.
# Messages go to stderr: stdout belongs to TAP.

LAB_CACHE=${IOVPOOL_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/iovpool-lab}

note() {
    printf '# %s\n' "$*" >&2
}

die() {
    printf 'lab: %s\n' "$*" >&2
    exit 1
}

need_root() {
    [ "$(id -u)" -eq 0 ] || die "making and booting a virtual host needs root"
}

need_programs() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null ||
            die "$program is not installed: run tests/install-deps lab"
    done
}
