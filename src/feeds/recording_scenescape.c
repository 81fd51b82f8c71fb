// SPDX-License-Identifier: Apache-2.0
/* SceneScape's camera messages, one a line:
 * {"id","timestamp","objects":{"person":[{"id","confidence",
 * "bounding_box_px":{"x","y","width","height"}}]}}. */
#include "base/clock.h"
#include "base/json.h"
#include "feeds/recording_internal.h"

#include <math.h>

static enum err read_person(json_t *person, struct observation *out)
{
    *out = (struct observation){.track = -1, .confidence = 1};
    json_t *id = NULL;
    json_t *box = NULL;
    if (json_unpack(person, "{s?o, s?F, s:o}", "id", &id, "confidence", &out->confidence,
                    "bounding_box_px", &box) != 0)
        return ERR_INVALID;
    if (json_unpack(box, "{s:F, s:F, s:F, s:F}", "x", &out->x, "y", &out->y, "width", &out->w,
                    "height", &out->h) != 0)
        return ERR_INVALID;
    if (json_is_integer(id) && json_integer_value(id) >= 0)
        out->track = json_integer_value(id);
    bool is_sane = out->w >= 0 && out->h >= 0 && out->confidence >= 0 && out->confidence <= 1 &&
                   fabs(out->x) < 1e6 && fabs(out->y) < 1e6 && out->w < 1e6 && out->h < 1e6;
    return is_sane ? ERR_NONE : ERR_INVALID;
}

static enum err read_persons(const struct reader *reader, size_t line_number, json_t *persons)
{
    size_t i;
    json_t *person;
    json_array_foreach(persons, i, person)
    {
        struct observation observation;
        if (read_person(person, &observation) != ERR_NONE)
            return lines_refuse(&reader->file, line_number, i + 1, ERR_INVALID,
                                "a person must have a bounding_box_px {x,y,width,height} and a "
                                "confidence of 0 to 1 (the column counts persons)");
        recording_observation(reader->recording, observation);
    }
    return ERR_NONE;
}

static enum err take_message(void *context, size_t line_number, const char *line, size_t len)
{
    const struct reader *reader = context;
    if (len == 0)
        return ERR_NONE;
    SCOPED_JSON *message = NULL;
    struct err_note why = {0};
    if (json_parse(line, len, &message, &why) != ERR_NONE)
        return lines_refuse(&reader->file, line_number, 1, ERR_MALFORMED, why.detail);
    const char *id = NULL;
    const char *timestamp = NULL;
    json_t *objects = NULL;
    if (json_unpack(message, "{s:s, s:s, s:o}", "id", &id, "timestamp", &timestamp, "objects",
                    &objects) != 0)
        return lines_refuse(&reader->file, line_number, 1, ERR_INVALID,
                            "must be a camera message {id, timestamp, objects:{person:[...]}}");
    int64_t at_ms;
    if (!clock_parse(timestamp, strlen(timestamp), &at_ms))
        return lines_refuse(&reader->file, line_number, 1, ERR_INVALID,
                            "its timestamp is not RFC 3339");
    uint32_t device;
    TRY(recording_device(reader, id, &device));
    TRY(recording_frame(reader, at_ms, device));
    return read_persons(reader, line_number, json_object_get(objects, "person"));
}

enum err recording_read_scenescape(const struct reader *reader)
{
    return lines_each(&reader->file, take_message, (void *)reader);
}
