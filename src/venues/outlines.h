// SPDX-License-Identifier: Apache-2.0
/* venues/outlines.h — the outlines of what is walkable in a venue, and whether a zone leaves them: people there
 * are not measured, since nobody can stand there. Holes and obstacles in a zone are fine, as pillars are. Pure. */
#pragma once
#include "venues/venues.h"

/* Plans are drawn that exactly: who stands so near to the floor stands on its edge. */
#define OUTLINE_EDGE_M 0.5

struct outlines {
    struct floor_ring *rings; /* the outer ones; owned */
    size_t count, size;
    size_t corners; /* of all walls, with holes and obstacles */
    size_t steps;   /* corners of outlines that were looked at, of LIMIT_OUTLINE_STEPS */
};

enum outlines_answer {
    OUTLINES_KEPT, /* also when nothing is drawn as walkable, or when the walls are left out */
    OUTLINES_LEFT,
    OUTLINES_UNKNOWN, /* the steps are used up: by this zone, or by those before it */
};

/* Takes the rings of the wall. */
void outlines_add(struct outlines *outlines, struct venue_wall *wall);
void outlines_fini(struct outlines *outlines);
/* More than are measured by: all walls are left out then (LIMIT_WALKABLE_CORNERS). */
static inline bool outlines_are_left_out(const struct outlines *outlines)
{
    return outlines->corners > LIMIT_WALKABLE_CORNERS;
}
/* Whether the ring leaves all of them, and a place where it does. */
MUST_USE enum outlines_answer outlines_ask(struct outlines *outlines, const struct point *ring,
                                           size_t len, struct point *out_at);
