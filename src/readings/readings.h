// SPDX-License-Identifier: Apache-2.0
/* readings/readings.h — what devices measured: detections of cameras, values of sensors, and the
 * measures that Muster derives from them. Received, packed, committed to a stream; then compacted
 * into chunks and roll-ups.
 *
 * Streams of the telemetry store, formats in docs/formats/:
 *   "detections"  kind "detections.packed", key "event/venue": one batch of one device, packed
 *   "readings"    kind "readings.packed",   key "event/venue": values of any number of series
 * A series is named "<subject>:<measure>" within its event: "lift-3:temperature" (a device's),
 * "zone.stage-a:people", "zone.stage-a:density" (derived, zone ids are unique in an event). */
#pragma once
#include "base/base.h"
#include "base/shared.h"
#include "readings/query.h"
#include "readings/receive.h"
#include "store/stream.h"

struct readings;
struct venues;
struct consumer;
extern const struct store_module readings_store_module; /* of the telemetry store */

struct readings_options {
    struct store *telemetry_store; /* borrowed, like venues, until readings_close() */
    struct venues *venues;
    int64_t keep_detections_ms; /* raw detections; 0 = 24 h. Older ones are refused too */
    int64_t keep_points_ms;     /* raw values of series; 0 = 30 days. Roll-ups stay for ever */
    int64_t gather_ms;          /* between two writes of history; 0 = 15 s and 5 s. For tests */
};

/* Starts the two consumers that write history. The caller owns *out_readings. */
MUST_USE enum err readings_open(const struct readings_options *options,
                                struct readings **out_readings, struct err_note *note);
void readings_close(struct readings *readings); /* NULL is fine */

/* When this device was last heard, by the server's clock; 0 = never. In memory. */
int64_t readings_last_seen(struct readings *readings, const char *event, const char *device);
/* When frames of the device were refused last because its clock is too far ahead (LIMIT_FRAME_AHEAD_MS),
 * and how far the newest of them was; false = not that we know. In memory. */
struct clock_refusal {
    int64_t at_ms;
    int64_t ahead_ms;
};
bool readings_clock_refusal(struct readings *readings, const char *event, const char *device,
                            struct clock_refusal *out);
/* For tests and figures: the consumers behind history. */
struct consumer *readings_detections_consumer(struct readings *readings);
struct consumer *readings_series_consumer(struct readings *readings);

struct reading {
    const char *series; /* "lift-3:temperature" */
    int64_t at_ms;
    double value; /* finite */
};

/* Inside a command on the telemetry store: one record of derived values. */
MUST_USE enum err readings_append(struct db *db, const char *event, const char *venue,
                                  const struct reading *readings, size_t count,
                                  int64_t *out_position);

/* Each value of a "readings.packed" record, in the sender's order; lent strings. */
MUST_USE enum err readings_visit(const struct stream_record *record,
                                 void (*visit)(void *context, const char *event, const char *venue,
                                               const struct reading *reading),
                                 void *context);

/* A batch of one device, in columns: what decoding yields, what packing stores, what the crowd eats.
 * Coordinates are integers in units of 1/scale: pixels (scale 1 by default) or metres (scale 1000). */
struct detection_batch {
    struct shared shared;
    char event[LIMIT_ID_LEN + 1];
    char venue[LIMIT_ID_LEN + 1];
    char device[LIMIT_ID_LEN + 1];
    bool is_in_metres; /* x, y are floor positions; w, h unused */
    double scale_xy;
    double scale_confidence; /* 255 by default */
    size_t frame_count;
    int64_t *frame_at_ms;  /* [frame_count] */
    uint32_t *frame_first; /* [frame_count + 1]: persons of frame i are frame_first[i] .. [i+1]-1 */
    size_t person_count;
    int64_t *track;         /* -1 = the device gave none */
    int32_t *x, *y, *w, *h; /* of the box: top left corner and size; or the floor position */
    uint16_t *confidence;
};

/* The batch of a "detections.packed" record: its `decoded` when it is there, unpacked otherwise.
 * The caller owns a reference. ERR_CORRUPT when the bytes fail their check. */
MUST_USE enum err detections_of_record(const struct stream_record *record,
                                       struct detection_batch **out_batch);
