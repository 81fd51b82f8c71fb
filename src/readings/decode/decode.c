// SPDX-License-Identifier: Apache-2.0
/* Messages. The members of an object come in any order, but frames can only be read once fields, unit
 * and precision are known: when one of those follows, the frames are read a second time, and only
 * then. A message is read into a batch of its own and joins its device's when it is complete. */
#include "readings/decode/decode_internal.h"

#include "base/text.h"

#include <stdio.h>

static const char *const MEMBERS[] = {"device", "fields",    "frames",  "unit", "precision",
                                      "id",     "timestamp", "objects", NULL};
enum member { DEVICE, FIELDS, FRAMES, UNIT, PRECISION, ID, TIMESTAMP, OBJECTS };

static const enum field DEFAULT_FIELDS[] = {FIELD_TRACK, FIELD_X, FIELD_Y,
                                            FIELD_W,     FIELD_H, FIELD_CONFIDENCE};

struct message {
    const char *frames; /* where their value starts; NULL while not seen */
    bool is_stale;      /* something that they depend on came after them */
    bool has_device;
    bool has_objects;
    bool has_time;
    int64_t at_ms;
};

void decode_refuse_message(struct decoder *decoder, enum err err, const char *place,
                           const char *problem)
{
    if (decoder->problem != NULL)
        return;
    decoder->problem = problem;
    decoder->problem_place = place;
    decoder->problem_err = err;
}

static size_t message_prefix(const struct decoder *decoder, char *out, size_t size)
{
    out[0] = '\0';
    int len = decoder->out->message_count == 0
                  ? 0
                  : snprintf(out, size, "messages[%zu].", decoder->out->message_count);
    return (size_t)len;
}

void decode_refuse_item(struct decoder *decoder, const char *problem, const char *place, ...)
{
    char whole[128];
    size_t len = message_prefix(decoder, whole, sizeof whole);
    va_list args;
    va_start(args, place);
    (void)vsnprintf(whole + len, sizeof whole - len, place, args);
    va_end(args);
    item_errors_add(&decoder->out->errors, ERR_INVALID, whole, "%s", problem);
}

bool decode_refuse_body(struct decoder *decoder, int limit, const char *too_many, const char *place,
                        ...)
{
    size_t len = message_prefix(decoder, decoder->too_many_place, sizeof decoder->too_many_place);
    va_list args;
    va_start(args, place);
    (void)vsnprintf(decoder->too_many_place + len, sizeof decoder->too_many_place - len, place,
                    args);
    va_end(args);
    decoder->too_many = too_many;
    decoder->too_many_limit = limit;
    return false;
}

bool decode_refuse_frames(struct decoder *decoder)
{
    return decode_refuse_body(decoder, LIMIT_BATCH_FRAMES, "frames in one body", "frames");
}

bool decode_list(struct decoder *decoder, const char *place, size_t *index,
                 bool (*read)(struct decoder *decoder))
{
    struct scan *scan = &decoder->scan;
    if (scan_peek(scan) != '[') {
        decode_refuse_message(decoder, ERR_INVALID, place, "must be a list");
        return scan_skip(scan);
    }
    if (!scan_array_begin(scan))
        return false;
    size_t count = 0;
    enum scan_step step;
    while ((step = scan_element(scan, &count)) == SCAN_ITEM) {
        *index = count - 1;
        if (!read(decoder))
            return false;
    }
    return step == SCAN_END;
}

/* --- the members of a message --- */

/* The string at hand without escapes; NULL when it is none (then skipped) or at a fault. */
static const char *read_text(struct decoder *decoder, size_t *out_len)
{
    struct scan *scan = &decoder->scan;
    struct scan_text text;
    if (scan_peek(scan) != '"') {
        (void)scan_skip(scan);
        return NULL;
    }
    return scan_string(scan, &text) ? scan_plain(scan, &text, out_len) : NULL;
}

