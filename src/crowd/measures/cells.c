// SPDX-License-Identifier: Apache-2.0
#include "crowd/measures/cells.h"

#include <math.h>

#define BUCKETS_PER_PERSON 2
/* A cell of less is rounding: a person cannot be spread over it. */
#define CELL_M2_MIN 1e-9

struct buckets { /* people by place, in a grid over where people are */
    struct point low;
    double side_m;
    int columns, rows;
    uint32_t *first; /* [columns * rows + 1] into people */
    uint32_t *people;
    size_t room;
};

struct cells {
    const struct walkable *walkable;
    const struct areas *areas;
    struct cells_cut_off cut_off;
    struct cell *cells;
    size_t count, room;
    struct cell_share *shares;
    size_t share_count, share_room;
    struct buckets buckets;
    /* Which trapezoids the present cell has come through; the ones to go through. */
    uint64_t *visited;
    uint64_t visit;
    uint32_t *waiting;
};

struct cells *cells_create(const struct walkable *walkable, const struct areas *areas,
                           struct cells_cut_off cut_off)
{
    assert(cut_off.corners <= CELLS_CUT_OFF_CORNERS_MAX);
    struct cells *cells = mem_new(sizeof *cells);
    cells->walkable = walkable;
    cells->areas = areas;
    cells->cut_off = cut_off;
    cells->visited = mem_new_array(walkable->count, sizeof *cells->visited);
    cells->waiting = mem_new_array(walkable->count, sizeof *cells->waiting);
    return cells;
}

void cells_destroy(struct cells *cells)
{
    if (cells == NULL)
        return;
    mem_free(cells->cells);
    mem_free(cells->shares);
    mem_free(cells->buckets.first);
    mem_free(cells->buckets.people);
    mem_free(cells->visited);
    mem_free(cells->waiting);
    mem_free(cells);
}

const struct cell *cells_peek(const struct cells *cells, size_t *out_count)
{
    *out_count = cells->count;
    return cells->cells;
}

const struct cell_share *cells_shares(const struct cells *cells, size_t *out_count)
{
    *out_count = cells->share_count;
    return cells->shares;
}

static bool is_on_floor(const struct cell *cell)
{
    return cell->trapezoid != UINT32_MAX;
}

static void place_people(struct cells *cells, const struct tracker_person *people, size_t count)
{
    if (count > cells->room) {
        cells->room = count;
        cells->cells = mem_resize(cells->cells, count * sizeof *cells->cells);
        cells->buckets.people =
            mem_resize(cells->buckets.people, count * sizeof *cells->buckets.people);
    }
    cells->count = count;
    for (size_t i = 0; i < count; i++) {
        struct cell *cell = &cells->cells[i];
        *cell = (struct cell){.at = {people[i].x, people[i].y}, .trapezoid = UINT32_MAX};
        (void)walkable_locate(cells->walkable, cell->at, &cell->trapezoid, &cell->at);
    }
}

static size_t bucket_of(const struct buckets *buckets, struct point p)
{
    int column = (int)((p.x - buckets->low.x) / buckets->side_m);
    int row = (int)((p.y - buckets->low.y) / buckets->side_m);
    return (size_t)MIN(row, buckets->rows - 1) * (size_t)buckets->columns +
           (size_t)MIN(column, buckets->columns - 1);
}

static void size_buckets(struct buckets *buckets, const struct cell *cells, size_t count)
{
    struct point low = {INFINITY, INFINITY}, high = {-INFINITY, -INFINITY};
    size_t standing = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_on_floor(&cells[i]))
            continue;
        struct point at = cells[i].at;
        low = (struct point){MIN(low.x, at.x), MIN(low.y, at.y)};
        high = (struct point){MAX(high.x, at.x), MAX(high.y, at.y)};
        standing++;
    }
    if (standing == 0)
        low = high = (struct point){0, 0};
    double wanted = BUCKETS_PER_PERSON * (double)MAX(standing, 1);
    double width = high.x - low.x, height = high.y - low.y;
    /* A queue in one line has length but no area. */
    double side = MAX(sqrt(width * height / wanted), MAX(width, height) / wanted);
    buckets->low = low;
    buckets->side_m = MAX(side, CELLS_SAME_SPOT_M);
    buckets->columns = 1 + (int)(width / buckets->side_m);
    buckets->rows = 1 + (int)(height / buckets->side_m);
}

