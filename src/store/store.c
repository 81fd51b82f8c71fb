// SPDX-License-Identifier: Apache-2.0
/* Opening and closing, and how the store is. */
#include "store/store.h"

#include "base/log.h"
#include "base/text.h"
#include "store/sql/url.h"
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

const char STORE_AWAY[] = "the database is away";

bool store_is_postgres(const struct store *store)
{
    return store->is_postgres;
}

const char *store_name(const struct store *store)
{
    return store->name;
}

bool store_is_well(const struct store *store, const char **out_why)
{
    const char *why = atomic_load(&store->why);
    if (why == NULL)
        return true;
    if (out_why != NULL)
        *out_why = why;
    return false;
}

void store_set_why(struct store *store, const char *why, const char *reason)
{
    const char *before = atomic_exchange(&store->why, why);
    if (before == why)
        return;
    metric_set(&store->metrics->is_well, why == NULL);
    if (why == NULL)
        log_write(LOG_INFO, "store", "well again", "store=%s", store->name);
    else
        log_write(LOG_ERROR, "store", why, "store=%s reason=%s", store->name,
                  LOG_TEXT(reason == NULL ? "" : reason));
}

enum err store_connect(struct store *store, bool is_writer, struct db **out_db,
                       struct err_note *note)
{
    struct db *db = NULL;
    if (store->is_postgres)
        TRY(postgres_connect(store->url, store->name,
                             is_writer ? POSTGRES_USE_WRITER : POSTGRES_USE_READER, &db, note));
    else
        TRY(sqlite_connect(store->path, is_writer ? SQLITE_USE_WRITER : SQLITE_USE_READER, &db,
                           note));
    db->store = store;
    *out_db = db;
    return ERR_NONE;
}

/* SQLite would let two processes write by turns, but streams are followed in memory and counted in
 * memory: one process owns the file. The lock ends with the process, however it ends. */
static enum err lock_file(struct store *store, struct err_note *note)
{
    char path[4200];
    (void)snprintf(path, sizeof path, "%s.lock", store->path);
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock_fd < 0)
        return err_set(note, ERR_IO, path,
                       "Cannot be made: %s. Check the folder's owner, rights and "
                       "free space.",
                       strerror(errno));
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return err_set(note, ERR_BUSY, path,
                       "Another process has this database open. Stop it, or "
                       "use PostgreSQL for more than one.");
    return ERR_NONE;
}

static void store_free(struct store *store)
{
    listener_free(store->listener);
    housekeeping_free(store->housekeeping);
    missed_free(store->missed);
    writer_fini(&store->writer);
    readers_fini(&store->readers);
    follow_destroy(store->follow);
    if (store->lock_fd >= 0)
        (void)close(store->lock_fd); /* nothing was written to it */
    mem_free(store->name);
    mem_free(store->url);
    mem_free(store->path);
    mem_free(store);
}

static enum err prepare(struct store *store, const struct store_options *options,
                        struct err_note *note)
{
    if (store->is_postgres) {
        TRY(postgres_make_schema(store->url, store->name, note));
    } else {
        TRY(url_make_folder(store->url, note));
        store->path = url_file(store->url, store->name);
        TRY(lock_file(store, note));
    }
    SCOPED(db) db = NULL;
    TRY(store_connect(store, true, &db, note));
    return migrate(db, options->modules, options->module_count, note);
}

enum err store_open(const struct store_options *options, struct store **out_store,
                    struct err_note *note)
{
    enum url_kind kind = url_kind_of(options->url);
    if (kind == URL_UNKNOWN || !text_is_id(options->name))
        return err_set(note, ERR_INVALID, "store",
                       "\"%s\" is no database: write sqlite:FOLDER or "
                       "postgresql://HOST/DATABASE.",
                       options->url);
    struct store *store = mem_new(sizeof *store);
    store->name = mem_text(options->name);
    store->url = mem_text(options->url);
    store->is_postgres = kind == URL_POSTGRES;
    store->lock_fd = -1;
    store->metrics = store_metrics_of(options->name);
    store->follow = follow_create();
    store->housekeeping = housekeeping_create(store);
    store->listener = listener_create(store);
    store->missed = missed_create();
    writer_init(&store->writer, store);
    readers_init(&store->readers, options->reader_count <= 0 ? 4 : (size_t)options->reader_count);
    enum err err = prepare(store, options, note);
    if (err == ERR_NONE)
        err = writer_start(&store->writer, note);
    if (err != ERR_NONE) {
        store_free(store);
        return err;
    }
    metric_set(&store->metrics->is_well, 1);
    housekeeping_start(store->housekeeping);
    listener_start(store->listener);
    *out_store = store;
    return ERR_NONE;
}

void store_close(struct store *store)
{
    listener_stop(store->listener);
    housekeeping_stop(store->housekeeping);
    writer_stop(&store->writer);
    store_free(store);
}
