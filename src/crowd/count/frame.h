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
    float x, y;
    uint16_t first; /* zone, as above */
};

struct frame_count {
    int64_t at_ms;
    uint32_t entry_count;
    struct zone_count entries[]; /* by zone, only those with people */
};

/* Room for counting on one map, reused from frame to frame. */
struct counter {
    const struct crowd_map *map;
    uint32_t *people; /* [zone_count + 1], all zero between frames */
    uint32_t *first;
    uint16_t *touched; /* zones that are not zero */
    size_t touched_count;
    struct dot dots[LIMIT_FRAME_PERSONS];
    size_t dot_count;
};

struct counter *counter_create(const struct crowd_map *map); /* borrows the map */
void counter_destroy(struct counter *counter);               /* NULL is fine */
DEFINE_SCOPED(counter)

enum counter_dots { COUNTER_NO_DOTS, COUNTER_DOTS };

/* The caller owns the result (mem_free). With COUNTER_DOTS the people placed stay in counter->dots until
 * the next call. Who has no place on the floor is not counted. */
struct frame_count *counter_count(struct counter *counter, const struct device *device,
                                  const struct detection_batch *batch, size_t frame,
                                  enum counter_dots dots);
/* The same for dots that are placed already: after a change of the zones. */
struct frame_count *counter_recount(struct counter *counter, struct dot *dots, size_t count,
                                    int64_t at_ms);