static void fill_buckets(struct buckets *buckets, const struct cell *cells, size_t count)
{
    size_buckets(buckets, cells, count);
    size_t len = (size_t)buckets->columns * (size_t)buckets->rows;
    if (len + 2 > buckets->room) {
        buckets->room = len + 2;
        buckets->first = mem_resize(buckets->first, buckets->room * sizeof *buckets->first);
    }
    /* Counted two places on, summed, then moved back by filling: no second array. */
    memset(buckets->first, 0, (len + 2) * sizeof *buckets->first);
    for (size_t i = 0; i < count; i++) {
        if (is_on_floor(&cells[i]))
            buckets->first[bucket_of(buckets, cells[i].at) + 2]++;
    }
    for (size_t b = 1; b < len + 2; b++)
        buckets->first[b] += buckets->first[b - 1];
    for (size_t i = 0; i < count; i++) {
        if (is_on_floor(&cells[i]))
            buckets->people[buckets->first[bucket_of(buckets, cells[i].at) + 1]++] = (uint32_t)i;
    }
}

/* A cell while it is cut. Corners are relative to the person: bisectors are exact far from the origin. */
struct cutting {
    struct convex shape;
    double radius2; /* of the farthest corner */
    uint32_t sharers;
};

static void measure_radius(struct cutting *cutting)
{
    cutting->radius2 = 0;
    for (size_t i = 0; i < cutting->shape.len; i++) {
        struct point p = cutting->shape.corners[i];
        cutting->radius2 = MAX(cutting->radius2, p.x * p.x + p.y * p.y);
    }
}

static void cut_by_bucket(const struct cells *cells, size_t bucket, uint32_t person,
                          struct cutting *cutting)
{
    const struct buckets *buckets = &cells->buckets;
    struct point at = cells->cells[person].at;
    for (uint32_t i = buckets->first[bucket]; i < buckets->first[bucket + 1]; i++) {
        uint32_t other = buckets->people[i];
        double x = cells->cells[other].at.x - at.x, y = cells->cells[other].at.y - at.y;
        double d2 = x * x + y * y;
        if (other == person || d2 > 4 * cutting->radius2)
            continue;
        if (d2 < CELLS_SAME_SPOT_M * CELLS_SAME_SPOT_M)
            cutting->sharers++;
        else if (convex_cut(&cutting->shape, (struct half_plane){{x / 2, y / 2}, x, y}))
            measure_radius(cutting);
    }
}

/* The square ring of buckets at a distance; false when it lies wholly outside the grid. */
static bool cut_by_ring(const struct cells *cells, int distance, uint32_t person,
                        struct cutting *cutting)
{
    const struct buckets *buckets = &cells->buckets;
    size_t home = bucket_of(buckets, cells->cells[person].at);
    int column = (int)(home % (size_t)buckets->columns),
        row = (int)(home / (size_t)buckets->columns);
    int x0 = column - distance, x1 = column + distance;
    if (x0 < 0 && row - distance < 0 && x1 >= buckets->columns && row + distance >= buckets->rows)
        return false;
    for (int y = MAX(row - distance, 0); y <= MIN(row + distance, buckets->rows - 1); y++) {
        bool is_end = y == row - distance || y == row + distance;
        for (int x = x0; x <= x1; x += is_end || distance == 0 ? 1 : 2 * distance) {
            if (x >= 0 && x < buckets->columns)
                cut_by_bucket(cells, (size_t)y * (size_t)buckets->columns + (size_t)x, person,
                              cutting);
        }
    }
    return true;
}

static void begin_shape(const struct cells *cells, struct point at, struct cutting *cutting)
{
    const struct walkable *floor = cells->walkable;
    const struct cells_cut_off *cut_off = &cells->cut_off;
    struct convex *shape = &cutting->shape;
    shape->len = 4;
    shape->corners[0] = (struct point){floor->low.x - at.x, floor->low.y - at.y};
    shape->corners[1] = (struct point){floor->high.x - at.x, floor->low.y - at.y};
    shape->corners[2] = (struct point){floor->high.x - at.x, floor->high.y - at.y};
    shape->corners[3] = (struct point){floor->low.x - at.x, floor->high.y - at.y};
    if (cut_off->corners > 0) {
        shape->len = cut_off->corners;
        for (uint32_t i = 0; i < cut_off->corners; i++) {
            double angle = 2 * M_PI * i / cut_off->corners;
            shape->corners[i] =
                (struct point){cut_off->radius_m * cos(angle), cut_off->radius_m * sin(angle)};
        }
    }
    cutting->sharers = 1;
    measure_radius(cutting);
}

/* Everything nearer to the person than to others, walls aside; corners on the floor. */
static void cut_cell(const struct cells *cells, uint32_t person, struct cutting *cutting)
{
    struct point at = cells->cells[person].at;
    begin_shape(cells, at, cutting);
    for (int distance = 0;; distance++) {
        /* The ring's people are at least so far away; twice the radius reaches no bisector. */
        double reach = (distance - 1) * cells->buckets.side_m;
        if (reach > 0 && reach * reach > 4 * cutting->radius2)
            break;
        if (!cut_by_ring(cells, distance, person, cutting))
            break;
    }
    for (size_t i = 0; i < cutting->shape.len; i++) {
        cutting->shape.corners[i].x += at.x;
        cutting->shape.corners[i].y += at.y;
    }
}

