# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# A domain without requests is untouched, whatever state we are in; and refusals change nothing.

needs_iovpool

step "no ledger, no agent"
run systemctl stop iovpoold.socket iovpoold.service
run rm -rf /run/iovpool
define_guest plain --noboot --ports 8
before=$(virsh dumpxml plain --inactive)
works "it starts" virsh start plain
is "$(virsh dumpxml plain --inactive)" "$before" "its XML is the same"
run virsh destroy plain
works "no ledger was made" "[ ! -e /run/iovpool/ledger.db ]"
unlike "$(journalctl --unit libvirtd --since -5m --output cat)" "iovpool" "libvirtd's log says nothing of us"
run systemd-tmpfiles --create
run systemctl start iovpoold.socket iovpoold.service

step "a started pool"
run iovpool create fast --adapter enp1s0 --vfs 2
run iovpool start fast
before=$(sha256sum </run/iovpool/ledger.db)
works "it starts" virsh start plain
run virsh destroy plain
is "$(sha256sum </run/iovpool/ledger.db)" "$before" "no ledger write"

step "what cannot be, says so in one line and changes nothing"
# one_line TEXT REGEX COMMAND: fails with one line on stderr that matches
one_line() {
    local text=$1 regex=$2 status=0
    shift 2
    "$@" >/tmp/out 2>/tmp/err || status=$?
    is "$(wc -l </tmp/err) $status" "1 1" "$text: one line, status 1"
    like "$(cat /tmp/err)" "$regex" "$text: says why"
}
pools=$(iovpool list --all --json)
one_line "an unknown adapter" "enp9s9" iovpool create slow --adapter enp9s9 --vfs 2
one_line "an adapter in another pool" "in pool 'fast' already" iovpool create slow --adapter 0000:01:00.0 --vfs 2
one_line "more VFs than it has" "at most 7" iovpool create slow --adapter enp2s0 --vfs 8
one_line "an adapter without SR-IOV" "SR-IOV" iovpool create slow --adapter 0000:04:00.0 --vfs 1
one_line "a name with .." "name" iovpool create ../slow --adapter enp2s0 --vfs 2
one_line "a name with a space" "name" iovpool create "s low" --adapter enp2s0 --vfs 2
one_line "a name of 300 bytes" "name" iovpool create "$(printf 'x%.0s' {1..300})" --adapter enp2s0 --vfs 2
one_line "an unknown pool" "nosuch" iovpool start nosuch
one_line "an unknown domain" "nosuch" iovpool request nosuch --pool fast --name net0
one_line "a request for an unknown pool" "nosuch" iovpool request plain --pool nosuch --name net0
one_line "no root rights" "root|ermission" setpriv --reuid=65534 --regid=65534 --clear-groups iovpool destroy fast
run systemctl stop libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket libvirtd.service
one_line "no libvirt" "libvirt" iovpool request plain --pool fast --name net0
run systemctl start libvirtd.socket libvirtd.service
printf '<iovpool>\n<name>slow</name>\n<adapters>\n<adapter netdev="enp2s0" vfs="many"/></adapters></iovpool>' >/tmp/bad.xml
one_line "a schema-invalid definition" ":4: " iovpool define /tmp/bad.xml
printf '<iovpool>\n<name>slow</name>\n<adapters' >/tmp/bad.xml
one_line "a malformed definition" "/tmp/bad.xml:3" iovpool define /tmp/bad.xml
head --bytes=300000 /dev/zero | tr '\0' x >/tmp/bad.xml
one_line "an oversized definition" "larger than" iovpool define /tmp/bad.xml
is "$(iovpool list --all --json)" "$pools" "and the pools are as before"

step "request follows virsh's --live, --config and --current"
run virsh start plain
works "--config on a running domain" "iovpool request plain --pool fast --name one --config"
like "$(virsh dumpxml plain --inactive)" "ua-iov-one" "is in the persistent config"
unlike "$(virsh dumpxml plain)" "ua-iov-one" "and not in the live one"
# Debian's AppArmor profile of a domain lets it have vhost-net only where it starts with a virtio NIC:
# the first NIC cannot be plugged live, by virsh neither. From here on it has one.
run virsh destroy plain
run virsh start plain
works "--live on a running domain" "iovpool request plain --pool fast --name two --live --migration replug"
like "$(virsh dumpxml plain)" "ua-iov-two" "is in the live XML"
unlike "$(virsh dumpxml plain --inactive)" "ua-iov-two" "and not in the config"
works "it is lifted without a restart" \
    "wait_for 120 'iovpool status plain --json | jq -e \"map(select(.request == \\\"two\\\" and .state == \\\"active\\\")) | length == 1\"'"
works "current is live while it runs" "iovpool request plain --pool fast --name three --current --migration replug"
like "$(virsh dumpxml plain)" "ua-iov-three" "so it is in the live XML"
run virsh destroy plain
one_line "--live on a domain that is off" "not running" iovpool request plain --pool fast --name four --live
works "unrequest" "iovpool unrequest plain one"
is "$(virsh dumpxml plain --inactive | grep -c ua-iov || true)" 0 "takes out what request put in"
virsh dumpxml plain --inactive >/tmp/transient.xml
run virsh undefine plain
run virsh create /tmp/transient.xml
one_line "--config on a transient domain" "transient" iovpool request plain --pool fast --name five --config
run virsh destroy plain
works "every VF is free" "wait_for 120 all_free fast"
run iovpool destroy fast
run iovpool undefine fast
