// SPDX-License-Identifier: Apache-2.0
#include "readings/history/history.h"

#include "base/text.h"

#include <sodium.h>

#define TAIL_PAGE_RECORDS 256

static const struct store_migration MIGRATIONS[] = {
    {1, "CREATE TABLE history_mark (stream TEXT NOT NULL, shard BIGINT NOT NULL,"
        "  position BIGINT NOT NULL, PRIMARY KEY (stream, shard));"
        "CREATE TABLE detection_chunk (device BIGINT NOT NULL, window_ms BIGINT NOT NULL,"
        "  steps BIGINT NOT NULL, persons BIGINT NOT NULL, data BYTEA NOT NULL,"
        "  PRIMARY KEY (device, window_ms, steps));"
        "CREATE INDEX detection_chunk_by_age ON detection_chunk (window_ms);"
        "CREATE TABLE device_heard (event TEXT NOT NULL, device TEXT NOT NULL,"
        "  at_ms BIGINT NOT NULL, PRIMARY KEY (event, device));"
        "CREATE TABLE series (id BIGINT NOT NULL PRIMARY KEY, event TEXT NOT NULL,"
        "  name TEXT NOT NULL, venue TEXT NOT NULL, first_ms BIGINT NOT NULL,"
        "  last_ms BIGINT NOT NULL, last_value DOUBLE PRECISION NOT NULL);"
        "CREATE INDEX series_by_name ON series (event, name);"
        "CREATE TABLE series_chunk (series BIGINT NOT NULL, level BIGINT NOT NULL,"
        "  chunk_ms BIGINT NOT NULL, data BYTEA NOT NULL, PRIMARY KEY (series, level, chunk_ms));"
        "CREATE INDEX series_chunk_by_age ON series_chunk (level, chunk_ms);"},
    /* Apart from the cameras, which are counted one by one. */
    {2, "CREATE TABLE sensor_heard (event TEXT NOT NULL, device TEXT NOT NULL,"
        "  at_ms BIGINT NOT NULL, PRIMARY KEY (event, device));"},
};

const struct store_module readings_store_module = {
    .name = "readings", .migrations = MIGRATIONS, .migration_count = COUNT_OF(MIGRATIONS)};

void history_expire(struct store *store, const struct history_options *options)
{
    if (options->keep_detections_ms > 0)
        store_expire(
            store, &(struct store_expiry){
                       .table = "detection_chunk",
                       .find = "SELECT 1 FROM detection_chunk WHERE window_ms < $1 LIMIT 1",
                       .remove = "DELETE FROM detection_chunk WHERE (device, window_ms, steps) IN "
                                 "(SELECT device, window_ms, steps FROM detection_chunk "
                                 "WHERE window_ms < $1 LIMIT $2)",
                       .age_max_ms = options->keep_detections_ms + HISTORY_DETECTION_WINDOW_MS});
    if (options->keep_points_ms > 0)
        store_expire(store,
                     &(struct store_expiry){
                         .table = "series_chunk",
                         .find = "SELECT 1 FROM series_chunk WHERE level = 0 AND chunk_ms < $1 "
                                 "LIMIT 1",
                         .remove = "DELETE FROM series_chunk WHERE (series, level, chunk_ms) IN "
                                   "(SELECT series, level, chunk_ms FROM series_chunk "
                                   "WHERE level = 0 AND chunk_ms < $1 LIMIT $2)",
                         .age_max_ms = options->keep_points_ms + POINTS_WINDOW_MS});
}

int64_t history_id(const char *event, const char *name)
{
    unsigned char hash[crypto_generichash_BYTES_MIN];
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, sizeof hash);
    (void)crypto_generichash_update(&state, (const unsigned char *)event, strlen(event) + 1);
    (void)crypto_generichash_update(&state, (const unsigned char *)name, strlen(name));
    (void)crypto_generichash_final(&state, hash, sizeof hash);
    uint64_t id = 0;
    for (size_t i = 0; i < sizeof id; i++)
        id = id << 8 | hash[i];
    return (int64_t)(id >> 1);
}

bool history_split_key(const char *key, char event[LIMIT_ID_LEN + 1], char venue[LIMIT_ID_LEN + 1])
{
    const char *slash = strchr(key, '/');
    if (slash == NULL || slash - key > LIMIT_ID_LEN)
        return false;
    memcpy(event, key, (size_t)(slash - key));
    event[slash - key] = '\0';
    return text_copy(venue, LIMIT_ID_LEN + 1, slash + 1);
}

enum err history_set_mark(struct db *db, const char *stream, int shard, int64_t position)
{
    return sql_run(db,
                   "INSERT INTO history_mark (stream, shard, position) VALUES ($1, $2, $3) "
                   "ON CONFLICT (stream, shard) DO UPDATE SET position = excluded.position",
                   SQL_TEXT(stream), SQL_INT(shard), SQL_INT(position));
}

