// SPDX-License-Identifier: Apache-2.0
/* Reading detections: a device's chunks and the records of the stream behind them,
 * merged as history will merge them. */
#include "readings/readings_internal.h"

#include "readings/pack.h"

struct gathering {
    const struct detections_query *query;
    int64_t to_ms; /* moves towards from_ms when the answer is full */
    struct detection_batch **batches;
    size_t count;
    size_t persons;
};

static enum err gather(struct gathering *gathering, const struct detection_batch *batch)
{
    struct detection_batch *target = NULL;
    for (size_t i = 0; i < gathering->count && target == NULL; i++) {
        if (batch_is_alike(gathering->batches[i], batch))
            target = gathering->batches[i];
    }
    if (target == NULL) {
        gathering->batches = mem_resize(gathering->batches,
                                        (gathering->count + 1) * sizeof(struct detection_batch *));
        target = batch_create();
        memcpy(target->device, batch->device, sizeof target->device);
        target->is_in_metres = batch->is_in_metres;
        target->scale_xy = batch->scale_xy;
        target->scale_confidence = batch->scale_confidence;
        gathering->batches[gathering->count++] = target;
    }
    size_t before = target->person_count;
    TRY(batch_append(target, batch, gathering->query->from_ms, gathering->to_ms));
    gathering->persons += target->person_count - before;
    return ERR_NONE;
}

static enum err gather_chunks(struct gathering *gathering, struct db *db, size_t max)
{
    const struct detections_query *query = gathering->query;
    struct sql_rows rows;
    enum err err = ERR_NONE;
    int64_t window_ms = INT64_MIN;
    TRY(sql_query(
        db, &rows,
        "SELECT window_ms, data FROM detection_chunk WHERE device = $1 AND window_ms >= $2 "
        "AND window_ms < $3 ORDER BY window_ms, steps",
        SQL_INT(history_id(query->event, query->device)),
        SQL_INT(history_floor(query->from_ms, HISTORY_DETECTION_WINDOW_MS)),
        SQL_INT(query->to_ms)));
    while (err == ERR_NONE && sql_next(&rows)) {
        if (gathering->persons > max && sql_int(&rows, 0) != window_ms) {
            gathering->to_ms = sql_int(&rows, 0);
            break;
        }
        window_ms = sql_int(&rows, 0);
        size_t len;
        const void *bytes = sql_blob(&rows, 1, &len);
        SCOPED_BATCH *batch = NULL;
        err = detections_unpack(bytes, len, &batch);
        if (err == ERR_NONE)
            err = gather(gathering, batch);
    }
    enum err ended = sql_end(&rows);
    return err != ERR_NONE ? err : ended;
}

static enum err gather_record(void *context, struct stream_record *record)
{
    struct gathering *gathering = context;
    size_t event_len = strlen(gathering->query->event);
    if (strncmp(record->key, gathering->query->event, event_len) != 0 ||
        record->key[event_len] != '/' ||
        !detections_is_of_device(record->body, record->body_len, gathering->query->device))
        return ERR_NONE;
    SCOPED_BATCH *batch = NULL;
    enum err err = detections_unpack(record->body, record->body_len, &batch);
    if (err != ERR_NONE || strcmp(batch->device, gathering->query->device) != 0)
        return err == ERR_CORRUPT ? ERR_NONE : err; /* History says so in the log. */
    return gather(gathering, batch);
}

/* The first moment that does not fit any more, or to_ms. At least one frame always fits. */
static int64_t find_end(const struct gathering *gathering, size_t max)
{
    int64_t end_ms = gathering->to_ms;
    for (size_t i = 0; i < gathering->count; i++) {
        const struct detection_batch *batch = gathering->batches[i];
        for (size_t frame = 1; frame < batch->frame_count; frame++) {
            if (batch->frame_first[frame + 1] > max) {
                end_ms = MIN(end_ms, batch->frame_at_ms[frame]);
                break;
            }
        }
    }
    return end_ms;
}

static enum err settle(struct gathering *gathering, size_t max)
{
    for (size_t i = 0; i < gathering->count; i++) {
        size_t duplicates;
        TRY(batch_normalise(gathering->batches[i], &duplicates));
    }
    gathering->to_ms = find_end(gathering, max);
    for (size_t i = 0; i < gathering->count; i++) {
        struct detection_batch *batch = gathering->batches[i];
        while (batch->frame_count > 0 &&
               batch->frame_at_ms[batch->frame_count - 1] >= gathering->to_ms) {
            batch->frame_count--;
            batch->person_count = batch->frame_first[batch->frame_count];
        }
    }
    return ERR_NONE;
}

enum err readings_detections(struct readings *readings, const struct detections_query *query,
                             struct detection_batch ***out_batches, size_t *out_count,
                             struct answer_extent *out_extent)
{
    struct gathering gathering = {.query = query, .to_ms = query->to_ms};
    size_t max = query->persons_max == 0
                     ? LIMIT_DETECTIONS_PERSONS
                     : MIN(query->persons_max, (size_t)LIMIT_DETECTIONS_PERSONS);
    struct history_tail tail = {.stream = HISTORY_STREAM_DETECTIONS,
                                .shards = shards_of_device(readings, query->event, query->device),
                                .visit = gather_record,
                                .context = &gathering};
    bool is_behind = false;
    struct db *db = store_reader_take(readings->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = gather_chunks(&gathering, db, max);
    if (err == ERR_NONE)
        err = history_read_tail(db, &tail, &is_behind);
    store_reader_give(readings->store, db);
    if (err == ERR_NONE)
        err = settle(&gathering, max);
    if (err != ERR_NONE) {
        for (size_t i = 0; i < gathering.count; i++)
            batch_unref(gathering.batches[i]);
        mem_free(gathering.batches);
        return err;
    }
    *out_batches = gathering.batches;
    *out_count = gathering.count;
    *out_extent = (struct answer_extent){
        .next_ms = gathering.to_ms < query->to_ms ? gathering.to_ms : 0, .is_behind = is_behind};
    return ERR_NONE;
}
