// SPDX-License-Identifier: Apache-2.0
/* trends/tracked.h — the zones of one venue in memory, which reading goes to which of them, and what they told
 * that is not written yet. The consumer's thread only. */
#pragma once
#include "store/sql.h"
#include "trends/zone/zone.h"
#include "venues/venues.h"

struct tracked_zone {
    char id[LIMIT_ID_LEN + 1];
    struct zone_state state;
    double capacity;
    int64_t position; /* records up to it are in the state */
    int64_t
        dirty_from;   /* the first record that its row does not know; 0 = the row is as the state */
    int64_t saved_us; /* monotonic: its row was written then */
};

enum route_kind { ROUTE_PEOPLE, ROUTE_CAMERAS_SILENT, ROUTE_COUNTER, ROUTE_SET };

struct route { /* a series that concerns a zone; a series may have two */
    char series[LIMIT_ID_LEN + 24];
    enum route_kind kind;
    uint32_t zone;
    const struct count_measure *measure; /* of a counter */
    bool is_reverse;
};

enum output_measure {
    OUTPUT_OCCUPANCY,
    OUTPUT_DEVIATION,
    OUTPUT_DISAGREEMENT,
    OUTPUT_DISAGREEMENT_SIGMAS,
    OUTPUT_AHEAD, /* for each horizon: the middle, low and high of the 80 % band */
    OUTPUT_TO_CAPACITY = OUTPUT_AHEAD + 3 * FORECAST_HORIZONS,
    OUTPUT_UNUSUAL,
    OUTPUTS
};
extern const char *const output_measure_names[OUTPUTS];

struct output {
    char zone[LIMIT_ID_LEN + 1];
    enum output_measure measure;
    int64_t at_ms;
    double value;
};

struct tracked {
    char event[LIMIT_ID_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    int shard;
    int64_t version;            /* of the view that the routes were made of */
    struct zone_clock *clock;   /* owned; NULL = UTC */
    int64_t clock_us, heard_us; /* monotonic: read, heard last */
    bool is_refused;            /* over LIMIT_TREND_ZONES */
    bool is_loaded;             /* its rows were read */
    struct tracked_zone *zones; /* in the order of the view: of ids */
    size_t zone_count;
    struct route *routes; /* in the order of series */
    size_t route_count;
    struct output *outputs;
    size_t output_count, output_size;
    bool is_told; /* something that its documents do not say yet */
};

void tracked_fini(struct tracked *tracked);
/* Follows a changed view: zones that stay keep their state, new ones are empty. */
void tracked_follow(struct tracked *tracked, const struct venue_view *view, int64_t now_us);
/* Forgets the counters and lines that do not lead to their zone any more: also of states that were read. */
void tracked_drop_counters(struct tracked *tracked);
struct tracked_zone *tracked_find(struct tracked *tracked, const char *zone); /* NULL */

struct reading;
struct tracked_moment { /* of a record that is being taken */
    int64_t position;
    int64_t at_ms; /* it was appended: nothing in it is later */
    bool is_muted; /* what it tells was told before */
};
void tracked_take(struct tracked *tracked, const struct tracked_moment *moment,
                  const struct reading *reading);
