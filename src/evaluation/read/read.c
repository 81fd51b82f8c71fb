// SPDX-License-Identifier: Apache-2.0
#include "evaluation/read/read.h"

#include <ctype.h>
#include <math.h>

const char *const positions_format_names[POSITIONS_FORMATS + 1] = {
    [POSITIONS_MOT] = "mot",
    [POSITIONS_MOT20] = "mot20",
    [POSITIONS_WILDTRACK] = "wildtrack",
    [POSITIONS_TRAJECTORY] = "trajectory",
    [POSITIONS_COLUMNS] = "columns",
};

void positions_fini(struct positions *positions)
{
    mem_free(positions->items);
    *positions = (struct positions){0};
}

bool reading_whole(double number, int64_t *out)
{
    if (!(fabs(number) <= 9e15) || number != floor(number))
        return false;
    *out = (int64_t)number;
    return true;
}

static int64_t greatest_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

void reading_see_frame(const struct reading *reading, int64_t frame)
{
    struct positions *positions = reading->positions;
    if (!positions->has_frames) {
        positions->has_frames = true;
        positions->first = positions->last = frame;
        return;
    }
    int64_t distance =
        frame > positions->first ? frame - positions->first : positions->first - frame;
    positions->step = greatest_divisor(positions->step, distance);
    positions->first = MIN(positions->first, frame);
    positions->last = MAX(positions->last, frame);
}

enum err reading_add(const struct reading *reading, struct position position)
{
    struct positions *positions = reading->positions;
    double far = fmax(fmax(fabs(position.x), fabs(position.y)), fmax(position.w, position.h));
    if (far > COORDINATE_MAX)
        return lines_refuse(&reading->file, position.line, 1, ERR_INVALID,
                            "has a position further away than 1e9");
    if (positions->count == LIMIT_EVALUATION_POSITIONS)
        return lines_refuse(&reading->file, position.line, 1, ERR_TOO_LARGE,
                            "has more than 10,000,000 positions; split it");
    if (positions->count == positions->size) {
        positions->size = MAX((size_t)1024, positions->size * 2);
        positions->items = mem_resize(positions->items, positions->size * sizeof *positions->items);
    }
    positions->items[positions->count++] = position;
    return ERR_NONE;
}

bool positions_guess(const char *bytes, size_t len, enum positions_format *out_format)
{
    const char *end = bytes + len;
    while (bytes < end && isspace((unsigned char)*bytes))
        bytes++;
    const char *line_end = bytes == end ? NULL : memchr(bytes, '\n', (size_t)(end - bytes));
    size_t line_len = (size_t)((line_end == NULL ? end : line_end) - bytes);
    if (bytes == end)
        return false;
    if (*bytes == '[')
        *out_format = POSITIONS_WILDTRACK;
    else if (isalpha((unsigned char)*bytes) || *bytes == '"')
        *out_format = POSITIONS_COLUMNS;
    else if (*bytes == '#')
        *out_format = POSITIONS_TRAJECTORY;
    else if (!isdigit((unsigned char)*bytes) && *bytes != '-')
        return false;
    else
        *out_format = memchr(bytes, ',', line_len) != NULL ? POSITIONS_MOT : POSITIONS_TRAJECTORY;
    return true;
}

enum err positions_read(struct positions *positions, enum positions_format format,
                        const struct positions_options *options, const char *name,
                        const char *bytes, size_t len, struct err_note *note)
{
    static enum err (*const READERS[POSITIONS_FORMATS])(const struct reading *) = {
        [POSITIONS_MOT] = reading_mot,
        [POSITIONS_MOT20] = reading_mot,
        [POSITIONS_WILDTRACK] = reading_wildtrack,
        [POSITIONS_TRAJECTORY] = reading_trajectory,
        [POSITIONS_COLUMNS] = reading_columns,
    };
    struct reading reading = {positions, options, format, {name, bytes, len, note}};
    if (len > LIMIT_EVALUATION_BYTES)
        return lines_refuse(&reading.file, 1, 1, ERR_TOO_LARGE, "is larger than 2 GiB; split it");
    if (positions->count > 0 && format != POSITIONS_WILDTRACK)
        return lines_refuse(
            &reading.file, 1, 1, ERR_INVALID,
            "is a second file of one sequence; only WILDTRACK has a folder of them");
    return READERS[format](&reading);
}
