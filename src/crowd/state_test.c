// SPDX-License-Identifier: Apache-2.0
#include "crowd/state.h"

#include "base/random.h"
#include "base/test.h"
#include "crowd/builders.h"
#include "crowd/count/decide.h"

#include <math.h>

static const struct zone_box BOXES[] = {{"bar", 0, 0, 10, 10}, {"stage", 10, 0, 30, 10}};
static const char *const CAMERAS[] = {"cam-1", "cam-2", NULL};
static const struct point IN_BAR[] = {{1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}};
static const struct point IN_STAGE[] = {{11, 1}, {12, 2}, {13, 3}};
static const int64_t T = 1000000; /* the second 1000 begins */

static struct venue_state *new_state(void)
{
    struct venue_view *view = build_view(BOXES, COUNT_OF(BOXES), CAMERAS);
    struct venue_state *state = venue_state_create(view, 0, 2000);
    shared_unref(&view->shared);
    return state;
}

static void see(struct venue_state *state, const char *camera, int64_t at_ms,
                const struct point *people, size_t count)
{
    (void)build_take(state, build_batch(camera, (int64_t[]){at_ms, 0}, people, count), at_ms + 20,
                     1);
}

/* As if the camera had stood there for long. */
static void covers(struct venue_state *state, const char *camera, const char *zone)
{
    venue_state_cover(state, camera, zone);
}

static struct crowd_zone_state zone_of(const struct venue_state *state, int64_t now_ms, size_t zone)
{
    struct crowd_picture *picture = venue_state_picture(state, now_ms, NULL);
    struct crowd_zone_state found = picture->zones[zone];
    shared_unref(&picture->shared);
    return found;
}

static int64_t total_of(const struct venue_state *state, int64_t now_ms)
{
    struct crowd_picture *picture = venue_state_picture(state, now_ms, NULL);
    int64_t total = picture->people;
    shared_unref(&picture->shared);
    return total;
}

static struct crowd_device_state device_of(const struct venue_state *state, int64_t now_ms,
                                           size_t device)
{
    struct crowd_picture *picture = venue_state_picture(state, now_ms, NULL);
    struct crowd_device_state found = picture->devices[device];
    shared_unref(&picture->shared);
    return found;
}

static struct second_result decide(const struct venue_state *state, int64_t now_ms,
                                   int64_t people[2])
{
    struct second *second = seconds_due((struct seconds *)&state->seconds, now_ms);
    struct second_result result = {.people = people, .total = -2};
    assert(second != NULL);
    second_decide(state, second, &result);
    return result;
}

TEST(two_cameras_that_see_the_same_people_do_not_add_up)
{
    SCOPED(venue_state) crowd = new_state();
    see(crowd, "cam-1", T, IN_BAR, 5);
    see(crowd, "cam-2", T + 10, IN_BAR, 4);
    struct crowd_zone_state bar = zone_of(crowd, T + 50, 0);
    CHECK_INT(bar.people, 5);
    CHECK_INT(bar.cameras, 2);
    CHECK_NEAR(bar.density_m2, 0.05, 1e-12);
    CHECK_INT(total_of(crowd, T + 50), 5);
}

TEST(cameras_of_different_zones_add_up_in_the_venue)
{
    SCOPED(venue_state) crowd = new_state();
    see(crowd, "cam-1", T, IN_BAR, 5);
    see(crowd, "cam-2", T, IN_STAGE, 3);
    CHECK_INT(zone_of(crowd, T + 50, 1).people, 3);
    CHECK_INT(zone_of(crowd, T + 50, 1).seen_ms, T);
    CHECK_INT(total_of(crowd, T + 50), 8);
}

