// SPDX-License-Identifier: Apache-2.0
/* trends/zone/zone.h — one zone, minute by minute: its people counted by cameras, who passed its counters and
 * lines, and what follows for now and for later. Pure: the same readings in the same order give the same.
 *
 *   people of each second ──> mean of the minute ─┬─────────────────┐
 *   counters, lines ──> who passed ──> occupancy <┘                 ├─> count of the minute ─> forecast
 *                                          └─ where no camera sees ─┘                       └> unusual? (5 min)
 *
 * A minute closes when something of a later one is heard. Its count is the cameras' where half of its
 * seconds were told, else the occupancy, while counters or lines are heard. Quiet counters say that nobody
 * passed, for ZONE_HOLD_MINUTES; after that the zone is not known and the forecast begins anew.
 *
 * Occupancy with nothing counted at the doors is the cameras' count. A camera counts with a deviation of one
 * person and ZONE_CAMERA_SHARE of all, or ZONE_PARTLY_SHARE when one that covers the zone was silent.
 * Counting that begins among people who are inside already starts from the cameras, for ZONE_SETTLE_MS. */
#pragma once
#include "events/zone_clock.h"
#include "trends/inside/counter.h"
#include "trends/inside/occupancy.h"
#include "trends/predict/forecast.h"
#include "trends/predict/step.h"
#include "trends/predict/unusual.h"

#define ZONE_HOLD_MINUTES   15
#define ZONE_SETTLE_MS      600000
#define ZONE_CAMERA_SHARE   0.05
#define ZONE_PARTLY_SHARE   0.25
#define ZONE_UNUSUAL_STEP_S 300
#define ZONE_SLOT_S         900
#define ZONE_CONTENT_MAX    (512 * 1024)

enum zone_source { /* of a count */
                   ZONE_UNKNOWN,
                   ZONE_CAMERAS,
                   ZONE_COUNTERS, /* lines too */
                   ZONE_BOTH
};
extern const char *const zone_source_names[]; /* "unknown" ..., ends with NULL */

struct zone_told { /* of the minute that ended at `at_ms` */
    int64_t at_ms; /* 0 = nothing yet */
    int source;    /* enum zone_source: of `people` */
    double people; /* the mean that forecast and judge take */
    /* Occupancy. */
    int inside_source; /* enum zone_source: of what follows */
    double inside, deviation;
    double counted; /* by the counters alone */
    double cameras; /* by the cameras alone; -1 = they did not tell */
    double missed_in, missed_out;
    bool has_disagreement; /* both were heard */
    double disagreement, disagreement_sigmas;
    /* Forecast. */
    struct forecast ahead[FORECAST_HORIZONS];
    bool is_capacity_known;
    struct time_to_capacity
        to_capacity; /* s from at_ms; 0 = reached, -1 = not within the furthest */
    /* Unusual: of the newest five minutes. */
    int phase; /* enum unusual_phase */
    double strength, usual_people;
};

struct zone_state {    /* open: plain data and two objects of its own */
    int64_t minute;    /* open, since the epoch; INT64_MIN = none yet */
    int64_t second_ms; /* of the newest people taken; INT64_MIN = none */
    int64_t passed_ms; /* counters or lines were heard last; INT64_MIN = never */
    int64_t counting_since_ms;
    struct step people; /* of the open minute */
    uint32_t partly;    /* seconds of it in which a camera was silent */
    struct occupancy occupancy;
    struct forecaster *forecaster;
    struct unusual *unusual;
    int64_t five; /* the open step of the judge */
    double five_sum;
    uint32_t five_count;
    struct counter *counters; /* owned */
    size_t counter_count;
    uint32_t left_out;   /* messages of counters beyond LIMIT_ZONE_COUNTERS, while it is full */
    int64_t left_out_ms; /* the newest of them */
    struct zone_told told;
};

struct zone_surroundings {
    const struct zone_clock *clock; /* NULL = UTC */
    double capacity;                /* people; 0 = not set */
    /* A minute was closed and is known: zone->told. */
    void (*told)(void *context, const struct zone_state *zone);
    void *context;
};

void zone_init(struct zone_state *zone);
void zone_fini(struct zone_state *zone);

/* What cameras counted in the second at `at_ms`; one that is not after the newest is passed over. */
void zone_count(struct zone_state *zone, const struct zone_surroundings *around, int64_t at_ms,
                double people);
/* So many cameras that cover it were silent in this second. */
void zone_miss_cameras(struct zone_state *zone, const struct zone_surroundings *around,
                       int64_t at_ms, double cameras);

struct
    zone_message { /* of a counter, or of a line (COUNT_IN = into this zone, in persons of one second) */
    const char *counter;
    const struct count_measure *measure;
    bool is_reverse;  /* its `in` leads out of this zone */
    int64_t at_ms;    /* as its own clock says, which may be ahead: the order of its messages */
    int64_t heard_ms; /* the same, but no later than it came: closes minutes */
    double value;
};
/* False: there are LIMIT_ZONE_COUNTERS others already, and it was not counted but in left_out. */
bool zone_hear_counter(struct zone_state *zone, const struct zone_surroundings *around,
                       const struct zone_message *message);
/* Forgets the counters that do not lead to it any more, and what was left out once there is room. Who
 * passed them stays in the occupancy. */
void zone_keep_counters(struct zone_state *zone,
                        bool (*is_kept)(const void *context, const char *counter),
                        const void *context);
/* For certain, as somebody says who looked: so many are inside. Where people are counted at the doors it is
 * in zone->told at once, and told with the minute. */
void zone_set(struct zone_state *zone, const struct zone_surroundings *around, int64_t at_ms,
              double people);

/* Sealed bytes; ERR_NO_MEMORY. The caller frees. */
MUST_USE enum err zone_pack(const struct zone_state *zone, void **out_bytes, size_t *out_len);
/* ERR_CORRUPT, ERR_NO_MEMORY: *out_zone is not touched. Else as after zone_init(). */
MUST_USE enum err zone_unpack(const void *bytes, size_t len, struct zone_state *out_zone);
