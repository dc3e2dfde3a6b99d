/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-host.h"

/*
 * A host that exists only in memory, and behaves like the kernel where that matters:
 *  - sriov_numvfs from n to m != 0 is EBUSY, more than the device has is refused;
 *  - VFs appear some (fake) time after the write; set_num_vfs waits on the fake clock, and gives up
 *    with IOV_ERROR_TIMEOUT where they take longer than FAKE_HOST_LIMIT;
 *  - where autoprobe is on, a new VF is bound to the adapter's VF driver and has a netdev, down;
 *  - sriov_drivers_autoprobe=0 also stops a later probe, unless driver_override is set;
 *  - an adapter's filter, a bridge's table and a macvtap's mode stay as they are set, and setting
 * them so again is no effect;
 *  - a netdev is lost on unbind; an unbind or a removal of a VF that is held times out;
 *  - a driver that needs its link up accepts the count while it is down, and makes no VF.
 *
 * The state lives in memory that is shared with forked children: what a child did before it died
 * is done, as with a real kernel. So a sweep forks, arms fake_host_die_at(), runs a scenario in the
 * child, and looks at the same host from the parent.
 *
 *     g_autoptr(IovHost) host = fake_host_new();
 *     fake_host_add_igb(host, "0000:01:00.0", "enp1s0");
 *     fake_host_fail_at(host, 2, EIO);
 *     ... iov_host_set_num_vfs(host, "0000:01:00.0", 7, &error) ...
 *     g_autofree char *journal = fake_host_journal(host);
 *
 * VF i of an igb at 0000:01:00.0 is at routing id 0x80 + 2 * i: 0000:01:10.0, 0000:01:10.2, ...,
 * and its netdev, if it has one, is enp1s0v0, enp1s0v1, ... Each function has an IOMMU group of its
 * own. The clock starts at FAKE_HOST_TIME and stands still but for waits.
 */
#define FAKE_HOST_TIME (G_GINT64_CONSTANT(1000000000) * G_USEC_PER_SEC)
#define FAKE_HOST_LIMIT (10 * G_USEC_PER_SEC) /* fake microseconds that set_num_vfs waits */
#define FAKE_HOST_BOOT_ID "11111111-1111-4111-8111-111111111111"
#define FAKE_HOST_DEATH 77 /* exit status of a child that died at an effect */
#define FAKE_HOST_MEMORY (G_GUINT64_CONSTANT(8) * 1024 * 1024) /* KiB */
#define FAKE_HOST_ADAPTERS 64
#define FAKE_HOST_VFS 256                        /* of one adapter */
#define FAKE_HOST_BRIDGE_MAC "52:54:00:b0:00:01" /* of every bridge */

/* Strings are copied. What is left zero is: no netdev, no driver, class other, ... */
typedef struct {
    const char *address; /* canonical, of the PF */
    IovClass class_;
    guint vendor, device, class_code;
    const char *driver;
    const char *netdev;
    const char *vf_driver; /* what autoprobe binds, e.g. igbvf */
    guint total_vfs;       /* at most FAKE_HOST_VFS; 0: a device without SR-IOV */
    int numa_node;
    gboolean no_iommu;      /* functions have no IOMMU group */
    gboolean link_up;       /* administratively */
    gboolean no_carrier;    /* the cable says nothing */
    gboolean needs_link_up; /* no VF comes while the link is down */
    guint speed;
} FakeAdapter;

IovHost *fake_host_new(void);
/* A second handle on the same host, freed on its own: what "open it again" means here. */
IovHost *fake_host_reopen(IovHost *host);

void fake_host_add(IovHost *host, const FakeAdapter *adapter);
/* An Intel 82576: 7 VFs, driver igb, link up with carrier, NUMA node 0, 1000 Mbit/s. As igb does,
 * it refuses min rates and link states, and a max rate while its link is down. */
void fake_host_add_igb(IovHost *host, const char *address, const char *netdev);
/* An NVMe drive with 4 VFs and no netdev. */
void fake_host_add_nvme(IovHost *host, const char *address);

