// SPDX-License-Identifier: Apache-2.0
#include "crowd/measures/trapezoids.h"

/* Heights so close are one: a hundredth of a hair. */
#define SAME_HEIGHT_M 1e-9
#define SAME_PLACE_M  1e-9

struct edge {
    struct point low, high;
    size_t ring;
    double x; /* in the middle of the slab */
};

struct open_trapezoid { /* of the slab before: goes on when its sides do */
    const struct edge *left, *right;
    size_t index;
};

struct sweep {
    struct edge *edges;
    size_t edge_count;
    double *heights;
    size_t height_count;
    const struct edge **active; /* of the slab, from left to right */
    size_t active_count;
    bool *is_inside;          /* by ring */
    size_t *holes;            /* by floor ring: of how many of its holes this is the inside */
    size_t obstacles, floors; /* that lie here */
    struct open_trapezoid *open, *open_next;
    size_t open_count, open_next_count;
    struct trapezoid *trapezoids;
    size_t count, room;
};

static double x_at(const struct edge *edge, double y)
{
    double x = edge->low.x +
               (edge->high.x - edge->low.x) * (y - edge->low.y) / (edge->high.y - edge->low.y);
    return MIN(MAX(x, MIN(edge->low.x, edge->high.x)), MAX(edge->low.x, edge->high.x));
}

static void take_edges(struct sweep *sweep, const struct ring *rings, size_t ring_count)
{
    for (size_t r = 0; r < ring_count; r++) {
        for (size_t i = 0; i < rings[r].len; i++) {
            struct point a = rings[r].corners[i], b = rings[r].corners[(i + 1) % rings[r].len];
            sweep->heights[sweep->height_count++] = a.y;
            if (a.y != b.y)
                sweep->edges[sweep->edge_count++] =
                    (struct edge){a.y < b.y ? a : b, a.y < b.y ? b : a, r, 0};
        }
    }
}

/* Where the order of two edges changes. */
static bool crossing_height(const struct edge *a, const struct edge *b, double *out_y)
{
    double low = MAX(a->low.y, b->low.y), high = MIN(a->high.y, b->high.y);
    if (low >= high)
        return false;
    double below = x_at(a, low) - x_at(b, low), above = x_at(a, high) - x_at(b, high);
    if ((below < 0) == (above < 0) || below == 0 || above == 0)
        return false;
    *out_y = low + (high - low) * below / (below - above);
    return true;
}

static enum err take_crossings(struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->edge_count; i++) {
        for (size_t j = i + 1; j < sweep->edge_count; j++) {
            double y;
            if (!crossing_height(&sweep->edges[i], &sweep->edges[j], &y))
                continue;
            if (sweep->height_count == 2 * LIMIT_WALKABLE_CORNERS)
                return ERR_TOO_LARGE;
            sweep->heights[sweep->height_count++] = y;
        }
    }
    return ERR_NONE;
}

