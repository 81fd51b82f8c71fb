// SPDX-License-Identifier: Apache-2.0
/* A consumer's thread: look at the leases, take records of each owned shard from memory or the
 * table, let prepare() compute and apply() write, and wait for more. */
#include "store/consumer.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "store/consumers/consumer_internal.h"
#include "store/streams/record.h"

#include <stdio.h>

static void show_progress(struct consumer *consumer, int shard, int64_t position)
{
    LOCKED(&consumer->lock);
    consumer->consumed_to[shard] = position;
    signal_wake_all(&consumer->progress);
}

static void drop_records(struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->record_count; i++)
        shared_unref(&consumer->records[i]->shared);
    consumer->record_count = 0;
}

static void lose(struct consumer *consumer, int shard)
{
    consumer->shards[shard].is_owned = false;
    follow_release(consumer->options.source->follow, &consumer->follower, shard);
    show_progress(consumer, shard, -1);
    if (consumer->options.lost != NULL)
        consumer->options.lost(consumer->options.context, shard);
}

/* From the stored position, or from where the consumer needs to read again. */
static void start_over(struct consumer *consumer, int shard)
{
    struct consumer_shard *s = &consumer->shards[shard];
    int64_t position = s->stored;
    if (consumer->options.owned != NULL)
        consumer->options.owned(consumer->options.context, shard, &position);
    s->read_to = MAX(0, MIN(position, s->stored));
    s->wanted = s->stored;
    s->is_caught_up = false;
    show_progress(consumer, shard, s->read_to);
}

static void own(struct consumer *consumer, int shard)
{
    struct consumer_shard *s = &consumer->shards[shard];
    int64_t position = consumer->leases.shards[shard].position;
    *s = (struct consumer_shard){.is_owned = true,
                                 .stored = position,
                                 .held = -1,
                                 .batch_max = consumer->records_max,
                                 .ticked_at_us = clock_monotonic_us()};
    if (position_load_dead(consumer, shard) != ERR_NONE)
        s->dead_count = 0; /* they fail again, and are found buried already */
    start_over(consumer, shard);
}

static void look_at_leases(struct consumer *consumer)
{
    struct lease_decision decision;
    int64_t now_us = clock_monotonic_us();
    if (position_lease(consumer, &decision) != ERR_NONE) {
        consumer->lease_due_us = now_us + CONSUMER_RENEW_MS * INT64_C(100); /* away: soon again */
        return;
    }
    consumer->lease_due_us = consumer->is_alone ? INT64_MAX : decision.look_again_us;
    for (int i = 0; i < STREAM_SHARDS; i++) {
        bool is_ours = decision.actions[i] == LEASE_RENEW || decision.actions[i] == LEASE_CLAIM;
        if (consumer->shards[i].is_owned && (!is_ours || decision.actions[i] == LEASE_CLAIM))
            lose(consumer, i);
        if (is_ours && !consumer->shards[i].is_owned)
            own(consumer, i);
    }
}

/* --- records --- */

struct taking {
    struct consumer *consumer;
    size_t bytes;
};

static enum err take_one(void *context, struct stream_record *record)
{
    struct taking *taking = context;
    struct consumer *consumer = taking->consumer;
    taking->bytes += record->body_len;
    shared_ref(&record->shared);
    consumer->records[consumer->record_count++] = record;
    return taking->bytes > CONSUMER_BATCH_BYTES ? ERR_TOO_LARGE : ERR_NONE; /* enough for now */
}

/* A consumer that starts for the first time begins with what there is; one that comes back to a
 * hole is told. */
static void lost_records(struct consumer *consumer, int shard, int64_t to_position)
{
    const struct consumer_options *options = &consumer->options;
    int64_t from_position = consumer->shards[shard].read_to + 1;
    if (from_position == 1)
        return;
    metric_add(&options->source->metrics->lost_records, to_position - from_position + 1);
    log_write(LOG_WARN, "store", "retention removed records before they were consumed",
              "consumer=%s stream=%s shard=%d from=%lld to=%lld", options->name, options->stream,
              shard, (long long)from_position, (long long)to_position);
    if (options->skipped != NULL)
        options->skipped(options->context, shard, from_position, to_position);
}

