/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The iovpool of another host, run there by ssh the way libvirt's own ssh transport goes: no port
 * is opened for it, and who may migrate there may ask there. */
typedef struct _Peer Peer;

/**
 * peer_new:
 * @uri: libvirt's of the other host; one without a host is this one
 * @destination: (nullable): as ssh takes it, where @uri has another transport than ssh
 *
 * IOV_ERROR_INVALID where neither tells how to get there.
 */
Peer *peer_new(const char *uri, const char *destination, GError **error);
void peer_free(Peer *peer);

/* For messages: the host as the URI names it, "this host" without one. */
const char *peer_get_name(const Peer *peer);

/**
 * peer_run:
 * @words: what follows "iovpool" on the command line; words of our own, never a domain's
 * @input: its standard input
 *
 * Returns: (transfer full): what it printed. Where it fails, its own line is the error.
 */
char *peer_run(const Peer *peer, const char *const *words, const char *input, gsize length,
               GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Peer, peer_free)
