// SPDX-License-Identifier: Apache-2.0
#include "crowd/walked/effects.h"

void effects_fini(struct walked_effects *effects)
{
    for (size_t i = 0; i < effects->minute_count; i++)
        heat_destroy(effects->minutes[i].heat);
    for (size_t i = 0; i < effects->trips_count; i++)
        trips_destroy(effects->trips[i].trips);
    mem_free(effects->minutes);
    mem_free(effects->dwells);
    mem_free(effects->trips);
    *effects = (struct walked_effects){0};
}

static void *grow(void *all, size_t count, size_t *size, size_t each)
{
    if (count < *size)
        return all;
    *size = *size == 0 ? 4 : 2 * *size;
    return mem_resize(all, *size * each);
}

static bool is_same_grid(const struct heat_grid *a, const struct heat_grid *b)
{
    return a->cell_m == b->cell_m && a->low.x == b->low.x && a->low.y == b->low.y &&
           a->columns == b->columns && a->rows == b->rows;
}

/* The newest are asked for as a rule: searched from the end. */
static struct heat_minute *minute_at(struct walked_effects *effects, const struct heat_grid *grid,
                                     int64_t minute_ms)
{
    for (size_t i = effects->minute_count; i-- > 0;) {
        const struct heat *heat = effects->minutes[i].heat;
        if (heat->from_ms == minute_ms && is_same_grid(&heat->grid, grid))
            return &effects->minutes[i];
    }
    effects->minutes = grow(effects->minutes, effects->minute_count, &effects->minute_size,
                            sizeof *effects->minutes);
    struct heat_minute *minute = &effects->minutes[effects->minute_count++];
    *minute = (struct heat_minute){heat_create(grid, minute_ms, minute_ms + PATHS_MINUTE_MS), 0};
    return minute;
}

void effects_cover(struct walked_effects *effects, const struct heat_grid *grid, int64_t from_ms,
                   int64_t covered_ms)
{
    minute_at(effects, grid, floor_to_ms(from_ms, PATHS_MINUTE_MS))->covered_ms += covered_ms;
}

void effects_add_stay(struct walked_effects *effects, const struct heat_grid *grid,
                      const struct stay *stay)
{
    /* Two minutes at most: a stay is shorter than WALKER_STAY_MS. */
    int64_t minute_ms = floor_to_ms(stay->from_ms, PATHS_MINUTE_MS);
    for (; minute_ms < stay->until_ms; minute_ms += PATHS_MINUTE_MS)
        heat_add(minute_at(effects, grid, minute_ms)->heat, stay);
}

static struct dwell_hour *dwell_at(struct walked_effects *effects, uint16_t zone, int64_t hour_ms)
{
    for (size_t i = effects->dwell_count; i-- > 0;) {
        if (effects->dwells[i].zone == zone && effects->dwells[i].hour_ms == hour_ms)
            return &effects->dwells[i];
    }
    effects->dwells =
        grow(effects->dwells, effects->dwell_count, &effects->dwell_size, sizeof *effects->dwells);
    struct dwell_hour *dwell = &effects->dwells[effects->dwell_count++];
    *dwell = (struct dwell_hour){.hour_ms = hour_ms, .zone = zone};
    return dwell;
}

void effects_add_visit(struct walked_effects *effects, const struct visit *visit)
{
    int64_t hour_ms = floor_to_ms(visit->until_ms, PATHS_HOUR_MS);
    dwell_add(&dwell_at(effects, visit->zone, hour_ms)->dwell, visit);
}

static struct trips *trips_at(struct walked_effects *effects, int64_t hour_ms)
{
    for (size_t i = effects->trips_count; i-- > 0;) {
        if (effects->trips[i].hour_ms == hour_ms)
            return effects->trips[i].trips;
    }
    effects->trips =
        grow(effects->trips, effects->trips_count, &effects->trips_size, sizeof *effects->trips);
    struct trips *trips = trips_create();
    effects->trips[effects->trips_count++] = (struct trips_hour){hour_ms, trips};
    return trips;
}

int64_t effects_add_journey(struct walked_effects *effects, const struct journey *journey,
                            int64_t closed_ms)
{
    int64_t hour_ms = MAX(floor_to_ms(journey->until_ms, PATHS_HOUR_MS), closed_ms);
    trips_add(trips_at(effects, hour_ms), journey);
    return hour_ms;
}
