// SPDX-License-Identifier: Apache-2.0
#include "crowd/count/map.h"

#include <math.h>

#define GRID_CELLS_MAX   65536
#define GRID_ENTRIES_MAX (1 << 22) /* if every zone filled every cell */
#define CELL_MIN_M       0.25
/* Of a cell: border cells are marked a little too generously, never too few. */
#define BORDER_MARGIN    1e-6
#define COVERAGE_COLUMNS 32
#define COVERAGE_ROWS    18

enum cell_state { CELL_OUT, CELL_BORDER, CELL_IN };

static bool zones_extent(const struct venue_view *view, struct point *out_low,
                         struct point *out_high)
{
    bool is_known = false;
    for (size_t z = 0; z < view->zone_count; z++) {
        for (size_t i = 0; i < view->zones[z].ring_len; i++) {
            struct point p = view->zones[z].ring[i];
            if (!is_known)
                *out_low = *out_high = p;
            is_known = true;
            *out_low = (struct point){MIN(out_low->x, p.x), MIN(out_low->y, p.y)};
            *out_high = (struct point){MAX(out_high->x, p.x), MAX(out_high->y, p.y)};
        }
    }
    return is_known;
}

/* About GRID_CELLS_MAX cells, fewer where many zones could make the lists long. */
static void choose_grid(struct crowd_map *map)
{
    struct point low, high;
    if (!zones_extent(map->view, &low, &high))
        return;
    double cells = MIN(GRID_CELLS_MAX, (double)GRID_ENTRIES_MAX / (double)map->view->zone_count);
    double width = high.x - low.x, height = high.y - low.y;
    double size = MAX(CELL_MIN_M, sqrt(width * height / cells));
    size = MAX(size, MAX(width, height) / (cells / 2)); /* long and thin */
    map->low = low;
    map->cells_per_m = 1 / size;
    map->columns = (int)(width / size) + 1;
    map->rows = (int)(height / size) + 1;
}

static int clamp(double value, int count)
{
    return value < 0 ? 0 : value >= count ? count - 1 : (int)value;
}

/* Marks the cells that one edge passes, row by row. */
static void mark_edge(const struct crowd_map *map, uint8_t *states, struct point a, struct point b)
{
    struct point p = {(a.x - map->low.x) * map->cells_per_m, (a.y - map->low.y) * map->cells_per_m};
    struct point q = {(b.x - map->low.x) * map->cells_per_m, (b.y - map->low.y) * map->cells_per_m};
    if (p.y > q.y) {
        struct point swap = p;
        p = q;
        q = swap;
    }
    int last = clamp(q.y + BORDER_MARGIN, map->rows);
    for (int row = clamp(p.y - BORDER_MARGIN, map->rows); row <= last; row++) {
        double from = MAX(p.y, row - BORDER_MARGIN), to = MIN(q.y, row + 1 + BORDER_MARGIN);
        double slope = q.y > p.y ? (q.x - p.x) / (q.y - p.y) : 0;
        double x0 = q.y > p.y ? p.x + (from - p.y) * slope : p.x;
        double x1 = q.y > p.y ? p.x + (to - p.y) * slope : q.x;
        /* A nearly level edge: the division may have lost everything but the ends. */
        double left = MAX(MIN(x0, x1), MIN(p.x, q.x)), right = MIN(MAX(x0, x1), MAX(p.x, q.x));
        if (q.y - p.y < BORDER_MARGIN) {
            left = MIN(p.x, q.x);
            right = MAX(p.x, q.x);
        }
        int end = clamp(right + BORDER_MARGIN, map->columns);
        for (int column = clamp(left - BORDER_MARGIN, map->columns); column <= end; column++)
            states[row * map->columns + column] = CELL_BORDER;
    }
}

static struct point cell_centre(const struct crowd_map *map, int row, int column)
{
    return (struct point){map->low.x + (column + 0.5) / map->cells_per_m,
                          map->low.y + (row + 0.5) / map->cells_per_m};
}