/* Everything that was left is gone: go on after it. */
static enum err skip_removed(struct consumer *consumer, struct db *db, int shard)
{
    struct consumer_shard *s = &consumer->shards[shard];
    int64_t last = 0;
    TRY(stream_last(db, consumer->options.stream, shard, &last));
    if (last <= s->read_to) {
        s->is_caught_up = true;
        return ERR_NONE;
    }
    lost_records(consumer, shard, last);
    s->read_to = s->wanted = last;
    return ERR_NONE;
}

static enum err read_table(struct consumer *consumer, int shard)
{
    struct consumer_shard *s = &consumer->shards[shard];
    struct db *db = store_reader_take(consumer->options.source);
    if (db == NULL)
        return ERR_BUSY;
    struct taking taking = {.consumer = consumer};
    enum err err = stream_read(db, consumer->options.stream, shard, s->read_to, s->batch_max,
                               take_one, &taking);
    if (err == ERR_TOO_LARGE && consumer->record_count > 0)
        err = ERR_NONE;
    if (err == ERR_NONE && consumer->record_count == 0)
        err = skip_removed(consumer, db, shard);
    store_reader_give(consumer->options.source, db);
    return err;
}

static void notice_gap(struct consumer *consumer, int shard)
{
    int64_t first = consumer->record_count == 0 ? 0 : consumer->records[0]->position;
    if (first > consumer->shards[shard].read_to + 1)
        lost_records(consumer, shard, first - 1);
}

static enum err fetch(struct consumer *consumer, int shard)
{
    struct consumer_shard *s = &consumer->shards[shard];
    enum follow_found found =
        follow_take(consumer->options.source->follow, &consumer->follower, shard, s->read_to,
                    s->batch_max, consumer->records, &consumer->record_count);
    if (found == FOLLOW_RECORDS || (found == FOLLOW_NOTHING && s->is_caught_up))
        return ERR_NONE;
    TRY(read_table(consumer, shard));
    notice_gap(consumer, shard);
    return ERR_NONE;
}

static bool is_dead(const struct consumer_shard *s, int64_t position)
{
    for (size_t i = 0; i < s->dead_count; i++) {
        if (s->dead[i] == position)
            return true;
    }
    return false;
}

/* Leaves out what is among the dead letters already. */
static void drop_dead(struct consumer *consumer, const struct consumer_shard *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < consumer->record_count && s->dead_count > 0; i++) {
        struct stream_record *record = consumer->records[i];
        if (is_dead(s, record->position))
            shared_unref(&record->shared);
        else
            consumer->records[kept++] = record;
    }
    if (s->dead_count > 0)
        consumer->record_count = kept;
}

/* --- effects --- */

static void pause_shard(struct consumer_shard *s)
{
    s->pause_us =
        s->pause_us == 0 ? CONSUMER_PAUSE_MIN_US : MIN(2 * s->pause_us, CONSUMER_PAUSE_MAX_US);
    s->retry_at_us = clock_monotonic_us() + s->pause_us;
}

static void bury(struct consumer *consumer, int shard, const char *reason)
{
    struct consumer_shard *s = &consumer->shards[shard];
    struct stream_record *record = consumer->records[0];
    bool is_lost = false;
    enum err err = position_bury(consumer, record, reason, &is_lost);
    if (is_lost)
        lose(consumer, shard);
    if (err != ERR_NONE)
        return; /* tried again like everything */
    metric_add(&consumer->options.target->metrics->dead_letters, 1);
    log_write(LOG_ERROR, "store", "a record cannot be applied and is among the dead letters",
              "consumer=%s stream=%s shard=%d position=%lld reason=%s", consumer->options.name,
              record->stream, shard, (long long)record->position, LOG_TEXT(reason));
    s->dead[s->dead_count++ % CONSUMER_DEAD_MAX] = record->position;
    s->dead_count = MIN(s->dead_count, CONSUMER_DEAD_MAX);
    s->failing_count = 0;
    s->failing_position = 0;
    s->pause_us = 0;
    s->retry_at_us = 0;
}

