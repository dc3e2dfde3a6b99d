/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The poke: tells the agent to look into the ledger now. The ledger holds what is pending and the
 * agent reads it at its start, so a poke that nobody hears is no failure.
 */
#include "poke.h"

#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void
poke_agent(const char *run_dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *path = g_build_filename(run_dir, "agent.sock", NULL);

    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
        return;
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return;
    (void)sendto(descriptor, "poke\n", strlen("poke\n"), MSG_DONTWAIT | MSG_NOSIGNAL,
                 (const struct sockaddr *)&address, sizeof address);
    close(descriptor);
}