static void copy_shape(const struct convex *from, struct convex *to)
{
    to->len = from->len;
    memcpy(to->corners, from->corners, from->len * sizeof from->corners[0]);
}

static void add_share(struct cells *cells, struct cell_share share)
{
    if (cells->share_count == cells->share_room) {
        cells->share_room = MAX(1024, 2 * cells->share_room);
        cells->shares = mem_resize(cells->shares, cells->share_room * sizeof *cells->shares);
    }
    cells->shares[cells->share_count++] = share;
}

/* What the piece, all in one trapezoid, has in the zones there. */
static void share_piece(struct cells *cells, uint32_t person, uint32_t trapezoid,
                        const struct convex *piece)
{
    const struct areas *areas = cells->areas;
    struct point low, high;
    struct convex common;
    corners_bounds(piece->corners, piece->len, &low, &high);
    for (uint32_t i = areas->fragment_first[trapezoid]; i < areas->fragment_first[trapezoid + 1];
         i++) {
        const struct fragment *fragment = &areas->fragments[i];
        if (!bounds_meet(low, high, fragment->low, fragment->high))
            continue;
        copy_shape(piece, &common);
        convex_cut_to(&common, fragment->corners, fragment->len);
        double m2 = convex_area(&common);
        if (m2 > 0)
            add_share(cells, (struct cell_share){person, fragment->zone, m2, 0});
    }
}

/* Whether the shape reaches through the gate. */
static bool passes(const struct convex *shape, const struct gate *gate)
{
    double left = INFINITY, right = -INFINITY;
    for (size_t i = 0; i < shape->len; i++) {
        struct point a = shape->corners[i], b = shape->corners[i + 1 < shape->len ? i + 1 : 0];
        if ((a.y < gate->y && b.y < gate->y) || (a.y > gate->y && b.y > gate->y))
            continue;
        double t = a.y == b.y ? 0 : (gate->y - a.y) / (b.y - a.y);
        double x = a.x + t * (b.x - a.x);
        left = MIN(left, a.y == b.y ? MIN(a.x, b.x) : x);
        right = MAX(right, a.y == b.y ? MAX(a.x, b.x) : x);
    }
    return MIN(right, gate->x1) > MAX(left, gate->x0);
}

static void cut_to_trapezoid(struct convex *shape, const struct trapezoid *trapezoid)
{
    struct point corners[TRAPEZOID_CORNERS];
    trapezoid_corners(trapezoid, corners);
    convex_cut_to(shape, corners, TRAPEZOID_CORNERS);
}

/* Through the gates from where the person stands. Returns the area on the floor. */
static double spread(struct cells *cells, uint32_t person, const struct convex *shape)
{
    const struct walkable *floor = cells->walkable;
    size_t waiting = 0;
    double area_m2 = 0;
    struct convex piece;
    cells->visit++;
    cells->waiting[waiting++] = cells->cells[person].trapezoid;
    cells->visited[cells->cells[person].trapezoid] = cells->visit;
    while (waiting > 0) {
        uint32_t t = cells->waiting[--waiting];
        copy_shape(shape, &piece);
        cut_to_trapezoid(&piece, &floor->trapezoids[t]);
        if (piece.len >= 3) {
            area_m2 += convex_area(&piece);
            share_piece(cells, person, t, &piece);
        }
        for (uint32_t g = floor->gate_first[t]; g < floor->gate_first[t + 1]; g++) {
            const struct gate *gate = &floor->gates[g];
            if (cells->visited[gate->to] == cells->visit || !passes(shape, gate))
                continue;
            cells->visited[gate->to] = cells->visit;
            cells->waiting[waiting++] = gate->to;
        }
    }
    return area_m2;
}

void cells_compute(struct cells *cells, const struct tracker_person *people, size_t count)
{
    place_people(cells, people, count);
    fill_buckets(&cells->buckets, cells->cells, count);
    cells->share_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!is_on_floor(&cells->cells[i]))
            continue;
        struct cutting cutting;
        size_t first = cells->share_count;
        cut_cell(cells, i, &cutting);
        double area_m2 = spread(cells, i, &cutting.shape);
        if (area_m2 < CELL_M2_MIN) {
            cells->share_count = first;
            continue;
        }
        cells->cells[i].area_m2 = area_m2 / cutting.sharers;
        for (size_t s = first; s < cells->share_count; s++) {
            cells->shares[s].part = cells->shares[s].m2 / area_m2;
            cells->shares[s].m2 /= cutting.sharers;
        }
    }
}
