// SPDX-License-Identifier: Apache-2.0
/* crowd/measures/walkable.h — the floor on which people can stand: an outline without its obstacles. Cut
 * into trapezoids, with gates where one goes over into the next; what has no way of gates between lies
 * behind a wall. Immutable. */
#pragma once
#include "crowd/measures/trapezoids.h"

/* Whoever is found so near to the floor stands on its edge (an error of tracking); farther off, nowhere. */
#define WALKABLE_EDGE_M 0.5
#define WALKABLE_ROWS   512

struct gate { /* a horizontal opening */
    uint32_t to;
    double y, x0, x1;
};

struct walkable {
    struct trapezoid *trapezoids;
    size_t count;
    uint32_t *gate_first; /* [count + 1] into gates */
    struct gate *gates;
    struct point low, high;
    double area_m2;
    double rows_per_m;
    uint32_t row_first[WALKABLE_ROWS + 1]; /* into row_trapezoids: who reaches into the row */
    uint32_t *row_trapezoids;
};

/* Begins with a floor ring. ERR_INVALID without any floor; ERR_TOO_LARGE beyond LIMIT_WALKABLE_CORNERS.
 * Borrows the rings for the call. */
MUST_USE enum err walkable_create(const struct ring *rings, size_t ring_count,
                                  struct walkable **out_walkable);
void walkable_destroy(struct walkable *walkable); /* NULL is fine */
DEFINE_SCOPED(walkable)

/* The trapezoid where the place lies, and the place, moved onto the floor when it is within
 * WALKABLE_EDGE_M of it. False when it is farther off. */
bool walkable_locate(const struct walkable *walkable, struct point place, uint32_t *out_trapezoid,
                     struct point *out_place);
