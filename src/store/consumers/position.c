// SPDX-License-Identifier: Apache-2.0
/* A consumer's rows in the target store: its positions, leases and dead letters. Everything that depends on owning a shard says so in its UPDATE. */
#include "base/clock.h"
#include "store/consumers/consumer_internal.h"

#define BY_SHARD " WHERE consumer = $1 AND stream = $2 AND shard = $3"

struct lease_work {
    struct consumer *consumer;
    struct lease_decision decision;
};

static enum err read_members(struct db *db, struct consumer *consumer, int64_t now_us)
{
    struct lease_table *table = &consumer->leases;
    struct lease_table seen = {0};
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT owner, beat FROM store_member WHERE consumer = $1 AND stream = $2"
                  " ORDER BY owner LIMIT $3",
                  SQL_TEXT(consumer->options.name), SQL_TEXT(consumer->options.stream),
                  SQL_INT(LEASE_MEMBERS_MAX)));
    while (sql_next(&rows) && seen.member_count < LEASE_MEMBERS_MAX) {
        struct lease_watch watch = {0};
        for (size_t i = 0; i < table->member_count; i++) {
            if (table->members[i].owner == sql_int(&rows, 0))
                watch = table->members[i];
        }
        lease_watch_see(&watch, sql_int(&rows, 0), sql_int(&rows, 1), now_us);
        seen.members[seen.member_count++] = watch;
    }
    memcpy(table->members, seen.members, sizeof seen.members);
    table->member_count = seen.member_count;
    return sql_end(&rows);
}

static enum err read_shards(struct db *db, struct consumer *consumer, int64_t now_us)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT shard, owner, beat, position FROM store_consumer"
                  " WHERE consumer = $1 AND stream = $2",
                  SQL_TEXT(consumer->options.name), SQL_TEXT(consumer->options.stream)));
    while (sql_next(&rows)) {
        int64_t shard = sql_int(&rows, 0);
        if (shard < 0 || shard >= STREAM_SHARDS)
            continue;
        struct lease_shard *seen = &consumer->leases.shards[shard];
        lease_watch_see(&seen->watch, sql_int(&rows, 1), sql_int(&rows, 2), now_us);
        seen->position = sql_int(&rows, 3);
        seen->is_present = true;
    }
    return sql_end(&rows);
}

/* Says that we are here, and forgets members that were dead for ten leases. */
static enum err be_member(struct db *db, struct consumer *consumer, int64_t now_us)
{
    const char *name = consumer->options.name, *stream = consumer->options.stream;
    for (size_t i = 0; i < consumer->leases.member_count; i++) {
        const struct lease_watch *member = &consumer->leases.members[i];
        if (now_us - member->changed_at_us > CONSUMER_LEASE_MS * INT64_C(10000))
            TRY(sql_run(db,
                        "DELETE FROM store_member WHERE consumer = $1 AND stream = $2"
                        " AND owner = $3 AND beat = $4",
                        SQL_TEXT(name), SQL_TEXT(stream), SQL_INT(member->owner),
                        SQL_INT(member->beat)));
    }
    return sql_run(
        db,
        "INSERT INTO store_member (consumer, stream, owner, beat) VALUES ($1, $2, $3, 1)"
        " ON CONFLICT (consumer, stream, owner) DO UPDATE SET beat = store_member.beat + 1",
        SQL_TEXT(name), SQL_TEXT(stream), SQL_INT(consumer->owner));
}

static enum err act(struct db *db, struct consumer *consumer, int shard, enum lease_action action)
{
    const char *name = consumer->options.name, *stream = consumer->options.stream;
    if (action == LEASE_LEAVE || (action == LEASE_RENEW && consumer->is_alone))
        return ERR_NONE;
    if (action == LEASE_CLAIM && !consumer->leases.shards[shard].is_present)
        return sql_run(db,
                       "INSERT INTO store_consumer (consumer, stream, shard, position, owner, beat)"
                       " VALUES ($1, $2, $3, 0, $4, 1)",
                       SQL_TEXT(name), SQL_TEXT(stream), SQL_INT(shard), SQL_INT(consumer->owner));
    int64_t owner = action == LEASE_GIVE_BACK ? 0 : consumer->owner;
    return sql_run(db, "UPDATE store_consumer SET owner = $4, beat = beat + 1" BY_SHARD,
                   SQL_TEXT(name), SQL_TEXT(stream), SQL_INT(shard), SQL_INT(owner));
}

