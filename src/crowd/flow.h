// SPDX-License-Identifier: Apache-2.0
/* crowd/flow.h — how the people of a venue's zones stand and move: those who are followed now, measured
 * twice a second (crowd/measures/), for the live picture. History has those who are settled: settled/.
 *
 * Thousands of people take tens of milliseconds. So a moment is measured beside the caller, by a thread of
 * the pool, from a copy of where they were; the figures are there with a later call. The next moment waits
 * for the one before: what is measured depends on the stream alone, not on how busy the machine is. */
#pragma once
#include "base/pool.h"
#include "crowd/crowd.h"
#include "crowd/measures/measures.h"
#include "crowd/scenes/scene.h"

#define FLOW_PERIOD_MS 500

struct flow_moment { /* being measured: the job's own until it is done */
    struct measures *measures;
    int64_t at_ms;
    struct tracker_person *people; /* owned */
    size_t count, size;
    bool *is_known; /* [zone_count] all cameras that look there follow people */
    size_t zone_count;
    struct crowd_flow *figures; /* [zone_count] */
};

struct flow {
    struct measures *measures; /* NULL when the venue's shape has none; the job's while it runs */
    size_t zone_count;
    int64_t at_ms; /* of the moment that was measured last, or is being */
    struct flow_moment moment;
    struct pool *pool; /* borrowed */
    struct pool_job job;
    bool is_measuring;
    struct crowd_flow *figures; /* [zone_count] of the newest moment that is done */
};

void flow_init(struct flow *flow, const struct crowd_map *map);
void flow_fini(struct flow *flow);
struct flow_ground { /* borrowed for the call */
    const struct crowd_scene *scene;
    const struct crowd_map *map;
    const uint64_t *covers; /* as in groups.h */
};
/* Takes the figures of the moment before, when they are there, and begins the next when it is due. */
void flow_measure(struct flow *flow, const struct flow_ground *ground, struct pool *pool,
                  int64_t stream_ms);
struct crowd_flow flow_of(const struct flow *flow, size_t zone);
