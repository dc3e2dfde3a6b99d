/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ledger made true from the domains that run, while they come and go.
 */
#include "reconcile.h"

#include "libvirt.h"

#include <stdlib.h>

/* Where domains end one after the other, the last of them are the next reconcile's. */
#define ROUNDS_MAX 3

/* (nullable) (transfer full): UUIDs, as a set */
static GHashTable *
list_active(virConnectPtr connection)
{
    g_autoptr(GHashTable) active = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    virDomainPtr *domains = NULL;
    int count = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);

    for (int i = 0; i < count; i++) {
        char uuid[VIR_UUID_STRING_BUFLEN];

        if (virDomainGetUUIDString(domains[i], uuid) == 0)
            g_hash_table_add(active, g_strdup(uuid));
        virDomainFree(domains[i]);
    }
    free(domains);
    return count < 0 ? NULL : g_steal_pointer(&active);
}

/* FALSE where libvirt does not tell: a connect is followed by a reconcile. */
static gboolean
has_one_ended(virConnectPtr connection, GPtrArray *domains)
{
    g_autoptr(GHashTable) active = list_active(connection);

    for (guint i = 0; active != NULL && i < domains->len; i++)
        if (!g_hash_table_contains(active, iov_domain_get_uuid(domains->pdata[i])))
            return TRUE;
    return FALSE;
}

GPtrArray *
reconcile_running(virConnectPtr connection, IovManager *manager, gint64 *listed_at, char ***changes,
                  GError **error)
{
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();

    for (guint round = 1;; round++) {
        g_auto(GStrv) some = NULL;
        *listed_at = g_get_real_time();
        g_autoptr(GPtrArray) domains = libvirt_list_running(connection, error);

        if (domains == NULL || !iov_manager_reconcile(manager, domains, *listed_at, &some, error))
            return NULL;
        if (some != NULL)
            g_strv_builder_addv(lines, (const char **)some);
        if (round < ROUNDS_MAX && has_one_ended(connection, domains))
            continue;
        *changes = g_strv_builder_end(lines);
        return g_steal_pointer(&domains);
    }
}
