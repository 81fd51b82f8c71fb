// SPDX-License-Identifier: Apache-2.0
/* crowd/tracks/log.h — settled fixes of one venue on their way into the store: in chunks of TRACK_CHUNK_MS,
 * each a batch of detections in metres whose tracks are the numbers of people. Every group contributes one
 * step in TRACK_LOG_MS at most: paths of walkers need no more, and positions of single people are not for
 * keeping. Pure. */
#pragma once
#include "crowd/scenes/scene.h"

#define TRACK_CHUNK_MS    10000
#define TRACK_LOG_MS      500
#define TRACK_LOG_METRES  100.0 /* steps a metre */
#define TRACK_CHUNKS_OPEN 16    /* of a venue; beyond, the oldest is closed */

struct track_point {
    int64_t at_ms;
    uint64_t id;
    float x, y; /* metres */
};

struct track_chunk {
    int64_t from_ms; /* a multiple of TRACK_CHUNK_MS */
    struct track_point *points;
    size_t count, size;
    int64_t *step_times; /* of all groups, also where nobody was; not in order */
    size_t step_count, step_size;
    bool is_taken; /* being written */
};

struct track_log {
    struct track_chunk chunks[TRACK_CHUNKS_OPEN]; /* by time */
    size_t count;
    int64_t *kept; /* by group: which TRACK_LOG_MS it contributed to last */
    size_t group_count;
    int64_t closed_ms; /* chunks before are written; what comes for them is dropped */
};

void track_log_init(struct track_log *log, size_t group_count);
void track_log_fini(struct track_log *log);
/* The groups have other numbers now. */
void track_log_regroup(struct track_log *log, size_t group_count);
/* Returns how many fixes came too late. */
size_t track_log_add(struct track_log *log, const struct crowd_scene_fixes *fixes);
/* Whoever went by one number is somebody who is known by another, as far as it is not being written. */
void track_log_rename(struct track_log *log, uint64_t was, uint64_t told);
/* No chunk of another time fits before one is written. */
static inline bool track_log_is_full(const struct track_log *log)
{
    return log->count == TRACK_CHUNKS_OPEN;
}
/* The oldest chunk that ends by `settled_ms` and is not taken, or any when there are too many. NULL. */
struct track_chunk *track_log_due(struct track_log *log, int64_t settled_ms);
/* What was taken is written. */
void track_log_settle(struct track_log *log);

/* The chunk as a packed batch; the caller frees *out_bytes. */
MUST_USE enum err track_chunk_pack(struct track_chunk *chunk, void **out_bytes, size_t *out_len);
