/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fake host's PCI side: records, VFs that come and go, and drivers, by the kernel's rules
 * (drivers/pci/iov.c, drivers/pci/pci-driver.c).
 */
#include "fake-host-private.h"

#include <errno.h>
#include <string.h>

static char *
copy_or_null(const char *text)
{
    return text[0] != '\0' ? g_strdup(text) : NULL;
}

static IovFunction *
record_vf(const FakePf *pf, const FakeVf *vf)
{
    IovFunction *function = iov_function_new(vf->address, (guint)(vf - pf->vfs));
    char netdev[FAKE_TEXT_SIZE];

    fake_vf_netdev(pf, vf, netdev);
    function->driver = copy_or_null(vf->driver);
    function->netdev = copy_or_null(netdev);
    function->iommu_group = fake_vf_group(pf, vf);
    function->migratable = iov_driver_is_vfio_variant(vf->driver);
    return function;
}

IovLink
fake_link_of(const FakePf *pf)
{
    if (pf->netdev[0] == '\0')
        return IOV_LINK_NONE;
    if (!pf->link_up)
        return IOV_LINK_DOWN;
    return pf->no_carrier ? IOV_LINK_NO_CARRIER : IOV_LINK_UP;
}

static IovAdapter *
record_pf(const FakeState *state, const FakePf *pf)
{
    IovAdapter *adapter = iov_adapter_new(pf->address);

    adapter->class_ = pf->class_;
    adapter->vendor = pf->vendor;
    adapter->device = pf->device;
    adapter->class_code = pf->class_code;
    adapter->driver = copy_or_null(pf->driver);
    adapter->netdev = copy_or_null(pf->netdev);
    adapter->numa_node = pf->numa_node;
    adapter->iommu_group = pf->iommu_group;
    adapter->total_vfs = pf->total_vfs;
    adapter->num_vfs = pf->num_vfs;
    adapter->autoprobe = pf->autoprobe;
    adapter->link = fake_link_of(pf);
    adapter->speed = adapter->link == IOV_LINK_UP ? pf->speed : 0;
    for (guint i = 0; i < pf->num_vfs; i++)
        if (fake_vf_is_visible(state, &pf->vfs[i]))
            g_ptr_array_add(adapter->functions, record_vf(pf, &pf->vfs[i]));
    return adapter;
}

static int
by_address(gconstpointer a, gconstpointer b)
{
    IovAddress first, second;

    g_assert(iov_address_parse((*(IovAdapter *const *)a)->address, &first, NULL));
    g_assert(iov_address_parse((*(IovAdapter *const *)b)->address, &second, NULL));
    return iov_address_compare(&first, &second);
}

GPtrArray *
fake_list_adapters(IovHost *host, GError **error)
{
    FakeState *state = fake_state(host);
    GPtrArray *adapters = g_ptr_array_new_with_free_func((GDestroyNotify)iov_adapter_unref);

    (void)error;
    for (gsize i = 0; i < FAKE_HOST_ADAPTERS; i++)
        if (state->pfs[i].exists && state->pfs[i].total_vfs > 0)
            g_ptr_array_add(adapters, record_pf(state, &state->pfs[i]));
    g_ptr_array_sort(adapters, by_address);
    return adapters;
}

/* The PF that has SR-IOV, or NULL with @error. */
static FakePf *
need_pf(FakeState *state, const char *address, GError **error)
{
    FakePf *pf = fake_find_pf(state, address);

    if (pf == NULL && fake_find_vf(state, address, NULL) == NULL)
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "no PCI device %s", address);
    else if (pf == NULL || pf->total_vfs == 0)
        iov_error_set(error, IOV_ERROR_UNSUPPORTED, "PCI device %s has no SR-IOV", address);
    else
        return pf;
    return NULL;
}

FakeVf *
fake_need_vf(FakeState *state, const char *address, FakePf **pf, GError **error)
{
    FakeVf *vf = fake_find_vf(state, address, pf);

    if (vf == NULL)
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "no PCI device %s", address);
    return vf;
}

