// SPDX-License-Identifier: Apache-2.0
/* Background work of a store, on one thread:
 *   checkpoints  in steps of CHECKPOINT_PAGES, on a connection of its own. Under steady load such a
 *                checkpoint never reaches the end of a WAL that grows meanwhile, so past
 *                WAL_RESTART_PAGES the writer is asked to do the last few pages between two
 * commits.
 *                Where the disk cannot keep up, the writer does it itself at WAL_MAX_PAGES: commits
 *                slow down to what the disk can take, and the log stays bounded.
 *   retention    a slice of each stream with a policy, more often while there is more to remove;
 *                the same for the rows of modules (expire.c)
 *   catching up  who may have missed an announcement looks for himself (streams/missed.c)
 *   probing      while the disk is full: one small write a second tells when it is not any more */
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "store/store_internal.h"

#include <stdio.h>

#include <sqlite3.h>

#define PAGE_BYTES   4096
#define ROUND_US     1000000
#define KEEP_MAX     STREAMS_MAX
#define EXPIRIES_MAX 16

struct kept {
    char stream[LIMIT_ID_LEN + 1];
    struct stream_retention retention;
};

struct housekeeping {
    struct store *store;
    struct thread thread;
    struct lock lock;
    struct signal wake;
    bool is_stopping; /* under lock, like the rest */
    bool is_checkpoint_due;
    int64_t copied_pages; /* of the WAL as it was at the last checkpoint */
    struct kept kept[KEEP_MAX];
    size_t kept_count;
    struct store_expiry expiries[EXPIRIES_MAX];
    size_t expiry_count;
};

void housekeeping_wal_grew(struct store *store, int64_t pages)
{
    struct housekeeping *housekeeping = store->housekeeping;
    metric_set(&store->metrics->wal_bytes, pages * PAGE_BYTES);
    if (pages >= WAL_MAX_PAGES) {
        atomic_store(&store->writer.checkpoint_wanted, true); /* we run on the writer's thread */
        return;
    }
    if (pages < CHECKPOINT_PAGES || atomic_load(&store->writer.checkpoint_wanted))
        return; /* small, or the writer is about to do the rest: ours would be in its way */
    LOCKED(&housekeeping->lock);
    if (pages < housekeeping->copied_pages)
        housekeeping->copied_pages = 0; /* the log has started anew */
    if (!housekeeping->is_checkpoint_due &&
        pages - housekeeping->copied_pages >= CHECKPOINT_PAGES) {
        housekeeping->is_checkpoint_due = true;
        signal_wake(&housekeeping->wake);
    }
}

static bool is_stopping(struct housekeeping *housekeeping)
{
    LOCKED(&housekeeping->lock);
    return housekeeping->is_stopping;
}

static bool copy_pages(struct housekeeping *housekeeping, struct db *db, int *out_pages)
{
    struct store *store = housekeeping->store;
    int copied = 0;
    lock_take(&store->writer.checkpoint_lock);
    int code =
        sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, out_pages, &copied);
    lock_give(&store->writer.checkpoint_lock);
    if (code == SQLITE_OK) {
        metric_add(&store->metrics->checkpoints, 1);
        LOCKED(&housekeeping->lock);
        housekeeping->copied_pages = copied;
        return true;
    }
    if (code != SQLITE_BUSY) {
        (void)sqlite_failure(db); /* a failed fsync ends the process */
        log_write(LOG_WARN, "store", "checkpoint failed; tried again", "store=%s reason=%s",
                  store->name, LOG_TEXT(db->words));
        sql_unit_begin(db);
    }
    return false;
}

/* Twice where the log is long: the second time there is only what came during the first, and what
 * comes during the second is little enough for the writer. */