TEST(who_stands_in_two_zones_counts_once_in_the_venue)
{
    const struct zone_box nested[] = {{"all", 0, 0, 10, 10}, {"part", 0, 0, 3.5, 3.5}};
    struct venue_view *view = build_view(nested, 2, CAMERAS);
    SCOPED(venue_state) crowd = venue_state_create(view, 0, 2000);
    shared_unref(&view->shared);
    see(crowd, "cam-1", T, IN_BAR, 5);
    CHECK_INT(zone_of(crowd, T + 50, 0).people, 5);
    CHECK_INT(zone_of(crowd, T + 50, 1).people, 3);
    CHECK_INT(total_of(crowd, T + 50), 5);
}

TEST(a_zone_without_a_living_camera_is_unknown_and_never_empty)
{
    SCOPED(venue_state) crowd = new_state();
    covers(crowd, "cam-1", "bar");
    covers(crowd, "cam-2", "stage");
    see(crowd, "cam-1", T, NULL, 0);
    see(crowd, "cam-2", T, NULL, 0);
    CHECK_INT(zone_of(crowd, T + 4000, 0).people, 0);
    CHECK_INT(zone_of(crowd, T + 4000, 0).level, CROWD_LEVEL_GREEN);
    see(crowd, "cam-1", T + 4000, NULL, 0);
    /* Camera 2 has been silent for more than five seconds, camera 1 has not. */
    CHECK_INT(zone_of(crowd, T + 6000, 0).people, 0);
    CHECK_INT(zone_of(crowd, T + 6000, 1).people, CROWD_UNKNOWN);
    CHECK_INT(zone_of(crowd, T + 6000, 1).level, CROWD_LEVEL_UNKNOWN);
    CHECK_INT(zone_of(crowd, T + 6000, 1).cameras, 0);
    CHECK_INT(total_of(crowd, T + 20000), CROWD_UNKNOWN);
}

TEST(one_silent_camera_of_two_over_a_zone_is_told)
{
    SCOPED(venue_state) crowd = new_state();
    covers(crowd, "cam-1", "bar");
    covers(crowd, "cam-2", "bar");
    see(crowd, "cam-1", T, IN_BAR, 5);
    see(crowd, "cam-2", T, IN_BAR, 5);
    CHECK_INT(zone_of(crowd, T + 50, 0).cameras, 2);
    CHECK_INT(zone_of(crowd, T + 50, 0).cameras_expected, 2);
    see(crowd, "cam-1", T + 6000, IN_BAR, 5);
    CHECK_INT(zone_of(crowd, T + 6050, 0).cameras, 1);
    CHECK_INT(zone_of(crowd, T + 6050, 0).cameras_expected, 2);
    CHECK_INT(zone_of(crowd, T + 60000, 0).cameras, 0);
    CHECK_INT(zone_of(crowd, T + 60000, 0).cameras_expected, 2);
    CHECK_INT(zone_of(crowd, T + 6050, 1).cameras_expected, 0);
    /* In history, too: in the first second both, in the last one of them. */
    int64_t people[2];
    const int64_t ends_ms[] = {T + 3000, T + 9000};
    for (uint16_t silent = 0; silent < 2; silent++) {
        struct zone_cameras cameras[2] = {{0}};
        struct second_result result = {.people = people, .cameras = cameras};
        struct second *second = seconds_due(&crowd->seconds, ends_ms[silent]);
        second_decide(crowd, second, &result);
        CHECK_INT(cameras[0].heard, 2 - silent);
        CHECK_INT(cameras[0].silent, silent);
        CHECK_INT(cameras[1].heard + cameras[1].silent, 0);
        second->is_taken = true;
        seconds_settle(&crowd->seconds);
    }
}

TEST(a_counter_is_not_missed_among_the_cameras_of_a_zone)
{
    struct venue_view *view = build_view(BOXES, COUNT_OF(BOXES), CAMERAS);
    view->devices[1].kind = DEVICE_COUNTER;
    view->devices[1].sees = mem_copy((uint32_t[]){0}, sizeof(uint32_t));
    view->devices[1].sees_count = 1;
    SCOPED(venue_state) crowd = venue_state_create(view, 0, 2000);
    shared_unref(&view->shared);
    CHECK_INT(zone_of(crowd, T, 0).cameras_expected, 0);
}

