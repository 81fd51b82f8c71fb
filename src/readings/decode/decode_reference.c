// SPDX-License-Identifier: Apache-2.0
#include "readings/decode/decode_reference.h"

#include "base/json.h"
#include "base/text.h"
#include "readings/decode/scan.h"

#include <math.h>
#include <stdio.h>

struct walk {
    const struct decode_options *options;
    struct decoded *out;
    struct detection_batch *batch;
    enum field fields[FIELD_COUNT];
    size_t field_count;
    size_t skipped;
};

__attribute__((format(printf, 2, 3))) static void refuse(struct walk *walk, const char *place, ...)
{
    char whole[128] = "";
    int len = walk->out->message_count == 0
                  ? 0
                  : snprintf(whole, sizeof whole, "messages[%zu].", walk->out->message_count);
    va_list args;
    va_start(args, place);
    (void)vsnprintf(whole + len, sizeof whole - (size_t)len, place, args);
    va_end(args);
    item_errors_add(&walk->out->errors, ERR_INVALID, whole, "%s", "");
}

/* What base/json.h takes, with the decoder's limit of members on top. */
static bool is_within_limits(json_t *value, int depth)
{
    if (!json_is_object(value) && !json_is_array(value))
        return true;
    if (depth > LIMIT_JSON_DEPTH ||
        (json_is_object(value) && json_object_size(value) > SCAN_MEMBERS_MAX))
        return false;
    size_t index;
    json_t *element;
    json_array_foreach(value, index, element)
    {
        if (!is_within_limits(element, depth + 1))
            return false;
    }
    const char *name;
    json_object_foreach(value, name, element)
    {
        if (!is_within_limits(element, depth + 1))
            return false;
    }
    return true;
}

static bool has_text(json_t *value, const char *text)
{
    return json_is_string(value) && json_string_length(value) == strlen(text) &&
           strcmp(json_string_value(value), text) == 0;
}

static int index_of(json_t *value, const char *const *names)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (has_text(value, names[i]))
            return i;
    }
    return -1;
}

static bool track_of(json_t *value, int64_t *out_track)
{
    *out_track = BATCH_TRACK_NONE;
    if (value == NULL || json_is_null(value))
        return true;
    if (json_is_string(value)) {
        size_t len = json_string_length(value);
        *out_track = batch_track_of_text(json_string_value(value), len);
        return len > 0 && len < SCAN_TEXT_MAX;
    }
    if (!json_is_number(value))
        return false;
    double real = json_number_value(value);
    if (json_is_real(value) && (real != floor(real) || fabs(real) > 0x1p53))
        return false;
    *out_track = json_is_integer(value) ? json_integer_value(value) : (int64_t)real;
    return *out_track >= BATCH_TRACK_NONE && *out_track < BATCH_TRACK_HASHED;
}

static bool text_field(json_t *value, enum field field, bool *inout_is_person)
{
    if (json_is_null(value))
        return true;
    if (!json_is_string(value) || json_string_length(value) >= SCAN_TEXT_MAX)
        return false;
    if (field == FIELD_FEATURE)
        return decode_is_base64(json_string_value(value), json_string_length(value));
    *inout_is_person = decode_is_person(json_string_value(value));
    return true;
}

static size_t place_of(const struct walk *walk, enum field field)
{
    size_t i = 0;
    while (i < walk->field_count && walk->fields[i] != field)
        i++;
    return i == walk->field_count ? 0 : i;
}

static void walk_person(struct walk *walk, json_t *list, size_t frame, size_t index)
{
    double values[FIELD_COUNT] = {[FIELD_CONFIDENCE] = 1};
    struct batch_person person = {.track = BATCH_TRACK_NONE};
    bool is_person = true;
    if (!json_is_array(list) || json_array_size(list) != walk->field_count) {
        refuse(walk, "frames[%zu].persons[%zu]", frame, index);
        return;
    }
    for (size_t i = 0; i < walk->field_count; i++) {
        json_t *value = json_array_get(list, i);
        enum field field = walk->fields[i];
        bool is_good = json_is_number(value);
        if (field == FIELD_TRACK)
            is_good = track_of(value, &person.track);
        else if (field == FIELD_CLASS || field == FIELD_FEATURE)
            is_good = text_field(value, field, &is_person);
        else
            values[field] = json_number_value(value);
        if (!is_good) {
            refuse(walk, "frames[%zu].persons[%zu][%zu]", frame, index, i);
            return;
        }
    }
    enum field wrong;
    if (decode_person(walk->batch, values, &person, &wrong) != NULL)
        refuse(walk, "frames[%zu].persons[%zu][%zu]", frame, index, place_of(walk, wrong));
    else if (!is_person)
        walk->skipped++;
    else
        assert(batch_put_person(walk->batch, &person) == ERR_NONE);
}

