/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fake host's table of operations, and those that are neither PCI nor network.
 */
#include "fake-host-private.h"

#include <string.h>
#include <sys/mman.h>

static void
fake_free(IovHost *host)
{
    FakeHost *fake = (FakeHost *)host;
    FakeKernel *kernel = fake->kernel;

    g_free(fake);
    if (--kernel->references > 0)
        return;
    munmap(kernel->state, sizeof(FakeState));
    g_free(kernel);
}

static gboolean
fake_reset(IovHost *host, const char *address, GError **error)
{
    FakeState *state = fake_state(host);
    int number;

    if (fake_need_vf(state, address, NULL, error) == NULL)
        return FALSE;
    if (!fake_begin(state, &number, "%s: reset", address))
        return fake_refuse(state, number, error, "reset %s", address);
    return fake_end(state);
}

static char *
fake_find_user(IovHost *host, const char *address, GError **error)
{
    FakeState *state = fake_state(host);
    FakePf *pf = NULL;
    FakeVf *vf = fake_need_vf(state, address, &pf, error);
    char netdev[FAKE_TEXT_SIZE];

    if (vf == NULL)
        return NULL;
    if (vf->user[0] != '\0')
        return g_strdup(vf->user);
    if (vf->driver[0] == '\0' || strcmp(vf->driver, "vfio-pci") == 0)
        return NULL;
    fake_vf_netdev(pf, vf, netdev);
    if (netdev[0] == '\0')
        return g_strdup_printf("bound to driver %s", vf->driver);
    return vf->netdev_up ? g_strdup_printf("netdev %s is up", netdev) : NULL;
}

static gboolean
fake_find_vfio_holder(IovHost *host, int iommu_group, GPid *pid, GError **error)
{
    (void)error;
    *pid = fake_holder_of(fake_state(host), iommu_group);
    return TRUE;
}

static gboolean
fake_is_driven(IovHost *host, const char *address, gboolean *driven, GError **error)
{
    FakeState *state = fake_state(host);
    FakePf *pf = NULL;
    FakeVf *vf = fake_need_vf(state, address, &pf, error);

    if (vf == NULL)
        return FALSE;
    *driven = vf->driven && fake_holder_of(state, fake_vf_group(pf, vf)) != 0;
    return TRUE;
}

static char *
fake_get_boot_id(IovHost *host, GError **error)
{
    (void)error;
    return g_strdup(fake_state(host)->boot_id);
}

static gboolean
fake_get_memory(IovHost *host, guint64 *total, guint64 *available, GError **error)
{
    (void)error;
    *total = FAKE_HOST_MEMORY;
    *available = fake_state(host)->available;
    return TRUE;
}

void
fake_host_set_available_memory(IovHost *host, guint64 kib)
{
    fake_state(host)->available = kib;
}

static gint64
fake_get_time(IovHost *host)
{
    return fake_state(host)->now;
}

const IovHostOperations fake_host_operations = {
    .free = fake_free,
    .list_adapters = fake_list_adapters,
    .get_adapter = fake_get_adapter,
    .find_netdev = fake_find_netdev,
    .set_autoprobe = fake_set_autoprobe,
    .set_num_vfs = fake_set_num_vfs,
    .set_driver_override = fake_set_driver_override,
    .unbind = fake_unbind,
    .probe = fake_probe,
    .get_driver = fake_get_driver,
    .set_link_up = fake_set_link_up,
    .get_link = fake_get_link,
    .set_vf_netconf = fake_set_vf_netconf,
    .get_vf_netconf = fake_get_vf_netconf,
    .list_uplinks = fake_list_uplinks,
    .get_mac = fake_get_mac,
    .set_filter = fake_set_filter,
    .unlearn = fake_unlearn,
    .set_learning = fake_set_learning,
    .set_macvtap = fake_set_macvtap,
    .reset = fake_reset,
    .find_user = fake_find_user,
    .find_vfio_holder = fake_find_vfio_holder,
    .list_group = fake_list_group,
    .is_driven = fake_is_driven,
    .get_boot_id = fake_get_boot_id,
    .get_memory = fake_get_memory,
    .get_time = fake_get_time,
};
