/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hearing that links change: cables pulled, adapters brought down. Messages are not parsed, as they
 * are a hint and no more: where some were lost, the look that follows sees what they told.
 */
#include "agent-links.h"

#include <errno.h>
#include <iovpool.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

int
agent_links_open(GError **error)
{
    const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (descriptor >= 0 && bind(descriptor, (const struct sockaddr *)&address, sizeof address) == 0)
        return descriptor;
    g_set_error(error, IOV_ERROR, IOV_ERROR_HOST, "cannot listen to changes of links: %s",
                g_strerror(errno));
    if (descriptor >= 0)
        close(descriptor);
    return -1;
}

/* ENOBUFS says that messages were lost: the next read goes on. */
void
agent_links_drain(int descriptor)
{
    char message[4096];

    while (recv(descriptor, message, sizeof message, MSG_DONTWAIT | MSG_TRUNC) >= 0 ||
           errno == EINTR || errno == ENOBUFS)
        continue;
}