static void fail(struct consumer *consumer, int shard, enum err err, const struct err_note *note)
{
    struct consumer_shard *s = &consumer->shards[shard];
    const char *reason = note->detail[0] == '\0' ? err_name(err) : note->detail;
    size_t count = consumer->record_count;
    log_write(LOG_DEBUG, "store", "consumer failed", "consumer=%s shard=%d records=%zu reason=%s",
              consumer->options.name, shard, count, LOG_TEXT(reason));
    if (count > 1 && err != ERR_BUSY) {
        s->batch_max = count / 2;
    } else if (count == 1 && err != ERR_BUSY) {
        int64_t position = consumer->records[0]->position;
        s->failing_count = s->failing_position == position ? s->failing_count + 1 : 1;
        s->failing_position = position;
    }
    if (count <= 1 || err == ERR_BUSY)
        pause_shard(s);
    if (s->failing_count >= CONSUMER_ATTEMPTS)
        bury(consumer, shard, reason);
    if (s->is_owned)
        start_over(consumer, shard);
}

/* False when asked to stop meanwhile. */
static bool rest(struct consumer *consumer, int64_t until_us)
{
    struct follower *follower = &consumer->follower;
    LOCKED(&follower->lock);
    while (!atomic_load(&consumer->is_stopping) && clock_monotonic_us() < until_us)
        (void)signal_wait_until(&follower->signal, &follower->lock, until_us);
    return !atomic_load(&consumer->is_stopping);
}

/* What is nobody's fault is tried again with the same prepared batch. */
static enum err apply(struct consumer *consumer, const struct consumer_batch *batch,
                      int64_t position, struct err_note *note)
{
    struct consumer_shard *s = &consumer->shards[batch->shard];
    for (;;) {
        bool is_lost = false;
        enum err err = position_apply(consumer, batch, position, &is_lost, note);
        if (is_lost) {
            lose(consumer, batch->shard);
            return ERR_CONFLICT;
        }
        if (err != ERR_BUSY) {
            s->stored = err == ERR_NONE ? position : s->stored;
            return err;
        }
        pause_shard(s);
        if (!rest(consumer, s->retry_at_us))
            return ERR_BUSY;
    }
}

static void done(struct consumer *consumer, const struct consumer_batch *batch, int64_t read_to,
                 int64_t position)
{
    struct consumer_shard *s = &consumer->shards[batch->shard];
    s->read_to = read_to;
    s->wanted = position;
    s->pause_us = 0;
    if (batch->record_count > 0 && read_to >= s->failing_position)
        s->batch_max = MIN(2 * s->batch_max, consumer->records_max);
    show_progress(consumer, batch->shard, read_to);
}

static void process(struct consumer *consumer, int shard, int64_t read_to)
{
    const struct consumer_options *options = &consumer->options;
    struct consumer_shard *s = &consumer->shards[shard];
    struct consumer_batch batch = {.shard = shard,
                                   .records = consumer->records,
                                   .record_count = consumer->record_count,
                                   .now_ms = clock_now_ms()};
    int64_t position = read_to;
    bool has_effects = options->prepare == NULL && options->apply != NULL && batch.record_count > 0;
    struct err_note note = {0};
    enum err err = ERR_NONE;
    s->ticked_at_us = clock_monotonic_us();
    if (options->prepare != NULL)
        err = options->prepare(options->context, &batch, &position, &has_effects);
    assert(position <= read_to);
    if (err == ERR_NONE && has_effects)
        err = apply(consumer, &batch, position, &note);
    if (!s->is_owned)
        return;
    if (err != ERR_NONE) {
        fail(consumer, shard, err, &note);
        return;
    }
    if (has_effects && options->applied != NULL)
        options->applied(options->context, &batch);
    done(consumer, &batch, read_to,
         position); /* last: whoever waits for it sees applied()'s work */
}

