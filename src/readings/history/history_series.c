// SPDX-License-Identifier: Apache-2.0
/* Series: raw points in chunks of ten minutes, and cells of a second, a minute and an hour.
 *
 * As long as a window's raw points are kept, its cells are made anew from all of them: a point that
 * comes late, twice or with another value is counted right. When the raw points have expired, what
 * comes later can only be added to the cells. */
#include "base/log.h"
#include "readings/history/gather.h"

static struct metric chunks_written =
    METRIC_COUNTER("muster_series_chunks_written_total", "Chunks of series written, all levels.");

static void drop(void *waiting)
{
    points_fini(waiting); /* in the order of arrival until settled */
}

struct taking {
    struct gather_shard *shard;
    const struct stream_record *record;
    enum err err;
};

static void take_reading(void *context, const char *event, const char *venue,
                         const struct reading *reading)
{
    struct taking *taking = context;
    struct subject *series = gather_subject(taking->shard, taking->record, event, venue,
                                            reading->series, sizeof(struct series_point));
    enum err err = points_add(series->waiting, reading->at_ms, reading->value);
    taking->err = taking->err == ERR_NONE ? err : taking->err;
}

static enum err take(struct gather_shard *shard, const struct stream_record *record)
{
    struct taking taking = {.shard = shard, .record = record};
    enum err err = readings_visit(record, take_reading, &taking);
    return err == ERR_NONE ? taking.err : err;
}

/* --- merging --- */

static enum err load_cells(struct gather_shard *shard, struct db *db, int64_t series,
                           enum rollup_level level, int64_t chunk_ms, struct cells *out)
{
    const struct chunk_write *write = gather_find(shard, level, chunk_ms);
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

static enum err save_cells(struct gather_shard *shard, enum rollup_level level, int64_t chunk_ms,
                           const struct cells *cells)
{
    struct packer packer = {0};
    cells_pack(&packer, cells);
    return gather_put(shard, &(struct chunk_write){.level = level, .chunk_ms = chunk_ms}, &packer);
}

/* The cells of [from_ms, from_ms + span_ms) from those of the level below, into their chunk. */
static enum err lift_cells(struct gather_shard *shard, struct db *db, int64_t series,
                           enum rollup_level level, int64_t from_ms)
{
    enum rollup_level below = level - 1;
    int64_t span_ms = MAX(rollup_cell_ms[level], (int64_t)POINTS_WINDOW_MS);
    int64_t start_ms = history_floor(from_ms, span_ms);
    struct cells fine = {0};
    struct cells lifted = {0};
    struct cells coarse = {0};
    int64_t chunk_ms = history_floor(start_ms, rollup_chunk_ms[level]);
    enum err err = load_cells(shard, db, series, below,
                              history_floor(start_ms, rollup_chunk_ms[below]), &fine);
    for (size_t i = 0; err == ERR_NONE && i < fine.count; i++) {
        if (fine.list[i].at_ms >= start_ms && fine.list[i].at_ms < start_ms + span_ms)
            err = cells_add(&lifted, &fine.list[i], rollup_cell_ms[level]);
    }
    if (err == ERR_NONE)
        err = load_cells(shard, db, series, level, chunk_ms, &coarse);
    if (err == ERR_NONE)
        err = cells_replace(&coarse, start_ms, start_ms + span_ms, &lifted);
    if (err == ERR_NONE)
        err = save_cells(shard, level, chunk_ms, &coarse);
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

static enum err load_window(struct gather_shard *shard, struct db *db, struct window *window)
{
    enum err err = history_read_points(db, window->series, window->at_ms, &window->raw);
    if (err == ERR_CORRUPT)
        log_write(LOG_ERROR, "history", "a chunk of points is corrupt and is begun anew",
                  "series=%lld window_ms=%lld", (long long)window->series,
                  (long long)window->at_ms);
    else if (err != ERR_NONE)
        return err;
    return load_cells(shard, db, window->series, ROLLUP_SECOND, window->at_ms, &window->seconds);
}

static enum err save_window(struct gather_shard *shard, struct db *db, const struct window *window)
{
    if (window->raw.count > 0) {
        struct packer packer = {0};
        points_pack(&packer, &window->raw);
        TRY(gather_put(shard,
                       &(struct chunk_write){.level = ROLLUP_NONE, .chunk_ms = window->at_ms},
                       &packer));
    }
    TRY(save_cells(shard, ROLLUP_SECOND, window->at_ms, &window->seconds));
    TRY(lift_cells(shard, db, window->series, ROLLUP_MINUTE, window->at_ms));
    return lift_cells(shard, db, window->series, ROLLUP_HOUR, window->at_ms);
}

static enum err merge_window(struct gather_shard *shard, struct db *db, int64_t series,
                             const struct points *fresh)
{
    struct window window = {.series = series,
                            .at_ms = history_floor(fresh->list[0].at_ms, POINTS_WINDOW_MS)};
    enum err err = load_window(shard, db, &window);
    if (err == ERR_NONE)
        err = history_merge_window(&window.raw, &window.seconds, fresh);
    if (err == ERR_NONE)
        err = save_window(shard, db, &window);
    points_fini(&window.raw);
    cells_fini(&window.seconds);
    return err;
}

static enum err merge(struct gather_shard *shard, struct db *db, struct subject *series)
{
    struct points *points = series->waiting;
    points_settle(points);
    for (size_t i = 0; i < points->count;) {
        int64_t end_ms = history_floor(points->list[i].at_ms, POINTS_WINDOW_MS) + POINTS_WINDOW_MS;
        size_t end = i;
        while (end < points->count && points->list[end].at_ms < end_ms)
            end++;
        struct points part = {.list = points->list + i, .count = end - i};
        TRY(merge_window(shard, db, series->id, &part));
        i = end;
    }
    return ERR_NONE;
}

/* --- writing --- */

/* Most sensors have several series: the second of them has nothing to change. */
static enum err write_heard(struct db *db, const struct subject *series)
{
    char device[LIMIT_ID_LEN + 1];
    if (!gather_device(series, device))
        return ERR_NONE;
    return sql_run(db,
                   "INSERT INTO sensor_heard (event, device, at_ms) VALUES ($1, $2, $3) "
                   "ON CONFLICT (event, device) DO UPDATE SET at_ms = excluded.at_ms "
                   "WHERE sensor_heard.at_ms <> excluded.at_ms",
                   SQL_TEXT(series->event), SQL_TEXT(device), SQL_INT(series->heard_ms));
}

static enum err write_subject(struct db *db, const struct subject *series)
{
    TRY(write_heard(db, series));
    const struct points *points = series->waiting;
    if (points->count == 0)
        return ERR_NONE;
    const struct series_point *first = &points->list[0];
    const struct series_point *last = &points->list[points->count - 1];
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

static enum err write_chunk(struct db *db, const struct subject *series,
                            const struct chunk_write *write)
{
    return sql_run(
        db,
        "INSERT INTO series_chunk (series, level, chunk_ms, data) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (series, level, chunk_ms) DO UPDATE SET data = excluded.data",
        SQL_INT(series->id), SQL_INT(write->level), SQL_INT(write->chunk_ms),
        SQL_BLOB(write->bytes, write->len));
}

const struct gather_kind history_series = {.consumer = "history-readings",
                                           .stream = HISTORY_STREAM_READINGS,
                                           .waiting_size = sizeof(struct points),
                                           .drop = drop,
                                           .take = take,
                                           .merge = merge,
                                           .write_subject = write_subject,
                                           .write_chunk = write_chunk,
                                           .chunks_written = &chunks_written};
