// SPDX-License-Identifier: Apache-2.0
/* crowd/walked/fold.h — heat maps by minute, and folded by hour. Every person-millisecond stands in the row of
 * its minute, and from when its hour is closed in that of the hour as well. */
#pragma once
#include "crowd/walked/venue.h"
#include "store/store.h"

/* Adds to the minute, and to its hour when that is closed. */
MUST_USE enum err fold_add_minute(struct db *db, const struct walked_venue *venue,
                                  const struct heat_minute *minute, int64_t closed_ms);
/* The minutes of [from_ms, until_ms) become hours. */
MUST_USE enum err fold_hours(struct db *db, const struct walked_venue *venue, int64_t from_ms,
                             int64_t until_ms);
