// SPDX-License-Identifier: Apache-2.0
#include "crowd/tracking/stage.h"

#include "base/test.h"
#include "crowd/tracking/track.h"

/* A yard of 20 m by 20 m with a camera on a mast at three of its corners. */
static const struct camera yard[] = {
    {.id = "a", .at_x = -2, .at_y = -2, .height = 8, .look_x = 10, .look_y = 10, .focal_px = 1000},
    {.id = "b", .at_x = 22, .at_y = -2, .height = 8, .look_x = 10, .look_y = 10, .focal_px = 1000},
    {.id = "c", .at_x = 10, .at_y = 23, .height = 8, .look_x = 10, .look_y = 10, .focal_px = 1000},
};
static const struct point yard_high = {20, 20};

static void stand(struct stage *stage, const struct walker *walkers, size_t count, int steps)
{
    for (int i = 0; i < steps; i++)
        stage_step(stage, walkers, count);
}

/* Moves everybody by a velocity each, and shows it, 100 ms at a time. */
static void walk(struct stage *stage, struct walker *walkers, const struct point *velocities,
                 size_t count, int steps)
{
    for (int step = 0; step < steps; step++) {
        for (size_t i = 0; i < count; i++) {
            walkers[i].x += velocities[i].x * 0.1;
            walkers[i].y += velocities[i].y * 0.1;
        }
        stage_step(stage, walkers, count);
    }
}

static uint64_t id_at(const struct stage *stage, const struct walker *walker)
{
    const struct tracker_person *person = stage_person(stage, walker->x, walker->y);
    return person == NULL ? 0 : person->id;
}

TEST(one_person_seen_by_three_cameras_is_one_where_it_stands)
{
    struct stage stage;
    stage_open(&stage, yard, 3, yard_high);
    const struct walker walker = {.id = 1, .x = 9, .y = 11, .height = 1.7};
    stand(&stage, &walker, 1, 20);
    CHECK_INT(stage_count(&stage), 1);
    const struct tracker_person *person = stage_person(&stage, 9, 11);
    CHECK(person != NULL);
    CHECK_NEAR(person->x, 9, 0.25);
    CHECK_NEAR(person->y, 11, 0.25);
    CHECK(person->deviation_m < 0.2);
    stage_close(&stage);
}

TEST(two_people_sixty_centimetres_apart_seen_by_two_cameras_are_two)
{
    struct stage stage;
    stage_open(&stage, yard, 2, yard_high);
    stage.noise.share = 0.01;
    const struct walker pair[] = {{.id = 1, .x = 9.7, .y = 8, .height = 1.7},
                                  {.id = 2, .x = 10.3, .y = 8, .height = 1.8}};
    size_t right = 0;
    stand(&stage, pair, 2, 10);
    for (int i = 0; i < 50; i++) {
        stage_step(&stage, pair, 2);
        right += stage_count(&stage) == 2 ? 1 : 0;
    }
    CHECK(right >= 48);
    stage_close(&stage);
}

TEST(where_cameras_disagree_the_better_placed_one_weighs_more)
{
    struct stage stage;
    stage_open(&stage, yard, 2, yard_high);
    struct sighting near, far;
    struct camera_model models[2];
    struct box boxes[2];
    const struct walker walker = {.id = 1, .x = 3, .y = 3, .height = 1.7};
    const struct stage_noise exact = {0};
    for (uint32_t i = 0; i < 2; i++) {
        struct intake_frame seen = stage_see(&yard[i], i, &walker, 1, &exact, &stage.chance);
        camera_model_init(&models[i], &stage.view->devices[i]);
        CHECK_INT(seen.box_count, 1);
        boxes[i] = seen.boxes[0];
        stage_frame_fini(&seen);
    }
    boxes[1].foot_y -= 25; /* the far camera has a bad box */
    CHECK(camera_model_see(&models[0], &boxes[0], &near));
    CHECK(camera_model_see(&models[1], &boxes[1], &far));
    struct evidence sum = evidence_sum(near.evidence, far.evidence);
    struct spot spot = evidence_spot(&sum);
    double by_near = hypot(spot.x - near.spot.x, spot.y - near.spot.y);
    double by_far = hypot(spot.x - far.spot.x, spot.y - far.spot.y);
    CHECK(hypot(near.spot.x - far.spot.x, near.spot.y - far.spot.y) > 0.5);
    CHECK(by_near < by_far / 3);
    stage_close(&stage);
}

