// SPDX-License-Identifier: Apache-2.0
/* crowd/measures/convex.h — convex shapes on the floor and what is common to two of them, by cutting one
 * along the edges of the other (Sutherland and Hodgman 1974, exact for convex shapes). Corners run
 * counter-clockwise, in metres. An empty shape has no corners. */
#pragma once
#include "base/base.h"
#include "venues/venues.h"

/* A cut adds one corner at most. A shape that is full gives up its shortest edge first: who has so many
 * neighbours at one distance has a circle for a cell. */
#define CONVEX_CORNERS_MAX 128

struct convex {
    size_t len;
    struct point corners[CONVEX_CORNERS_MAX];
};

/* What lies on the far side of the border, where the normal points, is cut away. */
struct half_plane {
    struct point border; /* any point of it */
    double normal_x, normal_y;
};

/* Whether anything was cut away. */
bool convex_cut(struct convex *shape, struct half_plane plane);
/* Keeps what lies in the convex ring too. */
void convex_cut_to(struct convex *shape, const struct point *ring, size_t len);
double convex_area(const struct convex *shape);
/* The bounds of corners; of none, an empty box (low above high). */
void corners_bounds(const struct point *corners, size_t len, struct point *out_low,
                    struct point *out_high);
static inline bool bounds_meet(struct point a_low, struct point a_high, struct point b_low,
                               struct point b_high)
{
    return a_low.x < b_high.x && b_low.x < a_high.x && a_low.y < b_high.y && b_low.y < a_high.y;
}