static int by_height(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void sort_heights(struct sweep *sweep)
{
    size_t kept = 0;
    qsort(sweep->heights, sweep->height_count, sizeof *sweep->heights, by_height);
    for (size_t i = 0; i < sweep->height_count; i++) {
        if (kept == 0 || sweep->heights[i] > sweep->heights[kept - 1] + SAME_HEIGHT_M)
            sweep->heights[kept++] = sweep->heights[i];
    }
    sweep->height_count = kept;
}

static int by_x(const void *a, const void *b)
{
    double x = (*(const struct edge *const *)a)->x, y = (*(const struct edge *const *)b)->x;
    return (x > y) - (x < y);
}

static void enter_slab(struct sweep *sweep, double middle)
{
    sweep->active_count = 0;
    for (size_t i = 0; i < sweep->edge_count; i++) {
        struct edge *edge = &sweep->edges[i];
        if (edge->low.y >= middle || edge->high.y <= middle)
            continue;
        edge->x = x_at(edge, middle);
        sweep->active[sweep->active_count++] = edge;
    }
    qsort(sweep->active, sweep->active_count, sizeof(const struct edge *), by_x);
}

static void add_trapezoid(struct sweep *sweep, const struct edge *left, const struct edge *right,
                          double y0, double y1)
{
    struct open_trapezoid *next = &sweep->open_next[sweep->open_next_count++];
    *next = (struct open_trapezoid){left, right, SIZE_MAX};
    for (size_t i = 0; i < sweep->open_count && next->index == SIZE_MAX; i++) {
        if (sweep->open[i].left == left && sweep->open[i].right == right)
            next->index = sweep->open[i].index;
    }
    if (next->index == SIZE_MAX) {
        if (sweep->count == sweep->room) {
            sweep->room = MAX(16, 2 * sweep->room);
            sweep->trapezoids =
                mem_resize(sweep->trapezoids, sweep->room * sizeof *sweep->trapezoids);
        }
        next->index = sweep->count++;
        sweep->trapezoids[next->index] =
            (struct trapezoid){.y0 = y0, .left0 = x_at(left, y0), .right0 = x_at(right, y0)};
    }
    struct trapezoid *t = &sweep->trapezoids[next->index];
    t->y1 = y1;
    t->left1 = x_at(left, y1);
    t->right1 = x_at(right, y1);
}

static size_t floor_of(const struct ring *rings, size_t ring)
{
    while (rings[ring].part != RING_FLOOR)
        ring--;
    return ring;
}

/* The edge of a ring is passed from left to right. */
static void pass_edge(struct sweep *sweep, const struct ring *rings, size_t ring)
{
    bool is_in = sweep->is_inside[ring] = !sweep->is_inside[ring];
    size_t floor = rings[ring].part == RING_HOLE ? floor_of(rings, ring) : ring;
    switch (rings[ring].part) {
    case RING_OBSTACLE:
        sweep->obstacles = is_in ? sweep->obstacles + 1 : sweep->obstacles - 1;
        return;
    case RING_HOLE:
        if (sweep->is_inside[floor] && is_in && sweep->holes[floor] == 0)
            sweep->floors--;
        sweep->holes[floor] = is_in ? sweep->holes[floor] + 1 : sweep->holes[floor] - 1;
        if (sweep->is_inside[floor] && !is_in && sweep->holes[floor] == 0)
            sweep->floors++;
        return;
    case RING_FLOOR:
        if (sweep->holes[ring] == 0)
            sweep->floors = is_in ? sweep->floors + 1 : sweep->floors - 1;
        return;
    }
}

/* From left to right through one slab, in and out of the rings. */
static void sweep_slab(struct sweep *sweep, const struct ring *rings, size_t ring_count, double y0,
                       double y1)
{
    const struct edge *left = NULL;
    enter_slab(sweep, (y0 + y1) / 2);
    memset(sweep->is_inside, 0, ring_count * sizeof *sweep->is_inside);
    memset(sweep->holes, 0, ring_count * sizeof *sweep->holes);
    sweep->obstacles = sweep->floors = 0;
    sweep->open_next_count = 0;
    for (size_t i = 0; i < sweep->active_count; i++) {
        const struct edge *edge = sweep->active[i];
        pass_edge(sweep, rings, edge->ring);
        /* Floors that share an edge are one: what lies between two edges at one place is nothing. */
        if (i + 1 < sweep->active_count && sweep->active[i + 1]->x - edge->x <= SAME_PLACE_M)
            continue;
        bool is_walkable = sweep->floors > 0 && sweep->obstacles == 0;
        if (is_walkable && left == NULL) {
            left = edge;
        } else if (!is_walkable && left != NULL) {
            add_trapezoid(sweep, left, edge, y0, y1);
            left = NULL;
        }
    }
    struct open_trapezoid *swap = sweep->open;
    sweep->open = sweep->open_next;
    sweep->open_next = swap;
    sweep->open_count = sweep->open_next_count;
}

static void sweep_fini(struct sweep *sweep)
{
    mem_free(sweep->edges);
    mem_free(sweep->heights);
    mem_free(sweep->active);
    mem_free(sweep->is_inside);
    mem_free(sweep->holes);
    mem_free(sweep->open);
    mem_free(sweep->open_next);
}

enum err trapezoids_of(const struct ring *rings, size_t ring_count,
                       struct trapezoid **out_trapezoids, size_t *out_count)
{
    size_t corners = 0;
    assert(ring_count == 0 || rings[0].part == RING_FLOOR);
    for (size_t r = 0; r < ring_count; r++)
        corners += rings[r].len;
    if (corners > LIMIT_WALKABLE_CORNERS || ring_count > LIMIT_WALKABLE_CORNERS)
        return ERR_TOO_LARGE;
    struct sweep sweep = {.edges = mem_new_array(corners + 1, sizeof *sweep.edges),
                          .heights =
                              mem_new_array(2 * LIMIT_WALKABLE_CORNERS, sizeof *sweep.heights),
                          .active = mem_new_array(corners + 1, sizeof *sweep.active),
                          .is_inside = mem_new_array(ring_count + 1, sizeof *sweep.is_inside),
                          .holes = mem_new_array(ring_count + 1, sizeof *sweep.holes),
                          .open = mem_new_array(corners + 1, sizeof *sweep.open),
                          .open_next = mem_new_array(corners + 1, sizeof *sweep.open_next)};
    take_edges(&sweep, rings, ring_count);
    enum err err = take_crossings(&sweep);
    if (err == ERR_NONE) {
        sort_heights(&sweep);
        for (size_t i = 0; i + 1 < sweep.height_count; i++)
            sweep_slab(&sweep, rings, ring_count, sweep.heights[i], sweep.heights[i + 1]);
        *out_trapezoids = sweep.trapezoids;
        *out_count = sweep.count;
    }
    sweep_fini(&sweep);
    return err;
}
