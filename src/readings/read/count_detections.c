// SPDX-License-Identifier: Apache-2.0
/* Counting detections without reading them: a chunk's row says how many persons are in it. Only
 * windows that stick out of the range, and those into which records of the stream fall, are opened. */
#include "readings/readings_internal.h"

#include "base/text.h"
#include "readings/pack.h"

struct fresh { /* what the stream has of one device and one kind of steps */
    int64_t device_id;
    struct detection_batch *batch; /* NULL = a free slot */
};

struct window {
    int64_t device_id;
    int64_t at_ms;
};

struct counting {
    const struct detections_query *query;
    struct fresh *slots; /* open addressing by device and steps, at most half full */
    size_t slot_count;
    size_t count;
    struct window *touched; /* by the stream; in order once all of it was read */
    size_t touched_count;
    size_t touched_room;
    int64_t total;
};

static struct fresh *find_fresh(const struct counting *counting, int64_t device_id,
                                const struct detection_batch *batch)
{
    uint64_t hash = (uint64_t)device_id * 0x9E3779B97F4A7C15ULL;
    hash ^= (uint64_t)batch->scale_xy << 17 ^ (uint64_t)batch->scale_confidence ^ hash >> 32;
    size_t slot = (size_t)hash & (counting->slot_count - 1);
    while (counting->slots[slot].batch != NULL &&
           (counting->slots[slot].device_id != device_id ||
            !batch_is_alike(counting->slots[slot].batch, batch)))
        slot = (slot + 1) & (counting->slot_count - 1);
    return &counting->slots[slot];
}

static void make_room(struct counting *counting)
{
    if (2 * counting->count < counting->slot_count)
        return;
    SCOPED_MEM struct fresh *old = counting->slots;
    size_t old_count = counting->slot_count;
    counting->slot_count = MAX((size_t)64, old_count * 2);
    counting->slots = mem_new_array(counting->slot_count, sizeof *counting->slots);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].batch != NULL)
            *find_fresh(counting, old[i].device_id, old[i].batch) = old[i];
    }
}

static struct detection_batch *fresh_of(struct counting *counting, int64_t device_id,
                                        const struct detection_batch *batch)
{
    make_room(counting);
    struct fresh *fresh = find_fresh(counting, device_id, batch);
    if (fresh->batch != NULL)
        return fresh->batch;
    struct detection_batch *like = batch_create();
    like->is_in_metres = batch->is_in_metres;
    like->scale_xy = batch->scale_xy;
    like->scale_confidence = batch->scale_confidence;
    *fresh = (struct fresh){device_id, like};
    counting->count++;
    return like;
}

static void touch(struct counting *counting, int64_t device_id, const struct detection_batch *batch)
{
    int64_t last_ms = INT64_MIN;
    for (size_t i = 0; i < batch->frame_count; i++) {
        int64_t at_ms = history_floor(batch->frame_at_ms[i], HISTORY_DETECTION_WINDOW_MS);
        if (at_ms == last_ms)
            continue; /* a record mostly lies in one window */
        if (counting->touched_count == counting->touched_room) {
            counting->touched_room = MAX((size_t)64, counting->touched_room * 2);
            counting->touched =
                mem_resize(counting->touched, counting->touched_room * sizeof *counting->touched);
        }
        counting->touched[counting->touched_count++] = (struct window){device_id, at_ms};
        last_ms = at_ms;
    }
}

static int by_device_and_time(const void *left, const void *right)
{
    const struct window *a = left, *b = right;
    if (a->device_id != b->device_id)
        return a->device_id < b->device_id ? -1 : 1;
    return (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);
}

static bool is_touched(const struct counting *counting, int64_t device_id, int64_t window_ms)
{
    struct window key = {device_id, window_ms};
    return counting->touched_count > 0 && bsearch(&key, counting->touched, counting->touched_count,
                                                  sizeof key, by_device_and_time) != NULL;
}

