// SPDX-License-Identifier: Apache-2.0
/* crowd/seconds.h — the frames of a venue by seconds, until each second is decided and for a while
 * after, so that late frames correct it. Pure: time is a parameter, "stream time", which follows the
 * records' arrival when the consumer lags behind the clock.
 *
 *   first frame ──> dirty ── due ──> decided ── a late frame ──> dirty ...
 *                                                        └── kept SECONDS_KEEP_MS ──> dropped
 *
 * Due is a second `lateness_ms` after its end when its people are settled by then (`settled_ms`), else as soon
 * as they are, or SECONDS_SETTLE_MAX_MS later: cameras that send a picture a second are followed that late.
 *
 * A frame belongs to its camera and time. An instant may come in several messages: each adds whom it
 * adds, and one sent again adds nobody. */
#pragma once
#include "crowd/count/frame.h"

#define SECONDS_KEEP_MS       30000
#define SECONDS_SETTLE_MAX_MS 2600

struct camera_second {
    uint32_t device;
    uint32_t frame_count;
    uint32_t frame_size;
    struct frame_count **frames; /* owned; by time */
};

struct second {
    int64_t s; /* since 1970 */
    bool is_dirty;
    bool is_taken;   /* being written */
    bool is_partial; /* some of its frames may be known to the store only */
    int64_t due_ms;
    int64_t touched_ms;
    int64_t first_position;        /* of the oldest record not yet written, when dirty */
    struct camera_second *cameras; /* by device */
    size_t camera_count;
};

/* Of all windows of a process; one thread's. */
struct seconds_total {
    size_t bytes, bytes_max;
    size_t windows;
};

struct seconds {
    struct seconds_total *total; /* lent; NULL = alone */
    struct second **all;         /* by s */
    size_t count;
    size_t size;
    size_t bytes;            /* of the frames */
    int64_t complete_from_s; /* older ones are partial */
    int64_t lateness_ms;
    int64_t
        settled_ms; /* who was where until then is settled; INT64_MAX where nobody is followed */
};

void seconds_init(struct seconds *seconds, int64_t complete_from_s, int64_t lateness_ms);
void seconds_fini(struct seconds *seconds);
/* It counts with the others from now on: beyond bytes_max whoever holds more than an even part of that
 * is full. */
void seconds_share(struct seconds *seconds, struct seconds_total *total);

/* The frame that is there of this device and instant; NULL. Until the next change. */
const struct frame_count *seconds_frame(const struct seconds *seconds, uint32_t device,
                                        int64_t at_ms);
/* Takes the frame. With one of the same device and instant, with which it must have nobody in common,
 * it becomes one. */
void seconds_add(struct seconds *seconds, uint32_t device, struct frame_count *frame,
                 int64_t stream_ms, int64_t position);
/* NULL when nothing is known of it. */
const struct second *seconds_find(const struct seconds *seconds, int64_t s);
/* The oldest second that is due and not taken, NULL when there is none. */
struct second *seconds_due(struct seconds *seconds, int64_t stream_ms);
/* The same from a place on, which moves behind it: for taking one after the other. */
struct second *seconds_next_due(struct seconds *seconds, int64_t stream_ms, size_t *inout_place);
/* There is more than the limits allow: the oldest must be written, due or not, and forgotten. */
bool seconds_is_full(const struct seconds *seconds);
/* What was taken is written. */
void seconds_settle(struct seconds *seconds);
/* Drops what is no longer needed; the oldest that is written, too, while it is full. */
void seconds_forget(struct seconds *seconds, int64_t stream_ms);
/* The lowest first_position of what is dirty and not taken; INT64_MAX when all is written. */
int64_t seconds_oldest_position(const struct seconds *seconds);
/* Zones and devices were renumbered: old index to new, UINT32_MAX = gone. */
void seconds_renumber(struct seconds *seconds, const uint32_t *zones, const uint32_t *devices);
