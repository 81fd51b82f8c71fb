// SPDX-License-Identifier: Apache-2.0
#include "crowd/settled/crossings.h"

#include "base/test.h"
#include "crowd/builders.h"

/* Two gates of 2 m along x; left of them is y > 0. */
static const char *const NOBODY[] = {NULL};
static const int64_t S = 1000;
enum { GROUPS = 2 };
static const uint64_t BOTH = 3, FIRST = 1;

struct hall {
    struct venue_view *view;
    struct crossings *crossings;
    struct crossing_second lines[2];
    int64_t s; /* told last */
};

static struct hall open_hall(void)
{
    struct hall hall = {.view = build_view(NULL, 0, NOBODY)};
    build_line(hall.view, "east", (struct point){0, 0}, (struct point){2, 0});
    build_line(hall.view, "west", (struct point){10, 0}, (struct point){12, 0});
    hall.view->lines[1].width_m = 1;
    hall.crossings = crossings_create(hall.view, GROUPS);
    return hall;
}

static void close_hall(struct hall *hall)
{
    crossings_destroy(hall->crossings);
    shared_unref(&hall->view->shared);
}

/* A settled step of one group with one person, or nobody (id 0). */
static void step(struct hall *hall, uint32_t group, int64_t at_ms, uint64_t id, double x, double y,
                 uint64_t watched)
{
    struct tracker_fix fix = {at_ms, {.id = id, .x = x, .y = y}};
    struct crowd_scene_fixes fixes = {.fixes = &fix,
                                      .count = id == 0 ? 0 : 1,
                                      .step_times = &at_ms,
                                      .step_count = 1,
                                      .group = group};
    crossings_add(hall->crossings, &fixes, &watched);
}

static void wait(struct hall *hall, uint32_t group, int64_t from_ms, int64_t until_ms)
{
    for (int64_t at_ms = from_ms; at_ms < until_ms; at_ms += 500)
        step(hall, group, at_ms, 0, 0, 0, BOTH);
}

static bool take(struct hall *hall, int64_t settled_ms)
{
    return crossings_take(hall->crossings, settled_ms, &hall->s, hall->lines);
}

TEST(a_crossing_is_told_once_its_second_is_final_and_only_once)
{
    struct hall hall = open_hall();
    step(&hall, 0, 1000 * S, 7, 1, -1, BOTH);
    step(&hall, 0, 1000 * S + 500, 7, 1, 1, BOTH);
    CHECK(!take(&hall, 1000 * S + 999 + LINE_BOUNCE_MS - 1));
    CHECK(take(&hall, 1000 * S + 999 + LINE_BOUNCE_MS));
    CHECK_INT(hall.s, 1000);
    CHECK(hall.lines[0].is_watched);
    CHECK_INT(hall.lines[0].crossed[LINE_TO_LEFT], 1);
    CHECK_INT(hall.lines[0].crossed[LINE_TO_RIGHT], 0);
    CHECK_INT(hall.lines[1].crossed[LINE_TO_LEFT], 0);
    CHECK(!take(&hall, INT64_MAX));
    close_hall(&hall);
}

TEST(groups_of_cameras_add_up_and_a_second_waits_for_the_slower_one)
{
    struct hall hall = open_hall();
    step(&hall, 0, 1000 * S, 7, 1, -1, BOTH);
    step(&hall, 0, 1000 * S + 200, 7, 1, 1, BOTH);
    wait(&hall, 0, 1001 * S, 1005 * S);
    CHECK(!take(&hall, 999 * S)); /* the other one is not so far */
    step(&hall, 1, 1000 * S, 8, 1, -1, BOTH);
    step(&hall, 1, 1000 * S + 300, 8, 1, 1, BOTH);
    CHECK(take(&hall, 1005 * S));
    CHECK_INT(hall.s, 1000);
    CHECK_INT(hall.lines[0].crossed[LINE_TO_LEFT], 2);
    close_hall(&hall);
}

TEST(nothing_is_told_of_a_line_that_nobody_watches)
{
    struct hall hall = open_hall();
    step(&hall, 0, 1000 * S, 0, 0, 0, FIRST);
    step(&hall, 0, 1004 * S, 0, 0, 0, FIRST); /* four seconds without a picture */
    CHECK(take(&hall, INT64_MAX));
    CHECK(hall.lines[0].is_watched);
    CHECK_INT(hall.lines[0].crossed[LINE_TO_LEFT], 0);
    CHECK(!hall.lines[1].is_watched);
    CHECK(take(&hall, INT64_MAX));
    CHECK_INT(hall.s, 1004);
    close_hall(&hall);
}

