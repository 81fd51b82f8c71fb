// SPDX-License-Identifier: Apache-2.0
/* The writer's queue and thread. Two arrays: producers fill one while the writer works through the
 * other. What has gathered during one commit is the next transaction, so batches grow with the load
 * and a lone command waits for nobody. */
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "store/store_internal.h"

#include <stdio.h>

#include <sqlite3.h>

static void queue_push(struct job_queue *queue, const struct job *job, int64_t at_ms)
{
    if (queue->len == queue->size) {
        queue->size = MAX(64, 2 * queue->size);
        queue->jobs = mem_resize(queue->jobs, queue->size * sizeof *queue->jobs);
    }
    queue->jobs[queue->len] = *job;
    queue->jobs[queue->len++].at_ms = at_ms;
}

enum err writer_push(struct writer *writer, const struct job *job)
{
    struct store_metrics *metrics = writer->store->metrics;
    LOCKED(&writer->lock);
    if (writer->is_stopping || atomic_load(&writer->store->why) == STORE_AWAY ||
        writer->queue_len >= LIMIT_WRITER_QUEUE_LEN ||
        job->cost_bytes > LIMIT_WRITER_QUEUE_BYTES - writer->queue_bytes) {
        metric_add(&metrics->refused, 1);
        return ERR_BUSY;
    }
    writer->newest_ms = MAX(writer->newest_ms, clock_now_ms());
    queue_push(&writer->waiting, job, writer->newest_ms);
    writer->queue_len++;
    writer->queue_bytes += job->cost_bytes;
    if (writer->waiting.len == 1)
        signal_wake(&writer->wake);
    return ERR_NONE;
}

/* How many of the taken jobs go into one transaction. */
static size_t slice(const struct writer *writer, size_t *out_bytes)
{
    size_t commands_max =
        writer->store->is_postgres ? COMMIT_COMMANDS_POSTGRES : LIMIT_COMMIT_COMMANDS;
    size_t count = 0, commands = 0, bytes = 0;
    while (writer->taken_next + count < writer->taken.len && count < LIMIT_COMMIT_COMMANDS) {
        const struct job *job = &writer->taken.jobs[writer->taken_next + count];
        commands += job->command.run != NULL;
        if (count > 0 && (commands > commands_max || bytes + job->cost_bytes > COMMIT_BYTES))
            break;
        bytes += job->cost_bytes;
        count++;
    }
    *out_bytes = bytes;
    return count;
}

static void settle(struct writer *writer, size_t count, size_t bytes)
{
    LOCKED(&writer->lock);
    writer->queue_len -= count;
    writer->queue_bytes -= bytes;
    metric_set(&writer->store->metrics->queue_len, (int64_t)writer->queue_len);
}

static void note_taken(struct writer *writer)
{
    const struct job_queue *taken = &writer->taken;
    writer->taken_ms =
        writer->taken_next < taken->len ? taken->jobs[writer->taken_next].at_ms : INT64_MAX;
}

static void finish_taken(struct writer *writer, size_t count)
{
    LOCKED(&writer->lock);
    writer->taken_next += count;
    note_taken(writer);
}

int64_t writer_published_ms(struct writer *writer)
{
    LOCKED(&writer->lock);
    if (writer->taken_ms != INT64_MAX)
        return writer->taken_ms;
    if (writer->waiting.len > 0)
        return writer->waiting.jobs[0].at_ms;
    return writer->newest_ms = MAX(writer->newest_ms, clock_now_ms()); /* it may step back */
}

/* False when the writer is to end and nothing is left. */
static bool take_waiting(struct writer *writer)
{
    LOCKED(&writer->lock);
    while (writer->waiting.len == 0 && !writer->is_stopping &&
           !atomic_load(&writer->checkpoint_wanted))
        signal_wait(&writer->wake, &writer->lock);
    struct job_queue empty = writer->taken;
    empty.len = 0;
    writer->taken = writer->waiting;
    writer->waiting = empty;
    writer->taken_next = 0;
    note_taken(writer);
    return writer->taken.len > 0 || !writer->is_stopping;
}

