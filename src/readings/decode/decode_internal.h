// SPDX-License-Identifier: Apache-2.0
/* readings/decode/decode_internal.h — what the parts of the decoder share: one message while it is read. */
#pragma once
#include "readings/decode/decode.h"
#include "readings/decode/scan.h"

#define DECODE_FIELDS_MAX 8

enum decode_unit { UNIT_PIXELS, UNIT_METRES };

struct decoder {
    struct scan scan;
    const struct decode_options *options;
    struct decoded *out;

    /* The message at hand. */
    struct detection_batch *batch;
    size_t first_error;
    size_t first_look;
    size_t first_frame; /* of frames_read and persons_read */
    size_t first_person;
    size_t skipped;
    const char *problem; /* refuses the whole message; static */
    const char *problem_place;
    enum err problem_err;
    char device[LIMIT_ID_LEN + 1];
    int64_t newest_ahead_ms; /* of the frames refused for that; INT64_MIN = none */
    enum decode_unit unit;
    double scale_position; /* 0 = by the unit */
    double scale_confidence;
    enum field fields[DECODE_FIELDS_MAX];
    size_t field_count;
    bool is_usable; /* the fields that the unit needs are there */
    bool is_plain;  /* numbers only: no class, no feature */
    bool is_out_of_memory;

    size_t frame; /* for places */
    size_t person;

    /* The body so far: what lists of frames and persons hold, good or not, and messages without frames. */
    size_t frames_read;
    size_t persons_read;
    const char *too_many; /* more than a limit of this, where nothing after is read; static */
    int too_many_limit;
    char too_many_place[128];
};

/* All return false at a fault of the JSON and where a limit is passed only; what else is wrong with the content
 * goes to the errors. */
bool decode_frames(struct decoder *decoder);  /* stands on the value of "frames" */
bool decode_objects(struct decoder *decoder); /* stands on the value of "objects" */

/* Stands on the value of `place`: `read` for each element of the list, with its index in *index, which
 * stays as it is for an empty one. What is no list refuses the message. */
bool decode_list(struct decoder *decoder, const char *place, size_t *index,
                 bool (*read)(struct decoder *decoder));

/* Refuses the message, unless something did before. */
void decode_refuse_message(struct decoder *decoder, enum err err, const char *place,
                           const char *problem);
/* Adds an error below the message: `place` is "frames[3].t". */
void decode_refuse_item(struct decoder *decoder, const char *problem, const char *place, ...)
    PRINTF(3, 4);
/* One more entry of a list of persons, its `count`th: false when that is one too many. */
static inline bool decode_has_room(struct decoder *decoder, size_t count)
{
    return ++decoder->persons_read <= LIMIT_BATCH_PERSONS && count <= LIMIT_FRAME_PERSONS;
}
/* Refuses the body, and reads no further; false, so that it can be returned. `place` is that of the list. */
bool decode_refuse_body(struct decoder *decoder, int limit, const char *too_many, const char *place,
                        ...) PRINTF(4, 5);
bool decode_refuse_frames(struct decoder *decoder);
/* Of a list for which decode_has_room() found none. */
#define decode_refuse_persons(decoder, ...)                                                        \
    ((decoder)->persons_read > LIMIT_BATCH_PERSONS                                                 \
         ? decode_refuse_body(decoder, LIMIT_BATCH_PERSONS, "persons in one body", __VA_ARGS__)    \
         : decode_refuse_body(decoder, LIMIT_FRAME_PERSONS, "persons in one frame", __VA_ARGS__))
/* A track in any of its forms: number, string, null. False with *out_problem set when it is none;
 * false with a fault in the scanner otherwise. */
bool decode_track(struct decoder *decoder, int64_t *out_track, const char **out_problem);
/* Nobody of the open frame was good: it must not pass for "nobody was seen". */
bool decode_has_only_errors(const struct decoder *decoder, size_t first_error);
/* decode_time(), and remembers a time that is too far ahead. */
const char *decode_frame_time(struct decoder *decoder, const char *text, size_t len,
                              int64_t *out_at_ms);
/* Remembers how the track looks, for whoever follows people; the batch does not have it. */
void decode_put_look(struct decoder *decoder, int64_t track, const int8_t v[APPEARANCE_DIMS]);
void decode_put(struct decoder *decoder, const struct batch_person *person);
