// SPDX-License-Identifier: Apache-2.0
#include "crowd/measures/walkable.h"

#include <math.h>

static size_t row_of(const struct walkable *walkable, double y)
{
    double row = (y - walkable->low.y) * walkable->rows_per_m;
    return row <= 0 ? 0 : MIN((size_t)row, WALKABLE_ROWS - 1);
}

static void measure(struct walkable *walkable)
{
    walkable->low = (struct point){INFINITY, INFINITY};
    walkable->high = (struct point){-INFINITY, -INFINITY};
    for (size_t i = 0; i < walkable->count; i++) {
        struct point corners[TRAPEZOID_CORNERS], low, high;
        trapezoid_corners(&walkable->trapezoids[i], corners);
        corners_bounds(corners, TRAPEZOID_CORNERS, &low, &high);
        walkable->low = (struct point){MIN(walkable->low.x, low.x), MIN(walkable->low.y, low.y)};
        walkable->high =
            (struct point){MAX(walkable->high.x, high.x), MAX(walkable->high.y, high.y)};
        walkable->area_m2 += trapezoid_area(&walkable->trapezoids[i]);
    }
    walkable->rows_per_m = WALKABLE_ROWS / (walkable->high.y - walkable->low.y);
}

static bool is_gate(const struct trapezoid *a, const struct trapezoid *b, struct gate *out_gate)
{
    if (a->y1 != b->y0 && a->y0 != b->y1)
        return false;
    bool is_up = a->y1 == b->y0;
    out_gate->y = is_up ? a->y1 : a->y0;
    out_gate->x0 = is_up ? MAX(a->left1, b->left0) : MAX(a->left0, b->left1);
    out_gate->x1 = is_up ? MIN(a->right1, b->right0) : MIN(a->right0, b->right1);
    return out_gate->x1 > out_gate->x0;
}

static void find_gates(struct walkable *walkable)
{
    size_t len = 0, room = 0;
    walkable->gate_first = mem_new_array(walkable->count + 1, sizeof *walkable->gate_first);
    for (size_t a = 0; a < walkable->count; a++) {
        for (size_t b = 0; b < walkable->count; b++) {
            struct gate gate = {.to = (uint32_t)b};
            if (a == b || !is_gate(&walkable->trapezoids[a], &walkable->trapezoids[b], &gate))
                continue;
            if (len == room) {
                room = MAX(16, 2 * room);
                walkable->gates = mem_resize(walkable->gates, room * sizeof gate);
            }
            walkable->gates[len++] = gate;
        }
        walkable->gate_first[a + 1] = (uint32_t)len;
    }
}

static void fill_rows(struct walkable *walkable)
{
    uint32_t next[WALKABLE_ROWS] = {0};
    for (size_t i = 0; i < walkable->count; i++) {
        const struct trapezoid *t = &walkable->trapezoids[i];
        for (size_t row = row_of(walkable, t->y0); row <= row_of(walkable, t->y1); row++)
            next[row]++;
    }
    for (size_t row = 0; row < WALKABLE_ROWS; row++) {
        walkable->row_first[row + 1] = walkable->row_first[row] + next[row];
        next[row] = walkable->row_first[row];
    }
    walkable->row_trapezoids =
        mem_new_array(walkable->row_first[WALKABLE_ROWS], sizeof *walkable->row_trapezoids);
    for (size_t i = 0; i < walkable->count; i++) {
        const struct trapezoid *t = &walkable->trapezoids[i];
        for (size_t row = row_of(walkable, t->y0); row <= row_of(walkable, t->y1); row++)
            walkable->row_trapezoids[next[row]++] = (uint32_t)i;
    }
}

enum err walkable_create(const struct ring *rings, size_t ring_count,
                         struct walkable **out_walkable)
{
    SCOPED(walkable) walkable = mem_new(sizeof *walkable);
    TRY(trapezoids_of(rings, ring_count, &walkable->trapezoids, &walkable->count));
    if (walkable->count == 0)
        return ERR_INVALID;
    measure(walkable);
    find_gates(walkable);
    fill_rows(walkable);
    *out_walkable = TAKE(walkable);
    return ERR_NONE;
}

void walkable_destroy(struct walkable *walkable)
{
    if (walkable == NULL)
        return;
    mem_free(walkable->trapezoids);
    mem_free(walkable->gate_first);
    mem_free(walkable->gates);
    mem_free(walkable->row_trapezoids);
    mem_free(walkable);
}

static struct point nearest_of_edge(struct point a, struct point b, struct point p)
{
    double length2 = (b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y);
    double t = length2 > 0 ? ((p.x - a.x) * (b.x - a.x) + (p.y - a.y) * (b.y - a.y)) / length2 : 0;
    t = MIN(MAX(t, 0), 1);
    return (struct point){a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
}

/* Improves on the nearest place so far. */
static bool is_nearer(const struct trapezoid *trapezoid, struct point place, double *distance_m,
                      struct point *nearest)
{
    struct point corners[TRAPEZOID_CORNERS];
    bool is_better = false;
    trapezoid_corners(trapezoid, corners);
    for (size_t i = 0; i < TRAPEZOID_CORNERS; i++) {
        struct point p = nearest_of_edge(corners[i], corners[(i + 1) % TRAPEZOID_CORNERS], place);
        double d = hypot(p.x - place.x, p.y - place.y);
        if (d > *distance_m)
            continue;
        *distance_m = d;
        *nearest = p;
        is_better = true;
    }
    return is_better;
}

bool walkable_locate(const struct walkable *walkable, struct point place, uint32_t *out_trapezoid,
                     struct point *out_place)
{
    if (!isfinite(place.x) || !isfinite(place.y))
        return false;
    size_t row = row_of(walkable, place.y);
    for (uint32_t i = walkable->row_first[row]; i < walkable->row_first[row + 1]; i++) {
        uint32_t t = walkable->row_trapezoids[i];
        if (trapezoid_holds(&walkable->trapezoids[t], place)) {
            *out_trapezoid = t;
            *out_place = place;
            return true;
        }
    }
    double distance_m = WALKABLE_EDGE_M;
    bool is_found = false;
    uint32_t first = walkable->row_first[row_of(walkable, place.y - WALKABLE_EDGE_M)];
    uint32_t end = walkable->row_first[row_of(walkable, place.y + WALKABLE_EDGE_M) + 1];
    for (uint32_t i = first; i < end; i++) {
        uint32_t t = walkable->row_trapezoids[i];
        if (!is_nearer(&walkable->trapezoids[t], place, &distance_m, out_place))
            continue;
        *out_trapezoid = t;
        is_found = true;
    }
    return is_found;
}
