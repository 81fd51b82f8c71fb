// SPDX-License-Identifier: Apache-2.0
#include "crowd/measures/measures.h"

#include "crowd/measures/walls.h"

struct zone_past {
    struct waves waves;
    struct trend trend;
};

struct measures {
    const struct crowd_map *map;
    struct walkable *walkable;
    struct areas *areas;
    struct cells *cells;
    struct strides *strides;
    struct members members;
    struct density *densities;
    struct zone_past *pasts;
    struct zone_measures *zones;
    double *scratch; /* [people of a moment] */
    size_t room;
    size_t off_floor;
    bool has_begun, has_walls;
    int64_t at_ms;
};

/* The floor of the venue's walls, with the areas of its zones. Walls beyond the limits are left out. */
static enum err take_floor(struct measures *measures, const struct measures_scope *scope)
{
    const struct venue_view *view = scope->map->view;
    enum err err = ERR_TOO_LARGE;
    for (int i = WALLS_ALL; err == ERR_TOO_LARGE && i <= WALLS_BOUNDS_ONLY; i++) {
        struct walls walls = {.rings = NULL};
        if (scope->floor_ring_count == 0)
            walls_init(&walls, view, (enum walls_scope)i);
        const struct ring *rings = scope->floor_ring_count > 0 ? scope->floor : walls.rings;
        size_t count = scope->floor_ring_count > 0 ? scope->floor_ring_count : walls.count;
        walkable_destroy(measures->walkable);
        measures->walkable = NULL;
        measures->has_walls = i == WALLS_ALL;
        err = walkable_create(rings, count, &measures->walkable);
        if (err == ERR_NONE)
            err = areas_create(measures->walkable, view->zones, view->zone_count, &measures->areas);
        walls_fini(&walls);
        if (scope->floor_ring_count > 0)
            break;
    }
    return err;
}

enum err measures_create(const struct measures_scope *scope, struct measures **out_measures)
{
    SCOPED(measures) made = mem_new(sizeof *made);
    const struct venue_view *view = scope->map->view;
    made->map = scope->map;
    members_init(&made->members, view->zone_count);
    TRY(take_floor(made, scope));
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

bool measures_have_walls(const struct measures *measures)
{
    return measures->has_walls;
}

const double *measures_areas(const struct measures *measures, size_t *out_count)
{
    *out_count = measures->areas->zone_count;
    return measures->areas->area_m2;
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
