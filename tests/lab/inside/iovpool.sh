# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What iovpool says of a domain's first request and of a pool's functions, and the agent's sudden death.

# status_of DOMAIN: "TIER STATE", "-" where it has no function
status_of() {
    iovpool status "$1" --json | jq --raw-output '.[0] | "\(.tier) \(.state // "-")"'
}

is_lifted() {
    [ "$(status_of "$1")" = "passthrough active" ]
}

# is_on_floor DOMAIN: and holds no function, not even a reserved one
is_on_floor() {
    [ "$(iovpool status "$1" --json | jq --raw-output '.[0] | "\(.tier) \(.function // "-")"')" = "direct -" ]
}

# all_free [POOL]: every function of it, or of all pools
all_free() {
    iovpool functions "$@" --json | jq --exit-status 'all(.state == "free")'
}

# function_of DOMAIN: its only one in the pool fast
function_of() {
    iovpool functions fast --json | jq --raw-output --arg name "$1" '.[] | select(.domain == $name) | .function'
}

# holds_nothing DOMAIN: no function of the pool fast is its, and none waits to be cleaned
holds_nothing() {
    iovpool functions fast --json | jq --exit-status --arg name "$1" \
        'all(.domain != $name and .state != "scrubbing" and .state != "quarantined")'
}

# kill_agent: in the middle of whatever it does
kill_agent() {
    systemctl kill --signal=KILL iovpoold.service
}
