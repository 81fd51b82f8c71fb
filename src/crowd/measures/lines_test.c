// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"
#include "base/test.h"
#include "crowd/measures/lines.h"

#include <math.h>

/* A gate of 2 m along x: left of it is y > 0. */
static const struct line GATE = {{0, 0}, {2, 0}};

struct watch {
    struct strides *strides;
    struct lines *lines;
    int64_t at_ms;
};

static struct watch begin(const struct line *lines, size_t count)
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
    CHECK_INT(counts.to_left, to_left);
    CHECK_INT(counts.to_right, to_right);
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
    const struct line gates[] = {{{0, 0}, {2, 0}}, {{2, 0}, {4, 0}}};
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

TEST(flow_is_persons_a_metre_and_minute_of_the_last_minute)
{
    struct watch watch = begin(&GATE, 1);
    CHECK(!lines_counts(watch.lines, 0).has_flow);
    for (uint64_t i = 0; i < 100; i++) { /* one every two seconds, for 200 s */
        WALK(&watch, i + 1, {1, -1}, {1, 1});
        watch.at_ms += 1800;
    }
    struct line_counts counts = lines_counts(watch.lines, 0);
    CHECK(counts.has_flow);
    CHECK_NEAR(counts.flow_to_left, 15, 0.6);
    CHECK_NEAR(counts.flow_to_right, 0, 0);
    CHECK_NEAR(counts.length_m, 2, 1e-12);
    for (int i = 0; i < 70; i++) { /* nobody, for more than a minute */
        watch.at_ms += 900;
        see(&watch, NULL, 0);
    }
    CHECK_NEAR(lines_counts(watch.lines, 0).flow_to_left, 0, 0);
    check_counts(&watch, 0, 100, 0);
    end(&watch);
}

TEST(a_bounce_is_taken_back_from_the_flow_too)
{
    struct watch watch = begin(&GATE, 1);
    WALK(&watch, 1, {1, -1}, {1, 0.1});
    for (int i = 0; i < 150; i++)
        WALK(&watch, 1, {1, 0.1});
    CHECK(lines_counts(watch.lines, 0).flow_to_left > 0);
    WALK(&watch, 1, {1, -0.1});
    CHECK_NEAR(lines_counts(watch.lines, 0).flow_to_left, 0, 0);
    CHECK_NEAR(lines_counts(watch.lines, 0).flow_to_right, 0, 0);
    end(&watch);
}

/* Whatever people do near a closed line: those inside are those who began there and the net that came. */
TEST(the_net_of_a_closed_line_is_who_is_inside)
{
    const struct line square[] = {
        {{-2, -2}, {2, -2}}, {{2, -2}, {2, 2}}, {{2, 2}, {-2, 2}}, {{-2, 2}, {-2, -2}}};
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
            net += (int64_t)counts.to_left - (int64_t)counts.to_right;
        }
        CHECK_INT(net, inside - began_inside);
    }
    CHECK(inside != began_inside);
    end(&watch);
}

TEST(a_line_without_length_is_refused)
{
    const struct line dot = {{1, 1}, {1, 1}};
    struct lines *lines = NULL;
    CHECK(lines_create(&dot, 1, &lines) == ERR_INVALID);
}

TEST(more_lines_than_a_venue_may_have_are_refused)
{
    struct line many[LIMIT_VENUE_LINES + 1];
    SCOPED(lines) lines = NULL;
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = GATE;
    CHECK(lines_create(many, COUNT_OF(many), &lines) == ERR_TOO_LARGE);
    CHECK(lines_create(many, COUNT_OF(many) - 1, &lines) == ERR_NONE);
}
