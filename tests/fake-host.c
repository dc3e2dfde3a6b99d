/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fake host's state: how tests build it, look at it, and make trouble. What the operations of
 * the host interface do to it stands in fake-host-operations.c.
 */
#include "fake-host-private.h"

#include <string.h>
#include <sys/mman.h>

#define FIRST_GROUP 1000 /* PF n: FIRST_GROUP * (n + 1); its VF i: that plus 1 + i */
#define IGB_VF_OFFSET 0x80
#define IGB_VF_STRIDE 2

FakeState *
fake_state(IovHost *host)
{
    return ((FakeHost *)host)->kernel->state;
}

static IovHost *
handle_new(FakeKernel *kernel)
{
    FakeHost *fake = g_new0(FakeHost, 1);

    fake->parent.operations = &fake_host_operations;
    fake->kernel = kernel;
    kernel->references++;
    return &fake->parent;
}

IovHost *
fake_host_new(void)
{
    FakeKernel *kernel = g_new0(FakeKernel, 1);

    kernel->state =
        mmap(NULL, sizeof(FakeState), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_assert(kernel->state != MAP_FAILED);
    kernel->state->now = FAKE_HOST_TIME;
    kernel->state->available = FAKE_HOST_MEMORY;
    kernel->state->creation_delay = G_USEC_PER_SEC / 10;
    g_strlcpy(kernel->state->boot_id, FAKE_HOST_BOOT_ID, sizeof(kernel->state->boot_id));
    return handle_new(kernel);
}

IovHost *
fake_host_reopen(IovHost *host)
{
    return handle_new(((FakeHost *)host)->kernel);
}

static void
copy_name(char to[static FAKE_NAME_SIZE], const char *from)
{
    gsize length = g_strlcpy(to, from != NULL ? from : "", FAKE_NAME_SIZE);

    g_assert(length < FAKE_NAME_SIZE);
}

static void
set_vf_addresses(FakePf *pf)
{
    IovAddress base;

    g_assert(iov_address_parse(pf->address, &base, NULL));
    for (guint i = 0; i < pf->total_vfs; i++) {
        guint id = ((guint)base.bus << 8 | (guint)base.slot << 3 | base.function) + IGB_VF_OFFSET +
                   IGB_VF_STRIDE * i;
        IovAddress vf = {base.domain, (guint8)(id >> 8), (guint8)(id >> 3 & 0x1f),
                         (guint8)(id & 7)};

        iov_address_format(&vf, pf->vfs[i].address);
    }
}

void
fake_host_add(IovHost *host, const FakeAdapter *adapter)
{
    FakeState *state = fake_state(host);
    gsize n = 0;

    while (n < FAKE_HOST_ADAPTERS && state->pfs[n].exists)
        n++;
    g_assert(n < FAKE_HOST_ADAPTERS && adapter->total_vfs <= FAKE_HOST_VFS);

    FakePf *pf = &state->pfs[n];
    memset(pf, 0, sizeof(*pf));
    pf->exists = TRUE;
    g_strlcpy(pf->address, adapter->address, sizeof(pf->address));
    pf->class_ = adapter->class_;
    pf->vendor = adapter->vendor;
    pf->device = adapter->device;
    pf->class_code = adapter->class_code;
    copy_name(pf->driver, adapter->driver);
    copy_name(pf->netdev, adapter->netdev);
    copy_name(pf->vf_driver, adapter->vf_driver);
    pf->total_vfs = adapter->total_vfs;
    pf->speed = adapter->speed;
    pf->numa_node = adapter->numa_node;
    pf->no_iommu = adapter->no_iommu;
    pf->iommu_group = adapter->no_iommu ? -1 : FIRST_GROUP * (int)(n + 1);
    pf->autoprobe = TRUE;
    pf->link_up = pf->boot_link_up = adapter->link_up;
    pf->no_carrier = adapter->no_carrier;
    pf->needs_link_up = adapter->needs_link_up;
    set_vf_addresses(pf);
}

void
fake_host_add_igb(IovHost *host, const char *address, const char *netdev)
{
    const FakeAdapter adapter = {
        .address = address,
        .class_ = IOV_CLASS_NET,
        .vendor = 0x8086,
        .device = 0x10c9,
        .class_code = 0x020000,
        .driver = "igb",
        .netdev = netdev,
        .vf_driver = "igbvf",
        .total_vfs = 7,
        .link_up = TRUE,
        .speed = 1000,
    };

    fake_host_add(host, &adapter);
}

void
fake_host_add_nvme(IovHost *host, const char *address)
{
    const FakeAdapter adapter = {
        .address = address,
        .class_ = IOV_CLASS_NVME,
        .vendor = 0x1b36,
        .device = 0x0010,
        .class_code = 0x010802,
        .driver = "nvme",
        .vf_driver = "nvme",
        .total_vfs = 4,
    };

    fake_host_add(host, &adapter);
}

FakePf *
fake_find_pf(FakeState *state, const char *address)
{
    for (gsize i = 0; i < FAKE_HOST_ADAPTERS; i++)
        if (state->pfs[i].exists && strcmp(state->pfs[i].address, address) == 0)
            return &state->pfs[i];
    return NULL;
}

FakePf *
fake_find_pf_of_netdev(FakeState *state, const char *netdev)
{
    for (gsize i = 0; i < FAKE_HOST_ADAPTERS; i++)
        if (state->pfs[i].exists && netdev[0] != '\0' && strcmp(state->pfs[i].netdev, netdev) == 0)
            return &state->pfs[i];
    return NULL;
}

gboolean
fake_vf_is_visible(const FakeState *state, const FakeVf *vf)
{
    return vf->exists && state->now >= vf->visible_from;
}

int
fake_vf_group(const FakePf *pf, const FakeVf *vf)
{
    return pf->no_iommu ? -1 : pf->iommu_group + 1 + (int)(vf - pf->vfs);
}

void
fake_vf_netdev(const FakePf *pf, const FakeVf *vf, char name[static FAKE_TEXT_SIZE])
{
    gboolean has =
        pf->netdev[0] != '\0' && vf->driver[0] != '\0' && strcmp(vf->driver, pf->vf_driver) == 0;

    name[0] = '\0';
    if (has)
        g_snprintf(name, FAKE_TEXT_SIZE, "%sv%d", pf->netdev, (int)(vf - pf->vfs));
}

/* The visible VF that has this address, or else this netdev. */
static FakeVf *
find_vf(FakeState *state, const char *address, const char *netdev, FakePf **owner)
{
    for (gsize i = 0; i < FAKE_HOST_ADAPTERS; i++) {
        FakePf *pf = &state->pfs[i];

        for (guint j = 0; pf->exists && j < pf->num_vfs; j++) {
            FakeVf *vf = &pf->vfs[j];
            char name[FAKE_TEXT_SIZE];

            fake_vf_netdev(pf, vf, name);
            if (!fake_vf_is_visible(state, vf) ||
                strcmp(address != NULL ? address : netdev, address != NULL ? vf->address : name))
                continue;
            if (owner != NULL)
                *owner = pf;
            return vf;
        }
    }
    return NULL;
}

FakeVf *
fake_find_vf(FakeState *state, const char *address, FakePf **pf)
{
    return find_vf(state, address, NULL, pf);
}

FakeVf *
fake_find_vf_of_netdev(FakeState *state, const char *netdev)
{
    return netdev[0] != '\0' ? find_vf(state, NULL, netdev, NULL) : NULL;
}

GPid
fake_holder_of(const FakeState *state, int group)
{
    for (gsize i = 0; i < FAKE_HOLDERS; i++)
        if (state->holders[i].pid != 0 && state->holders[i].group == group)
            return state->holders[i].pid;
    return 0;
}

/* For knobs: a wrong address in a test is the test's bug. */
static FakeVf *
need_vf(IovHost *host, const char *function)
{
    FakeVf *vf = fake_find_vf(fake_state(host), function, NULL);

    if (vf == NULL)
        g_error("the fake host has no VF %s", function);
    return vf;
}

void
fake_host_set_sticky(IovHost *host, const char *function, gboolean sticky)
{
    need_vf(host, function)->sticky = sticky;
}

void
fake_host_set_factory_mac(IovHost *host, const char *function, const char *mac)
{
    g_strlcpy(need_vf(host, function)->factory_mac, mac, IOV_MAC_SIZE);
}

void
fake_host_set_creation_delay(IovHost *host, gint64 microseconds)
{
    fake_state(host)->creation_delay = microseconds;
}

void
fake_host_remove(IovHost *host, const char *address)
{
    FakePf *pf = fake_find_pf(fake_state(host), address);

    if (pf != NULL)
        pf->exists = FALSE;
    else
        need_vf(host, address)->exists = FALSE;
}

void
fake_host_restore(IovHost *host, const char *function)
{
    FakeState *state = fake_state(host);

    for (guint i = 0; i < FAKE_HOST_ADAPTERS; i++)
        for (guint j = 0; j < state->pfs[i].num_vfs; j++) {
            FakeVf *vf = &state->pfs[i].vfs[j];

            if (strcmp(vf->address, function) != 0)
                continue;
            vf->exists = TRUE;
            vf->driver[0] = vf->override[0] = '\0';
        }
}

void
fake_host_set_user(IovHost *host, const char *function, const char *reason)
{
    g_strlcpy(need_vf(host, function)->user, reason != NULL ? reason : "", FAKE_TEXT_SIZE);
}

void
fake_host_set_netdev_up(IovHost *host, const char *netdev, gboolean up)
{
    FakePf *pf = fake_find_pf_of_netdev(fake_state(host), netdev);
    FakeVf *vf = fake_find_vf_of_netdev(fake_state(host), netdev);

    if (pf != NULL)
        pf->link_up = up;
    else if (vf != NULL)
        vf->netdev_up = up;
    else
        g_error("the fake host has no netdev %s", netdev);
}

void
fake_host_set_carrier(IovHost *host, const char *netdev, gboolean carrier)
{
    FakePf *pf = fake_find_pf_of_netdev(fake_state(host), netdev);

    g_assert(pf != NULL);
    pf->no_carrier = !carrier;
}

void
fake_host_set_holder(IovHost *host, int iommu_group, GPid pid)
{
    FakeState *state = fake_state(host);
    gsize slot = FAKE_HOLDERS;

    for (gsize i = 0; i < FAKE_HOLDERS; i++) {
        if (state->holders[i].pid != 0 && state->holders[i].group == iommu_group)
            state->holders[i].pid = 0;
        if (state->holders[i].pid == 0 && slot == FAKE_HOLDERS)
            slot = i;
    }
    g_assert(slot < FAKE_HOLDERS);
    state->holders[slot].group = iommu_group;
    state->holders[slot].pid = pid;
}

void
fake_host_add_neighbour(IovHost *host, int iommu_group, const char *address, const char *driver)
{
    FakeState *state = fake_state(host);
    gsize slot = 0;

    while (slot < FAKE_NEIGHBOURS && state->neighbours[slot].address[0] != '\0' &&
           (state->neighbours[slot].group != iommu_group ||
            strcmp(state->neighbours[slot].address, address) != 0))
        slot++;
    g_assert(slot < FAKE_NEIGHBOURS);
    state->neighbours[slot].group = iommu_group;
    g_strlcpy(state->neighbours[slot].address, address, IOV_ADDRESS_SIZE);
    copy_name(state->neighbours[slot].driver, driver);
}

const char *
fake_driver_of_neighbour(const FakeState *state, const char *address)
{
    for (gsize i = 0; i < FAKE_NEIGHBOURS; i++)
        if (strcmp(state->neighbours[i].address, address) == 0)
            return state->neighbours[i].driver;
    return NULL;
}

void
fake_host_set_driven(IovHost *host, const char *function, gboolean driven)
{
    need_vf(host, function)->driven = driven;
}

void
fake_host_set_hurried(IovHost *host, const char *function, gboolean hurried)
{
    need_vf(host, function)->hurried = hurried;
}

void
fake_host_set_netconf(IovHost *host, const char *function, const IovNetconf *netconf)
{
    need_vf(host, function)->netconf = *netconf;
}

void
fake_host_advance(IovHost *host, gint64 microseconds)
{
    fake_state(host)->now += microseconds;
}

void
fake_host_reboot(IovHost *host, const char *boot_id)
{
    FakeState *state = fake_state(host);

    g_strlcpy(state->boot_id, boot_id, sizeof(state->boot_id));
    memset(state->holders, 0, sizeof(state->holders));
    memset(state->ports, 0, sizeof(state->ports));
    memset(state->macvtaps, 0, sizeof(state->macvtaps));
    memset(state->filters, 0, sizeof(state->filters));
    memset(state->learned, 0, sizeof(state->learned));
    for (gsize i = 0; i < FAKE_HOST_ADAPTERS; i++) {
        FakePf *pf = &state->pfs[i];

        memset(pf->vfs, 0, sizeof(pf->vfs));
        pf->num_vfs = 0;
        pf->autoprobe = TRUE;
        pf->link_up = pf->boot_link_up;
        if (pf->exists)
            set_vf_addresses(pf);
    }
}
