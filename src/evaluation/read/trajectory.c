// SPDX-License-Identifier: Apache-2.0
/* "id frame x y ..."; comments may tell the frame rate ("# framerate: 25 fps") and the unit ("# id frame
 * x/cm y/cm z/cm"). */
#include "evaluation/read/read.h"

struct trajectory {
    const struct reading *reading;
    double metres_per_unit;
};

static void take_comment(struct trajectory *trajectory, const char *line, size_t len)
{
    static const char RATE[] = "framerate:";
    const char *rate = memmem(line, len, RATE, sizeof RATE - 1);
    double frames_per_s;
    if (rate != NULL) {
        rate += sizeof RATE - 1;
        if (lines_number(&rate, line + len, &frames_per_s) && frames_per_s > 0)
            trajectory->reading->positions->frames_per_s = frames_per_s;
    }
    if (memmem(line, len, "x/cm", 4) != NULL)
        trajectory->metres_per_unit = 0.01;
    else if (memmem(line, len, "x/m", 3) != NULL)
        trajectory->metres_per_unit = 1;
}

static enum err take_line(void *context, size_t line_number, const char *line, size_t len)
{
    struct trajectory *trajectory = context;
    const struct reading *reading = trajectory->reading;
    if (len > 0 && line[0] == '#')
        take_comment(trajectory, line, len);
    if (len == 0 || line[0] == '#')
        return ERR_NONE;
    double columns[4]; /* id frame x y; what follows (z, markers) is not needed */
    const char *p = line;
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        size_t column = (size_t)(p - line) + 1;
        if (!lines_number(&p, line + len, &columns[i]))
            return lines_refuse(&reading->file, line_number, column, ERR_MALFORMED,
                                "must be: id frame x y [...]");
    }
    struct position position = {.x = columns[2] * trajectory->metres_per_unit,
                                .y = columns[3] * trajectory->metres_per_unit,
                                .line = (uint32_t)line_number};
    if (!reading_whole(columns[0], &position.id) || !reading_whole(columns[1], &position.at))
        return lines_refuse(&reading->file, line_number, 1, ERR_INVALID,
                            "needs a whole id and a whole frame number");
    reading_see_frame(reading, position.at);
    return reading_add(reading, position);
}

enum err reading_trajectory(const struct reading *reading)
{
    double said = reading->options->metres_per_unit;
    struct trajectory trajectory = {reading, said > 0 ? said : 1};
    reading->positions->kind = EVALUATION_FLOOR;
    reading->positions->frames_per_s = 16; /* the Juelich experiments' */
    return lines_each(&reading->file, take_line, &trajectory);
}
