// SPDX-License-Identifier: Apache-2.0
#include "feeds/recording.h"

#include "base/text.h"
#include "feeds/recording_internal.h"

#include <math.h>
#include <stdio.h>

const char *const recording_format_names[RECORDING_FORMATS + 1] = {
    [RECORDING_MOT] = "mot",
    [RECORDING_WILDTRACK] = "wildtrack",
    [RECORDING_TRAJECTORY] = "trajectory",
    [RECORDING_SCENESCAPE] = "scenescape",
};

void rows_add(struct rows *rows, struct row row)
{
    if (rows->count == rows->size) {
        rows->size = MAX((size_t)1024, rows->size * 2);
        rows->items = mem_resize(rows->items, rows->size * sizeof *rows->items);
    }
    rows->items[rows->count++] = row;
}

void rows_fini(struct rows *rows)
{
    mem_free(rows->items);
    *rows = (struct rows){0};
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *left = a;
    const struct row *right = b;
    if (left->frame != right->frame)
        return left->frame < right->frame ? -1 : 1;
    int64_t left_track = left->observation.track;
    int64_t right_track = right->observation.track;
    return left_track < right_track ? -1 : left_track > right_track;
}

enum err rows_to_frames(const struct reader *reader, struct rows *rows, uint32_t device,
                        double frames_per_s)
{
    if (rows->count == 0)
        return lines_refuse(&reader->file, 1, 1, ERR_INVALID, "holds no detection");
    qsort(rows->items, rows->count, sizeof *rows->items, compare_rows);
    int64_t first = rows->items[0].frame;
    int64_t last = rows->items[rows->count - 1].frame;
    int64_t span_max = RECORDING_EMPTY_MAX + (int64_t)rows->count * RECORDING_EMPTY_ROW_MAX;
    if (last - first >= MIN(span_max, RECORDING_FRAMES_MAX))
        return lines_refuse(&reader->file, 1, 1, ERR_TOO_LARGE,
                            "has frame numbers too far apart: are they frames, or times?");
    size_t next = 0;
    for (int64_t frame = first; frame <= last; frame++) {
        int64_t at_ms = llround((double)frame * 1000 / frames_per_s);
        TRY(recording_frame(reader, at_ms, device));
        for (; next < rows->count && rows->items[next].frame == frame; next++)
            recording_observation(reader->recording, rows->items[next].observation);
    }
    return ERR_NONE;
}

enum err recording_device(const struct reader *reader, const char *id, uint32_t *out_device)
{
    struct recording *recording = reader->recording;
    /* Devices mostly take turns: looked for from the one behind the last on. */
    size_t last =
        recording->frame_count == 0 ? 0 : recording->frames[recording->frame_count - 1].device;
    for (size_t n = 1; n <= recording->device_count; n++) {
        size_t i = (last + n) % recording->device_count;
        if (strcmp(recording->devices[i], id) == 0) {
            *out_device = (uint32_t)i;
            return ERR_NONE;
        }
    }
    if (!text_is_id(id))
        return lines_refuse(&reader->file, 1, 1, ERR_INVALID,
                            "its device has no valid id (a-z, 0-9, _ and -); name one by --device");
    if (recording->device_count == RECORDING_DEVICES_MAX)
        return lines_refuse(&reader->file, 1, 1, ERR_TOO_LARGE, "has more than 1000 devices");
    recording->devices =
        mem_resize(recording->devices, (recording->device_count + 1) * sizeof *recording->devices);
    (void)text_copy(recording->devices[recording->device_count], sizeof *recording->devices, id);
    *out_device = (uint32_t)recording->device_count++;
    return ERR_NONE;
}

/* Room for one more: capacities are powers of two, so that the count alone tells when to grow. */
static void *grow(void *items, size_t count, size_t size)
{
    bool is_full = count == 0 || (count & (count - 1)) == 0;
    return is_full ? mem_resize(items, MAX(count * 2, (size_t)1) * size) : items;
}