static bool read_device(struct decoder *decoder, struct message *message, const char *place)
{
    size_t len = 0;
    const char *text = read_text(decoder, &len);
    if (decoder->scan.fault != NULL)
        return false;
    if (text == NULL || strlen(text) != len || !text_is_id(text))
        decode_refuse_message(decoder, ERR_INVALID, place,
                              "must be the id of a device: a-z, 0-9, _ and -");
    else
        (void)text_copy(decoder->device, sizeof decoder->device, text);
    message->has_device = true;
    return true;
}

static int find_name(const char *name, size_t len, const char *const *names)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
            return i;
    }
    return -1;
}

static bool read_fields(struct decoder *decoder)
{
    struct scan *scan = &decoder->scan;
    static const char PROBLEM[] = "must be a list of different names out of track, x, y, w, h, "
                                  "confidence, class, feature";
    decoder->field_count = 0;
    if (scan_peek(scan) != '[') {
        decode_refuse_message(decoder, ERR_INVALID, "fields", PROBLEM);
        return scan_skip(scan);
    }
    if (!scan_array_begin(scan))
        return false;
    size_t index = 0;
    uint32_t seen = 0;
    enum scan_step step;
    while ((step = scan_element(scan, &index)) == SCAN_ITEM) {
        size_t len = 0;
        const char *text = read_text(decoder, &len);
        if (scan->fault != NULL)
            return false;
        int field = text == NULL ? -1 : find_name(text, len, decode_field_names);
        if (field < 0 || (seen & (1U << field)) != 0) {
            decode_refuse_message(decoder, ERR_INVALID, "fields", PROBLEM);
            continue;
        }
        seen |= 1U << field;
        decoder->fields[decoder->field_count++] = (enum field)field;
    }
    return step == SCAN_END;
}

static bool read_unit(struct decoder *decoder)
{
    size_t len = 0;
    const char *text = read_text(decoder, &len);
    if (decoder->scan.fault != NULL)
        return false;
    static const char *const UNITS[] = {"px", "m", NULL};
    int unit = text == NULL ? -1 : find_name(text, len, UNITS);
    if (unit < 0)
        decode_refuse_message(decoder, ERR_INVALID, "unit", "must be px or m");
    else
        decoder->unit = (enum decode_unit)unit;
    return true;
}

static bool read_precision(struct decoder *decoder)
{
    struct scan *scan = &decoder->scan;
    static const char *const NAMES[] = {"position", "confidence", NULL};
    static const char PROBLEM[] =
        "must be {\"position\": p, \"confidence\": c} with 1/p a whole number "
        "from 1 to 10000 and 1/c one from 1 to 65535";
    if (scan_peek(scan) != '{') {
        decode_refuse_message(decoder, ERR_INVALID, "precision", PROBLEM);
        return scan_skip(scan);
    }
    struct scan_object object;
    if (!scan_object_begin(scan, &object))
        return false;
    int known;
    enum scan_step step;
    while ((step = scan_member(scan, &object, NAMES, &known)) == SCAN_ITEM) {
        struct scan_number number;
        if (known < 0 || !scan_is_number(scan_peek(scan))) {
            decode_refuse_message(decoder, ERR_INVALID, "precision", PROBLEM);
            if (!scan_skip(scan))
                return false;
            continue;
        }
        if (!scan_number(scan, &number))
            return false;
        double *scale = known == 0 ? &decoder->scale_position : &decoder->scale_confidence;
        if (!decode_scale_of(number.real, known == 0 ? BATCH_SCALE_MAX : 65535.0, scale))
            decode_refuse_message(decoder, ERR_INVALID, "precision", PROBLEM);
    }
    return step == SCAN_END;
}

static bool read_timestamp(struct decoder *decoder, struct message *message)
{
    size_t len = 0;
    const char *text = read_text(decoder, &len);
    if (decoder->scan.fault != NULL)
        return false;
    const char *problem = text == NULL ? "must be a time like 2026-06-20T21:14:03.100Z (RFC 3339)"
                                       : decode_frame_time(decoder, text, len, &message->at_ms);
    if (problem != NULL)
        decode_refuse_message(decoder, ERR_INVALID, "timestamp", problem);
    message->has_time = true;
    return true;
}

