// SPDX-License-Identifier: Apache-2.0
/* crowd/settled/series.h — settled seconds as series: zone.<id>:density_voronoi, :speed, :specific_flow;
 * line.<id>:to_left, :to_right (persons who crossed in the second), :flow_to_left, :flow_to_right (persons
 * per minute and metre of the last minute).
 *
 * A zone's value measured again after a restart takes the place of the same. A crossing counted again
 * could fall into the second beside: up to where a venue's lines are told stands in crossing_told, in the
 * transaction that tells, and nothing is told of a second before. */
#pragma once
#include "crowd/settled/settled.h"
#include "store/store.h"

/* In a command on the telemetry store. */
MUST_USE enum err settled_second_write(struct db *db, const struct settled_second *second);
/* How many readings that is at most. */
static inline size_t settled_second_readings(const struct settled_second *second)
{
    return (second->zones != NULL ? SETTLED_MEASURES * second->view->zone_count : 0) +
           (second->lines != NULL ? 2 * LINE_WAYS * second->view->line_count : 0);
}
/* Marks of venues that nobody tells of any more are forgotten. */
void crossings_expire(struct store *store);
