// SPDX-License-Identifier: Apache-2.0
/* Trajectories of the crowd experiments: "id frame x y [z]". Comments may tell the frame rate
 * ("# framerate: 25 fps") and the unit ("# id frame x/cm y/cm z/cm"); options go before them. */
#include "feeds/recording_internal.h"

#include <stdio.h>

struct trajectory {
    const struct reader *reader;
    struct rows *rows;
    double frames_per_s;
    double metres_per_unit;
};

static const char *find(const char *line, size_t len, const char *word)
{
    return memmem(line, len, word, strlen(word));
}

static void take_comment(struct trajectory *trajectory, const char *line, size_t len)
{
    const char *rate = find(line, len, "framerate:");
    double frames_per_s;
    if (rate != NULL) {
        rate += strlen("framerate:");
        if (lines_number(&rate, line + len, &frames_per_s) && frames_per_s > 0)
            trajectory->frames_per_s = frames_per_s;
    }
    if (find(line, len, "x/cm") != NULL)
        trajectory->metres_per_unit = 0.01;
    else if (find(line, len, "x/m") != NULL)
        trajectory->metres_per_unit = 1;
}

static enum err take_line(void *context, size_t line_number, const char *line, size_t len)
{
    struct trajectory *trajectory = context;
    if (len > 0 && line[0] == '#')
        take_comment(trajectory, line, len);
    if (len == 0 || line[0] == '#')
        return ERR_NONE;
    double columns[4]; /* id frame x y; what follows (z, markers) is not needed */
    const char *p = line;
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        size_t column = (size_t)(p - line) + 1;
        if (!lines_number(&p, line + len, &columns[i]))
            return lines_refuse(&trajectory->reader->file, line_number, column, ERR_MALFORMED,
                                "must be: id frame x y [z]");
    }
    bool is_in_range = columns[0] >= 0 && columns[0] < 9e15 && columns[1] >= 0 && columns[1] < 1e9;
    if (!is_in_range)
        return lines_refuse(&trajectory->reader->file, line_number, 1, ERR_INVALID,
                            "has an id or frame that is out of range");
    rows_add(trajectory->rows, (struct row){.frame = (int64_t)columns[1],
                                            .observation = {.track = (int64_t)columns[0],
                                                            .x = columns[2],
                                                            .y = columns[3],
                                                            .confidence = 1}});
    return ERR_NONE;
}

enum err recording_read_trajectory(const struct reader *reader)
{
    SCOPED_ROWS rows = {0};
    struct trajectory trajectory = {reader, &rows, 16, 1};
    uint32_t device;
    TRY(lines_each(&reader->file, take_line, &trajectory));
    TRY(recording_device(reader, reader->options->device, &device));
    double frames_per_s =
        reader->options->frames_per_s > 0 ? reader->options->frames_per_s : trajectory.frames_per_s;
    double metres = reader->options->metres_per_unit > 0 ? reader->options->metres_per_unit
                                                         : trajectory.metres_per_unit;
    for (size_t i = 0; i < rows.count; i++) {
        rows.items[i].observation.x *= metres;
        rows.items[i].observation.y *= metres;
    }
    return rows_to_frames(reader, &rows, device, frames_per_s);
}
