# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Boots a virtual host: emulated SR-IOV adapters, an IOMMU and CPU virtualization, so that stock
# Debian, libvirt and KVM guests run on it unmodified. Always emulated (TCG), so that a run is the
# same on every machine, and always by the same emulator (tree.sh). Knows nothing of scenarios.
#
# A host has one CPU. By its source (helper_vmrun), the emulator delivers an interrupt that was injected into a
# guest a second time, wherever the guest is by then, where the CPU is told to stop for a moment without an
# interrupt; a guest was seen to double-fault so in the first instruction of a system call. Another CPU that
# maps a device's memory tells it so, and the emulator's main thread where it is held up after it raised an
# interrupt; hence its real-time priority. That makes it rarer, and ends it not.
#
# A host is a directory: share/ (its /lab), console.log, emulator.log and its sockets. Nothing of a
# host leads to the outside world: its adapters meet on one hub. Two hosts have one more directory
# between them (pair.sh).

# adapter PORT-NUMBER DEVICE: the adapter on a root port of its own, which makes PORT-NUMBER its bus
adapter() {
    local number=$1 device=$2
    printf '%s\n' \
        -device "pcie-root-port,id=port$number,bus=pcie.0,addr=0x1$number,chassis=$number,slot=$number" \
        -device "$device,bus=port$number"
}

# nic PORT-NUMBER MODEL HOST-NUMBER [HUB]: a network adapter on a hub; its id is its netdev name inside
nic() {
    local number=$1 model=$2 host=$3 hub=${4:-0} mac
    mac=$(printf '52:54:00:%02x:00:%02x' "$host" "$number")
    printf '%s\n' -netdev "hubport,id=hub$number,hubid=$hub"
    adapter "$number" "$model,id=enp${number}s0,netdev=hub$number,mac=$mac"
}

# The default hardware: two adapters for pools, an NVMe controller, and a peer outside the pools.
host_adapters() {
    local host=$1
    nic 1 igb "$host"
    nic 2 igb "$host"
    printf '%s\n' -device "nvme-subsys,id=subsystem"
    adapter 3 "nvme,id=nvme0,serial=lab-$host,subsys=subsystem,sriov_max_vfs=4,sriov_vq_flexible=8,sriov_vi_flexible=4"
    nic 4 virtio-net-pci "$host"
}

# The two doors to a host. lab.monitor gives the host the monitor of its own hardware (QMP), so that
# a scenario can pull a cable; hvc0 is a console for people.
host_doors() {
    printf '%s\n' \
        -chardev "socket,id=monitor,path=/mnt/host/monitor,server=on,wait=off" \
        -mon "chardev=monitor,mode=control" \
        -device virtio-serial-pci \
        -chardev "socket,id=monitor-client,path=/mnt/host/monitor" \
        -device "virtserialport,chardev=monitor-client,name=lab.monitor" \
        -chardev "socket,id=console,path=/mnt/host/console,server=on,wait=off" \
        -device "virtconsole,chardev=console"
}

# host_arguments NAME NUMBER MEMORY-MIB: the emulator's arguments, one a line. Paths are as the
# emulator sees them: /mnt/tree is the release's tree, /mnt/host the host's directory.
host_arguments() {
    local name=$1 number=$2 memory=$3
    printf '%s\n' \
        -name "$name" -uuid "$(printf '6c616200-0000-4000-8000-%012d' "$number")" \
        -nodefaults -no-user-config -display none \
        -accel tcg,thread=multi \
        -machine q35,kernel-irqchip=split \
        -device intel-iommu,intremap=on,caching-mode=on,device-iotlb=on \
        -cpu EPYC,+svm,+npt -smp 1 -m "$memory" \
        -kernel /mnt/tree/kernel -initrd /mnt/tree/initrd \
        -append "root=/dev/vda rw console=ttyS0 quiet intel_iommu=on iommu=nopt mitigations=off no_timer_check kvm.halt_poll_ns=0 panic=1 systemd.show_status=no systemd.hostname=$name" \
        -serial file:/mnt/host/console.log \
        -drive file=/mnt/tree/disk,format=raw,if=virtio,snapshot=on \
        -d cpu_reset -D /mnt/host/cpu.log \
        -virtfs local,path=/mnt/host/share,mount_tag=lab,security_model=passthrough,multidevs=remap \
        -device virtio-rng-pci
    host_adapters "$number"
    host_doors
}

# Runs the emulator in a mount namespace of its own, inside the tree that it comes from.
# shellcheck disable=SC2016 # expanded by the inner shell
EMULATE='
    set -eu
    emulator_tree=$1 tree=$2 host=$3 pair=$4
    shift 4
    mount --rbind /dev "$emulator_tree/root/dev"
    mount --rbind /proc "$emulator_tree/root/proc"
    mount -t tmpfs lab "$emulator_tree/root/mnt"
    mkdir "$emulator_tree/root/mnt/tree" "$emulator_tree/root/mnt/host" "$emulator_tree/root/mnt/pair"
    mount --bind "$tree" "$emulator_tree/root/mnt/tree"
    mount --bind "$host" "$emulator_tree/root/mnt/host"
    [ -z "$pair" ] || mount --bind "$pair" "$emulator_tree/root/mnt/pair"
    export TMPDIR=/mnt/host
    chrt --reset-on-fork --fifo 1 true 2>/dev/null && realtime="chrt --reset-on-fork --fifo 1" || realtime=
    exec $realtime chroot "$emulator_tree/root" qemu-system-x86_64 "$@"'

# host_boot NAME NUMBER RELEASE MEMORY-MIB SECONDS DIRECTORY [PAIR-DIRECTORY [ARGUMENT...]]: starts the
# host and leaves its process in HOST_PID; after SECONDS (0: never) the host is killed and exits with
# 124. The emulator sees the pair's directory as /mnt/pair, and is given the further arguments.
host_boot() {
    local name=$1 number=$2 release=$3 memory=$4 seconds=$5 directory=$6 pair=${7:-}
    local emulator_tree tree arguments
    shift $(($# < 7 ? 6 : 7))
    emulator_tree=$(emulator_directory)
    tree=$(tree_directory "$release")
    mapfile -t arguments < <(host_arguments "$name" "$number" "$memory")
    timeout --kill-after=10 "$seconds" unshare --mount --propagation private \
        bash -c "$EMULATE" emulate "$emulator_tree" "$tree" "$directory" "$pair" "${arguments[@]}" "$@" \
        >"$directory/emulator.log" 2>&1 &
    HOST_PID=$!
}
