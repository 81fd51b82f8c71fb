// SPDX-License-Identifier: Apache-2.0
/* One transaction of the writer: all waiting commands, a savepoint each, one commit, then the
 * answers. A command's own failure undoes that command; a failure of the disk or the server undoes
 * all of them, and all are told. */
#include "base/clock.h"
#include "base/log.h"
#include "store/store_internal.h"

static const char DISK_FULL[] = "the disk is full";
static const char REFUSES[] = "the database refuses to write: its log says why";

static void set_note(struct job *job, const struct err_note *note)
{
    if (job->note == NULL)
        job->note = mem_new(sizeof *job->note);
    *job->note = *note;
}

static enum err note_failure(struct job *job, const struct db *db, enum err err,
                             struct err_note *note)
{
    if (note->detail[0] == '\0')
        (void)err_set(note, err, "database", "%s.",
                      db->words[0] == '\0' ? err_name(err) : db->words);
    set_note(job, note);
    return job->result = err;
}

/* The savepoint is left out for a command that is alone: its transaction does the same. */
static enum err run_command(struct writer *writer, struct job *job, bool is_alone)
{
    struct db *db = writer->db;
    size_t pending_len = writer->pending_len;
    struct err_note note = {0};
    sql_unit_begin(db);
    db->wants_savepoint = !is_alone;
    enum err err = job->command.run(db, job->command.context, &note);
    bool has_savepoint = !is_alone && !db->wants_savepoint;
    db->wants_savepoint = false;
    if (err == ERR_NONE)
        err = db->failure; /* the command has overlooked it; we do not */
    if (err != ERR_NONE) {
        (void)note_failure(job, db, err, &note);
        append_undo(writer, pending_len);
    }
    if (db->harm >= SQL_HARM_TRANSACTION)
        return db->failure;
    sql_unit_begin(db);
    if (!has_savepoint)
        return ERR_NONE;
    if (err != ERR_NONE)
        TRY(sql_run(db, "ROLLBACK TO command"));
    return sql_run(db, "RELEASE command");
}

static enum err run_all(struct writer *writer, struct job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct job *job = &jobs[i];
        writer->running_ms = job->at_ms;
        if (job->command.run != NULL) {
            TRY(run_command(writer, job, count == 1));
            continue;
        }
        sql_unit_begin(writer->db);
        enum err err = append_pend(writer, job->record);
        if (writer->db->harm >= SQL_HARM_TRANSACTION)
            return err;
        struct err_note note = {0};
        if (err != ERR_NONE)
            (void)note_failure(job, writer->db, err, &note);
    }
    return ERR_NONE;
}

static bool has_success(const struct job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (jobs[i].result == ERR_NONE)
            return true;
    }
    return false;
}

static void fail_all(struct job *jobs, size_t count, enum err err, const struct err_note *note)
{
    for (size_t i = 0; i < count; i++) {
        if (jobs[i].result != ERR_NONE && jobs[i].result != err)
            continue; /* its own refusal stands */
        jobs[i].result = err;
        set_note(&jobs[i], note);
    }
}

/* Waits for the server as long as it takes: nobody may be told "nothing was written" before that is
 * known. Only a process that is asked to stop gives up, and then says that it does not know. */
static enum err resolve(struct writer *writer)
{
    int64_t pause_us = RECONNECT_MIN_US;
    store_set_why(writer->store, STORE_AWAY, writer->db->words);
    writer_fail_waiting(writer);
    for (;;) {
        bool is_committed = false;
        if (turn_resolve(writer, &is_committed) == ERR_NONE) {
            log_write(LOG_WARN, "store", "the answer to a commit was lost", "store=%s committed=%s",
                      writer->store->name, is_committed ? "yes" : "no");
            if (is_committed)
                return ERR_NONE;
            return sql_fail(writer->db, ERR_BUSY, SQL_HARM_STATEMENT,
                            "the database went away before the commit");
        }
        LOCKED(&writer->lock);
        if (writer->is_stopping)
            return ERR_IO;
        (void)signal_wait_until(&writer->wake, &writer->lock, clock_monotonic_us() + pause_us);
        pause_us = MIN(2 * pause_us, RECONNECT_MAX_US);
    }
}

