// SPDX-License-Identifier: Apache-2.0
/* crowd/walked/tables.h — the aggregates in the telemetry store (docs/formats/paths.md). Every effect is added
 * to the row that it belongs to, in the transaction of the consumer's position.
 *
 *   crowd_walk         how far each venue is followed (struct walked_progress), and who is inside now
 *   crowd_walk_zone    numbers of zones; a zone keeps its number, and those that are gone keep theirs
 *   crowd_heat_minute  the heat map; goes with the tracks, once it is folded
 *   crowd_heat_hour    the sum of its minutes, when the hour is over; for ever
 *   crowd_dwell        a histogram for each zone and hour; for ever
 *   crowd_trips        pairs and ways of each hour; for ever, those of fewer than five people until the
 *                      hour is over */
#pragma once
#include "crowd/walked/venue.h"
#include "store/store.h"

/* Adds what the venue gathered, folds the hours that it closed, and stores its progress. */
MUST_USE enum err walked_write(struct db *db, const struct walked_venue *venue);

/* Progress of all venues; `visit` returns an error to stop. */
MUST_USE enum err walked_each(struct db *db,
                              enum err (*visit)(void *context, const char *event, const char *venue,
                                                const struct walked_progress *progress),
                              void *context);

/* In a command: every zone of the view has a number. WALKED_NO_ZONE for those beyond 65,535 ever named. */
MUST_USE enum err walked_number_zones(struct db *db, const struct venue_view *view,
                                      uint16_t *out_numbers);

/* Minutes go an hour after the tracks that they show; 0 = never. */
void walked_expire(struct store *store, int64_t keep_tracks_ms);
int64_t walked_minutes_kept_ms(int64_t keep_tracks_ms);
