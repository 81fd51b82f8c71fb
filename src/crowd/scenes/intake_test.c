// SPDX-License-Identifier: Apache-2.0
#include "crowd/scenes/intake.h"

#include "base/limits.h"
#include "base/random.h"
#include "base/test.h"

#define T 1000000 /* a whole step */

static const int64_t five_seconds[] = {5000, 5000, 5000, 5000};

static enum intake_answer add_people(struct intake *intake, uint32_t device, int64_t at_ms,
                                     int64_t arrival_ms, int64_t first_track, size_t count)
{
    struct intake_frame frame = {.device = device, .at_ms = at_ms, .box_count = count};
    frame.boxes = mem_new_array(count + 1, sizeof *frame.boxes);
    frame.source_tracks = mem_new_array(count + 1, sizeof *frame.source_tracks);
    for (size_t i = 0; i < count; i++)
        frame.source_tracks[i] = first_track < 0 ? -1 : first_track + (int64_t)i;
    return intake_add(intake, frame, arrival_ms);
}

static enum intake_answer add(struct intake *intake, uint32_t device, int64_t at_ms,
                              int64_t arrival_ms)
{
    return add_people(intake, device, at_ms, arrival_ms, 1, 1);
}

/* The number of frames of the next step, 0 when it is not complete. */
static size_t take(struct intake *intake, int64_t stream_ms, int64_t *out_start_ms)
{
    struct intake_step step;
    if (!intake_next(intake, stream_ms + 1, &step)) /* the moment is over */
        return 0;
    size_t count = step.frame_count;
    *out_start_ms = step.start_ms;
    intake_step_fini(&step);
    return count;
}

/* Both cameras at ten frames a second, `second_late_ms` between capture and arrival of the second one. */
static void run_two(struct intake *intake, int frames, int64_t second_late_ms)
{
    int64_t start_ms;
    for (int i = 0; i < frames; i++) {
        (void)add(intake, 0, T + 100 * i, T + 100 * i + 10);
        (void)add(intake, 1, T + 100 * i, T + 100 * i + second_late_ms);
        while (take(intake, T + 100 * i + 90, &start_ms) > 0) {
        }
    }
    while (take(intake, T + 100 * frames + second_late_ms, &start_ms) > 0) {
    }
}

TEST(a_step_is_complete_when_all_living_cameras_have_come)
{
    struct intake intake;
    int64_t start_ms = 0;
    intake_init(&intake, five_seconds, 2);
    run_two(&intake, 10, 20);
    (void)add(&intake, 0, T + 2000, T + 2010);
    CHECK_INT(take(&intake, T + 2010, &start_ms), 0);
    (void)add(&intake, 1, T + 2005, T + 2020);
    CHECK_INT(take(&intake, T + 2020, &start_ms), 2);
    CHECK_INT(start_ms, T + 2000);
    intake_fini(&intake);
}

TEST(a_late_camera_is_waited_for_as_it_was_late_lately)
{
    struct intake intake;
    int64_t start_ms = 0;
    intake_init(&intake, five_seconds, 2);
    run_two(&intake, 10, 600);
    int64_t at_ms = T + 2000;
    (void)add(&intake, 0, at_ms, at_ms + 10);
    CHECK_INT(take(&intake, at_ms + 600 + INTAKE_WAIT_EXTRA_MS, &start_ms), 0);
    CHECK_INT(take(&intake, at_ms + 50 + 600 + INTAKE_WAIT_EXTRA_MS, &start_ms), 1);
    CHECK_INT(add(&intake, 1, at_ms - 50, at_ms + 700), INTAKE_LATE);
    intake_fini(&intake);
}

TEST(a_frame_that_just_misses_its_step_is_in_the_next_one)
{
    struct intake intake;
    struct intake_step step;
    int64_t start_ms = 0;
    intake_init(&intake, five_seconds, 2);
    run_two(&intake, 10, 20);
    int64_t at_ms =
        T + 1000; /* the second camera's frame was stamped late, the next one is in time: early */
    (void)add(&intake, 0, at_ms, at_ms + 10);
    (void)add(&intake, 1, at_ms + 25, at_ms + 35);
    CHECK_INT(take(&intake, at_ms + 35, &start_ms), 2);
    (void)add(&intake, 0, at_ms + 99, at_ms + 100);
    CHECK_INT(take(&intake, at_ms + 100, &start_ms), 1);
    CHECK_INT(start_ms, at_ms + 50);
    CHECK_INT(add(&intake, 1, at_ms + 99, at_ms + 102), INTAKE_TAKEN);
    CHECK_INT(add(&intake, 1, at_ms + 99, at_ms + 103), INTAKE_LATE); /* sent again */
    CHECK_INT(add(&intake, 0, at_ms + 101, at_ms + 111), INTAKE_TAKEN);
    CHECK(intake_next(&intake, at_ms + 112, &step));
    CHECK_INT(step.start_ms, at_ms + 100);
    CHECK_INT(step.frame_count, 2);
    CHECK_INT(step.frames[1].at_ms, at_ms + 99);
    intake_step_fini(&step);
    CHECK_INT(add(&intake, 0, at_ms + 102, at_ms + 160), INTAKE_TAKEN);
    intake_fini(&intake);
}

