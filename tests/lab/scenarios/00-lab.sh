# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The lab itself, with plain kernel files and plain virsh: the hardware is what the README says, and
# a VF of an adapter can be handed to a running guest and taken back. If this fails, look no further.

step "the hardware"
pf=$(pci_address "$PF1")
is "$pf" 0000:01:00.0 "the first adapter is $PF1 at 01:00.0"
is "$(pci_address "$PF2")" 0000:02:00.0 "the second adapter is $PF2 at 02:00.0"
is "$(pci_address "$PEER")" 0000:04:00.0 "the peer is $PEER at 04:00.0"
is "$(cat "$PCI/$pf/sriov_totalvfs")" 7 "$PF1 can have 7 VFs"
is "$(driver "$pf")" igb "$PF1 is driven by igb"
is "$(cat "$PCI/0000:03:00.0/sriov_totalvfs")" 4 "the NVMe controller can have 4 VFs"
works "the IOMMU has groups" "test -e $PCI/$pf/iommu_group"
works "the CPU virtualizes" "test -c /dev/kvm"

step "the software"
run virsh version
like "$output" "hypervisor: QEMU" "libvirtd answers"
like "$(aa-status --enabled 2>&1 && echo yes)" yes "AppArmor is on"
like "$(cat "/proc/$(pidof libvirtd)/attr/current")" "enforce" "libvirtd is confined, enforcing"

step "the cable"
run ip link set "$PF1" up
works "the carrier is there" "wait_for 30 'grep -qx 1 /sys/class/net/$PF1/carrier'"
cable "$PF1" off
works "a pulled cable takes the carrier" "wait_for 30 'grep -qx 0 /sys/class/net/$PF1/carrier'"
cable "$PF1" on
works "and gives it back" "wait_for 30 'grep -qx 1 /sys/class/net/$PF1/carrier'"

step "VFs"
make_vfs "$pf" 7
is "$(find "$PCI/$pf/" -name 'virtfn*' | wc -l)" 7 "$PF1 has 7 VFs"
vf=$(vf "$pf" 0)
is "$vf" 0000:01:10.0 "the first VF is 01:10.0"
is "$(driver "$vf")" "" "no host driver took it"
is "$(ls "$PCI/$vf/iommu_group/devices")" "$vf" "it is alone in its IOMMU group"
bind_to_vfio "$vf"
is "$(driver "$vf")" vfio-pci "it is bound to vfio-pci"

step "a guest without kernel"
define_guest bare --noboot
works "it starts" virsh start bare
run virsh destroy bare
run virsh undefine bare

step "a guest"
define_guest vm1
works "it starts" virsh start vm1
works "it boots" guest_wait vm1
is "$(guest vm1 'echo one; echo two; exit 3' || echo "status $?")" $'one\ntwo\nstatus 3' \
    "a command's output and status come back"
like "$(cat "/proc/$(cat /run/libvirt/qemu/vm1.pid)/attr/current")" "libvirt-.*enforce" \
    "its QEMU is confined, enforcing"
is "$(guest vm1 'ls /sys/class/net')" lo "it has no adapter"

step "a VF for the running guest"
mac=52:54:00:11:22:33
cat >/tmp/vf.xml <<XML
<interface type='hostdev' managed='no'>
  <mac address='$mac'/>
  <source><address type='pci' domain='0' bus='1' slot='0x10' function='0'/></source>
  <alias name='ua-vf'/>
</interface>
XML
works "it is attached" virsh attach-device vm1 /tmp/vf.xml
like "$(ip link show "$PF1")" "vf 0 +link/ether $mac" "libvirt set the MAC through the PF"
works "the guest sees an adapter" "guest vm1 'until [ -e /sys/class/net/eth0 ]; do sleep 1; done'"
is "$(guest vm1 'cat /sys/class/net/eth0/address')" "$mac" "with that MAC"
like "$(guest vm1 'readlink /sys/class/net/eth0/device/driver')" igbvf "driven by igbvf"
peer_up
run "guest vm1 'ip addr add 192.0.2.11/24 dev eth0; ip link set eth0 up'"
works "the guest reaches the peer through the VF" "guest vm1 'ping -c 3 -w 60 $PEER_ADDRESS'"

step "taking it back"
run virsh detach-device-alias vm1 ua-vf --live
works "the guest gives it back" "wait_for 120 '! virsh dumpxml vm1 | grep ua-vf'"
works "libvirt cleared its MAC" "wait_for 30 '! ip link show $PF1 | grep $mac'"
is "$(guest vm1 'ls /sys/class/net')" lo "the guest has no adapter again"
run virsh shutdown vm1
works "the guest powers off" "wait_for 120 'virsh domstate vm1 | grep \"shut off\"'"
run virsh undefine vm1
run "echo 0 >$PCI/$pf/sriov_numvfs"
is "$(find "$PCI/$pf/" -name 'virtfn*' | wc -l)" 0 "the VFs are gone"
