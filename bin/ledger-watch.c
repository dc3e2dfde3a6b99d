/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watching the ledger's directory by inotify. The ledger is SQLite's in journal mode DELETE: each
 * commit writes ledger.db and removes ledger.db-journal. The ledger may be replaced, and it and its
 * directory may be missing for a while: then the nearest directory above is watched instead. What
 * is in the ledger is for others to read; reading it causes no event that is watched for.
 */
#include "ledger-watch.h"

#include "cli-error.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define DATABASE "ledger.db" /* and its journal, which begins so */
#define GOES (IN_DELETE_SELF | IN_MOVE_SELF)
#define LEDGER_EVENTS                                                                              \
    (IN_CREATE | IN_DELETE | IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO | GOES | IN_ONLYDIR)
#define ABOVE_EVENTS (IN_CREATE | IN_MOVED_TO | GOES | IN_ONLYDIR)
#define EVENTS_SIZE                                                                                \
    4096 /* bytes read at once: many events, and at least one of the longest name                  \
          */

struct _LedgerWatch {
    int descriptor;
    char *directory;
    int ledger; /* the watch of the directory; -1 while it is not there */
    int above;  /* that of the nearest directory above; -1 while the other is there */
};

static gboolean
fail(const LedgerWatch *watch, GError **error)
{
    return cli_error_set(error, errno == EACCES ? IOV_ERROR_PERMISSION : IOV_ERROR_HOST,
                         "cannot watch directory %s: %s", watch->directory, g_strerror(errno));
}

/* The watch of the nearest directory above that is there, or -1. */
static int
watch_above(const LedgerWatch *watch)
{
    g_autofree char *path = g_path_get_dirname(watch->directory);

    for (;;) {
        int above = inotify_add_watch(watch->descriptor, path, ABOVE_EVENTS);
        if (above >= 0 || errno != ENOENT || strcmp(path, "/") == 0 || strcmp(path, ".") == 0)
            return above;
        char *next = g_path_get_dirname(path);
        g_free(path);
        path = next;
    }
}

/* A directory that is made between a look at it and the watch of the one above is not missed: it is
 * looked for again until nothing has changed in between. */
static gboolean
arm(LedgerWatch *watch, GError **error)
{
    for (;;) {
        int before = watch->above;

        watch->ledger = inotify_add_watch(watch->descriptor, watch->directory, LEDGER_EVENTS);
        watch->above = watch->ledger < 0 && errno == ENOENT ? watch_above(watch) : -1;
        if (watch->ledger < 0 && watch->above < 0)
            return fail(watch, error);
        if (before >= 0 && before != watch->above)
            inotify_rm_watch(watch->descriptor, before);
        if (watch->ledger >= 0 || watch->above == before)
            return TRUE;
    }
}

LedgerWatch *
ledger_watch_new(const char *run_dir, GError **error)
{
    g_autoptr(LedgerWatch) watch = g_new0(LedgerWatch, 1);

    watch->directory = g_strdup(run_dir);
    watch->ledger = watch->above = -1;
    watch->descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    gboolean armed = watch->descriptor >= 0 ? arm(watch, error) : fail(watch, error);
    return armed ? g_steal_pointer(&watch) : NULL;
}

void
ledger_watch_free(LedgerWatch *watch)
{
    if (watch->descriptor >= 0)
        close(watch->descriptor);
    g_free(watch->directory);
    g_free(watch);
}

int
ledger_watch_get_descriptor(const LedgerWatch *watch)
{
    return watch->descriptor;
}

/* TRUE: the ledger may have changed. */
static gboolean
take_event(LedgerWatch *watch, const struct inotify_event *event)
{
    if ((event->mask & IN_Q_OVERFLOW) != 0)
        return TRUE;
    if (event->wd != watch->ledger)
        return FALSE;
    if ((event->mask & (GOES | IN_IGNORED)) != 0) {
        /* one that was moved is watched still */
        inotify_rm_watch(watch->descriptor, watch->ledger);
        watch->ledger = -1;
        return TRUE;
    }
    return event->len > 0 && g_str_has_prefix(event->name, DATABASE);
}

static gboolean
take_events(LedgerWatch *watch, const char *data, gsize length)
{
    gboolean changed = FALSE;

    for (gsize at = 0; at < length;) {
        const struct inotify_event *event = (const void *)(data + at);

        changed = take_event(watch, event) || changed;
        at += sizeof *event + event->len;
    }
    return changed;
}

gboolean
ledger_watch_take(LedgerWatch *watch, gboolean *changed, GError **error)
{
    char data[EVENTS_SIZE] __attribute__((aligned(__alignof__(struct inotify_event))));
    gssize length;

    *changed = FALSE;
    while ((length = read(watch->descriptor, data, sizeof data)) > 0)
        *changed = take_events(watch, data, (gsize)length) || *changed;
    if (length < 0 && errno != EAGAIN && errno != EINTR)
        return fail(watch, error);
    if (watch->ledger >= 0)
        return TRUE;
    if (!arm(watch, error))
        return FALSE;
    if (watch->ledger >= 0)
        *changed = TRUE;
    return TRUE;
}