static enum err add_record(void *context, struct stream_record *record)
{
    struct counting *counting = context;
    const struct detections_query *query = counting->query;
    char event[LIMIT_ID_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    if (!history_split_key(record->key, event, venue) || strcmp(event, query->event) != 0 ||
        (query->device != NULL &&
         !detections_is_of_device(record->body, record->body_len, query->device)))
        return ERR_NONE;
    SCOPED_BATCH *batch = NULL;
    enum err err = detections_unpack(record->body, record->body_len, &batch);
    if (err != ERR_NONE)
        return err == ERR_CORRUPT ? ERR_NONE : err;
    int64_t device_id = history_id(event, batch->device);
    struct detection_batch *fresh = fresh_of(counting, device_id, batch);
    touch(counting, device_id, batch);
    return batch_append(fresh, batch, query->from_ms, query->to_ms);
}

/* A chunk whose persons cannot simply be added joins what the stream has. */
static enum err open_chunk(struct counting *counting, int64_t device_id, const void *bytes,
                           size_t len)
{
    SCOPED_BATCH *chunk = NULL;
    TRY(detections_unpack(bytes, len, &chunk));
    struct detection_batch *fresh = fresh_of(counting, device_id, chunk);
    return batch_append(fresh, chunk, counting->query->from_ms, counting->query->to_ms);
}

static enum err count_device(struct counting *counting, struct db *db, int64_t device_id)
{
    const struct detections_query *query = counting->query;
    struct sql_rows rows;
    enum err err = ERR_NONE;
    TRY(sql_query(db, &rows,
                  "SELECT window_ms, persons, data FROM detection_chunk WHERE device = $1 "
                  "AND window_ms >= $2 AND window_ms < $3",
                  SQL_INT(device_id),
                  SQL_INT(history_floor(query->from_ms, HISTORY_DETECTION_WINDOW_MS)),
                  SQL_INT(query->to_ms)));
    while (err == ERR_NONE && sql_next(&rows)) {
        int64_t window_ms = sql_int(&rows, 0);
        bool is_whole =
            window_ms >= query->from_ms && window_ms + HISTORY_DETECTION_WINDOW_MS <= query->to_ms;
        size_t len;
        const void *bytes = sql_blob(&rows, 2, &len);
        if (is_whole && !is_touched(counting, device_id, window_ms))
            counting->total += sql_int(&rows, 1);
        else
            err = open_chunk(counting, device_id, bytes, len);
    }
    enum err ended = sql_end(&rows);
    return err != ERR_NONE ? err : ended;
}

static enum err count_event(struct counting *counting, struct db *db)
{
    struct sql_rows rows;
    enum err err = ERR_NONE;
    TRY(sql_query(db, &rows, "SELECT device FROM device_heard WHERE event = $1",
                  SQL_TEXT(counting->query->event)));
    while (err == ERR_NONE && sql_next(&rows))
        err = count_device(counting, db, history_id(counting->query->event, sql_text(&rows, 0)));
    enum err ended = sql_end(&rows);
    return err != ERR_NONE ? err : ended;
}

static enum err count_all(struct counting *counting, struct db *db, unsigned shards,
                          bool *out_is_behind)
{
    const struct detections_query *query = counting->query;
    TRY(history_read_tail(db,
                          &(struct history_tail){.stream = HISTORY_STREAM_DETECTIONS,
                                                 .shards = shards,
                                                 .visit = add_record,
                                                 .context = counting},
                          out_is_behind));
    if (counting->touched_count > 0)
        qsort(counting->touched, counting->touched_count, sizeof *counting->touched,
              by_device_and_time);
    if (query->device == NULL)
        TRY(count_event(counting, db));
    else
        TRY(count_device(counting, db, history_id(query->event, query->device)));
    for (size_t i = 0; i < counting->slot_count; i++) {
        size_t duplicates;
        struct detection_batch *batch = counting->slots[i].batch;
        if (batch == NULL)
            continue;
        TRY(batch_normalise(batch, &duplicates));
        counting->total += (int64_t)batch->person_count;
    }
    return ERR_NONE;
}

enum err readings_detections_count(struct readings *readings, const struct detections_query *query,
                                   int64_t *out_count, bool *out_is_behind)
{
    struct counting counting = {.query = query};
    unsigned shards = query->device == NULL
                          ? shards_of_event(readings, query->event)
                          : shards_of_device(readings, query->event, query->device);
    bool is_behind = false;
    struct db *db = store_reader_take(readings->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = count_all(&counting, db, shards, &is_behind);
    store_reader_give(readings->store, db);
    for (size_t i = 0; i < counting.slot_count; i++)
        batch_unref(counting.slots[i].batch);
    mem_free(counting.slots);
    mem_free(counting.touched);
    if (err != ERR_NONE)
        return err;
    *out_count = counting.total;
    *out_is_behind = is_behind;
    return ERR_NONE;
}
