// SPDX-License-Identifier: Apache-2.0
/* crowd/paths.h — where people spend their time, how long they stay, and which ways they take: aggregates of
 * settled tracks over any period, kept for ever, while tracks themselves go after hours.
 *
 * A consumer "paths" of the telemetry stream "tracks" (crowd/tracks/told.h). Each chunk counts exactly once:
 * what it adds is written with the consumer's position; who is on the way is built again after a restart
 * from the chunks before (crowd/walked/venue.h). docs/formats/paths.md tells what the answers mean. */
#pragma once
#include "crowd/paths/dwell.h"
#include "crowd/paths/heat.h"
#include "crowd/paths/trips.h"
#include "store/store.h"
#include "venues/venues.h"

#define PATHS_HEAT_METHOD                                                                          \
    "time between settled places of tracked people, in the cell half-way between them"
#define PATHS_HEAT_UNCERTAINTY                                                                     \
    "who is hidden from all cameras is missed; time in which nobody could be followed is not in "  \
    "covered_s"
#define PATHS_DWELL_METHOD                                                                         \
    "median and p90 by Kaplan-Meier, visits whose end was not seen being censored; mean of "       \
    "finished visits; buckets of 5 %"
#define PATHS_DWELL_UNCERTAINTY                                                                    \
    "who is lost and found again is two visits: the more are censored, the more stays are told "   \
    "too short"
#define PATHS_TRIPS_METHOD                                                                         \
    "first and last zone, and the order of zones, of each tracked person; hour by hour, "          \
    "k-anonymous"
#define PATHS_TRIPS_UNCERTAINTY                                                                    \
    "a way ends where somebody is lost from sight, so that a long one may be told in parts"
#define PATHS_SPAN_MAX_MS (31LL * 24 * 3600 * 1000) /* of a question */

struct paths;
extern const struct store_module paths_store_module; /* of the telemetry store */

struct paths_options {
    struct store *telemetry_store;
    struct venues *venues;
    int64_t keep_tracks_ms; /* heat by the minute goes with them, after a day at the latest */
};

/* Starts the consumer. Close it before the store and the venues. */
MUST_USE enum err paths_open(const struct paths_options *options, struct paths **out_paths,
                             struct err_note *note);
void paths_close(struct paths *paths); /* NULL is fine */
/* Waits until everything committed before the call is in the aggregates; for tests. */
MUST_USE enum err paths_wait_idle(struct paths *paths, int64_t deadline_ms);

struct paths_query {
    const char *event;
    const char *venue;
    int64_t from_ms, to_ms; /* [from, to); the answer tells which period it covers */
    int64_t now_ms;
};

/* Whole minutes as far as they are kept, else whole hours. */
struct paths_heat {
    int64_t from_ms, to_ms;
    int64_t covered_ms; /* of it, in which cameras were heard and people could be followed */
    struct heat *heat;  /* owned; NULL when there is nothing */
};
void paths_heat_fini(struct paths_heat *heat);
/* `cell_m`: a power of two, HEAT_CELL_M_MAX at most; the answer's is larger where the floor needs it. */
MUST_USE enum err paths_heat(struct paths *paths, const struct paths_query *query, double cell_m,
                             struct paths_heat *out_heat);

/* Whole hours: a visit belongs to the hour in which it ended. */
struct paths_zone_dwell {
    char zone[LIMIT_ID_LEN + 1];
    uint64_t inside; /* who are there now, among the censored; 0 when the period is over */
    struct dwell dwell;
};
struct paths_dwell {
    int64_t from_ms, to_ms;
    struct paths_zone_dwell *zones; /* owned, by id; those without visits are left out */
    size_t count;
};
void paths_dwell_fini(struct paths_dwell *dwell);
/* `zone` NULL: all. */
MUST_USE enum err paths_dwell(struct paths *paths, const struct paths_query *query,
                              const char *zone, struct paths_dwell *out_dwell);

/* Whole hours that are over, told k-anonymously hour by hour. */
struct paths_trips {
    int64_t from_ms, to_ms;          /* to_ms: at most where hours are over */
    struct trips_report report;      /* owned */
    char (*zones)[LIMIT_ID_LEN + 1]; /* owned: ids by number */
    size_t zone_count;
};
void paths_trips_fini(struct paths_trips *trips);
MUST_USE enum err paths_trips(struct paths *paths, const struct paths_query *query,
                              struct paths_trips *out_trips);