/* True when there was something to do. */
static bool step(struct consumer *consumer, int shard)
{
    struct consumer_shard *s = &consumer->shards[shard];
    int64_t now_us = clock_monotonic_us();
    if (!s->is_owned || now_us < s->retry_at_us)
        return false;
    if (fetch(consumer, shard) != ERR_NONE) {
        drop_records(consumer);
        pause_shard(s);
        return false;
    }
    size_t count = consumer->record_count;
    int64_t read_to = count == 0 ? s->read_to : consumer->records[count - 1]->position;
    bool is_tick = consumer->options.tick_ms > 0 &&
                   now_us - s->ticked_at_us >= consumer->options.tick_ms * 1000;
    drop_dead(consumer, s);
    if (consumer->record_count > 0 || is_tick)
        process(consumer, shard, read_to);
    else if (count > 0 || read_to != s->read_to)
        done(consumer, &(struct consumer_batch){.shard = shard}, read_to,
             s->wanted == s->read_to ? read_to : s->wanted);
    else
        show_progress(consumer, shard, s->read_to);
    drop_records(consumer);
    return count > 0;
}

static void keep_books(struct consumer *consumer)
{
    int64_t now_us = clock_monotonic_us();
    if (now_us >= consumer->store_due_us) {
        enum err err = position_store(consumer);
        consumer->store_due_us = now_us + CONSUMER_STORE_US;
        if (err != ERR_NONE)
            log_write(LOG_DEBUG, "store", "position not stored", "consumer=%s reason=%s",
                      consumer->options.name, err_name(err));
    }
    if (now_us >= consumer->hold_due_us) {
        enum err err = position_hold(consumer);
        consumer->hold_due_us = now_us + CONSUMER_HOLD_US;
        if (err != ERR_NONE)
            log_write(LOG_DEBUG, "store", "hold not stored", "consumer=%s reason=%s",
                      consumer->options.name, err_name(err));
    }
    if (!consumer->is_alone && now_us >= consumer->look_due_us) {
        for (int i = 0; i < STREAM_SHARDS; i++)
            consumer->shards[i].is_caught_up = false;
        consumer->look_due_us = now_us + CONSUMER_LOOK_US;
    }
}

static int64_t next_due_us(const struct consumer *consumer)
{
    int64_t due_us = MIN(consumer->lease_due_us, consumer->hold_due_us);
    due_us = MIN(due_us, consumer->is_alone ? INT64_MAX : consumer->look_due_us);
    for (int i = 0; i < STREAM_SHARDS; i++) {
        const struct consumer_shard *s = &consumer->shards[i];
        if (!s->is_owned)
            continue;
        if (s->wanted != s->stored)
            due_us = MIN(due_us, consumer->store_due_us);
        if (s->retry_at_us > clock_monotonic_us())
            due_us = MIN(due_us, s->retry_at_us);
        else if (consumer->options.tick_ms > 0)
            due_us = MIN(due_us, s->ticked_at_us + consumer->options.tick_ms * 1000);
    }
    return due_us;
}

static void wait_for_more(struct consumer *consumer)
{
    struct follower *follower = &consumer->follower;
    int64_t due_us = next_due_us(consumer);
    LOCKED(&follower->lock);
    while (!follower->is_woken && !atomic_load(&consumer->is_stopping) &&
           clock_monotonic_us() < due_us)
        (void)signal_wait_until(&follower->signal, &follower->lock, due_us);
    follower->is_woken = false;
    for (int i = 0; i < STREAM_SHARDS && follower->must_look; i++)
        consumer->shards[i].is_caught_up = false;
    follower->must_look = false;
}

static void *consumer_run(void *context)
{
    struct consumer *consumer = context;
    while (!atomic_load(&consumer->is_stopping)) {
        bool is_busy = false;
        if (clock_monotonic_us() >= consumer->lease_due_us)
            look_at_leases(consumer);
        for (int i = 0; i < STREAM_SHARDS && !atomic_load(&consumer->is_stopping); i++)
            is_busy = step(consumer, i) || is_busy;
        keep_books(consumer);
        if (!is_busy)
            wait_for_more(consumer);
    }
    enum err err = position_store(consumer);
    if (err == ERR_NONE)
        err = position_hold(consumer);
    if (err == ERR_NONE)
        err = position_give_back(consumer);
    if (err != ERR_NONE)
        log_write(LOG_WARN, "store", "leases not given back; they end by themselves",
                  "consumer=%s reason=%s", consumer->options.name, err_name(err));
    return NULL;
}

