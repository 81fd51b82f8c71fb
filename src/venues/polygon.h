// SPDX-License-Identifier: Apache-2.0
/* venues/polygon.h — polygons on the floor: one ring, open (the last point is not the first again).
 */
#pragma once
#include "venues/venues.h"

/* Signed by the shoelace formula: positive when counter-clockwise. */
double polygon_area(const struct point *ring, size_t len);
/* True when no two edges meet but neighbours in their common corner: no crossing, no touching, no
 * spike. Nearly linear in the number of corners as walls and floors have them. */
bool polygon_is_simple(const struct point *ring, size_t len);
/* The first edge [i, i+1] that meets a later one, for the message; len when there is none. */
size_t polygon_crossing_edge(const struct point *ring, size_t len);
/* Whether the closed segment a-b shares a point with the closed box. */
bool segment_meets_box(struct point a, struct point b, struct point low, struct point high);

/* The first edge of `ring` that passes from one side of an edge of `other` to its other side: they may
 * share corners and run along each other. ring->len when there is none. */
size_t polygon_crossing_other(const struct floor_ring *ring, const struct floor_ring *other);
/* Neither inside nor on the border. */
bool polygon_is_outside(const struct floor_ring *ring, struct point point);
