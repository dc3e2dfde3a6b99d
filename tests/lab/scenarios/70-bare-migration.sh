# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# hosts: 2
#
# What libvirt does by itself, without libiovpool: a guest with a floor and a VF above it goes to the
# other host and comes back by a plain virsh migrate, while an admin's own hook says which VF it gets
# there. Only what is seen here may be built on, and its figures are what the project's are held against.

# 71-migration compares with it
rm -f /lab/results/bare-{migration,gaps}
MAC=52:54:00:70:00:01 GUEST=192.0.2.11

# vf_on HOST: the VF that its hook gives to the guest
vf_on() {
    case $1 in
        lab1) echo 0000:01:10.0 ;;
        lab2) echo 0000:01:11.2 ;;
    esac
}
# source_address PCI-ADDRESS: as libvirt writes it
source_address() {
    sed -E "s/(.*):(.*):(.*)\.(.*)/domain='0x\1' bus='0x\2' slot='0x\3' function='0x\4'/" <<<"$1"
}
# prepare_adapter: seven VFs, one of which is for the guest
prepare_adapter() {
    ip link set "$PF1" up
    make_vfs 0000:01:00.0 7
    bind_to_vfio "$(vf_on "$HOSTNAME")"
}
# gap_of WHERE TEXT: the longest silence since the last time
gap_of() {
    local gap answered sent
    works "it hears the peer" "on $1 ping_heard vm1 $PEER_ADDRESS"
    read -r gap answered sent < <(on "$1" ping_gap vm1 "$PEER_ADDRESS")
    comment "$2: longest ping gap: $gap ms, $answered of $sent answered"
    echo "$2: $gap ms" >>/lab/results/bare-gaps
    works "the gap has an end" "[ $gap -lt 60000 ] && [ $answered -gt 0 ]"
}
# operations: which hook operations ran where since the last call, one a line
operations() {
    grep '^lab' "$SHARED/operations"
    : >"$SHARED/operations"
}

step "adapters and hooks on both hosts"
both prepare_adapter
cat >"$SHARED/hook" <<HOOK
#!/bin/sh
# DOMAIN OPERATION SUBOPERATION EXTRA; the domain's XML comes in
host=\$(uname -n)
echo "\$host \$2 \$3 \$4" >>$SHARED/operations
if grep -sqx "\$2" $SHARED/refused; then
    echo "not here: \$2" >&2
    exit 1
fi
[ "\$2" = migrate ] || exit 0
case \$host in
    lab1) address="$(source_address "$(vf_on lab1)")" ;;
    lab2) address="$(source_address "$(vf_on lab2)")" ;;
esac
sed "/<source>/,/<.source>/s/<address type='pci' .*>/<address type='pci' \$address\/>/"
HOOK
both "mkdir -p /etc/libvirt/hooks/qemu.d"
both "install -m 755 $SHARED/hook /etc/libvirt/hooks/qemu.d/90-admin"
# libvirtd looks once whether there are any hooks
both systemctl reload libvirtd

step "a guest with a floor and a VF"
peer_up
define_guest vm1 --device "<interface type='direct'>
      <mac address='$MAC'/><source dev='$PF1' mode='bridge'/><model type='virtio'/>
      <teaming type='persistent'/><alias name='ua-floor'/>
    </interface>
    <interface type='hostdev' managed='no'>
      <mac address='$MAC'/>
      <source><address type='pci' $(source_address "$(vf_on lab1)")/></source>
      <teaming type='transient' persistent='ua-floor'/><alias name='ua-vf'/>
    </interface>"
works "it starts" virsh start vm1
works "it boots" guest_wait vm1
works "it has its VF" "wait_for 120 has_vf vm1"
run guest_address vm1 "$MAC" "$GUEST/24"
works "which has a link" "wait_for 60 vf_is_up vm1"
works "it reaches the peer" "guest vm1 'ping -c 3 -w 60 $PEER_ADDRESS'"
is "$(operations)" "lab1 prepare begin -
lab1 start begin -
lab1 started begin -" "the hook's operations at a start"
ping_start vm1 "$PEER_ADDRESS"

