/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See fault-vfs.h. It wraps SQLite's default VFS (https://www.sqlite.org/vfs.html) and knows
 * nothing of the ledger.
 */
#include "fault-vfs.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
} FaultFile;

static sqlite3_vfs *system_vfs;
static sqlite3_vfs fault_vfs;
static struct {
    FaultKind kind;
    unsigned int at, seen;
} plan;

void
fault_vfs_arm(FaultKind kind, unsigned int at)
{
    plan.kind = kind;
    plan.at = at;
    plan.seen = 0;
}

unsigned int
fault_vfs_seen(void)
{
    return plan.seen;
}

static sqlite3_file *
real_of(sqlite3_file *file)
{
    return ((FaultFile *)(void *)file)->real;
}

static void
die(void)
{
    kill(getpid(), SIGKILL);
    abort();
}

/* Counts one effect and returns what it has to fail with. */
static int
effect(int grows, int io_code)
{
    plan.seen++;
    if (plan.at == 0)
        return SQLITE_OK;
    switch (plan.kind) {
    case FAULT_DIE:
        if (plan.seen == plan.at)
            die();
        return SQLITE_OK;
    case FAULT_DIE_TORN:
        return SQLITE_OK;
    case FAULT_IO:
        return plan.seen == plan.at ? io_code : SQLITE_OK;
    case FAULT_FULL:
        return plan.seen >= plan.at && grows ? SQLITE_FULL : SQLITE_OK;
    case FAULT_NO_SPACE:
        return plan.seen >= plan.at && io_code == SQLITE_IOERR_WRITE ? SQLITE_FULL : SQLITE_OK;
    }
    abort();
}

static int
fault_write(sqlite3_file *file, const void *data, int amount, sqlite3_int64 offset)
{
    sqlite3_file *real = real_of(file);
    sqlite3_int64 size = 0;

    real->pMethods->xFileSize(real, &size);
    int code = effect(offset + amount > size, SQLITE_IOERR_WRITE);
    if (code != SQLITE_OK)
        return code;
    if (plan.kind == FAULT_DIE_TORN && plan.at != 0 && plan.seen == plan.at) {
        real->pMethods->xWrite(real, data, amount / 2, offset);
        die();
    }
    return real->pMethods->xWrite(real, data, amount, offset);
}

static int
fault_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int code = effect(0, SQLITE_IOERR_TRUNCATE);

    return code != SQLITE_OK ? code : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int
fault_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int
fault_read(sqlite3_file *file, void *data, int amount, sqlite3_int64 offset)
{
    return real_of(file)->pMethods->xRead(real_of(file), data, amount, offset);
}

static int
fault_sync(sqlite3_file *file, int flags)
{
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int
fault_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int
fault_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int
fault_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int
fault_check_reserved(sqlite3_file *file, int *result)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), result);
}

static int
fault_control(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int
fault_sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int
fault_characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

/* Version 1: without shared memory and mapping, which the ledger does not use. */
static sqlite3_io_methods fault_methods = {
    .iVersion = 1,
    .xClose = fault_close,
    .xRead = fault_read,
    .xWrite = fault_write,
    .xTruncate = fault_truncate,
    .xSync = fault_sync,
    .xFileSize = fault_size,
    .xLock = fault_lock,
    .xUnlock = fault_unlock,
    .xCheckReservedLock = fault_check_reserved,
    .xFileControl = fault_control,
    .xSectorSize = fault_sector_size,
    .xDeviceCharacteristics = fault_characteristics,
};

static int
fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    FaultFile *wrapped = (FaultFile *)(void *)file;

    (void)vfs;
    memset(wrapped, 0, sizeof(*wrapped));
    wrapped->real = (sqlite3_file *)(void *)(wrapped + 1);
    int code = system_vfs->xOpen(system_vfs, name, wrapped->real, flags, out_flags);
    wrapped->base.pMethods = wrapped->real->pMethods != NULL ? &fault_methods : NULL;
    return code;
}

static int
fault_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
    int code = effect(0, SQLITE_IOERR_DELETE);

    (void)vfs;
    return code != SQLITE_OK ? code : system_vfs->xDelete(system_vfs, name, sync_directory);
}

void
fault_vfs_install(void)
{
    system_vfs = sqlite3_vfs_find(NULL);
    fault_vfs = *system_vfs;
    fault_vfs.zName = "fault";
    fault_vfs.szOsFile += (int)sizeof(FaultFile);
    fault_vfs.xOpen = fault_open;
    fault_vfs.xDelete = fault_delete;
    fault_vfs_arm(FAULT_IO, 0);
    sqlite3_vfs_register(&fault_vfs, 1);
}
