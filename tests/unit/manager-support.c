/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of the façade share: a root directory, the fake host, and domains.
 */
#define _GNU_SOURCE /* nftw(3) */

#include "manager-support.h"

#include "fake-host.h"
#include "test-support.h"

#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

void
world_set_up(World *world)
{
    world->root = g_dir_make_tmp("iov-manager-XXXXXX", NULL);
    world->host = fake_host_new();
    fake_host_add_igb(world->host, "0000:01:00.0", "enp1s0");
    fake_host_add_igb(world->host, "0000:02:00.0", "enp2s0");
    fake_host_add_nvme(world->host, "0000:03:00.0");
    world->manager = iov_manager_new_with_host(world->root, fake_host_reopen(world->host));
}

static int
remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

void
world_tear_down(World *world)
{
    g_clear_pointer(&world->manager, iov_manager_unref);
    g_clear_pointer(&world->host, iov_host_free);
    nftw(world->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    g_clear_pointer(&world->root, g_free);
}

void
world_reopen(World *world)
{
    iov_manager_unref(world->manager);
    world->manager = iov_manager_new_with_host(world->root, fake_host_reopen(world->host));
}

void
world_start_pool(World *world, const char *vfs)
{
    static const char *const adapters[] = {"enp1s0", "0000:02:00.0", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(IovPool) pool =
        iov_manager_create_pool(world->manager, "fast", adapters, vfs, &error);

    assert_done(pool != NULL, error);
    assert_done(iov_manager_start_pool(world->manager, "fast", NULL, &error), error);
}

char *
world_domain_xml(const char *name, const char *attributes, const char *devices)
{
    return g_strdup_printf(
        "<domain type='kvm'><name>%s</name><uuid>00000000-0000-4000-8000-0000000000%02x</uuid>"
        "<metadata><iov:requests xmlns:iov='" IOV_REQUEST_NAMESPACE "'>"
        "<iov:request name='net0' pool='fast' mac='52:54:00:00:00:%02x' %s/></iov:requests>"
        "</metadata><os><type machine='pc-q35-9.2'>hvm</type></os><devices>"
        "<controller type='pci' index='0' model='pcie-root'/>"
        "<controller type='pci' index='7' model='pcie-root-port'>"
        "<alias name='ua-iov-net0-port'/></controller>%s</devices></domain>",
        name, (guint)(guchar)name[strlen(name) - 1], (guint)(guchar)name[strlen(name) - 1],
        attributes, devices);
}

IovDomain *
world_domain(const char *name, const char *attributes, const char *devices)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = world_domain_xml(name, attributes, devices);
    IovDomain *domain = iov_domain_parse(xml, strlen(xml), &error);

    assert_done(domain != NULL, error);
    return domain;
}

char *
world_hostdev(const char *function, const char *alias)
{
    guint domain, bus, slot, number;

    ck_assert_int_eq(sscanf(function, "%x:%x:%x.%x", &domain, &bus, &slot, &number), 4);
    return g_strdup_printf("<hostdev mode='subsystem' type='pci' managed='no'><source>"
                           "<address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>"
                           "</source><alias name='%s'/></hostdev>",
                           domain, bus, slot, number, alias);
}

static GPtrArray *
functions(World *world)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *list = iov_manager_list_functions(world->manager, NULL, &error);

    assert_done(list != NULL, error);
    return list;
}

char *
world_function(World *world, const char *function)
{
    g_autoptr(GPtrArray) list = functions(world);

    for (guint i = 0; i < list->len; i++) {
        const IovLease *lease = list->pdata[i];
        const char *state = iov_lease_state_to_string(lease->state);

        if (strcmp(lease->function, function) != 0)
            continue;
        return lease->domain_name != NULL
                   ? g_strdup_printf("%s %s %s", state, lease->domain_name, lease->request)
                   : g_strdup(state);
    }
    return g_strdup("absent");
}

static IovStatus *
status_of(World *world, const IovDomain *domain)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = iov_manager_list_status(world->manager, domain->uuid, &error);

    assert_done(list != NULL, error);
    for (guint i = 0; i < list->len; i++)
        if (strcmp(((IovStatus *)list->pdata[i])->request, "net0") == 0)
            return iov_status_ref(list->pdata[i]);
    return NULL;
}

char *
world_status(World *world, const IovDomain *domain)
{
    g_autoptr(IovStatus) status = status_of(world, domain);

    if (status == NULL)
        return g_strdup("unknown");
    return g_strdup_printf("%s|%s", iov_tier_to_string(status->tier), status->reason);
}

char *
world_held_by(World *world, const IovDomain *domain)
{
    g_autoptr(IovStatus) status = status_of(world, domain);

    return status != NULL && status->lease != NULL ? g_strdup(status->lease->function) : NULL;
}

guint
world_count(World *world, IovLeaseState state)
{
    g_autoptr(GPtrArray) list = functions(world);
    guint count = 0;

    for (guint i = 0; i < list->len; i++)
        count += ((IovLease *)list->pdata[i])->state == state ? 1 : 0;
    return count;
}

void
world_run_lifted(World *world, const IovDomain *domain)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = NULL;
    guint64 generation = 0;

    assert_done(iov_manager_prepare(world->manager, domain, &error), error);
    assert_done(iov_manager_started(world->manager, domain, &error), error);
    assert_done(iov_manager_lift_begin(world->manager, domain, "net0", &xml, &generation, &error),
                error);
    g_autoptr(IovStatus) status = status_of(world, domain);
    ck_assert_ptr_nonnull(status->lease);
    fake_host_set_holder(world->host, status->lease->iommu_group, 4711);
    assert_done(iov_manager_lift_done(world->manager, status->lease->function, generation, &error),
                error);
}
