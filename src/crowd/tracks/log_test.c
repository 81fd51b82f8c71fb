// SPDX-License-Identifier: Apache-2.0
#include "crowd/tracks/log.h"

#include "base/test.h"
#include "readings/pack.h"

#define T 1000000 /* a chunk begins */

static size_t add_step(struct track_log *log, uint32_t group, int64_t at_ms, uint64_t first_id,
                       size_t count)
{
    struct tracker_fix fixes[16];
    for (size_t i = 0; i < count; i++)
        fixes[i] =
            (struct tracker_fix){at_ms, {.id = first_id + i, .x = 1.234 + (double)i, .y = -5.678}};
    const struct crowd_scene_fixes settled = {
        .fixes = fixes, .count = count, .step_times = &at_ms, .step_count = 1, .group = group};
    return track_log_add(log, &settled);
}

static struct detection_batch *pack_and_unpack(struct track_chunk *chunk)
{
    SCOPED_MEM void *bytes = NULL;
    size_t len = 0;
    struct detection_batch *batch = NULL;
    CHECK_INT(track_chunk_pack(chunk, &bytes, &len), ERR_NONE);
    CHECK_INT(detections_unpack(bytes, len, &batch), ERR_NONE);
    return batch;
}

TEST(each_group_is_kept_twice_a_second_with_all_who_are_there)
{
    struct track_log log;
    track_log_init(&log, 2);
    for (int i = 0; i < 20; i++) {
        CHECK_INT(add_step(&log, 0, T + 100 * i, 10, 3), 0);
        CHECK_INT(add_step(&log, 1, T + 100 * i, 20, 2), 0);
    }
    struct track_chunk *chunk = track_log_due(&log, T + TRACK_CHUNK_MS);
    CHECK(chunk != NULL);
    struct detection_batch *batch = pack_and_unpack(chunk);
    CHECK_INT(batch->frame_count, 4); /* both groups at one time are one frame */
    CHECK_INT(batch->frame_at_ms[1], T + 500);
    CHECK_INT(batch->person_count, 4 * 5);
    CHECK_INT(batch->track[0], 10);
    CHECK_INT(batch->track[4], 21);
    CHECK_NEAR(batch->x[1] / batch->scale_xy, 2.23, 0.006);
    CHECK_NEAR(batch->y[1] / batch->scale_xy, -5.68, 0.006);
    shared_unref(&batch->shared);
    track_log_fini(&log);
}

TEST(a_step_without_anybody_is_a_frame_without_anybody)
{
    struct track_log log;
    track_log_init(&log, 1);
    (void)add_step(&log, 0, T, 1, 0);
    (void)add_step(&log, 0, T + 500, 1, 2);
    struct detection_batch *batch = pack_and_unpack(track_log_due(&log, INT64_MAX));
    CHECK_INT(batch->frame_count, 2);
    CHECK_INT(batch->frame_first[1], 0);
    CHECK_INT(batch->frame_first[2], 2);
    shared_unref(&batch->shared);
    track_log_fini(&log);
}

TEST(a_chunk_is_due_when_its_time_is_settled_and_what_comes_after_it_was_written_is_counted_as_late)
{
    struct track_log log;
    track_log_init(&log, 2);
    (void)add_step(&log, 0, T + 9500, 1, 1);
    CHECK(track_log_due(&log, T + TRACK_CHUNK_MS - 2) == NULL);
    struct track_chunk *chunk = track_log_due(&log, T + TRACK_CHUNK_MS - 1);
    CHECK(chunk != NULL);
    chunk->is_taken = true;
    CHECK(track_log_due(&log, INT64_MAX) == NULL);
    CHECK_INT(add_step(&log, 1, T + 9000, 5, 3), 3); /* while it is being written, too */
    track_log_settle(&log);
    CHECK_INT(log.count, 0);
    CHECK_INT(add_step(&log, 1, T + 9500, 5, 3), 3);
    CHECK_INT(add_step(&log, 1, T + TRACK_CHUNK_MS, 5, 3), 0);
    track_log_fini(&log);
}

TEST(a_full_log_closes_its_oldest_chunk_and_loses_nothing_that_is_there)
{
    struct track_log log;
    track_log_init(&log, 1);
    for (int i = 0; i < TRACK_CHUNKS_OPEN; i++)
        CHECK_INT(add_step(&log, 0, T + TRACK_CHUNK_MS * (int64_t)i, 1, 2), 0);
    CHECK(track_log_is_full(&log));
    CHECK_INT(add_step(&log, 0, T + TRACK_CHUNK_MS * (int64_t)TRACK_CHUNKS_OPEN, 1, 2), 2);
    struct track_chunk *chunk = track_log_due(&log, 0);
    CHECK(chunk != NULL && chunk->from_ms == T && chunk->count == 2);
    chunk->is_taken = true;
    track_log_settle(&log);
    CHECK(!track_log_is_full(&log));
    CHECK(track_log_due(&log, 0) == NULL);
    CHECK_INT(add_step(&log, 0, T + TRACK_CHUNK_MS * (int64_t)TRACK_CHUNKS_OPEN, 1, 2), 0);
    track_log_fini(&log);
}
