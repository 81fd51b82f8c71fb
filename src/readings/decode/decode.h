// SPDX-License-Identifier: Apache-2.0
/* readings/decode/decode.h — a body of detections into columns, in one pass. docs/formats/detections.md says
 * what senders may write; in short, one message or several, one per line, each either
 *   native      {"device","fields","frames":[{"t","persons":[[...],...]}],"unit","precision"}
 *   SceneScape  {"id","timestamp","objects":{"person":[{"id","confidence","bounding_box_px":{...}}]}}
 * What is no JSON refuses the body; what is wrong in a person, a frame or a message refuses exactly
 * that, with one error that names its place. Lists that hold too much, good or not, refuse the body, and what
 * follows them is not read. */
#pragma once
#include "readings/appearances.h"
#include "readings/items.h"
#include "readings/pack/batch.h"

#define LIMIT_BATCH_DEVICES 256 /* of one body */

struct decode_options {
    int64_t oldest_ms;  /* frames before are refused */
    int64_t newest_ms;  /* frames after are refused */
    const char *device; /* of messages that name none; "" = they must */
};

/* A device of which frames were refused because they lie after newest_ms: its clock is wrong. */
struct decode_ahead {
    char device[LIMIT_ID_LEN + 1]; /* as the sender named it */
    int64_t newest_ms;
};

/* How a track of a device looks. Only vectors of APPEARANCE_DIMS numbers and of numbered tracks are of use;
 * others are checked and dropped. */
struct decode_look {
    char device[LIMIT_ID_LEN + 1]; /* as the sender named it */
    struct appearance appearance;
};

struct decoded {
    /* One per device, unit and precision, in the order of their first message; owned. Devices are
     * named as the sender did: well-formed, not checked further. */
    struct detection_batch *batches[LIMIT_BATCH_DEVICES];
    size_t batch_count;
    size_t message_count;
    size_t skipped; /* persons whose class is not a person's */
    struct item_errors errors;
    struct decode_ahead *ahead; /* owned; at most LIMIT_BATCH_DEVICES */
    size_t ahead_count;
    struct decode_look *looks; /* owned; at most LIMIT_BATCH_LOOKS, the first of the body */
    size_t look_count, look_size;
};

/* ERR_MALFORMED with line and column, or ERR_TOO_LARGE with the place: nothing is decoded then. */
MUST_USE enum err decode_detections(const char *bytes, size_t len,
                                    const struct decode_options *options, struct decoded *out,
                                    struct err_note *note);
void decoded_fini(struct decoded *decoded);

/* Shared with the reference decoder of the fuzzer, which builds a tree first. */
enum field {
    FIELD_TRACK,
    FIELD_X,
    FIELD_Y,
    FIELD_W,
    FIELD_H,
    FIELD_CONFIDENCE,
    FIELD_CLASS,
    FIELD_FEATURE,
    FIELD_COUNT
};
extern const char *const decode_field_names[FIELD_COUNT + 1];
/* The steps per unit of a declared precision: 0.1 is 10; false when 1/precision is no whole number
 * between 1 and `max`. */
bool decode_scale_of(double precision, double max, double *out_scale);
bool decode_is_base64(const char *bytes, size_t len);
/* A vector in base64, as int8 or as SceneScape's float32, which are scaled to int8; false when it is of
 * another length, or no vector. */
bool decode_appearance(const char *base64, size_t len, int8_t out[APPEARANCE_DIMS]);
bool decode_is_person(const char *class_name);
/* The numbers of one person (NAN where the message has none) into steps; NULL or what is wrong, and
 * which field. */
const char *decode_person(const struct detection_batch *batch, const double values[FIELD_COUNT],
                          struct batch_person *out, enum field *out_field);
/* NULL, or what is wrong with the time. */
const char *decode_time(const struct decode_options *options, const char *text, size_t len,
                        int64_t *out_at_ms);
/* What decode_time() says of a time after newest_ms. */
extern const char decode_time_ahead[];
