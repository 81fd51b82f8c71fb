// SPDX-License-Identifier: Apache-2.0
#include "venues/outlines.h"

#include "base/test.h"

static struct floor_ring ring_of(const struct point *corners, size_t len)
{
    return (struct floor_ring){mem_copy(corners, len * sizeof *corners), len};
}

static void add(struct outlines *outlines, enum wall_kind kind, const struct point *corners,
                size_t len)
{
    struct venue_wall wall = {.kind = kind, .ring_count = 1};
    wall.rings = mem_new(sizeof *wall.rings);
    wall.rings[0] = ring_of(corners, len);
    outlines_add(outlines, &wall);
}

/* An L: 20 m by 20 m without the corner at the upper right. */
static const struct point ELL[] = {{0, 0}, {20, 0}, {20, 10}, {10, 10}, {10, 20}, {0, 20}};

static bool leaves(double x0, double y0, double x1, double y1, struct point *out_at)
{
    const struct point zone[] = {{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}};
    struct outlines outlines = {.rings = NULL};
    add(&outlines, WALL_WALKABLE, ELL, COUNT_OF(ELL));
    bool does_leave = outlines_ask(&outlines, zone, COUNT_OF(zone), out_at) == OUTLINES_LEFT;
    outlines_fini(&outlines);
    return does_leave;
}

TEST(a_zone_inside_or_along_the_floor_does_not_leave_it)
{
    struct point at;
    CHECK(!leaves(1, 1, 9, 19, &at));
    CHECK(!leaves(0, 0, 20, 10, &at));
    CHECK(!leaves(-0.4, 0, 20, 10.4, &at)); /* drawn by hand */
}

TEST(a_zone_in_the_corner_that_an_l_leaves_out_leaves_the_floor_and_is_told_where)
{
    struct point at = {0, 0};
    CHECK(leaves(12, 12, 18, 18, &at));
    CHECK_NEAR(at.x, 12, 1e-9);
    CHECK_NEAR(at.y, 12, 1e-9);
}

TEST(a_zone_that_is_partly_outside_leaves_the_floor_also_between_its_corners)
{
    struct point at = {0, 0};
    CHECK(leaves(5, 5, 15, 15, &at));
    CHECK_NEAR(at.x, 15, 1e-9);
    CHECK_NEAR(at.y, 12.5, 1e-9); /* the middle of the way outside */
    const struct point across[] = {{19, 1}, {19, 9}, {1, 19}, {1, 1}};
    struct outlines outlines = {.rings = NULL};
    add(&outlines, WALL_WALKABLE, ELL, COUNT_OF(ELL));
    CHECK_INT(outlines_ask(&outlines, across, COUNT_OF(across), &at), OUTLINES_LEFT);
    CHECK(at.x > 10 && at.y > 10);
    outlines_fini(&outlines);
    CHECK(leaves(-5, -5, 25, 25, &at)); /* all around */
}

TEST(floors_beside_one_another_are_one_and_a_gap_between_them_is_outside)
{
    static const struct point LEFT[] = {{0, 0}, {10, 0}, {10, 10}, {0, 10}},
                              RIGHT[] = {{10, 0}, {20, 0}, {20, 10}, {10, 10}},
                              FAR[] = {{25, 0}, {35, 0}, {35, 10}, {25, 10}},
                              BOTH[] = {{2, 2}, {18, 2}, {18, 8}, {2, 8}},
                              ALL[] = {{2, 2}, {30, 2}, {30, 8}, {2, 8}};
    struct outlines outlines = {.rings = NULL};
    struct point at;
    add(&outlines, WALL_WALKABLE, LEFT, 4);
    add(&outlines, WALL_WALKABLE, RIGHT, 4);
    add(&outlines, WALL_WALKABLE, FAR, 4);
    CHECK_INT(outlines_ask(&outlines, BOTH, 4, &at), OUTLINES_KEPT);
    CHECK_INT(outlines_ask(&outlines, ALL, 4, &at), OUTLINES_LEFT);
    CHECK_NEAR(at.x, 22.5, 1e-9);
    outlines_fini(&outlines);
}

TEST(obstacles_alone_are_no_floor_to_leave_and_too_many_corners_leave_all_walls_out)
{
    static const struct point PILLAR[] = {{0, 0}, {1, 0}, {1, 1}},
                              ZONE[] = {{50, 50}, {60, 50}, {60, 60}};
    struct outlines outlines = {.rings = NULL};
    struct point at;
    add(&outlines, WALL_OBSTACLE, PILLAR, 3);
    CHECK_INT(outlines_ask(&outlines, ZONE, 3, &at), OUTLINES_KEPT);
    add(&outlines, WALL_WALKABLE, ELL, COUNT_OF(ELL));
    CHECK_INT(outlines_ask(&outlines, ZONE, 3, &at), OUTLINES_LEFT);
    while (outlines.corners + 3 <= LIMIT_WALKABLE_CORNERS)
        add(&outlines, WALL_OBSTACLE, PILLAR, 3);
    CHECK(!outlines_are_left_out(&outlines));
    add(&outlines, WALL_OBSTACLE, PILLAR, 3);
    CHECK(outlines_are_left_out(&outlines));
    CHECK_INT(outlines_ask(&outlines, ZONE, 3, &at), OUTLINES_KEPT);
    outlines_fini(&outlines);
}

/* Teeth so fine that between them one stands on their edge, and ways across all of them: thousands of pieces, each
 * held against thousands of corners. */
TEST(a_zone_across_a_floor_like_a_comb_is_given_up_after_so_many_steps)
{
    enum { TEETH = 1900 };
    static struct point comb[2 * TEETH + 2], zone[40];
    struct outlines outlines = {.rings = NULL};
    struct point at;
    for (int i = 0; i < TEETH; i++) {
        comb[2 * i] = (struct point){0.2 * i, 0};
        comb[2 * i + 1] = (struct point){0.2 * i + 0.1, 50};
    }
    comb[2 * TEETH] = (struct point){400, 60};
    comb[2 * TEETH + 1] = (struct point){-1, 60};
    for (size_t i = 0; i < COUNT_OF(zone); i++)
        zone[i] = (struct point){i % 2 == 0 ? 370 : 1, 10 + 0.1 * (double)i};
    add(&outlines, WALL_WALKABLE, comb, COUNT_OF(comb));
    CHECK_INT(outlines_ask(&outlines, zone, 3, &at), OUTLINES_KEPT);
    CHECK_INT(outlines_ask(&outlines, zone, COUNT_OF(zone), &at), OUTLINES_UNKNOWN);
    CHECK(outlines.steps < LIMIT_OUTLINE_STEPS + 2 * (COUNT_OF(comb) + 1));
    CHECK_INT(outlines_ask(&outlines, zone, 3, &at), OUTLINES_UNKNOWN); /* nor the zones after it */
    outlines_fini(&outlines);
}