static void walk_frame(struct walk *walk, json_t *frame, size_t index)
{
    if (!json_is_object(frame)) {
        refuse(walk, "frames[%zu]", index);
        return;
    }
    int64_t at_ms;
    json_t *time = json_object_get(frame, "t");
    json_t *persons = json_object_get(frame, "persons");
    bool has_good_time = json_is_string(time) && json_string_length(time) < SCAN_TEXT_MAX &&
                         decode_time(walk->options, json_string_value(time),
                                     json_string_length(time), &at_ms) == NULL;
    if (!has_good_time || !json_is_array(persons)) {
        /* Of two mistakes the one that comes first is named; the time is asked for first. */
        refuse(walk, "frames[%zu]%s", index, has_good_time ? ".persons" : ".t");
        return;
    }
    size_t at;
    json_t *person;
    size_t before = walk->batch->person_count;
    size_t errors = walk->out->errors.count;
    json_array_foreach(persons, at, person)
    {
        walk_person(walk, person, index, at);
    }
    if (walk->batch->person_count == before && walk->out->errors.count > errors)
        return;
    assert(batch_close_frame(walk->batch, at_ms) == ERR_NONE);
}

static bool read_fields(struct walk *walk, json_t *fields)
{
    static const enum field DEFAULTS[] = {FIELD_TRACK, FIELD_X, FIELD_Y,
                                          FIELD_W,     FIELD_H, FIELD_CONFIDENCE};
    memcpy(walk->fields, DEFAULTS, sizeof DEFAULTS);
    walk->field_count = COUNT_OF(DEFAULTS);
    if (fields == NULL)
        return true;
    if (!json_is_array(fields))
        return false;
    walk->field_count = 0;
    uint32_t seen = 0;
    for (size_t i = 0; i < json_array_size(fields); i++) {
        int field = index_of(json_array_get(fields, i), decode_field_names);
        if (field < 0 || (seen & 1U << field) != 0)
            return false;
        seen |= 1U << field;
        walk->fields[walk->field_count++] = (enum field)field;
    }
    return true;
}

static bool has_field(const struct walk *walk, enum field field)
{
    for (size_t i = 0; i < walk->field_count; i++) {
        if (walk->fields[i] == field)
            return true;
    }
    return false;
}

static bool read_precision(json_t *precision, struct detection_batch *batch)
{
    if (precision == NULL)
        return true;
    if (!json_is_object(precision))
        return false;
    json_t *position = json_object_get(precision, "position");
    json_t *confidence = json_object_get(precision, "confidence");
    size_t known = (position != NULL) + (confidence != NULL);
    return json_object_size(precision) == known &&
           (position == NULL ||
            (json_is_number(position) &&
             decode_scale_of(json_number_value(position), BATCH_SCALE_MAX, &batch->scale_xy))) &&
           (confidence == NULL ||
            (json_is_number(confidence) &&
             decode_scale_of(json_number_value(confidence), 65535, &batch->scale_confidence)));
}

static bool walk_native(struct walk *walk, json_t *message)
{
    json_t *frames = json_object_get(message, "frames");
    bool has_fields =
        has_field(walk, FIELD_X) && has_field(walk, FIELD_Y) &&
        (walk->batch->is_in_metres || (has_field(walk, FIELD_W) && has_field(walk, FIELD_H)));
    if (!has_fields || !json_is_array(frames) || json_array_size(frames) == 0)
        return false;
    size_t index;
    json_t *frame;
    json_array_foreach(frames, index, frame)
    {
        walk_frame(walk, frame, index);
    }
    return true;
}

static void walk_object(struct walk *walk, json_t *object, size_t index)
{
    static const char *const BOX[] = {"x", "y", "width", "height"};
    static const enum field FIELDS[] = {FIELD_X, FIELD_Y, FIELD_W, FIELD_H};
    double values[FIELD_COUNT] = {[FIELD_CONFIDENCE] = 1};
    struct batch_person person = {0};
    json_t *box = json_object_get(object, "bounding_box_px");
    json_t *confidence = json_object_get(object, "confidence");
    bool is_good = json_is_object(object) && json_is_object(box) &&
                   track_of(json_object_get(object, "id"), &person.track) &&
                   (confidence == NULL || json_is_number(confidence));
    for (size_t i = 0; i < COUNT_OF(BOX) && is_good; i++) {
        json_t *value = json_object_get(box, BOX[i]);
        is_good = json_is_number(value);
        values[FIELDS[i]] = json_number_value(value);
    }
    if (confidence != NULL)
        values[FIELD_CONFIDENCE] = json_number_value(confidence);
    enum field wrong;
    if (is_good && decode_person(walk->batch, values, &person, &wrong) == NULL)
        assert(batch_put_person(walk->batch, &person) == ERR_NONE);
    else
        refuse(walk, "objects.person[%zu]", index);
}

