# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# hosts: 2
#
# The lab with two hosts: that each reaches the other, on two wires that are cut apart. If this fails,
# look no further.

step "two hosts"
is "$(on lab1 uname -n) $(on lab2 uname -n)" "lab1 lab2" "each has its name"
unlike "$(cat /etc/machine-id)" "$(on lab2 cat /etc/machine-id)" "and a machine-id of its own"
unlike "$(virsh capabilities | xmllint --xpath '//host/uuid' -)" \
    "$(on lab2 "virsh capabilities | xmllint --xpath '//host/uuid' -")" "libvirt tells them apart"
is "$(on lab2 pci_address "$PF1")" "$(pci_address "$PF1")" "the adapters stand where they do here"
unlike "$(cat "/sys/class/net/$PF1/address")" "$(on lab2 cat "/sys/class/net/$PF1/address")" \
    "with other MACs"

step "words for the other host"
is "$(on lab2 'echo one; echo two; exit 3' || echo "status $?")" $'one\ntwo\nstatus 3' \
    "a command's output and status come back"
# shellcheck disable=SC2016 # they do not expand
is "$(on lab2 printf '%s,' 'a b' "it's" '$c')" "a b,it's,\$c," "words stay words"
is "$(both uname -n)" $'lab1\nlab2' "both do the same"
refuses "and fail if one does" "both '[ \$(uname -n) = lab1 ]'"
run "echo from lab1 >$SHARED/note"
is "$(on lab2 "echo and lab2 >>$SHARED/note; cat $SHARED/note")" $'from lab1\nand lab2' "they share files"

step "libvirt"
like "$(virsh -c qemu+ssh://lab2/system uri)" "lab2" "lab2's answers here"
like "$(on lab2 virsh -c qemu+ssh://lab1/system uri)" "lab1" "and this one there"

step "the guests' wire"
peer_up
on lab2 peer_up
reaches_peer() {
    ip netns exec peer ping -q -c 1 -w 10 192.0.2.2
}
works "the peer of one reaches that of the other" reaches_peer
cable wire off
refuses "not over a wire that is cut" reaches_peer
works "which is not the one for ssh" on lab2 true
cable wire on
works "it is mended" reaches_peer

step "the wire for migration and ssh"
cable "$MANAGEMENT" off
refuses "nothing is heard on it when it is cut" "ping -q -c 1 -w 3 lab2"
works "guests are" reaches_peer
cable "$MANAGEMENT" on
works "it is mended" "wait_for 60 ping -q -c 1 -w 3 lab2"
works "and what was said before goes on" on lab2 true
