// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"
#include "base/test.h"
#include "crowd/measures/lines.h"

#include <math.h>

/* A gate of 2 m along x: left of it is y > 0. */
static struct point GATE_POINTS[] = {{0, 0}, {2, 0}};
static const struct venue_line GATE = {.points = GATE_POINTS, .point_count = 2};
#define LINE(...)                                                                                  \
    {                                                                                              \
        .points = (struct point[]){__VA_ARGS__},                                                   \
        .point_count = sizeof((struct point[]){__VA_ARGS__}) / sizeof(struct point)                \
    }

struct watch {
    struct strides *strides;
    struct lines *lines;
    int64_t at_ms;
};

static struct watch begin(const struct venue_line *lines, size_t count)
{
    struct watch watch = {.strides = strides_create(), .at_ms = 1000000};
    CHECK(lines_create(lines, count, &watch.lines) == ERR_NONE);
    return watch;
}

static void end(struct watch *watch)
{
    strides_destroy(watch->strides);
    lines_destroy(watch->lines);
}

static void see(struct watch *watch, const struct tracker_person *people, size_t count)
{
    size_t stride_count;
    strides_step(watch->strides, watch->at_ms, people, count);
    const struct stride *strides = strides_peek(watch->strides, &stride_count);
    lines_step(watch->lines, watch->at_ms, strides, stride_count);
    watch->at_ms += 100;
}

static void walk(struct watch *watch, uint64_t id, const struct point *places, size_t count)
{
    for (size_t i = 0; i < count; i++)
        see(watch, &(struct tracker_person){.id = id, .x = places[i].x, .y = places[i].y}, 1);
}
#define WALK(watch, id, ...)                                                                       \
    walk((watch), (id), (const struct point[]){__VA_ARGS__},                                       \
         sizeof((const struct point[]){__VA_ARGS__}) / sizeof(struct point))

static void check_counts(const struct watch *watch, size_t line, int to_left, int to_right)
{
    struct line_counts counts = lines_counts(watch->lines, line);
    CHECK_INT(counts.crossed[LINE_TO_LEFT], to_left);
    CHECK_INT(counts.crossed[LINE_TO_RIGHT], to_right);
}

TEST(a_crossing_has_a_direction)
{
    struct watch watch = begin(&GATE, 1);
    WALK(&watch, 1, {1, -1}, {1, -0.1}, {1, 0.2});
    check_counts(&watch, 0, 1, 0);
    WALK(&watch, 2, {1, 1}, {1, -1});
    check_counts(&watch, 0, 1, 1);
    end(&watch);
}

TEST(who_passes_beside_the_line_does_not_cross_it)
{
    struct watch watch = begin(&GATE, 1);
    WALK(&watch, 1, {2.1, -1}, {2.1, 1}, {-0.1, 1}, {-0.1, -1});
    WALK(&watch, 2, {3, -1}, {1.9, 1.5}); /* meets the line's height at 2.56 */
    check_counts(&watch, 0, 0, 0);
    end(&watch);
}

TEST(who_dithers_on_the_line_crosses_it_once_at_most)
{
    struct watch watch = begin(&GATE, 1);
    WALK(&watch, 1, {1, -0.1}, {1, 0.1}, {1, -0.1}, {1, 0.1}, {1, -0.2});
    check_counts(&watch, 0, 0, 0);
    WALK(&watch, 1, {1, 0.1}, {1, 0.2}, {1, 0.5});
    check_counts(&watch, 0, 1, 0);
    WALK(&watch, 1, {1, -0.1}, {1, -1}); /* having been beyond, it is a way back */
    check_counts(&watch, 0, 1, 1);
    WALK(&watch, 2, {1, -1}, {1, 1}, {1, -1}); /* beyond within one step */
    check_counts(&watch, 0, 2, 2);
    end(&watch);
}

TEST(a_place_on_the_line_is_counted_once)
{
    struct watch watch = begin(&GATE, 1);
    WALK(&watch, 1, {1, -1}, {1, 0}, {1, 1});
    check_counts(&watch, 0, 1, 0);
    WALK(&watch, 2, {1, 1}, {1, 0}, {1, -1});
    check_counts(&watch, 0, 1, 1);
    WALK(&watch, 3, {1, -1}, {1, 0}, {1, -1});
    check_counts(&watch, 0, 1, 1);
    end(&watch);
}

TEST(a_way_through_the_corner_of_two_lines_crosses_one)
{
    const struct venue_line gates[] = {LINE({0, 0}, {2, 0}), LINE({2, 0}, {4, 0})};
    struct watch watch = begin(gates, 2);
    WALK(&watch, 1, {2, -1}, {2, 1});
    check_counts(&watch, 0, 0, 0);
    check_counts(&watch, 1, 1, 0);
    end(&watch);
}

TEST(who_was_hidden_for_a_moment_still_crosses_and_who_was_away_does_not)
{
    struct watch watch = begin(&GATE, 1);
    WALK(&watch, 1, {1, -1});
    watch.at_ms += 2000;
    WALK(&watch, 1, {1, 1});
    check_counts(&watch, 0, 1, 0);
    watch.at_ms += 4000;
    WALK(&watch, 1, {1, -1});
    check_counts(&watch, 0, 1, 0);
    WALK(&watch, 2, {1, -1}, {1, 0.1});
    watch.at_ms += 4000;
    WALK(&watch, 2, {1, 0.2}, {1, -0.1}); /* no bounce of a crossing long ago */
    check_counts(&watch, 0, 2, 1);
    end(&watch);
}

