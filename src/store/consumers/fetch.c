// SPDX-License-Identifier: Apache-2.0
/* The next records of a shard: from memory where the consumer keeps up, or else from the table, and
 * what is to be said where retention was faster. */
#include "base/clock.h"
#include "base/log.h"
#include "store/consumers/consumer_internal.h"

void fetch_drop(struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->record_count; i++)
        shared_unref(&consumer->records[i]->shared);
    consumer->record_count = 0;
}

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

/* `published_ms` from before the look, when that found everything; else records to come are as old as the last. */
static void note_told(struct consumer *consumer, bool is_all, int64_t published_ms)
{
    size_t count = consumer->record_count;
    if (is_all)
        consumer->told_ms = published_ms;
    else
        consumer->told_ms = count > 0 ? consumer->records[count - 1]->at_ms : INT64_MIN / 2;
}

enum err fetch_records(struct consumer *consumer, int shard)
{
    struct consumer_shard *s = &consumer->shards[shard];
    int64_t published_ms = MAX(writer_published_ms(&consumer->options.source->writer),
                               clock_now_ms() - CONSUMER_STALL_MS);
    enum follow_found found =
        follow_take(consumer->options.source->follow, &consumer->follower, shard, s->read_to,
                    s->batch_max, consumer->records, &consumer->record_count);
    bool is_all = (found == FOLLOW_RECORDS && consumer->record_count < s->batch_max) ||
                  (found == FOLLOW_NOTHING && s->is_caught_up);
    if (!is_all && found != FOLLOW_RECORDS) {
        TRY(read_table(consumer, shard));
        notice_gap(consumer, shard);
        is_all = consumer->record_count == 0 && s->is_caught_up;
    }
    note_told(consumer, is_all, published_ms);
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
void fetch_drop_dead(struct consumer *consumer, const struct consumer_shard *s)
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
