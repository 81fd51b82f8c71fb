// SPDX-License-Identifier: Apache-2.0
#include "crowd/measures/walls.h"

#include <math.h>

static void add_ring(struct walls *walls, const struct point *corners, size_t len,
                     enum ring_part part)
{
    walls->rings[walls->count++] = (struct ring){corners, len, part};
}

static void add_wall(struct walls *walls, const struct venue_wall *wall)
{
    for (size_t r = 0; r < wall->ring_count; r++) {
        enum ring_part part = wall->kind == WALL_OBSTACLE ? RING_OBSTACLE
                              : r == 0                    ? RING_FLOOR
                                                          : RING_HOLE;
        add_ring(walls, wall->rings[r].points, wall->rings[r].len, part);
    }
}

static void add_bounds(struct walls *walls, const struct venue_view *view)
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
        return;
    walls->bounds[0] = low;
    walls->bounds[1] = (struct point){high.x, low.y};
    walls->bounds[2] = high;
    walls->bounds[3] = (struct point){low.x, high.y};
    add_ring(walls, walls->bounds, COUNT_OF(walls->bounds), RING_FLOOR);
}

/* Obstacles after the floors: the first ring of all is a floor. */
static void add_walls(struct walls *walls, const struct venue_view *view, enum wall_kind kind)
{
    for (size_t w = 0; w < view->wall_count; w++) {
        if (view->walls[w].kind == kind)
            add_wall(walls, &view->walls[w]);
    }
}

void walls_init(struct walls *walls, const struct venue_view *view, enum walls_scope scope)
{
    size_t rings = 1;
    for (size_t w = 0; w < view->wall_count; w++)
        rings += view->walls[w].ring_count;
    *walls = (struct walls){.rings = mem_new_array(rings, sizeof *walls->rings)};
    if (scope == WALLS_ALL)
        add_walls(walls, view, WALL_WALKABLE);
    if (walls->count == 0)
        add_bounds(walls, view);
    if (scope == WALLS_ALL && walls->count > 0)
        add_walls(walls, view, WALL_OBSTACLE);
}

void walls_fini(struct walls *walls)
{
    mem_free(walls->rings);
}