TEST(how_far_a_clock_is_off_is_known_of_the_newest_message)
{
    SCOPED(venue_state) crowd = new_state();
    CHECK(device_of(crowd, T, 0).clock_ahead_ms == CROWD_CLOCK_UNKNOWN);
    (void)build_take(crowd, build_batch("cam-1", (int64_t[]){T, T + 8000, 0}, IN_BAR, 5), T, 1);
    CHECK_INT(device_of(crowd, T, 0).clock_ahead_ms, 8000);
    (void)build_take(crowd, build_batch("cam-1", (int64_t[]){T - 60000, 0}, IN_BAR, 5), T + 10, 2);
    CHECK_INT(device_of(crowd, T, 0).clock_ahead_ms, -60010);
    CHECK(device_of(crowd, T, 1).clock_ahead_ms == CROWD_CLOCK_UNKNOWN);
}

TEST(a_camera_is_learned_to_cover_a_zone_after_three_sightings)
{
    SCOPED(venue_state) crowd = new_state();
    for (int i = 0; i < COVERAGE_SIGHTINGS; i++) {
        CHECK_INT(crowd->coverage.learned_count, 0);
        see(crowd, "cam-1", T + i, IN_BAR, 1);
    }
    CHECK_INT(crowd->coverage.learned_count, 1);
    see(crowd, "cam-1", T + 100, NULL, 0);
    CHECK_INT(zone_of(crowd, T + 150, 0).people, 0);
    CHECK_INT(zone_of(crowd, T + 150, 1).people, CROWD_UNKNOWN);
}

TEST(levels_change_at_their_thresholds)
{
    const struct zone zone = {.amber_m2 = 2, .orange_m2 = 3.5, .red_m2 = 5};
    CHECK_INT(crowd_level_decide(&zone, 1.999), CROWD_LEVEL_GREEN);
    CHECK_INT(crowd_level_decide(&zone, 2), CROWD_LEVEL_AMBER);
    CHECK_INT(crowd_level_decide(&zone, 3.5), CROWD_LEVEL_ORANGE);
    CHECK_INT(crowd_level_decide(&zone, 4.999), CROWD_LEVEL_ORANGE);
    CHECK_INT(crowd_level_decide(&zone, 5), CROWD_LEVEL_RED);
}

TEST(a_second_is_the_median_frame_of_the_largest_camera)
{
    SCOPED(venue_state) crowd = new_state();
    see(crowd, "cam-1", T, IN_BAR, 5); /* a flicker */
    see(crowd, "cam-1", T + 100, IN_BAR, 2);
    see(crowd, "cam-1", T + 200, IN_BAR, 2);
    see(crowd, "cam-1", T + 300, NULL, 0); /* another */
    see(crowd, "cam-1", T + 400, IN_BAR, 2);
    see(crowd, "cam-2", T + 500, IN_BAR, 1);
    int64_t people[2];
    struct second_result result = decide(crowd, T + 3000, people);
    CHECK_INT(people[0], 2);
    CHECK_INT(people[1], CROWD_UNKNOWN);
    CHECK_INT(result.total, 2);
}

TEST(a_second_is_decided_two_seconds_after_its_end)
{
    SCOPED(venue_state) crowd = new_state();
    see(crowd, "cam-1", T, IN_BAR, 5);
    CHECK(seconds_due(&crowd->seconds, T + 2999) == NULL);
    CHECK(seconds_due(&crowd->seconds, T + 3000) != NULL);
}

TEST(the_same_frame_again_changes_nothing)
{
    SCOPED(venue_state) crowd = new_state();
    see(crowd, "cam-1", T, IN_BAR, 5);
    see(crowd, "cam-1", T, IN_BAR, 5);
    int64_t people[2];
    CHECK_INT(decide(crowd, T + 3000, people).total, 5);
    seconds_due(&crowd->seconds, T + 3000)->is_taken = true;
    seconds_settle(&crowd->seconds);
    see(crowd, "cam-1", T, IN_BAR, 5);
    CHECK(seconds_due(&crowd->seconds, T + 99999) == NULL);
}

