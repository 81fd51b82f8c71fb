// SPDX-License-Identifier: Apache-2.0
/* How far a consumer is, for those who wait for it and for metrics. */
#include "base/clock.h"
#include "store/consumers/consumer_internal.h"

void progress_show(struct consumer *consumer, int shard, int64_t position)
{
    LOCKED(&consumer->lock);
    consumer->consumed_to[shard] = position;
    signal_wake_all(&consumer->progress);
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
