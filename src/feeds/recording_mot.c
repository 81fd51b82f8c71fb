// SPDX-License-Identifier: Apache-2.0
/* MOTChallenge CSV. A class (column 8) of 1 or more marks ground truth: there column 7 says whether
 * the row counts. Detector files have -1 there and a score in column 7, which some detectors let
 * run outside 0..1: it is clamped. */
#include "feeds/recording_internal.h"

#include <stdio.h>

enum { FRAME, ID, X, Y, W, H, SCORE, CLASS, COLUMNS_MAX = 10, COLUMNS_MIN = 7 };

struct mot {
    const struct reader *reader;
    struct rows *rows;
};

static bool is_counted(const double *columns, size_t count)
{
    bool is_truth = count > CLASS && columns[CLASS] >= 1;
    return !is_truth || (columns[SCORE] == 1 && columns[CLASS] == 1);
}

static enum err take_row(void *context, size_t line_number, const char *line, size_t len)
{
    const struct mot *mot = context;
    if (len == 0)
        return ERR_NONE;
    double columns[COLUMNS_MAX];
    size_t count = 0;
    const char *p = line;
    const char *end = line + len;
    for (;;) {
        size_t column = (size_t)(p - line) + 1;
        if (count == COLUMNS_MAX || !lines_number(&p, end, &columns[count++]))
            return lines_refuse(&mot->reader->file, line_number, column, ERR_MALFORMED,
                                "must be 7 to 10 numbers: frame,id,x,y,w,h,score[,class,...]");
        if (p == end)
            break;
        if (*p++ != ',')
            return lines_refuse(&mot->reader->file, line_number, column, ERR_MALFORMED,
                                "must be numbers separated by commas");
    }
    if (count < COLUMNS_MIN)
        return lines_refuse(&mot->reader->file, line_number, len, ERR_MALFORMED,
                            "has fewer than 7 columns: frame,id,x,y,w,h,score[,class,...]");
    if (columns[FRAME] < 0 || columns[FRAME] > 1e9 || columns[ID] < -1 || columns[ID] > 9e15)
        return lines_refuse(&mot->reader->file, line_number, 1, ERR_INVALID,
                            "has a frame or id that is out of range");
    if (columns[W] < 0 || columns[H] < 0)
        return lines_refuse(&mot->reader->file, line_number, 1, ERR_INVALID, "has a negative size");
    if (is_counted(columns, count))
        rows_add(mot->rows,
                 (struct row){.frame = (int64_t)columns[FRAME],
                              .observation = {.track = (int64_t)columns[ID],
                                              .x = columns[X],
                                              .y = columns[Y],
                                              .w = columns[W],
                                              .h = columns[H],
                                              .confidence = MAX(0, MIN(1, columns[SCORE]))}});
    return ERR_NONE;
}

enum err recording_read_mot(const struct reader *reader)
{
    SCOPED_ROWS rows = {0};
    struct mot mot = {reader, &rows};
    uint32_t device;
    TRY(lines_each(&reader->file, take_row, &mot));
    TRY(recording_device(reader, reader->options->device, &device));
    double frames_per_s = reader->options->frames_per_s;
    return rows_to_frames(reader, &rows, device, frames_per_s > 0 ? frames_per_s : 30);
}
