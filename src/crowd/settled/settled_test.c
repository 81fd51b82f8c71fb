// SPDX-License-Identifier: Apache-2.0
#include "base/test.h"
#include "crowd/builders.h"

#include <math.h>

static const struct zone_box BOXES[] = {{"street", 0, 0, 40, 10}};
static const int64_t T = 1000000;

static const char *const CAMERAS[] = {"cam-1", "cam-2", NULL};

static struct venue_view *view_with_gate(const char *gate)
{
    struct venue_view *view = build_view(BOXES, 1, CAMERAS);
    build_line(view, gate, (struct point){20, 0}, (struct point){20, 10});
    return view;
}

/* Two cameras that tell metres are followed together; the gate stands across the street. */
static struct venue_state *new_street(void)
{
    struct venue_view *view = view_with_gate("gate");
    struct venue_state *state = venue_state_create(view, 0, 2000);
    shared_unref(&view->shared);
    venue_state_cover(state, "cam-1", "street");
    return state;
}

/* Five people, 1.5 m apart, walk along x at 1.2 m/s from 15 m on: all are over the gate after ten seconds. */
static void walk(struct venue_state *state, int64_t from_ms, int64_t until_ms)
{
    for (int64_t at_ms = from_ms; at_ms < until_ms; at_ms += 100) {
        struct point people[5];
        for (int i = 0; i < 5; i++)
            people[i] = (struct point){15 - 1.5 * i + 1.2 * (double)(at_ms - T) / 1000, 5};
        (void)build_take(state, build_batch("cam-1", (int64_t[]){at_ms, 0}, people, 5), at_ms + 5,
                         1);
        (void)venue_state_advance(state, at_ms + 40);
    }
}

/* Takes the reference. */
static void change(struct venue_state *state, struct venue_view *view)
{
    view->version = venue_state_view(state)->version + 1;
    venue_state_move(state, view);
    shared_unref(&view->shared);
}

struct tale {
    uint32_t crossed[LINE_WAYS];
    uint32_t gone[LINE_WAYS]; /* of lines that are no more */
    int64_t first_s, last_s;
    size_t seconds;
};

static struct tale tell(struct venue_state *state)
{
    struct tale tale = {.first_s = INT64_MAX};
    int64_t gone_s = 0;
    struct settled_second second;
    while (settled_take(&state->settled, &second)) {
        if (second.lines != NULL && second.lines[0].is_watched) {
            uint32_t *crossed = second.is_of_gone_lines ? tale.gone : tale.crossed;
            for (int way = 0; way < LINE_WAYS; way++)
                crossed[way] += second.lines[0].crossed[way];
            int64_t *last_s = second.is_of_gone_lines ? &gone_s : &tale.last_s;
            CHECK(second.s > *last_s); /* each once */
            *last_s = second.s;
            tale.first_s = MIN(tale.first_s, second.s);
            tale.seconds += !second.is_of_gone_lines;
        }
        settled_second_fini(&second);
    }
    return tale;
}

TEST(people_who_are_followed_over_a_line_are_counted_by_the_second)
{
    SCOPED(venue_state) street = new_street();
    walk(street, T, T + 20000);
    struct tale tale = tell(street);
    CHECK_INT(tale.crossed[LINE_TO_RIGHT], 5); /* seen from (20, 0) to (20, 10), more x is right */
    CHECK_INT(tale.crossed[LINE_TO_LEFT], 0);
    CHECK_INT(tale.first_s, T / 1000);
    CHECK_INT(tale.seconds, (size_t)(tale.last_s - tale.first_s + 1));
    CHECK(street->settled.newest != NULL);
    CHECK_INT(street->settled.newest_s, tale.last_s);
}

TEST(a_line_is_told_of_until_its_camera_fell_silent_and_not_beyond)
{
    SCOPED(venue_state) street = new_street();
    walk(street, T, T + 6000);
    for (int64_t at_ms = T + 6000; at_ms < T + 20000; at_ms += 1000)
        (void)venue_state_advance(street, at_ms);
    struct tale tale = tell(street);
    CHECK_INT(tale.last_s, T / 1000 + 5);
    CHECK_INT(tale.seconds, 6);
}

TEST(a_changed_venue_keeps_what_was_crossed_before)
{
    SCOPED(venue_state) street = new_street();
    walk(street, T, T + 14000);
    change(street, build_view(BOXES, 1, CAMERAS)); /* without the line */
    struct tale tale = tell(street);
    CHECK_INT(tale.crossed[LINE_TO_RIGHT] + tale.gone[LINE_TO_RIGHT], 5);
    CHECK(street->settled.newest == NULL);
}

TEST(a_change_while_people_cross_loses_nobody_and_counts_nobody_twice)
{
    for (int64_t at_ms = T + 4050; at_ms < T + 14000; at_ms += 530) {
        SCOPED(venue_state) street = new_street();
        walk(street, T, at_ms);
        change(street, view_with_gate("gate"));
        walk(street, at_ms, T + 20000);
        struct tale tale = tell(street);
        CHECK_INT(tale.crossed[LINE_TO_RIGHT], 5);
        CHECK_INT(tale.crossed[LINE_TO_LEFT] + tale.gone[LINE_TO_RIGHT], 0);
        CHECK_INT(tale.seconds, (size_t)(tale.last_s - T / 1000 + 1));
    }
}

TEST(another_line_begins_where_one_that_is_gone_has_ended)
{
    SCOPED(venue_state) street = new_street();
    walk(street, T, T + 8050);
    change(street, view_with_gate("portal"));
    walk(street, T + 8050, T + 20000);
    struct tale tale = tell(street);
    CHECK(tale.gone[LINE_TO_RIGHT] > 0); /* what waited when it went */
    CHECK_INT(tale.gone[LINE_TO_RIGHT] + tale.crossed[LINE_TO_RIGHT], 5);
}

TEST(with_other_cameras_no_second_is_told_again)
{
    SCOPED(venue_state) street = new_street();
    walk(street, T, T + 14000);
    struct venue_view *view = view_with_gate("gate");
    build_device(view, "cam-1")->silent_after_ms = 7000; /* followed anew */
    change(street, view);
    walk(street, T + 10000, T + 20000); /* and some of it comes once more */
    struct tale tale = tell(street);
    CHECK_INT(tale.crossed[LINE_TO_RIGHT], 5);
}

TEST(the_density_of_a_zone_is_over_what_can_be_walked_on)
{
    static struct point WEST[] = {{0, 0}, {30, 0}, {30, 10}, {0, 10}};
    struct floor_ring ring = {WEST, 4};
    struct venue_wall walls[] = {{.kind = WALL_OBSTACLE, .rings = &ring, .ring_count = 1}};
    struct venue_view *view = build_view(BOXES, 1, (const char *const[]){"cam-1", NULL});
    view->walls = walls;
    view->wall_count = 1;
    SCOPED(venue_state) street = venue_state_create(view, 0, 2000);
    CHECK_NEAR(settled_area_m2(&street->settled, 0), 100, 1e-9);
    view->zones[0].area_m2 = 250; /* somebody has measured it */
    CHECK_NEAR(settled_area_m2(&street->settled, 0), 250, 1e-9);
    view->wall_count = 0;
    shared_unref(&view->shared);
}
