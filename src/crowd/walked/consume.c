// SPDX-License-Identifier: Apache-2.0
/* The consumer "paths": records of the stream "tracks" in, aggregates out. */
#include "base/metrics.h"
#include "crowd/tracks/table.h"
#include "crowd/walked/ask.h"
#include "crowd/walked/tables.h"
#include "readings/pack.h"
#include "store/consumer.h"

#include <stdio.h>

#define TICK_MS    10000
#define CHUNKS_MAX 16 /* a batch: nearly three minutes of a venue */

static struct metric chunks_total = METRIC_COUNTER(
    "muster_paths_chunks_total", "Chunks of tracks that are in heat maps, dwell times and trips.");
static struct metric missing_total =
    METRIC_COUNTER("muster_paths_chunks_missing_total",
                   "Chunks of tracks that were gone before they were followed; see --keep-tracks.");

struct paths {
    struct store *store;
    struct venues *venues;
    int64_t minutes_kept_ms;
    struct consumer *consumer;
    struct walked_venue **all; /* of the shards that are ours; the consumer's thread only */
    size_t count;
    bool is_loaded[STREAM_SHARDS];
};

/* --- venues --- */

static void drop_shard(struct paths *paths, int shard)
{
    size_t kept = 0;
    for (size_t i = 0; i < paths->count; i++) {
        if (paths->all[i]->shard == shard)
            walked_venue_destroy(paths->all[i]);
        else
            paths->all[kept++] = paths->all[i];
    }
    paths->count = kept;
    paths->is_loaded[shard] = false;
}

static struct walked_venue *add_venue(struct paths *paths, const char *event, const char *venue,
                                      const struct walked_progress *progress, int64_t now_ms)
{
    char key[2 * LIMIT_ID_LEN + 2];
    struct walked_venue *added = walked_venue_create(event, venue, progress, now_ms);
    (void)snprintf(key, sizeof key, "%s/%s", event, venue);
    added->shard = stream_shard_of(key);
    paths->all = mem_resize(paths->all, (paths->count + 1) * sizeof *paths->all);
    return paths->all[paths->count++] = added;
}

struct loading {
    struct paths *paths;
    int shard;
    int64_t now_ms;
};

static enum err load_venue(void *context, const char *event, const char *venue,
                           const struct walked_progress *progress)
{
    const struct loading *loading = context;
    char key[2 * LIMIT_ID_LEN + 2];
    (void)snprintf(key, sizeof key, "%s/%s", event, venue);
    if (stream_shard_of(key) == loading->shard)
        (void)add_venue(loading->paths, event, venue, progress, loading->now_ms);
    return ERR_NONE;
}