static void checkpoint(struct housekeeping *housekeeping, struct db *db)
{
    struct writer *writer = &housekeeping->store->writer;
    int pages = 0;
    if (!copy_pages(housekeeping, db, &pages) || pages < WAL_RESTART_PAGES ||
        !copy_pages(housekeeping, db, &pages))
        return;
    lock_take(&housekeeping->lock);
    housekeeping->is_checkpoint_due = false;
    lock_give(&housekeeping->lock);
    LOCKED(&writer->lock);
    atomic_store(&writer->checkpoint_wanted, true);
    signal_wake(&writer->wake);
}

static enum err probe_run(struct db *db, void *context, struct err_note *note)
{
    (void)context;
    (void)note;
    TRY(sql_run(db, "DELETE FROM store_marker WHERE writer = 0"));
    return sql_run(db, "INSERT INTO store_marker (writer, serial, at_ms) VALUES (0, 0, $1)",
                   SQL_INT(clock_now_ms()));
}

/* The commit itself sets how the store is. */
static void probe(struct store *store)
{
    const char *why = NULL;
    if (store_is_well(store, &why) || why == STORE_AWAY)
        return;
    enum err err = store_write(store, probe_run, NULL, NULL);
    log_write(LOG_DEBUG, "store", "probed", "store=%s result=%s", store->name, err_name(err));
}

static size_t copy_kept(struct housekeeping *housekeeping, struct kept *out)
{
    LOCKED(&housekeeping->lock);
    memcpy(out, housekeeping->kept, sizeof housekeeping->kept);
    return housekeeping->kept_count;
}

static void retain_one(struct housekeeping *housekeeping, struct kept *kept)
{
    struct err_note note = {0};
    struct stream_retention retention = kept->retention;
    retention.stream = kept->stream;
    for (int i = 0; i < LIMIT_REMOVAL_SLICES && !is_stopping(housekeeping); i++) {
        bool is_more = false;
        enum err err =
            retain_slice(housekeeping->store, &retention, clock_now_ms(), &is_more, &note);
        if (err != ERR_NONE && err != ERR_BUSY)
            log_write(LOG_WARN, "store", "retention failed; tried again", "stream=%s reason=%s",
                      kept->stream, LOG_TEXT(note.detail));
        if (err != ERR_NONE || !is_more)
            return;
    }
}

static void retain_all(struct housekeeping *housekeeping)
{
    SCOPED_MEM struct kept *kept = mem_new_array(KEEP_MAX, sizeof *kept);
    size_t count = copy_kept(housekeeping, kept);
    for (size_t i = 0; i < count; i++)
        retain_one(housekeeping, &kept[i]);
}

static void expire_one(struct housekeeping *housekeeping, const struct store_expiry *expiry)
{
    struct err_note note = {0};
    bool is_more = true;
    for (int i = 0; is_more && i < LIMIT_REMOVAL_SLICES && !is_stopping(housekeeping); i++) {
        enum err err = expire_slice(housekeeping->store, expiry, clock_now_ms(), &is_more, &note);
        if (err != ERR_NONE && err != ERR_BUSY)
            log_write(LOG_WARN, "store", "expiry failed; tried again", "table=%s reason=%s",
                      expiry->table,
                      LOG_TEXT(note.detail[0] == '\0' ? err_name(err) : note.detail));
        if (err != ERR_NONE)
            return;
    }
}

static void expire_all(struct housekeeping *housekeeping)
{
    struct store_expiry expiries[EXPIRIES_MAX];
    lock_take(&housekeeping->lock);
    size_t count = housekeeping->expiry_count;
    memcpy(expiries, housekeeping->expiries, sizeof expiries);
    lock_give(&housekeeping->lock);
    for (size_t i = 0; i < count; i++)
        expire_one(housekeeping, &expiries[i]);
}

/* True when a checkpoint is due; false after a second, or at once when stopping. */
static bool wait_round(struct housekeeping *housekeeping, int64_t round_at_us)
{
    LOCKED(&housekeeping->lock);
    while (!housekeeping->is_stopping && !housekeeping->is_checkpoint_due) {
        if (!signal_wait_until(&housekeeping->wake, &housekeeping->lock, round_at_us))
            break;
    }
    bool is_due = housekeeping->is_checkpoint_due;
    housekeeping->is_checkpoint_due = false;
    return is_due;
}

