# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Makes, or finds in the cache, the tree of a release: a directory, a root disk, a kernel and an initrd;
# and the one that the emulator is run from. A tree is keyed by all that it is made of, appears in the
# cache whole or not at all, and two runs that want the same one make it once.

# What a tree is made of. The package sources are left out: they say whence, not what.
tree_key() {
    local release=$1
    {
        echo "$release"
        cd "$LAB_SOURCE" || exit
        find outside/tree.sh outside/guest-image.sh packages/common "packages/$release" tree guest \
            -type f | sort | xargs sha256sum
    } | sha256sum | cut -c1-12
}

tree_packages() {
    sed '/^#/d; /^$/d' "$LAB_SOURCE/packages/common" "$LAB_SOURCE/packages/$1" | paste -sd,
}

# What this machine's apt must be told to read its sources holds for the tree too.
tree_apt_options() {
    apt-config dump Acquire::Check-Valid-Until
}

# Nothing logs in on the serial port, and nothing runs by the clock while a scenario measures.
UNWANTED_UNITS=(serial-getty@ttyS0.service serial-getty@hvc0.service getty@tty1.service
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer)

# shellcheck disable=SC2016 # mmdebstrap's own shell expands $1
unpack_tree() {
    local release=$1 tree=$2
    debian_sources "$release" | mmdebstrap --quiet --mode=root --variant=minbase \
        --include="$(tree_packages "$release")" \
        --aptopt="$(tree_apt_options)" \
        --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='force-confold' \
        --essential-hook="cp -r '$LAB_SOURCE/tree/.' \"\$1/\"" \
        --customize-hook='chroot "$1" systemctl --quiet enable lab-prepare lab' \
        --customize-hook="chroot \"\$1\" systemctl --quiet mask ${UNWANTED_UNITS[*]}" \
        --customize-hook='chroot "$1" systemctl --quiet disable ssh' \
        "$(codename "$release")" "$tree" -
}

# Root of one host is root of the other. The keys are the tree's own, as the host key is that was made
# when the package was installed; hosts reach only each other. What runs on one host has no sshd.
trust_each_other() {
    local tree=$1 ssh=$1/root/.ssh
    install --directory --mode=700 "$ssh"
    chroot "$tree" ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
    cp "$ssh/id_ed25519.pub" "$ssh/authorized_keys"
    echo "lab1,lab2 $(cat "$tree/etc/ssh/ssh_host_ed25519_key.pub")" >"$ssh/known_hosts"
}

configure_tree() {
    local tree=$1
    rm -rf "$tree"/etc/apt/sources.list "$tree"/etc/apt/sources.list.d "$tree"/var/lib/apt/lists
    mkdir "$tree/lab" "$tree/shared"
    : >"$tree/etc/machine-id"
    trust_each_other "$tree"
    # Profiles of programs that are not there take 10 s of every boot to load.
    find "$tree/etc/apparmor.d" -maxdepth 1 -type f ! -name '*libvirt*' -delete
    echo 'log_outputs = "2:file:/var/log/libvirt/libvirtd.log"' >>"$tree/etc/libvirt/libvirtd.conf"
}

make_tree() {
    local release=$1 directory=$2 tree=$2/root
    need_programs mmdebstrap mke2fs cpio xz zstd
    mkdir -p "$directory"
    unpack_tree "$release" "$tree"
    configure_tree "$tree"
    make_guest_image "$tree"
    cp "$tree"/boot/vmlinuz-* "$directory/kernel"
    cp "$tree"/boot/initrd.img-* "$directory/initrd"
    truncate --size=8G "$directory/disk"
    mke2fs -q -t ext4 -O ^has_journal -d "$tree" "$directory/disk"
}

# The emulator has a tree of its own, without a kernel or a disk: of Debian 13, with the emulator of its
# backports. Older ones have no igb, or VFs whose registers read 0; and before 10.2 the pending interrupts
# of a virtual CPU that enters a guest were changed without a lock, so that one could be lost.
EMULATOR_RELEASE=13

emulator_key() {
    cat "$LAB_SOURCE/outside/tree.sh" "$LAB_SOURCE/packages/emulator" | sha256sum | cut -c1-12
}

make_emulator() {
    local directory=$1 codename
    codename=$(codename "$EMULATOR_RELEASE")
    need_programs mmdebstrap
    mkdir -p "$directory"
    { debian_sources "$EMULATOR_RELEASE" && debian_backports "$EMULATOR_RELEASE"; } |
        mmdebstrap --quiet --mode=root --variant=minbase \
            --include="$(sed '/^#/d' "$LAB_SOURCE/packages/emulator" | paste -sd,)" \
            --aptopt="$(tree_apt_options)" \
            --aptopt="APT::Default-Release \"$codename-backports\"" \
            --dpkgopt='path-exclude=/usr/share/man/*' \
            --dpkgopt='path-exclude=/usr/share/doc/*' \
            --dpkgopt='path-exclude=/usr/share/locale/*' \
            "$codename" "$directory/root" -
}

# in_cache DIRECTORY WHAT COMMAND...: makes it, by the command and a directory, if it is not in the cache;
# prints its directory
in_cache() {
    local directory=$LAB_CACHE/$1 what=$2 started=$SECONDS
    shift 2
    if [ ! -d "$directory" ]; then
        mkdir -p "$LAB_CACHE"
        exec {lock}>"$LAB_CACHE/lock"
        flock "$lock"
        if [ ! -d "$directory" ]; then
            note "making the $what tree (about a minute)"
            rm -rf "$directory.partial"
            "$@" "$directory.partial" >&2
            mv -T "$directory.partial" "$directory"
            note "made the $what tree in $((SECONDS - started)) s"
        fi
        exec {lock}>&-
    fi
    echo "$directory"
}

# tree_directory RELEASE
tree_directory() {
    in_cache "debian-$1-$(tree_key "$1")" "Debian $1" make_tree "$1"
}

emulator_directory() {
    in_cache "emulator-$(emulator_key)" emulator make_emulator
}
