/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "iov-error-private.h"

#include <sys/stat.h>

/*
 * Bounded reads and writes below a directory descriptor. A path is relative to @dirfd; AT_FDCWD is
 * allowed. Every file is hostile: no read is unbounded and no text holds a NUL byte.
 */

/* Opens directory @path below @dirfd. Returns a descriptor of the caller's, or -1 with @error. */
int iov_io_open_dir(int dirfd, const char *path, GError **error);

/* Reads a whole file of at most @limit bytes; a longer one is IOV_ERROR_INVALID. (transfer full) */
char *iov_io_read(int dirfd, const char *path, gsize limit, gsize *length, GError **error);

/* Reads a kernel attribute: one line, trailing white space cut, at most 4,096 bytes. (transfer
 * full) */
char *iov_io_read_line(int dirfd, const char *path, GError **error);

/* Reads an attribute that is one whole number, decimal or 0x-hexadecimal, at most @maximum. */
gboolean iov_io_read_number(int dirfd, const char *path, guint64 maximum, guint64 *value,
                            GError **error);

/* The last component of a symbolic link's target, as sysfs names drivers and groups. (transfer
 * full) */
char *iov_io_read_link_name(int dirfd, const char *path, GError **error);

/* Writes a kernel attribute: the file must exist, and one write(2) carries all of @text. */
gboolean iov_io_write_attribute(int dirfd, const char *path, const char *text, GError **error);

/* Replaces file @name (one component) in @dirfd atomically: temporary file, fsync, rename. */
gboolean iov_io_replace(int dirfd, const char *name, const char *data, gsize length, mode_t mode,
                        GError **error);

/* Refuses a file or directory that is not of @type (S_IFREG, S_IFDIR), not the caller's, or open
 * for others to write: IOV_ERROR_PERMISSION naming @path. */
gboolean iov_io_check_owner(const char *path, const struct stat *status, mode_t type,
                            GError **error);

/* TRUE where @path exists below @dirfd (a dangling link counts as missing). */
gboolean iov_io_exists(int dirfd, const char *path);

/* Closes a descriptor that is not negative and sets it to -1; for g_auto-like use. */
void iov_io_close(int *descriptor);
#define IOV_IO_AUTO_CLOSE __attribute__((cleanup(iov_io_close)))

/* Parses the whole of @text as a number of at most @maximum. No sign, no white space. */
gboolean iov_io_parse_number(const char *text, guint64 maximum, guint64 *value);