static void *housekeeping_run(void *context)
{
    struct housekeeping *housekeeping = context;
    struct store *store = housekeeping->store;
    struct db *db = NULL;
    int64_t round_at_us = clock_monotonic_us() + ROUND_US;
    while (!is_stopping(housekeeping)) {
        bool is_due = wait_round(housekeeping, round_at_us);
        if (db == NULL && !store->is_postgres && is_due)
            (void)store_connect(store, false, &db, NULL); /* tried again next time */
        if (is_due && db != NULL)
            checkpoint(housekeeping, db);
        if (clock_monotonic_us() < round_at_us)
            continue;
        probe(store);
        missed_catch_up(store->missed);
        retain_all(housekeeping);
        expire_all(housekeeping);
        round_at_us = clock_monotonic_us() + ROUND_US;
    }
    db_close(db);
    return NULL;
}

struct housekeeping *housekeeping_create(struct store *store)
{
    struct housekeeping *housekeeping = mem_new(sizeof *housekeeping);
    housekeeping->store = store;
    lock_init(&housekeeping->lock);
    signal_init(&housekeeping->wake);
    return housekeeping;
}

void housekeeping_start(struct housekeeping *housekeeping)
{
    char name[16];
    (void)snprintf(name, sizeof name, "keep-%s", housekeeping->store->name);
    thread_start(&housekeeping->thread, name, housekeeping_run, housekeeping);
}

void housekeeping_stop(struct housekeeping *housekeeping)
{
    lock_take(&housekeeping->lock);
    housekeeping->is_stopping = true;
    signal_wake_all(&housekeeping->wake);
    lock_give(&housekeeping->lock);
    thread_join(&housekeeping->thread);
}

void housekeeping_free(struct housekeeping *housekeeping)
{
    if (housekeeping == NULL)
        return;
    signal_fini(&housekeeping->wake);
    lock_fini(&housekeeping->lock);
    mem_free(housekeeping);
}

void store_keep(struct store *store, const struct stream_retention *retention)
{
    struct housekeeping *housekeeping = store->housekeeping;
    LOCKED(&housekeeping->lock);
    size_t i = 0;
    while (i < housekeeping->kept_count &&
           strcmp(housekeeping->kept[i].stream, retention->stream) != 0)
        i++;
    assert(i < KEEP_MAX);
    struct kept *kept = &housekeeping->kept[i];
    assert(text_copy(kept->stream, sizeof kept->stream, retention->stream));
    kept->retention = *retention;
    if (i == housekeeping->kept_count)
        housekeeping->kept_count++;
}

int64_t store_kept_ms(struct store *store, const char *stream)
{
    struct housekeeping *housekeeping = store->housekeeping;
    LOCKED(&housekeeping->lock);
    for (size_t i = 0; i < housekeeping->kept_count; i++) {
        if (strcmp(housekeeping->kept[i].stream, stream) == 0)
            return housekeeping->kept[i].retention.age_max_ms;
    }
    return 0;
}

void store_expire(struct store *store, const struct store_expiry *expiry)
{
    struct housekeeping *housekeeping = store->housekeeping;
    LOCKED(&housekeeping->lock);
    size_t i = 0;
    while (i < housekeeping->expiry_count &&
           strcmp(housekeeping->expiries[i].table, expiry->table) != 0)
        i++;
    assert(i < EXPIRIES_MAX);
    housekeeping->expiries[i] = *expiry;
    if (i == housekeeping->expiry_count)
        housekeeping->expiry_count++;
}

int64_t store_expiry_ms(struct store *store, const char *table)
{
    struct housekeeping *housekeeping = store->housekeeping;
    LOCKED(&housekeeping->lock);
    for (size_t i = 0; i < housekeeping->expiry_count; i++) {
        if (strcmp(housekeeping->expiries[i].table, table) == 0)
            return housekeeping->expiries[i].age_max_ms;
    }
    return 0;
}