static enum err end_transaction(struct writer *writer)
{
    enum err err = append_flush(writer);
    if (err != ERR_NONE)
        return err;
    sql_unit_begin(writer->db);
    err = turn_commit(writer);
    if (err != ERR_NONE && writer->db->harm == SQL_HARM_CONNECTION)
        err = resolve(writer);
    return err;
}

static void explain(const struct writer *writer, enum err err, struct err_note *out_note)
{
    const struct db *db = writer->db;
    const char *store = writer->store->name;
    if (err == ERR_IO && db->harm == SQL_HARM_CONNECTION)
        (void)err_set(out_note, err, store,
                      "The server went away during the commit and Muster is "
                      "stopping: it is not known whether this was stored.");
    else
        (void)err_set(out_note, err, store, "Nothing was written: %s. Try again.",
                      db->harm == SQL_HARM_CONNECTION ? STORE_AWAY : db->words);
}

/* Says how the store is, once per change; `harm` is judged before the rollback clears it. */
static void judge(struct writer *writer, enum err err)
{
    const struct db *db = writer->db;
    const char *why = NULL;
    if (err != ERR_NONE && db->harm == SQL_HARM_CONNECTION)
        why = STORE_AWAY;
    else if (err != ERR_NONE && db->harm == SQL_HARM_TRANSACTION)
        why = sql_is_disk_full(db) ? DISK_FULL : REFUSES;
    store_set_why(writer->store, why, db->words);
}

static void answer(struct writer *writer, struct job *jobs, size_t count)
{
    (void)writer;
    for (size_t i = 0; i < count; i++) {
        struct job *job = &jobs[i];
        if (job->record != NULL) {
            if (job->appended != NULL)
                job->appended(job->command.context, job->result, job->record);
            shared_unref(&job->record->shared);
        } else {
            job->command.done(job->command.context, job->result, job->note);
        }
        mem_free(job->note);
    }
}

static void measure(struct writer *writer, size_t count, int64_t started_us)
{
    struct store_metrics *metrics = writer->store->metrics;
    int64_t bytes = 0;
    for (size_t i = 0; i < writer->pending_len; i++)
        bytes += (int64_t)writer->pending[i]->body_len;
    metric_add(&metrics->commits, 1);
    metric_add(&metrics->commands, (int64_t)count);
    metric_add(&metrics->records, (int64_t)writer->pending_len);
    metric_add(&metrics->record_bytes, bytes);
    metric_observe_us(&metrics->commit_time, clock_monotonic_us() - started_us);
}

static void drop_pending(struct writer *writer)
{
    for (size_t i = 0; i < writer->pending_len; i++)
        shared_unref(&writer->pending[i]->shared);
    writer->pending_len = 0;
}

/* A server that was restarted while nobody wrote is noticed only now; nothing has been sent yet, so
 * one new connection may try the same again. */
static enum err begin(struct writer *writer)
{
    enum err err = turn_begin(writer);
    if (err == ERR_NONE || writer->db->harm != SQL_HARM_CONNECTION)
        return err;
    struct db *lost = writer->db;
    writer->db = NULL;
    if (turn_connect(writer, NULL) != ERR_NONE) {
        writer->db = lost;
        return err;
    }
    db_close(lost);
    return turn_begin(writer);
}

void commit_run(struct writer *writer, struct job *jobs, size_t count)
{
    int64_t started_us = clock_monotonic_us();
    enum err err = begin(writer);
    if (err == ERR_NONE)
        err = run_all(writer, jobs, count);
    bool is_empty = err == ERR_NONE && !has_success(jobs, count);
    if (err == ERR_NONE && !is_empty)
        err = end_transaction(writer);
    if (!is_empty)
        judge(writer, err);
    if (err == ERR_NONE && !is_empty) {
        measure(writer, count, started_us);
        follow_publish(writer->store->follow, writer->pending, writer->pending_len);
        drop_pending(writer);
    } else {
        struct err_note note = {0};
        explain(writer, err, &note);
        append_undo(writer, 0);
        turn_rollback(writer);
        if (err != ERR_NONE)
            fail_all(jobs, count, err, &note);
    }
    answer(writer, jobs, count);
}
