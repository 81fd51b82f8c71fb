// SPDX-License-Identifier: Apache-2.0
/* Pooled read connections. Taking one opens a snapshot, giving it back ends it, so nobody keeps the
 * WAL from starting anew (or PostgreSQL from vacuuming) longer than one page of work takes. */
#include "base/clock.h"
#include "base/log.h"
#include "store/sql/url.h"
#include "store/store_internal.h"

#include <errno.h>
#include <unistd.h>

void readers_init(struct readers *readers, size_t count)
{
    *readers = (struct readers){.count = count};
    lock_init(&readers->lock);
    signal_init(&readers->given);
    readers->idle = mem_new_array(count, sizeof(struct db *));
}

void readers_fini(struct readers *readers)
{
    assert(readers->out == 0); /* every reader was given back */
    for (size_t i = 0; i < readers->idle_count; i++)
        db_close(readers->idle[i]);
    mem_free(readers->idle);
    signal_fini(&readers->given);
    lock_fini(&readers->lock);
}

/* An idle connection, or the right to open one (NULL). False when none came free in time. */
static bool reserve(struct readers *readers, struct db **out_db)
{
    int64_t deadline_us = clock_monotonic_us() + READER_WAIT_US;
    LOCKED(&readers->lock);
    while (readers->idle_count == 0 && readers->out >= readers->count) {
        if (!signal_wait_until(&readers->given, &readers->lock, deadline_us) &&
            clock_monotonic_us() >= deadline_us)
            return false;
    }
    if (readers->idle_count == 0 && clock_monotonic_us() < readers->retry_at_us)
        return false; /* away a moment ago: do not make every request wait for a connect */
    readers->out++;
    *out_db = readers->idle_count > 0 ? readers->idle[--readers->idle_count] : NULL;
    return true;
}

static void put_back(struct readers *readers, struct db *db)
{
    LOCKED(&readers->lock);
    assert(readers->out > 0);
    readers->out--;
    if (db != NULL)
        readers->idle[readers->idle_count++] = db;
    else
        readers->retry_at_us = clock_monotonic_us() + RECONNECT_MIN_US;
    signal_wake(&readers->given);
}

static const char *begin_text(const struct db *db)
{
    return db_is_sqlite(db) ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
}

static enum err begin(struct db *db)
{
    sql_unit_begin(db);
    TRY(sql_script(db, begin_text(db)));
    /* The snapshot begins with the first read of a table: make it now. */
    int64_t ignored;
    enum err err = sql_one_int(db, &ignored, "SELECT number FROM store_migration LIMIT 1");
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

struct db *store_reader_take(struct store *store)
{
    struct db *db = NULL;
    if (!reserve(&store->readers, &db))
        return NULL;
    for (int attempt = 0; attempt < 2; attempt++) {
        if (db == NULL && store_connect(store, false, &db, NULL) != ERR_NONE)
            break;
        if (begin(db) == ERR_NONE)
            return db;
        log_write(LOG_DEBUG, "store", "reader lost", "store=%s", store->name);
        db_close(db); /* the server was restarted meanwhile: once more with a new one */
        db = NULL;
    }
    put_back(&store->readers, NULL);
    return NULL;
}

void store_reader_give(struct store *store, struct db *db)
{
    if (db == NULL)
        return;
    sql_unit_begin(db);
    if (db->harm == SQL_HARM_CONNECTION || sql_script(db, "ROLLBACK") != ERR_NONE) {
        db_close(db);
        db = NULL;
    } else {
        db->harm = SQL_HARM_NONE;
    }
    put_back(&store->readers, db);
}

static enum err connect_at(const struct store_options *options, struct db **out_db,
                           struct err_note *note)
{
    if (url_kind_of(options->url) == URL_POSTGRES)
        return postgres_connect(options->url, options->name, POSTGRES_USE_READER, out_db, note);
    SCOPED_MEM char *file = url_file(options->url, options->name);
    if (access(file, R_OK) != 0)
        return err_set(note, ERR_NOT_FOUND, file, "There is no database: %s.", strerror(errno));
    return sqlite_connect(file, SQLITE_USE_READER, out_db, note);
}

enum err store_read_at(const struct store_options *options,
                       enum err (*read)(struct db *db, void *context), void *context,
                       struct err_note *note)
{
    SCOPED(db) db = NULL;
    TRY(connect_at(options, &db, note));
    if (begin(db) != ERR_NONE)
        return err_set(note, ERR_NOT_FOUND, options->name, "This is no database of Muster: %s.",
                       db->words);
    enum err err = read(db, context);
    if (err == ERR_IO || err == ERR_BUSY)
        (void)err_set(note, err, options->name, "The database cannot be read: %s.", db->words);
    return err; /* closing the connection ends the snapshot */
}