IovAdapter *
fake_get_adapter(IovHost *host, const char *address, GError **error)
{
    FakeState *state = fake_state(host);
    FakePf *pf = need_pf(state, address, error);

    return pf != NULL ? record_pf(state, pf) : NULL;
}

gboolean
fake_set_autoprobe(IovHost *host, const char *address, gboolean autoprobe, GError **error)
{
    FakeState *state = fake_state(host);
    FakePf *pf = need_pf(state, address, error);
    int number;

    if (pf == NULL)
        return FALSE;
    if (!fake_begin(state, &number, "%s: autoprobe %d", address, autoprobe))
        return fake_refuse(state, number, error, "set sriov_drivers_autoprobe on %s", address);
    pf->autoprobe = autoprobe;
    return fake_end(state);
}

/* What igb reports of a VF that nobody touched. */
static IovNetconf
fresh_netconf(void)
{
    return (IovNetconf){.mac = "00:00:00:00:00:00",
                        .has_vlan = TRUE,
                        .has_rate = TRUE,
                        .trust = IOV_SWITCH_NO,
                        .spoofcheck = IOV_SWITCH_YES,
                        .link_state = IOV_LINK_STATE_AUTO};
}

static void
create_vfs(FakeState *state, FakePf *pf, guint count)
{
    if (pf->needs_link_up && !pf->link_up)
        return;
    for (guint i = 0; i < count; i++) {
        FakeVf *vf = &pf->vfs[i];
        char address[IOV_ADDRESS_SIZE];

        g_strlcpy(address, vf->address, sizeof(address));
        memset(vf, 0, sizeof(*vf));
        g_strlcpy(vf->address, address, sizeof(vf->address));
        vf->exists = TRUE;
        vf->visible_from = state->now + state->creation_delay;
        vf->netconf = fresh_netconf();
        if (pf->autoprobe)
            g_strlcpy(vf->driver, pf->vf_driver, sizeof(vf->driver));
    }
    pf->num_vfs = count;
}

static gboolean
any_vf_is_held(const FakeState *state, const FakePf *pf)
{
    for (guint i = 0; i < pf->num_vfs; i++)
        if (pf->vfs[i].exists && fake_holder_of(state, fake_vf_group(pf, &pf->vfs[i])) != 0)
            return TRUE;
    return FALSE;
}

gboolean
fake_set_num_vfs(IovHost *host, const char *address, guint count, GError **error)
{
    FakeState *state = fake_state(host);
    FakePf *pf = need_pf(state, address, error);
    int number;

    if (pf == NULL)
        return FALSE;
    if (count > pf->total_vfs)
        return iov_error_set(error, IOV_ERROR_UNSUPPORTED,
                             "cannot set sriov_numvfs to %u on %s: it has at most %u VFs", count,
                             address, pf->total_vfs);
    if (fake_begin(state, &number, "%s: sriov_numvfs %u", address, count) && count != 0 &&
        pf->num_vfs != 0 && count != pf->num_vfs)
        number = EBUSY;
    else if (number == 0 && count == 0 && any_vf_is_held(state, pf))
        number = ETIMEDOUT;
    if (number != 0)
        return fake_refuse(state, number, error, "set sriov_numvfs to %u on %s", count, address);
    if (count == 0)
        pf->num_vfs = 0;
    else if (pf->num_vfs == 0)
        create_vfs(state, pf, count);
    fake_end(state);
    if (count > 0 && (pf->num_vfs == 0 || state->creation_delay > FAKE_HOST_LIMIT)) {
        state->now += FAKE_HOST_LIMIT;
        return iov_error_set(error, IOV_ERROR_TIMEOUT,
                             "cannot set sriov_numvfs to %u on %s: its VFs did not appear in time",
                             count, address);
    }
    state->now += count > 0 ? state->creation_delay : 0;
    return TRUE;
}

gboolean
fake_set_driver_override(IovHost *host, const char *address, const char *driver, GError **error)
{
    FakeState *state = fake_state(host);
    FakeVf *vf = fake_need_vf(state, address, NULL, error);
    int number;

    if (vf == NULL)
        return FALSE;
    if (!fake_begin(state, &number, "%s: driver_override %s", address,
                    driver != NULL ? driver : "none"))
        return fake_refuse(state, number, error, "set driver_override on %s", address);
    g_strlcpy(vf->override, driver != NULL ? driver : "", sizeof(vf->override));
    return fake_end(state);
}

