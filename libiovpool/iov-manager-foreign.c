/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Functions that someone outside the pool uses: who that is, and taking a function up again when
 * nobody does. It is only made the pool's here; cleaning, which comes before it is free, is
 * iov-manager-scrub.c's.
 */
#include "iov-manager-change.h"

#include "iov-adapter-private.h"
#include "iov-execute.h"
#include "iov-io.h"

#include <string.h>

#define VFIO_DRIVER "vfio-pci"

/* A walk through all processes: only a function that a vfio driver has can be held. */
static char *
find_holder(IovHost *host, const char *function, int iommu_group, GError **error)
{
    g_autofree char *driver = iov_host_get_driver(host, function, error);
    GPid holder = 0;

    if (driver == NULL || strstr(driver, "vfio") == NULL ||
        !iov_host_find_vfio_holder(host, iommu_group, &holder, error) || holder == 0)
        return NULL;
    return g_strdup_printf("process %d holds it", (int)holder);
}

char *
iov_manager_find_user(IovHost *host, const char *function, int iommu_group, GError **error)
{
    g_autoptr(GError) local = NULL;
    char *user = iov_host_find_user(host, function, &local);

    if (user == NULL && local == NULL)
        user = find_holder(host, function, iommu_group, &local);
    if (local != NULL && !g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND)) /* vanished */
        g_propagate_error(error, g_steal_pointer(&local));
    return user;
}

char *
iov_manager_find_obstacle(IovHost *host, const char *function, int iommu_group, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_auto(GStrv) members = iov_host_list_group(host, iommu_group, &local);

    if (local != NULL && !g_error_matches(local, IOV_ERROR, IOV_ERROR_NOT_FOUND)) /* vanished */
        g_propagate_error(error, g_steal_pointer(&local));
    for (char **member = members; member != NULL && *member != NULL; member++) {
        g_autofree char *driver =
            strcmp(*member, function) != 0 ? iov_host_get_driver(host, *member, NULL) : NULL;

        if (driver != NULL && !iov_driver_leaves_group(driver))
            return g_strdup_printf("%s of its IOMMU group is bound to driver %s", *member, driver);
    }
    return NULL;
}

/* A driver that the pool's start did not find there was bound by somebody since, for a purpose. */
static gboolean
is_ours_to_take(const IovLease *function, const char *driver)
{
    return driver[0] == '\0' || strcmp(driver, VFIO_DRIVER) == 0 ||
           g_strcmp0(driver, function->had_driver) == 0;
}

/* Why the function stays foreign; NULL: nobody uses it. (transfer full) */
static char *
find_reason(IovHost *host, const IovLease *function, const IovClaim *claim)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *driver = iov_host_get_driver(host, function->function, &error);
    char *user = NULL;

    if (driver == NULL)
        return g_strdup(IOV_LEASE_VANISHED);
    if (claim->domain != NULL)
        return g_strdup_printf("domain %s has it, which cannot be read", claim->domain);
    user = iov_manager_find_user(host, function->function, function->iommu_group, &error);
    if (user != NULL)
        return user;
    if (error != NULL)
        return g_strdup(error->message);
    if (!is_ours_to_take(function, driver))
        return g_strdup_printf("bound to driver %s", driver);
    if (claim->is_possible && strcmp(driver, VFIO_DRIVER) == 0)
        return g_strdup("a running domain that cannot be read may have it");
    return NULL;
}

/* By the steps of a pool's start, which are undone as there. */
static gboolean
bind_function(IovHost *host, const char *function, GError **error)
{
    g_autoptr(IovFunction) record = iov_function_new(function, 0);
    g_autoptr(IovPlan) plan = iov_plan_new();
    g_autofree char *driver = iov_host_get_driver(host, function, error);

    if (driver == NULL)
        return FALSE;
    record->driver = driver[0] != '\0' ? g_steal_pointer(&driver) : NULL;
    iov_plan_bind_function(plan, record);
    return iov_execute(host, plan, error);
}

/* One that was gone and came back has another IOMMU group. */
static gboolean
find_group(IovManager *manager, const IovLease *function, int *group, GError **error)
{
    g_autoptr(IovAdapter) adapter = iov_host_get_adapter(manager->host, function->adapter, error);
    const IovFunction *record = NULL;

    if (adapter == NULL)
        return FALSE;
    record = iov_adapter_find_function(adapter, function->function);
    if (record == NULL)
        return iov_error_set(error, IOV_ERROR_NOT_FOUND, "adapter %s has no function %s",
                             function->adapter, function->function);
    *group = record->iommu_group;
    return TRUE;
}

/* Why no domain can have it, though it is bound to vfio-pci; NULL: one can. Asked after that only:
 * functions of one group may each wait for the others. (transfer full) */
static char *
bind_and_look(IovManager *manager, const IovLease *function, int *group)
{
    g_autoptr(GError) error = NULL;
    char *obstacle = NULL;

    if (bind_function(manager->host, function->function, &error) &&
        find_group(manager, function, group, &error))
        obstacle = iov_manager_find_obstacle(manager->host, function->function, *group, &error);
    return error != NULL ? g_strdup(error->message) : obstacle;
}

static gboolean
note(IovManager *manager, const IovLease *function, const char *reason, GError **error)
{
    IovChange change;

    return iov_change_begin(&change, manager, error) &&
           iov_change_end(&change,
                          iov_ledger_note_foreign(change.ledger, function->function,
                                                  function->generation, reason, change.now, error),
                          error);
}

static gboolean
enter(IovManager *manager, const IovLease *function, int group, GError **error)
{
    IovChange change;

    return iov_change_begin(&change, manager, error) &&
           iov_change_end(&change,
                          iov_ledger_set_group(change.ledger, function->function, group, error) &&
                              iov_ledger_move(change.ledger, function->function,
                                              function->generation, IOV_LEASE_SCRUBBING, NULL,
                                              change.now, error),
                          error);
}

/* TRUE in @same where the function is as it was seen: foreign, and not named by anyone since. */
static gboolean
look_again(IovManager *manager, const IovLease *seen, gboolean *same, GError **error)
{
    IovLedger *ledger = iov_manager_ledger(manager, FALSE, error);
    g_autoptr(IovLease) now = NULL;

    if (ledger == NULL || !iov_ledger_look_up_function(ledger, seen->function, &now, error))
        return FALSE;
    *same = now != NULL && now->generation == seen->generation && now->state == IOV_LEASE_FOREIGN &&
            now->since == seen->since;
    return TRUE;
}

/* The driver first, the ledger after it: cut off in between, it is a foreign function that nobody
 * uses, and the next reconcile goes on. */
gboolean
iov_manager_take_foreign(IovManager *manager, const IovLease *function, const IovClaim *claim,
                         gboolean *taken, GError **error)
{
    IOV_IO_AUTO_CLOSE int lock = iov_manager_lock_scrubbing(manager, error);
    g_autofree char *reason = NULL;
    gboolean same = FALSE;
    int group = -1;

    *taken = FALSE;
    if (lock < 0 || !look_again(manager, function, &same, error))
        return FALSE;
    if (!same)
        return TRUE;
    reason = find_reason(manager->host, function, claim);
    if (reason == NULL)
        reason = bind_and_look(manager, function, &group);
    if (reason != NULL)
        return g_strcmp0(reason, function->reason) == 0 || note(manager, function, reason, error);
    *taken = enter(manager, function, group, error);
    return *taken;
}