/* SceneScape may split an instant over several messages; tracks are the places in IN_BAR. */
static void see_part(struct venue_state *state, int64_t at_ms, size_t from, size_t to)
{
    struct detection_batch *batch =
        build_batch("cam-1", (int64_t[]){at_ms, 0}, &IN_BAR[from], to - from);
    for (size_t i = 0; i < batch->person_count; i++)
        batch->track[i] = (int64_t)(from + i);
    (void)build_take(state, batch, at_ms + 20, 1);
}

TEST(an_instant_in_two_messages_is_one_frame_of_all_its_people)
{
    SCOPED(venue_state) crowd = new_state();
    see_part(crowd, T, 0, 2);
    see_part(crowd, T, 2, 5);
    CHECK_INT(zone_of(crowd, T + 50, 0).people, 5);
    CHECK_INT(crowd->cameras[0].dot_count, 5);
    int64_t people[2];
    CHECK_INT(decide(crowd, T + 3000, people).total, 5);
}

TEST(of_messages_that_overlap_everybody_counts_once)
{
    SCOPED(venue_state) crowd = new_state();
    see_part(crowd, T, 0, 3);
    see_part(crowd, T, 2, 4);
    see_part(crowd, T, 0, 4); /* all of it once more */
    see_part(crowd, T, 1, 5);
    CHECK_INT(zone_of(crowd, T + 50, 0).people, 5);
    CHECK_INT(crowd->cameras[0].dot_count, 5);
    int64_t people[2];
    CHECK_INT(decide(crowd, T + 3000, people).total, 5);
}

TEST(who_has_no_track_is_known_by_the_box)
{
    SCOPED(venue_state) crowd = new_state();
    for (size_t to = 3; to <= 5; to += 2) {
        struct detection_batch *batch = build_batch("cam-1", (int64_t[]){T, 0}, IN_BAR, to);
        for (size_t i = 0; i < to; i++)
            batch->track[i] = -1;
        (void)build_take(crowd, batch, T + 20, 1);
    }
    CHECK_INT(zone_of(crowd, T + 50, 0).people, 5);
}

TEST(the_other_half_of_a_written_second_corrects_it)
{
    SCOPED(venue_state) crowd = new_state();
    see_part(crowd, T, 0, 2);
    seconds_due(&crowd->seconds, T + 3000)->is_taken = true;
    seconds_settle(&crowd->seconds);
    see_part(crowd, T, 2, 5);
    int64_t people[2];
    CHECK_INT(decide(crowd, T + 9000, people).total, 5);
}

TEST(an_instant_holds_no_more_people_than_a_frame)
{
    SCOPED(venue_state) crowd = new_state();
    SCOPED_MEM struct point *people = mem_new_array(LIMIT_FRAME_PERSONS, sizeof *people);
    for (size_t i = 0; i < LIMIT_FRAME_PERSONS; i++)
        people[i] = IN_BAR[0];
    for (int64_t part = 0; part < 3; part++) {
        struct detection_batch *batch =
            build_batch("cam-1", (int64_t[]){T, 0}, people, LIMIT_FRAME_PERSONS - 10);
        for (size_t i = 0; i < batch->person_count; i++)
            batch->track[i] += part << 32;
        (void)build_take(crowd, batch, T + 20, 1);
    }
    CHECK_INT(zone_of(crowd, T + 50, 0).people, LIMIT_FRAME_PERSONS);
    CHECK_INT(crowd->cameras[0].dot_count, LIMIT_FRAME_PERSONS);
}