static uint32_t crossed_in(const struct watch *watch, int64_t s, enum line_way way)
{
    uint32_t crossed[LINE_WAYS];
    lines_second(watch->lines, 0, s, crossed);
    return crossed[way];
}

TEST(a_crossing_is_of_the_second_in_which_the_person_came_over)
{
    struct watch watch = begin(&GATE, 1);
    WALK(&watch, 1, {1, -1}, {1, 1}); /* at 1,000.1 s */
    WALK(&watch, 2, {1, 1});
    watch.at_ms += 1000;
    WALK(&watch, 2, {1, -1});
    CHECK_INT(crossed_in(&watch, 1000, LINE_TO_LEFT), 1);
    CHECK_INT(crossed_in(&watch, 1000, LINE_TO_RIGHT), 0);
    CHECK_INT(crossed_in(&watch, 1001, LINE_TO_LEFT), 0);
    CHECK_INT(crossed_in(&watch, 1001, LINE_TO_RIGHT), 1);
    CHECK_INT(crossed_in(&watch, 1001 + LINE_SECONDS_KEPT, LINE_TO_RIGHT), 0);
    end(&watch);
}

TEST(a_bounce_is_taken_back_from_its_second_and_not_after_two)
{
    struct watch watch = begin(&GATE, 1);
    WALK(&watch, 1, {1, -1}, {1, 0.1});
    watch.at_ms += 1800;
    WALK(&watch, 1, {1, -0.1});
    CHECK_INT(crossed_in(&watch, 1000, LINE_TO_LEFT), 0);
    check_counts(&watch, 0, 0, 0);
    WALK(&watch, 1, {1, 0.1});
    for (int i = 0; i < 21; i++)
        WALK(&watch, 1, {1, 0.1});
    WALK(&watch, 1, {1, -0.1}); /* its second has been told: this is a way back */
    check_counts(&watch, 0, 1, 1);
    end(&watch);
}

TEST(a_bent_line_is_crossed_at_any_of_its_parts_and_not_where_a_bend_is_cut_off)
{
    const struct venue_line bent = LINE({0, 0}, {2, 0}, {2, 2});
    struct watch watch = begin(&bent, 1);
    WALK(&watch, 1, {1, -1}, {1, 1});
    check_counts(&watch, 0, 1, 0);
    WALK(&watch, 2, {3, 1}, {1, 1});
    check_counts(&watch, 0, 2, 0);
    WALK(&watch, 3, {1, -1}, {3.2, 1});       /* beside the corner */
    WALK(&watch, 4, {1.5, -0.4}, {2.4, 0.6}); /* in and out */
    check_counts(&watch, 0, 2, 0);
    WALK(&watch, 5, {1, 1}, {2.5, -0.5}); /* through the corner itself */
    check_counts(&watch, 0, 2, 1);
    end(&watch);
}

/* Whatever people do near a closed line: those inside are those who began there and the net that came. */
TEST(the_net_of_a_closed_line_is_who_is_inside)
{
    const struct venue_line square[] = {LINE({-2, -2}, {2, -2}), LINE({2, -2}, {2, 2}),
                                        LINE({2, 2}, {-2, 2}), LINE({-2, 2}, {-2, -2})};
    struct random_sequence random = {.state = 11};
    struct tracker_person people[200];
    struct watch watch = begin(square, 4);
    int64_t began_inside = 0, inside = 0;
    for (size_t i = 0; i < COUNT_OF(people); i++)
        people[i] = (struct tracker_person){.id = i + 1,
                                            .x = 6 * random_uniform(&random) - 3,
                                            .y = 6 * random_uniform(&random) - 3};
    for (int step = 0; step < 500; step++) {
        int64_t net = 0;
        inside = 0;
        for (size_t i = 0; i < COUNT_OF(people); i++) {
            people[i].x += 0.3 * random_normal(&random) - 0.02 * people[i].x;
            people[i].y += 0.3 * random_normal(&random) - 0.02 * people[i].y;
            inside += fabs(people[i].x) < 2 && fabs(people[i].y) < 2;
        }
        see(&watch, people, COUNT_OF(people));
        began_inside = step == 0 ? inside : began_inside;
        for (size_t l = 0; l < COUNT_OF(square); l++) {
            struct line_counts counts = lines_counts(watch.lines, l);
            net += (int64_t)counts.crossed[LINE_TO_LEFT] - (int64_t)counts.crossed[LINE_TO_RIGHT];
        }
        CHECK_INT(net, inside - began_inside);
    }
    CHECK(inside != began_inside);
    end(&watch);
}

TEST(a_line_without_length_is_refused)
{
    const struct venue_line dot = LINE({1, 1}, {1, 1});
    struct lines *lines = NULL;
    CHECK(lines_create(&dot, 1, &lines) == ERR_INVALID);
}

TEST(more_lines_than_a_venue_may_have_are_refused)
{
    struct venue_line many[LIMIT_VENUE_LINES + 1];
    SCOPED(lines) lines = NULL;
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = GATE;
    CHECK(lines_create(many, COUNT_OF(many), &lines) == ERR_TOO_LARGE);
    CHECK(lines_create(many, COUNT_OF(many) - 1, &lines) == ERR_NONE);
}
