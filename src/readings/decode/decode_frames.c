// SPDX-License-Identifier: Apache-2.0
/* Frames of the native form. Nearly every person is a list of short numbers in the order of `fields`,
 * and person_fast() reads nothing else; whatever is different in any way is read again from its start by
 * person_slow(), which knows the rest: strings, null, exponents, mistakes. */
#include "readings/decode/decode_internal.h"

#include "base/clock.h"

#include <ctype.h>
#include <math.h>

const char *const decode_field_names[FIELD_COUNT + 1] = {"track",      "x",     "y",       "w", "h",
                                                         "confidence", "class", "feature", NULL};

static const char LIST_PROBLEM[] = "must be a list with one value for every field";

bool decode_scale_of(double precision, double max, double *out_scale)
{
    if (!(precision > 0 && precision <= 1))
        return false;
    double scale = floor(1 / precision + 0.5);
    if (scale > max || fabs(scale * precision - 1) > 1e-6)
        return false;
    *out_scale = scale;
    return true;
}

bool decode_is_base64(const char *bytes, size_t len)
{
    if (len % 4 != 0)
        return false;
    size_t padding = 0;
    while (padding < 2 && padding < len && bytes[len - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < len - padding; i++) {
        if (!isalnum((unsigned char)bytes[i]) && bytes[i] != '+' && bytes[i] != '/')
            return false;
    }
    return true;
}

bool decode_is_person(const char *class_name)
{
    return strcmp(class_name, "person") == 0 || strcmp(class_name, "pedestrian") == 0;
}

_Static_assert(LIMIT_FRAME_AHEAD_MS == 10000, "the text below names the limit");
const char decode_time_ahead[] =
    "is more than 10 seconds ahead of the server's clock; set the device's clock (NTP)";

const char *decode_time(const struct decode_options *options, const char *text, size_t len,
                        int64_t *out_at_ms)
{
    int64_t at_ms;
    if (!clock_parse(text, len, &at_ms))
        return "must be a time like 2026-06-20T21:14:03.100Z (RFC 3339)";
    if (at_ms < options->oldest_ms)
        return "is older than what is kept; check the device's clock";
    if (at_ms > options->newest_ms)
        return decode_time_ahead;
    *out_at_ms = at_ms;
    return NULL;
}

const char *decode_frame_time(struct decoder *decoder, const char *text, size_t len,
                              int64_t *out_at_ms)
{
    int64_t ahead_ms;
    const char *problem = decode_time(decoder->options, text, len, out_at_ms);
    if (problem == decode_time_ahead && clock_parse(text, len, &ahead_ms))
        decoder->newest_ahead_ms = MAX(decoder->newest_ahead_ms, ahead_ms);
    return problem;
}

const char *decode_person(const struct detection_batch *batch, const double values[FIELD_COUNT],
                          struct batch_person *out, enum field *out_field)
{
    static const enum field COORDINATES[] = {FIELD_X, FIELD_Y, FIELD_W, FIELD_H};
    int32_t steps[4];
    for (size_t i = 0; i < COUNT_OF(COORDINATES); i++) {
        *out_field = COORDINATES[i];
        if (!batch_quantise(values[COORDINATES[i]], batch->scale_xy, &steps[i]))
            return "is too far away";
        if (i >= 2 && values[COORDINATES[i]] < 0)
            return "must not be negative";
    }
    double confidence = values[FIELD_CONFIDENCE];
    *out_field = FIELD_CONFIDENCE;
    if (!(confidence >= 0 && confidence <= 1))
        return "must be between 0 and 1";
    out->x = steps[0];
    out->y = steps[1];
    out->w = batch->is_in_metres ? 0 : steps[2];
    out->h = batch->is_in_metres ? 0 : steps[3];
    out->confidence = (uint16_t)(confidence * batch->scale_confidence + 0.5);
    return NULL;
}

void decode_put(struct decoder *decoder, const struct batch_person *person)
{
    if (batch_put_person(decoder->batch, person) != ERR_NONE)
        decoder->is_out_of_memory = true;
}

bool decode_track(struct decoder *decoder, int64_t *out_track, const char **out_problem)
{
    struct scan *scan = &decoder->scan;
    char c = scan_peek(scan);
    if (c == '"') {
        struct scan_text text;
        size_t len;
        if (!scan_string(scan, &text))
            return false;
        const char *plain = scan_plain(scan, &text, &len);
        if (plain == NULL || len == 0)
            *out_problem = "must be a number or a name that is not too long";
        else
            *out_track = batch_track_of_text(plain, len);
        return true;
    }
    if (!scan_is_number(c)) {
        *out_track = BATCH_TRACK_NONE;
        if (c != 'n')
            *out_problem = "must be a number, a name or null";
        return scan_skip(scan);
    }
    struct scan_number number;
    if (!scan_number(scan, &number))
        return false;
    double limit = 0x1p53;
    if (!number.is_integer && (number.real != floor(number.real) || fabs(number.real) > limit))
        *out_problem = "must be a whole number";
    int64_t track = number.is_integer      ? number.integer
                    : *out_problem == NULL ? (int64_t)number.real
                                           : 0;
    if (track < BATCH_TRACK_NONE || track >= BATCH_TRACK_HASHED)
        *out_problem = "must be -1 (none) or 0 and more, below 2^62";
    *out_track = track;
    return true;
}

bool decode_has_only_errors(const struct decoder *decoder, size_t first_error)
{
    const struct detection_batch *batch = decoder->batch;
    size_t kept = batch->frame_count == 0 ? 0 : batch->frame_first[batch->frame_count];
    return batch->person_count == kept && decoder->out->errors.count > first_error;
}

/* --- a person, fast --- */

/* As many bytes as person_fast() can pass without looking for the end: DECODE_FIELDS_MAX numbers of at
 * most 18 characters with two signs around each, and the brackets. */
#define FAST_BYTES (DECODE_FIELDS_MAX * 24)

struct fast_number {
    double real;
    int64_t mantissa;
    int sign_and_fraction; /* 0 for a whole number that is not negative */
};

/* A number of at most 15 digits without exponent at p; where it ends, NULL when it is another. */
static inline const char *fast_number(const char *p, struct fast_number *out)
{
    static const double POWERS[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    bool is_negative = *p == '-';
    p += is_negative;
    const char *digits = p;
    uint64_t mantissa = 0;
    unsigned digit;
    const char *stop = p + 16;
    while ((digit = (unsigned)(unsigned char)*p - '0') < 10 && p < stop) {
        mantissa = mantissa * 10 + digit;
        p++;
    }
    if (p == digits || (*digits == '0' && p - digits > 1))
        return NULL;
    const char *whole_end = p;
    if (*p == '.') {
        p++;
        while ((digit = (unsigned)(unsigned char)*p - '0') < 10 && p < stop) {
            mantissa = mantissa * 10 + digit;
            p++;
        }
        if (p == whole_end + 1)
            return NULL;
    }
    if (p == stop || (*p | 0x20) == 'e')
        return NULL;
    size_t fraction_len = p == whole_end ? 0 : (size_t)(p - whole_end - 1);
    double real = (double)(int64_t)mantissa;
    real = fraction_len == 0 ? real : real / POWERS[fraction_len];
    out->real = is_negative ? -real : real;
    out->mantissa = (int64_t)mantissa;
    out->sign_and_fraction = is_negative | (p != whole_end) << 1;
    return p;
}

/* Reads the person at p, or NULL: then nothing has happened. */
static inline const char *person_fast(struct decoder *decoder, const char *p)
{
    double values[FIELD_COUNT] = {[FIELD_CONFIDENCE] = 1.0};
    int64_t track = BATCH_TRACK_NONE;
    if (*p++ != '[')
        return NULL;
    for (size_t i = 0; i < decoder->field_count; i++) {
        p += *p == ' ';
        struct fast_number number;
        p = fast_number(p, &number);
        if (p == NULL || *p != (i + 1 < decoder->field_count ? ',' : ']'))
            return NULL;
        p++;
        if (decoder->fields[i] != FIELD_TRACK) {
            values[decoder->fields[i]] = number.real;
        } else {
            if (number.sign_and_fraction != 0)
                return NULL;
            track = number.mantissa;
        }
    }
    struct batch_person person = {.track = track};
    enum field field;
    if (decode_person(decoder->batch, values, &person, &field) != NULL)
        return NULL;
    decode_put(decoder, &person);
    return p;
}

/* --- a person, whatever it is --- */

struct slow_person {
    double values[FIELD_COUNT];
    int64_t track;
    bool is_other; /* not a person, by its class */
    bool has_look;
    int8_t look[APPEARANCE_DIMS];
    const char *problem;
    size_t problem_at;
};

static bool slow_text(struct decoder *decoder, enum field field, struct slow_person *person,
                      const char **out_problem)
{
    struct scan *scan = &decoder->scan;
    struct scan_text text;
    if (scan_peek(scan) != '"') {
        if (scan_peek(scan) != 'n')
            *out_problem = "must be a string or null";
        return scan_skip(scan);
    }
    if (!scan_string(scan, &text))
        return false;
    size_t len;
    const char *plain = scan_plain(scan, &text, &len);
    if (plain == NULL)
        *out_problem = "is too long";
    else if (field == FIELD_CLASS)
        person->is_other = !decode_is_person(plain);
    else if (!decode_is_base64(plain, len))
        *out_problem = "must be base64";
    else
        person->has_look = decode_appearance(plain, len, person->look);
    return true;
}

static bool slow_value(struct decoder *decoder, enum field field, struct slow_person *person,
                       const char **out_problem)
{
    struct scan *scan = &decoder->scan;
    if (field == FIELD_TRACK)
        return decode_track(decoder, &person->track, out_problem);
    if (field == FIELD_CLASS || field == FIELD_FEATURE)
        return slow_text(decoder, field, person, out_problem);
    if (!scan_is_number(scan_peek(scan))) {
        *out_problem = "must be a number";
        return scan_skip(scan);
    }
    struct scan_number number;
    if (!scan_number(scan, &number))
        return false;
    person->values[field] = number.real;
    return true;
}

static size_t index_of_field(const struct decoder *decoder, enum field field)
{
    size_t i = 0;
    while (i < decoder->field_count && decoder->fields[i] != field)
        i++;
    return i;
}

static void put_slow(struct decoder *decoder, const struct slow_person *person,
                     const struct batch_person *found)
{
    decode_put(decoder, found);
    if (person->has_look)
        decode_put_look(decoder, found->track, person->look);
}

static void finish_slow(struct decoder *decoder, struct slow_person *person, size_t count)
{
    size_t frame = decoder->frame;
    size_t index = decoder->person;
    if (count != decoder->field_count) {
        decode_refuse_item(decoder, LIST_PROBLEM, "frames[%zu].persons[%zu]", frame, index);
        return;
    }
    struct batch_person found = {.track = person->track};
    enum field field;
    if (person->problem == NULL) {
        person->problem = decode_person(decoder->batch, person->values, &found, &field);
        person->problem_at = person->problem == NULL ? 0 : index_of_field(decoder, field);
    }
    if (person->problem != NULL)
        decode_refuse_item(decoder, person->problem, "frames[%zu].persons[%zu][%zu]", frame, index,
                           person->problem_at);
    else if (person->is_other)
        decoder->skipped++;
    else
        put_slow(decoder, person, &found);
}

static bool person_slow(struct decoder *decoder)
{
    struct scan *scan = &decoder->scan;
    struct slow_person person = {.values = {[FIELD_CONFIDENCE] = 1.0}, .track = BATCH_TRACK_NONE};
    if (scan_peek(scan) != '[') {
        decode_refuse_item(decoder, LIST_PROBLEM, "frames[%zu].persons[%zu]", decoder->frame,
                           decoder->person);
        return scan_skip(scan);
    }
    if (!scan_array_begin(scan))
        return false;
    size_t count = 0;
    enum scan_step step;
    while ((step = scan_element(scan, &count)) == SCAN_ITEM) {
        const char *problem = NULL;
        bool is_fine = count > decoder->field_count
                           ? scan_skip(scan)
                           : slow_value(decoder, decoder->fields[count - 1], &person, &problem);
        if (!is_fine)
            return false;
        if (problem != NULL && person.problem == NULL) {
            person.problem = problem;
            person.problem_at = count - 1;
        }
    }
    if (step == SCAN_FAULT)
        return false;
    finish_slow(decoder, &person, count);
    return true;
}

/* --- frames --- */

static bool read_persons(struct decoder *decoder)
{
    struct scan *scan = &decoder->scan;
    if (!scan_array_begin(scan))
        return false;
    decoder->person = 0;
    size_t count = 0;
    enum scan_step step;
    while ((step = scan_element(scan, &count)) == SCAN_ITEM) {
        decoder->person = count - 1;
        if (!decode_has_room(decoder, count))
            return decode_refuse_persons(decoder, "frames[%zu].persons", decoder->frame);
        const char *after = NULL;
        if (decoder->is_plain && scan->end - scan->p > FAST_BYTES)
            after = person_fast(decoder, scan->p);
        if (after != NULL)
            scan->p = after;
        else if (!person_slow(decoder))
            return false;
    }
    return step == SCAN_END;
}

struct frame {
    const char *problem;
    const char *place;
    bool has_time;
    bool has_persons;
    int64_t at_ms;
};

static void refuse_frame(struct frame *frame, const char *place, const char *problem)
{
    if (frame->problem == NULL) {
        frame->problem = problem;
        frame->place = place;
    }
}

static bool read_time(struct decoder *decoder, struct frame *frame)
{
    struct scan *scan = &decoder->scan;
    struct scan_text text;
    frame->has_time = true;
    if (scan_peek(scan) != '"') {
        refuse_frame(frame, ".t", "must be a time like 2026-06-20T21:14:03.100Z (RFC 3339)");
        return scan_skip(scan);
    }
    if (!scan_string(scan, &text))
        return false;
    size_t len = 0;
    const char *plain = text.has_escapes ? scan_plain(scan, &text, &len) : text.bytes;
    len = text.has_escapes ? len : text.len;
    const char *problem =
        decode_frame_time(decoder, plain == NULL ? "" : plain, len, &frame->at_ms);
    if (problem != NULL)
        refuse_frame(frame, ".t", problem);
    return true;
}

static bool read_frame_members(struct decoder *decoder, struct frame *frame)
{
    static const char *const MEMBERS[] = {"t", "persons", NULL};
    struct scan *scan = &decoder->scan;
    struct scan_object object;
    if (!scan_object_begin(scan, &object))
        return false;
    int known;
    enum scan_step step;
    while ((step = scan_member(scan, &object, MEMBERS, &known)) == SCAN_ITEM) {
        bool is_fine;
        if (known == 0) {
            is_fine = read_time(decoder, frame);
        } else if (known == 1 && scan_peek(scan) == '[') {
            frame->has_persons = true;
            is_fine = read_persons(decoder);
        } else {
            is_fine = scan_skip(scan);
        }
        if (!is_fine)
            return false;
    }
    return step == SCAN_END;
}

static void end_frame(struct decoder *decoder, struct frame *frame, size_t first_error)
{
    struct detection_batch *batch = decoder->batch;
    if (!frame->has_time)
        refuse_frame(frame, ".t", "is missing");
    if (!frame->has_persons)
        refuse_frame(frame, ".persons", "must be a list; an empty one when nobody was seen");
    if (frame->problem != NULL) {
        batch_drop_open(batch);
        item_errors_cut(&decoder->out->errors, first_error);
        decode_refuse_item(decoder, frame->problem, "frames[%zu]%s", decoder->frame, frame->place);
        return;
    }
    if (decode_has_only_errors(decoder, first_error))
        return;
    decoder->is_out_of_memory |= batch_close_frame(batch, frame->at_ms) != ERR_NONE;
}

static bool read_frame(struct decoder *decoder)
{
    struct frame frame = {0};
    if (++decoder->frames_read > LIMIT_BATCH_FRAMES)
        return decode_refuse_frames(decoder);
    size_t first_error = decoder->out->errors.count;
    size_t skipped = decoder->skipped, looks = decoder->out->look_count;
    if (scan_peek(&decoder->scan) != '{') {
        refuse_frame(&frame, "", "must be an object with t and persons");
        if (!scan_skip(&decoder->scan))
            return false;
    } else if (!read_frame_members(decoder, &frame)) {
        return false;
    }
    end_frame(decoder, &frame, first_error);
    if (frame.problem != NULL) {
        decoder->skipped = skipped;
        decoder->out->look_count = looks;
    }
    return true;
}

bool decode_frames(struct decoder *decoder)
{
    const size_t none = SIZE_MAX;
    decoder->frame = none;
    if (!decode_list(decoder, "frames", &decoder->frame, read_frame))
        return false;
    if (decoder->frame == none)
        decode_refuse_message(decoder, ERR_INVALID, "frames", "must have at least one frame");
    return true;
}
