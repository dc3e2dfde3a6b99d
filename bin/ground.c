/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ground.h"

#include "cli-error.h"
#include "lift.h"

void
ground_clear(Ground *ground)
{
    g_clear_pointer(&ground->parked, g_ptr_array_unref);
    g_clear_pointer(&ground->dropped, g_ptr_array_unref);
}

static gboolean
is_ours(const IovStatus *status)
{
    return !iov_status_get_is_static(status) && !iov_status_get_parked(status);
}

static gboolean
check_guest(virDomainPtr domain, GPtrArray *statuses, GError **error)
{
    if (!libvirt_is_paused(domain))
        return TRUE;
    for (guint i = 0; i < statuses->len; i++) {
        const IovStatus *status = g_ptr_array_index(statuses, i);

        if (is_ours(status) && lift_has_device(status))
            return cli_error_set(error, IOV_ERROR_INVALID,
                                 "it is paused, and a paused guest cannot give back the function "
                                 "of request '%s': resume it first",
                                 iov_status_get_request(status));
    }
    return TRUE;
}

static gboolean
ground_request(virDomainPtr domain, IovManager *manager, const IovStatus *status, Ground *ground,
               GError **error)
{
    const char *request = iov_status_get_request(status);
    gboolean gone = FALSE;

    g_ptr_array_add(ground->parked, g_strdup(request));
    if (lift_has_device(status))
        g_ptr_array_add(ground->dropped, g_strdup(request));
    if (!drop_request(domain, manager, request, TRUE, &gone, error)) {
        cli_error_prefix(error, "cannot take the function of request '%s' off it: ", request);
        return FALSE;
    }
    return gone || cli_error_set(error, IOV_ERROR_BUSY,
                                 "its guest has not given back the function of request '%s' within "
                                 "%d s",
                                 request, LIFT_WAIT_SECONDS);
}

static gboolean
ground_all(virDomainPtr domain, IovManager *manager, GPtrArray *statuses, Ground *ground,
           GError **error)
{
    if (!check_guest(domain, statuses, error))
        return FALSE;
    for (guint i = 0; i < statuses->len; i++)
        if (is_ours(g_ptr_array_index(statuses, i)) &&
            !ground_request(domain, manager, g_ptr_array_index(statuses, i), ground, error))
            return FALSE;
    return TRUE;
}

gboolean
ground_domain(virDomainPtr domain, IovManager *manager, Ground *ground, GError **error)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    *ground =
        (Ground){g_ptr_array_new_with_free_func(g_free), g_ptr_array_new_with_free_func(g_free)};
    if (virDomainGetUUIDString(domain, uuid) != 0)
        return libvirt_error(error, "cannot read its UUID");
    g_autoptr(GPtrArray) statuses = iov_manager_list_status(manager, uuid, error);
    if (statuses == NULL)
        return FALSE;
    if (ground_all(domain, manager, statuses, ground, error))
        return TRUE;
    ground_lift_again(domain, manager, ground);
    return FALSE;
}

/* What cannot be done here and now is the agent's to do: the request waits. */
void
ground_lift_again(virDomainPtr domain, IovManager *manager, Ground *ground)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    virDomainGetUUIDString(domain, uuid);
    for (guint i = 0; ground->parked != NULL && i < ground->parked->len; i++)
        iov_manager_unpark(manager, uuid, g_ptr_array_index(ground->parked, i), NULL);
    for (guint i = 0; ground->dropped != NULL && i < ground->dropped->len; i++)
        lift_request(domain, manager, g_ptr_array_index(ground->dropped, i), NULL);
    ground_clear(ground);
}