static void fail(struct writer *writer, const struct job *jobs, size_t count)
{
    struct err_note note = {0};
    (void)err_set(&note, ERR_BUSY, writer->store->name,
                  "Nothing was written: the database is away. Try again.");
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        const struct job *job = &jobs[i];
        bytes += job->cost_bytes;
        if (job->record == NULL)
            job->command.done(job->command.context, ERR_BUSY, &note);
        else if (job->appended != NULL)
            job->appended(job->command.context, ERR_BUSY, job->record);
        if (job->record != NULL)
            shared_unref(&job->record->shared);
    }
    settle(writer, count, bytes);
}

static void fail_taken(struct writer *writer)
{
    size_t count = writer->taken.len - writer->taken_next;
    if (count > 0)
        fail(writer, &writer->taken.jobs[writer->taken_next], count);
    finish_taken(writer, count);
}

void writer_fail_waiting(struct writer *writer)
{
    lock_take(&writer->lock);
    struct job_queue waiting = writer->waiting;
    writer->waiting = (struct job_queue){.len = 0};
    lock_give(&writer->lock);
    fail(writer, waiting.jobs, waiting.len);
    mem_free(waiting.jobs);
}

/* The last few pages, between two commits, when nobody writes: then the WAL starts anew. Never
 * waits for readers; if one is in the way the next try is soon. Waits for housekeeping's own
 * checkpoint, if one is under way: that only happens at WAL_MAX_PAGES, when waiting is the
 * point. */
