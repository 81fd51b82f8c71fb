// SPDX-License-Identifier: Apache-2.0
/* WILDTRACK's annotations: [{personID, positionID, views}] of one frame. The floor is a grid of 480 by
 * 1440 cells of 2.5 cm from (-3.0 m, -9.0 m); positionID counts them along x first. */
#include "base/json.h"
#include "evaluation/read/read.h"

enum { CELLS_X = 480, CELLS_Y = 1440 };
#define CELL_M   0.025
#define ORIGIN_X (-3.0)
#define ORIGIN_Y (-9.0)

static enum err frame_number(const struct reading *reading, int64_t *out)
{
    const char *slash = strrchr(reading->file.name, '/');
    const char *digits = slash == NULL ? reading->file.name : slash + 1;
    char *end;
    long long number = strtoll(digits, &end, 10);
    if (end == digits || number < 0 || number > 1000000000)
        return lines_refuse(&reading->file, 1, 1, ERR_INVALID,
                            "must be named by its frame's number, like 00000125.json");
    *out = number;
    return ERR_NONE;
}

static enum err take_person(const struct reading *reading, size_t number, json_t *person,
                            int64_t frame)
{
    json_int_t id = -1;
    json_int_t cell = -1;
    if (json_unpack(person, "{s:I, s:I}", "personID", &id, "positionID", &cell) != 0 || id < 0 ||
        cell < 0 || cell >= CELLS_X * CELLS_Y)
        return lines_refuse(
            &reading->file, 1, number, ERR_INVALID,
            "a person must be {personID, positionID, ...}, positionID from 0 to 691199"
            " (the column counts persons)");
    return reading_add(reading, (struct position){.at = frame,
                                                  .id = id,
                                                  .x = ORIGIN_X + CELL_M * (double)(cell % CELLS_X),
                                                  .y = ORIGIN_Y + CELL_M * (double)(cell / CELLS_X),
                                                  .line = (uint32_t)number});
}

enum err reading_wildtrack(const struct reading *reading)
{
    int64_t frame = 0;
    TRY(frame_number(reading, &frame));
    SCOPED_JSON *persons = NULL;
    struct err_note why = {0};
    if (json_parse(reading->file.bytes, reading->file.len, &persons, &why) != ERR_NONE)
        return lines_refuse(&reading->file, 1, 1, ERR_MALFORMED, why.detail);
    if (!json_is_array(persons))
        return lines_refuse(&reading->file, 1, 1, ERR_INVALID, "must be a JSON array of persons");
    reading->positions->kind = EVALUATION_FLOOR;
    reading->positions->frames_per_s = 10; /* files are numbered in tenths of a second */
    reading_see_frame(reading, frame);
    size_t i;
    json_t *person;
    json_array_foreach(persons, i, person)
    {
        TRY(take_person(reading, i + 1, person, frame));
    }
    return ERR_NONE;
}
