// SPDX-License-Identifier: Apache-2.0
/* From what waits to chunks, and who is to blame when that fails: gather.h tells how. */
#include "base/log.h"
#include "base/metrics.h"
#include "readings/history/gather.h"

#define TRIALS 2 /* a subject fails so often alone before it is set aside */

static struct metric set_aside_count = METRIC_COUNTER(
    "muster_history_set_aside_total",
    "Records that cannot be read, and devices' and series' parts of a flush that cannot be kept.");

static void cut_writes(struct gather_shard *shard, size_t count)
{
    for (size_t i = count; i < shard->write_count; i++)
        mem_free(shard->writes[i].bytes);
    shard->write_count = count;
}

void flush_drop(struct gather_shard *shard)
{
    cut_writes(shard, 0);
}

static struct chunk_write *find_write(const struct gather_shard *shard, int64_t level,
                                      int64_t chunk_ms)
{
    for (size_t i = shard->write_count; i-- > shard->first_write;) {
        if (shard->writes[i].level == level && shard->writes[i].chunk_ms == chunk_ms)
            return &shard->writes[i];
    }
    return NULL;
}

const struct chunk_write *gather_find(const struct gather_shard *shard, int64_t level,
                                      int64_t chunk_ms)
{
    return find_write(shard, level, chunk_ms);
}

enum err gather_put(struct gather_shard *shard, const struct chunk_write *write,
                    struct packer *packer)
{
    if (packer->is_broken) {
        packer_fini(packer);
        return ERR_NO_MEMORY;
    }
    struct chunk_write *target = find_write(shard, write->level, write->chunk_ms);
    if (target == NULL) {
        if (shard->write_count == shard->write_room) {
            shard->write_room = MAX((size_t)64, shard->write_room * 2);
            shard->writes = mem_resize(shard->writes, shard->write_room * sizeof *shard->writes);
        }
        target = &shard->writes[shard->write_count++];
        *target = (struct chunk_write){0};
    }
    mem_free(target->bytes);
    *target = *write;
    target->bytes = packer->bytes;
    target->len = packer->len;
    *packer = (struct packer){0};
    return ERR_NONE;
}

/* --- setting aside --- */

void gather_unreadable(const struct gather_shard *shard, int64_t position, enum err err)
{
    metric_add(&set_aside_count, 1);
    log_write(LOG_ERROR, "history", "a record cannot be read and is left out",
              "stream=%s shard=%d position=%lld error=%s", shard->kind->stream, shard->index,
              (long long)position, err_name(err));
}

static bool is_told(struct gather *gather, int64_t id)
{
    for (size_t i = 0; i < MIN(gather->told_count, COUNT_OF(gather->told)); i++) {
        if (gather->told[i] == id)
            return true;
    }
    gather->told[gather->told_count++ % COUNT_OF(gather->told)] = id;
    return false;
}

static void set_aside(struct gather *gather, struct subject *subject, const char *reason)
{
    subject->is_aside = true;
    metric_add(&set_aside_count, 1);
    if (is_told(gather, subject->id))
        return;
    log_write(LOG_ERROR, "history",
              "what one sender measured cannot be kept and is left out; its records stay in the "
              "stream as long as the stream is kept",
              "stream=%s event=%s venue=%s name=%s from=%lld to=%lld reason=%s",
              gather->kind->stream, LOG_TEXT(subject->event), LOG_TEXT(subject->venue),
              LOG_TEXT(subject->name), (long long)subject->first_position,
              (long long)subject->last_position, LOG_TEXT(reason));
}

/* --- merging --- */

