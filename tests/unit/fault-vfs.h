/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sqlite3.h>

/*
 * A layer between SQLite and the system's files that fails, or kills the process, at a chosen
 * effect: a write, a truncation, or the removal of a file. For connections that are opened after
 * fault_vfs_install().
 */
typedef enum {
    FAULT_DIE,      /* before the effect, as SIGKILL does */
    FAULT_DIE_TORN, /* after half of a write */
    FAULT_IO,       /* the effect fails once with EIO */
    FAULT_FULL,     /* from this effect on no file can grow */
    FAULT_NO_SPACE, /* from this effect on every write fails, as where files are copied on write */
} FaultKind;

void fault_vfs_install(void);
/* The @at-th effect from now on is the one, counted from 1; 0: none. */
void fault_vfs_arm(FaultKind kind, unsigned int at);
/* Effects seen since it was armed. */
unsigned int fault_vfs_seen(void);
