# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Every device, domain and network that iovpool writes is valid by the schemas of the libvirt that is
# installed here, for each kind of floor, model, mode and class.

needs_iovpool

# valid TEXT FILE SCHEMA
valid() {
    works "$1 is valid" "virt-xml-validate $2 $3"
}

# valid_device TEXT COMMAND: its output, as the one device of a domain
valid_device() {
    local text=$1
    shift
    run "$*"
    cat >/tmp/device.xml <<XML
<domain type='kvm'>
  <name>device</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
$output
  </devices>
</domain>
XML
    valid "$text" /tmp/device.xml domain
}

step "pools of two classes"
run iovpool create fast --adapter enp1s0 --vfs 4
run iovpool start fast
cat >/tmp/disk.xml <<XML
<iovpool>
  <name>disk</name>
  <class>nvme</class>
  <adapters><adapter address='0000:03:00.0' vfs='2'/></adapters>
</iovpool>
XML
run iovpool define /tmp/disk.xml
run iovpool start disk
run "virsh net-dumpxml iovpool-fast >/tmp/network.xml"
valid "the pool's own network" /tmp/network.xml network

step "requests of every kind"
define_guest kinds --noboot --ports 1
kinds=(
    "--pool fast --name failover"
    "--pool fast --name replug --migration replug"
    "--pool fast --name block --migration block --required --priority 7"
    "--pool fast --name bridge --floor bridge:br7 --vlan 42"
    "--pool fast --name direct --floor direct:enp2s0 --rate-max 100"
    "--pool fast --name network --floor network:default"
    "--pool fast --name e1000e --model e1000e"
    "--pool fast --name rtl --model rtl8139"
    "--pool fast --name nofloor --floor none"
    "--pool disk --name disk0"
)
for kind in "${kinds[@]}"; do
    works "request $kind" "iovpool request kinds $kind"
done
run "virsh dumpxml kinds --inactive >/tmp/domain.xml"
valid "the domain with all of them" /tmp/domain.xml domain

step "its devices one by one"
for name in $(iovpool requests kinds --json | jq --raw-output '.[].request'); do
    address=0000:01:10.0
    [ "$name" != disk0 ] || address=$(vf 0000:03:00.0 0)
    valid_device "$name: the function" "iovpool snippet kinds $name --function --address $address"
    valid_device "$name: the root port" "iovpool snippet kinds $name --port"
    if [ "$name" != nofloor ] && [ "$name" != disk0 ]; then
        valid_device "$name: the floor" "iovpool snippet kinds $name --floor"
    fi
done

step "a domain on an old machine type"
define_guest old --noboot --machine pc
works "a request" "iovpool request old --pool fast --name net0"
run "virsh dumpxml old --inactive >/tmp/domain.xml"
valid "the domain" /tmp/domain.xml domain

step "what libvirt prints while a function is in"
works "it starts" virsh start old
works "it is lifted" \
    "wait_for 120 'iovpool status old --json | jq --exit-status \".[0].state == \\\"active\\\"\"'"
run "virsh dumpxml old >/tmp/domain.xml"
valid "the running domain" /tmp/domain.xml domain
like "$(cat /tmp/domain.xml)" "ua-iov-net0-vf" "with its function"

step "leave"
run virsh destroy old
run virsh undefine old
run virsh undefine kinds
works "free again" "wait_for 120 all_free"
for pool in fast disk; do
    run iovpool destroy "$pool"
    run iovpool undefine "$pool"
done