static void reset_rows(struct decoder *decoder)
{
    decoder->out->look_count = decoder->first_look;
    decoder->batch->frame_count = 0;
    decoder->batch->person_count = 0;
    decoder->skipped = 0;
    decoder->frames_read = decoder->first_frame;
    decoder->persons_read = decoder->first_person;
    item_errors_cut(&decoder->out->errors, decoder->first_error);
}

/* What the frames need to know, once as much of it as there is has been read. */
static void settle(struct decoder *decoder)
{
    struct detection_batch *batch = decoder->batch;
    batch->is_in_metres = decoder->unit == UNIT_METRES;
    batch->scale_xy = batch->is_in_metres ? BATCH_SCALE_METRES : BATCH_SCALE_PIXELS;
    if (decoder->scale_position > 0)
        batch->scale_xy = decoder->scale_position;
    batch->scale_confidence =
        decoder->scale_confidence > 0 ? decoder->scale_confidence : BATCH_SCALE_CONFIDENCE;
    uint32_t present = 0;
    for (size_t i = 0; i < decoder->field_count; i++)
        present |= 1U << decoder->fields[i];
    uint32_t needed = 1U << FIELD_X | 1U << FIELD_Y;
    if (!batch->is_in_metres)
        needed |= 1U << FIELD_W | 1U << FIELD_H;
    decoder->is_usable = (present & needed) == needed;
    decoder->is_plain =
        decoder->is_usable && (present & (1U << FIELD_CLASS | 1U << FIELD_FEATURE)) == 0;
}

/* Also without the fields that they need, which may still come: how many there are counts in any case. What is
 * wrong with them is not told before the fields. */
static bool read_frames(struct decoder *decoder, struct message *message)
{
    const char *problem = decoder->problem;
    message->frames = decoder->scan.p;
    settle(decoder);
    if (!decode_frames(decoder))
        return false;
    if (!decoder->is_usable)
        decoder->problem = problem;
    return true;
}

static bool read_member(struct decoder *decoder, struct message *message, int member)
{
    switch (member) {
    case DEVICE:
    case ID:
        return read_device(decoder, message, MEMBERS[member]);
    case FIELDS:
        message->is_stale = true;
        return read_fields(decoder);
    case UNIT:
        message->is_stale = true;
        return read_unit(decoder);
    case PRECISION:
        message->is_stale = true;
        return read_precision(decoder);
    case FRAMES:
        message->is_stale = false;
        return read_frames(decoder, message);
    case TIMESTAMP:
        return read_timestamp(decoder, message);
    case OBJECTS:
        message->has_objects = true;
        return decode_objects(decoder);
    default:
        return scan_skip(&decoder->scan);
    }
}

/* --- a message as a whole --- */

static bool read_frames_again(struct decoder *decoder, const struct message *message)
{
    const char *end = decoder->scan.p;
    settle(decoder);
    if (!decoder->is_usable)
        return true;
    reset_rows(decoder);
    decoder->scan.p = message->frames;
    decoder->scan.depth++;
    bool is_fine = decode_frames(decoder);
    decoder->scan.depth--;
    decoder->scan.p = end;
    return is_fine;
}

static bool finish_message(struct decoder *decoder, struct message *message)
{
    if (!message->has_device) {
        (void)text_copy(decoder->device, sizeof decoder->device, decoder->options->device);
        if (decoder->device[0] == '\0')
            decode_refuse_message(decoder, ERR_INVALID, "device", "is missing");
    }
    if ((message->frames != NULL) == message->has_objects) {
        decode_refuse_message(decoder, ERR_INVALID, "frames",
                              message->has_objects ? "must not stand beside objects"
                                                   : "is missing, and objects too");
        return true;
    }
    if (message->has_objects) {
        if (!message->has_time)
            decode_refuse_message(decoder, ERR_INVALID, "timestamp", "is missing");
        if (decode_has_only_errors(decoder, decoder->first_error))
            return true;
        decoder->is_out_of_memory |= batch_close_frame(decoder->batch, message->at_ms) != ERR_NONE;
        return true;
    }
    if (message->is_stale && !read_frames_again(decoder, message))
        return false;
    if (!decoder->is_usable)
        decode_refuse_message(decoder, ERR_INVALID, "fields",
                              decoder->unit == UNIT_METRES ? "must name x and y"
                                                           : "must name x, y, w and h");
    return true;
}