TEST(a_late_frame_corrects_its_second_with_all_that_was_known)
{
    SCOPED(venue_state) crowd = new_state();
    see(crowd, "cam-1", T, IN_BAR, 5);
    seconds_due(&crowd->seconds, T + 3000)->is_taken = true;
    seconds_settle(&crowd->seconds);
    CHECK(seconds_due(&crowd->seconds, T + 9000) == NULL);
    (void)build_take(crowd, build_batch("cam-2", (int64_t[]){T + 500, 0}, IN_STAGE, 3), T + 9000,
                     2);
    int64_t people[2];
    CHECK_INT(decide(crowd, T + 11000, people).total, 8);
    CHECK_INT(people[0], 5);
    CHECK_INT(people[1], 3);
}

TEST(what_is_older_than_silence_updates_history_but_not_the_live_picture)
{
    SCOPED(venue_state) crowd = new_state();
    CHECK(!build_take(crowd, build_batch("cam-1", (int64_t[]){T - 60000, 0}, IN_BAR, 5), T, 1));
    CHECK_INT(zone_of(crowd, T + 10, 0).people, CROWD_UNKNOWN);
    int64_t people[2];
    CHECK_INT(decide(crowd, T + 2000, people).total, 5);
    struct crowd_picture *picture = venue_state_picture(crowd, T + 10, NULL);
    CHECK(!picture->devices[0].is_silent); /* it was heard, after all */
    shared_unref(&picture->shared);
}

TEST(a_frame_from_the_future_is_left_out)
{
    SCOPED(venue_state) crowd = new_state();
    (void)build_take(crowd, build_batch("cam-1", (int64_t[]){T + 10001, 0}, IN_BAR, 5), T, 1);
    CHECK(seconds_due(&crowd->seconds, INT64_MAX) == NULL);
}

TEST(a_last_frame_from_the_future_does_not_hide_those_before)
{
    SCOPED(venue_state) crowd = new_state();
    const int64_t times[] = {T, T + 100, T + 200 + LIMIT_FRAME_AHEAD_MS + 1, 0};
    CHECK(build_take(crowd, build_batch("cam-1", times, IN_BAR, 5), T + 200, 1));
    CHECK_INT(zone_of(crowd, T + 250, 0).people, 5);
    CHECK_INT(crowd->cameras[0].frame->at_ms, T + 100);
    CHECK_INT(crowd->cameras[0].dot_count, 5);
}

TEST(an_older_frame_never_replaces_a_newer_one_in_the_live_picture)
{
    SCOPED(venue_state) crowd = new_state();
    see(crowd, "cam-1", T + 900, IN_BAR, 2);
    see(crowd, "cam-1", T + 100, IN_BAR, 5);
    CHECK_INT(zone_of(crowd, T + 1000, 0).people, 2);
}

TEST(a_slow_camera_stands_for_the_seconds_between_its_frames)
{
    SCOPED(venue_state) crowd = new_state();
    covers(crowd, "cam-2", "stage");
    see(crowd, "cam-1", T, IN_BAR, 4);
    see(crowd, "cam-2", T + 4000, NULL, 0);
    seconds_due(&crowd->seconds, T + 3000)->is_taken = true;
    seconds_settle(&crowd->seconds);
    int64_t people[2];
    CHECK_INT(decide(crowd, T + 7000, people).total, 4);
    see(crowd, "cam-2", T + 5000, NULL, 0);
    seconds_due(&crowd->seconds, T + 7000)->is_taken = true;
    seconds_settle(&crowd->seconds);
    CHECK_INT(decide(crowd, T + 8000, people).total, 0);
    CHECK_INT(people[0], CROWD_UNKNOWN); /* 6 s after its last frame */
}