TEST(a_group_that_looks_every_second_and_a_bit_watches_all_the_time)
{
    struct hall hall = open_hall();
    step(&hall, 0, 1000 * S + 900, 0, 0, 0, BOTH);
    step(&hall, 0, 1002 * S + 200, 0, 0, 0, BOTH);
    for (int64_t s = 1000; s <= 1002; s++) {
        CHECK(take(&hall, INT64_MAX));
        CHECK_INT(hall.s, s);
        CHECK(hall.lines[1].is_watched);
    }
    close_hall(&hall);
}

TEST(flow_is_persons_a_minute_and_metre_of_the_passage_while_it_was_watched)
{
    struct hall hall = open_hall();
    uint64_t id = 1;
    for (int64_t s = 1000; s < 1100; s++, id++) { /* one a second through the west gate */
        step(&hall, 0, s * S, id, 11, -1, BOTH);
        step(&hall, 0, s * S + 500, id, 11, 1, BOTH);
    }
    for (int64_t s = 1000; s < 1009; s++)
        CHECK(take(&hall, INT64_MAX));
    CHECK(!hall.lines[1].has_flow); /* nine seconds are too few */
    for (int64_t s = 1009; s < 1030; s++)
        CHECK(take(&hall, INT64_MAX));
    CHECK_INT(hall.lines[1].watched_s, 30);
    CHECK_INT(hall.lines[1].window[LINE_TO_LEFT], 30);
    CHECK_NEAR(hall.lines[1].flow[LINE_TO_LEFT], 60, 1e-9); /* its passage is 1 m wide, not 2 */
    while (take(&hall, INT64_MAX))
        continue;
    CHECK_INT(hall.lines[1].watched_s, CROSSINGS_WINDOW_S);
    CHECK_INT(hall.lines[1].window[LINE_TO_LEFT], 60);
    CHECK_NEAR(hall.lines[1].flow[LINE_TO_LEFT], 60, 1e-9);
    CHECK_NEAR(hall.lines[1].flow[LINE_TO_RIGHT], 0, 0);
    close_hall(&hall);
}

TEST(a_bounce_over_the_end_of_a_second_is_no_crossing_in_either)
{
    struct hall hall = open_hall();
    step(&hall, 0, 1000 * S, 7, 1, -0.1, BOTH);
    step(&hall, 0, 1000 * S + 900, 7, 1, 0.1, BOTH);
    step(&hall, 0, 1001 * S + 800, 7, 1, -0.1, BOTH);
    wait(&hall, 0, 1002 * S, 1006 * S);
    for (int64_t s = 1000; s < 1002; s++) {
        CHECK(take(&hall, 1006 * S));
        CHECK_INT(hall.lines[0].crossed[LINE_TO_LEFT] + hall.lines[0].crossed[LINE_TO_RIGHT], 0);
    }
    close_hall(&hall);
}

TEST(when_the_groups_change_what_was_crossed_before_is_still_told)
{
    struct hall hall = open_hall();
    step(&hall, 0, 1000 * S, 7, 1, -1, BOTH);
    step(&hall, 0, 1000 * S + 500, 7, 1, 1, BOTH);
    crossings_regroup(hall.crossings, 1);
    step(&hall, 0, 1001 * S, 9, 1, 1, BOTH);
    step(&hall, 0, 1001 * S + 500, 9, 1, -1, BOTH);
    CHECK(take(&hall, INT64_MAX));
    CHECK_INT(hall.lines[0].crossed[LINE_TO_LEFT], 1);
    CHECK(take(&hall, INT64_MAX));
    CHECK_INT(hall.lines[0].crossed[LINE_TO_RIGHT], 1);
    close_hall(&hall);
}

/* The hall has other lines now: the west gate, and a new one. */
static struct hall changed_hall(struct hall *was)
{
    struct hall hall = {.view = build_view(NULL, 0, NOBODY)};
    build_line(hall.view, "west", (struct point){10, 0}, (struct point){12, 0});
    build_line(hall.view, "north", (struct point){0, 9}, (struct point){2, 9});
    hall.crossings = crossings_create(hall.view, GROUPS);
    crossings_move(hall.crossings, was->crossings);
    return hall;
}

