// SPDX-License-Identifier: Apache-2.0
/* Detections: one chunk per device, ten seconds and kind of steps. Of somebody sent twice the one that is in
 * the chunk already stays. */
#include "base/log.h"
#include "base/text.h"
#include "readings/history/gather.h"
#include "readings/pack.h"

static struct metric chunks_written =
    METRIC_COUNTER("muster_detection_chunks_written_total", "Chunks of detections written.");
static struct metric stored_bytes = METRIC_COUNTER(
    "muster_detection_chunk_bytes_total", "Bytes of detection chunks written, rewrites included.");
static struct metric duplicates_dropped = METRIC_COUNTER(
    "muster_detection_duplicates_total", "Detections that history had already or held twice.");
static struct metric persons_dropped = METRIC_COUNTER(
    "muster_detection_dropped_total", "Detections over the limit of one device and ten seconds.");

struct packed { /* a record */
    int64_t position;
    void *bytes;
    size_t len;
};

struct waiting {
    struct packed *list; /* in the order of the stream */
    size_t count;
    size_t room;
};

static void drop(void *context)
{
    struct waiting *waiting = context;
    for (size_t i = 0; i < waiting->count; i++)
        mem_free(waiting->list[i].bytes);
    mem_free(waiting->list);
}

static enum err take(struct gather_shard *shard, const struct stream_record *record)
{
    char event[LIMIT_ID_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    char device[LIMIT_ID_LEN + 1];
    if (strcmp(record->kind, "detections.packed") != 0 ||
        !history_split_key(record->key, event, venue))
        return ERR_CORRUPT;
    TRY(detections_read_device(record->body, record->body_len, device));
    struct subject *subject = gather_subject(shard, record, event, venue, device, record->body_len);
    struct waiting *waiting = subject->waiting;
    if (waiting->count == waiting->room) {
        waiting->room = MAX((size_t)16, waiting->room * 2);
        waiting->list = mem_resize(waiting->list, waiting->room * sizeof *waiting->list);
    }
    waiting->list[waiting->count++] = (struct packed){
        record->position, mem_copy(record->body, record->body_len), record->body_len};
    return ERR_NONE;
}

/* --- merging --- */

/* Batches of other steps cannot share a chunk: they are told apart by this number. */
static int64_t steps_of(const struct detection_batch *batch)
{
    return ((int64_t)batch->scale_xy << 17 | (int64_t)batch->scale_confidence) << 1 |
           batch->is_in_metres;
}

static enum err read_chunk(struct db *db, const struct subject *device,
                           const struct chunk_write *which, struct detection_batch **out)
{
    struct sql_rows rows;
    enum err err = ERR_NONE;
    TRY(history_not_corrupt(sql_query(
        db, &rows,
        "SELECT data FROM detection_chunk WHERE device = $1 AND window_ms = $2 AND steps = $3",
        SQL_INT(device->id), SQL_INT(which->chunk_ms), SQL_INT(which->level))));
    if (sql_next(&rows)) {
        size_t len;
        const void *bytes = sql_blob(&rows, 0, &len);
        err = detections_unpack(bytes, len, out);
    }
    enum err ended = history_not_corrupt(sql_end(&rows));
    return err != ERR_NONE ? err : ended;
}

static struct detection_batch *batch_like(const struct detection_batch *model)
{
    struct detection_batch *batch = batch_create();
    memcpy(batch->device, model->device, sizeof batch->device);
    batch->is_in_metres = model->is_in_metres;
    batch->scale_xy = model->scale_xy;
    batch->scale_confidence = model->scale_confidence;
    return batch;
}

/* Frames from the end until the rest fits. */
static void cut_to_limit(struct detection_batch *batch)
{
    size_t before = batch->person_count;
    while (batch->frame_count > LIMIT_PACKED_FRAMES ||
           batch->person_count > LIMIT_HISTORY_WINDOW_PERSONS) {
        batch->frame_count--;
        batch->person_count = batch->frame_first[batch->frame_count];
    }
    if (batch->person_count < before) {
        metric_add(&persons_dropped, (int64_t)(before - batch->person_count));
        log_write(LOG_WARN, "history", "a device sends more than a chunk holds",
                  "device=%s dropped=%zu", batch->device, before - batch->person_count);
    }
}

static enum err load_chunk(const struct gather_shard *shard, struct db *db,
                           const struct subject *device, const struct chunk_write *which,
                           struct detection_batch **out)
{
    const struct chunk_write *earlier = gather_find(shard, which->level, which->chunk_ms);
    enum err err = earlier != NULL ? detections_unpack(earlier->bytes, earlier->len, out)
                                   : read_chunk(db, device, which, out);
    if (err != ERR_CORRUPT)
        return err;
    log_write(LOG_ERROR, "history", "a chunk is corrupt and is begun anew",
              "device=%s window_ms=%lld", device->name, (long long)which->chunk_ms);
    return ERR_NONE;
}

static enum err merge_window(struct gather_shard *shard, struct db *db,
                             const struct subject *device, int64_t window_ms,
                             const struct detection_batch *fresh)
{
    SCOPED_BATCH *merged = NULL;
    struct chunk_write write = {.level = steps_of(fresh), .chunk_ms = window_ms};
    TRY(load_chunk(shard, db, device, &write, &merged));
    if (merged == NULL)
        merged = batch_like(fresh);
    TRY(batch_append(merged, fresh, window_ms, window_ms + HISTORY_DETECTION_WINDOW_MS));
    size_t duplicates;
    TRY(batch_normalise(merged, &duplicates));
    metric_add(&duplicates_dropped, (int64_t)duplicates);
    cut_to_limit(merged);
    struct packer packer = {0};
    detections_pack(&packer, merged, SEAL_SMALL);
    write.persons = (int64_t)merged->person_count;
    return gather_put(shard, &write, &packer);
}

static enum err merge_windows(struct gather_shard *shard, struct db *db,
                              const struct subject *device, struct detection_batch *fresh)
{
    size_t duplicates;
    TRY(batch_normalise(fresh, &duplicates));
    metric_add(&duplicates_dropped, (int64_t)duplicates);
    size_t frame = 0;
    while (frame < fresh->frame_count) {
        int64_t window_ms = history_floor(fresh->frame_at_ms[frame], HISTORY_DETECTION_WINDOW_MS);
        TRY(merge_window(shard, db, device, window_ms, fresh));
        while (frame < fresh->frame_count &&
               fresh->frame_at_ms[frame] < window_ms + HISTORY_DETECTION_WINDOW_MS)
            frame++;
    }
    return ERR_NONE;
}

/* A change of the steps in between closes what was joined so far: its chunk may come up again when a
 * device changes them back and forth. */
static enum err merge(struct gather_shard *shard, struct db *db, struct subject *device)
{
    const struct waiting *waiting = device->waiting;
    SCOPED_BATCH *joined = NULL;
    for (size_t i = 0; i < waiting->count; i++) {
        SCOPED_BATCH *batch = NULL;
        enum err err = detections_unpack(waiting->list[i].bytes, waiting->list[i].len, &batch);
        if (err == ERR_CORRUPT) { /* Its check was right: a record of a newer version, say. */
            gather_unreadable(shard, waiting->list[i].position, err);
            continue;
        }
        if (err != ERR_NONE)
            return err;
        if (joined != NULL && batch_is_alike(joined, batch)) {
            TRY(batch_append(joined, batch, INT64_MIN, INT64_MAX));
            continue;
        }
        if (joined != NULL)
            TRY(merge_windows(shard, db, device, joined));
        batch_unref(joined);
        joined = TAKE(batch);
    }
    return joined == NULL ? ERR_NONE : merge_windows(shard, db, device, joined);
}

/* --- writing --- */

static enum err write_subject(struct db *db, const struct subject *device)
{
    return sql_run(db,
                   "INSERT INTO device_heard (event, device, at_ms) VALUES ($1, $2, $3) "
                   "ON CONFLICT (event, device) DO UPDATE SET at_ms = excluded.at_ms",
                   SQL_TEXT(device->event), SQL_TEXT(device->name), SQL_INT(device->heard_ms));
}

static enum err write_chunk(struct db *db, const struct subject *device,
                            const struct chunk_write *write)
{
    return sql_run(db,
                   "INSERT INTO detection_chunk (device, window_ms, steps, persons, data) "
                   "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (device, window_ms, steps) "
                   "DO UPDATE SET persons = excluded.persons, data = excluded.data",
                   SQL_INT(device->id), SQL_INT(write->chunk_ms), SQL_INT(write->level),
                   SQL_INT(write->persons), SQL_BLOB(write->bytes, write->len));
}

const struct gather_kind history_detections = {.consumer = "history-detections",
                                               .stream = HISTORY_STREAM_DETECTIONS,
                                               .waiting_size = sizeof(struct waiting),
                                               .drop = drop,
                                               .take = take,
                                               .merge = merge,
                                               .write_subject = write_subject,
                                               .write_chunk = write_chunk,
                                               .chunks_written = &chunks_written,
                                               .bytes_written = &stored_bytes};
