// SPDX-License-Identifier: Apache-2.0
/* MOTChallenge CSV. Its classes: 1 pedestrian, 2 person on vehicle, 3 car, 4 bicycle, 5 motorbike, 6 other
 * vehicle, 7 static person, 8 distractor, 9 to 11 occluders, 12 reflection, 13 crowd. */
#include "evaluation/read/read.h"

enum { FRAME, ID, LEFT, TOP, WIDTH, HEIGHT, SCORE, CLASS, COLUMNS_MAX = 10, COLUMNS_MIN = 6 };
enum { PEDESTRIAN = 1, ON_VEHICLE = 2, VEHICLE = 6, STATIC = 7, DISTRACTOR = 8, REFLECTION = 12 };

struct cells {
    double values[COLUMNS_MAX];
    size_t count;
};

static enum err split(const struct reading *reading, size_t line_number, const char *line,
                      size_t len, struct cells *out)
{
    const char *p = line;
    const char *end = line + len;
    out->count = 0;
    for (;;) {
        size_t column = (size_t)(p - line) + 1;
        if (out->count == COLUMNS_MAX || !lines_number(&p, end, &out->values[out->count++]))
            return lines_refuse(&reading->file, line_number, column, ERR_MALFORMED,
                                "must be 6 to 10 numbers: "
                                "frame,id,left,top,width,height[,score,class,...]");
        while (p < end && (*p == ' ' || *p == '\t'))
            p++;
        if (p == end)
            break;
        if (*p++ != ',')
            return lines_refuse(&reading->file, line_number, (size_t)(p - line), ERR_MALFORMED,
                                "must be numbers separated by commas");
    }
    if (out->count < COLUMNS_MIN)
        return lines_refuse(
            &reading->file, line_number, len, ERR_MALFORMED,
            "has fewer than 6 columns: frame,id,left,top,width,height[,score,class,...]");
    return ERR_NONE;
}

/* Files without classes have none, or -1. */
static double class_of(const struct cells *cells)
{
    return cells->count > CLASS && cells->values[CLASS] >= 1 ? cells->values[CLASS] : PEDESTRIAN;
}

static enum evaluation_role role_of(const struct reading *reading, const struct cells *cells)
{
    int class = (int)class_of(cells);
    if (class == ON_VEHICLE || class == STATIC || class == DISTRACTOR || class == REFLECTION ||
        (class == VEHICLE && reading->format == POSITIONS_MOT20))
        return EVALUATION_DISTRACTOR;
    bool counts = cells->count <= SCORE || cells->values[SCORE] != 0;
    return class == PEDESTRIAN && counts ? EVALUATION_PERSON : EVALUATION_IGNORED;
}

static enum err take_row(void *context, size_t line_number, const char *line, size_t len)
{
    const struct reading *reading = context;
    struct cells cells;
    if (len == 0)
        return ERR_NONE;
    TRY(split(reading, line_number, line, len, &cells));
    const double *values = cells.values;
    struct position position = {.x = values[LEFT],
                                .y = values[TOP],
                                .w = values[WIDTH],
                                .h = values[HEIGHT],
                                .line = (uint32_t)line_number};
    if (!reading_whole(values[FRAME], &position.at) || position.at < 0 ||
        !reading_whole(values[ID], &position.id))
        return lines_refuse(&reading->file, line_number, 1, ERR_INVALID,
                            "needs a whole frame number, 0 or more, and a whole id");
    if (position.id < 0)
        return lines_refuse(&reading->file, line_number, 1, ERR_INVALID,
                            reading->options->side == POSITIONS_OF_TRUTH
                                ? "tells nobody's id: these are detections, give the ground truth"
                                : "tells nobody's id: these are detections, give the tracks");
    if (position.w < 0 || position.h < 0)
        return lines_refuse(&reading->file, line_number, 1, ERR_INVALID, "has a negative size");
    if (class_of(&cells) > 13)
        return lines_refuse(&reading->file, line_number, 1, ERR_INVALID,
                            "has a class that MOTChallenge does not know (1 to 13)");
    if (reading->options->side == POSITIONS_OF_TRUTH)
        position.role = role_of(reading, &cells);
    else if (class_of(&cells) > PEDESTRIAN)
        return lines_refuse(&reading->file, line_number, 1, ERR_INVALID,
                            "has a class other than 1: only tracks of people are judged");
    reading_see_frame(reading, position.at);
    return reading_add(reading, position);
}

enum err reading_mot(const struct reading *reading)
{
    reading->positions->kind = EVALUATION_BOXES;
    reading->positions->frames_per_s = 30;
    return lines_each(&reading->file, take_row, (void *)(uintptr_t)reading);
}
