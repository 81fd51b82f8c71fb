// SPDX-License-Identifier: Apache-2.0
/* crowd/walked/effects.h — what chunks of tracks add to the aggregates of one venue, gathered in memory until
 * it is written with the consumer's position (tables.h). Pure.
 *
 *   heat    by minute and grid: person-milliseconds per cell, and for how long somebody looked
 *   dwell   by zone and hour in which the visit ended, or was lost
 *   trips   by hour in which the journey ended; where that one is closed, because its trips are told, in the
 *           first that is open: an hour that was told does not change
 *
 * Zones are numbers of the venue's (zones.h). What a batch of EFFECTS_CHUNKS_MAX chunks can bring is bounded
 * by WALKERS_MAX people. */
#pragma once
#include "crowd/paths/dwell.h"
#include "crowd/paths/heat.h"
#include "crowd/paths/trips.h"

#define PATHS_MINUTE_MS 60000
#define PATHS_HOUR_MS   3600000

static inline int64_t floor_to_ms(int64_t at_ms, int64_t step_ms)
{
    int64_t rest = at_ms % step_ms;
    return at_ms - (rest < 0 ? rest + step_ms : rest);
}

struct heat_minute {
    struct heat *heat; /* owned; its period is the minute */
    int64_t covered_ms;
};

struct dwell_hour {
    int64_t hour_ms;
    uint16_t zone;
    struct dwell dwell;
};

struct trips_hour {
    int64_t hour_ms;
    struct trips *trips; /* owned */
};

struct walked_effects {
    struct heat_minute *minutes;
    size_t minute_count, minute_size;
    struct dwell_hour *dwells;
    size_t dwell_count, dwell_size;
    struct trips_hour *trips;
    size_t trips_count, trips_size;
};

void effects_fini(struct walked_effects *effects); /* empty afterwards, and usable */

/* The minute is looked at for so much longer, by whoever it shows. */
void effects_cover(struct walked_effects *effects, const struct heat_grid *grid, int64_t from_ms,
                   int64_t covered_ms);
void effects_add_stay(struct walked_effects *effects, const struct heat_grid *grid,
                      const struct stay *stay);
void effects_add_visit(struct walked_effects *effects, const struct visit *visit);
/* The hour that it is in. */
int64_t effects_add_journey(struct walked_effects *effects, const struct journey *journey,
                            int64_t closed_ms);
