# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2016
#
# How long a lift takes beside a bare virsh attach-device of a VF, interleaved in one guest: from the
# command until the guest's driver has the VF. The ratio is printed, not judged: time is no test.

needs_iovpool
ROUNDS=5

guest_has_vf() {
    guest vm1 'until ls -d /sys/bus/pci/drivers/igbvf/0000:* >/dev/null 2>&1; do usleep 20000; done'
}
guest_lost_vf() {
    guest vm1 'while ls -d /sys/bus/pci/drivers/igbvf/0000:* >/dev/null 2>&1; do usleep 20000; done'
}
median() {
    sort --numeric-sort <<<"$1" | sed -n "$(((ROUNDS + 1) / 2))p"
}

step "a guest whose request is parked"
run iovpool create fast --adapter enp1s0 --vfs 1
run iovpool start fast
define_guest vm1
run iovpool request vm1 --pool fast --name net0 --migration replug
run virsh start vm1
works "it boots" guest_wait vm1
works "it was lifted at its start" "wait_for 90 'guest_has_vf'"
run iovpool detach vm1 net0
works "detach gives the VF back" "wait_for 90 all_free fast"
run guest_lost_vf
cat >/tmp/bare.xml <<XML
<interface type='hostdev' managed='no'>
  <mac address='52:54:00:11:22:33'/>
  <source><address type='pci' domain='0' bus='1' slot='0x10' function='0'/></source>
  <alias name='ua-bare'/>
</interface>
XML

step "$ROUNDS times each"
bare='' ours=''
for ((round = 0; round < ROUNDS; round++)); do
    begin=$(now)
    run virsh attach-device vm1 /tmp/bare.xml --live
    guest_has_vf
    bare+=$(milliseconds_since "$begin")$'\n'
    run virsh detach-device-alias vm1 ua-bare --live
    guest_lost_vf
    wait_for 90 '! virsh dumpxml vm1 | grep ua-bare'
    wait_for 90 all_free fast

    begin=$(now)
    run iovpool attach vm1 net0
    guest_has_vf
    ours+=$(milliseconds_since "$begin")$'\n'
    run iovpool detach vm1 net0
    guest_lost_vf
    wait_for 90 all_free fast
done
a=$(median "${bare%$'\n'}") b=$(median "${ours%$'\n'}")
comment "virsh attach-device: median $a ms; iovpool attach: median $b ms; ratio $((b * 100 / a))/100 (aim 110)"
ok "each was attached and given back $ROUNDS times"

step "leave"
run virsh destroy vm1
run virsh undefine vm1
works "free again" "wait_for 90 all_free fast"
run iovpool destroy fast
run iovpool undefine fast
