// SPDX-License-Identifier: Apache-2.0
#include "crowd/tracks/table.h"

#include "crowd/tracks/log.h"
#include "crowd/tracks/told.h"
#include "readings/pack.h"

const char tracks_table_sql[] =
    "CREATE TABLE crowd_track (event TEXT NOT NULL, venue TEXT NOT NULL, from_ms BIGINT NOT NULL,"
    " data BYTEA NOT NULL, PRIMARY KEY (event, venue, from_ms));"
    "CREATE INDEX crowd_track_time ON crowd_track (from_ms);";

enum err track_row_write(struct db *db, const struct track_row *row)
{
    int64_t written = 0;
    TRY(sql_run_counted(db, &written,
                        "INSERT INTO crowd_track (event, venue, from_ms, data)"
                        " VALUES ($1, $2, $3, $4) ON CONFLICT (event, venue, from_ms) DO NOTHING",
                        SQL_TEXT(row->event), SQL_TEXT(row->venue), SQL_INT(row->from_ms),
                        SQL_BLOB(row->bytes, row->len)));
    return written == 0 ? ERR_NONE : track_tell(db, row->event, row->venue, row->from_ms);
}

enum err track_row_read(struct db *db, const struct track_told *told,
                        struct detection_batch **out_batch)
{
    struct sql_rows rows;
    SCOPED_BATCH *batch = NULL;
    enum err err = ERR_NOT_FOUND;
    TRY(sql_query(db, &rows,
                  "SELECT data FROM crowd_track WHERE event = $1 AND venue = $2 AND from_ms = $3",
                  SQL_TEXT(told->event), SQL_TEXT(told->venue), SQL_INT(told->from_ms)));
    if (sql_next(&rows)) {
        size_t len;
        const void *bytes = sql_blob(&rows, 0, &len);
        err = detections_unpack(bytes, len, &batch);
    }
    TRY(sql_end(&rows));
    TRY(err);
    *out_batch = TAKE(batch);
    return ERR_NONE;
}

void tracks_expire(struct store *store, int64_t keep_ms)
{
    if (keep_ms <= 0)
        return;
    store_expire(store, &(struct store_expiry){
                            .table = "crowd_track",
                            .find = "SELECT 1 FROM crowd_track WHERE from_ms < $1 LIMIT 1",
                            .remove = "DELETE FROM crowd_track WHERE (event, venue, from_ms) IN "
                                      "(SELECT event, venue, from_ms FROM crowd_track "
                                      "WHERE from_ms < $1 LIMIT $2)",
                            .age_max_ms = keep_ms + TRACK_CHUNK_MS});
}

/* The frames of a chunk that were asked for, while there is room. False when it is full: then
 * *out_next_ms is where the next page begins. At least one frame always fits. */
static enum err append_frames(struct detection_batch *batch, const struct detection_batch *chunk,
                              const struct crowd_tracks_query *query, int64_t *out_next_ms)
{
    for (size_t f = 0; f < chunk->frame_count; f++) {
        int64_t at_ms = chunk->frame_at_ms[f];
        if (at_ms < query->from_ms || at_ms >= query->to_ms)
            continue;
        size_t people = chunk->frame_first[f + 1] - chunk->frame_first[f];
        bool is_full = batch->person_count + people > query->points_max ||
                       batch->frame_count >= query->points_max; /* of frames without anybody */
        if (batch->frame_count > 0 && is_full) {
            *out_next_ms = at_ms;
            return ERR_NONE;
        }
        TRY(batch_append_frame(batch, chunk, f));
    }
    return ERR_NONE;
}

enum err tracks_read(struct db *db, const struct crowd_tracks_query *query,
                     struct detection_batch **out_batch, int64_t *out_next_ms)
{
    SCOPED_BATCH *batch = batch_create();
    struct sql_rows rows;
    int64_t next_ms = 0;
    enum err err = ERR_NONE;
    batch->is_in_metres = true;
    batch->scale_xy = TRACK_LOG_METRES;
    TRY(sql_query(db, &rows,
                  "SELECT data FROM crowd_track WHERE event = $1 AND venue = $2 AND from_ms > $3"
                  " AND from_ms < $4 ORDER BY from_ms",
                  SQL_TEXT(query->event), SQL_TEXT(query->venue),
                  SQL_INT(query->from_ms - TRACK_CHUNK_MS), SQL_INT(query->to_ms)));
    while (err == ERR_NONE && next_ms == 0 && sql_next(&rows)) {
        size_t len;
        const void *bytes = sql_blob(&rows, 0, &len);
        SCOPED_BATCH *chunk = NULL;
        err = detections_unpack(bytes, len, &chunk);
        if (err == ERR_NONE)
            err = append_frames(batch, chunk, query, &next_ms);
    }
    enum err ended = sql_end(&rows);
    TRY(err);
    TRY(ended);
    *out_batch = TAKE(batch);
    *out_next_ms = next_ms;
    return ERR_NONE;
}
