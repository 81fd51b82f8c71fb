// SPDX-License-Identifier: Apache-2.0
/* Series: raw points in chunks of ten minutes, and cells of a second, a minute and an hour.
 *
 * As long as a window's raw points are kept, its cells are made anew from all of them: a point that
 * comes late, twice or with another value is counted right. When the raw points have expired, what
 * comes later can only be added to the cells. */
#include "readings/history/history.h"

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"

static struct metric chunks_written =
    METRIC_COUNTER("muster_series_chunks_written_total", "Chunks of series written, all levels.");

struct gathered_series {
    int64_t id;
    char event[LIMIT_ID_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    char name[READINGS_SERIES_LEN + 1];
    struct points points; /* in the order of arrival until settled */
};

struct series_write {
    int64_t series;
    int64_t level;
    int64_t chunk_ms;
    uint8_t *bytes;
    size_t len;
};

struct shard_state {
    struct gathered_series *series;
    size_t series_count;
    size_t series_room;
    uint32_t *slots; /* hash of id to index + 1 */
    size_t slot_count;
    size_t point_count;
    int64_t since_ms;
    int64_t flushed_position;
    int64_t last_position;
    struct series_write *writes;
    size_t write_count;
    size_t write_room;
    bool is_flushing;
};

struct history_series {
    struct store *store;
    struct consumer *consumer;
    struct history_options options;
    struct shard_state shards[STREAM_SHARDS];
};

static void drop_writes(struct shard_state *state)
{
    for (size_t i = 0; i < state->write_count; i++)
        mem_free(state->writes[i].bytes);
    state->write_count = 0;
    state->is_flushing = false;
}

static void drop_gathered(struct shard_state *state)
{
    for (size_t i = 0; i < state->series_count; i++)
        points_fini(&state->series[i].points);
    state->series_count = 0;
    state->point_count = 0;
    mem_free(state->slots);
    state->slots = NULL;
    state->slot_count = 0;
}

static void owned(void *context, int shard, int64_t *inout_position)
{
    struct history_series *history = context;
    struct shard_state *state = &history->shards[shard];
    drop_writes(state);
    drop_gathered(state);
    state->flushed_position = *inout_position;
    state->last_position = *inout_position;
}

static void lost(void *context, int shard)
{
    struct history_series *history = context;
    drop_writes(&history->shards[shard]);
    drop_gathered(&history->shards[shard]);
}

/* --- gathering --- */

static uint32_t *find_slot(struct shard_state *state, int64_t id)
{
    size_t slot = (size_t)id & (state->slot_count - 1);
    while (state->slots[slot] != 0 && state->series[state->slots[slot] - 1].id != id)
        slot = (slot + 1) & (state->slot_count - 1);
    return &state->slots[slot];
}

static void grow_slots(struct shard_state *state)
{
    mem_free(state->slots);
    state->slot_count = MAX((size_t)256, state->slot_count * 2);
    state->slots = mem_new_array(state->slot_count, sizeof *state->slots);
    for (size_t i = 0; i < state->series_count; i++)
        *find_slot(state, state->series[i].id) = (uint32_t)i + 1;
}

static struct gathered_series *series_of(struct shard_state *state, const char *event,
                                         const char *venue, const char *name)
{
    if (state->series_count * 2 >= state->slot_count)
        grow_slots(state);
    int64_t id = history_id(event, name);
    uint32_t *slot = find_slot(state, id);
    if (*slot != 0)
        return &state->series[*slot - 1];
    if (state->series_count == state->series_room) {
        state->series_room = MAX((size_t)64, state->series_room * 2);
        state->series = mem_resize(state->series, state->series_room * sizeof *state->series);
    }
    struct gathered_series *series = &state->series[state->series_count++];
    *series = (struct gathered_series){.id = id};
    (void)text_copy(series->event, sizeof series->event, event);
    (void)text_copy(series->venue, sizeof series->venue, venue);
    (void)text_copy(series->name, sizeof series->name, name);
    *slot = (uint32_t)state->series_count;
    return series;
}

static void gather_reading(void *context, const char *event, const char *venue,
                           const struct reading *reading)
{
    struct shard_state *state = context;
    struct gathered_series *series = series_of(state, event, venue, reading->series);
    /* A reading is 16 bytes; the flush below keeps them to some megabytes. */
    if (points_add(&series->points, reading->at_ms, reading->value) == ERR_NONE)
        state->point_count++;
}

static void gather(struct shard_state *state, const struct stream_record *record, int64_t now_ms)
{
    if (record->position <= state->last_position)
        return; /* Seen before a transaction that failed. */
    state->last_position = record->position;
    if (state->series_count == 0)
        state->since_ms = now_ms;
    enum err err = readings_visit(record, gather_reading, state);
    if (err != ERR_NONE)
        log_write(LOG_ERROR, "history", "a record cannot be read and is left out",
                  "stream=%s shard=%d position=%lld error=%s", record->stream, record->shard,
                  (long long)record->position, err_name(err));
}

/* --- merging --- */

static void add_write(struct shard_state *state, const struct series_write *write)
{
    if (state->write_count == state->write_room) {
        state->write_room = MAX((size_t)64, state->write_room * 2);
        state->writes = mem_resize(state->writes, state->write_room * sizeof *state->writes);
    }
    state->writes[state->write_count++] = *write;
    metric_add(&chunks_written, 1);
}

static enum err add_packed(struct shard_state *state, int64_t series, int64_t level,
                           int64_t chunk_ms, struct packer *packer)
{
    if (packer->is_broken) {
        packer_fini(packer);
        return ERR_NO_MEMORY;
    }
    struct series_write write = {series, level, chunk_ms, packer->bytes, packer->len};
    add_write(state, &write);
    return ERR_NONE;
}

/* What this flush has for the chunk already; NULL when it must be read. */
static struct series_write *find_write(struct shard_state *state, int64_t series, int64_t level,
                                       int64_t chunk_ms)
{
    for (size_t i = state->write_count; i-- > 0 && state->writes[i].series == series;) {
        if (state->writes[i].level == level && state->writes[i].chunk_ms == chunk_ms)
            return &state->writes[i];
    }
    return NULL;
}

static enum err load_cells(struct shard_state *state, struct db *db, int64_t series,
                           enum rollup_level level, int64_t chunk_ms, struct cells *out)
{
    const struct series_write *write = find_write(state, series, level, chunk_ms);
    if (write != NULL)
        return cells_unpack(write->bytes, write->len, out);
    enum err err = history_read_cells(db, series, level, chunk_ms, out);
    if (err != ERR_CORRUPT)
        return err;
    log_write(LOG_ERROR, "history", "a roll-up chunk is corrupt and is begun anew",
              "series=%lld level=%d chunk_ms=%lld", (long long)series, (int)level,
              (long long)chunk_ms);
    return ERR_NONE;
}

static enum err save_cells(struct shard_state *state, int64_t series, enum rollup_level level,
                           int64_t chunk_ms, const struct cells *cells)
{
    struct packer packer = {0};
    cells_pack(&packer, cells);
    struct series_write *write = find_write(state, series, level, chunk_ms);
    if (write == NULL)
        return add_packed(state, series, level, chunk_ms, &packer);
    if (packer.is_broken) {
        packer_fini(&packer);
        return ERR_NO_MEMORY;
    }
    mem_free(write->bytes);
    write->bytes = packer.bytes;
    write->len = packer.len;
    return ERR_NONE;
}

/* The cells of [from_ms, from_ms + span_ms) from those of the level below, into their chunk. */
static enum err lift_cells(struct shard_state *state, struct db *db, int64_t series,
                           enum rollup_level level, int64_t from_ms)
{
    enum rollup_level below = level - 1;
    int64_t span_ms = MAX(rollup_cell_ms[level], (int64_t)POINTS_WINDOW_MS);
    int64_t start_ms = history_floor(from_ms, span_ms);
    struct cells fine = {0};
    struct cells lifted = {0};
    struct cells coarse = {0};
    int64_t chunk_ms = history_floor(start_ms, rollup_chunk_ms[level]);
    enum err err = load_cells(state, db, series, below,
                              history_floor(start_ms, rollup_chunk_ms[below]), &fine);
    for (size_t i = 0; err == ERR_NONE && i < fine.count; i++) {
        if (fine.list[i].at_ms >= start_ms && fine.list[i].at_ms < start_ms + span_ms)
            err = cells_add(&lifted, &fine.list[i], rollup_cell_ms[level]);
    }
    if (err == ERR_NONE)
        err = load_cells(state, db, series, level, chunk_ms, &coarse);
    if (err == ERR_NONE)
        err = cells_replace(&coarse, start_ms, start_ms + span_ms, &lifted);
    if (err == ERR_NONE)
        err = save_cells(state, series, level, chunk_ms, &coarse);
    cells_fini(&fine);
    cells_fini(&lifted);
    cells_fini(&coarse);
    return err;
}

struct window { /* of one series, being merged */
    int64_t series;
    int64_t at_ms;
    struct points raw;
    struct cells seconds;
};

static enum err load_window(struct shard_state *state, struct db *db, struct window *window)
{
    enum err err = history_read_points(db, window->series, window->at_ms, &window->raw);
    if (err == ERR_CORRUPT)
        log_write(LOG_ERROR, "history", "a chunk of points is corrupt and is begun anew",
                  "series=%lld window_ms=%lld", (long long)window->series,
                  (long long)window->at_ms);
    else if (err != ERR_NONE)
        return err;
    return load_cells(state, db, window->series, ROLLUP_SECOND, window->at_ms, &window->seconds);
}

static enum err save_window(struct shard_state *state, struct db *db, const struct window *window)
{
    if (window->raw.count > 0) {
        struct packer packer = {0};
        points_pack(&packer, &window->raw);
        TRY(add_packed(state, window->series, ROLLUP_NONE, window->at_ms, &packer));
    }
    TRY(save_cells(state, window->series, ROLLUP_SECOND, window->at_ms, &window->seconds));
    TRY(lift_cells(state, db, window->series, ROLLUP_MINUTE, window->at_ms));
    return lift_cells(state, db, window->series, ROLLUP_HOUR, window->at_ms);
}

static enum err merge_window(struct shard_state *state, struct db *db, int64_t series,
                             const struct points *fresh)
{
    struct window window = {.series = series,
                            .at_ms = history_floor(fresh->list[0].at_ms, POINTS_WINDOW_MS)};
    enum err err = load_window(state, db, &window);
    if (err == ERR_NONE)
        err = history_merge_window(&window.raw, &window.seconds, fresh);
    if (err == ERR_NONE)
        err = save_window(state, db, &window);
    points_fini(&window.raw);
    cells_fini(&window.seconds);
    return err;
}

static enum err merge_series(struct shard_state *state, struct db *db,
                             struct gathered_series *series)
{
    struct points *points = &series->points;
    points_settle(points);
    for (size_t i = 0; i < points->count;) {
        int64_t end_ms = history_floor(points->list[i].at_ms, POINTS_WINDOW_MS) + POINTS_WINDOW_MS;
        size_t end = i;
        while (end < points->count && points->list[end].at_ms < end_ms)
            end++;
        struct points part = {.list = points->list + i, .count = end - i};
        TRY(merge_window(state, db, series->id, &part));
        i = end;
    }
    return ERR_NONE;
}

static enum err merge_all(struct history_series *history, struct shard_state *state)
{
    struct db *db = store_reader_take(history->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = ERR_NONE;
    for (size_t i = 0; i < state->series_count && err == ERR_NONE; i++)
        err = merge_series(state, db, &state->series[i]);
    store_reader_give(history->store, db);
    return err;
}

/* --- the consumer --- */

static enum err prepare(void *context, const struct consumer_batch *batch, int64_t *inout_position,
                        bool *out_has_effects)
{
    struct history_series *history = context;
    struct shard_state *state = &history->shards[batch->shard];
    for (size_t i = 0; i < batch->record_count; i++)
        gather(state, batch->records[i], batch->now_ms);
    bool is_due = state->series_count > 0 &&
                  (batch->now_ms - state->since_ms >= history->options.readings_gather_ms ||
                   state->point_count * sizeof(struct series_point) >= LIMIT_HISTORY_GATHER_BYTES);
    *out_has_effects = is_due;
    if (!is_due) {
        if (state->series_count > 0)
            *inout_position = MIN(*inout_position, state->flushed_position);
        return ERR_NONE;
    }
    drop_writes(state);
    enum err err = merge_all(history, state);
    if (err != ERR_NONE)
        drop_writes(state);
    state->is_flushing = err == ERR_NONE;
    return err;
}

static enum err write_series(struct db *db, const struct gathered_series *series)
{
    const struct series_point *first = &series->points.list[0];
    const struct series_point *last = &series->points.list[series->points.count - 1];
    return sql_run(
        db,
        "INSERT INTO series (id, event, name, venue, first_ms, last_ms, last_value) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET "
        "venue = excluded.venue, "
        "first_ms = CASE WHEN excluded.first_ms < series.first_ms THEN excluded.first_ms "
        "ELSE series.first_ms END, "
        "last_value = CASE WHEN excluded.last_ms >= series.last_ms THEN excluded.last_value "
        "ELSE series.last_value END, "
        "last_ms = CASE WHEN excluded.last_ms >= series.last_ms THEN excluded.last_ms "
        "ELSE series.last_ms END",
        SQL_INT(series->id), SQL_TEXT(series->event), SQL_TEXT(series->name),
        SQL_TEXT(series->venue), SQL_INT(first->at_ms), SQL_INT(last->at_ms),
        SQL_REAL(last->value));
}

static enum err apply(void *context, struct db *db, const struct consumer_batch *batch)
{
    struct history_series *history = context;
    struct shard_state *state = &history->shards[batch->shard];
    for (size_t i = 0; i < state->series_count; i++) {
        if (state->series[i].points.count > 0)
            TRY(write_series(db, &state->series[i]));
    }
    for (size_t i = 0; i < state->write_count; i++) {
        const struct series_write *write = &state->writes[i];
        TRY(sql_run(
            db,
            "INSERT INTO series_chunk (series, level, chunk_ms, data) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT (series, level, chunk_ms) DO UPDATE SET data = excluded.data",
            SQL_INT(write->series), SQL_INT(write->level), SQL_INT(write->chunk_ms),
            SQL_BLOB(write->bytes, write->len)));
    }
    return history_set_mark(db, HISTORY_STREAM_READINGS, batch->shard, state->last_position);
}

static void applied(void *context, const struct consumer_batch *batch)
{
    struct history_series *history = context;
    struct shard_state *state = &history->shards[batch->shard];
    if (!state->is_flushing)
        return;
    state->flushed_position = state->last_position;
    drop_writes(state);
    drop_gathered(state);
}

enum err history_series_start(struct store *store, const struct history_options *options,
                              struct history_series **out, struct err_note *note)
{
    struct history_series *history = mem_new(sizeof *history);
    history->store = store;
    history->options = *options;
    enum err err = consumer_start(&(struct consumer_options){.name = "history-readings",
                                                             .stream = HISTORY_STREAM_READINGS,
                                                             .source = store,
                                                             .target = store,
                                                             .tick_ms = options->readings_gather_ms,
                                                             .context = history,
                                                             .owned = owned,
                                                             .lost = lost,
                                                             .prepare = prepare,
                                                             .apply = apply,
                                                             .applied = applied},
                                  &history->consumer, note);
    if (err != ERR_NONE) {
        mem_free(history);
        return err;
    }
    *out = history;
    return ERR_NONE;
}

void history_series_stop(struct history_series *history)
{
    if (history == NULL)
        return;
    consumer_stop(history->consumer);
    for (int shard = 0; shard < STREAM_SHARDS; shard++) {
        drop_writes(&history->shards[shard]);
        drop_gathered(&history->shards[shard]);
        mem_free(history->shards[shard].series);
        mem_free(history->shards[shard].writes);
    }
    mem_free(history);
}

struct consumer *history_series_consumer(struct history_series *history)
{
    return history->consumer;
}
