// SPDX-License-Identifier: Apache-2.0
/* WILDTRACK annotations: one JSON array a frame. Every view gets a frame, also when it saw nobody.
 */
#include "base/json.h"
#include "feeds/recording_internal.h"

#include <stdio.h>

enum { VIEWS = 7, MS_PER_NUMBER = 100 };

/* "00000125.json" -> 125 */
static enum err frame_number(const struct reader *reader, int64_t *out)
{
    const char *slash = strrchr(reader->file.name, '/');
    const char *digits = slash == NULL ? reader->file.name : slash + 1;
    char *end;
    long long number = strtoll(digits, &end, 10);
    if (end == digits || number < 0 || number > 1000000000)
        return lines_refuse(&reader->file, 1, 1, ERR_INVALID,
                            "must be named by its frame's number, like 00000125.json");
    *out = number;
    return ERR_NONE;
}

/* ERR_NOT_FOUND when the person is not visible in this view. */
static enum err observation_of(json_t *person, size_t view, struct observation *out)
{
    json_int_t id = -1;
    json_t *views = NULL;
    if (json_unpack(person, "{s:I, s:o}", "personID", &id, "views", &views) != 0)
        return ERR_INVALID;
    size_t i;
    json_t *item;
    json_array_foreach(views, i, item)
    {
        json_int_t number;
        json_int_t xmin;
        json_int_t xmax;
        json_int_t ymin;
        json_int_t ymax;
        if (json_unpack(item, "{s:I, s:I, s:I, s:I, s:I}", "viewNum", &number, "xmin", &xmin,
                        "xmax", &xmax, "ymin", &ymin, "ymax", &ymax) != 0)
            return ERR_INVALID;
        if (number != (json_int_t)view || (xmin == -1 && xmax == -1))
            continue;
        if (xmax < xmin || ymax < ymin || xmin < -100000 || xmax > 100000 || ymin < -100000 ||
            ymax > 100000 || id < 0)
            return ERR_INVALID;
        *out = (struct observation){.track = id,
                                    .x = (double)xmin,
                                    .y = (double)ymin,
                                    .w = (double)(xmax - xmin),
                                    .h = (double)(ymax - ymin),
                                    .confidence = 1};
        return ERR_NONE;
    }
    return ERR_NOT_FOUND;
}

static enum err read_view(const struct reader *reader, json_t *persons, size_t view, int64_t at_ms)
{
    char id[LIMIT_ID_LEN + 1];
    const char *prefix = reader->options->device;
    (void)snprintf(id, sizeof id, "%.*s%zu", LIMIT_ID_LEN - 1, prefix, view + 1);
    uint32_t device;
    TRY(recording_device(reader, id, &device));
    TRY(recording_frame(reader, at_ms, device));
    size_t i;
    json_t *person;
    json_array_foreach(persons, i, person)
    {
        struct observation observation;
        enum err err = observation_of(person, view, &observation);
        if (err == ERR_INVALID)
            return lines_refuse(&reader->file, 1, i + 1, ERR_INVALID,
                                "a person must be {personID, views:[{viewNum,xmin,xmax,ymin,ymax}]}"
                                " (the column counts persons)");
        if (err == ERR_NONE)
            recording_observation(reader->recording, observation);
    }
    return ERR_NONE;
}

enum err recording_read_wildtrack(const struct reader *reader)
{
    int64_t number = 0;
    TRY(frame_number(reader, &number));
    SCOPED_JSON *persons = NULL;
    struct err_note why = {0};
    if (json_parse(reader->file.bytes, reader->file.len, &persons, &why) != ERR_NONE)
        return lines_refuse(&reader->file, 1, 1, ERR_MALFORMED, why.detail);
    if (!json_is_array(persons))
        return lines_refuse(&reader->file, 1, 1, ERR_INVALID, "must be a JSON array of persons");
    for (size_t view = 0; view < VIEWS; view++)
        TRY(read_view(reader, persons, view, number * MS_PER_NUMBER));
    return ERR_NONE;
}
