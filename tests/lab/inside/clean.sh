# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Puts a host back into the state in which scenarios start, and names on stdout each thing that a
# scenario left behind. What no scenario must undo (cables, a PF that is up) is put back silently.

clean_domains() {
    local name
    for name in $(virsh list --all --name); do
        echo "domain $name"
        virsh destroy "$name" >/dev/null 2>&1
        virsh undefine "$name" --managed-save --snapshots-metadata --checkpoints-metadata >/dev/null
    done
}

clean_networks() {
    local name
    for name in $(virsh net-list --all --name); do
        [ "$name" != default ] || continue # libvirt's own, not started
        echo "network $name"
        virsh net-destroy "$name" >/dev/null 2>&1
        virsh net-undefine "$name" >/dev/null 2>&1
    done
}

clean_pools() {
    local name
    command -v iovpool >/dev/null || return
    for name in $(iovpool list --all --json | jq --raw-output '.. | .name? // empty'); do
        echo "pool $name"
        iovpool destroy "$name" >/dev/null 2>&1
        iovpool undefine "$name" >/dev/null
    done
}

clean_adapters() {
    local adapter netdev
    for adapter in $(adapters); do
        if [ "$(cat "$PCI/$adapter/sriov_numvfs")" -ne 0 ]; then
            echo "VFs of $adapter"
            timeout 60 tee "$PCI/$adapter/sriov_numvfs" <<<0 >/dev/null
        fi
        echo 1 >"$PCI/$adapter/sriov_drivers_autoprobe"
    done
    for netdev in "$PF1" "$PF2"; do
        cable "$netdev" on >/dev/null
        ip addr flush dev "$netdev"
        ip link set "$netdev" down
    done
}

# Hooks that a scenario wrote: a file where a package has a link. libvirtd knows whether there is any.
clean_hooks() {
    local files
    mapfile -t files < <(find /etc/libvirt/hooks -type f)
    [ ${#files[@]} -gt 0 ] || return 0
    printf 'hook %s\n' "${files[@]}"
    rm "${files[@]}"
    systemctl reload libvirtd
}

clean_host() {
    clean_domains
    clean_pools
    clean_networks
    clean_adapters
    clean_hooks
}

# Scenarios cut wires at lab1's end: the other is out of reach then.
clean_second_host() {
    cable wire on >/dev/null
    cable "$MANAGEMENT" on >/dev/null
    on lab2 "set +e; clean_host" | sed 's/^/lab2: /'
    rm -rf "${SHARED:?}"/*
}