TEST(what_is_still_needed_holds_the_position_back)
{
    SCOPED(venue_state) crowd = new_state();
    CHECK_INT(seconds_oldest_position(&crowd->seconds), INT64_MAX);
    (void)build_take(crowd, build_batch("cam-1", (int64_t[]){T, 0}, IN_BAR, 5), T, 17);
    (void)build_take(crowd, build_batch("cam-1", (int64_t[]){T + 1000, 0}, IN_BAR, 5), T + 1000,
                     18);
    CHECK_INT(seconds_oldest_position(&crowd->seconds), 17);
    seconds_due(&crowd->seconds, T + 3000)->is_taken = true;
    CHECK_INT(seconds_oldest_position(&crowd->seconds), 18);
    seconds_settle(&crowd->seconds);
    CHECK_INT(seconds_oldest_position(&crowd->seconds), 18);
}

TEST(a_forgotten_second_that_comes_back_is_only_a_part)
{
    SCOPED(venue_state) crowd = new_state();
    see(crowd, "cam-1", T, IN_BAR, 5);
    CHECK(!seconds_due(&crowd->seconds, T + 3000)->is_partial);
    seconds_due(&crowd->seconds, T + 3000)->is_taken = true;
    seconds_settle(&crowd->seconds);
    seconds_forget(&crowd->seconds, T + 1000 + SECONDS_KEEP_MS);
    CHECK_INT(crowd->seconds.count, 0);
    (void)build_take(crowd, build_batch("cam-2", (int64_t[]){T + 1, 0}, IN_BAR, 1), T + 40000, 2);
    CHECK(seconds_due(&crowd->seconds, T + 50000)->is_partial);
}

TEST(a_window_that_is_full_lets_go_of_the_oldest_that_is_written)
{
    SCOPED(venue_state) crowd = new_state();
    struct seconds *seconds = &crowd->seconds;
    for (int64_t s = 0; s <= LIMIT_CROWD_SECONDS; s++) {
        CHECK(!seconds_is_full(seconds));
        see(crowd, "cam-1", T + 1000 * s, IN_BAR, 1);
    }
    CHECK(seconds_is_full(seconds));
    seconds_forget(seconds, T);
    CHECK_INT(seconds->count, LIMIT_CROWD_SECONDS + 1); /* nothing is written yet */
    size_t place = 0;
    CHECK(seconds_next_due(seconds, INT64_MAX, &place)->s == 1000);
    struct second *second = seconds_next_due(seconds, INT64_MAX, &place);
    CHECK_INT(second->s, 1001);
    second->is_taken = true;
    seconds_settle(seconds);
    seconds_forget(seconds, T);
    CHECK_INT(seconds->count, LIMIT_CROWD_SECONDS);
    CHECK(seconds_find(seconds, 1001) == NULL && seconds_find(seconds, 1000) != NULL);
    CHECK(!seconds_is_full(seconds));
}

TEST(a_window_is_full_by_its_bytes_too_and_they_are_counted_as_they_go)
{
    SCOPED(venue_state) crowd = new_state();
    struct seconds *seconds = &crowd->seconds;
    see_part(crowd, T, 0, 2);
    size_t one = seconds->bytes;
    CHECK(one > 0);
    see_part(crowd, T, 2, 5);
    CHECK(seconds->bytes > one); /* joined: not twice */
    CHECK_INT(seconds->bytes, frame_bytes(seconds->all[0]->cameras[0].frames[0]));
    see(crowd, "cam-2", T + 1000, IN_BAR, 5);
    seconds->bytes += LIMIT_CROWD_WINDOW_BYTES; /* as if */
    CHECK(seconds_is_full(seconds));
    seconds->bytes -= LIMIT_CROWD_WINDOW_BYTES;
    struct venue_view *view = build_view(BOXES, COUNT_OF(BOXES), (const char *[]){"cam-2", NULL});
    venue_state_move(crowd, view);
    shared_unref(&view->shared);
    CHECK_INT(seconds->bytes, frame_bytes(seconds->all[1]->cameras[0].frames[0]));
    seconds_due(seconds, INT64_MAX)->is_taken = true;
    seconds_due(seconds, INT64_MAX)->is_taken = true;
    seconds_settle(seconds);
    seconds_forget(seconds, INT64_MAX);
    CHECK_INT(seconds->bytes, 0);
}