/* Port @port of bridge @bridge, which it makes; @lower (nullable) is below it. */
void fake_host_add_port(IovHost *host, const char *bridge, const char *port, const char *lower);
/* (nullable): called once, when a bridge's uplinks are listed: what others do meanwhile. */
extern void (*fake_host_meanwhile)(void);
void fake_host_add_macvtap(IovHost *host, const char *netdev);
/* What the host sends where. */
gboolean fake_host_has_filter(IovHost *host, const char *netdev, const char *mac);
/* A frame from @mac comes in at that port. */
void fake_host_learn(IovHost *host, const char *port, const char *mac);
gboolean fake_host_has_learned(IovHost *host, const char *port, const char *mac);
IovMacvtapMode fake_host_get_macvtap(IovHost *host, const char *netdev);

/* ---- what was done: one line an effect, in order, refused ones with their reason ---- */

/* All lines since the start or the last clear, each with its newline. (transfer full) */
char *fake_host_journal(IovHost *host);
guint fake_host_count_effects(IovHost *host);
/* Also disarms fail_at and die_at, and numbers effects from 1 again. */
void fake_host_clear_journal(IovHost *host);

/* ---- faults; effects count from 1 since the last clear ---- */

/* Effect @number fails with errno value @errno_value, and changes nothing. One fault at a time. */
void fake_host_fail_at(IovHost *host, guint number, int errno_value);
/* The process ends by _exit(FAKE_HOST_DEATH) at effect @number: before it, or right after. */
void fake_host_die_at(IovHost *host, guint number, gboolean after);
/* Policy writes to that VF "succeed" and change nothing: a read-back must notice. */
void fake_host_set_sticky(IovHost *host, const char *function, gboolean sticky);
/* The driver shows this MAC wherever none is set; "": none. */
void fake_host_set_factory_mac(IovHost *host, const char *function, const char *mac);
/* How long new VFs take to appear; 100 ms unless told. */
void fake_host_set_creation_delay(IovHost *host, gint64 microseconds);
/* The device is gone, without anyone having asked. A PF takes its VFs along. */
void fake_host_remove(IovHost *host, const char *address);
/* A VF that was removed is there again, bound to no driver. */
void fake_host_restore(IovHost *host, const char *function);

/* ---- what others do ---- */

/* Somebody uses the function: find_user gives @reason; NULL: nobody any more. */
void fake_host_set_user(IovHost *host, const char *function, const char *reason);
/* An idle netdev of a PF or VF is brought up or down by another program; no effect of ours. */
void fake_host_set_netdev_up(IovHost *host, const char *netdev, gboolean up);
void fake_host_set_carrier(IovHost *host, const char *netdev, gboolean carrier);
/* Process @pid holds the group's vfio descriptor; 0: nobody. */
void fake_host_set_holder(IovHost *host, int iommu_group, GPid pid);
/* Device @address is in the IOMMU group too: a VF or PF of this host, or one of no other interest
 * that is bound to @driver ("": to none); told again, it is bound to another. */
void fake_host_add_neighbour(IovHost *host, int iommu_group, const char *address,
                             const char *driver);
/* The guest's driver has the function, or has it no more; it has it not while nobody holds it. */
void fake_host_set_driven(IovHost *host, const char *function, gboolean driven);
/* The guest's driver takes the function while its MAC is being set. */
void fake_host_set_hurried(IovHost *host, const char *function, gboolean hurried);
/* A guest (or libvirt) changed a VF's policy behind our back. */
void fake_host_set_netconf(IovHost *host, const char *function, const IovNetconf *netconf);

/* What of its memory the host can spare, in KiB; all of FAKE_HOST_MEMORY unless told. */
void fake_host_set_available_memory(IovHost *host, guint64 kib);

/* ---- clock and boot ---- */
void fake_host_advance(IovHost *host, gint64 microseconds);
/* A new boot: no VFs, bridges and macvtaps, links as they were added, no holders; the boot id is
 * @boot_id. */
void fake_host_reboot(IovHost *host, const char *boot_id);
