// SPDX-License-Identifier: Apache-2.0
#include "venues/polygon.h"

#include "base/random.h"
#include "base/test.h"

#include <math.h>

static const struct point SQUARE[] = {{0, 0}, {10, 0}, {10, 10}, {0, 10}};
static const struct point NOTCHED[] = {{0, 0}, {10, 0}, {10, 10}, {5, 5}, {0, 10}};

static bool contains_square(double x, double y)
{
    return polygon_contains(SQUARE, 4, (struct point){x, y});
}

TEST(who_stands_inside_is_inside)
{
    CHECK(contains_square(5, 5));
    CHECK(contains_square(0.000001, 9.999999));
    CHECK(!contains_square(-1, 5));
    CHECK(!contains_square(11, 10));
    CHECK(!contains_square(5, 11));
}

TEST(who_stands_exactly_on_the_border_is_outside)
{
    CHECK(!contains_square(0, 5));
    CHECK(!contains_square(10, 5));
    CHECK(!contains_square(5, 0));
    CHECK(!contains_square(5, 10));
    CHECK(!contains_square(0, 0));
    CHECK(!contains_square(10, 10));
    CHECK(!polygon_contains(NOTCHED, 5, (struct point){7, 7}));
    CHECK(!polygon_contains(NOTCHED, 5, (struct point){5, 5}));
}

TEST(the_notch_of_a_polygon_is_outside)
{
    CHECK(!polygon_contains(NOTCHED, 5, (struct point){5, 8}));
    CHECK(polygon_contains(NOTCHED, 5, (struct point){2, 7}));
    CHECK(polygon_contains(NOTCHED, 5, (struct point){5, 4}));
    CHECK(polygon_contains(NOTCHED, 5, (struct point){1, 5})); /* level with a corner */
}

/* Two zones that share an edge: nobody next to it is in both, or lost. */
TEST(neighbours_never_share_a_person)
{
    const struct point left[] = {{0, 0}, {3, 0}, {4.1, 7.3}, {0, 7.3}};
    const struct point right[] = {{3, 0}, {9, 0}, {9, 7.3}, {4.1, 7.3}};
    struct random_sequence random = {.state = 1};
    for (int i = 0; i < 20000; i++) {
        double y = 0.01 + random_uniform(&random) * 7.2;
        double x = 3 + y * 1.1 / 7.3 + (random_uniform(&random) - 0.5) * 1e-12;
        struct point p = {x, y};
        CHECK(polygon_contains(left, 4, p) + polygon_contains(right, 4, p) <= 1);
    }
}

TEST(area_is_positive_counter_clockwise_and_exact_far_from_the_origin)
{
    CHECK_NEAR(polygon_area(SQUARE, 4), 100, 0);
    const struct point far[] = {{99000, 99000}, {99000, 99001}, {99001, 99001}, {99001, 99000}};
    CHECK_NEAR(polygon_area(far, 4), -1, 0);
    CHECK_NEAR(polygon_area(NOTCHED, 5), 75, 0);
}

TEST(a_ring_that_crosses_or_touches_itself_is_not_simple)
{
    const struct point bow[] = {{0, 0}, {10, 10}, {10, 0}, {0, 10}};
    const struct point touch[] = {{0, 0}, {10, 0}, {10, 10}, {5, 0}, {0, 10}};
    const struct point spike[] = {{0, 0}, {10, 0}, {10, 10}, {10, 5}};
    const struct point twice[] = {{0, 0}, {4, 0}, {4, 4}, {0, 0}, {4, 0}, {4, 4}};
    const struct point straight[] = {{0, 0}, {5, 0}, {10, 0}, {10, 10}, {0, 10}};
    CHECK(!polygon_is_simple(bow, 4));
    CHECK(!polygon_is_simple(touch, 5));
    CHECK(!polygon_is_simple(spike, 4));
    CHECK(!polygon_is_simple(twice, 6));
    CHECK(polygon_is_simple(SQUARE, 4));
    CHECK(polygon_is_simple(NOTCHED, 5));
    CHECK(polygon_is_simple(straight, 5));
}

TEST(an_edge_meets_a_box_that_it_passes_touches_or_lies_in)
{
    struct point low = {0, 0}, high = {1, 1};
    CHECK(segment_meets_box((struct point){-1, 0.5}, (struct point){2, 0.6}, low, high));
    CHECK(segment_meets_box((struct point){0.2, 0.2}, (struct point){0.3, 0.4}, low, high));
    CHECK(segment_meets_box((struct point){1, -1}, (struct point){1, 2}, low, high));
    CHECK(!segment_meets_box((struct point){1.1, -1}, (struct point){1.1, 2}, low, high));
    CHECK(!segment_meets_box((struct point){-0.2, 0.9}, (struct point){0.2, 1.4}, low, high));
}

static int side_of(struct point a, struct point b, struct point c)
{
    double turn = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    return (turn > 0) - (turn < 0);
}

static bool is_within(struct point a, struct point b, struct point p)
{
    return side_of(a, b, p) == 0 && p.x >= MIN(a.x, b.x) && p.x <= MAX(a.x, b.x) &&
           p.y >= MIN(a.y, b.y) && p.y <= MAX(a.y, b.y);
}

/* Edge by edge; whole numbers, so that nothing is rounded. */
static size_t naive_crossing_edge(const struct point *ring, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        for (size_t j = i + 1; j < len; j++) {
            struct point a = ring[i], b = ring[i + 1], c = ring[j], d = ring[(j + 1) % len];
            bool is_next = j == i + 1, is_last = i == 0 && j == len - 1;
            bool do_cross =
                side_of(a, b, c) * side_of(a, b, d) < 0 && side_of(c, d, a) * side_of(c, d, b) < 0;
            bool do_touch = is_within(a, b, c) || is_within(a, b, d) || is_within(c, d, a) ||
                            is_within(c, d, b);
            if (is_next || is_last ? is_within(is_next ? a : c, is_next ? b : d, is_next ? d : b) ||
                                         is_within(c, d, is_next ? a : b)
                                   : do_cross || do_touch)
                return i;
        }
    }
    return len;
}

TEST(the_first_edge_that_meets_another_is_found_as_edge_by_edge)
{
    struct random_sequence random = {.state = 7};
    size_t simple = 0;
    for (int round = 0; round < 50000; round++) {
        struct point ring[9];
        size_t len = 3 + (size_t)(random_uniform(&random) * 6);
        for (size_t i = 0; i < len; i++) {
            do
                ring[i] = (struct point){floor(random_uniform(&random) * 12),
                                         floor(random_uniform(&random) * 12)};
            while (i > 0 && ring[i].x == ring[i - 1].x && ring[i].y == ring[i - 1].y);
        }
        ring[len] = ring[0];
        if (ring[len - 1].x == ring[0].x && ring[len - 1].y == ring[0].y)
            continue; /* read as one corner */
        size_t found = polygon_crossing_edge(ring, len);
        CHECK_INT(found, naive_crossing_edge(ring, len));
        simple += found == len;
    }
    CHECK(simple > 1000);
}
