/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Tells when the ledger may have changed, came or went, without looking at it. */
typedef struct _LedgerWatch LedgerWatch;

/* Watches from now on; @run_dir need not be there yet. */
LedgerWatch *ledger_watch_new(const char *run_dir, GError **error);
void ledger_watch_free(LedgerWatch *watch);
/* To be polled for POLLIN. */
int ledger_watch_get_descriptor(const LedgerWatch *watch);
/* Takes all that has come. @changed: the ledger may be another one now. */
gboolean ledger_watch_take(LedgerWatch *watch, gboolean *changed, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(LedgerWatch, ledger_watch_free)
