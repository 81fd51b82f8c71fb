// SPDX-License-Identifier: Apache-2.0
/* Reading a series: chunks and the stream behind them, in one snapshot. A window of ten minutes into
 * which values of the stream fall is made anew from its raw points, because they may correct what is
 * in the chunk; everything else comes from the coarsest roll-up that divides the step. */
#include "readings/readings_internal.h"

#include "base/text.h"

#include <stdio.h>

struct tail { /* what the stream has of one series */
    const char *event;
    const char *series;
    struct points points;
    bool is_known;
    enum err err;
};

static void add_tail_reading(void *context, const char *event, const char *venue,
                             const struct reading *reading)
{
    (void)venue;
    struct tail *tail = context;
    if (strcmp(reading->series, tail->series) != 0 || strcmp(event, tail->event) != 0)
        return;
    tail->is_known = true;
    if (points_add(&tail->points, reading->at_ms, reading->value) != ERR_NONE)
        tail->err = ERR_NO_MEMORY;
}

static bool is_of_event(const char *key, const char *event)
{
    size_t len = strlen(event);
    return strncmp(key, event, len) == 0 && key[len] == '/';
}

static enum err add_tail_record(void *context, struct stream_record *record)
{
    struct tail *tail = context;
    if (!is_of_event(record->key, tail->event))
        return ERR_NONE;
    enum err err = readings_visit(record, add_tail_reading, tail);
    return err == ERR_CORRUPT ? tail->err : err; /* History says so in the log. */
}

struct reading_series {
    struct db *db;
    const struct series_query *query;
    unsigned shards;
    int64_t id;
    struct tail tail;
    int64_t from_ms;
    int64_t to_ms;
    struct points points; /* the answer, raw */
    struct cells cells;   /* the answer, in steps */
    struct answer_extent extent;
};

/* --- raw --- */

/* The second column of the row. */
static enum err add_raw_chunk(struct reading_series *reading, struct sql_rows *rows)
{
    size_t len;
    const void *bytes = sql_blob(rows, 1, &len);
    struct points chunk = {0};
    enum err err = points_unpack(bytes, len, &chunk);
    for (size_t i = 0; i < chunk.count && err == ERR_NONE; i++) {
        if (chunk.list[i].at_ms >= reading->from_ms && chunk.list[i].at_ms < reading->to_ms)
            err = points_add(&reading->points, chunk.list[i].at_ms, chunk.list[i].value);
    }
    points_fini(&chunk);
    return err;
}

static enum err read_raw_chunks(struct reading_series *reading, size_t max, int64_t *inout_end_ms)
{
    struct sql_rows rows;
    enum err err = ERR_NONE;
    TRY(sql_query(reading->db, &rows,
                  "SELECT chunk_ms, data FROM series_chunk WHERE series = $1 AND level = 0 "
                  "AND chunk_ms >= $2 AND chunk_ms < $3 ORDER BY chunk_ms",
                  SQL_INT(reading->id), SQL_INT(history_floor(reading->from_ms, POINTS_WINDOW_MS)),
                  SQL_INT(reading->to_ms)));
    while (err == ERR_NONE && sql_next(&rows)) {
        if (reading->points.count > max) {
            *inout_end_ms = sql_int(&rows, 0);
            break;
        }
        err = add_raw_chunk(reading, &rows);
    }
    enum err ended = sql_end(&rows);
    return err != ERR_NONE ? err : ended;
}

static enum err add_tail(struct reading_series *reading, int64_t from_ms, int64_t to_ms)
{
    const struct points *tail = &reading->tail.points;
    for (size_t i = 0; i < tail->count; i++) {
        if (tail->list[i].at_ms >= from_ms && tail->list[i].at_ms < to_ms)
            TRY(points_add(&reading->points, tail->list[i].at_ms, tail->list[i].value));
    }
    return ERR_NONE;
}

static enum err read_raw(struct reading_series *reading, size_t max)
{
    int64_t end_ms = reading->to_ms;
    TRY(read_raw_chunks(reading, max, &end_ms));
    TRY(add_tail(reading, reading->from_ms, end_ms));
    points_settle(&reading->points);
    reading->extent.next_ms = end_ms < reading->to_ms ? end_ms : 0;
    if (reading->points.count > max) {
        reading->extent.next_ms = reading->points.list[max].at_ms;
        reading->points.count = max;
    }
    return ERR_NONE;
}