enum err consumer_start(const struct consumer_options *options, struct consumer **out_consumer,
                        struct err_note *note)
{
    if (options->records_max > CONSUMER_BATCH_MAX)
        return err_set(note, ERR_INVALID, options->name, "At most %d records a batch.",
                       CONSUMER_BATCH_MAX);
    struct consumer *consumer = mem_new(sizeof *consumer);
    consumer->options = *options;
    consumer->records_max =
        options->records_max == 0 ? CONSUMER_BATCH_DEFAULT : options->records_max;
    consumer->records = mem_new_array(consumer->records_max, sizeof(struct stream_record *));
    consumer->owner = random_id63();
    consumer->is_alone = !store_is_postgres(options->target);
    consumer->follower.stream = stream_intern(options->stream);
    lock_init(&consumer->lock);
    signal_init(&consumer->progress);
    for (int i = 0; i < STREAM_SHARDS; i++)
        consumer->consumed_to[i] = -1;
    follow_join(options->source->follow, &consumer->follower);
    char name[16];
    (void)snprintf(name, sizeof name, "%.15s", options->name);
    thread_start(&consumer->thread, name, consumer_run, consumer);
    *out_consumer = consumer;
    return ERR_NONE;
}

void consumer_stop(struct consumer *consumer)
{
    if (consumer == NULL)
        return;
    atomic_store(&consumer->is_stopping, true);
    follower_wake(&consumer->follower);
    thread_join(&consumer->thread);
    follow_leave(consumer->options.source->follow, &consumer->follower);
    signal_fini(&consumer->progress);
    lock_fini(&consumer->lock);
    mem_free(consumer->records);
    mem_free(consumer);
}

static enum err last_positions(struct consumer *consumer, int64_t out_last[STREAM_SHARDS])
{
    struct db *db = store_reader_take(consumer->options.source);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = ERR_NONE;
    for (int i = 0; i < STREAM_SHARDS && err == ERR_NONE; i++)
        err = stream_last(db, consumer->options.stream, i, &out_last[i]);
    store_reader_give(consumer->options.source, db);
    return err;
}

enum err consumer_lag(struct consumer *consumer, int64_t *out_records)
{
    int64_t last[STREAM_SHARDS], lag = 0;
    TRY(last_positions(consumer, last));
    for (int i = 0; i < STREAM_SHARDS; i++) {
        int64_t position = 0;
        TRY(position_read(consumer, i, &position));
        lag += MAX(0, last[i] - position);
    }
    *out_records = lag;
    return ERR_NONE;
}

static int64_t consumed_to(struct consumer *consumer, int shard)
{
    lock_take(&consumer->lock);
    int64_t position = consumer->consumed_to[shard];
    lock_give(&consumer->lock);
    if (position < 0 && position_read(consumer, shard, &position) != ERR_NONE)
        position = 0; /* asked again */
    return position;
}

#define WAIT_LOOK_US 20000 /* another process may be the one that consumes */

enum err consumer_wait_idle(struct consumer *consumer, int64_t deadline_ms)
{
    int64_t last[STREAM_SHARDS];
    enum err err = last_positions(consumer, last);
    int64_t deadline_us = clock_monotonic_us() + MAX(0, deadline_ms - clock_now_ms()) * 1000;
    for (int i = 0; i < STREAM_SHARDS && err == ERR_NONE;) {
        if (consumed_to(consumer, i) >= last[i]) {
            i++;
            continue;
        }
        int64_t now_us = clock_monotonic_us();
        if (now_us >= deadline_us)
            return ERR_BUSY;
        LOCKED(&consumer->lock);
        if (consumer->consumed_to[i] < last[i])
            (void)signal_wait_until(&consumer->progress, &consumer->lock,
                                    MIN(deadline_us, now_us + WAIT_LOOK_US));
    }
    return err;
}