TEST(windows_of_all_venues_share_a_limit_and_the_largest_gives_way)
{
    struct seconds_total total = {.bytes_max = SIZE_MAX}; /* outlives both */
    struct venue_state *small = new_state();
    SCOPED(venue_state) large = new_state();
    seconds_share(&small->seconds, &total);
    seconds_share(&large->seconds, &total);
    see(small, "cam-1", T, IN_STAGE, 1);
    for (int i = 0; i < 10; i++)
        see(large, "cam-1", T + 1000 * i, IN_STAGE, 3);
    CHECK_INT(total.windows, 2);
    CHECK_INT(total.bytes, small->seconds.bytes + large->seconds.bytes);
    CHECK(!seconds_is_full(&large->seconds));
    total.bytes_max = total.bytes - 1;
    CHECK(seconds_is_full(&large->seconds));
    CHECK(!seconds_is_full(&small->seconds)); /* it holds less than its half */

    for (struct second *second; (second = seconds_due(&large->seconds, INT64_MAX)) != NULL;)
        second->is_taken = true;
    seconds_settle(&large->seconds);
    seconds_forget(&large->seconds, T);
    CHECK(!seconds_is_full(&large->seconds));
    CHECK_INT(large->seconds.count, 9); /* the oldest made room enough */
    CHECK_INT(total.bytes, small->seconds.bytes + large->seconds.bytes);
    venue_state_destroy(small);
    CHECK_INT(total.windows, 1);
    CHECK_INT(total.bytes, large->seconds.bytes);
    struct venue_view *view = build_view(BOXES, COUNT_OF(BOXES), (const char *[]){"cam-2", NULL});
    venue_state_move(large, view);
    shared_unref(&view->shared);
    CHECK_INT(total.bytes, large->seconds.bytes);
}

TEST(a_change_of_the_venue_keeps_what_is_known)
{
    SCOPED(venue_state) crowd = new_state();
    see(crowd, "cam-2", T, IN_BAR, 5);
    see(crowd, "cam-1", T, IN_STAGE, 3);
    /* A zone and a camera before the old ones, the stage smaller, camera 1 gone. */
    const struct zone_box boxes[] = {
        {"aaa", 50, 50, 60, 60}, {"bar", 0, 0, 10, 10}, {"stage", 20, 0, 30, 10}};
    const char *const cameras[] = {"cam-0", "cam-2", NULL};
    struct venue_view *view = build_view(boxes, 3, cameras);
    venue_state_move(crowd, view);
    shared_unref(&view->shared);
    CHECK_INT(zone_of(crowd, T + 50, 1).people, 5);
    CHECK_INT(zone_of(crowd, T + 50, 2).people, CROWD_UNKNOWN);
    CHECK_INT(total_of(crowd, T + 50), 5);
    int64_t people[3];
    struct second_result result = {.people = people};
    struct second *second = seconds_due(&crowd->seconds, T + 3000);
    second_decide(crowd, second, &result);
    CHECK_INT(people[1], 5);
    CHECK_INT(people[2], CROWD_UNKNOWN);
}

/* --- against a model that keeps every frame and looks at all of it every time --- */

struct model_frame {
    int camera;
    int64_t at_ms;
    struct point people[12];
    int64_t tracks[12];
    size_t count;
};

static struct model_frame *model_frame_of(struct model_frame *frames, size_t *inout_count,
                                          const struct model_frame *message)
{
    for (size_t f = 0; f < *inout_count; f++) {
        if (frames[f].camera == message->camera && frames[f].at_ms == message->at_ms)
            return &frames[f];
    }
    frames[*inout_count] = (struct model_frame){.camera = message->camera, .at_ms = message->at_ms};
    return &frames[(*inout_count)++];
}