static enum err load_shard(struct paths *paths, const struct consumer_batch *batch)
{
    struct loading loading = {paths, batch->shard, batch->now_ms};
    if (paths->is_loaded[batch->shard])
        return ERR_NONE;
    struct db *db = store_reader_take(paths->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = walked_each(db, load_venue, &loading);
    store_reader_give(paths->store, db);
    paths->is_loaded[batch->shard] = err == ERR_NONE;
    return err;
}

static struct walked_venue *find_or_add(struct paths *paths, const struct track_told *told,
                                        int64_t now_ms)
{
    for (size_t i = 0; i < paths->count; i++) {
        struct walked_venue *venue = paths->all[i];
        if (strcmp(venue->venue, told->venue) == 0 && strcmp(venue->event, told->event) == 0)
            return venue;
    }
    return add_venue(paths, told->event, told->venue, &(struct walked_progress){0}, now_ms);
}

struct numbering {
    const struct venue_view *view;
    uint16_t *numbers;
};

static enum err number_zones(struct db *db, void *context, struct err_note *note)
{
    const struct numbering *numbering = context;
    (void)note;
    return walked_number_zones(db, numbering->view, numbering->numbers);
}

static enum err adopt(struct paths *paths, struct walked_venue *venue, struct venue_view *view)
{
    struct err_note note = {0};
    SCOPED_MEM uint16_t *numbers = mem_new_array(view->zone_count + 1, sizeof *numbers);
    struct numbering numbering = {view, numbers};
    TRY(store_write(paths->store, number_zones, &numbering, &note));
    walked_venue_adopt(venue, view, TAKE(numbers));
    return ERR_NONE;
}

/* --- records --- */

struct moment { /* of a record */
    int64_t position, now_ms;
};

/* *out_batch stays NULL when the chunk is not kept any more. */
static enum err read_chunk(struct paths *paths, const struct track_told *told,
                           struct detection_batch **out_batch)
{
    struct db *db = store_reader_take(paths->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = track_row_read(db, told, out_batch);
    store_reader_give(paths->store, db);
    return err == ERR_NOT_FOUND ? ERR_NONE : err;
}

static enum err follow(struct paths *paths, struct walked_venue *venue, struct venue_view *view,
                       const struct track_told *told, const struct moment *moment)
{
    SCOPED_BATCH *chunk = NULL;
    if (walked_venue_needs_plan(venue, view, moment->position))
        TRY(adopt(paths, venue, view));
    TRY(read_chunk(paths, told, &chunk));
    bool is_new = moment->position > venue->progress.done_position;
    metric_add(chunk == NULL ? &missing_total : &chunks_total, is_new);
    walked_venue_take(venue, chunk, told->from_ms, moment->position, moment->now_ms);
    return ERR_NONE;
}

static enum err take_record(struct paths *paths, const struct stream_record *record, int64_t now_ms)
{
    struct track_told told;
    if (strcmp(record->kind, TRACKS_RECORD_KIND) != 0)
        return ERR_NONE;
    TRY(track_told_read(record, &told));
    struct venue_view *view = venues_view(paths->venues, told.event, told.venue);
    if (view == NULL)
        return ERR_NONE; /* it was removed */
    struct walked_venue *venue = find_or_add(paths, &told, now_ms);
    enum err err = ERR_NONE;
    if (walked_venue_wants(venue, record->position))
        err = follow(paths, venue, view, &told, &(struct moment){record->position, now_ms});
    shared_unref(&view->shared);
    return err;
}

/* --- the consumer's calls --- */

static void owned(void *context, int shard, int64_t *inout_position)
{
    (void)inout_position; /* stored as far back as is needed: prepare() */
    drop_shard(context, shard);
}

static void lost(void *context, int shard)
{
    drop_shard(context, shard);
}

static enum err prepare(void *context, const struct consumer_batch *batch, int64_t *inout_position,
                        bool *out_has_effects)
{
    struct paths *paths = context;
    *out_has_effects = false;
    TRY(load_shard(paths, batch));
    for (size_t i = 0; i < batch->record_count; i++)
        TRY(take_record(paths, batch->records[i], batch->now_ms));
    for (size_t i = 0; i < paths->count; i++) {
        struct walked_venue *venue = paths->all[i];
        if (venue->shard != batch->shard)
            continue;
        walked_venue_wait(venue, batch->now_ms);
        *out_has_effects = *out_has_effects || venue->has_effects;
        if (walked_venue_is_open(venue))
            *inout_position = MIN(*inout_position, venue->progress.floor_position - 1);
    }
    return ERR_NONE;
}

static enum err apply(void *context, struct db *db, const struct consumer_batch *batch)
{
    const struct paths *paths = context;
    for (size_t i = 0; i < paths->count; i++) {
        const struct walked_venue *venue = paths->all[i];
        if (venue->shard == batch->shard && venue->has_effects)
            TRY(walked_write(db, venue));
    }
    return ERR_NONE;
}

static void applied(void *context, const struct consumer_batch *batch)
{
    const struct paths *paths = context;
    for (size_t i = 0; i < paths->count; i++) {
        if (paths->all[i]->shard == batch->shard)
            walked_venue_settle(paths->all[i]);
    }
}

enum err paths_open(const struct paths_options *options, struct paths **out_paths,
                    struct err_note *note)
{
    struct paths *paths = mem_new(sizeof *paths);
    paths->store = options->telemetry_store;
    paths->venues = options->venues;
    paths->minutes_kept_ms = walked_minutes_kept_ms(options->keep_tracks_ms);
    walked_expire(paths->store, options->keep_tracks_ms);
    const struct consumer_options consumer = {.name = "paths",
                                              .stream = TRACKS_STREAM,
                                              .source = paths->store,
                                              .target = paths->store,
                                              .records_max = CHUNKS_MAX,
                                              .tick_ms = TICK_MS,
                                              .context = paths,
                                              .owned = owned,
                                              .lost = lost,
                                              .prepare = prepare,
                                              .apply = apply,
                                              .applied = applied};
    enum err err = consumer_start(&consumer, &paths->consumer, note);
    if (err != ERR_NONE) {
        paths_close(paths);
        return err;
    }
    *out_paths = paths;
    return ERR_NONE;
}

void paths_close(struct paths *paths)
{
    if (paths == NULL)
        return;
    consumer_stop(paths->consumer);
    for (int shard = 0; shard < STREAM_SHARDS; shard++)
        drop_shard(paths, shard);
    mem_free(paths->all);
    mem_free(paths);
}

enum err paths_wait_idle(struct paths *paths, int64_t deadline_ms)
{
    return consumer_wait_idle(paths->consumer, deadline_ms);
}

/* --- questions --- */

enum err paths_heat(struct paths *paths, const struct paths_query *query, double cell_m,
                    struct paths_heat *out_heat)
{
    struct db *db = store_reader_take(paths->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = ask_heat(db, query, cell_m, paths->minutes_kept_ms, out_heat);
    store_reader_give(paths->store, db);
    return err;
}

enum err paths_dwell(struct paths *paths, const struct paths_query *query, const char *zone,
                     struct paths_dwell *out_dwell)
{
    struct db *db = store_reader_take(paths->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = ask_dwell(db, query, zone, out_dwell);
    store_reader_give(paths->store, db);
    return err;
}

enum err paths_trips(struct paths *paths, const struct paths_query *query,
                     struct paths_trips *out_trips)
{
    struct db *db = store_reader_take(paths->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = ask_trips(db, query, out_trips);
    store_reader_give(paths->store, db);
    return err;
}