TEST(who_is_hidden_for_a_second_keeps_the_number)
{
    struct stage stage;
    stage_open(&stage, yard, 3, yard_high);
    struct walker walker = {.id = 1, .x = 4, .y = 10, .height = 1.7};
    const struct point velocity = {1.2, 0};
    walk(&stage, &walker, &velocity, 1, 40);
    uint64_t id = id_at(&stage, &walker);
    CHECK(id != 0);
    for (int i = 0; i < 10; i++) {
        walker.x += 0.12;
        stage_step(&stage, NULL, 0);
    }
    walk(&stage, &walker, &velocity, 1, 10);
    CHECK_INT(id_at(&stage, &walker), id);
    CHECK_INT(stage_count(&stage), 1);
    stage_close(&stage);
}

TEST(who_leaves_is_gone_within_two_seconds_and_is_not_told_after)
{
    struct stage stage;
    stage_open(&stage, yard, 3, yard_high);
    const struct walker walker = {.id = 1, .x = 10, .y = 10, .height = 1.7};
    stand(&stage, &walker, 1, 30);
    int64_t left_ms = stage.at_ms;
    stand(&stage, NULL, 0, 20);
    CHECK_INT(stage_count(&stage), 0);
    stand(&stage, NULL, 0, 20);
    CHECK_INT(tracker_stats(stage.tracker).people, 0);
    size_t count = 0;
    SCOPED_MEM struct tracker_fix *fixes = tracker_settle(stage.tracker, INT64_MAX, &count);
    CHECK_INT(count, 30);
    CHECK_INT(fixes[count - 1].at_ms, left_ms);
    stage_close(&stage);
}

TEST(a_stray_box_in_one_frame_is_nobody)
{
    struct stage stage;
    stage_open(&stage, yard, 3, yard_high);
    const struct walker people[] = {{.id = 1, .x = 10, .y = 10, .height = 1.7},
                                    {.id = 2, .x = 5, .y = 5, .height = 1.7}};
    stand(&stage, people, 1, 30);
    size_t told = 0, count = 0;
    stage.camera_count = 1; /* only one camera has the ghost, once */
    stage_step(&stage, people, 2);
    stage.camera_count = 3;
    SCOPED_MEM struct tracker_fix *fixes = tracker_settle(stage.tracker, stage.at_ms, &count);
    CHECK_INT(count, 31); /* all of the one who stands there, and none of the ghost */
    for (size_t i = 0; i < count; i++)
        CHECK_NEAR(fixes[i].person.x, 10, 1);
    for (int i = 0; i < 30; i++) {
        told += stage_count(&stage) > 1 ? 1 : 0;
        stage_step(&stage, people, 1);
    }
    CHECK_INT(told, 0);
    stage_close(&stage);
}

TEST(who_becomes_certain_later_is_told_from_the_first_moment)
{
    struct stage stage;
    stage_open(&stage, yard, 1, yard_high);
    const struct walker walker = {.id = 1, .x = 8, .y = 8, .height = 1.7};
    stage_step(&stage, &walker, 1);
    int64_t first_ms = stage.at_ms;
    CHECK_INT(stage_count(&stage), 0); /* one camera, one look: may be anything */
    stand(&stage, &walker, 1, 25);
    CHECK_INT(stage_count(&stage), 1);
    size_t count = 0;
    SCOPED_MEM struct tracker_fix *fixes =
        tracker_settle(stage.tracker, stage.at_ms - TRACKER_LAG_MS, &count);
    CHECK(count > 0);
    CHECK_INT(fixes[0].at_ms, first_ms);
    stage_close(&stage);
}

TEST(two_who_cross_keep_their_numbers)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct stage stage;
        stage_open(&stage, yard, 3, yard_high);
        stage.chance.state = seed;
        struct walker pair[] = {{.id = 1, .x = 5, .y = 7, .height = 1.7},
                                {.id = 2, .x = 15, .y = 7, .height = 1.7}};
        const struct point velocities[] = {{1.3, 0.6}, {-1.3, 0.6}};
        walk(&stage, pair, velocities, 2, 15);
        uint64_t first = id_at(&stage, &pair[0]), second = id_at(&stage, &pair[1]);
        CHECK(first != 0 && second != 0 && first != second);
        walk(&stage, pair, velocities, 2, 50);
        CHECK(pair[0].x > pair[1].x + 2);
        CHECK_INT(id_at(&stage, &pair[0]), first);
        CHECK_INT(id_at(&stage, &pair[1]), second);
        stage_close(&stage);
    }
}

