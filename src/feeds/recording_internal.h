// SPDX-License-Identifier: Apache-2.0
/* feeds/recording_internal.h — what the readers share: rows collect here before they become frames.
 */
#pragma once
#include "feeds/lines.h"
#include "feeds/recording.h"

/* One file in reading. */
struct reader {
    struct recording *recording;
    const struct recording_options *options;
    struct lines file;
};

/* An observation that does not know its frame yet. */
struct row {
    int64_t frame;
    struct observation observation;
};

struct rows {
    struct row *items;
    size_t count;
    size_t size;
};

void rows_add(struct rows *rows, struct row row);
void rows_fini(struct rows *rows);
static inline void rows_fini_scoped(struct rows *rows)
{
    rows_fini(rows);
}
#define SCOPED_ROWS __attribute__((cleanup(rows_fini_scoped))) struct rows

/* Sorts the rows and appends a frame for every frame number from the first to the last. Time of
 * frame n is n / frames_per_s, rounded to ms. */
enum err rows_to_frames(const struct reader *reader, struct rows *rows, uint32_t device,
                        double frames_per_s);

/* The index of the device, added when new; ERR_TOO_LARGE, or ERR_INVALID when it is no id. */
enum err recording_device(const struct reader *reader, const char *id, uint32_t *out_device);
/* Appends an empty frame; its observations are appended right after it. */
enum err recording_frame(const struct reader *reader, int64_t at_ms, uint32_t device);
void recording_observation(struct recording *recording, struct observation observation);

enum err recording_read_mot(const struct reader *reader);
enum err recording_read_wildtrack(const struct reader *reader);
enum err recording_read_trajectory(const struct reader *reader);
enum err recording_read_scenescape(const struct reader *reader);
