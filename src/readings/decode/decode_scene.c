// SPDX-License-Identifier: Apache-2.0
/* The camera message of Intel SceneScape's tools: one frame, whose persons are objects. Only
 * objects.person counts; other categories are read over. */
#include "readings/decode/decode_internal.h"

struct scene_person {
    double values[FIELD_COUNT];
    int64_t track;
    const char *problem;
    const char *place; /* below the person */
    uint32_t has;      /* bits of x, y, width, height */
    bool has_look;
    int8_t look[APPEARANCE_DIMS];
};

static void refuse(struct scene_person *person, const char *place, const char *problem)
{
    if (person->problem == NULL) {
        person->problem = problem;
        person->place = place;
    }
}

static bool read_number(struct decoder *decoder, struct scene_person *person, const char *place,
                        double *out)
{
    struct scan *scan = &decoder->scan;
    if (!scan_is_number(scan_peek(scan))) {
        refuse(person, place, "must be a number");
        return scan_skip(scan);
    }
    struct scan_number number;
    if (!scan_number(scan, &number))
        return false;
    *out = number.real;
    return true;
}

static const char *const BOX_MEMBERS[] = {"x", "y", "width", "height", NULL};
static const char *const BOX_PLACES[] = {".bounding_box_px.x", ".bounding_box_px.y",
                                         ".bounding_box_px.width", ".bounding_box_px.height"};
static const enum field BOX_FIELDS[] = {FIELD_X, FIELD_Y, FIELD_W, FIELD_H};

static bool read_box(struct decoder *decoder, struct scene_person *person)
{
    struct scan *scan = &decoder->scan;
    if (scan_peek(scan) != '{') {
        refuse(person, ".bounding_box_px", "must be an object with x, y, width and height");
        return scan_skip(scan);
    }
    struct scan_object object;
    if (!scan_object_begin(scan, &object))
        return false;
    int known;
    enum scan_step step;
    while ((step = scan_member(scan, &object, BOX_MEMBERS, &known)) == SCAN_ITEM) {
        if (known < 0) {
            if (!scan_skip(scan))
                return false;
            continue;
        }
        person->has |= 1U << known;
        if (!read_number(decoder, person, BOX_PLACES[known], &person->values[BOX_FIELDS[known]]))
            return false;
    }
    return step == SCAN_END;
}

static bool read_id(struct decoder *decoder, struct scene_person *person)
{
    const char *problem = NULL;
    if (!decode_track(decoder, &person->track, &problem))
        return false;
    if (problem != NULL)
        refuse(person, ".id", problem);
    return true;
}

/* A string, or {"embedding_vector": ...}; of any other form or length it is nothing to us. */
static bool read_look(struct decoder *decoder, struct scene_person *person)
{
    static const char *const MEMBERS[] = {"embedding_vector", NULL};
    struct scan *scan = &decoder->scan;
    struct scan_object object;
    struct scan_text text;
    if (scan_peek(scan) == '"') {
        size_t len = 0;
        if (!scan_string(scan, &text))
            return false;
        const char *plain = text.has_escapes ? scan_plain(scan, &text, &len) : text.bytes;
        len = text.has_escapes ? len : text.len;
        person->has_look = plain != NULL && decode_appearance(plain, len, person->look);
        return true;
    }
    if (scan_peek(scan) != '{')
        return scan_skip(scan);
    if (!scan_object_begin(scan, &object))
        return false;
    int known;
    enum scan_step step;
    while ((step = scan_member(scan, &object, MEMBERS, &known)) == SCAN_ITEM) {
        bool is_text = known == 0 && scan_peek(scan) == '"';
        if (!(is_text ? read_look(decoder, person) : scan_skip(scan)))
            return false;
    }
    return step == SCAN_END;
}

static bool read_members(struct decoder *decoder, struct scene_person *person)
{
    static const char *const MEMBERS[] = {"id", "confidence", "bounding_box_px", "reid", NULL};
    struct scan *scan = &decoder->scan;
    struct scan_object object;
    if (!scan_object_begin(scan, &object))
        return false;
    int known;
    enum scan_step step;
    while ((step = scan_member(scan, &object, MEMBERS, &known)) == SCAN_ITEM) {
        bool is_fine;
        if (known == 0)
            is_fine = read_id(decoder, person);
        else if (known == 1)
            is_fine =
                read_number(decoder, person, ".confidence", &person->values[FIELD_CONFIDENCE]);
        else
            is_fine = known == 2   ? read_box(decoder, person)
                      : known == 3 ? read_look(decoder, person)
                                   : scan_skip(scan);
        if (!is_fine)
            return false;
    }
    return step == SCAN_END;
}

static void put_person(struct decoder *decoder, const struct scene_person *person,
                       const struct batch_person *found)
{
    decode_put(decoder, found);
    if (person->has_look)
        decode_put_look(decoder, found->track, person->look);
}

static void end_person(struct decoder *decoder, struct scene_person *person)
{
    struct batch_person found = {.track = person->track};
    if (person->problem == NULL && person->has != 0xF)
        refuse(person, ".bounding_box_px", "must be an object with x, y, width and height");
    if (person->problem == NULL) {
        enum field field = FIELD_X;
        const char *problem = decode_person(decoder->batch, person->values, &found, &field);
        if (problem != NULL)
            refuse(person, field == FIELD_CONFIDENCE ? ".confidence" : BOX_PLACES[field - FIELD_X],
                   problem);
    }
    if (person->problem != NULL)
        decode_refuse_item(decoder, person->problem, "objects.person[%zu]%s", decoder->person,
                           person->place);
    else
        put_person(decoder, person, &found);
}

static bool read_person(struct decoder *decoder)
{
    struct scene_person person = {.values = {[FIELD_CONFIDENCE] = 1.0}, .track = BATCH_TRACK_NONE};
    if (!decode_has_room(decoder, decoder->person + 1))
        return decode_refuse_persons(decoder, "objects.person");
    if (scan_peek(&decoder->scan) != '{') {
        refuse(&person, "", "must be an object");
        if (!scan_skip(&decoder->scan))
            return false;
    } else if (!read_members(decoder, &person)) {
        return false;
    }
    end_person(decoder, &person);
    return true;
}

bool decode_objects(struct decoder *decoder)
{
    static const char *const CATEGORIES[] = {"person", NULL};
    struct scan *scan = &decoder->scan;
    if (scan_peek(scan) != '{') {
        decode_refuse_message(decoder, ERR_INVALID, "objects",
                              "must be an object such as {\"person\": []}");
        return scan_skip(scan);
    }
    struct scan_object object;
    if (!scan_object_begin(scan, &object))
        return false;
    int known;
    enum scan_step step;
    while ((step = scan_member(scan, &object, CATEGORIES, &known)) == SCAN_ITEM) {
        if (!(known == 0 ? decode_list(decoder, "objects.person", &decoder->person, read_person)
                         : scan_skip(scan)))
            return false;
    }
    return step == SCAN_END;
}
