// SPDX-License-Identifier: Apache-2.0
/* Raw chunks go when their time is over, as fast as many cameras make them; roll-ups stay. */
#include "base/clock.h"
#include "base/text.h"
#include "readings/history/stage_test.h"

#define HOUR_MS          3600000LL
#define OLD_CHUNKS       1300 /* more than two slices */
#define COUNT_DETECTIONS "SELECT COUNT(*) FROM detection_chunk"
#define COUNT_POINTS     "SELECT COUNT(*) FROM series_chunk WHERE level = 0"
#define COUNT_SECONDS    "SELECT COUNT(*) FROM series_chunk WHERE level = 1"

static void put_frames(struct stage *stage, int64_t from_ms, size_t count)
{
    SCOPED_BATCH *batch = batch_create();
    (void)text_copy(batch->device, sizeof batch->device, "cam-1");
    for (size_t i = 0; i < count; i++) {
        CHECK_INT(batch_put_person(batch, &(struct batch_person){.track = 1, .x = 5}), ERR_NONE);
        int64_t at_ms = from_ms + (int64_t)i * HISTORY_DETECTION_WINDOW_MS;
        CHECK_INT(batch_close_frame(batch, at_ms), ERR_NONE);
    }
    put_batch(stage, batch);
}

static void put_points(struct stage *stage, int64_t from_ms, size_t count)
{
    SCOPED_MEM struct reading *readings = mem_new_array(count, sizeof *readings);
    for (size_t i = 0; i < count; i++)
        readings[i] =
            (struct reading){"lift-3:load", from_ms + (int64_t)i * POINTS_WINDOW_MS, (double)i};
    put_values(stage, readings, count);
}

static void reopen(struct stage *stage, int64_t keep_ms)
{
    stage_close(stage);
    stage->keep_ms = keep_ms;
    stage_open(stage);
}

ON_BOTH_ENGINES(expired_detections_are_gone_within_seconds_however_many_chunks_there_are)
{
    struct stage stage;
    stage_init(&stage, place);
    int64_t now_ms = history_floor(clock_now_ms(), HISTORY_DETECTION_WINDOW_MS);
    put_frames(&stage, now_ms - 48 * HOUR_MS, OLD_CHUNKS);
    put_frames(&stage, now_ms - 12 * HOUR_MS, 3);
    stage_settle(&stage);
    CHECK_INT(stage_number(&stage, COUNT_DETECTIONS), OLD_CHUNKS + 3);
    reopen(&stage, 24 * HOUR_MS);
    stage_wait_for(&stage, COUNT_DETECTIONS, 3);
    stage_close(&stage);
}

ON_BOTH_ENGINES(expired_points_are_gone_within_seconds_and_their_roll_ups_stay)
{
    struct stage stage;
    stage_init(&stage, place);
    int64_t now_ms = history_floor(clock_now_ms(), POINTS_WINDOW_MS);
    put_points(&stage, now_ms - 1000 * HOUR_MS, OLD_CHUNKS);
    put_points(&stage, now_ms - 12 * HOUR_MS, 3);
    stage_settle(&stage);
    CHECK_INT(stage_number(&stage, COUNT_POINTS), OLD_CHUNKS + 3);
    reopen(&stage, 24 * HOUR_MS);
    stage_wait_for(&stage, COUNT_POINTS, 3);
    CHECK_INT(stage_number(&stage, COUNT_SECONDS), OLD_CHUNKS + 3);
    stage_close(&stage);
}
