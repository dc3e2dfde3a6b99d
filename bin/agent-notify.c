/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The readiness protocol of sd_notify(3): one datagram to the socket that $NOTIFY_SOCKET names, a
 * path or, after '@', an abstract name. So few lines need no libsystemd.
 */
#include "agent-notify.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

gboolean
agent_notify(const char *state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *name = g_getenv("NOTIFY_SOCKET");

    if (name == NULL || (name[0] != '/' && name[0] != '@') || name[1] == '\0')
        return FALSE;
    gsize length = strlen(name);
    if (length >= sizeof address.sun_path)
        return FALSE;
    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';

    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return FALSE;
    gssize sent =
        sendto(descriptor, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
    close(descriptor);
    return sent >= 0;
}
