// SPDX-License-Identifier: Apache-2.0
/* Detections: one chunk per device, ten seconds and kind of steps. Of somebody sent twice the one that is in
 * the chunk already stays. */
#include "readings/history/history.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "readings/pack.h"

static struct metric chunks_written =
    METRIC_COUNTER("muster_detection_chunks_written_total", "Chunks of detections written.");
static struct metric stored_bytes = METRIC_COUNTER(
    "muster_detection_chunk_bytes_total", "Bytes of detection chunks written, rewrites included.");
static struct metric duplicates_dropped = METRIC_COUNTER(
    "muster_detection_duplicates_total", "Detections that history had already or held twice.");
static struct metric persons_dropped = METRIC_COUNTER(
    "muster_detection_dropped_total", "Detections over the limit of one device and ten seconds.");

struct gathered { /* a packed record, waiting */
    int64_t device_id;
    size_t order;
    char event[LIMIT_ID_LEN + 1];
    char device[LIMIT_ID_LEN + 1];
    int64_t heard_ms;
    void *bytes;
    size_t len;
};

struct chunk_write {
    int64_t device_id;
    int64_t window_ms;
    int64_t steps;
    int64_t persons;
    uint8_t *bytes;
    size_t len;
};

struct shard_state {
    struct gathered *gathered;
    size_t gathered_count;
    size_t gathered_room;
    size_t gathered_bytes;
    int64_t since_ms;         /* when the first was gathered */
    int64_t flushed_position; /* everything up to here is in the chunks */
    int64_t last_position;    /* of the last record gathered */
    struct chunk_write *writes;
    size_t write_count;
    size_t write_room;
    bool is_flushing;
};

struct history_detections {
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
    for (size_t i = 0; i < state->gathered_count; i++)
        mem_free(state->gathered[i].bytes);
    state->gathered_count = 0;
    state->gathered_bytes = 0;
}

static void owned(void *context, int shard, int64_t *inout_position)
{
    struct history_detections *history = context;
    struct shard_state *state = &history->shards[shard];
    drop_writes(state);
    drop_gathered(state);
    state->flushed_position = *inout_position;
    state->last_position = *inout_position;
}

static void lost(void *context, int shard)
{
    struct history_detections *history = context;
    drop_writes(&history->shards[shard]);
    drop_gathered(&history->shards[shard]);
}

static void gather(struct shard_state *state, const struct stream_record *record, int64_t now_ms)
{
    if (record->position <= state->last_position)
        return; /* Seen before a transaction that failed. */
    state->last_position = record->position;
    struct gathered gathered = {.order = state->gathered_count, .heard_ms = record->at_ms};
    char venue[LIMIT_ID_LEN + 1];
    struct unpacker in;
    uint8_t flags;
    void *bytes = NULL;
    enum err err =
        seal_open(record->body, record->body_len, 1, LIMIT_RECORD_BYTES * 8, &in, &flags, &bytes);
    uint64_t len = err == ERR_NONE ? unpack_varint(&in) : 0;
    const uint8_t *name = len == 0 || len > LIMIT_ID_LEN ? NULL : unpack_bytes(&in, (size_t)len);
    if (name != NULL)
        memcpy(gathered.device, name, (size_t)len);
    mem_free(bytes);
    if (name == NULL || !history_split_key(record->key, gathered.event, venue)) {
        log_write(LOG_ERROR, "history", "a record cannot be read and is left out",
                  "stream=%s shard=%d position=%lld", record->stream, record->shard,
                  (long long)record->position);
        return;
    }
    gathered.device_id = history_id(gathered.event, gathered.device);
    gathered.bytes = mem_copy(record->body, record->body_len);
    gathered.len = record->body_len;
    if (state->gathered_count == state->gathered_room) {
        state->gathered_room = MAX((size_t)64, state->gathered_room * 2);
        state->gathered =
            mem_resize(state->gathered, state->gathered_room * sizeof *state->gathered);
    }
    if (state->gathered_count == 0)
        state->since_ms = now_ms;
    state->gathered[state->gathered_count++] = gathered;
    state->gathered_bytes += record->body_len;
}

