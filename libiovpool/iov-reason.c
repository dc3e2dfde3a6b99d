/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The words for why a request is served as it is. They are read by programs: none is ever changed
 * or taken away. Who sets a reason knows it; nothing is decided here.
 */
#include "iov-reason.h"

#include "iov-words.h"

static const char *const words[] = {
    [IOV_REASON_NONE] = "none",
    [IOV_REASON_ADAPTER_DOWN] = "adapter-down",
    [IOV_REASON_ATTACHING] = "attaching",
    [IOV_REASON_BUSY] = "busy",
    [IOV_REASON_EXHAUSTED] = "exhausted",
    [IOV_REASON_GUEST_KEEPS] = "guest-keeps",
    [IOV_REASON_IN_TRANSIT] = "in-transit",
    [IOV_REASON_MEMORY] = "memory",
    [IOV_REASON_NEGOTIATION] = "negotiation",
    [IOV_REASON_NO_PORT] = "no-port",
    [IOV_REASON_PARKED] = "parked",
    [IOV_REASON_POOL_STOPPED] = "pool-stopped",
    [IOV_REASON_RECLAIMED] = "reclaimed",
    [IOV_REASON_REFUSED] = "refused",
    [IOV_REASON_STATIC] = "static",
    [IOV_REASON_UNPLUG] = "unplug",
};

const char *
iov_reason_to_string(IovReason reason)
{
    return iov_words_get(words, G_N_ELEMENTS(words), reason, "unknown");
}

gboolean
iov_reason_from_string(const char *text, IovReason *reason)
{
    guint value;

    if (!iov_words_find(words, G_N_ELEMENTS(words), text, &value))
        return FALSE;
    *reason = (IovReason)value;
    return TRUE;
}

gboolean
iov_reason_takes_back(IovReason reason)
{
    return reason == IOV_REASON_ADAPTER_DOWN || reason == IOV_REASON_RECLAIMED ||
           reason == IOV_REASON_REFUSED;
}
