// SPDX-License-Identifier: Apache-2.0
#include "crowd/measures/areas.h"

/* A fragment of less is rounding. */
#define FRAGMENT_M2_MIN 1e-12

struct zone_pieces {
    struct trapezoid *trapezoids;
    size_t count;
};

static bool cut_fragment(const struct trapezoid *piece, const struct trapezoid *floor,
                         struct fragment *fragment)
{
    struct convex shape = {.len = TRAPEZOID_CORNERS};
    struct point corners[TRAPEZOID_CORNERS];
    if (piece->y0 >= floor->y1 || floor->y0 >= piece->y1)
        return false;
    trapezoid_corners(piece, shape.corners);
    trapezoid_corners(floor, corners);
    convex_cut_to(&shape, corners, TRAPEZOID_CORNERS);
    if (convex_area(&shape) <= FRAGMENT_M2_MIN)
        return false;
    assert(shape.len <= FRAGMENT_CORNERS_MAX);
    fragment->len = (uint32_t)shape.len;
    memcpy(fragment->corners, shape.corners, shape.len * sizeof shape.corners[0]);
    corners_bounds(fragment->corners, fragment->len, &fragment->low, &fragment->high);
    return true;
}

static void add_fragment(struct areas *areas, const struct fragment *fragment, size_t len,
                         size_t *room)
{
    if (len == *room) {
        *room = MAX(64, 2 * *room);
        areas->fragments = mem_resize(areas->fragments, *room * sizeof *fragment);
    }
    areas->fragments[len] = *fragment;
    struct convex shape = {.len = fragment->len};
    memcpy(shape.corners, fragment->corners, sizeof fragment->corners);
    areas->area_m2[fragment->zone] += convex_area(&shape);
}

static enum err fill(struct areas *areas, const struct walkable *walkable,
                     const struct zone_pieces *pieces)
{
    size_t len = 0, room = 0;
    for (size_t t = 0; t < walkable->count; t++) {
        for (size_t z = 0; z < areas->zone_count; z++) {
            for (size_t p = 0; p < pieces[z].count; p++) {
                struct fragment fragment = {.zone = (uint32_t)z};
                if (!cut_fragment(&pieces[z].trapezoids[p], &walkable->trapezoids[t], &fragment))
                    continue;
                if (len == LIMIT_FLOOR_FRAGMENTS)
                    return ERR_TOO_LARGE;
                add_fragment(areas, &fragment, len++, &room);
            }
        }
        areas->fragment_first[t + 1] = (uint32_t)len;
    }
    return ERR_NONE;
}

enum err areas_create(const struct walkable *walkable, const struct zone *zones, size_t zone_count,
                      struct areas **out_areas)
{
    struct zone_pieces *pieces = mem_new_array(zone_count + 1, sizeof *pieces);
    enum err err = ERR_NONE;
    for (size_t z = 0; z < zone_count && err == ERR_NONE; z++) {
        struct ring ring = {zones[z].ring, zones[z].ring_len, RING_FLOOR};
        err = trapezoids_of(&ring, 1, &pieces[z].trapezoids, &pieces[z].count);
    }
    if (err == ERR_NONE) {
        SCOPED(areas) areas = mem_new(sizeof *areas);
        areas->zone_count = zone_count;
        areas->area_m2 = mem_new_array(zone_count + 1, sizeof *areas->area_m2);
        areas->fragment_first = mem_new_array(walkable->count + 1, sizeof *areas->fragment_first);
        err = fill(areas, walkable, pieces);
        if (err == ERR_NONE)
            *out_areas = TAKE(areas);
    }
    for (size_t z = 0; z < zone_count; z++)
        mem_free(pieces[z].trapezoids);
    mem_free(pieces);
    return err;
}

void areas_destroy(struct areas *areas)
{
    if (areas == NULL)
        return;
    mem_free(areas->area_m2);
    mem_free(areas->fragment_first);
    mem_free(areas->fragments);
    mem_free(areas);
}
