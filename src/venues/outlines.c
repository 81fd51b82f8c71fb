// SPDX-License-Identifier: Apache-2.0
#include "venues/outlines.h"

#include "venues/polygon.h"
#include "venues/shape.h"

#include <math.h>

void outlines_add(struct outlines *outlines, struct venue_wall *wall)
{
    for (size_t r = 0; r < wall->ring_count; r++)
        outlines->corners += wall->rings[r].len;
    if (wall->kind == WALL_WALKABLE) {
        if (outlines->count == outlines->size) {
            outlines->size = outlines->size == 0 ? 4 : 2 * outlines->size;
            outlines->rings = mem_resize(outlines->rings, outlines->size * sizeof *outlines->rings);
        }
        outlines->rings[outlines->count++] = wall->rings[0];
        wall->rings[0] = (struct floor_ring){.points = NULL};
    }
    shape_rings_free(wall->rings, wall->ring_count);
    wall->rings = NULL;
    wall->ring_count = 0;
}

void outlines_fini(struct outlines *outlines)
{
    shape_rings_free(outlines->rings, outlines->count);
    *outlines = (struct outlines){.rings = NULL};
}

static double distance_m(struct point a, struct point b, struct point p)
{
    double dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
    double t = square > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / square : 0;
    t = fmin(fmax(t, 0), 1);
    return hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

static bool is_off(struct outlines *outlines, struct point p)
{
    for (size_t r = 0; r < outlines->count; r++) {
        const struct floor_ring *ring = &outlines->rings[r];
        outlines->steps += ring->len;
        if (!polygon_is_outside(ring, p))
            return false;
        for (size_t i = 0, j = ring->len - 1; i < ring->len; j = i++) {
            if (distance_m(ring->points[j], ring->points[i], p) <= OUTLINE_EDGE_M)
                return false;
        }
    }
    return true;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Where a-b meets the outlines, as shares of the way, by size; with its ends. `out` has room for all. */
static size_t cut(struct outlines *outlines, struct point a, struct point b, double *out)
{
    size_t count = 0;
    outlines->steps += outlines->corners;
    out[count++] = 0;
    out[count++] = 1;
    for (size_t r = 0; r < outlines->count; r++) {
        const struct floor_ring *ring = &outlines->rings[r];
        for (size_t i = 0, j = ring->len - 1; i < ring->len; j = i++) {
            struct point c = ring->points[j], d = ring->points[i];
            double cross = (b.x - a.x) * (d.y - c.y) - (b.y - a.y) * (d.x - c.x);
            if (cross == 0)
                continue; /* parallel */
            double t = ((c.x - a.x) * (d.y - c.y) - (c.y - a.y) * (d.x - c.x)) / cross;
            double u = ((c.x - a.x) * (b.y - a.y) - (c.y - a.y) * (b.x - a.x)) / cross;
            if (t > 0 && t < 1 && u >= 0 && u <= 1)
                out[count++] = t;
        }
    }
    qsort(out, count, sizeof *out, by_value);
    return count;
}

/* Where the way from a to b is off: at its beginning, or in the middle of one of its pieces. */
static enum outlines_answer ask_edge(struct outlines *outlines, struct point a, struct point b,
                                     double *cuts, struct point *out_at)
{
    size_t count = cut(outlines, a, b, cuts);
    for (size_t k = 0; k < count; k++) {
        double t = k == 0 ? 0 : (cuts[k - 1] + cuts[k]) / 2;
        struct point p = {a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
        if (outlines->steps > LIMIT_OUTLINE_STEPS)
            return OUTLINES_UNKNOWN;
        if (!is_off(outlines, p))
            continue;
        *out_at = p;
        return OUTLINES_LEFT;
    }
    return OUTLINES_KEPT;
}

enum outlines_answer outlines_ask(struct outlines *outlines, const struct point *ring, size_t len,
                                  struct point *out_at)
{
    enum outlines_answer answer = OUTLINES_KEPT;
    if (outlines->count == 0 || outlines_are_left_out(outlines))
        return OUTLINES_KEPT;
    SCOPED_MEM double *cuts = mem_new_array(outlines->corners + 2, sizeof *cuts);
    for (size_t i = 0; i < len && answer == OUTLINES_KEPT; i++)
        answer = ask_edge(outlines, ring[i], ring[(i + 1) % len], cuts, out_at);
    return answer;
}