static enum err join_device(struct decoder *decoder)
{
    struct decoded *out = decoder->out;
    struct detection_batch *batch = decoder->batch;
    (void)text_copy(batch->device, sizeof batch->device, decoder->device);
    /* From the end: senders put the messages of one device together. */
    for (size_t i = out->batch_count; i-- > 0;) {
        struct detection_batch *other = out->batches[i];
        if (strcmp(other->device, batch->device) == 0 && batch_is_alike(other, batch))
            return batch_append(other, batch, INT64_MIN, INT64_MAX);
    }
    if (out->batch_count == LIMIT_BATCH_DEVICES)
        return ERR_TOO_LARGE;
    out->batches[out->batch_count++] = TAKE(decoder->batch);
    return ERR_NONE;
}

static void note_ahead(struct decoder *decoder)
{
    struct decoded *out = decoder->out;
    if (decoder->newest_ahead_ms == INT64_MIN || decoder->device[0] == '\0')
        return;
    for (size_t i = 0; i < out->ahead_count; i++) {
        if (strcmp(out->ahead[i].device, decoder->device) == 0) {
            out->ahead[i].newest_ms = MAX(out->ahead[i].newest_ms, decoder->newest_ahead_ms);
            return;
        }
    }
    if (out->ahead_count == LIMIT_BATCH_DEVICES)
        return; /* the errors say it */
    if (out->ahead == NULL)
        out->ahead = mem_new_array(LIMIT_BATCH_DEVICES, sizeof *out->ahead);
    struct decode_ahead *ahead = &out->ahead[out->ahead_count++];
    ahead->newest_ms = decoder->newest_ahead_ms;
    memcpy(ahead->device, decoder->device, sizeof ahead->device);
}

/* Keeps or refuses what was read. */
static enum err end_message(struct decoder *decoder)
{
    if (decoder->is_out_of_memory)
        return ERR_NO_MEMORY;
    note_ahead(decoder);
    if (decoder->problem != NULL) {
        char place[128];
        size_t len = message_prefix(decoder, place, sizeof place);
        (void)snprintf(place + len, sizeof place - len, "%s", decoder->problem_place);
        item_errors_cut(&decoder->out->errors, decoder->first_error);
        decoder->out->look_count = decoder->first_look;
        item_errors_add(&decoder->out->errors, decoder->problem_err, place, "%s", decoder->problem);
        return ERR_NONE;
    }
    decoder->out->skipped += decoder->skipped;
    for (size_t i = decoder->first_look; i < decoder->out->look_count; i++)
        memcpy(decoder->out->looks[i].device, decoder->device, sizeof decoder->device);
    return decoder->batch->frame_count == 0 ? ERR_NONE : join_device(decoder);
}