# migrate FROM TO: with all checks of it
migrate() {
    local from=$1 to=$2 began took
    gap_of "$from" "before"
    began=$(now)
    works "virsh migrate" "on $from virsh migrate --live vm1 qemu+ssh://$to/system"
    took=$(milliseconds_since "$began")
    comment "$from to $to: virsh migrate took $took ms"
    echo "$took" >>/lab/results/bare-migration
    works "it runs there" "on $to 'virsh domstate vm1 | grep -x running'"
    refuses "and no more here" "on $from 'virsh domstate vm1 | grep -x running'"
    works "it answers there" "on $to guest vm1 true"
    works "it has a VF again, with a link" "wait_for 120 on $to vf_is_up vm1"
    comment "$from to $to: with a VF again after $(milliseconds_since "$began") ms"
    gap_of "$to" "$from to $to"
    like "$(on "$to" virsh dumpxml vm1 | tr '\n' ' ')" \
        "<source> *<address type='pci' $(source_address "$(vf_on "$to")")/> *</source>" \
        "the VF is the one that the hook named"
    like "$(on "$to" ip link show "$PF1")" "$MAC" "which has the MAC"
    unlike "$(on "$from" ip link show "$PF1")" "$MAC" "that no VF has here"
    output=$(operations)
    comment "$from to $to: the hook's operations: ${output//$'\n'/, }"
}

# stays WHY OPERATION...: after a migration that failed there, and the hook's operations there
stays() {
    works "the guest is where it was" "virsh domstate vm1 | grep -x running"
    works "with its VF" "wait_for 60 vf_is_up vm1"
    is "$(on lab2 virsh list --all --name | tr -d '\n')" "" "nothing of it is on the other host"
    unlike "$(on lab2 ip link show "$PF1")" "$MAC" "nor its MAC"
    gap_of lab1 "$1"
    is "$(operations)" "$(printf 'lab2 %s\n' "${@:2}")" "of the hook there ran: $(printf '%s, ' "${@:2}")no more"
}
# refuse OPERATION: the hook on lab2 does
refuse() {
    step "the hook refuses: $1"
    run "echo $1 >$SHARED/refused"
    refuses "virsh migrate" "virsh migrate --live vm1 qemu+ssh://lab2/system"
    like "$output" "not here: $1" "and says why"
    rm "$SHARED/refused"
}
refuse migrate
stays "refused at migrate" "migrate begin -"
refuse prepare
stays "refused at prepare" "migrate begin -" "prepare begin -" "stopped end -" "release end failed"

step "a migration is given up on the way"
# slow enough to be on its way for a while
virsh migrate --live --bandwidth 1 vm1 qemu+ssh://lab2/system &
migration=$!
works "the guest gives up its VF" "wait_for 120 '! has_vf vm1'"
works "virsh domjobabort" virsh domjobabort vm1
if wait "$migration"; then not_ok "virsh migrate fails"; else ok "virsh migrate fails"; fi
stays "given up" "migrate begin -" "prepare begin -" "start begin -" "started begin -" \
    "stopped end -" "release end failed"

step "there"
migrate lab1 lab2
is "$output" "lab2 migrate begin -
lab2 prepare begin -
lab2 start begin -
lab2 started begin -
lab1 stopped end -
lab1 release end migrated" "the operations run in this order"

step "and back"
migrate lab2 lab1
is "$output" "lab1 migrate begin -
lab1 prepare begin -
lab1 start begin -
lab1 started begin -
lab2 stopped end -
lab2 release end migrated" "and in the same order"
is "$(on lab2 virsh list --all --name | tr -d '\n')" "" "nothing of it is left on the other host"

step "leave"
ping_stop vm1 "$PEER_ADDRESS"
run virsh destroy vm1
run virsh undefine vm1
both 'rm /etc/libvirt/hooks/qemu.d/90-admin; systemctl reload libvirtd'
both "echo 0 >$PCI/0000:01:00.0/sriov_numvfs"
