// SPDX-License-Identifier: Apache-2.0
#include "crowd/tracking/relay.h"

#include "base/test.h"
#include "crowd/builders.h"

#include <math.h>

/* A hall of 20 m by 10 m, in which one device tells who is where. */
struct hall {
    struct venue_view *view;
    struct tracker *tracker;
    uint64_t next_id;
    int64_t at_ms;
};

static struct hall *open_hall(void)
{
    static const struct zone_box BOXES[] = {{"hall", 0, 0, 20, 10}};
    struct hall *hall = mem_new(sizeof *hall);
    *hall = (struct hall){.view = build_view(BOXES, 1, (const char *const[]){"lidar", NULL}),
                          .next_id = 100,
                          .at_ms = 1000000};
    hall->tracker = tracker_create(&(struct tracker_scope){.view = hall->view,
                                                           .devices = (const uint32_t[]){0},
                                                           .device_count = 1,
                                                           .low = {0, 0},
                                                           .high = {20, 10},
                                                           .next_id = &hall->next_id,
                                                           .id_step = 3});
    return hall;
}

static void close_hall(struct hall *hall)
{
    tracker_destroy(hall->tracker);
    shared_unref(&hall->view->shared);
    mem_free(hall);
}

struct place {
    int64_t number;
    double x, y;
};

static void show(struct hall *hall, const struct place *places, size_t count)
{
    struct box boxes[8];
    int64_t numbers[8];
    for (size_t i = 0; i < count; i++) {
        boxes[i] = (struct box){.foot_x = places[i].x, .foot_y = places[i].y};
        numbers[i] = places[i].number;
    }
    const struct tracker_frame frame = {
        .boxes = boxes, .source_tracks = numbers, .is_in_metres = true, .box_count = count};
    tracker_step(hall->tracker, hall->at_ms, &frame, 1);
    hall->at_ms += 100;
}
#define SHOW(hall, ...)                                                                            \
    show((hall), (const struct place[]){__VA_ARGS__},                                              \
         sizeof((const struct place[]){__VA_ARGS__}) / sizeof(struct place))

static const struct tracker_person *people(const struct hall *hall, size_t expected)
{
    size_t count;
    const struct tracker_person *all = tracker_people(hall->tracker, &count);
    CHECK_INT(count, expected);
    return all;
}

TEST(who_has_a_number_is_there_at_once_and_exactly_where_told)
{
    struct hall *hall = open_hall();
    SHOW(hall, {7, 3.217, 4.001}, {2, 8.5, 9.75});
    const struct tracker_person *all = people(hall, 2);
    CHECK_NEAR(all[0].x, 8.5, 0);
    CHECK_NEAR(all[1].x, 3.217, 0);
    CHECK_NEAR(all[1].y, 4.001, 0);
    uint64_t seven = all[1].id;
    CHECK(all[0].id != seven);
    SHOW(hall, {7, 3.3, 4});
    CHECK_INT(people(hall, 1)->id, seven);
    close_hall(hall);
}

TEST(people_have_numbers_that_no_other_group_of_devices_gives)
{
    struct hall *hall = open_hall();
    SHOW(hall, {7, 3, 4}, {8, 5, 4});
    SHOW(hall, {7, 3, 4}, {8, 5, 4}, {9, 7, 4});
    const struct tracker_person *all = people(hall, 3);
    for (size_t i = 0; i < 3; i++)
        CHECK_INT(all[i].id, 100 + 3 * i); /* the first of three groups */
    close_hall(hall);
}

TEST(a_number_that_was_away_for_long_is_somebody_else)
{
    struct hall *hall = open_hall();
    SHOW(hall, {7, 3, 4});
    uint64_t first = people(hall, 1)->id;
    hall->at_ms += 2000;
    SHOW(hall, {7, 3, 5});
    CHECK_INT(people(hall, 1)->id, first);
    hall->at_ms += 3000;
    SHOW(hall, {7, 3, 4});
    CHECK(people(hall, 1)->id != first);
    close_hall(hall);
}

TEST(a_number_twice_and_a_place_outside_are_passed_over)
{
    struct hall *hall = open_hall();
    SHOW(hall, {7, 3, 4}, {7, 9, 9}, {8, 20.1, 5}, {9, 21, 5});
    const struct tracker_person *all = people(hall, 2);
    CHECK_NEAR(all[0].x, 3, 0);
    CHECK_NEAR(all[1].x, 20.1, 0); /* within the frame of the floor */
    close_hall(hall);
}

TEST(a_settled_place_has_the_velocity_around_it_and_one_of_now_that_before_it)
{
    struct hall *hall = open_hall();
    for (int i = 0; i < 30; i++) /* it gets faster: x = t² */
        SHOW(hall, {1, 0.01 * i * i, 5});
    CHECK_NEAR(people(hall, 1)->vx, 0.01 * (29 * 29 - 26 * 26) / 0.3, 1e-9);
    size_t count;
    struct tracker_fix *fixes = tracker_settle(hall->tracker, 1000000 + 1500, &count);
    CHECK_INT(count, 16);
    CHECK_NEAR(fixes[10].person.vx, 0.01 * (13 * 13 - 7 * 7) / 0.6, 1e-9);
    CHECK_NEAR(fixes[10].person.x, 1, 0);
    CHECK_NEAR(fixes[0].person.vx, 0.01 * 3 * 3 / 0.3, 1e-9);
    mem_free(fixes);
    fixes = tracker_settle(hall->tracker, 1000000 + 1700, &count);
    CHECK_INT(count, 2);
    CHECK_INT(fixes[0].at_ms, 1000000 + 1600);
    CHECK_NEAR(fixes[0].person.vx, 0.01 * (19 * 19 - 13 * 13) / 0.6, 1e-9);
    mem_free(fixes);
    close_hall(hall);
}

TEST(without_a_number_people_are_followed_from_then_on)
{
    struct hall *hall = open_hall();
    for (int i = 0; i < 10; i++)
        SHOW(hall, {1, 5, 5});
    SHOW(hall, {-1, 5, 5});
    (void)people(hall, 0); /* nobody is certain yet */
    for (int i = 0; i < 40; i++)
        SHOW(hall, {1, 5, 5});
    (void)people(hall, 1);
    size_t count;
    struct tracker_fix *fixes = tracker_settle(hall->tracker, INT64_MAX, &count);
    CHECK_INT(fixes[0].at_ms, 1000000); /* what was relayed is told, too */
    CHECK(count >= 45);
    for (size_t i = 1; i < count; i++)
        CHECK(fixes[i].at_ms > fixes[i - 1].at_ms);
    mem_free(fixes);
    close_hall(hall);
}

TEST(who_never_asks_for_what_is_settled_costs_no_more_memory)
{
    struct hall *hall = open_hall();
    size_t count;
    for (int i = 0; i < 10 * RELAY_STEPS_MAX; i++)
        SHOW(hall, {1, 5, 5});
    mem_free(tracker_settle(hall->tracker, INT64_MAX, &count));
    CHECK_INT(count, RELAY_STEPS_MAX);
    close_hall(hall);
}