static bool read_message(struct decoder *decoder)
{
    struct scan *scan = &decoder->scan;
    struct message message = {0};
    memcpy(decoder->fields, DEFAULT_FIELDS, sizeof DEFAULT_FIELDS);
    decoder->field_count = COUNT_OF(DEFAULT_FIELDS);
    decoder->unit = UNIT_PIXELS;
    decoder->scale_position = 0;
    decoder->scale_confidence = 0;
    decoder->problem = NULL;
    decoder->device[0] = '\0';
    decoder->newest_ahead_ms = INT64_MIN;
    decoder->first_error = decoder->out->errors.count;
    decoder->first_look = decoder->out->look_count;
    decoder->first_frame = decoder->frames_read;
    decoder->first_person = decoder->persons_read;
    reset_rows(decoder);
    if (decoder->frames_read == LIMIT_BATCH_FRAMES)
        return decode_refuse_frames(decoder);
    if (scan_peek(scan) == '[') {
        decode_refuse_message(decoder, ERR_INVALID, "body",
                              "must be messages, one after the other, not a list");
        return scan_skip(scan);
    }
    struct scan_object object;
    if (scan_peek(scan) != '{')
        return scan_fail(scan, "a message starts with '{'");
    if (!scan_object_begin(scan, &object))
        return false;
    int member;
    enum scan_step step;
    settle(decoder);
    while ((step = scan_member(scan, &object, MEMBERS, &member)) == SCAN_ITEM) {
        if (!read_member(decoder, &message, member))
            return false;
    }
    return step == SCAN_END && finish_message(decoder, &message);
}

/* To the next message: there is a line end between two. False at the end and at a fault. */
static bool next_message(struct scan *scan)
{
    bool has_line_end = false;
    for (; scan->p < scan->end && scan_is_space(*scan->p); scan->p++)
        has_line_end |= *scan->p == '\n';
    if (scan->p == scan->end)
        return false;
    return has_line_end ||
           scan_fail(scan, "something follows the message; a new one needs a new line");
}

static enum err read_body(struct decoder *decoder)
{
    scan_space(&decoder->scan);
    if (decoder->scan.p == decoder->scan.end)
        (void)scan_fail(&decoder->scan, "it is empty");
    while (decoder->scan.fault == NULL) {
        if (decoder->batch == NULL)
            decoder->batch = batch_create();
        if (!read_message(decoder))
            break;
        TRY(end_message(decoder));
        decoder->out->message_count++;
        decoder->frames_read = MAX(decoder->frames_read, decoder->first_frame + 1);
        if (!next_message(&decoder->scan))
            break;
    }
    if (decoder->too_many != NULL)
        return ERR_TOO_LARGE;
    return decoder->scan.fault == NULL ? ERR_NONE : ERR_MALFORMED;
}

static enum err explain(const struct decoder *decoder, enum err err, struct err_note *note)
{
    int line;
    int column;
    char place[64];
    scan_where(&decoder->scan, &line, &column);
    (void)snprintf(place, sizeof place, "body:%d:%d", line, column);
    if (err == ERR_MALFORMED)
        return err_set(note, err, place, "not valid JSON: %s", decoder->scan.fault);
    if (decoder->too_many != NULL)
        return err_set(note, err, decoder->too_many_place, "more than %d %s; send several",
                       decoder->too_many_limit, decoder->too_many);
    if (err == ERR_TOO_LARGE)
        return err_set(note, err, place, "more than %d devices in one body; send several",
                       LIMIT_BATCH_DEVICES);
    return err_set(note, err, place, "there is not enough memory at the moment; try again");
}

enum err decode_detections(const char *bytes, size_t len, const struct decode_options *options,
                           struct decoded *out, struct err_note *note)
{
    *out = (struct decoded){0};
    /* On the stack, 50 KB, and not cleared: most of it is room for names and strings. */
    struct decoder decoder;
    scan_init(&decoder.scan, bytes, len);
    decoder.options = options;
    decoder.out = out;
    decoder.batch = NULL;
    decoder.is_out_of_memory = false;
    decoder.frames_read = 0;
    decoder.persons_read = 0;
    decoder.too_many = NULL;
    enum err err = read_body(&decoder);
    batch_unref(decoder.batch);
    if (err == ERR_NONE)
        return ERR_NONE;
    decoded_fini(out);
    return explain(&decoder, err, note);
}

void decoded_fini(struct decoded *decoded)
{
    for (size_t i = 0; i < decoded->batch_count; i++)
        batch_unref(decoded->batches[i]);
    mem_free(decoded->ahead);
    mem_free(decoded->looks);
    item_errors_fini(&decoded->errors);
    *decoded = (struct decoded){0};
}