static bool walk_scene(struct walk *walk, json_t *message)
{
    json_t *time = json_object_get(message, "timestamp");
    json_t *objects = json_object_get(message, "objects");
    json_t *persons = json_object_get(objects, "person");
    int64_t at_ms;
    if (time == NULL || !json_is_object(objects) || (persons != NULL && !json_is_array(persons)))
        return false;
    assert(decode_time(walk->options, json_string_value(time), json_string_length(time), &at_ms) ==
           NULL);
    walk->batch->scale_xy = BATCH_SCALE_PIXELS;
    walk->batch->scale_confidence = BATCH_SCALE_CONFIDENCE;
    walk->batch->is_in_metres = false;
    size_t index;
    json_t *person;
    size_t errors = walk->out->errors.count;
    json_array_foreach(persons, index, person)
    {
        walk_object(walk, person, index);
    }
    if (walk->batch->person_count == 0 && walk->out->errors.count > errors)
        return true;
    assert(batch_close_frame(walk->batch, at_ms) == ERR_NONE);
    return true;
}

static bool is_good_id(json_t *id)
{
    return id == NULL || (json_is_string(id) && text_is_id(json_string_value(id)) &&
                          strlen(json_string_value(id)) == json_string_length(id));
}

/* False when the message as a whole is refused. */
static bool walk_message(struct walk *walk, json_t *message)
{
    static const char *const UNITS[] = {"px", "m", NULL};
    struct detection_batch *batch = walk->batch;
    json_t *device = json_object_get(message, "device");
    json_t *id = json_object_get(message, "id");
    json_t *unit = json_object_get(message, "unit");
    json_t *time = json_object_get(message, "timestamp");
    int64_t at_ms;
    bool is_good =
        json_is_object(message) && is_good_id(device) && is_good_id(id) &&
        (unit == NULL || index_of(unit, UNITS) >= 0) &&
        (time == NULL || (json_is_string(time) && json_string_length(time) < SCAN_TEXT_MAX &&
                          decode_time(walk->options, json_string_value(time),
                                      json_string_length(time), &at_ms) == NULL));
    if (!is_good)
        return false;
    batch->is_in_metres = unit != NULL && index_of(unit, UNITS) == 1;
    batch->scale_xy = batch->is_in_metres ? BATCH_SCALE_METRES : BATCH_SCALE_PIXELS;
    if (!read_precision(json_object_get(message, "precision"), batch) ||
        !read_fields(walk, json_object_get(message, "fields")))
        return false;
    json_t *name = device != NULL ? device : id;
    (void)text_copy(batch->device, sizeof batch->device,
                    name == NULL ? walk->options->device : json_string_value(name));
    bool has_frames = json_object_get(message, "frames") != NULL;
    bool has_objects = json_object_get(message, "objects") != NULL;
    if (batch->device[0] == '\0' || has_frames == has_objects)
        return false;
    return has_frames ? walk_native(walk, message) : walk_scene(walk, message);
}

static bool join(struct walk *walk)
{
    struct decoded *out = walk->out;
    struct detection_batch *same = NULL;
    for (size_t i = 0; i < out->batch_count; i++) {
        struct detection_batch *other = out->batches[i];
        if (strcmp(other->device, walk->batch->device) == 0 && batch_is_alike(other, walk->batch))
            same = other;
    }
    if (walk->batch->frame_count == 0)
        return true;
    if (same != NULL)
        return batch_append(same, walk->batch, INT64_MIN, INT64_MAX) == ERR_NONE;
    if (out->batch_count == LIMIT_BATCH_DEVICES)
        return false;
    out->batches[out->batch_count++] = TAKE(walk->batch);
    return true;
}

static bool take_message(struct decoded *out, const struct decode_options *options, json_t *message)
{
    struct walk walk = {.options = options, .out = out, .batch = batch_create()};
    size_t first_error = out->errors.count;
    bool is_taken = true;
    if (walk_message(&walk, message)) {
        out->skipped += walk.skipped;
        is_taken = join(&walk);
    } else {
        item_errors_cut(&out->errors, first_error);
        refuse(&walk, "%s", "");
    }
    batch_unref(walk.batch);
    out->message_count++;
    return is_taken;
}

/* What a body's lists hold so far, good or not. */
struct held {
    size_t frames, persons;
};

static bool hold_persons(struct held *held, json_t *persons)
{
    held->persons += json_array_size(persons);
    return json_array_size(persons) <= LIMIT_FRAME_PERSONS && held->persons <= LIMIT_BATCH_PERSONS;
}

