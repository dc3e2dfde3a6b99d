/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of incoming domains share.
 */
#include "incoming-support.h"

#include "fake-host.h"
#include "test-support.h"

#include <stdio.h>
#include <string.h>

#define OTHER_UUID "00000000-0000-4000-8000-0000000000ff"

char *
incoming_interface(const char *function)
{
    guint domain, bus, slot, number;

    ck_assert_int_eq(sscanf(function, "%x:%x:%x.%x", &domain, &bus, &slot, &number), 4);
    return g_strdup_printf("<interface type='hostdev' managed='no'><source><address type='pci' "
                           "domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/></source>"
                           "<teaming type='transient' persistent='ua-iov-net0'/>"
                           "<alias name='ua-iov-net0-vf'/></interface>",
                           domain, bus, slot, number);
}

char *
incoming_floor(const char *netdev)
{
    return g_strdup_printf("<interface type='direct'><source dev='%s' mode='bridge'/>"
                           "<alias name='ua-iov-net0'/></interface>",
                           netdev);
}

/* The whole ledger, as far as leases and requests go. */
static char *
dump(World *world)
{
    g_autoptr(GPtrArray) functions = iov_manager_list_functions(world->manager, NULL, NULL);
    g_autoptr(GPtrArray) statuses = iov_manager_list_status(world->manager, NULL, NULL);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < functions->len; i++) {
        const IovLease *lease = functions->pdata[i];

        g_string_append_printf(text, "%s %d %s %s %" G_GINT64_FORMAT "\n", lease->function,
                               lease->state, lease->domain_uuid, lease->request, lease->deadline);
    }
    for (guint i = 0; i < statuses->len; i++)
        g_string_append_printf(text, "%s %s\n", ((IovStatus *)statuses->pdata[i])->domain_uuid,
                               ((IovStatus *)statuses->pdata[i])->request);
    return g_string_free(text, FALSE);
}

char *
incoming_arrive(World *world, IovIncoming kind, const char *xml, guint leases)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) leased = NULL;
    char *changed = NULL;

    assert_done(iov_manager_incoming(world->manager, kind, "b.example", xml, strlen(xml), &changed,
                                     &leased, &error),
                error);
    ck_assert_uint_eq(leased->len, leases);
    ck_assert(changed == NULL || strcmp(changed, xml) != 0);
    return changed != NULL ? changed : g_strdup(xml);
}

void
incoming_refused(World *world, IovIncoming kind, const char *xml, IovError code, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) leased = NULL;
    g_autofree char *changed = NULL;
    g_autofree char *before = dump(world);

    assert_fails(iov_manager_incoming(world->manager, kind, "b.example", xml, strlen(xml), &changed,
                                      &leased, &error),
                 error, code, text);
    ck_assert_ptr_null(changed);
    ck_assert_ptr_null(leased);
    g_autofree char *after = dump(world);
    ck_assert_str_eq(before, after);
}

char *
incoming_source(const char *xml, const char *alias)
{
    g_autoptr(IovDomain) domain = iov_domain_parse(xml, strlen(xml), NULL);

    ck_assert_ptr_nonnull(domain);
    if (alias != NULL)
        return g_strdup(iov_domain_find_source(domain, alias));
    ck_assert_uint_gt(domain->hostdevs->len, 0);
    return g_strdup(((IovDomainHostdev *)domain->hostdevs->pdata[0])->source);
}

void
incoming_start(World *world, const char *xml)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovDomain) domain = iov_domain_parse(xml, strlen(xml), &error);

    assert_done(domain != NULL, error);
    assert_done(iov_manager_prepare(world->manager, domain, &error), error);
    assert_done(iov_manager_started(world->manager, domain, &error), error);
}

void
incoming_let_pass(World *world)
{
    g_autoptr(GPtrArray) nobody = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    fake_host_advance(world->host, IOV_RESERVATION_TIME + 1);
    assert_done(iov_manager_reconcile(world->manager, nobody, G_MAXINT64, NULL, &error), error);
}

void
incoming_take(World *world, const char *function)
{
    g_autoptr(GError) error = NULL;
    IovLedger *ledger = iov_manager_ledger(world->manager, FALSE, &error);
    guint64 generation = 0;

    assert_done(ledger != NULL && iov_ledger_begin(ledger, &error), error);
    assert_done(iov_ledger_lease(ledger, function, OTHER_UUID, "other", function, 1, G_MAXINT64,
                                 &generation, &error),
                error);
    assert_done(iov_ledger_commit(ledger, &error), error);
}