static enum err lease_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    struct lease_work *work = context;
    struct consumer *consumer = work->consumer;
    int64_t now_us = clock_monotonic_us();
    if (!consumer->is_alone) {
        TRY(be_member(db, consumer, now_us));
        TRY(read_members(db, consumer, now_us));
    }
    TRY(read_shards(db, consumer, now_us));
    work->decision = lease_decide(&consumer->leases, consumer->owner, consumer->is_alone, now_us);
    for (int shard = 0; shard < STREAM_SHARDS; shard++)
        TRY(act(db, consumer, shard, work->decision.actions[shard]));
    return ERR_NONE;
}

enum err position_lease(struct consumer *consumer, struct lease_decision *out_decision)
{
    struct lease_work work = {.consumer = consumer};
    TRY(effects_write(consumer, consumer->options.target, lease_run, &work, NULL));
    *out_decision = work.decision;
    return ERR_NONE;
}

static enum err set_position(struct db *db, const struct consumer *consumer, int shard,
                             int64_t position, bool *out_is_lost)
{
    int64_t changed = 0;
    TRY(sql_run_counted(db, &changed,
                        "UPDATE store_consumer SET position = $5, beat = beat + 1" BY_SHARD
                        " AND owner = $4",
                        SQL_TEXT(consumer->options.name), SQL_TEXT(consumer->options.stream),
                        SQL_INT(shard), SQL_INT(consumer->owner), SQL_INT(position)));
    *out_is_lost = changed != 1;
    return *out_is_lost ? ERR_CONFLICT : ERR_NONE;
}

struct apply_work {
    const struct consumer *consumer;
    const struct consumer_batch *batch;
    int64_t position;
    bool is_lost;
};

static enum err apply_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    struct apply_work *work = context;
    const struct consumer_options *options = &work->consumer->options;
    TRY(set_position(db, work->consumer, work->batch->shard, work->position, &work->is_lost));
    return options->apply == NULL ? ERR_NONE : options->apply(options->context, db, work->batch);
}

enum err position_apply(struct consumer *consumer, const struct consumer_batch *batch,
                        int64_t position, bool *out_is_lost, struct err_note *note)
{
    struct apply_work work = {.consumer = consumer, .batch = batch, .position = position};
    enum err err = effects_write(consumer, consumer->options.target, apply_run, &work, note);
    *out_is_lost = work.is_lost;
    return err;
}

struct store_work {
    const struct consumer *consumer;
    bool is_lost[STREAM_SHARDS];
};

/* A shard that was lost meanwhile is left alone, and told. */
static enum err store_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    struct store_work *work = context;
    for (int i = 0; i < STREAM_SHARDS; i++) {
        const struct consumer_shard *shard = &work->consumer->shards[i];
        work->is_lost[i] = false;
        if (!shard->is_owned || shard->wanted == shard->stored)
            continue;
        enum err err = set_position(db, work->consumer, i, shard->wanted, &work->is_lost[i]);
        if (err != ERR_NONE && !work->is_lost[i])
            return err;
    }
    return ERR_NONE;
}

enum err position_store(struct consumer *consumer, bool out_is_lost[STREAM_SHARDS])
{
    struct store_work work = {.consumer = consumer};
    bool is_needed = false;
    for (int i = 0; i < STREAM_SHARDS; i++)
        is_needed = is_needed || (consumer->shards[i].is_owned &&
                                  consumer->shards[i].wanted != consumer->shards[i].stored);
    if (is_needed)
        TRY(effects_write(consumer, consumer->options.target, store_run, &work, NULL));
    for (int i = 0; i < STREAM_SHARDS; i++) {
        if (consumer->shards[i].is_owned && !work.is_lost[i])
            consumer->shards[i].stored = consumer->shards[i].wanted;
    }
    memcpy(out_is_lost, work.is_lost, sizeof work.is_lost);
    return ERR_NONE;
}

static enum err give_back_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    const struct consumer *consumer = context;
    const char *name = consumer->options.name, *stream = consumer->options.stream;
    TRY(sql_run(db,
                "UPDATE store_consumer SET owner = 0, beat = beat + 1"
                " WHERE consumer = $1 AND stream = $2 AND owner = $3",
                SQL_TEXT(name), SQL_TEXT(stream), SQL_INT(consumer->owner)));
    return sql_run(db,
                   "DELETE FROM store_member WHERE consumer = $1 AND stream = $2 AND owner = $3",
                   SQL_TEXT(name), SQL_TEXT(stream), SQL_INT(consumer->owner));
}