gboolean
fake_unbind(IovHost *host, const char *address, GError **error)
{
    FakeState *state = fake_state(host);
    FakePf *pf = NULL;
    FakeVf *vf = fake_need_vf(state, address, &pf, error);
    int number;

    if (vf == NULL)
        return FALSE;
    if (vf->driver[0] == '\0')
        return TRUE;
    if (fake_begin(state, &number, "%s: unbind %s", address, vf->driver) &&
        fake_holder_of(state, fake_vf_group(pf, vf)) != 0)
        number = ETIMEDOUT;
    if (number != 0)
        return fake_refuse(state, number, error, "unbind %s", address);
    vf->driver[0] = '\0';
    vf->netdev_up = FALSE;
    return fake_end(state);
}

/* The driver that the kernel would bind now, "" where none. */
static const char *
driver_for(const FakePf *pf, const FakeVf *vf)
{
    if (vf->override[0] != '\0')
        return strcmp(vf->override, "vfio-pci") == 0 || strcmp(vf->override, pf->vf_driver) == 0
                   ? vf->override
                   : "";
    return pf->autoprobe ? pf->vf_driver : "";
}

gboolean
fake_probe(IovHost *host, const char *address, const char *driver, GError **error)
{
    FakeState *state = fake_state(host);
    FakePf *pf = NULL;
    FakeVf *vf = fake_need_vf(state, address, &pf, error);
    int number;

    if (vf == NULL)
        return FALSE;
    if (!fake_begin(state, &number, "%s: probe %s", address, driver != NULL ? driver : "any"))
        return fake_refuse(state, number, error, "probe %s", address);
    if (vf->driver[0] == '\0')
        g_strlcpy(vf->driver, driver_for(pf, vf), sizeof(vf->driver));
    fake_end(state);
    if (driver != NULL && strcmp(driver, vf->driver) != 0)
        return iov_error_set(error, IOV_ERROR_HOST, "cannot bind %s to %s: %s", address, driver,
                             vf->driver[0] != '\0' ? vf->driver : "no driver took it");
    return TRUE;
}

char *
fake_get_driver(IovHost *host, const char *address, GError **error)
{
    FakeState *state = fake_state(host);
    FakePf *pf = fake_find_pf(state, address);
    FakeVf *vf = fake_find_vf(state, address, NULL);
    const char *driver = fake_driver_of_neighbour(state, address);

    if (pf != NULL)
        driver = pf->driver;
    else if (vf != NULL)
        driver = vf->driver;
    else if (driver == NULL)
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "no PCI device %s", address);
    return g_strdup(driver);
}

static int
by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
add_vfs_of_group(const FakeState *state, const FakePf *pf, int group, GPtrArray *list)
{
    for (guint i = 0; i < pf->num_vfs; i++)
        if (fake_vf_is_visible(state, &pf->vfs[i]) && fake_vf_group(pf, &pf->vfs[i]) == group)
            g_ptr_array_add(list, g_strdup(pf->vfs[i].address));
}

GStrv
fake_list_group(IovHost *host, int group, GError **error)
{
    const FakeState *state = fake_state(host);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

    for (gsize i = 0; i < FAKE_HOST_ADAPTERS; i++) {
        const FakePf *pf = &state->pfs[i];

        if (pf->exists && pf->iommu_group == group)
            g_ptr_array_add(list, g_strdup(pf->address));
        if (pf->exists)
            add_vfs_of_group(state, pf, group, list);
    }
    if (group < 0 || list->len == 0) {
        iov_error_set(error, IOV_ERROR_NOT_FOUND, "no IOMMU group %d", group);
        return NULL;
    }
    for (gsize i = 0; i < FAKE_NEIGHBOURS; i++)
        if (state->neighbours[i].address[0] != '\0' && state->neighbours[i].group == group)
            g_ptr_array_add(list, g_strdup(state->neighbours[i].address));
    g_ptr_array_sort(list, by_text);
    g_ptr_array_add(list, NULL);
    return (GStrv)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}