/* Backwards, until there are as many as wanted. No chunk is empty, and of the first all may lie behind
 * the range; so one for each value, and one more, are enough, however long nothing came between them. */
static enum err read_newest_chunks(struct reading_series *reading, size_t max)
{
    struct sql_rows rows;
    enum err err = ERR_NONE;
    TRY(sql_query(reading->db, &rows,
                  "SELECT chunk_ms, data FROM series_chunk WHERE series = $1 AND level = 0 "
                  "AND chunk_ms >= $2 AND chunk_ms < $3 ORDER BY chunk_ms DESC LIMIT $4",
                  SQL_INT(reading->id), SQL_INT(history_floor(reading->from_ms, POINTS_WINDOW_MS)),
                  SQL_INT(reading->to_ms), SQL_INT((int64_t)max + 1)));
    while (err == ERR_NONE && reading->points.count < max && sql_next(&rows))
        err = add_raw_chunk(reading, &rows);
    enum err ended = sql_end(&rows);
    return err != ERR_NONE ? err : ended;
}

static enum err read_newest(struct reading_series *reading, size_t max)
{
    TRY(read_newest_chunks(reading, max));
    TRY(add_tail(reading, reading->from_ms, reading->to_ms));
    struct points *points = &reading->points;
    points_settle(points);
    if (points->count > max) {
        memmove(points->list, points->list + (points->count - max), max * sizeof *points->list);
        points->count = max;
    }
    return ERR_NONE;
}

/* --- in steps --- */

static enum err add_cells(struct reading_series *reading, const struct cells *cells,
                          int64_t from_ms, int64_t to_ms)
{
    for (size_t i = 0; i < cells->count; i++) {
        if (cells->list[i].at_ms >= from_ms && cells->list[i].at_ms < to_ms)
            TRY(cells_add(&reading->cells, &cells->list[i], reading->query->step_ms));
    }
    return ERR_NONE;
}

static enum err read_level(struct reading_series *reading, enum rollup_level level, int64_t from_ms,
                           int64_t to_ms)
{
    struct sql_rows rows;
    enum err err = ERR_NONE;
    if (from_ms >= to_ms)
        return ERR_NONE;
    TRY(sql_query(reading->db, &rows,
                  "SELECT data FROM series_chunk WHERE series = $1 AND level = $2 "
                  "AND chunk_ms >= $3 AND chunk_ms < $4 ORDER BY chunk_ms",
                  SQL_INT(reading->id), SQL_INT(level),
                  SQL_INT(history_floor(from_ms, rollup_chunk_ms[level])), SQL_INT(to_ms)));
    while (err == ERR_NONE && sql_next(&rows)) {
        size_t len;
        const void *bytes = sql_blob(&rows, 0, &len);
        struct cells cells = {0};
        err = cells_unpack(bytes, len, &cells);
        if (err == ERR_NONE)
            err = add_cells(reading, &cells, from_ms, to_ms);
        cells_fini(&cells);
    }
    enum err ended = sql_end(&rows);
    return err != ERR_NONE ? err : ended;
}

/* A window ends in the middle of an hour: what sticks out is read from the minutes. */
static enum err read_range(struct reading_series *reading, enum rollup_level level, int64_t from_ms,
                           int64_t to_ms)
{
    if (level != ROLLUP_HOUR)
        return read_level(reading, level, from_ms, to_ms);
    int64_t hour_ms = rollup_cell_ms[ROLLUP_HOUR];
    int64_t first_ms = history_floor(from_ms + hour_ms - 1, hour_ms);
    int64_t last_ms = history_floor(to_ms, hour_ms);
    if (first_ms >= last_ms)
        return read_level(reading, ROLLUP_MINUTE, from_ms, to_ms);
    TRY(read_level(reading, ROLLUP_MINUTE, from_ms, first_ms));
    TRY(read_level(reading, ROLLUP_HOUR, first_ms, last_ms));
    return read_level(reading, ROLLUP_MINUTE, last_ms, to_ms);
}

