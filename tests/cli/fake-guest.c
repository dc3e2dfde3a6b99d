/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-guest.h"

#include "fake-host.h"
#include "iov-lease-private.h"
#include "libvirt.h"
#include "test-support.h"

FakeGuest guest;

IovStatus *
guest_status(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list =
        iov_manager_list_status(guest.world.manager, iov_domain_get_uuid(guest.record), &error);

    assert_done(list != NULL, error);
    ck_assert_uint_eq(list->len, 1);
    return iov_status_ref(g_ptr_array_index(list, 0));
}

void
guest_hold(gboolean held)
{
    g_autoptr(IovStatus) now = guest_status();

    ck_assert_ptr_nonnull(now->lease);
    fake_host_set_holder(guest.world.host, now->lease->iommu_group, held ? 4711 : 0);
}

static void
hold_at_once(const char *xml G_GNUC_UNUSED)
{
    guest_hold(TRUE);
}

static void
let_go(const char *alias G_GNUC_UNUSED)
{
    guest_hold(FALSE);
}

void
guest_set_up(void)
{
    g_autoptr(GError) error = NULL;

    world_set_up(&guest.world);
    world_start_pool(&guest.world, "2");
    fake_set_up("pc-q35-7.2", TRUE);
    fake_add("/domain/metadata",
             "<iov:requests xmlns:iov='" IOV_REQUEST_NAMESPACE "'><iov:request name='net0' "
             "pool='fast' mac='52:54:00:00:00:01'/></iov:requests>");
    guest.domain = libvirt_find_domain(fake.connection, "vm1", &error);
    assert_done(guest.domain != NULL, error);
    guest.record = libvirt_read_domain(guest.domain, 0, &error);
    assert_done(guest.record != NULL, error);
    assert_done(iov_manager_adopt_request(guest.world.manager, guest.record, "net0", &error),
                error);
    fake.on_attach = hold_at_once;
    fake.on_detach = let_go;
}

void
guest_tear_down(void)
{
    iov_domain_unref(guest.record);
    virDomainFree(guest.domain);
    fake_tear_down();
    world_tear_down(&guest.world);
}
