// SPDX-License-Identifier: Apache-2.0
/* crowd/measures/trapezoids.h — polygons with holes as trapezoids between horizontal lines, whose sides
 * are edges of the polygon (Preparata and Shamos 1985, section 2.2.2). What is asked of any polygon is
 * then asked of convex pieces, exactly, whatever its corners do. */
#pragma once
#include "crowd/measures/convex.h"

enum ring_part {
    RING_FLOOR,
    RING_HOLE, /* of the floor ring before it: another floor may lie in it */
    RING_OBSTACLE,
};

struct ring { /* open, in either sense; borrowed */
    const struct point *corners;
    size_t len;
    enum ring_part part;
};

struct trapezoid { /* left0 is the left end at y0, and so on */
    double y0, y1;
    double left0, left1, right0, right1;
};
#define TRAPEZOID_CORNERS 4

/* What lies on any floor, outside its holes, and in no obstacle; rings may overlap, touch and reach
 * beyond one another. Begins with a floor. ERR_TOO_LARGE beyond LIMIT_WALKABLE_CORNERS, or as many heights where corners or crossings lie.
 * The caller frees (mem_free). */
MUST_USE enum err trapezoids_of(const struct ring *rings, size_t ring_count,
                                struct trapezoid **out_trapezoids, size_t *out_count);

static inline double trapezoid_left(const struct trapezoid *t, double y)
{
    return t->left0 + (t->left1 - t->left0) * (y - t->y0) / (t->y1 - t->y0);
}
static inline double trapezoid_right(const struct trapezoid *t, double y)
{
    return t->right0 + (t->right1 - t->right0) * (y - t->y0) / (t->y1 - t->y0);
}
static inline bool trapezoid_holds(const struct trapezoid *t, struct point p)
{
    return p.y >= t->y0 && p.y <= t->y1 && p.x >= trapezoid_left(t, p.y) &&
           p.x <= trapezoid_right(t, p.y);
}
static inline double trapezoid_area(const struct trapezoid *t)
{
    return (t->y1 - t->y0) * (t->right0 - t->left0 + t->right1 - t->left1) / 2;
}
static inline void trapezoid_corners(const struct trapezoid *t,
                                     struct point out_corners[TRAPEZOID_CORNERS])
{
    out_corners[0] = (struct point){t->left0, t->y0};
    out_corners[1] = (struct point){t->right0, t->y0};
    out_corners[2] = (struct point){t->right1, t->y1};
    out_corners[3] = (struct point){t->left1, t->y1};
}