/* The seconds of one window with the stream's points in it. */
static enum err read_touched(struct reading_series *reading, int64_t window_ms,
                             const struct points *fresh)
{
    struct points raw = {0};
    struct cells seconds = {0};
    enum err err = history_read_points(reading->db, reading->id, window_ms, &raw);
    if (err == ERR_NONE)
        err = history_read_cells(reading->db, reading->id, ROLLUP_SECOND, window_ms, &seconds);
    if (err == ERR_NONE)
        err = history_merge_window(&raw, &seconds, fresh);
    if (err == ERR_NONE)
        err = add_cells(reading, &seconds, reading->from_ms, reading->to_ms);
    points_fini(&raw);
    cells_fini(&seconds);
    return err;
}

static enum rollup_level level_of_step(int64_t step_ms)
{
    for (enum rollup_level level = ROLLUP_HOUR; level > ROLLUP_SECOND; level--) {
        if (step_ms % rollup_cell_ms[level] == 0)
            return level;
    }
    return ROLLUP_SECOND;
}

static enum err read_steps(struct reading_series *reading)
{
    enum rollup_level level = level_of_step(reading->query->step_ms);
    struct points *tail = &reading->tail.points;
    int64_t at_ms = reading->from_ms;
    points_settle(tail);
    for (size_t i = 0; i < tail->count;) {
        int64_t window_ms = history_floor(tail->list[i].at_ms, POINTS_WINDOW_MS);
        size_t end = i;
        while (end < tail->count && tail->list[end].at_ms < window_ms + POINTS_WINDOW_MS)
            end++;
        struct points fresh = {.list = tail->list + i, .count = end - i};
        i = end;
        if (window_ms + POINTS_WINDOW_MS <= reading->from_ms || window_ms >= reading->to_ms)
            continue;
        TRY(read_range(reading, level, at_ms, window_ms));
        TRY(read_touched(reading, window_ms, &fresh));
        at_ms = window_ms + POINTS_WINDOW_MS;
    }
    return read_range(reading, level, at_ms, reading->to_ms);
}

static enum err take_steps(struct reading_series *reading)
{
    for (size_t i = 0; i < reading->cells.count; i++)
        TRY(points_add(&reading->points, reading->cells.list[i].at_ms,
                       cell_value(&reading->cells.list[i], reading->query->agg)));
    return ERR_NONE;
}

/* --- both --- */

static enum err check_known(struct reading_series *reading, struct err_note *note)
{
    int64_t found;
    if (reading->tail.is_known)
        return ERR_NONE;
    enum err err = sql_one_int(reading->db, &found, "SELECT 1 FROM series WHERE id = $1",
                               SQL_INT(reading->id));
    return err != ERR_NOT_FOUND
               ? err
               : err_set(note, err, "series", "there is no series \"%s\"", reading->query->series);
}

static enum err read_series(struct reading_series *reading, struct err_note *note)
{
    const struct series_query *query = reading->query;
    size_t max = query->points_max == 0 ? LIMIT_SERIES_POINTS
                                        : MIN(query->points_max, (size_t)LIMIT_SERIES_POINTS);
    struct history_tail tail = {.stream = HISTORY_STREAM_READINGS,
                                .shards = reading->shards,
                                .visit = add_tail_record,
                                .context = &reading->tail};
    TRY(history_read_tail(reading->db, &tail, &reading->extent.is_behind));
    TRY(check_known(reading, note));
    if (query->step_ms == 0)
        return query->end == SERIES_NEWEST ? read_newest(reading, max) : read_raw(reading, max);
    reading->from_ms = history_floor(query->from_ms, query->step_ms);
    reading->to_ms = history_floor(query->to_ms + query->step_ms - 1, query->step_ms);
    if ((reading->to_ms - reading->from_ms) / query->step_ms > (int64_t)max)
        return err_set(note, ERR_TOO_LARGE, "step", "gives more than %zu steps; use a longer one",
                       max);
    TRY(read_steps(reading));
    return take_steps(reading);
}

