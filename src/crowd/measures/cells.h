// SPDX-License-Identifier: Apache-2.0
/* crowd/measures/cells.h — the Voronoi cell of each person: the floor that is nearer to them than to
 * anybody else, cut to what can be walked on. Of a cell that reaches behind a wall only the part where
 * the person stands is theirs. Computed once a moment, for all zones together.
 *
 * Method D of JPSreport and PedPy (Steffen and Seyfried, Physica A 389, 2010): density in a cell is one
 * person over its area. Each cell is the floor's bounds cut by the bisectors to the neighbours, nearest
 * buckets first, until no further neighbour can reach it: exact, whatever stands in a row or a ring.
 * Any number of people will do, one too. Who stands on the same spot as others shares their cell. */
#pragma once
#include "crowd/measures/areas.h"
#include "crowd/tracking/tracker.h"

/* Two people cannot be nearer: one spot. */
#define CELLS_SAME_SPOT_M         1e-3
#define CELLS_CUT_OFF_CORNERS_MAX 64

/* Ends every cell at a regular polygon around its person, first corner to the right, as PedPy's
 * cut-off does: a crowd's fringe then does not own the empty floor around it. No corners = none. */
struct cells_cut_off {
    double radius_m;
    uint32_t corners;
};

struct cell {
    struct point at;    /* where the person stands, on the floor */
    double area_m2;     /* their share of it; 0 = they stand nowhere on the floor */
    uint32_t trapezoid; /* of the floor */
};

/* What part of a person's cell lies in a zone. */
struct cell_share {
    uint32_t person; /* index in the moment */
    uint32_t zone;
    double m2;
    double part; /* 0..1: so much of the person is there */
};

struct cells;
/* Borrows both for its life. */
struct cells *cells_create(const struct walkable *walkable, const struct areas *areas,
                           struct cells_cut_off cut_off);
void cells_destroy(struct cells *cells); /* NULL is fine */
DEFINE_SCOPED(cells)

void cells_compute(struct cells *cells, const struct tracker_person *people, size_t count);
/* Borrowed until the next moment; the cells by person. */
const struct cell *cells_peek(const struct cells *cells, size_t *out_count);
const struct cell_share *cells_shares(const struct cells *cells, size_t *out_count);