TEST(thirty_who_walk_through_each_other_are_counted_and_mostly_keep_their_numbers)
{
    enum { PEOPLE = 30 };
    struct stage stage;
    stage_open(&stage, yard, 3, yard_high);
    stage.noise.miss = 0.1;
    struct walker people[PEOPLE];
    struct point velocities[PEOPLE];
    uint64_t ids[PEOPLE];
    for (int i = 0; i < PEOPLE; i++) {
        bool is_east = i % 2 == 0;
        people[i] = (struct walker){.id = i,
                                    .x = (is_east ? 3 : 13) + (double)(i / 2 % 4),
                                    .y = 6 + (double)(i / 8) * 2 + (is_east ? 0 : 0.7),
                                    .height = 1.6 + 0.01 * i};
        velocities[i] = (struct point){is_east ? 1.2 : -1.2, 0.05 * random_normal(&stage.chance)};
    }
    walk(&stage, people, velocities, PEOPLE, 15);
    for (int i = 0; i < PEOPLE; i++)
        ids[i] = id_at(&stage, &people[i]);
    double error = 0;
    for (int step = 0; step < 60; step++) {
        walk(&stage, people, velocities, PEOPLE, 1);
        error += fabs((double)stage_count(&stage) - PEOPLE) / 60;
    }
    CHECK(error < 0.6);
    int kept = 0;
    for (int i = 0; i < PEOPLE; i++)
        kept += ids[i] != 0 && id_at(&stage, &people[i]) == ids[i] ? 1 : 0;
    CHECK(kept >= 27);
    stage_close(&stage);
}

/* Two who meet, stand close together unseen for a while, and go back from where they came, or through. */
static int kept_numbers_of_pairs(bool has_numbers)
{
    int kept = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct stage stage;
        stage_open(&stage, yard, 1, yard_high);
        stage.chance.state = seed;
        stage.has_numbers = has_numbers;
        struct walker pair[] = {{.id = 1, .x = 8, .y = 9, .height = 1.7},
                                {.id = 2, .x = 12, .y = 9, .height = 1.7}};
        const struct point meet[] = {{1, 0}, {-1, 0}}, part[] = {{-1, 0}, {1, 0}};
        walk(&stage, pair, meet, 2, 10);
        uint64_t first = id_at(&stage, &pair[0]), second = id_at(&stage, &pair[1]);
        walk(&stage, pair, meet, 2, 9);
        walk(&stage, pair, part, 2, 15);
        kept +=
            first != second && id_at(&stage, &pair[0]) == first && id_at(&stage, &pair[1]) == second
                ? 1
                : 0;
        stage_close(&stage);
    }
    return kept;
}

TEST(a_cameras_own_number_for_a_person_helps_to_keep_it)
{
    int without = kept_numbers_of_pairs(false), with = kept_numbers_of_pairs(true);
    CHECK(with >= 11);
    CHECK(with > without);
}

TEST(who_stands_still_for_minutes_stays_one)
{
    struct stage stage;
    stage_open(&stage, yard, 3, yard_high);
    stage.noise.miss = 0.2;
    const struct walker walker = {.id = 1, .x = 12, .y = 7, .height = 1.7};
    stand(&stage, &walker, 1, 20);
    uint64_t id = id_at(&stage, &walker);
    CHECK(id != 0);
    for (int i = 0; i < 3000; i++) {
        stage_step(&stage, &walker, 1);
        CHECK_INT(stage_count(&stage), 1);
        CHECK_INT(id_at(&stage, &walker), id);
    }
    stage_close(&stage);
}

TEST(fixes_come_by_time_and_id_and_every_step_once)
{
    struct stage stage;
    stage_open(&stage, yard, 3, yard_high);
    struct walker people[] = {{.id = 1, .x = 5, .y = 5, .height = 1.7},
                              {.id = 2, .x = 15, .y = 5, .height = 1.7},
                              {.id = 3, .x = 10, .y = 15, .height = 1.7}};
    const struct point velocities[] = {{0.5, 0.3}, {-0.4, 0.5}, {0.1, -0.5}};
    int64_t before_ms = 0;
    uint64_t before_id = 0;
    size_t told = 0;
    for (int second = 0; second < 12; second++) {
        walk(&stage, people, velocities, 3, 10);
        size_t count = 0;
        int64_t until_ms = second == 11 ? INT64_MAX : stage.at_ms - TRACKER_LAG_MS;
        SCOPED_MEM struct tracker_fix *fixes = tracker_settle(stage.tracker, until_ms, &count);
        for (size_t i = 0; i < count; i++) {
            CHECK(fixes[i].at_ms > before_ms ||
                  (fixes[i].at_ms == before_ms && fixes[i].person.id > before_id));
            before_ms = fixes[i].at_ms;
            before_id = fixes[i].person.id;
        }
        told += count;
    }
    CHECK_INT(told, 3 * 120);
    stage_close(&stage);
}

