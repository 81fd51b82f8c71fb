// SPDX-License-Identifier: Apache-2.0
/* crowd/walked/ask.h — questions about the aggregates, in a reader's snapshot. What they mean stands in
 * crowd/paths.h. */
#pragma once
#include "crowd/paths.h"

MUST_USE enum err ask_heat(struct db *db, const struct paths_query *query, double cell_m,
                           int64_t minutes_kept_ms, struct paths_heat *out_heat);
MUST_USE enum err ask_dwell(struct db *db, const struct paths_query *query, const char *zone,
                            struct paths_dwell *out_dwell);
MUST_USE enum err ask_trips(struct db *db, const struct paths_query *query,
                            struct paths_trips *out_trips);
