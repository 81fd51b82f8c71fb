// SPDX-License-Identifier: Apache-2.0
#include "venues/polygon.h"

#include <math.h>
#include <stdlib.h>

/* Twice the signed area of a, b, c: positive when c lies left of a-b. */
static double turn(struct point a, struct point b, struct point c)
{
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

static bool is_between(double value, double end_a, double end_b)
{
    return value >= MIN(end_a, end_b) && value <= MAX(end_a, end_b);
}

static bool is_on_segment(struct point a, struct point b, struct point p)
{
    return is_between(p.x, a.x, b.x) && is_between(p.y, a.y, b.y) && turn(a, b, p) == 0;
}

bool polygon_contains(const struct point *ring, size_t len, struct point point)
{
    bool is_inside = false;
    for (size_t i = 0, j = len - 1; i < len; j = i++) {
        struct point a = ring[j];
        struct point b = ring[i];
        if (is_on_segment(a, b, point))
            return false;
        if ((a.y > point.y) == (b.y > point.y))
            continue;
        /* The edge crosses the point's height: is the crossing to the right? Decided by the side of
         * the upward edge, so that no division rounds a point next to the border across it. */
        double side = b.y > a.y ? turn(a, b, point) : turn(b, a, point);
        if (side > 0)
            is_inside = !is_inside;
    }
    return is_inside;
}

bool polygon_is_outside(const struct floor_ring *ring, struct point point)
{
    if (polygon_contains(ring->points, ring->len, point))
        return false;
    for (size_t i = 0, j = ring->len - 1; i < ring->len; j = i++) {
        if (is_on_segment(ring->points[j], ring->points[i], point))
            return false;
    }
    return true;
}

double polygon_area(const struct point *ring, size_t len)
{
    double twice = 0;
    for (size_t i = 1; i + 1 < len; i++) /* from the first corner: large coordinates cancel */
        twice += turn(ring[0], ring[i], ring[i + 1]);
    return twice / 2;
}

static int sign(double value)
{
    return (value > 0) - (value < 0);
}

static bool segments_cross(struct point a, struct point b, struct point c, struct point d)
{
    return sign(turn(a, b, c)) * sign(turn(a, b, d)) < 0 &&
           sign(turn(c, d, a)) * sign(turn(c, d, b)) < 0;
}

static bool segments_meet(struct point a, struct point b, struct point c, struct point d)
{
    if (segments_cross(a, b, c, d))
        return true;
    return is_on_segment(a, b, c) || is_on_segment(a, b, d) || is_on_segment(c, d, a) ||
           is_on_segment(c, d, b);
}

/* Neighbours a-b and b-c share b; they overlap only when c turns straight back. */
static bool is_spike(struct point a, struct point b, struct point c)
{
    bool is_straight = turn(a, b, c) == 0;
    return is_straight && (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y) <= 0;
}

static bool edges_meet(const struct point *ring, size_t len, size_t i, size_t j)
{
    if (j == i + 1)
        return is_spike(ring[i], ring[j], ring[(j + 1) % len]);
    if (i == 0 && j == len - 1)
        return is_spike(ring[j], ring[0], ring[1]);
    return segments_meet(ring[i], ring[i + 1], ring[j], ring[(j + 1) % len]);
}

struct extent {
    struct point low, high;
    size_t edge; /* from this corner to the next */
};

static struct extent extent_of(const struct point *ring, size_t len, size_t edge)
{
    struct point a = ring[edge], b = ring[(edge + 1) % len];
    return (struct extent){{MIN(a.x, b.x), MIN(a.y, b.y)}, {MAX(a.x, b.x), MAX(a.y, b.y)}, edge};
}

static int by_low_x(const void *a, const void *b)
{
    double x = ((const struct extent *)a)->low.x, y = ((const struct extent *)b)->low.x;
    return (x > y) - (x < y);
}

/* From left to right, so that each edge is compared with those only that begin before it ends: a plan's walls
 * have thousands of short ones, and an import reads many at a time. */
size_t polygon_crossing_edge(const struct point *ring, size_t len)
{
    size_t first = len;
    SCOPED_MEM struct extent *edges = mem_new_array(len + 1, sizeof *edges);
    for (size_t i = 0; i < len; i++)
        edges[i] = extent_of(ring, len, i);
    qsort(edges, len, sizeof *edges, by_low_x);
    for (size_t i = 0; i < len; i++) {
        const struct extent *a = &edges[i], *end = &edges[len];
        for (const struct extent *b = a + 1; b < end && b->low.x <= a->high.x; b++) {
            size_t low = MIN(a->edge, b->edge), high = MAX(a->edge, b->edge);
            if (b->low.y <= a->high.y && b->high.y >= a->low.y && low < first &&
                edges_meet(ring, len, low, high))
                first = low;
        }
    }
    return first;
}

static struct extent extent_of_all(const struct floor_ring *ring)
{
    struct extent all = {{INFINITY, INFINITY}, {-INFINITY, -INFINITY}, 0};
    for (size_t i = 0; i < ring->len; i++) {
        struct point p = ring->points[i];
        all.low = (struct point){MIN(all.low.x, p.x), MIN(all.low.y, p.y)};
        all.high = (struct point){MAX(all.high.x, p.x), MAX(all.high.y, p.y)};
    }
    return all;
}

static bool do_overlap(const struct extent *a, const struct extent *b)
{
    return a->low.x <= b->high.x && a->high.x >= b->low.x && a->low.y <= b->high.y &&
           a->high.y >= b->low.y;
}

size_t polygon_crossing_other(const struct floor_ring *ring, const struct floor_ring *other)
{
    const struct extent around = extent_of_all(other);
    for (size_t i = 0; i < ring->len; i++) {
        struct extent edge = extent_of(ring->points, ring->len, i);
        for (size_t j = 0; do_overlap(&edge, &around) && j < other->len; j++) {
            struct extent its = extent_of(other->points, other->len, j);
            if (do_overlap(&edge, &its) &&
                segments_cross(ring->points[i], ring->points[(i + 1) % ring->len], other->points[j],
                               other->points[(j + 1) % other->len]))
                return i;
        }
    }
    return ring->len;
}

bool polygon_is_simple(const struct point *ring, size_t len)
{
    return len >= 3 && polygon_crossing_edge(ring, len) == len;
}

bool segment_meets_box(struct point a, struct point b, struct point low, struct point high)
{
    if (MAX(a.x, b.x) < low.x || MIN(a.x, b.x) > high.x || MAX(a.y, b.y) < low.y ||
        MIN(a.y, b.y) > high.y)
        return false;
    /* Their extents overlap: they miss each other only if all four corners are on one side. */
    int left = 0;
    int right = 0;
    const struct point corners[4] = {low, {high.x, low.y}, high, {low.x, high.y}};
    for (int i = 0; i < 4; i++) {
        left += turn(a, b, corners[i]) > 0;
        right += turn(a, b, corners[i]) < 0;
    }
    return left < 4 && right < 4;
}
