/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The journal of a build without libsystemd: it says so. journal-systemd.c is the other one.
 */
#include "journal.h"

Journal *
journal_open(const char *root G_GNUC_UNUSED, gint64 since G_GNUC_UNUSED, GError **error)
{
    cli_error_set(error, IOV_ERROR_UNSUPPORTED,
                  "cannot read the journal: iovpool was built without libsystemd: see "
                  "'journalctl -t iovpoold'");
    return NULL;
}

void
journal_close(Journal *journal G_GNUC_UNUSED)
{
}

gboolean
journal_watch(Journal *journal G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return FALSE;
}

gboolean
journal_read(Journal *journal G_GNUC_UNUSED, EventRecord *record G_GNUC_UNUSED,
             gboolean *found G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return FALSE;
}

gboolean
journal_wait(Journal *journal G_GNUC_UNUSED, Follow *follow G_GNUC_UNUSED,
             gboolean *enough G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return FALSE;
}
