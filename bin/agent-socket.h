/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Makes this process the run directory's one agent: a lock on RUN_DIR/agent.lock, held as long as
 * the descriptor that is returned. IOV_ERROR_BUSY where another agent runs; -1 with @error. */
int agent_socket_lock(const char *run_dir, GError **error);

/* The socket on which the agent is poked: the one that systemd passed, else RUN_DIR/agent.sock,
 * bound here. Non-blocking, close-on-exec; -1 with @error. Call under the lock. */
int agent_socket_open(const char *run_dir, GError **error);

/* Reads all pokes that wait. What they say does not matter. */
void agent_socket_drain(int descriptor);
