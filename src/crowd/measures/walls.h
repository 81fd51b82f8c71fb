// SPDX-License-Identifier: Apache-2.0
/* crowd/measures/walls.h — the floor that a venue's walls leave: what is walkable without its holes, less
 * the obstacles. Where the venue has nothing walkable, the bounds of its plan and of its zones are. */
#pragma once
#include "crowd/measures/trapezoids.h"

struct walls {
    struct ring *rings; /* owned; their corners are the view's, or `bounds` */
    size_t count;
    struct point bounds[4];
};

enum walls_scope { WALLS_ALL, WALLS_BOUNDS_ONLY };
/* Stays where it is until walls_fini(). No rings when there is neither a plan nor a zone nor a floor. */
void walls_init(struct walls *walls, const struct venue_view *view, enum walls_scope scope);
void walls_fini(struct walls *walls);