static void finish_checkpoint(struct writer *writer)
{
    if (!atomic_load(&writer->checkpoint_wanted) || writer->store->is_postgres)
        return;
    LOCKED(&writer->checkpoint_lock);
    int code =
        sqlite3_wal_checkpoint_v2(writer->db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (code != SQLITE_OK && code != SQLITE_BUSY)
        (void)sqlite_failure(writer->db); /* a failed fsync ends the process; else tried again */
    atomic_store(&writer->checkpoint_wanted, false);
    sql_unit_begin(writer->db);
    writer->db->harm = SQL_HARM_NONE;
}

static void run_taken(struct writer *writer)
{
    while (writer->taken_next < writer->taken.len && writer->db != NULL) {
        size_t bytes;
        size_t count = slice(writer, &bytes);
        commit_run(writer, &writer->taken.jobs[writer->taken_next], count);
        settle(writer, count, bytes);
        finish_taken(writer, count);
        finish_checkpoint(writer);
        if (writer->db->harm == SQL_HARM_CONNECTION) {
            db_close(writer->db);
            writer->db = NULL;
        }
    }
    fail_taken(writer);
}

/* Away: everything is refused at the door, so only time and stopping matter here. */
static void reconnect(struct writer *writer)
{
    int64_t pause_us = RECONNECT_MIN_US;
    writer_fail_waiting(writer);
    while (turn_connect(writer, NULL) != ERR_NONE) {
        LOCKED(&writer->lock);
        if (writer->is_stopping)
            return;
        (void)signal_wait_until(&writer->wake, &writer->lock, clock_monotonic_us() + pause_us);
        pause_us = MIN(2 * pause_us, RECONNECT_MAX_US);
    }
    store_set_why(writer->store, NULL, NULL);
}

static void *writer_run(void *context)
{
    struct writer *writer = context;
    while (take_waiting(writer)) {
        run_taken(writer);
        if (writer->db != NULL)
            finish_checkpoint(writer);
        else
            reconnect(writer);
    }
    return NULL;
}

void writer_init(struct writer *writer, struct store *store)
{
    *writer = (struct writer){.store = store, .writer_id = random_id63(), .taken_ms = INT64_MAX};
    lock_init(&writer->lock);
    lock_init(&writer->checkpoint_lock);
    signal_init(&writer->wake);
}

static int wal_grew(void *context, sqlite3 *handle, const char *name, int pages)
{
    (void)handle;
    (void)name;
    housekeeping_wal_grew(context, pages);
    return SQLITE_OK;
}

enum err writer_start(struct writer *writer, struct err_note *note)
{
    if (writer->db == NULL)
        TRY(turn_connect(writer, note));
    if (db_is_sqlite(writer->db))
        (void)sqlite3_wal_hook(writer->db->handle, wal_grew, writer->store);
    char name[16];
    (void)snprintf(name, sizeof name, "write-%s", writer->store->name);
    thread_start(&writer->thread, name, writer_run, writer);
    return ERR_NONE;
}

void writer_stop(struct writer *writer)
{
    lock_take(&writer->lock);
    writer->is_stopping = true;
    signal_wake_all(&writer->wake);
    lock_give(&writer->lock);
    thread_join(&writer->thread);
}

void writer_fini(struct writer *writer)
{
    assert(writer->pending_len == 0);
    db_close(writer->db);
    mem_free(writer->pending);
    mem_free(writer->waiting.jobs);
    mem_free(writer->taken.jobs);
    signal_fini(&writer->wake);
    lock_fini(&writer->checkpoint_lock);
    lock_fini(&writer->lock);
}

enum err store_submit(struct store *store, const struct store_command *command)
{
    assert(command->run != NULL && command->done != NULL);
    struct job job = {.command = *command, .cost_bytes = command->cost_bytes};
    return writer_push(&store->writer, &job);
}

struct write_wait {
    struct lock lock;
    struct signal signal;
    bool is_done;
    enum err result;
    struct err_note *note;
    enum err (*run)(struct db *db, void *context, struct err_note *note);
    void *context;
};

static enum err write_run(struct db *db, void *context, struct err_note *note)
{
    struct write_wait *wait = context;
    return wait->run(db, wait->context, note);
}

static void write_done(void *context, enum err result, const struct err_note *note)
{
    struct write_wait *wait = context;
    LOCKED(&wait->lock);
    wait->result = result;
    wait->is_done = true;
    if (wait->note != NULL && note != NULL)
        *wait->note = *note;
    signal_wake(&wait->signal);
}

static void wait_until_done(struct write_wait *wait, const struct store_meanwhile *meanwhile)
{
    lock_take(&wait->lock);
    while (!wait->is_done) {
        if (meanwhile == NULL) {
            signal_wait(&wait->signal, &wait->lock);
            continue;
        }
        int64_t until_us = clock_monotonic_us() + meanwhile->every_us;
        if (signal_wait_until(&wait->signal, &wait->lock, until_us) || wait->is_done)
            continue;
        lock_give(&wait->lock);
        meanwhile->run(meanwhile->context);
        lock_take(&wait->lock);
    }
    lock_give(&wait->lock);
}

enum err store_write(struct store *store,
                     enum err (*run)(struct db *db, void *context, struct err_note *note),
                     void *context, struct err_note *note)
{
    return store_write_while(store, run, context, note, NULL);
}

enum err store_write_while(struct store *store,
                           enum err (*run)(struct db *db, void *context, struct err_note *note),
                           void *context, struct err_note *note,
                           const struct store_meanwhile *meanwhile)
{
    assert(!pthread_equal(pthread_self(), store->writer.thread.id)); /* it would wait for itself */
    struct write_wait wait = {.note = note, .run = run, .context = context};
    lock_init(&wait.lock);
    signal_init(&wait.signal);
    struct store_command command = {.run = write_run, .done = write_done, .context = &wait};
    enum err err = store_submit(store, &command);
    if (err != ERR_NONE) {
        const char *why = NULL;
        (void)err_set(note, err, store->name, "Nothing was written: %s. Try again.",
                      store_is_well(store, &why) ? "too much is waiting to be written" : why);
    } else {
        wait_until_done(&wait, meanwhile);
        err = wait.result;
    }
    signal_fini(&wait.signal);
    lock_fini(&wait.lock);
    return err;
}
