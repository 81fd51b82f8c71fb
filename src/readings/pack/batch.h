// SPDX-License-Identifier: Apache-2.0
/* readings/pack/batch.h — making and merging detection batches (the struct is in readings.h). */
#pragma once
#include "readings/readings.h"

#define BATCH_SCALE_PIXELS     1.0    /* whole pixels */
#define BATCH_SCALE_METRES     1000.0 /* millimetres */
#define BATCH_SCALE_CONFIDENCE 255.0
#define BATCH_SCALE_MAX        10000.0   /* of positions; of confidence 65535 */
#define BATCH_STEPS_MAX        (1 << 30) /* a coordinate is within +-this many steps */
#define BATCH_TRACK_NONE       (-1)
/* Numeric tracks are below; hashes of other names have this bit set. */
#define BATCH_TRACK_HASHED (1LL << 62)

struct batch_person {
    int64_t track;
    int32_t x, y, w, h;
    uint16_t confidence;
};

/* An empty batch in whole pixels; shared_unref() it. */
struct detection_batch *batch_create(void);
void batch_unref(struct detection_batch *batch); /* NULL is fine */
#define SCOPED_BATCH __attribute__((cleanup(batch_unref_scoped))) struct detection_batch
static inline void batch_unref_scoped(struct detection_batch **slot)
{
    batch_unref(*slot);
}

/* Room for that many more; ERR_NO_MEMORY. */
MUST_USE enum err batch_reserve(struct detection_batch *batch, size_t frames, size_t persons);
/* Persons are put first, then the frame that they belong to is closed. */
MUST_USE enum err batch_put_person(struct detection_batch *batch,
                                   const struct batch_person *person);
MUST_USE enum err batch_close_frame(struct detection_batch *batch, int64_t at_ms);
/* Drops the persons put since the last frame was closed. */
void batch_drop_open(struct detection_batch *batch);

/* True when both have the same unit and steps, so that one can be appended to the other. */
bool batch_is_alike(const struct detection_batch *a, const struct detection_batch *b);
MUST_USE enum err batch_append_frame(struct detection_batch *to, const struct detection_batch *from,
                                     size_t frame);
/* Exchanges the rows (all from frame_count on); names, unit and steps stay. */
void batch_swap(struct detection_batch *a, struct detection_batch *b);
/* Frames of `from` within [from_ms, to_ms). */
MUST_USE enum err batch_append(struct detection_batch *batch, const struct detection_batch *from,
                               int64_t from_ms, int64_t to_ms);
/* Frames in the order of their times, one per time, and nobody twice in a frame: the same track, or
 * the same box when there is no track. Of two the first stays. Counts what was dropped. */
MUST_USE enum err batch_normalise(struct detection_batch *batch, size_t *out_duplicates);

/* value x scale to the nearest step, halves away from zero; false beyond BATCH_STEPS_MAX. */
static inline bool batch_quantise(double value, double scale, int32_t *out)
{
    double steps = value * scale;
    if (!(steps > -BATCH_STEPS_MAX && steps < BATCH_STEPS_MAX))
        return false;
    *out = (int32_t)(steps + (steps < 0 ? -0.5 : 0.5));
    return true;
}
/* A track's number: of decimal digits their value, of anything else a hash that stays the same. */
int64_t batch_track_of_text(const char *bytes, size_t len);
