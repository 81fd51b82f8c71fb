// SPDX-License-Identifier: Apache-2.0
/* crowd/count/map.h — the floor of one venue, prepared for counting: a grid in whose cells stand the zones
 * that fill them, and those whose border passes through, for which the polygon decides. So a person
 * costs a look into one cell, whatever the zones look like. Immutable, built once per venue view. */
#pragma once
#include "venues/venues.h"

struct map_entry {
    uint16_t zone;
    bool is_border; /* ask the polygon */
};

struct crowd_map {
    struct venue_view *view; /* a reference */
    struct point low;
    double cells_per_m;
    int columns, rows;
    uint32_t *cell_first; /* [columns * rows + 1] into entries, each cell's in the order of zones */
    struct map_entry *entries;
};

/* Takes a reference of the view. */
struct crowd_map *crowd_map_create(struct venue_view *view);
void crowd_map_destroy(struct crowd_map *map); /* NULL is fine */
DEFINE_SCOPED(crowd_map)

/* The entries of the cell where the point lies; none outside the grid. */
static inline const struct map_entry *map_cell(const struct crowd_map *map, struct point point,
                                               size_t *out_count)
{
    double x = (point.x - map->low.x) * map->cells_per_m;
    double y = (point.y - map->low.y) * map->cells_per_m;
    *out_count = 0;
    if (!(x >= 0 && y >= 0 && x < map->columns && y < map->rows))
        return NULL;
    size_t cell = (size_t)(int)y * (size_t)map->columns + (size_t)(int)x;
    *out_count = map->cell_first[cell + 1] - map->cell_first[cell];
    return &map->entries[map->cell_first[cell]];
}

static inline bool map_entry_holds(const struct crowd_map *map, const struct map_entry *entry,
                                   struct point point)
{
    if (!entry->is_border)
        return true;
    const struct zone *zone = &map->view->zones[entry->zone];
    return polygon_contains(zone->ring, zone->ring_len, point);
}

/* The zones that hold a place, in their order; `first` is the zone count of the view when none does. */
#define MAP_HITS_MAX 32 /* zones that lie over one another; more are passed over */
struct zone_hits {
    uint16_t zones[MAP_HITS_MAX];
    uint16_t first;
    size_t count;
};
static inline struct zone_hits map_zones(const struct crowd_map *map, struct point point)
{
    struct zone_hits hits = {.first = (uint16_t)map->view->zone_count};
    size_t count = 0;
    const struct map_entry *entries = map_cell(map, point, &count);
    for (size_t i = 0; i < count && hits.count < MAP_HITS_MAX; i++) {
        if (map_entry_holds(map, &entries[i], point))
            hits.zones[hits.count++] = entries[i].zone;
    }
    if (hits.count > 0)
        hits.first = hits.zones[0];
    return hits;
}

/* Zones that the device covers as far as can be told beforehand: those it declares, else those that
 * its picture shows. False when neither is known, and it must be learned. Sets bits in `out_zones`
 * ((zone_count + 63) / 64 words). */
bool map_coverage(const struct crowd_map *map, const struct device *device, uint64_t *out_zones);
