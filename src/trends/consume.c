// SPDX-License-Identifier: Apache-2.0
/* Records in; minutes, rows and the mark out. */
#include "base/clock.h"
#include "readings/readings.h"
#include "trends/trends_internal.h"

#include <stdio.h>

#define RECORDS_MAX 64 /* a back-fill's minutes are many readings: this bounds one transaction */
#define TICK_MS     1000

static enum err load_mark(struct trends *trends, int shard)
{
    struct trend_shard *own = &trends->shards[shard];
    if (own->is_loaded)
        return ERR_NONE;
    struct db *db = store_reader_take(trends->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = table_load_mark(db, shard, &own->mark);
    store_reader_give(trends->store, db);
    own->is_loaded = err == ERR_NONE;
    return err;
}

struct taking {
    struct tracked *tracked;
    struct tracked_moment moment;
};

static void take_reading(void *context, const char *event, const char *venue,
                         const struct reading *reading)
{
    (void)event;
    (void)venue;
    const struct taking *taking = context;
    tracked_take(taking->tracked, &taking->moment, reading);
}

static bool split_key(const char *key, char event[LIMIT_ID_LEN + 1], char venue[LIMIT_ID_LEN + 1])
{
    int len = 0;
    return sscanf(key, "%64[^/]/%64[^/]%n", event, venue, &len) == 2 && key[len] == '\0';
}

static enum err take_record(struct trends *trends, const struct stream_record *record, int shard)
{
    struct trend_shard *own = &trends->shards[shard];
    char event[LIMIT_ID_LEN + 1], venue[LIMIT_ID_LEN + 1];
    struct taking taking = {.moment = {.position = record->position,
                                       .at_ms = record->at_ms,
                                       .is_muted = record->position <= own->mark}};
    if (record->position <= own->last_position || !split_key(record->key, event, venue))
        return ERR_NONE;
    TRY(hold_current(trends, event, venue, shard, &taking.tracked));
    if (taking.tracked != NULL)
        TRY(readings_visit(record, take_reading, &taking));
    own->last_position = record->position;
    return ERR_NONE;
}

static void owned(void *context, int shard, int64_t *inout_position)
{
    struct trends *trends = context;
    write_clear(trends);
    hold_drop_shard(trends, shard);
    trends->shards[shard] = (struct trend_shard){.last_position = *inout_position};
}

static void lost(void *context, int shard)
{
    struct trends *trends = context;
    write_clear(trends);
    hold_drop_shard(trends, shard);
}

static enum err prepare(void *context, const struct consumer_batch *batch, int64_t *inout_position,
                        bool *out_has_effects)
{
    struct trends *trends = context;
    write_clear(trends);
    TRY(load_mark(trends, batch->shard));
    hold_sweep(trends, clock_monotonic_us());
    for (size_t i = 0; i < batch->record_count; i++)
        TRY(take_record(trends, batch->records[i], batch->shard));
    TRY(write_prepare(trends, batch->shard));
    *inout_position = MIN(*inout_position, write_needed_position(trends, batch->shard));
    *out_has_effects = write_has_any(trends, batch->shard);
    return ERR_NONE;
}

static enum err apply(void *context, struct db *db, const struct consumer_batch *batch)
{
    return write_apply(context, db, batch->shard, batch->now_ms);
}

static void applied(void *context, const struct consumer_batch *batch)
{
    write_applied(context, batch->shard);
}

enum err trends_consume(struct trends *trends, struct err_note *note)
{
    const struct consumer_options options = {.name = "trends",
                                             .stream = "readings",
                                             .source = trends->store,
                                             .target = trends->store,
                                             .records_max = RECORDS_MAX,
                                             .tick_ms = TICK_MS,
                                             .context = trends,
                                             .owned = owned,
                                             .lost = lost,
                                             .prepare = prepare,
                                             .apply = apply,
                                             .applied = applied};
    return consumer_start(&options, &trends->consumer, note);
}