static int by_device(const void *left, const void *right)
{
    const struct gathered *a = left;
    const struct gathered *b = right;
    if (a->device_id != b->device_id)
        return a->device_id < b->device_id ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Batches of other steps cannot share a chunk: they are told apart by this number. */
static int64_t steps_of(const struct detection_batch *batch)
{
    return ((int64_t)batch->scale_xy << 17 | (int64_t)batch->scale_confidence) << 1 |
           batch->is_in_metres;
}

static enum err read_chunk(struct db *db, const struct chunk_write *which,
                           struct detection_batch **out)
{
    struct sql_rows rows;
    enum err err = ERR_NONE;
    TRY(sql_query(
        db, &rows,
        "SELECT data FROM detection_chunk WHERE device = $1 AND window_ms = $2 AND steps = $3",
        SQL_INT(which->device_id), SQL_INT(which->window_ms), SQL_INT(which->steps)));
    if (sql_next(&rows)) {
        size_t len;
        const void *bytes = sql_blob(&rows, 0, &len);
        err = detections_unpack(bytes, len, out);
    }
    enum err ended = sql_end(&rows);
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

/* The same chunk may come up twice when a device changes its steps back and forth. */
static struct chunk_write *find_write(struct shard_state *state, const struct chunk_write *wanted)
{
    for (size_t i = state->write_count; i-- > 0;) {
        struct chunk_write *write = &state->writes[i];
        if (write->device_id != wanted->device_id)
            return NULL;
        if (write->window_ms == wanted->window_ms && write->steps == wanted->steps)
            return write;
    }
    return NULL;
}

static void add_write(struct shard_state *state, const struct chunk_write *write)
{
    metric_add(&chunks_written, 1);
    metric_add(&stored_bytes, (int64_t)write->len);
    struct chunk_write *earlier = find_write(state, write);
    if (earlier != NULL) {
        mem_free(earlier->bytes);
        *earlier = *write;
        return;
    }
    if (state->write_count == state->write_room) {
        state->write_room = MAX((size_t)64, state->write_room * 2);
        state->writes = mem_resize(state->writes, state->write_room * sizeof *state->writes);
    }
    state->writes[state->write_count++] = *write;
}

static enum err merge_window(struct shard_state *state, struct db *db, int64_t device_id,
                             int64_t window_ms, const struct detection_batch *fresh)
{
    SCOPED_BATCH *merged = NULL;
    struct chunk_write write = {
        .device_id = device_id, .window_ms = window_ms, .steps = steps_of(fresh)};
    const struct chunk_write *earlier = find_write(state, &write);
    enum err err = earlier != NULL ? detections_unpack(earlier->bytes, earlier->len, &merged)
                                   : read_chunk(db, &write, &merged);
    if (err == ERR_CORRUPT)
        log_write(LOG_ERROR, "history", "a chunk is corrupt and is begun anew",
                  "device=%s window_ms=%lld", fresh->device, (long long)window_ms);
    else if (err != ERR_NONE)
        return err;
    if (merged == NULL)
        merged = batch_like(fresh);
    TRY(batch_append(merged, fresh, window_ms, window_ms + HISTORY_DETECTION_WINDOW_MS));
    size_t duplicates;
    TRY(batch_normalise(merged, &duplicates));
    metric_add(&duplicates_dropped, (int64_t)duplicates);
    cut_to_limit(merged);
    struct packer packer = {0};
    detections_pack(&packer, merged, SEAL_SMALL);
    if (packer.is_broken) {
        packer_fini(&packer);
        return ERR_NO_MEMORY;
    }
    write.persons = (int64_t)merged->person_count;
    write.bytes = packer.bytes;
    write.len = packer.len;
    add_write(state, &write);
    return ERR_NONE;
}

static enum err merge_windows(struct shard_state *state, struct db *db, int64_t device_id,
                              struct detection_batch *fresh)
{
    size_t duplicates;
    TRY(batch_normalise(fresh, &duplicates));
    metric_add(&duplicates_dropped, (int64_t)duplicates);
    size_t frame = 0;
    while (frame < fresh->frame_count) {
        int64_t window_ms = history_floor(fresh->frame_at_ms[frame], HISTORY_DETECTION_WINDOW_MS);
        TRY(merge_window(state, db, device_id, window_ms, fresh));
        while (frame < fresh->frame_count &&
               fresh->frame_at_ms[frame] < window_ms + HISTORY_DETECTION_WINDOW_MS)
            frame++;
    }
    return ERR_NONE;
}

/* All records of one device; a change of the steps in between closes what was joined so far. */
static enum err merge_device(struct shard_state *state, struct db *db,
                             const struct gathered *records, size_t count)
{
    SCOPED_BATCH *joined = NULL;
    for (size_t i = 0; i < count; i++) {
        SCOPED_BATCH *batch = NULL;
        enum err err = detections_unpack(records[i].bytes, records[i].len, &batch);
        if (err == ERR_CORRUPT)
            continue; /* Its check was right when it was gathered: a record of a newer version. */
        if (err != ERR_NONE)
            return err;
        if (joined != NULL && batch_is_alike(joined, batch)) {
            TRY(batch_append(joined, batch, INT64_MIN, INT64_MAX));
            continue;
        }
        if (joined != NULL)
            TRY(merge_windows(state, db, records[i].device_id, joined));
        batch_unref(joined);
        joined = TAKE(batch);
    }
    return joined == NULL ? ERR_NONE : merge_windows(state, db, records[0].device_id, joined);
}

static enum err merge_all(struct shard_state *state, struct db *db)
{
    qsort(state->gathered, state->gathered_count, sizeof *state->gathered, by_device);
    for (size_t i = 0; i < state->gathered_count;) {
        size_t end = i + 1;
        while (end < state->gathered_count &&
               state->gathered[end].device_id == state->gathered[i].device_id)
            end++;
        TRY(merge_device(state, db, &state->gathered[i], end - i));
        i = end;
    }
    return ERR_NONE;
}

static enum err prepare(void *context, const struct consumer_batch *batch, int64_t *inout_position,
                        bool *out_has_effects)
{
    struct history_detections *history = context;
    struct shard_state *state = &history->shards[batch->shard];
    for (size_t i = 0; i < batch->record_count; i++)
        gather(state, batch->records[i], batch->now_ms);
    bool is_due = state->gathered_count > 0 &&
                  (batch->now_ms - state->since_ms >= history->options.detections_gather_ms ||
                   state->gathered_bytes >= LIMIT_HISTORY_GATHER_BYTES);
    if (!is_due) {
        *inout_position =
            MIN(*inout_position,
                state->gathered_count == 0 ? state->last_position : state->flushed_position);
        *out_has_effects = false;
        return ERR_NONE;
    }
    drop_writes(state);
    struct db *db = store_reader_take(history->store);
    if (db == NULL)
        return ERR_BUSY;
    enum err err = merge_all(state, db);
    store_reader_give(history->store, db);
    if (err != ERR_NONE) {
        drop_writes(state);
        return err;
    }
    state->is_flushing = true;
    *out_has_effects = true;
    return ERR_NONE;
}

static enum err write_heard(struct db *db, const struct shard_state *state)
{
    for (size_t i = 0; i < state->gathered_count; i++) {
        const struct gathered *last = &state->gathered[i];
        bool is_last_of_device =
            i + 1 == state->gathered_count || state->gathered[i + 1].device_id != last->device_id;
        if (is_last_of_device)
            TRY(sql_run(db,
                        "INSERT INTO device_heard (event, device, at_ms) VALUES ($1, $2, $3) "
                        "ON CONFLICT (event, device) DO UPDATE SET at_ms = excluded.at_ms",
                        SQL_TEXT(last->event), SQL_TEXT(last->device), SQL_INT(last->heard_ms)));
    }
    return ERR_NONE;
}

static enum err apply(void *context, struct db *db, const struct consumer_batch *batch)
{
    struct history_detections *history = context;
    struct shard_state *state = &history->shards[batch->shard];
    for (size_t i = 0; i < state->write_count; i++) {
        const struct chunk_write *write = &state->writes[i];
        TRY(sql_run(db,
                    "INSERT INTO detection_chunk (device, window_ms, steps, persons, data) "
                    "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (device, window_ms, steps) "
                    "DO UPDATE SET persons = excluded.persons, data = excluded.data",
                    SQL_INT(write->device_id), SQL_INT(write->window_ms), SQL_INT(write->steps),
                    SQL_INT(write->persons), SQL_BLOB(write->bytes, write->len)));
    }
    TRY(write_heard(db, state));
    return history_set_mark(db, HISTORY_STREAM_DETECTIONS, batch->shard, state->last_position);
}

static void applied(void *context, const struct consumer_batch *batch)
{
    struct history_detections *history = context;
    struct shard_state *state = &history->shards[batch->shard];
    if (!state->is_flushing)
        return;
    state->flushed_position = state->last_position;
    drop_writes(state);
    drop_gathered(state);
}

enum err history_detections_start(struct store *store, const struct history_options *options,
                                  struct history_detections **out, struct err_note *note)
{
    struct history_detections *history = mem_new(sizeof *history);
    history->store = store;
    history->options = *options;
    enum err err =
        consumer_start(&(struct consumer_options){.name = "history-detections",
                                                  .stream = HISTORY_STREAM_DETECTIONS,
                                                  .source = store,
                                                  .target = store,
                                                  .tick_ms = options->detections_gather_ms,
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

void history_detections_stop(struct history_detections *history)
{
    if (history == NULL)
        return;
    consumer_stop(history->consumer);
    for (int shard = 0; shard < STREAM_SHARDS; shard++) {
        drop_writes(&history->shards[shard]);
        drop_gathered(&history->shards[shard]);
        mem_free(history->shards[shard].gathered);
        mem_free(history->shards[shard].writes);
    }
    mem_free(history);
}

struct consumer *history_detections_consumer(struct history_detections *history)
{
    return history->consumer;
}