static struct tracker *metres_tracker(struct venue_view *view, struct point high, uint64_t *next_id)
{
    static const uint32_t device = 0;
    return tracker_create(&(struct tracker_scope){
        .view = view, .devices = &device, .device_count = 1, .high = high, .next_id = next_id});
}

static struct tracker *sensor_tracker(struct point high, uint64_t *next_id)
{
    static const struct zone_box floor = {"floor", 0, 0, 400, 400};
    struct venue_view *view = build_view(&floor, 1, (const char *const[]){"sensor", NULL});
    struct tracker *tracker = metres_tracker(view, high, next_id);
    shared_unref(&view->shared);
    return tracker;
}

TEST(people_beyond_the_limit_are_turned_away_and_counted)
{
    uint64_t next_id = 1;
    SCOPED(tracker) tracker = sensor_tracker((struct point){400, 400}, &next_id);
    SCOPED_MEM struct box *boxes = mem_new_array(TRACKER_PEOPLE_MAX + 100, sizeof *boxes);
    for (int i = 0; i < TRACKER_PEOPLE_MAX + 100; i++)
        boxes[i] =
            (struct box){.foot_x = 1 + 2 * (double)(i % 180), .foot_y = 1 + 2 * (double)(i / 180)};
    for (int step = 1; step <= 3; step++) {
        const struct tracker_frame frame = {
            .boxes = boxes, .is_in_metres = true, .box_count = TRACKER_PEOPLE_MAX + 100};
        tracker_step(tracker, 1000 + 100 * step, &frame, 1);
        CHECK_INT(tracker_stats(tracker).people, TRACKER_PEOPLE_MAX);
        CHECK_INT(tracker_stats(tracker).turned_away, 100 * step);
    }
}

TEST(five_thousand_boxes_on_one_spot_harm_nobody_elsewhere)
{
    uint64_t next_id = 1;
    SCOPED(tracker) tracker = sensor_tracker((struct point){40, 40}, &next_id);
    SCOPED_MEM struct box *boxes = mem_new_array(5000, sizeof *boxes);
    for (int i = 0; i < 5000; i++)
        boxes[i] = (struct box){.foot_x = 10, .foot_y = 10};
    boxes[4999] = (struct box){.foot_x = 30, .foot_y = 30};
    size_t count = 0;
    bool is_there = false;
    for (int step = 1; step <= 4; step++) {
        const struct tracker_frame frame = {
            .boxes = boxes, .is_in_metres = true, .box_count = 5000};
        tracker_step(tracker, 1000 + 500 * step, &frame, 1);
    }
    const struct tracker_person *people = tracker_people(tracker, &count);
    for (size_t i = 0; i < count; i++)
        is_there |= hypot(people[i].x - 30, people[i].y - 30) < 0.5;
    CHECK(is_there);
}

TEST(boxes_at_the_horizon_and_beyond_the_venue_have_no_place)
{
    struct stage stage;
    stage_open(&stage, yard, 1, yard_high);
    const struct box boxes[] = {{.foot_x = 900, .foot_y = 1, .width = 4, .height = 9},
                                {.foot_x = NAN, .foot_y = 600, .width = 40, .height = 90},
                                {.foot_x = 1e9, .foot_y = 1e9, .width = 1e9, .height = 1e9},
                                {.foot_x = 960, .foot_y = 540, .width = 1e7, .height = 1e7}};
    const struct tracker_frame frame = {.boxes = boxes, .box_count = COUNT_OF(boxes)};
    for (int step = 1; step <= 30; step++)
        tracker_step(stage.tracker, 100 * step, &frame, 1);
    CHECK_INT(tracker_stats(stage.tracker).unplaced, 30 * COUNT_OF(boxes));
    CHECK_INT(tracker_stats(stage.tracker).people, 0);
    stage_close(&stage);
}

