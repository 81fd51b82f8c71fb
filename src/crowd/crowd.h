// SPDX-License-Identifier: Apache-2.0
/* crowd/crowd.h — who is where: detections become people per zone, density and levels.
 *
 * A consumer of the telemetry stream "detections". The foot point of every box goes through its
 * camera's calibration to the floor and into the zones. Method "largest camera": a zone has as many
 * people as the camera that sees most of them there; per second, a camera's count is the median of its
 * frames. Two cameras never add up, so nobody is counted twice, and who is seen by no single camera
 * together with the others is missed.
 *
 * Two results. Live: the newest frame of every camera that is not silent, on the topics of
 * docs/architecture.md, within 40 ms. History: every second, CROWD_LATENESS_MS after its end, as
 * readings zone.<id>:people, zone.<id>:density, zone.<id>:cameras_silent, venue.<id>:people, in the
 * transaction of the consumer's position; late frames correct their second. A zone that no living camera covers is
 * unknown: no reading, level "unknown", never zero people. */
#pragma once
#include "base/base.h"
#include "base/publish.h"
#include "base/shared.h"
#include "store/store.h"
#include "venues/venues.h"

#define CROWD_METHOD      "largest camera"
#define CROWD_UNCERTAINTY "a zone that no single camera sees whole is undercounted"
#define CROWD_LATENESS_MS 2000

enum crowd_level {
    CROWD_LEVEL_UNKNOWN,
    CROWD_LEVEL_GREEN,
    CROWD_LEVEL_AMBER,
    CROWD_LEVEL_ORANGE,
    CROWD_LEVEL_RED
};
extern const char *const crowd_level_names[]; /* by the enum; ends with NULL */

#define CROWD_UNKNOWN (-1)

struct crowd_zone_state {
    char id[LIMIT_ID_LEN + 1];
    int64_t people; /* or CROWD_UNKNOWN, and then density_m2 means nothing */
    double density_m2;
    enum crowd_level level;
    uint32_t cameras;          /* that cover it and are not silent */
    uint32_t cameras_expected; /* that cover it, as far as is known */
};

#define CROWD_CLOCK_UNKNOWN INT64_MIN

struct crowd_device_state {
    char id[LIMIT_ID_LEN + 1];
    int64_t last_seen_ms; /* when a message arrived; 0 = not that we know */
    bool is_silent;
    /* Of the newest frame when it arrived, refused ones too: a little below zero as a rule. Beyond
     * LIMIT_FRAME_AHEAD_MS its frames are refused; further behind than silence they are not live. */
    int64_t clock_ahead_ms;
};

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
extern const struct store_module crowd_store_module; /* of the telemetry store */

struct crowd_options {
    struct store *telemetry_store;
    struct venues *venues;
    struct readings *readings;         /* tells when counters and sensors were heard; may be NULL */
    const struct publisher *publisher; /* borrowed; may be NULL */
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

/* Pure: thresholds are reached from below, at the value itself. */
enum crowd_level crowd_level_decide(const struct zone *zone, double density_m2);
