/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ledger's directory and files: whom they belong to, whether they are still the ones that were
 * opened, and the lock that makes writers queue. It knows nothing of what the database holds.
 *
 * Once the directory is the caller's alone nobody else can plant a link in it, so the files are
 * checked by their names. The database is never opened here: closing any descriptor of it would
 * drop the POSIX locks that SQLite holds on it in the same process.
 */
#include "iov-io.h"
#include "iov-ledger-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define DATABASE "ledger.db"
#define JOURNAL "ledger.db-journal"
#define ASIDE "ledger.db.unreadable"
#define ASIDE_JOURNAL "ledger.db.unreadable-journal" /* where SQLite looks for it */
#define LOCK "ledger.lock"
#define GENERATION_SIZE 24 /* bytes; a number and a line feed */

void
iov_ledger_files_init(IovLedgerFiles *files, const char *run_dir)
{
    gsize length = strlen(run_dir);

    /* With a slash at the end O_NOFOLLOW would follow. */
    while (length > 1 && run_dir[length - 1] == '/')
        length--;
    files->directory = g_strndup(run_dir, length);
    files->database = g_build_filename(files->directory, DATABASE, NULL);
    files->lock = g_build_filename(files->directory, LOCK, NULL);
    files->lockfd = -1;
}

void
iov_ledger_files_close(IovLedgerFiles *files)
{
    iov_io_close(&files->lockfd);
}

void
iov_ledger_files_clear(IovLedgerFiles *files)
{
    iov_ledger_files_close(files);
    g_clear_pointer(&files->directory, g_free);
    g_clear_pointer(&files->database, g_free);
    g_clear_pointer(&files->lock, g_free);
}

static int
take(int *descriptor)
{
    int taken = *descriptor;

    *descriptor = -1;
    return taken;
}

static int
open_directory(const IovLedgerFiles *files, gboolean create, GError **error)
{
    IOV_IO_AUTO_CLOSE int fd = -1;
    struct stat status;

    if (create && g_mkdir_with_parents(files->directory, 0700) != 0) {
        iov_error_set_errno(error, errno, "cannot make directory %s", files->directory);
        return -1;
    }
    fd = open(files->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR) {
        iov_error_set(error, IOV_ERROR_PERMISSION,
                      "cannot trust %s: it is a symbolic link or no directory", files->directory);
        return -1;
    }
    if (fd < 0 || fstat(fd, &status) != 0) {
        iov_error_set_errno(error, errno, "cannot open directory %s", files->directory);
        return -1;
    }
    if (!iov_io_check_owner(files->directory, &status, S_IFDIR, error))
        return -1;
    return take(&fd);
}

static int
open_lock(const IovLedgerFiles *files, int dirfd, GError **error)
{
    IOV_IO_AUTO_CLOSE int fd = -1;
    struct stat status;

    fd = openat(dirfd, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0 || fstat(fd, &status) != 0) {
        iov_error_set_errno(error, errno, "cannot open %s", files->lock);
        return -1;
    }
    if (!iov_io_check_owner(files->lock, &status, S_IFREG, error))
        return -1;
    return take(&fd);
}

gboolean
iov_ledger_files_open(IovLedgerFiles *files, IovLedgerMode mode, GError **error)
{
    IOV_IO_AUTO_CLOSE int dirfd = open_directory(files, mode == IOV_LEDGER_CREATE, error);
    struct stat status;

    if (dirfd < 0)
        return FALSE;
    if (mode == IOV_LEDGER_CREATE && mknodat(dirfd, DATABASE, S_IFREG | 0600, 0) != 0 &&
        errno != EEXIST)
        return iov_error_set_errno(error, errno, "cannot create ledger %s", files->database);
    if (fstatat(dirfd, DATABASE, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return iov_error_set_errno(error, errno, "cannot open ledger %s", files->database);
    if (!iov_io_check_owner(files->database, &status, S_IFREG, error))
        return FALSE;
    files->device = status.st_dev;
    files->inode = status.st_ino;
    if (mode == IOV_LEDGER_READ)
        return TRUE;
    iov_io_close(&files->lockfd);
    files->lockfd = open_lock(files, dirfd, error);
    return files->lockfd >= 0;
}

gboolean
iov_ledger_files_moved(const IovLedgerFiles *files)
{
    struct stat named, opened;

    if (lstat(files->database, &named) != 0 || named.st_dev != files->device ||
        named.st_ino != files->inode)
        return TRUE;
    if (files->lockfd < 0)
        return FALSE;
    return lstat(files->lock, &named) != 0 || fstat(files->lockfd, &opened) != 0 ||
           named.st_dev != opened.st_dev || named.st_ino != opened.st_ino;
}

gboolean
iov_ledger_files_lock(const IovLedgerFiles *files, GError **error)
{
    while (flock(files->lockfd, LOCK_EX) != 0)
        if (errno != EINTR)
            return iov_error_set_errno(error, errno, "cannot lock %s", files->lock);
    return TRUE;
}

/* Not by close(): a child of fork() that still has the descriptor would keep the lock. */
void
iov_ledger_files_unlock(const IovLedgerFiles *files)
{
    flock(files->lockfd, LOCK_UN);
}

guint64
iov_ledger_files_load_generation(const IovLedgerFiles *files)
{
    char text[GENERATION_SIZE] = "";
    ssize_t length = pread(files->lockfd, text, sizeof(text) - 1, 0);
    guint64 generation = 0;

    if (length <= 0)
        return 0;
    text[strcspn(text, "\n")] = '\0';
    return iov_io_parse_number(text, G_MAXINT64 / 2, &generation) ? generation : 0;
}

gboolean
iov_ledger_files_store_generation(const IovLedgerFiles *files, guint64 generation, GError **error)
{
    char text[GENERATION_SIZE];
    int length = g_snprintf(text, sizeof(text), "%020" G_GUINT64_FORMAT "\n", generation);

    if (pwrite(files->lockfd, text, (size_t)length, 0) != length)
        return iov_error_set(error, IOV_ERROR_LEDGER, "cannot write %s: %s", files->lock,
                             g_strerror(errno));
    return TRUE;
}

static gboolean
rename_file(int dirfd, const char *directory, const char *from, const char *to, GError **error)
{
    if (renameat(dirfd, from, dirfd, to) != 0 && errno != ENOENT)
        return iov_error_set_errno(error, errno, "cannot put aside %s/%s", directory, from);
    return TRUE;
}

/* The journal goes first: alone it would be applied to the next database of that name. Nor may an
 * older one stand beside a database that has none. */
static gboolean
put_aside(IovLedgerFiles *files, GError **error)
{
    IOV_IO_AUTO_CLOSE int dirfd = open_directory(files, TRUE, error);

    if (dirfd < 0)
        return FALSE;
    files->lockfd = open_lock(files, dirfd, error);
    if (files->lockfd < 0 || !iov_ledger_files_lock(files, error))
        return FALSE;
    unlinkat(dirfd, ASIDE_JOURNAL, 0);
    gboolean done = rename_file(dirfd, files->directory, JOURNAL, ASIDE_JOURNAL, error) &&
                    rename_file(dirfd, files->directory, DATABASE, ASIDE, error);
    iov_ledger_files_unlock(files);
    return done;
}

gboolean
iov_ledger_put_aside(const char *run_dir, GError **error)
{
    IovLedgerFiles files;

    iov_ledger_files_init(&files, run_dir);
    gboolean done = put_aside(&files, error);
    iov_ledger_files_clear(&files);
    return done;
}