struct tail_shard { /* being read */
    const struct history_tail *tail;
    int64_t position;
    size_t records;
    size_t bytes;
    bool is_over;
};

static enum err visit_within_limits(void *context, struct stream_record *record)
{
    struct tail_shard *shard = context;
    if (shard->records == LIMIT_TAIL_RECORDS ||
        shard->bytes + record->body_len > LIMIT_TAIL_BYTES) {
        shard->is_over = true;
        return ERR_TOO_LARGE;
    }
    shard->records++;
    shard->bytes += record->body_len;
    shard->position = record->position;
    return shard->tail->visit(shard->tail->context, record);
}

/* Page by page, because PostgreSQL's client holds all rows of a query in memory. */
static enum err read_tail_shard(struct db *db, const struct history_tail *tail, int index,
                                bool *inout_is_behind)
{
    struct tail_shard shard = {.tail = tail};
    enum err err = sql_one_int(db, &shard.position,
                               "SELECT position FROM history_mark WHERE stream = $1 AND shard = $2",
                               SQL_TEXT(tail->stream), SQL_INT(index));
    if (err != ERR_NONE && err != ERR_NOT_FOUND)
        return err;
    size_t before;
    do {
        before = shard.records;
        err = stream_read(db, tail->stream, index, shard.position, TAIL_PAGE_RECORDS,
                          visit_within_limits, &shard);
    } while (err == ERR_NONE && shard.records - before == TAIL_PAGE_RECORDS);
    *inout_is_behind = *inout_is_behind || shard.is_over;
    return shard.is_over ? ERR_NONE : err;
}

enum err history_read_tail(struct db *db, const struct history_tail *tail, bool *out_is_behind)
{
    bool is_behind = false;
    for (int shard = 0; shard < STREAM_SHARDS; shard++) {
        if ((tail->shards >> shard & 1) != 0)
            TRY(read_tail_shard(db, tail, shard, &is_behind));
    }
    *out_is_behind = is_behind;
    return ERR_NONE;
}

static enum err read_blob(struct db *db, int64_t series, int64_t level, int64_t chunk_ms,
                          struct points *out_points, struct cells *out_cells)
{
    struct sql_rows rows;
    enum err err = ERR_NONE;
    TRY(history_not_corrupt(sql_query(
        db, &rows,
        "SELECT data FROM series_chunk WHERE series = $1 AND level = $2 AND chunk_ms = $3",
        SQL_INT(series), SQL_INT(level), SQL_INT(chunk_ms))));
    if (sql_next(&rows)) {
        size_t len;
        const void *bytes = sql_blob(&rows, 0, &len);
        err = out_points != NULL ? points_unpack(bytes, len, out_points)
                                 : cells_unpack(bytes, len, out_cells);
    }
    enum err ended = history_not_corrupt(sql_end(&rows));
    return err != ERR_NONE ? err : ended;
}

enum err history_read_points(struct db *db, int64_t series, int64_t window_ms, struct points *out)
{
    return read_blob(db, series, ROLLUP_NONE, window_ms, out, NULL);
}

enum err history_read_cells(struct db *db, int64_t series, enum rollup_level level,
                            int64_t chunk_ms, struct cells *out)
{
    return read_blob(db, series, level, chunk_ms, NULL, out);
}

static enum err add_up_to(struct cells *sum, const struct cells *cells, size_t *inout_next,
                          int64_t until_ms)
{
    for (; *inout_next < cells->count && cells->list[*inout_next].at_ms <= until_ms; ++*inout_next)
        TRY(cells_add(sum, &cells->list[*inout_next], rollup_cell_ms[ROLLUP_SECOND]));
    return ERR_NONE;
}

static enum err add_both(struct cells *sum, const struct cells *old, const struct cells *fresh)
{
    size_t next = 0;
    for (size_t i = 0; i < fresh->count; i++) {
        TRY(add_up_to(sum, old, &next, fresh->list[i].at_ms));
        TRY(cells_add(sum, &fresh->list[i], rollup_cell_ms[ROLLUP_SECOND]));
    }
    return add_up_to(sum, old, &next, INT64_MAX);
}

enum err history_merge_window(struct points *raw, struct cells *seconds, const struct points *fresh)
{
    bool is_expired = raw->count == 0 && seconds->count > 0;
    if (!is_expired) {
        for (size_t i = 0; i < fresh->count; i++)
            TRY(points_add(raw, fresh->list[i].at_ms, fresh->list[i].value));
        points_settle(raw);
        seconds->count = 0;
        return cells_of_points(seconds, raw, rollup_cell_ms[ROLLUP_SECOND]);
    }
    struct cells more = {0};
    struct cells sum = {0};
    enum err err = cells_of_points(&more, fresh, rollup_cell_ms[ROLLUP_SECOND]);
    if (err == ERR_NONE)
        err = add_both(&sum, seconds, &more);
    cells_fini(&more);
    cells_fini(seconds);
    *seconds = sum;
    return err;
}
