// SPDX-License-Identifier: Apache-2.0
/* crowd/count/frame.h — one frame of one camera: who stands in which zone. Pure. */
#pragma once
#include "crowd/count/map.h"
#include "readings/readings.h"

/* People of a frame in one zone. `first` counts those for whom it is the first zone that holds them,
 * so that the firsts of all zones and of the floor outside add up to the frame, each person once. */
struct zone_count {
    uint16_t zone; /* zone_count of the view: outside all zones */
    uint16_t people;
    uint16_t first;
};

struct dot {
    double x, y;    /* as exact as told: the border of a zone is no zone's */
    uint16_t first; /* zone, as above */
};

/* Ends in the identities of all its persons, packed: also of those who have no place on the floor. */
struct frame_count {
    int64_t at_ms;
    uint32_t person_count; /* at most LIMIT_FRAME_PERSONS */
    uint32_t identity_bytes;
    uint16_t entry_count;
    uint16_t entry_room;         /* the identities stand behind so many */
    struct zone_count entries[]; /* by zone, only those with people */
};

size_t frame_bytes(const struct frame_count *frame);
/* The same counts without identities: nobody can join it. The caller owns the result. */
struct frame_count *frame_copy_counts(const struct frame_count *frame);
/* Both together, which have nobody in common. The caller owns the result. */
struct frame_count *frame_join(const struct frame_count *a, const struct frame_count *b);

/* Room for counting on one map, reused from frame to frame. */
struct counter {
    const struct crowd_map *map;
    uint32_t *people; /* [zone_count + 1], all zero between frames */
    uint32_t *first;
    uint16_t *touched; /* zones that are not zero */
    size_t touched_count;
    struct dot dots[LIMIT_FRAME_PERSONS];
    size_t dot_count;
    uint64_t known[LIMIT_FRAME_PERSONS]; /* of an earlier message of the same instant, sorted */
    size_t known_count;
    uint64_t counted[LIMIT_FRAME_PERSONS]; /* in this one */
    size_t counted_count;
};

struct counter *counter_create(const struct crowd_map *map); /* borrows the map */
void counter_destroy(struct counter *counter);               /* NULL is fine */
DEFINE_SCOPED(counter)

enum counter_dots { COUNTER_NO_DOTS, COUNTER_DOTS };

/* The caller owns the result (mem_free). Whoever is in `earlier` (of the same device and instant, may be
 * NULL) is left out, and so is who would be over LIMIT_FRAME_PERSONS together with it: that is counted
 * in a metric. With COUNTER_DOTS the people placed stay in counter->dots until the next call. Who has no
 * place on the floor is in no zone. */
struct frame_count *counter_count(struct counter *counter, const struct device *device,
                                  const struct detection_batch *batch, size_t frame,
                                  const struct frame_count *earlier, enum counter_dots dots);
/* The same for dots that are placed already: after a change of the zones. */
struct frame_count *counter_recount(struct counter *counter, struct dot *dots, size_t count,
                                    int64_t at_ms);