enum err recording_frame(const struct reader *reader, int64_t at_ms, uint32_t device)
{
    struct recording *recording = reader->recording;
    if (recording->frame_count == RECORDING_FRAMES_MAX)
        return lines_refuse(&reader->file, 1, 1, ERR_TOO_LARGE, "has more than 20,000,000 frames");
    recording->frames = grow(recording->frames, recording->frame_count, sizeof *recording->frames);
    recording->frames[recording->frame_count++] = (struct recorded_frame){
        .at_ms = at_ms, .device = device, .first = recording->observation_count};
    return ERR_NONE;
}

void recording_observation(struct recording *recording, struct observation observation)
{
    assert(recording->frame_count > 0);
    recording->observations = grow(recording->observations, recording->observation_count,
                                   sizeof *recording->observations);
    recording->observations[recording->observation_count++] = observation;
    recording->frames[recording->frame_count - 1].count++;
}

bool recording_guess(const char *name, const char *bytes, size_t len,
                     enum recording_format *out_format)
{
    const char *p = bytes;
    const char *end = bytes + len;
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
        p++;
    const char *line_end = p == end ? NULL : memchr(p, '\n', (size_t)(end - p));
    size_t line_len = (size_t)((line_end == NULL ? end : line_end) - p);
    (void)name;
    if (p == end)
        return false;
    if (*p == '[')
        *out_format = RECORDING_WILDTRACK;
    else if (*p == '{')
        *out_format = RECORDING_SCENESCAPE;
    else if (*p == '#')
        *out_format = RECORDING_TRAJECTORY;
    else if (memchr(p, ',', line_len) != NULL)
        *out_format = RECORDING_MOT;
    else if ((*p >= '0' && *p <= '9') || *p == '-')
        *out_format = RECORDING_TRAJECTORY;
    else
        return false;
    return true;
}

enum err recording_read(struct recording *recording, enum recording_format format,
                        const struct recording_options *options, const char *name,
                        const char *bytes, size_t len, struct err_note *note)
{
    static enum err (*const READERS[RECORDING_FORMATS])(const struct reader *) = {
        [RECORDING_MOT] = recording_read_mot,
        [RECORDING_WILDTRACK] = recording_read_wildtrack,
        [RECORDING_TRAJECTORY] = recording_read_trajectory,
        [RECORDING_SCENESCAPE] = recording_read_scenescape,
    };
    struct reader reader = {recording, options, {name, bytes, len, note}};
    if (len > RECORDING_BYTES_MAX)
        return lines_refuse(&reader.file, 1, 1, ERR_TOO_LARGE, "is larger than 2 GiB; split it");
    if (recording->frame_count > 0 && recording->format != format)
        return lines_refuse(&reader.file, 1, 1, ERR_INVALID,
                            "has another format than the files before it");
    struct recording before = *recording;
    recording->format = format;
    recording->is_in_metres = format == RECORDING_TRAJECTORY;
    enum err err = READERS[format](&reader);
    if (err != ERR_NONE) {
        recording->frame_count = before.frame_count;
        recording->observation_count = before.observation_count;
        recording->device_count = before.device_count;
    }
    return err;
}

static int compare_frames(const void *a, const void *b)
{
    const struct recorded_frame *left = a;
    const struct recorded_frame *right = b;
    if (left->at_ms != right->at_ms)
        return left->at_ms < right->at_ms ? -1 : 1;
    return left->device < right->device ? -1 : left->device > right->device;
}

void recording_finish(struct recording *recording)
{
    if (recording->frame_count == 0)
        return;
    qsort(recording->frames, recording->frame_count, sizeof *recording->frames, compare_frames);
    recording->first_ms = recording->frames[0].at_ms;
    for (size_t i = 0; i < recording->frame_count; i++)
        recording->frames[i].at_ms -= recording->first_ms;
}

void recording_fini(struct recording *recording)
{
    mem_free(recording->devices);
    mem_free(recording->frames);
    mem_free(recording->observations);
    *recording = (struct recording){0};
}
