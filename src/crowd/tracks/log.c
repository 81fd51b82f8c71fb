// SPDX-License-Identifier: Apache-2.0
#include "crowd/tracks/log.h"

#include "readings/pack.h"

#define LONG_AGO (INT64_MIN / 4)

void track_log_regroup(struct track_log *log, size_t group_count)
{
    mem_free(log->kept);
    log->kept = mem_new_array(group_count + 1, sizeof *log->kept);
    log->group_count = group_count;
    for (size_t i = 0; i < group_count; i++)
        log->kept[i] = LONG_AGO;
}

void track_log_init(struct track_log *log, size_t group_count)
{
    *log = (struct track_log){.closed_ms = LONG_AGO};
    track_log_regroup(log, group_count);
}

static void chunk_fini(struct track_chunk *chunk)
{
    mem_free(chunk->points);
    mem_free(chunk->step_times);
}

void track_log_fini(struct track_log *log)
{
    for (size_t i = 0; i < log->count; i++)
        chunk_fini(&log->chunks[i]);
    mem_free(log->kept);
    *log = (struct track_log){0};
}

static int64_t floor_to(int64_t at_ms, int64_t step_ms)
{
    int64_t rest = at_ms % step_ms;
    return at_ms - (rest < 0 ? rest + step_ms : rest);
}

/* NULL when there is no room: the log's owner is to write first. */
static struct track_chunk *chunk_at(struct track_log *log, int64_t at_ms)
{
    int64_t from_ms = floor_to(at_ms, TRACK_CHUNK_MS);
    size_t place = log->count;
    while (place > 0 && log->chunks[place - 1].from_ms > from_ms)
        place--;
    if (place > 0 && log->chunks[place - 1].from_ms == from_ms)
        return log->chunks[place - 1].is_taken ? NULL : &log->chunks[place - 1];
    if (track_log_is_full(log))
        return NULL;
    memmove(&log->chunks[place + 1], &log->chunks[place],
            (log->count - place) * sizeof log->chunks[0]);
    log->count++;
    log->chunks[place] = (struct track_chunk){.from_ms = from_ms};
    return &log->chunks[place];
}

static void add_point(struct track_chunk *chunk, const struct tracker_fix *fix)
{
    if (chunk->count == chunk->size) {
        chunk->size = chunk->size == 0 ? 256 : 2 * chunk->size;
        chunk->points = mem_resize(chunk->points, chunk->size * sizeof *chunk->points);
    }
    chunk->points[chunk->count++] = (struct track_point){
        fix->at_ms, fix->person.id, (float)fix->person.x, (float)fix->person.y};
}

static void add_step(struct track_chunk *chunk, int64_t at_ms)
{
    if (chunk->step_count == chunk->step_size) {
        chunk->step_size = chunk->step_size == 0 ? 32 : 2 * chunk->step_size;
        chunk->step_times =
            mem_resize(chunk->step_times, chunk->step_size * sizeof *chunk->step_times);
    }
    chunk->step_times[chunk->step_count++] = at_ms;
}

size_t track_log_add(struct track_log *log, const struct crowd_scene_fixes *fixes)
{
    size_t late = 0;
    struct crowd_step_cursor cursor = {0};
    struct crowd_step step;
    while (crowd_scene_fixes_next(fixes, &cursor, &step)) {
        int64_t slot = floor_to(step.at_ms, TRACK_LOG_MS);
        if (slot == log->kept[fixes->group])
            continue;
        struct track_chunk *chunk = step.at_ms < log->closed_ms ? NULL : chunk_at(log, step.at_ms);
        if (chunk == NULL) {
            late += step.count;
            continue;
        }
        log->kept[fixes->group] = slot;
        add_step(chunk, step.at_ms);
        for (size_t k = 0; k < step.count; k++)
            add_point(chunk, &step.people[k]);
    }
    return late;
}

void track_log_rename(struct track_log *log, uint64_t was, uint64_t told)
{
    for (size_t i = 0; i < log->count; i++) {
        struct track_chunk *chunk = &log->chunks[i];
        for (size_t k = 0; !chunk->is_taken && k < chunk->count; k++) {
            if (chunk->points[k].id == was)
                chunk->points[k].id = told;
        }
    }
}

struct track_chunk *track_log_due(struct track_log *log, int64_t settled_ms)
{
    for (size_t i = 0; i < log->count; i++) {
        struct track_chunk *chunk = &log->chunks[i];
        bool is_over = chunk->from_ms + TRACK_CHUNK_MS - 1 <= settled_ms;
        if (!chunk->is_taken && (is_over || track_log_is_full(log)))
            return chunk;
    }
    return NULL;
}

void track_log_settle(struct track_log *log)
{
    size_t kept = 0;
    for (size_t i = 0; i < log->count; i++) {
        struct track_chunk *chunk = &log->chunks[i];
        if (!chunk->is_taken) {
            log->chunks[kept++] = *chunk;
            continue;
        }
        log->closed_ms = MAX(log->closed_ms, chunk->from_ms + TRACK_CHUNK_MS);
        chunk_fini(chunk);
    }
    log->count = kept;
}

/* --- as bytes --- */

static int by_time_and_id(const void *a, const void *b)
{
    const struct track_point *x = a, *y = b;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static enum err fill_batch(struct detection_batch *batch, const struct track_chunk *chunk)
{
    size_t next = 0;
    TRY(batch_reserve(batch, chunk->step_count, chunk->count));
    for (size_t i = 0; i < chunk->step_count; i++) {
        int64_t at_ms = chunk->step_times[i];
        if (i > 0 && at_ms == chunk->step_times[i - 1])
            continue; /* two groups at one time */
        for (; next < chunk->count && chunk->points[next].at_ms <= at_ms; next++) {
            const struct track_point *point = &chunk->points[next];
            struct batch_person person = {.track = (int64_t)point->id};
            if (!batch_quantise((double)point->x, batch->scale_xy, &person.x) ||
                !batch_quantise((double)point->y, batch->scale_xy, &person.y))
                continue; /* a venue ends at VENUE_EXTENT_MAX_M */
            TRY(batch_put_person(batch, &person));
        }
        TRY(batch_close_frame(batch, at_ms));
    }
    return ERR_NONE;
}

enum err track_chunk_pack(struct track_chunk *chunk, void **out_bytes, size_t *out_len)
{
    if (chunk->count > 1)
        qsort(chunk->points, chunk->count, sizeof *chunk->points, by_time_and_id);
    if (chunk->step_count > 1)
        qsort(chunk->step_times, chunk->step_count, sizeof *chunk->step_times, by_time);
    SCOPED_BATCH *batch = batch_create();
    memcpy(batch->device, "tracks", sizeof "tracks"); /* a packed batch is of somebody */
    batch->is_in_metres = true;
    batch->scale_xy = TRACK_LOG_METRES;
    TRY(fill_batch(batch, chunk));
    struct packer packer = {.bytes = NULL};
    detections_pack(&packer, batch, SEAL_SMALL);
    if (packer.is_broken) {
        packer_fini(&packer);
        return ERR_NO_MEMORY;
    }
    *out_bytes = packer.bytes;
    *out_len = packer.len;
    return ERR_NONE;
}
