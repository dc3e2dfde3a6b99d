/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading the agent's events by sd-journal(3). Anybody may write to the journal, under any name and
 * with any field but those that journald itself sets: an entry counts where journald says that root
 * wrote it. What a field may hold is event-record.c's to bound.
 */
#include "journal.h"

#include <string.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#define BOOT_ID "proc/sys/kernel/random/boot_id"
#define BOOT_ID_LIMIT 64 /* bytes */

struct _Journal {
    sd_journal *handle;
    gint64 since;
};

static const char *const directories[] = {"run/log/journal", "var/log/journal"};

/* @result is of sd-journal: negative is an errno. */
static gboolean
check(int result, GError **error)
{
    return result >= 0 ||
           cli_error_set(error, IOV_ERROR_HOST, "cannot read the journal: %s", g_strerror(-result));
}

static gboolean
is_there(const char *root)
{
    for (gsize i = 0; i < G_N_ELEMENTS(directories); i++) {
        g_autofree char *path = g_build_filename(root, directories[i], NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            return TRUE;
    }
    return FALSE;
}

/* Containers of this host may keep their journals beside its own, and their root is not ours. A
 * tree that stands for a host has no machine of its own that could be asked for. */
static int
open_below(sd_journal **handle, const char *root)
{
    g_autofree char *path = g_canonicalize_filename(root, NULL);

    if (strcmp(path, "/") == 0)
        return sd_journal_open(handle, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
    return sd_journal_open_directory(handle, path, SD_JOURNAL_OS_ROOT | SD_JOURNAL_SYSTEM);
}

/* sd-journal passes over files that it may not read. Of those that it opened it tells the kinds for
 * this host alone, for a tree only what they occupy. */
static gboolean
open_files(Journal *journal, const char *root, GError **error)
{
    guint64 usage = 0;

    if (!is_there(root))
        return cli_error_set(error, IOV_ERROR_NOT_FOUND,
                             "cannot read the journal: there is neither %s nor %s below %s: is "
                             "systemd-journald running?",
                             directories[0], directories[1], root);
    if (!check(open_below(&journal->handle, root), error) ||
        !check(sd_journal_get_usage(journal->handle, &usage), error))
        return FALSE;
    if (geteuid() != 0 && usage == 0)
        return cli_error_set(error, IOV_ERROR_PERMISSION,
                             "cannot read the journal below %s: none of its files may be read",
                             root);
    return TRUE;
}

/* A tree that is not a running host's has no boot id: its events are then of any boot. */
static gboolean
match_boot(Journal *journal, const char *root, GError **error)
{
    char match[sizeof "_BOOT_ID=" + SD_ID128_STRING_MAX] = "_BOOT_ID=";
    g_autofree char *path = g_build_filename(root, BOOT_ID, NULL);
    g_autoptr(GError) cause = NULL;
    gsize length = 0;
    sd_id128_t boot;
    g_autofree char *text = cli_read_file(path, BOOT_ID_LIMIT, &length, &cause);

    if (g_error_matches(cause, IOV_ERROR, IOV_ERROR_NOT_FOUND))
        return TRUE;
    if (text == NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (sd_id128_from_string(g_strchomp(text), &boot) < 0)
        return cli_error_set(error, IOV_ERROR_HOST, "cannot read the journal: %s holds no boot id",
                             path);
    sd_id128_to_string(boot, match + strlen(match));
    return check(sd_journal_add_match(journal->handle, match, 0), error);
}

/* The agent's name makes the search fast; it proves nothing. */
static gboolean
match_and_seek(Journal *journal, const char *root, GError **error)
{
    if (!check(sd_journal_add_match(journal->handle, "_UID=0", 0), error) ||
        !check(sd_journal_add_match(journal->handle, "SYSLOG_IDENTIFIER=iovpoold", 0), error))
        return FALSE;
    if (journal->since == JOURNAL_THIS_BOOT)
        return match_boot(journal, root, error) &&
               check(sd_journal_seek_head(journal->handle), error);
    return check(sd_journal_seek_realtime_usec(journal->handle, (guint64)journal->since), error);
}

Journal *
journal_open(const char *root, gint64 since, GError **error)
{
    g_autoptr(Journal) journal = g_new0(Journal, 1);

    journal->since = since;
    if (!open_files(journal, root, error) || !match_and_seek(journal, root, error))
        return NULL;
    return g_steal_pointer(&journal);
}

void
journal_close(Journal *journal)
{
    sd_journal_close(journal->handle);
    g_free(journal);
}

gboolean
journal_watch(Journal *journal, GError **error)
{
    return check(sd_journal_get_fd(journal->handle), error);
}

/* A field that is absent, or that this libsystemd cannot decompress, is absent. */
static void
read_fields(const Journal *journal, EventRecord *record)
{
    for (EventField field = 0; field < EVENT_FIELDS; field++) {
        const void *data = NULL;
        gsize length = 0;

        if (sd_journal_get_data(journal->handle, event_field_to_string(field), &data, &length) >= 0)
            event_record_set(record, field, data, length);
    }
}

gboolean
journal_read(Journal *journal, EventRecord *record, gboolean *found, GError **error)
{
    for (;;) {
        guint64 time = 0;
        int more = sd_journal_next(journal->handle);

        event_record_clear(record);
        *found = more > 0;
        if (more <= 0)
            return check(more, error);
        if (!check(sd_journal_get_realtime_usec(journal->handle, &time), error))
            return FALSE;
        record->time = (gint64)time;
        read_fields(journal, record);
        /* the agent writes messages that are no events too */
        if (record->event != NULL && record->time >= journal->since)
            return TRUE;
    }
}

gboolean
journal_wait(Journal *journal, Follow *follow, gboolean *enough, GError **error)
{
    guint64 timeout = G_MAXUINT64; /* where the file system tells of no change, it is looked for */
    int descriptor = sd_journal_get_fd(journal->handle);
    int events = sd_journal_get_events(journal->handle);

    if (!check(descriptor, error) || !check(events, error) ||
        !check(sd_journal_get_timeout(journal->handle, &timeout), error))
        return FALSE;
    gint64 deadline = timeout <= G_MAXINT64 ? (gint64)timeout : FOLLOW_NO_DEADLINE;
    if (follow_wait(follow, descriptor, (short)events, deadline) == FOLLOW_END) {
        *enough = TRUE;
        return TRUE;
    }
    return check(sd_journal_process(journal->handle), error);
}