/* Between two border cells of a row all cells are in or all are out: one question for each run. */
static void fill_row(const struct crowd_map *map, const struct zone *zone, uint8_t *states, int row)
{
    uint8_t *cells = &states[row * map->columns];
    bool is_known = false;
    uint8_t state = CELL_OUT;
    for (int column = 0; column < map->columns; column++) {
        if (cells[column] == CELL_BORDER) {
            is_known = false;
            continue;
        }
        if (!is_known) {
            struct point centre = cell_centre(map, row, column);
            state = polygon_contains(zone->ring, zone->ring_len, centre) ? CELL_IN : CELL_OUT;
            is_known = true;
        }
        cells[column] = state;
    }
}

static void rasterise(const struct crowd_map *map, const struct zone *zone, uint8_t *states)
{
    memset(states, CELL_OUT, (size_t)(map->columns * map->rows));
    int first = map->rows, last = 0;
    for (size_t i = 0; i < zone->ring_len; i++) {
        struct point a = zone->ring[i], b = zone->ring[(i + 1) % zone->ring_len];
        mark_edge(map, states, a, b);
        int row = clamp((a.y - map->low.y) * map->cells_per_m, map->rows);
        first = MIN(first, row);
        last = MAX(last, row);
    }
    for (int row = first; row <= last; row++)
        fill_row(map, zone, states, row);
}

/* Twice over all zones: count the entries of every cell, then put them. */
static void fill_cells(struct crowd_map *map)
{
    size_t cells = (size_t)map->columns * (size_t)map->rows;
    SCOPED_MEM uint8_t *states = mem_new_array(cells + 1, 1);
    map->cell_first = mem_new_array(cells + 1, sizeof *map->cell_first);
    for (size_t z = 0; z < map->view->zone_count; z++) {
        rasterise(map, &map->view->zones[z], states);
        for (size_t c = 0; c < cells; c++)
            map->cell_first[c + 1] += states[c] != CELL_OUT;
    }
    for (size_t c = 0; c < cells; c++)
        map->cell_first[c + 1] += map->cell_first[c];
    map->entries = mem_new_array(map->cell_first[cells] + 1, sizeof *map->entries);
    SCOPED_MEM uint32_t *next = mem_copy(map->cell_first, (cells + 1) * sizeof *next);
    for (size_t z = 0; z < map->view->zone_count; z++) {
        rasterise(map, &map->view->zones[z], states);
        for (size_t c = 0; c < cells; c++) {
            if (states[c] != CELL_OUT)
                map->entries[next[c]++] =
                    (struct map_entry){.zone = (uint16_t)z, .is_border = states[c] == CELL_BORDER};
        }
    }
}

struct crowd_map *crowd_map_create(struct venue_view *view)
{
    struct crowd_map *map = mem_new(sizeof *map);
    shared_ref(&view->shared);
    map->view = view;
    choose_grid(map);
    fill_cells(map);
    return map;
}

void crowd_map_destroy(struct crowd_map *map)
{
    if (map == NULL)
        return;
    shared_unref(&map->view->shared);
    mem_free(map->cell_first);
    mem_free(map->entries);
    mem_free(map);
}

static void cover_point(const struct crowd_map *map, struct point point, uint64_t *out_zones)
{
    size_t count;
    const struct map_entry *entries = map_cell(map, point, &count);
    for (size_t i = 0; i < count; i++) {
        if (map_entry_holds(map, &entries[i], point))
            out_zones[entries[i].zone / 64] |= 1ULL << (entries[i].zone % 64);
    }
}

bool map_coverage(const struct crowd_map *map, const struct device *device, uint64_t *out_zones)
{
    for (size_t i = 0; i < device->sees_count; i++)
        out_zones[device->sees[i] / 64] |= 1ULL << (device->sees[i] % 64);
    if (device->sees_count > 0)
        return true;
    bool is_camera = device->calibration.kind == CALIBRATION_HOMOGRAPHY ||
                     device->calibration.kind == CALIBRATION_OPENCV;
    if (!is_camera || device->image_width_px <= 0)
        return false;
    for (int row = 0; row < COVERAGE_ROWS; row++) {
        for (int column = 0; column < COVERAGE_COLUMNS; column++) {
            struct point pixel = {(column + 0.5) * device->image_width_px / COVERAGE_COLUMNS,
                                  (row + 0.5) * device->image_height_px / COVERAGE_ROWS};
            struct point floor;
            if (calibration_to_floor(&device->calibration, pixel, &floor))
                cover_point(map, floor, out_zones);
        }
    }
    return true;
}