TEST(when_the_lines_change_a_second_goes_on_where_it_was)
{
    struct hall was = open_hall();
    step(&was, 0, 999 * S, 0, 0, 0, BOTH);
    CHECK(take(&was, INT64_MAX));
    step(&was, 0, 1000 * S, 7, 11, -1, BOTH);
    step(&was, 0, 1000 * S + 300, 7, 11, 1, BOTH);
    step(&was, 0, 1000 * S + 400, 8, 11, -1, BOTH);
    struct hall hall = changed_hall(&was);
    CHECK(take(&was, INT64_MAX)); /* the east gate is gone */
    CHECK(was.lines[0].is_watched && !was.lines[1].is_watched);
    CHECK(!take(&was, INT64_MAX));
    step(&hall, 0, 1000 * S + 700, 8, 11, 1, BOTH); /* was on the way when they changed */
    CHECK(take(&hall, INT64_MAX));
    CHECK_INT(hall.s, 1000);
    CHECK_INT(hall.lines[0].crossed[LINE_TO_LEFT], 2);
    CHECK_INT(hall.lines[0].watched_s, 2); /* the second before, too */
    CHECK_INT(hall.lines[1].watched_s, 1);
    CHECK(!take(&hall, INT64_MAX));
    close_hall(&was);
    close_hall(&hall);
}

TEST(who_goes_back_at_once_crosses_nothing_also_when_the_lines_change_in_between)
{
    struct hall was = open_hall();
    step(&was, 0, 1000 * S, 7, 11, -0.1, BOTH);
    step(&was, 0, 1000 * S + 900, 7, 11, 0.1, BOTH);
    struct hall hall = changed_hall(&was);
    CHECK(take(&was, INT64_MAX));
    CHECK(!was.lines[1].is_watched);
    step(&hall, 0, 1001 * S + 800, 7, 11, -0.1, BOTH);
    step(&hall, 0, 1002 * S, 8, 11, -0.1, BOTH); /* and who does not, crosses */
    step(&hall, 0, 1002 * S + 300, 8, 11, 0.1, BOTH);
    struct hall again = changed_hall(&hall);
    wait(&again, 0, 1002 * S + 500, 1007 * S);
    static const uint32_t TO_LEFT[] = {0, 0, 1};
    for (size_t i = 0; i < COUNT_OF(TO_LEFT); i++) {
        CHECK(take(&again, 1007 * S));
        CHECK_INT(again.s, 1000 + (int64_t)i);
        CHECK_INT(again.lines[0].crossed[LINE_TO_LEFT], TO_LEFT[i]);
        CHECK_INT(again.lines[0].crossed[LINE_TO_RIGHT], 0);
    }
    close_hall(&was);
    close_hall(&hall);
    close_hall(&again);
}

TEST(what_was_told_before_the_lines_changed_is_not_told_again)
{
    struct hall was = open_hall();
    step(&was, 0, 1000 * S, 7, 11, -1, BOTH);
    step(&was, 0, 1000 * S + 300, 7, 11, 1, BOTH);
    CHECK(take(&was, INT64_MAX));
    struct hall hall = changed_hall(&was);
    step(&hall, 1, 1000 * S + 400, 9, 11, -1, BOTH); /* late */
    step(&hall, 1, 1000 * S + 600, 9, 11, 1, BOTH);
    CHECK(!take(&hall, INT64_MAX));
    close_hall(&was);
    close_hall(&hall);
}

TEST(a_group_that_stands_still_holds_up_a_minute_of_seconds_at_most)
{
    struct hall hall = open_hall();
    wait(&hall, 0, 1000 * S, (1000 + CROSSINGS_PENDING_MAX - 1) * S);
    CHECK(!take(&hall, 0));
    wait(&hall, 0, (1000 + CROSSINGS_PENDING_MAX - 1) * S, (1000 + CROSSINGS_PENDING_MAX) * S);
    CHECK(take(&hall, 0));
    CHECK_INT(hall.s, 1000);
    step(&hall, 1, 1000 * S, 8, 1, -1, BOTH); /* too late, and left out */
    step(&hall, 1, 1000 * S + 300, 8, 1, 1, BOTH);
    CHECK(!take(&hall, 0));
    close_hall(&hall);
}