TEST(nobody_is_waited_for_longer_than_the_limit)
{
    struct intake intake;
    int64_t start_ms = 0;
    intake_init(&intake, five_seconds, 2);
    for (int i = 0; i < 60; i++) {
        (void)add(&intake, 0, T + 100 * i, T + 100 * i + 10);
        if (i >= 40)
            (void)add(&intake, 1, T + 100 * i - 4000, T + 100 * i);
        while (take(&intake, T + 100 * i + 20, &start_ms) > 0) {
        }
    }
    int64_t at_ms = T + 6000, limit_ms = 10 + INTAKE_WAIT_MAX_MS + 50 + INTAKE_WAIT_EXTRA_MS;
    (void)add(&intake, 0, at_ms, at_ms + 10);
    while (take(&intake, at_ms + limit_ms - 20, &start_ms) > 0) {
    }
    CHECK(start_ms < at_ms);
    CHECK_INT(take(&intake, at_ms + limit_ms + 20, &start_ms), 1);
    CHECK_INT(start_ms, at_ms);
    intake_fini(&intake);
}

TEST(a_dead_camera_is_not_waited_for)
{
    struct intake intake;
    int64_t start_ms = 0;
    intake_init(&intake, five_seconds, 2);
    run_two(&intake, 10, 20);
    int64_t at_ms = T + 900 + 5100;
    (void)add(&intake, 0, at_ms, at_ms + 10);
    CHECK_INT(take(&intake, at_ms + 10, &start_ms), 1);
    intake_fini(&intake);
}

TEST(a_camera_that_is_not_due_yet_is_not_waited_for)
{
    struct intake intake;
    int64_t start_ms = 0;
    intake_init(&intake, five_seconds, 2);
    for (int i = 0; i < 8; i++) { /* one picture in two seconds */
        (void)add(&intake, 1, T + 2000 * i, T + 2000 * i + 10);
        (void)add(&intake, 0, T + 2000 * i, T + 2000 * i + 10);
        CHECK(take(&intake, T + 2000 * i + 10, &start_ms) > 0);
    }
    (void)add(&intake, 0, T + 14500, T + 14510);
    CHECK_INT(take(&intake, T + 14510, &start_ms), 1);
    (void)add(&intake, 0, T + 16000, T + 16010);
    CHECK_INT(take(&intake, T + 16010, &start_ms), 0); /* now it is */
    intake_fini(&intake);
}

TEST(one_instant_in_two_messages_is_one_frame_and_one_sent_again_adds_nobody)
{
    struct intake intake;
    struct intake_step step;
    intake_init(&intake, five_seconds, 1);
    CHECK_INT(add_people(&intake, 0, T, T + 10, 1, 3), INTAKE_TAKEN);
    CHECK_INT(add_people(&intake, 0, T, T + 11, 3, 3), INTAKE_TAKEN);
    CHECK_INT(add_people(&intake, 0, T, T + 12, 1, 5), INTAKE_TWICE);
    CHECK(intake_next(&intake, T + 20, &step));
    CHECK_INT(step.frames[0].box_count, 5);
    intake_step_fini(&step);
    CHECK_INT(add_people(&intake, 0, T + 100, T + 110, -1, 2), INTAKE_TAKEN);
    CHECK_INT(add_people(&intake, 0, T + 100, T + 111, -1, 4), INTAKE_TAKEN);
    CHECK_INT(add_people(&intake, 0, T + 100, T + 112, -1, 3), INTAKE_TWICE);
    CHECK(intake_next(&intake, T + 120, &step));
    CHECK_INT(step.frames[0].box_count, 4);
    intake_step_fini(&step);
    intake_fini(&intake);
}

TEST(a_frame_never_grows_beyond_the_persons_of_a_frame)
{
    struct intake intake;
    struct intake_step step;
    intake_init(&intake, five_seconds, 1);
    for (int i = 0; i < 3; i++)
        (void)add_people(&intake, 0, T, T + 10, 1 + 4000 * i, 4000);
    CHECK(intake_next(&intake, T + 20, &step));
    CHECK_INT(step.frames[0].box_count, LIMIT_FRAME_PERSONS);
    intake_step_fini(&step);
    intake_fini(&intake);
}

TEST(when_no_more_fits_the_oldest_step_is_taken_as_complete)
{
    struct intake intake;
    int64_t start_ms = 0;
    intake_init(&intake, five_seconds, 2);
    (void)add(&intake, 1, T - 100, T);
    (void)take(&intake, T, &start_ms);
    for (int i = 0; i < INTAKE_STEPS_MAX; i++)
        (void)add(&intake, 0, T + TRACKER_STEP_MS * i, T);
    CHECK(intake_is_full(&intake));
    CHECK_INT(take(&intake, T, &start_ms), 1);
    CHECK_INT(start_ms, T);
    CHECK(!intake_is_full(&intake));
    CHECK_INT(take(&intake, T, &start_ms), 0); /* the second camera is waited for again */
    intake_fini(&intake);
}

TEST(times_before_1970_and_far_ahead_fall_into_steps_like_others)
{
    struct intake intake;
    int64_t start_ms = 0;
    intake_init(&intake, five_seconds, 1);
    (void)add(&intake, 0, -1, T);
    CHECK_INT(take(&intake, T, &start_ms), 1);
    CHECK_INT(start_ms, -TRACKER_STEP_MS);
    (void)add(&intake, 0, 1LL << 45, T + 1);
    CHECK_INT(take(&intake, T + 1, &start_ms), 1);
    CHECK_INT(add(&intake, 0, T, T + 2), INTAKE_LATE);
    intake_fini(&intake);
}

TEST(what_arrives_at_one_moment_is_looked_at_together)
{
    struct intake intake;
    struct intake_step step;
    intake_init(&intake, five_seconds, 2);
    (void)add(&intake, 0, T, T + 10);
    CHECK(!intake_next(&intake, T + 10, &step)); /* the second camera was never heard of, yet */
    (void)add(&intake, 1, T, T + 10);
    CHECK(intake_next(&intake, T + 11, &step));
    CHECK_INT(step.frame_count, 2);
    intake_step_fini(&step);
    intake_fini(&intake);
}