static int by_id(const void *left, const void *right)
{
    const struct subject *a = left;
    const struct subject *b = right;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* Once, until a flush succeeds again; of a database that is away the store itself tells. */
static void tell_stuck(struct gather_shard *shard, const struct db *db)
{
    if (!shard->is_stuck)
        log_write(LOG_ERROR, "history",
                  "chunks cannot be read; tried again for as long as it takes",
                  "stream=%s shard=%d reason=%s", shard->kind->stream, shard->index,
                  LOG_TEXT(sql_failure(db)));
    shard->is_stuck = true;
}

static enum err merge_one(struct gather *gather, struct gather_shard *shard, struct db *db,
                          struct subject *subject)
{
    shard->first_write = subject->first_write = shard->write_count;
    enum err err = gather->kind->merge(shard, db, subject);
    if (err == ERR_IO)
        tell_stuck(shard, db);
    if (err == ERR_BUSY || err == ERR_IO)
        return ERR_BUSY;
    if (err != ERR_NONE) {
        cut_writes(shard, subject->first_write);
        if (!shard->is_careful) {
            shard->is_careful = true;
            return ERR_BUSY;
        }
        set_aside(gather, subject, err_name(err));
    }
    subject->write_count = shard->write_count - subject->first_write;
    return ERR_NONE;
}

static enum err merge_all(struct gather *gather, struct gather_shard *shard)
{
    struct db *db = store_reader_take(gather->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = ERR_NONE;
    for (size_t i = 0; i < shard->subject_count && err == ERR_NONE; i++)
        err = merge_one(gather, shard, db, &shard->subjects[i]);
    store_reader_give(gather->store, db);
    return err;
}

/* --- writing --- */

static enum err write_subjects(const struct gather_shard *shard, struct db *db, size_t end)
{
    for (size_t i = 0; i < end; i++) {
        const struct subject *subject = &shard->subjects[i];
        if (subject->is_aside)
            continue;
        TRY(shard->kind->write_subject(db, subject));
        for (size_t w = 0; w < subject->write_count; w++)
            TRY(shard->kind->write_chunk(db, subject, &shard->writes[subject->first_write + w]));
    }
    return ERR_NONE;
}

enum err flush_write(struct gather_shard *shard, struct db *db)
{
    enum err err = write_subjects(shard, db, shard->subject_count);
    if (err == ERR_NONE)
        return history_set_mark(db, shard->kind->stream, shard->index, shard->last_position);
    shard->is_careful = shard->is_careful || err != ERR_BUSY;
    return err;
}

struct trial { /* of the first `end` subjects */
    const struct gather_shard *shard;
    size_t end;
    bool is_good;
};

static enum err try_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    struct trial *trial = context;
    TRY(write_subjects(trial->shard, db, trial->end));
    trial->is_good = true;
    return ERR_CONFLICT; /* so that nothing of it stays */
}

/* A failing disk spares nobody: then the store is not well, and nobody is to blame. */
static enum err try_subjects(struct gather *gather, const struct gather_shard *shard, size_t end,
                             struct err_note *note)
{
    struct trial trial = {.shard = shard, .end = end};
    const char *why;
    enum err err = store_write(gather->store, try_run, &trial, note);
    if (trial.is_good)
        return ERR_NONE;
    return store_is_well(gather->store, &why) ? err : ERR_BUSY;
}

static enum err judge(struct gather *gather, struct gather_shard *shard, size_t index)
{
    struct err_note note = {0};
    for (int i = 0; i < TRIALS; i++) {
        enum err err = try_subjects(gather, shard, index + 1, &note);
        if (err == ERR_NONE || err == ERR_BUSY)
            return err;
    }
    set_aside(gather, &shard->subjects[index], note.detail);
    return ERR_NONE;
}

/* Of the subjects from first to end; those before can be written. */
static enum err find_culprits(struct gather *gather, struct gather_shard *shard, size_t first,
                              size_t end)
{
    struct err_note note = {0};
    if (end - first == 1)
        return judge(gather, shard, first);
    enum err err = try_subjects(gather, shard, end, &note);
    if (err == ERR_NONE || err == ERR_BUSY)
        return err;
    size_t middle = first + (end - first) / 2;
    TRY(find_culprits(gather, shard, first, middle));
    return find_culprits(gather, shard, middle, end);
}

enum err flush_prepare(struct gather *gather, struct gather_shard *shard)
{
    flush_drop(shard);
    qsort(shard->subjects, shard->subject_count, sizeof *shard->subjects, by_id);
    enum err err = merge_all(gather, shard);
    if (err == ERR_NONE && shard->is_careful)
        err = find_culprits(gather, shard, 0, shard->subject_count);
    if (err != ERR_NONE)
        flush_drop(shard);
    return err;
}
