# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Small guests: defining one, and running commands inside it. A guest is an ordinary libvirt domain
# with the tree's own kernel and a tiny initramfs (guest/init); its kernel log is a file, its virtio
# console is the way in. What is done to it is for the scenario to type: virsh start, virsh shutdown.

GUEST_CONSOLES=/var/lib/libvirt/lab
mkdir -p "$GUEST_CONSOLES"

# define_guest NAME [--noboot] [--memory MIB] [--ports N] [--machine TYPE] [--device XML]...
# --noboot halts at once: enough for libvirt and QEMU, and many fit a host.
# --ports spare root ports are for hot-plug (default 4; none on a machine without PCIe).
define_guest() {
    local name=$1 boot=yes memory=128 ports=4 machine=q35 devices='' xml
    shift
    while [ $# -gt 0 ]; do
        case $1 in
            --noboot) boot=no memory=32 && shift && continue ;;
            --memory) memory=$2 ;;
            --ports) ports=$2 ;;
            --machine) machine=$2 ;;
            --device) devices+=$2 ;;
            *) echo "define_guest: unknown option $1" && return 2 ;;
        esac
        shift 2
    done
    xml=$(mktemp)
    guest_xml "$name" "$boot" "$memory" "$ports" "$machine" "$devices" >"$xml"
    run virsh define --validate "$xml"
    rm "$xml"
}

# hpet: QEMU wakes 250 times a second for one that no guest uses any more, a sixth of a virtual CPU.
# lastbus: without it the kernel asks 255 buses that are not there for devices, 16,000 exits of the guest.
guest_xml() {
    local name=$1 boot=$2 memory=$3 ports=$4 machine=$5 devices=$6 port
    cat <<XML
<domain type='kvm'>
  <name>$name</name>
  <memory unit='MiB'>$memory</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='$machine'>hvm</type>
XML
    [ "$boot" = yes ] || echo "    <loader readonly='yes' type='rom'>/boot/halt.rom</loader>"
    [ "$boot" = no ] || cat <<XML
    <kernel>/boot/guest-kernel</kernel>
    <initrd>/boot/guest-initramfs</initrd>
    <cmdline>console=ttyS0 quiet panic=-1 mitigations=off pci=lastbus=0</cmdline>
XML
    cat <<XML
  </os>
  <features><acpi/><apic/></features>
  <clock offset='utc'><timer name='hpet' present='no'/></clock>
  <cpu mode='host-passthrough'/>
  <devices>
    <serial type='file'><source path='/var/log/libvirt/qemu/$name.console'/></serial>
    <console type='unix'>
      <source mode='bind' path='$GUEST_CONSOLES/$name'/><target type='virtio'/>
    </console>
    <memballoon model='none'/>
XML
    if [[ $machine == *q35* ]]; then
        echo "    <controller type='pci' index='0' model='pcie-root'/>"
        for ((port = 0; port < ports; port++)); do
            echo "    <controller type='pci' model='pcie-root-port'/>"
        done
    fi
    printf '    %s\n  </devices>\n</domain>\n' "$devices"
}

# guest NAME COMMAND: runs a shell command line in the guest; its output and its status are ours.
# 255 when the guest has not answered for GUEST_PATIENCE seconds (default 120). A request waits in the
# console's socket until the guest reads it, so it may be made as soon as the domain runs.
guest() {
    local name=$1 id=$$.$RANDOM line status=255 text=()
    shift
    coproc CONSOLE { exec socat -t 0 - "UNIX-CONNECT:$GUEST_CONSOLES/$name"; }
    local in=${CONSOLE[0]} out=${CONSOLE[1]} pid=$CONSOLE_PID
    printf '%s %s\n' "$id" "$(base64 --wrap=0 <<<"$*")" >&"$out"
    while IFS= read -r -t "${GUEST_PATIENCE:-120}" -u "$in" line; do
        case $line in
            "@begin $id") text=() ;;
            "@end $id "*) status=${line##* } && break ;;
            *) text+=("$line") ;;
        esac
    done
    exec {out}>&-
    wait "$pid" || true
    # the guest ends its answer with a newline of its own
    [ "$status" -ne 255 ] || text+=("$name: no answer")
    [ ${#text[@]} -eq 0 ] || [ -n "${text[-1]}" ] || unset 'text[-1]'
    [ ${#text[@]} -eq 0 ] || printf '%s\n' "${text[@]}"
    return "$status"
}

# guest_wait NAME [SECONDS]: until the guest has booted
guest_wait() {
    GUEST_PATIENCE=${2:-300} guest "$1" true
}

# guest_address NAME MAC ADDRESS/LENGTH: gives it to the guest's adapter of that MAC, or to the bond
# over all that have it.
guest_address() {
    guest "$1" "for n in /sys/class/net/*; do
        [ ! -e \$n/master ] && [ \$(cat \$n/address) = $2 ] || continue
        ip link set \${n##*/} up && ip addr replace $3 dev \${n##*/} && exit
    done; echo no adapter has MAC $2; exit 1"
}

# has_vf NAME, vf_is_up NAME: the guest has a VF, with its driver; which has a link
has_vf() {
    guest "$1" 'ls -d /sys/bus/pci/drivers/igbvf/0000:*'
}
vf_is_up() {
    guest "$1" 'grep -qx 1 /sys/bus/pci/drivers/igbvf/0000:*/net/*/carrier'
}

# ping_start NAME TARGET [SECONDS]: the guest pings it from now on, every 500 ms, or so often: each costs
# nested virtualization under TCG 20 ms
ping_start() {
    guest "$1" "pings start $2 ${3:-}"
}

# ping_gap NAME TARGET: "MS ANSWERED SENT" since the start or the last call: the longest time without
# an answer, and how many of those sent up to the last answer were answered
ping_gap() {
    guest "$1" "pings gap $2"
}

# ping_heard NAME TARGET...: until more pings of each were answered, so that ping_gap knows of what went before
ping_heard() {
    guest "$1" "pings heard ${*:2}"
}

ping_stop() {
    guest "$1" "pings stop $2"
}