enum err readings_query(struct readings *readings, const struct series_query *query,
                        struct series_point **out_points, size_t *out_count,
                        struct answer_extent *out_extent, struct err_note *note)
{
    assert(query->step_ms % 1000 == 0 && query->step_ms >= 0);
    struct reading_series reading = {.db = store_reader_take(readings->store),
                                     .query = query,
                                     .shards =
                                         shards_of_series(readings, query->event, query->series),
                                     .id = history_id(query->event, query->series),
                                     .tail = {.event = query->event, .series = query->series},
                                     .from_ms = query->from_ms,
                                     .to_ms = query->to_ms};
    if (reading.db == NULL)
        return err_set(note, ERR_BUSY, "", "the database is away; try again");
    enum err err = read_series(&reading, note);
    store_reader_give(readings->store, reading.db);
    points_fini(&reading.tail.points);
    cells_fini(&reading.cells);
    if (err != ERR_NONE) {
        points_fini(&reading.points);
        return err;
    }
    *out_points = reading.points.list;
    *out_count = reading.points.count;
    *out_extent = reading.extent;
    return ERR_NONE;
}

/* --- the list --- */

struct listing {
    const char *event;
    const char *after;
    struct series_info *list; /* by name */
    size_t count;
    size_t room;
};

static struct series_info *info_of(struct listing *listing, const char *name)
{
    size_t low = 0;
    size_t high = listing->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(listing->list[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < listing->count && strcmp(listing->list[low].name, name) == 0)
        return &listing->list[low];
    if (listing->count == listing->room) {
        listing->room = MAX((size_t)64, listing->room * 2);
        listing->list = mem_resize(listing->list, listing->room * sizeof *listing->list);
    }
    struct series_info *info = &listing->list[low];
    memmove(info + 1, info, (listing->count - low) * sizeof *info);
    listing->count++;
    *info = (struct series_info){.first_ms = INT64_MAX, .last_ms = INT64_MIN};
    (void)text_copy(info->name, sizeof info->name, name);
    return info;
}

static void list_reading(void *context, const char *event, const char *venue,
                         const struct reading *reading)
{
    (void)event;
    struct listing *listing = context;
    if (strcmp(reading->series, listing->after) <= 0)
        return;
    struct series_info *info = info_of(listing, reading->series);
    (void)text_copy(info->venue, sizeof info->venue, venue);
    info->first_ms = MIN(info->first_ms, reading->at_ms);
    if (reading->at_ms >= info->last_ms) {
        info->last_ms = reading->at_ms;
        info->last_value = reading->value;
    }
}

static enum err list_record(void *context, struct stream_record *record)
{
    struct listing *listing = context;
    if (!is_of_event(record->key, listing->event))
        return ERR_NONE;
    enum err err = readings_visit(record, list_reading, listing);
    return err == ERR_CORRUPT ? ERR_NONE : err;
}

static enum err list_stored(struct db *db, struct listing *listing, size_t max)
{
    struct sql_rows rows;
    TRY(sql_query(db, &rows,
                  "SELECT name, venue, first_ms, last_ms, last_value FROM series "
                  "WHERE event = $1 AND name > $2 ORDER BY name LIMIT $3",
                  SQL_TEXT(listing->event), SQL_TEXT(listing->after), SQL_INT((int64_t)max)));
    while (sql_next(&rows)) {
        struct series_info *info = info_of(listing, sql_text(&rows, 0));
        (void)text_copy(info->venue, sizeof info->venue, sql_text(&rows, 1));
        info->first_ms = sql_int(&rows, 2);
        info->last_ms = sql_int(&rows, 3);
        info->last_value = sql_real(&rows, 4);
    }
    return sql_end(&rows);
}

enum err readings_series_list(struct readings *readings, const struct series_list_query *query,
                              struct series_info **out_list, size_t *out_count, bool *out_is_behind)
{
    struct listing listing = {.event = query->event, .after = query->after};
    struct history_tail tail = {.stream = HISTORY_STREAM_READINGS,
                                .shards = shards_of_event(readings, query->event),
                                .visit = list_record,
                                .context = &listing};
    bool is_behind = false;
    struct db *db = store_reader_take(readings->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = list_stored(db, &listing, query->max);
    if (err == ERR_NONE)
        err = history_read_tail(db, &tail, &is_behind);
    store_reader_give(readings->store, db);
    if (err != ERR_NONE) {
        mem_free(listing.list);
        return err;
    }
    *out_list = listing.list;
    *out_count = MIN(listing.count, query->max);
    *out_is_behind = is_behind;
    return ERR_NONE;
}
