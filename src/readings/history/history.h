// SPDX-License-Identifier: Apache-2.0
/* readings/history/history.h — from the streams into chunks. A consumer gathers the records of some seconds,
 * merges them outside any transaction with the chunks that they fall into, and writes the chunks,
 * its position and the mark up to which the stream is in the chunks in one transaction. Late and
 * repeated data is therefore merged like any other. Reads add the stream behind the mark.
 *
 * history_id() numbers devices and series by a hash of event and name: 63 bits of BLAKE2b, so that
 * no process needs to ask another. */
#pragma once
#include "readings/pack/points.h"
#include "store/consumer.h"

#define HISTORY_STREAM_DETECTIONS "detections"
#define HISTORY_STREAM_READINGS   "readings"
/* Short, because a window is written anew whenever something falls into it. */
#define HISTORY_DETECTION_WINDOW_MS 10000

/* Gathered for so long, or until LIMIT_HISTORY_GATHER_BYTES wait. */
#define HISTORY_DETECTIONS_GATHER_MS 15000
#define HISTORY_READINGS_GATHER_MS   5000

struct history_options {
    int64_t keep_detections_ms; /* 0 = for ever */
    int64_t keep_points_ms;     /* raw values; roll-ups stay for ever; 0 = for ever */
};

/* Tells housekeeping what becomes too old: raw detections and raw points; roll-ups stay. */
void history_expire(struct store *store, const struct history_options *options);

int64_t history_id(const char *event, const char *name);
/* Of "event/venue"; false when the key is another. */
bool history_split_key(const char *key, char event[LIMIT_ID_LEN + 1], char venue[LIMIT_ID_LEN + 1]);
MUST_USE enum err history_set_mark(struct db *db, const char *stream, int shard, int64_t position);

#define HISTORY_ALL_SHARDS ((1U << STREAM_SHARDS) - 1)

struct history_tail {
    const char *stream;
    unsigned shards; /* a bit each, by stream_shard_of() */
    enum err (*visit)(void *context, struct stream_record *record);
    void *context;
};
/* Visits the records that are not in the chunks yet, oldest first, within the reader's snapshot.
 * *out_is_behind: there are more than LIMIT_TAIL_RECORDS or LIMIT_TAIL_BYTES in a shard, and its
 * newest were not visited. */
MUST_USE enum err history_read_tail(struct db *db, const struct history_tail *tail,
                                    bool *out_is_behind);

/* A consumer that writes one kind of history; gather.h. */
struct gather;
struct gather_kind;
extern const struct gather_kind history_detections;
extern const struct gather_kind history_series;
struct readings;
MUST_USE enum err gather_start(struct readings *readings, const struct gather_kind *kind,
                               int64_t gather_ms, struct gather **out, struct err_note *note);
void gather_stop(struct gather *gather); /* NULL is fine */
struct consumer *gather_consumer(struct gather *gather);

/* What SQL says, but never ERR_CORRUPT: a damaged database is no damaged chunk, which may be begun
 * anew. */
static inline enum err history_not_corrupt(enum err err)
{
    return err == ERR_CORRUPT ? ERR_IO : err;
}
/* The raw points of one window and the cells of one chunk; nothing when there is none. */
MUST_USE enum err history_read_points(struct db *db, int64_t series, int64_t window_ms,
                                      struct points *out);
MUST_USE enum err history_read_cells(struct db *db, int64_t series, enum rollup_level level,
                                     int64_t chunk_ms, struct cells *out);
/* Settled `fresh` points into a window: its raw points and its cells of a second. Cells are made anew
 * from all points; when those have expired, the fresh ones can only be added. */
MUST_USE enum err history_merge_window(struct points *raw, struct cells *seconds,
                                       const struct points *fresh);
static inline int64_t history_floor(int64_t at_ms, int64_t step_ms)
{
    int64_t rest = at_ms % step_ms;
    return at_ms - (rest < 0 ? rest + step_ms : rest);
}
