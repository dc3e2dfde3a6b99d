/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bounded file access relative to a directory descriptor, for kernel attributes and for our own
 * small files. It knows nothing of what the files mean.
 */
#include "iov-io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ATTRIBUTE_LIMIT 4096

void
iov_io_close(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}

int
iov_io_open_dir(int dirfd, const char *path, GError **error)
{
    int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        iov_error_set_errno(error, errno, "cannot open directory %s", path);
    return fd;
}

static char *
read_descriptor(int fd, const char *path, gsize limit, gsize *length, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint8 chunk[ATTRIBUTE_LIMIT];

    for (;;) {
        ssize_t got = read(fd, chunk, sizeof(chunk));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            iov_error_set_errno(error, errno, "cannot read %s", path);
            return NULL;
        }
        if (got == 0)
            break;
        g_byte_array_append(bytes, chunk, (guint)got);
        if (bytes->len > limit) {
            iov_error_set(error, IOV_ERROR_INVALID,
                          "cannot read %s: larger than %" G_GSIZE_FORMAT " bytes", path, limit);
            return NULL;
        }
    }
    if (length != NULL)
        *length = bytes->len;
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    return (char *)g_byte_array_free(g_steal_pointer(&bytes), FALSE);
}

char *
iov_io_read(int dirfd, const char *path, gsize limit, gsize *length, GError **error)
{
    /* O_NONBLOCK: a FIFO in the place of a file must not hang the reader. */
    IOV_IO_AUTO_CLOSE int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0) {
        iov_error_set_errno(error, errno, "cannot open %s", path);
        return NULL;
    }
    return read_descriptor(fd, path, limit, length, error);
}

char *
iov_io_read_line(int dirfd, const char *path, GError **error)
{
    gsize length = 0;
    g_autofree char *text = iov_io_read(dirfd, path, ATTRIBUTE_LIMIT, &length, error);

    if (text == NULL)
        return NULL;
    if (strlen(text) != length) {
        iov_error_set(error, IOV_ERROR_INVALID, "cannot read %s: it holds a NUL byte", path);
        return NULL;
    }
    g_strchomp(text);
    if (strchr(text, '\n') != NULL) {
        iov_error_set(error, IOV_ERROR_INVALID, "cannot read %s: more than one line", path);
        return NULL;
    }
    return g_steal_pointer(&text);
}

gboolean
iov_io_parse_number(const char *text, guint64 maximum, guint64 *value)
{
    gboolean hexadecimal = g_str_has_prefix(text, "0x");
    const char *digits = hexadecimal ? text + 2 : text;

    return g_ascii_isxdigit(digits[0]) &&
           g_ascii_string_to_unsigned(digits, hexadecimal ? 16 : 10, 0, maximum, value, NULL);
}

gboolean
iov_io_read_number(int dirfd, const char *path, guint64 maximum, guint64 *value, GError **error)
{
    g_autofree char *text = iov_io_read_line(dirfd, path, error);

    if (text == NULL)
        return FALSE;
    if (!iov_io_parse_number(text, maximum, value))
        return iov_error_set(
            error, IOV_ERROR_INVALID,
            "cannot read %s: '%.32s' is not a number of at most %" G_GUINT64_FORMAT, path, text,
            maximum);
    return TRUE;
}

char *
iov_io_read_link_name(int dirfd, const char *path, GError **error)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(dirfd, path, target, sizeof(target) - 1);

    if (length < 0) {
        iov_error_set_errno(error, errno, "cannot read link %s", path);
        return NULL;
    }
    target[length] = '\0';
    return g_path_get_basename(target);
}

gboolean
iov_io_write_attribute(int dirfd, const char *path, const char *text, GError **error)
{
    IOV_IO_AUTO_CLOSE int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    size_t length = strlen(text);
    ssize_t written;

    if (fd < 0)
        return iov_error_set_errno(error, errno, "cannot open %s", path);
    do
        written = write(fd, text, length);
    while (written < 0 && errno == EINTR);
    if (written < 0)
        return iov_error_set_errno(error, errno, "cannot write '%s' to %s", text, path);
    if ((size_t)written != length)
        return iov_error_set(error, IOV_ERROR_HOST, "cannot write '%s' to %s: short write", text,
                             path);
    return TRUE;
}

static gboolean
write_all(int fd, const char *data, gsize length)
{
    while (length > 0) {
        ssize_t written = write(fd, data, length);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return FALSE;
        data += written;
        length -= (gsize)written;
    }
    return fsync(fd) == 0;
}

gboolean
iov_io_replace(int dirfd, const char *name, const char *data, gsize length, mode_t mode,
               GError **error)
{
    g_autofree char *temporary = g_strdup_printf(".%s.%d.new", name, (int)getpid());
    IOV_IO_AUTO_CLOSE int fd = -1;
    int saved;

    unlinkat(dirfd, temporary, 0);
    fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return iov_error_set_errno(error, errno, "cannot create %s", temporary);
    if (write_all(fd, data, length) && renameat(dirfd, temporary, dirfd, name) == 0)
        return TRUE;
    saved = errno;
    unlinkat(dirfd, temporary, 0);
    return iov_error_set_errno(error, saved, "cannot write %s", name);
}

gboolean
iov_io_check_owner(const char *path, const struct stat *status, mode_t type, GError **error)
{
    if ((status->st_mode & S_IFMT) != type)
        return iov_error_set(error, IOV_ERROR_PERMISSION, "cannot trust %s: it is not a %s", path,
                             type == S_IFDIR ? "directory" : "regular file");
    if (status->st_uid != geteuid())
        return iov_error_set(error, IOV_ERROR_PERMISSION,
                             "cannot trust %s: it belongs to user %u, not to user %u", path,
                             (guint)status->st_uid, (guint)geteuid());
    if ((status->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return iov_error_set(error, IOV_ERROR_PERMISSION,
                             "cannot trust %s: others may write to it (mode %04o); chmod it to %s",
                             path, (guint)(status->st_mode & 07777),
                             type == S_IFDIR ? "0700" : "0600");
    return TRUE;
}

gboolean
iov_io_exists(int dirfd, const char *path)
{
    return faccessat(dirfd, path, F_OK, 0) == 0;
}
