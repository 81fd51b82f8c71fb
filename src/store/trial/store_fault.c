// SPDX-License-Identifier: Apache-2.0
#include "store/store_fault.h"

#include "base/lock.h"

#include <errno.h>
#include <stdio.h>

#include <sqlite3.h>

struct fault_file {
    sqlite3_file base;  /* first: SQLite's view */
    sqlite3_file *real; /* behind this struct, in the same block */
};

static struct {
    struct lock lock;
    struct store_fault fault;
    bool is_armed;
    int64_t seen, hits;
    sqlite3_vfs *real;
    sqlite3_vfs vfs;
} state = {.lock = {PTHREAD_MUTEX_INITIALIZER}};

static bool fails(enum store_fault_where where, int *out_error)
{
    LOCKED(&state.lock);
    if (!state.is_armed || state.fault.where != where)
        return false;
    int64_t number = state.seen++;
    if (number < state.fault.after || number - state.fault.after >= state.fault.count)
        return false;
    state.hits++;
    *out_error = state.fault.error;
    return true;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct fault_file *)(void *)file)->real;
}

#define REAL(file, method, ...) real_of(file)->pMethods->method(real_of(file), ##__VA_ARGS__)

static int fault_close(sqlite3_file *file)
{
    return REAL(file, xClose);
}

static int fault_read(sqlite3_file *file, void *bytes, int len, sqlite3_int64 at)
{
    return REAL(file, xRead, bytes, len, at);
}

static int fault_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    int error;
    if (fails(STORE_FAULT_WRITE, &error))
        return error == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    return REAL(file, xWrite, bytes, len, at);
}

static int fault_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return REAL(file, xTruncate, size);
}

static int fault_sync(sqlite3_file *file, int flags)
{
    int error;
    if (fails(STORE_FAULT_SYNC, &error))
        return SQLITE_IOERR_FSYNC;
    return REAL(file, xSync, flags);
}

static int fault_size(sqlite3_file *file, sqlite3_int64 *out_size)
{
    return REAL(file, xFileSize, out_size);
}

static int fault_lock(sqlite3_file *file, int kind)
{
    return REAL(file, xLock, kind);
}

static int fault_unlock(sqlite3_file *file, int kind)
{
    return REAL(file, xUnlock, kind);
}

static int fault_reserved(sqlite3_file *file, int *out_is_reserved)
{
    return REAL(file, xCheckReservedLock, out_is_reserved);
}

static int fault_control(sqlite3_file *file, int operation, void *argument)
{
    return REAL(file, xFileControl, operation, argument);
}

static int fault_sector(sqlite3_file *file)
{
    return REAL(file, xSectorSize);
}

static int fault_characteristics(sqlite3_file *file)
{
    return REAL(file, xDeviceCharacteristics);
}

static int fault_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return REAL(file, xShmMap, page, size, extend, out);
}

static int fault_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return REAL(file, xShmLock, offset, count, flags);
}

static void fault_shm_barrier(sqlite3_file *file)
{
    REAL(file, xShmBarrier);
}

static int fault_shm_unmap(sqlite3_file *file, int is_delete)
{
    return REAL(file, xShmUnmap, is_delete);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = fault_close,
    .xRead = fault_read,
    .xWrite = fault_write,
    .xTruncate = fault_truncate,
    .xSync = fault_sync,
    .xFileSize = fault_size,
    .xLock = fault_lock,
    .xUnlock = fault_unlock,
    .xCheckReservedLock = fault_reserved,
    .xFileControl = fault_control,
    .xSectorSize = fault_sector,
    .xDeviceCharacteristics = fault_characteristics,
    .xShmMap = fault_shm_map,
    .xShmLock = fault_shm_lock,
    .xShmBarrier = fault_shm_barrier,
    .xShmUnmap = fault_shm_unmap,
};

static int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                      int *out_flags)
{
    (void)vfs;
    struct fault_file *own = (struct fault_file *)(void *)file;
    own->base.pMethods = NULL;
    own->real = (sqlite3_file *)(void *)(own + 1);
    int code = state.real->xOpen(state.real, name, own->real, flags, out_flags);
    if (own->real->pMethods != NULL)
        own->base.pMethods = &methods;
    return code;
}

void store_fault_install(void)
{
    LOCKED(&state.lock);
    if (state.real != NULL)
        return;
    state.real = sqlite3_vfs_find(NULL);
    assert(state.real != NULL);
    state.vfs = *state.real; /* everything but opening is the real one's */
    state.vfs.zName = "muster-fault";
    state.vfs.pNext = NULL;
    state.vfs.szOsFile = (int)sizeof(struct fault_file) + state.real->szOsFile;
    state.vfs.xOpen = fault_open;
    int code = sqlite3_vfs_register(&state.vfs, 1);
    assert(code == SQLITE_OK);
}

void store_fault_arm(const struct store_fault *fault)
{
    LOCKED(&state.lock);
    state.fault = *fault;
    state.is_armed = true;
    state.seen = state.hits = 0;
}

void store_fault_disarm(void)
{
    LOCKED(&state.lock);
    state.is_armed = false;
}

int64_t store_fault_hits(void)
{
    LOCKED(&state.lock);
    return state.hits;
}

enum err store_fault_from_environment(struct err_note *note)
{
    const char *text = getenv("MUSTER_FAULT");
    if (text == NULL)
        return ERR_NONE;
    char where[8], error[8];
    long long after, count;
    int len = 0;
    bool is_read =
        sscanf(text, "%7[a-z]:%lld:%7[A-Z]:%lld%n", where, &after, error, &count, &len) == 4 &&
        text[len] == '\0';
    bool is_sync = is_read && strcmp(where, "sync") == 0;
    bool is_full = is_read && strcmp(error, "ENOSPC") == 0;
    if (!is_read || (!is_sync && strcmp(where, "write") != 0) ||
        (!is_full && strcmp(error, "EIO") != 0))
        return err_set(note, ERR_INVALID, "MUSTER_FAULT",
                       "\"%s\" is not WHERE:AFTER:ERROR:COUNT, such as sync:7:EIO:1.", text);
    struct store_fault fault = {.where = is_sync ? STORE_FAULT_SYNC : STORE_FAULT_WRITE,
                                .after = after,
                                .error = is_full ? ENOSPC : EIO,
                                .count = count};
    store_fault_install();
    store_fault_arm(&fault);
    return ERR_NONE;
}
