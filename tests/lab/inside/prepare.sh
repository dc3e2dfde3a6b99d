# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# First thing on a virtual host, before AppArmor and libvirtd: sends all logs to the share, so that
# they survive whatever happens to the host, and installs what `make install` staged, if anything,
# the way a package's maintainer scripts would.

set -eu

keep_logs_outside() {
    cp -a /var/log/libvirt/. /lab/results/libvirt
    mount --bind /lab/results/libvirt /var/log/libvirt
    systemd-run --quiet --unit=lab-journal --property=DefaultDependencies=no \
        --property=StandardOutput=append:/lab/results/journal \
        journalctl --boot --follow --lines=all --output=short-monotonic
}

# Units of the project that a package would enable, of those that were staged.
staged_units() {
    local unit
    for unit in iovpool-pools.service iovpool-guests.service iovpoold.socket iovpoold.service; do
        [ ! -e "/lib/systemd/system/$unit" ] || echo "$unit"
    done
}

install_stage() {
    local units
    # A stage may have its own /lib, which is a link on the host, and must not change directories.
    tar --create --directory=/lab/stage . |
        tar --extract --directory=/ --keep-directory-symlink --no-overwrite-dir --no-same-owner
    ldconfig
    systemd-tmpfiles --create /usr/lib/tmpfiles.d/iovpool.conf
    udevadm control --reload
    udevadm trigger --action=add --subsystem-match=pci --subsystem-match=net
    mapfile -t units < <(staged_units)
    [ ${#units[@]} -eq 0 ] || systemctl enable --no-reload "${units[@]}"
    systemctl daemon-reload
    # The boot's own jobs were queued before these units were there; ordering still holds.
    [ ${#units[@]} -eq 0 ] || systemctl --no-block start "${units[@]}"
}

keep_logs_outside
# The disk outlives a reboot: the second time, all is as the first left it.
if [ -d /lab/stage ] && [ ! -e /var/lib/lab-installed ]; then
    install_stage
    touch /var/lib/lab-installed
fi
