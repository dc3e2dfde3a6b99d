/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Sends "poke\n" to RUN_DIR/agent.sock. A hint: nothing is lost where nobody listens. */
void poke_agent(const char *run_dir);