TEST(after_hours_without_a_picture_people_are_others)
{
    struct stage stage;
    stage_open(&stage, yard, 3, yard_high);
    const struct walker walker = {.id = 1, .x = 10, .y = 10, .height = 1.7};
    stand(&stage, &walker, 1, 30);
    uint64_t id = id_at(&stage, &walker);
    for (int64_t hours = 1; hours < 100000; hours *= 30) {
        stage.at_ms += hours * 3600000;
        stand(&stage, &walker, 1, 30);
        CHECK_INT(stage_count(&stage), 1);
        CHECK(id_at(&stage, &walker) != 0 && id_at(&stage, &walker) != id);
        id = id_at(&stage, &walker);
    }
    stage_close(&stage);
}

/* The far corner is in the picture of one camera only, which sends a picture every two seconds. */
TEST(where_only_a_slow_camera_looks_people_are_counted_between_its_pictures)
{
    static const struct camera two[] = {
        {.id = "fast",
         .at_x = -2,
         .at_y = 10,
         .height = 15,
         .look_x = 6,
         .look_y = 10,
         .focal_px = 1600},
        {.id = "slow",
         .at_x = 10,
         .at_y = -2,
         .height = 15,
         .look_x = 10,
         .look_y = 12,
         .focal_px = 1000},
    };
    struct stage stage;
    stage_open(&stage, two, 2, yard_high);
    const struct walker people[] = {{.id = 1, .x = 6, .y = 10, .height = 1.7},
                                    {.id = 2, .x = 16, .y = 12, .height = 1.7}};
    size_t told = 0, steps = 0;
    struct intake_frame seen = stage_see(&two[0], 0, &people[1], 1, &stage.noise, &stage.chance);
    CHECK_INT(seen.box_count, 0);
    stage_frame_fini(&seen);
    for (int step = 0; step < 300; step++) {
        stage.camera_count = step % 20 == 0 ? 2 : 1;
        stage_step(&stage, people, 2);
        if (step < 100)
            continue;
        steps++;
        told += stage_person(&stage, 16, 12) != NULL ? 1 : 0;
    }
    CHECK_INT(told, steps);
    size_t count = 0, second = 0;
    SCOPED_MEM struct tracker_fix *fixes = tracker_settle(stage.tracker, INT64_MAX, &count);
    for (size_t i = 0; i < count; i++)
        second += fabs(fixes[i].person.x - 16) < 1 ? 1 : 0;
    CHECK(second >= TRACK_FIXES - 1); /* the ring is full: nothing was settled before */
    stage_close(&stage);
}

TEST(who_is_reported_far_outside_has_no_place_and_at_the_edge_is_nobody)
{
    uint64_t next_id = 1;
    SCOPED(tracker) tracker = sensor_tracker((struct point){20, 20}, &next_id);
    const struct box boxes[] = {{.foot_x = 10, .foot_y = 10},
                                {.foot_x = 22, .foot_y = 10},
                                {.foot_x = 30, .foot_y = 10},
                                {.foot_x = 10, .foot_y = -1e6}};
    const struct tracker_frame frame = {.boxes = boxes, .is_in_metres = true, .box_count = 4};
    for (int step = 1; step <= 20; step++)
        tracker_step(tracker, 100 * step, &frame, 1);
    CHECK_INT(tracker_stats(tracker).unplaced, 2 * 20);
    CHECK_INT(tracker_stats(tracker).people, 1);
}

/* Nobody comes and nobody goes: that many stand there stays the likeliest. */
static void stand_still(int count, double apart_m, int period_ms)
{
    uint64_t next_id = 1;
    size_t told = 0;
    SCOPED(tracker) tracker = sensor_tracker((struct point){40, 40}, &next_id);
    SCOPED_MEM struct box *boxes = mem_new_array((size_t)count, sizeof *boxes);
    for (int i = 0; i < count; i++)
        boxes[i] =
            (struct box){.foot_x = 2 + apart_m * (i % 8), .foot_y = 2 + apart_m * (double)(i / 8)};
    for (int at_ms = period_ms; at_ms <= 120000; at_ms += period_ms) {
        const struct tracker_frame frame = {
            .boxes = boxes, .is_in_metres = true, .box_count = (size_t)count};
        tracker_step(tracker, at_ms, &frame, 1);
    }
    (void)tracker_people(tracker, &told);
    CHECK_INT(told, count);
    CHECK_INT(next_id, count + 1);
}

TEST(who_stands_still_is_the_same_person_also_where_a_picture_comes_each_second)
{
    stand_still(60, 1.5, 1000);
    stand_still(20, 0.5, 1000);
    stand_still(60, 1.0, 500);
    stand_still(60, 1.5, 100);
}
