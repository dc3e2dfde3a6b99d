# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Makes what guests inside a virtual host are made of. The small ones have an initramfs: the tree's
# busybox, the tree's drivers in the order in which they load, guest/init and guest/pings. Those that need
# not boot have a firmware that halts. Both go into the tree's /boot, the one place from which libvirt's
# AppArmor profiles let any guest take a kernel.

guest_modules() {
    sed '/^#/d; /^$/d' "$LAB_SOURCE/guest/modules"
}

# guest_module_files TREE KERNEL: paths inside the tree, dependencies first
guest_module_files() {
    local tree=$1 kernel=$2 module
    for module in $(guest_modules); do
        chroot "$tree" modprobe -S "$kernel" --show-depends "$module"
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# make_firmware FILE: 64 KiB, of which the CPU sees the last 16 bytes first: cli, hlt, and back to the hlt.
# SeaBIOS would wait for a disk, and wake the host 18 times a second for that.
make_firmware() {
    { head -c 65520 /dev/zero && printf '\xfa\xf4\xeb\xfd' && head -c 12 /dev/zero; } >"$1"
}

# unpack_kernel FILE: the ELF image in a bzImage (Linux, Documentation/arch/x86/boot.rst). QEMU starts it by PVH;
# a third of a small guest's boot would be the unpacking.
unpack_kernel() {
    local setup offset length start payload
    setup=$(od -An -tu1 -j 497 -N 1 "$1")
    read -r offset length < <(od -An -tu4 -j 584 -N 8 "$1")
    start=$(((setup + 1) * 512 + offset))
    payload=$(mktemp)
    # its last four bytes are the size of what is packed
    dd if="$1" of="$payload" iflag=skip_bytes,count_bytes skip="$start" count=$((length - 4)) status=none
    case $(od -An -tx1 -N 4 "$payload") in
        ' 28 b5 2f fd') zstd --decompress --stdout "$payload" ;;
        ' fd 37 7a 58') xz --decompress --stdout "$payload" ;;
        *) die "$1 is packed in a way that is not known" ;;
    esac
    rm "$payload"
}

# make_guest_image TREE: adds /boot/guest-kernel and /boot/guest-initramfs to the tree
make_guest_image() {
    local tree=$1 kernel files file name root
    kernel=$(basename "$tree"/lib/modules/*)
    files=$(guest_module_files "$tree" "$kernel")
    root=$tree/tmp/guest
    mkdir -p "$root/bin" "$root/modules"
    cp "$tree/bin/busybox" "$root/bin/"
    install -m 755 "$LAB_SOURCE/guest/init" "$root/init"
    install -m 755 "$LAB_SOURCE/guest/pings" "$root/bin/pings"
    for file in $files; do
        name=$(basename "${file%.xz}")
        case $file in
            *.xz) chroot "$tree" busybox xzcat "$file" >"$root/modules/$name" ;;
            *) cp "$tree$file" "$root/modules/$name" ;;
        esac
        echo "$name" >>"$root/modules/order"
    done
    (cd "$root" && find . | cpio --quiet -o -H newc) >"$tree/boot/guest-initramfs"
    unpack_kernel "$tree/boot/vmlinuz-$kernel" >"$tree/boot/guest-kernel"
    rm -r "$root"
    make_firmware "$tree/boot/halt.rom"
}