enum err position_give_back(struct consumer *consumer)
{
    return effects_write(consumer, consumer->options.target, give_back_run, consumer, NULL);
}

enum err consumer_set_aside(struct db *db, const char *consumer, const struct stream_record *r,
                            const char *reason)
{
    return sql_run(db,
                   "INSERT INTO store_dead_letter (consumer, stream, shard, position, at_ms,"
                   " record_at_ms, key, kind, body, reason)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
                   " ON CONFLICT (consumer, stream, shard, position) DO NOTHING",
                   SQL_TEXT(consumer), SQL_TEXT(r->stream), SQL_INT(r->shard), SQL_INT(r->position),
                   SQL_INT(clock_now_ms()), SQL_INT(r->at_ms), SQL_TEXT(r->key), SQL_TEXT(r->kind),
                   SQL_BLOB(r->body, r->body_len), SQL_TEXT(reason));
}

struct bury_work {
    const struct consumer *consumer;
    const struct stream_record *record;
    const char *reason;
    int64_t position;
    bool is_lost;
};

static enum err bury_run(struct db *db, void *context, struct err_note *note)
{
    (void)note;
    struct bury_work *work = context;
    const struct stream_record *r = work->record;
    TRY(set_position(db, work->consumer, r->shard, work->position, &work->is_lost));
    return consumer_set_aside(db, work->consumer->options.name, r, work->reason);
}

/* The position moves over the record only when everything before it is done. */
enum err position_bury(struct consumer *consumer, const struct stream_record *record,
                       const char *reason, bool *out_is_lost)
{
    struct consumer_shard *shard = &consumer->shards[record->shard];
    bool is_next = shard->stored + 1 == record->position;
    struct bury_work work = {.consumer = consumer,
                             .record = record,
                             .reason = reason,
                             .position = is_next ? record->position : shard->stored};
    enum err err = effects_write(consumer, consumer->options.target, bury_run, &work, NULL);
    *out_is_lost = work.is_lost;
    if (err == ERR_NONE)
        shard->stored = shard->wanted = work.position;
    return err;
}

enum err position_load_dead(struct consumer *consumer, int shard)
{
    struct consumer_shard *s = &consumer->shards[shard];
    struct db *db = store_reader_take(consumer->options.target);
    if (db == NULL)
        return ERR_BUSY;
    struct sql_rows rows;
    enum err err = sql_query(db, &rows,
                             "SELECT position FROM store_dead_letter" BY_SHARD
                             " AND position > $4 ORDER BY position LIMIT $5",
                             SQL_TEXT(consumer->options.name), SQL_TEXT(consumer->options.stream),
                             SQL_INT(shard), SQL_INT(s->stored), SQL_INT(CONSUMER_DEAD_MAX));
    s->dead_count = 0;
    while (err == ERR_NONE && s->dead_count < CONSUMER_DEAD_MAX && sql_next(&rows))
        s->dead[s->dead_count++] = sql_int(&rows, 0);
    if (err == ERR_NONE)
        err = sql_end(&rows);
    store_reader_give(consumer->options.target, db);
    return err;
}

enum err position_read(struct consumer *consumer, int shard, int64_t *out_position)
{
    struct db *db = store_reader_take(consumer->options.target);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = sql_one_int(db, out_position, "SELECT position FROM store_consumer" BY_SHARD,
                               SQL_TEXT(consumer->options.name), SQL_TEXT(consumer->options.stream),
                               SQL_INT(shard));
    store_reader_give(consumer->options.target, db);
    if (err == ERR_NOT_FOUND) {
        *out_position = 0;
        err = ERR_NONE;
    }
    return err;
}

void dead_letters_keep(struct store *store, int64_t keep_ms)
{
    store_expire(store,
                 &(struct store_expiry){
                     .table = "store_dead_letter",
                     .find = "SELECT 1 FROM store_dead_letter WHERE record_at_ms < $1 LIMIT 1",
                     .remove = "DELETE FROM store_dead_letter"
                               " WHERE (consumer, stream, shard, position) IN"
                               " (SELECT consumer, stream, shard, position FROM store_dead_letter"
                               " WHERE record_at_ms < $1 LIMIT $2)",
                     .age_max_ms = keep_ms});
}