/* Of two with one track the first stays, in the message too: as at the door. */
static void model_join(struct model_frame *frame, struct model_frame *message)
{
    size_t kept = 0;
    for (size_t p = 0; p < message->count; p++) {
        bool is_double = false;
        for (size_t k = 0; k < kept; k++)
            is_double |= message->tracks[k] == message->tracks[p];
        if (is_double)
            continue;
        message->tracks[kept] = message->tracks[p];
        message->people[kept++] = message->people[p];
    }
    message->count = kept;
    size_t before = frame->count;
    for (size_t p = 0; p < kept; p++) {
        bool is_known = false;
        for (size_t k = 0; k < before; k++)
            is_known |= frame->tracks[k] == message->tracks[p];
        if (is_known)
            continue;
        frame->tracks[frame->count] = message->tracks[p];
        frame->people[frame->count++] = message->people[p];
    }
}

static void see_tracks(struct venue_state *state, const struct model_frame *message)
{
    struct detection_batch *batch = build_batch(
        CAMERAS[message->camera], (int64_t[]){message->at_ms, 0}, message->people, message->count);
    memcpy(batch->track, message->tracks, message->count * sizeof *batch->track);
    (void)build_take(state, batch, message->at_ms + 20, 1);
}

static int model_median(const struct model_frame *frames, size_t count, int camera, int64_t s,
                        size_t zone, const struct venue_view *view)
{
    int seen[64] = {0}, frames_seen = 0, above = 0;
    for (size_t f = 0; f < count; f++) {
        if (frames[f].camera != camera || frames[f].at_ms / 1000 != s)
            continue;
        for (size_t i = 0; i < frames[f].count; i++)
            seen[frames_seen] += polygon_contains(view->zones[zone].ring,
                                                  view->zones[zone].ring_len, frames[f].people[i]);
        frames_seen++;
    }
    /* The largest value that at least half of the frames reach. */
    int value = 0;
    for (int candidate = 1; candidate <= 12; candidate++) {
        above = 0;
        for (int f = 0; f < frames_seen; f++)
            above += seen[f] >= candidate;
        if (frames_seen > 0 && 2 * above >= frames_seen + (frames_seen & 1))
            value = candidate;
    }
    return value;
}

TEST(seconds_agree_with_a_model_that_remembers_everything)
{
    struct random_sequence random = {.state = 7};
    for (int round = 0; round < 30; round++) {
        SCOPED(venue_state) crowd = new_state();
        covers(crowd, "cam-1", "bar");
        covers(crowd, "cam-1", "stage");
        struct model_frame frames[200];
        size_t count = 0;
        for (int i = 0; i < 60; i++) {
            struct model_frame frame = {.camera = (int)random_below(&random, 2)};
            frame.at_ms = T + (int64_t)random_below(&random, 40) * 50; /* often again */
            frame.count = random_below(&random, 8);
            for (size_t p = 0; p < frame.count; p++) /* whole metres: often on a border */
                frame.people[p] = (struct point){(double)random_below(&random, 32) - 1,
                                                 (double)random_below(&random, 12) - 1};
            for (size_t p = 0; p < frame.count; p++)
                frame.tracks[p] = (int64_t)random_below(&random, 12);
            struct model_frame *known = model_frame_of(frames, &count, &frame);
            model_join(known, &frame);
            see_tracks(crowd, &frame);
        }
        for (size_t s = 0; s < crowd->seconds.count; s++) {
            const struct second *second = crowd->seconds.all[s];
            if (second->camera_count < 2)
                continue; /* the other camera's earlier frames would speak: another test */
            int64_t people[2];
            struct second_result result = {.people = people};
            second_decide(crowd, second, &result);
            for (size_t z = 0; z < 2; z++) {
                int a = model_median(frames, count, 0, second->s, z, venue_state_view(crowd));
                int b = model_median(frames, count, 1, second->s, z, venue_state_view(crowd));
                CHECK_INT(people[z], MAX(a, b));
            }
        }
    }
}
