// SPDX-License-Identifier: Apache-2.0
/* crowd/crowd.h — who is where: detections become people, each once, and people per zone, density and levels.
 *
 * A consumer of the telemetry stream "detections". Cameras that see the same floor are a group. Method
 * "tracks": the boxes of a group are merged into people who are followed over time (crowd/tracking/
 * tracker.h); zones count those. Method "largest camera" stands in where a group has just begun or looks
 * too seldom to follow anybody: a zone has as many people as the camera of the group that sees most.
 * Groups see different floors, and add up.
 *
 * Three results. Live: on the topics of docs/architecture.md. History: every second, CROWD_LATENESS_MS
 * after its end or when its people are settled (seconds.h), as readings zone.<id>:people, zone.<id>:density, venue.<id>:people, in the transaction of
 * the consumer's position; late frames correct their second. Tracks: settled places of people, anonymous,
 * every half second, kept for hours. A zone that no living camera covers is unknown: no reading, level
 * "unknown", never zero people. */
#pragma once
#include "base/base.h"
#include "base/publish.h"
#include "base/shared.h"
#include "base/text.h"
#include "crowd/measures/service.h"
#include "crowd/measures/trend.h"
#include "crowd/trust/trust.h"
#include "store/store.h"
#include "venues/venues.h"

#define CROWD_METHOD "tracks"
#define CROWD_UNCERTAINTY                                                                          \
    "who is hidden from all cameras is missed; see docs/performance.md for measured errors"
#define CROWD_LINES_METHOD                                                                         \
    "people followed across all cameras, settled; who comes back within two seconds and 0.3 m "    \
    "has not crossed"
#define CROWD_LINES_UNCERTAINTY                                                                    \
    "who is hidden from all cameras at the line is missed, and an exchange of two people beside "  \
    "it is two "                                                                                   \
    "crossings too many; told some five seconds later, and only while a camera shows the line's "  \
    "middle"
#define CROWD_LATENESS_MS 2200 /* the tracker's lag, and a little */

enum crowd_level {
    CROWD_LEVEL_UNKNOWN,
    CROWD_LEVEL_GREEN,
    CROWD_LEVEL_AMBER,
    CROWD_LEVEL_ORANGE,
    CROWD_LEVEL_RED
};
extern const char *const crowd_level_names[]; /* by the enum; ends with NULL */

#define CROWD_UNKNOWN (-1)

/* How the people of a zone stand and move (crowd/measures/). Not known where they cannot be followed. */
struct crowd_flow {
    bool is_known;
    double voronoi_m2;   /* persons/m² of walkable floor, by Voronoi cells */
    double speed_m_s;    /* mean */
    double flow_per_m_s; /* specific flow, whatever its direction */
    enum service walking, standing;
    enum trend_kind trend;
    bool has_waves; /* stop and go */
};
/* As a JSON object, or null: in live messages and answers. */
void crowd_flow_add(struct text *out, const struct crowd_flow *flow);

struct crowd_zone_state {
    char id[LIMIT_ID_LEN + 1];
    int64_t people; /* or CROWD_UNKNOWN, and then density_m2 means nothing */
    double density_m2;
    enum crowd_level level;
    uint32_t cameras;          /* that cover it and are not silent */
    uint32_t cameras_expected; /* that cover it, as far as is known */
    int64_t seen_ms;           /* time of the newest frame that is in the figures; 0 = none */
    struct crowd_flow flow;
};
/* Its figures as members of a JSON object, from "people" to "flow"; `at_ms` is the picture's. The same in
 * answers, live messages and on MQTT. */
void crowd_zone_add(struct text *out, const struct crowd_zone_state *zone, int64_t at_ms);

#define CROWD_CLOCK_UNKNOWN INT64_MIN

struct crowd_device_state {
    char id[LIMIT_ID_LEN + 1];
    int64_t last_seen_ms; /* when a message arrived; 0 = not that we know */
    bool is_silent;
    /* Of the newest frame when it arrived, refused ones too: a little below zero as a rule. Beyond
     * LIMIT_FRAME_AHEAD_MS its frames are refused; further behind than silence they are not live. */
    int64_t clock_ahead_ms;
    /* Whether clock and calibration agree with those of the cameras that see the same people. */
    struct trust_verdict trust;
};
extern const char *const crowd_trouble_names[]; /* of trust_kind; ends with NULL; "" = none */
extern const char *const crowd_merging_names[]; /* of trust_merging; ends with NULL */
/* The trouble as a JSON object, or null: in live messages and answers. */
void crowd_trouble_add(struct text *out, const struct trust_verdict *trust);

/* One venue at one moment; immutable, counted. */
struct crowd_picture {
    struct shared shared;
    int64_t at_ms;
    int64_t people; /* of the venue, or CROWD_UNKNOWN; who stands in two zones counts once */
    struct crowd_zone_state *zones; /* in the order of the view */
    size_t zone_count;
    struct crowd_device_state *devices; /* in the order of the view */
    size_t device_count;
};

struct crowd;
struct readings;
struct detection_batch;
extern const struct store_module crowd_store_module;     /* of the telemetry store */
extern const struct store_module crossings_store_module; /* of the telemetry store */

struct crowd_options {
    struct store *telemetry_store;
    struct venues *venues;
    struct readings *readings;         /* tells when counters and sensors were heard; may be NULL */
    const struct publisher *publisher; /* borrowed; may be NULL */
    int64_t keep_tracks_ms;            /* 0 = for ever */
};

/* Starts the consumer "crowd". Close it before the store and the venues. */
MUST_USE enum err crowd_open(const struct crowd_options *options, struct crowd **out_crowd,
                             struct err_note *note);
void crowd_close(struct crowd *crowd);
/* Waits until everything committed before the call is counted; for tests and the demo. */
MUST_USE enum err crowd_wait_idle(struct crowd *crowd, int64_t deadline_ms);

/* The newest picture, of whichever process counts the venue; everything is unknown before the first
 * detection. A reference is taken; NULL when there is no such venue. */
struct crowd_picture *crowd_picture(struct crowd *crowd, const char *event, const char *venue);
/* What the crowd of any process has published, this one's too: whoever counts elsewhere is believed.
 * Other topics are passed over. Any thread. */
void crowd_hear(struct crowd *crowd, const char *topic, const char *json, size_t len);
/* False when there is no such device. */
bool crowd_device(struct crowd *crowd, const char *event, const char *venue, const char *device,
                  struct crowd_device_state *out_state);

/* Settled places of people, as a batch in metres whose tracks are their numbers, steps of all groups of
 * cameras by time. Whole steps only: *out_next_ms is where the next page begins, 0 = that was all. They
 * come within TRACK_CHUNK_MS and the tracker's lag. The caller unrefs the batch. */
struct crowd_tracks_query {
    const char *event;
    const char *venue;
    int64_t from_ms, to_ms; /* [from, to) */
    size_t points_max;
};
MUST_USE enum err crowd_tracks(struct crowd *crowd, const struct crowd_tracks_query *query,
                               struct detection_batch **out_batch, int64_t *out_next_ms);

/* Pure: thresholds are reached from below, at the value itself. */
enum crowd_level crowd_level_decide(const struct zone *zone, double density_m2);
