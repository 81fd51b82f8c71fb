// SPDX-License-Identifier: Apache-2.0
/* crowd/measures/areas.h — the zones of a venue as areas to measure: what of each can be walked on, in
 * convex fragments, by the trapezoid of the floor in which they lie. Immutable. */
#pragma once
#include "crowd/measures/walkable.h"

#define FRAGMENT_CORNERS_MAX 8 /* of a trapezoid in a trapezoid */

struct fragment {
    uint32_t zone;
    uint32_t len;
    struct point low, high;
    struct point corners[FRAGMENT_CORNERS_MAX];
};

struct areas {
    size_t zone_count;
    double *area_m2;          /* by zone: of what can be walked on */
    uint32_t *fragment_first; /* [trapezoids of the floor + 1] into fragments */
    struct fragment *fragments;
};

/* ERR_TOO_LARGE beyond LIMIT_FLOOR_FRAGMENTS, or for a zone of too many corners. Borrows both for the call. */
MUST_USE enum err areas_create(const struct walkable *walkable, const struct zone *zones,
                               size_t zone_count, struct areas **out_areas);
void areas_destroy(struct areas *areas); /* NULL is fine */
DEFINE_SCOPED(areas)
