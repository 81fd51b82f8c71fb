// SPDX-License-Identifier: Apache-2.0
#include "crowd/measures/measures.h"

#include <math.h>

struct zone_past {
    struct waves waves;
    struct trend trend;
};

struct measures {
    const struct crowd_map *map;
    struct walkable *walkable;
    struct areas *areas;
    struct cells *cells;
    struct lines *lines;
    struct strides *strides;
    struct members members;
    struct density *densities;
    struct zone_past *pasts;
    struct zone_measures *zones;
    double *scratch; /* [people of a moment] */
    size_t room;
    size_t off_floor;
    bool has_begun;
    int64_t at_ms;
};

/* The bounds of all zones and of the plan. */
static enum err bounds_as_floor(const struct venue_view *view, struct walkable **out_walkable)
{
    struct point low = {INFINITY, INFINITY}, high = {-INFINITY, -INFINITY};
    for (size_t z = 0; z < view->zone_count; z++) {
        struct point zone_low, zone_high;
        corners_bounds(view->zones[z].ring, view->zones[z].ring_len, &zone_low, &zone_high);
        low = (struct point){MIN(low.x, zone_low.x), MIN(low.y, zone_low.y)};
        high = (struct point){MAX(high.x, zone_high.x), MAX(high.y, zone_high.y)};
    }
    if (view->has_bounds) {
        low = (struct point){MIN(low.x, view->bounds_min.x), MIN(low.y, view->bounds_min.y)};
        high = (struct point){MAX(high.x, view->bounds_max.x), MAX(high.y, view->bounds_max.y)};
    }
    if (!(low.x < high.x && low.y < high.y))
        return ERR_INVALID;
    const struct point corners[] = {low, {high.x, low.y}, high, {low.x, high.y}};
    const struct ring ring = {corners, COUNT_OF(corners)};
    return walkable_create(&ring, 1, out_walkable);
}

enum err measures_create(const struct measures_scope *scope, struct measures **out_measures)
{
    SCOPED(measures) made = mem_new(sizeof *made);
    const struct venue_view *view = scope->map->view;
    made->map = scope->map;
    members_init(&made->members, view->zone_count);
    if (scope->floor_ring_count > 0)
        TRY(walkable_create(scope->floor, scope->floor_ring_count, &made->walkable));
    else
        TRY(bounds_as_floor(view, &made->walkable));
    TRY(areas_create(made->walkable, view->zones, view->zone_count, &made->areas));
    TRY(lines_create(scope->lines, scope->line_count, &made->lines));
    made->cells = cells_create(made->walkable, made->areas, scope->cut_off);
    made->strides = strides_create();
    made->densities = mem_new_array(view->zone_count + 1, sizeof *made->densities);
    made->pasts = mem_new_array(view->zone_count + 1, sizeof *made->pasts);
    made->zones = mem_new_array(view->zone_count + 1, sizeof *made->zones);
    *out_measures = TAKE(made);
    return ERR_NONE;
}

void measures_destroy(struct measures *measures)
{
    if (measures == NULL)
        return;
    cells_destroy(measures->cells);
    areas_destroy(measures->areas);
    walkable_destroy(measures->walkable);
    lines_destroy(measures->lines);
    strides_destroy(measures->strides);
    members_fini(&measures->members);
    mem_free(measures->densities);
    mem_free(measures->pasts);
    mem_free(measures->zones);
    mem_free(measures->scratch);
    mem_free(measures);
}

static void make_room(struct measures *measures, size_t count)
{
    if (count <= measures->room)
        return;
    measures->room = count;
    measures->scratch = mem_resize(measures->scratch, count * sizeof *measures->scratch);
}

static void measure_zone(struct measures *measures, size_t zone, int64_t at_ms,
                         const struct tracker_person *people, const struct stride *strides)
{
    const struct members *members = &measures->members;
    const struct density *density = &measures->densities[zone];
    struct zone_past *past = &measures->pasts[zone];
    struct speed speed = speed_of(&members->persons[members->first[zone]],
                                  members->first[zone + 1] - members->first[zone], people, strides,
                                  measures->scratch);
    waves_take(&past->waves, at_ms, speed.people, speed.stopped_share);
    trend_take(&past->trend, at_ms, density->per_m2, density->flow_per_m_s);
    measures->zones[zone] =
        (struct zone_measures){.density = *density,
                               .speed = speed,
                               .has_waves = waves_are_there(&past->waves, at_ms),
                               .trend = trend_tell(&past->trend),
                               .walking = service_walking(density->per_m2),
                               .flowing = service_flow(60 * density->flow_per_m_s),
                               .standing = service_standing(density->per_m2)};
}

void measures_step(struct measures *measures, int64_t at_ms, const struct tracker_person *people,
                   size_t count)
{
    assert(!measures->has_begun || at_ms > measures->at_ms);
    measures->has_begun = true;
    measures->at_ms = at_ms;
    make_room(measures, count);
    cells_compute(measures->cells, people, count);
    strides_step(measures->strides, at_ms, people, count);
    size_t cell_count, stride_count;
    const struct cell *cells = cells_peek(measures->cells, &cell_count);
    const struct stride *strides = strides_peek(measures->strides, &stride_count);
    lines_step(measures->lines, at_ms, strides, stride_count);
    members_find(&measures->members, measures->map, cells, cell_count);
    density_measure(measures->areas, &measures->members, measures->cells, people,
                    measures->densities);
    for (size_t z = 0; z < measures->map->view->zone_count; z++)
        measure_zone(measures, z, at_ms, people, strides);
    measures->off_floor = 0;
    for (size_t i = 0; i < cell_count; i++)
        measures->off_floor += cells[i].area_m2 <= 0;
}

const struct zone_measures *measures_zones(const struct measures *measures, size_t *out_count)
{
    *out_count = measures->map->view->zone_count;
    return measures->zones;
}

struct line_counts measures_line(const struct measures *measures, size_t line)
{
    return lines_counts(measures->lines, line);
}

size_t measures_off_floor(const struct measures *measures)
{
    return measures->off_floor;
}

const struct cell *measures_cells(const struct measures *measures, size_t *out_count)
{
    return cells_peek(measures->cells, out_count);
}

void measures_forget(struct measures *measures, size_t zone)
{
    measures->pasts[zone] = (struct zone_past){0};
}