static bool hold_message(struct held *held, json_t *message)
{
    json_t *frames = json_object_get(message, "frames"), *frame;
    size_t index;
    held->frames += MAX(json_array_size(frames), (size_t)1);
    bool has_room =
        held->frames <= LIMIT_BATCH_FRAMES &&
        hold_persons(held, json_object_get(json_object_get(message, "objects"), "person"));
    json_array_foreach(frames, index, frame)
    {
        has_room = has_room && hold_persons(held, json_object_get(frame, "persons"));
    }
    return has_room;
}

static bool take_body(const char *bytes, size_t len, const struct decode_options *options,
                      struct decoded *out)
{
    size_t at = 0;
    struct held held = {0};
    for (;;) {
        bool has_line_end = at == 0;
        for (; at < len && strchr(" \t\r\n", bytes[at]) != NULL && bytes[at] != '\0'; at++)
            has_line_end |= bytes[at] == '\n';
        if (at == len)
            return out->message_count > 0;
        if (!has_line_end)
            return false;
        json_error_t error;
        SCOPED_JSON *message =
            json_loadb(bytes + at, len - at,
                       JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DISABLE_EOF_CHECK, &error);
        if (message == NULL || !is_within_limits(message, 1) || !hold_message(&held, message) ||
            !take_message(out, options, message))
            return false;
        at += (size_t)error.position;
    }
}

bool decode_by_tree(const char *bytes, size_t len, const struct decode_options *options,
                    struct decoded *out)
{
    *out = (struct decoded){0};
    if (take_body(bytes, len, options, out))
        return true;
    decoded_fini(out);
    return false;
}

static bool same_rows(const struct detection_batch *a, const struct detection_batch *b)
{
    if (strcmp(a->device, b->device) != 0 || !batch_is_alike(a, b) ||
        a->frame_count != b->frame_count || a->person_count != b->person_count)
        return false;
    size_t n = a->person_count;
    return memcmp(a->frame_at_ms, b->frame_at_ms, a->frame_count * sizeof *a->frame_at_ms) == 0 &&
           memcmp(a->frame_first, b->frame_first, (a->frame_count + 1) * sizeof *a->frame_first) ==
               0 &&
           (n == 0 || (memcmp(a->track, b->track, n * sizeof *a->track) == 0 &&
                       memcmp(a->x, b->x, n * sizeof *a->x) == 0 &&
                       memcmp(a->y, b->y, n * sizeof *a->y) == 0 &&
                       memcmp(a->w, b->w, n * sizeof *a->w) == 0 &&
                       memcmp(a->h, b->h, n * sizeof *a->h) == 0 &&
                       memcmp(a->confidence, b->confidence, n * sizeof *a->confidence) == 0));
}

/* The tree's walk names less of a place, never another one. */
static bool same_errors(const struct item_errors *ours, const struct item_errors *theirs)
{
    if (ours->count != theirs->count)
        return false;
    for (size_t i = 0; i < MIN(ours->count, (size_t)LIMIT_ITEM_ERRORS); i++) {
        const char *place = theirs->items[i].place;
        const char *t = strstr(place, "].t");
        size_t len = t != NULL && t[3] == '\0' ? (size_t)(t - place) : strlen(place);
        if (strstr(place, "].persons") != NULL && place[strlen(place) - 1] == 's')
            len = strlen(place) - strlen(".persons");
        if (strncmp(ours->items[i].place, place, len) != 0)
            return false;
    }
    return true;
}

bool decode_agrees(const char *bytes, size_t len, const struct decode_options *options)
{
    struct decoded ours;
    struct decoded theirs;
    bool is_taken = decode_detections(bytes, len, options, &ours, NULL) == ERR_NONE;
    bool is_taken_by_tree = decode_by_tree(bytes, len, options, &theirs);
    const char *difference = NULL;
    if (is_taken != is_taken_by_tree)
        difference = is_taken ? "only the decoder takes it" : "only the tree takes it";
    else if (ours.batch_count != theirs.batch_count || ours.message_count != theirs.message_count ||
             ours.skipped != theirs.skipped)
        difference = "other counts";
    else if (!same_errors(&ours.errors, &theirs.errors))
        difference = "other errors";
    for (size_t i = 0; difference == NULL && i < ours.batch_count; i++)
        difference = same_rows(ours.batches[i], theirs.batches[i]) ? NULL : "other values";
    if (difference != NULL)
        (void)fprintf(stderr, "%s: %.*s\n", difference, (int)MIN(len, (size_t)2000), bytes);
    decoded_fini(&ours);
    decoded_fini(&theirs);
    return difference == NULL;
}
